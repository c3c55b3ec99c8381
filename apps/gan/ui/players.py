"""Two players: training watched through its snapshots, with what D thought and how often it was fooled."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from apps.charts import Frame, lines
from apps.gan.drawing.tiles import Tile, sheet, tiles
from apps.gan.exhibits.measured import game, own
from apps.gan.ui import own_training
from apps.gan.ui.common import LATEST, REDRAW, heading, seed_input
from apps.gan.ui.rooms import requests
from apps.markup import Markup, note, prose
from apps.results import table
from apps.sharing import share
from apps.ui import PRIVATE, QUICK, SENDS, guard, keep_result, measurements
from shared.errors import HubError, check_whole
from shared.registry import find, measured

_COLUMNS = 8  # of the sheet to take home
_BINS = 20  # of D's probabilities
_FRAME = Frame(width=560, height=260, left=44, right=128)
_BATCH = 64  # real digits that D sees in a step


def panel() -> None:
    """Lay out the panel."""
    seen = heading(
        "use",
        "First attempt, many attempts later, even more attempts later",
        "One training run of the DCGAN, kept at steps evenly spaced on a logarithmic axis. Every picture keeps its z.",
    )
    last = len(_steps()) - 1
    with gr.Row():
        place = gr.Slider(
            0, max(last, 1), value=last, step=1, label="Snapshot, from first to last", scale=3, min_width=300
        )
        seed = seed_input(info="")
    share(snapshot=place, seed=seed)
    summary = gr.HTML(note("Move the slider through the training."))
    with gr.Row():
        with gr.Column(min_width=320):
            out = gr.HTML(label="What G draws", elem_classes=SENDS)
        with gr.Column(min_width=320):
            scores = gr.HTML(label="What D thinks of real digits and of fakes", apply_default_css=False)
    triggers = [place.input, seed.change, seen.expand]
    gr.on(triggers, guard(_snapshot), [place, seed], [summary, out, scores], **LATEST, **REDRAW, **PRIVATE)
    _endpoint(seed)
    own_training.panel()
    measurements([own(), game()])


def players_at_step(step: int = 0, seed: int = 0) -> tuple[Image.Image, dict[str, Any]]:
    """Show both players of the bundled DCGAN at a step of their training: what G draws, and what D thinks of it.

    Args:
        step: one that was kept: 0 (untrained), 10, 18, 31, 55, 98, 173, 306, 542, 959, 1696, 3000, 4100 or 8000. For
            any other the error names these.
        seed: 0 to 2,147,483,647, of the z and of the choice of real digits; with one seed every step draws the same z.

    Returns:
        40 digits by G on a sheet; a dictionary: step, seed, fake and real (D's probability of "real" for 400 fakes and
        400 real digits), fooled and caught (the shares of these above one half).
    """
    found = requests.players_at(step, seed=seed)
    return sheet(found.pictures, _COLUMNS), {**found.numbers(), "seed": int(seed)}


def _endpoint(seed: gr.Number) -> None:
    """/players_at_step, whose components no visitor sees; without bounds, so that our error is the one shown."""
    with gr.Row(visible=False):
        step = gr.Number(0, label="Step", precision=0)
        pictures = gr.Image(label="What G draws", format="png")
        numbers = gr.JSON(label="As numbers")
        ask = gr.Button("Ask")
    ask.click(guard(players_at_step), [step, seed], [pictures, numbers], api_name="players_at_step", **QUICK)


@lru_cache(maxsize=1)
def _run() -> dict[str, Any]:
    """Steps, curves and figures of the bundled run."""
    return measured(find("gan/dcgan-snapshots", "gan"))


def _steps() -> list[int]:
    try:
        return list(_run()["steps"])
    except HubError:
        return []


def _snapshot(place: int, seed: int) -> tuple[Markup, Markup, Markup]:
    steps = _steps()
    step = steps[check_whole(place, "The snapshot", low=0, high=len(steps) - 1)]
    found = requests.players_at(step, seed=seed)
    pictures = tiles(found.pictures, [Tile("")] * len(found.pictures), width_px=52)
    judged = [("real", p) for p in found.real.tolist()] + [("fake", p) for p in found.fake.tolist()]
    keep_result(
        "gan/two-players",
        {
            "fakes.png": (sheet(found.pictures, _COLUMNS), f"What G draws after {step:,} steps."),
            "verdicts.csv": (table(("picture", "D's probability of real"), judged), "What D thinks."),
        },
        settings={"snapshot": place, "seed": seed},
    )
    chart = _shares({"real digits": found.real, "fakes": found.fake})
    if step == 0:
        return note(own_training.untrained(found.fake, found.real)), pictures, chart
    when = f"After {step:,} steps, {step * _BATCH:,} digits seen"
    fakes, reals = (f"{(p_real > 0.5).mean():.0%}" for p_real in (found.fake, found.real))
    text = prose("<b>{}</b>: D takes {} of the fakes and {} of the real digits for real.", when, fakes, reals)
    return note(text), pictures, chart


def _shares(chances: dict[str, NDArray[np.floating]]) -> Markup:
    """How many pictures of each kind, in shares, D gives each probability of "real"."""
    edges = np.linspace(0, 1, _BINS + 1)
    series = {name: (np.histogram(values, edges)[0] / len(values)).tolist() for name, values in chances.items()}
    title = "Share of the pictures over D’s probability of “real”"
    return lines(series, ((edges[:-1] + edges[1:]) / 2).tolist(), title=title, frame=_FRAME, ends=False)
