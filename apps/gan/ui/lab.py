"""GAN Lab: the game on points of the plane, trained in the browser, with every lever in the visitor's hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from apps.gan.lab.rules import MOST_ROUNDS, PRESETS
from apps.gan.ui.lab_html import SCRIPTS, link_kinds, script_of, template
from apps.gan.ui.rooms import games
from apps.sharing import share_stage
from apps.ui import HEAVY, SENDS, guard, section

_FIRST = next(iter(PRESETS))


def panel() -> None:
    """Lay out the panel."""
    section(
        "use",
        "A GAN small enough to see",
        "Blue dots are the data, orange triangles are what G makes of its noise. The background is D's opinion: blue "
        "where it says real, orange where it says fake, clear where it is uncertain. Every step that you see is taken "
        "in your browser, now: nothing is sent anywhere, unless you take the results home.",
    )
    stage = gr.HTML(
        label="The game",
        elem_classes=SENDS,
        html_template=str(template()),
        js_on_load=script_of(*SCRIPTS),
        apply_default_css=False,
    )
    share_stage(stage, **link_kinds())  # type: ignore[arg-type]  # none of them is called "beside"
    _endpoint()


def gan_lab(preset: str = _FIRST, rounds: int = 400, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Play a GAN on points of the plane: the torch version of the game that the page plays in the browser.

    Args:
        preset: "It works", "Eight modes", "Mode collapse", "Turning in circles", "Wasserstein",
            "A line bent into a ring" or "R1 calms D".
        rounds: 1 to 1,000.
        seed: of the weights and the points; the same seed gives the same game.

    Returns:
        A dictionary that fills while the game goes on: preset, seed, rounds, diverged, history (rounds, loss_d, loss_g,
        kl, js in bits, covered: the share of real points with a fake near them), real and fake (160 points each).
    """
    yield from games.played(preset, rounds=rounds, seed=seed)


def _endpoint() -> None:
    """/gan_lab, whose components no visitor sees."""
    with gr.Row(visible=False):
        preset = gr.Dropdown(list(PRESETS), value=_FIRST, label="The game")
        rounds = gr.Number(400, label="Rounds", minimum=1, maximum=MOST_ROUNDS, precision=0)
        seed = gr.Number(0, label="Seed", precision=0)
        numbers = gr.JSON(label="As numbers")
        button = gr.Button("Play")
    button.click(guard(gan_lab), [preset, rounds, seed], numbers, api_name="gan_lab", **HEAVY)
