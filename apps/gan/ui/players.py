"""Two players: training watched through its snapshots, with what D thought and how often it was fooled."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import gradio as gr

from apps.gan.drawing.tiles import Tile, note, tiles
from apps.gan.ui.common import QUICK, heading, seed_input
from apps.ui import LIGHT, PRIVATE, guard

RECORD = "gan/dcgan-snapshots"


def panel() -> None:
    """Lay out the panel."""
    seen = heading(
        "use",
        "First attempt, many attempts later, even more attempts later",
        "One training run of the DCGAN, kept at steps evenly spaced on a logarithmic axis. The z are always the same.",
    )
    last = len(_steps()) - 1
    with gr.Row():
        place = gr.Slider(0, max(last, 1), value=last, step=1, label="Snapshot, first to last", scale=3, min_width=300)
        seed = seed_input(info="")
    told = gr.HTML(note("Move the slider through the training."))
    with gr.Row():
        with gr.Column(min_width=320):
            out = gr.HTML(label="What G draws")
        with gr.Column(min_width=320):
            scores = gr.Plot(label="What D thinks of real digits and of fakes", show_label=False)
    gr.on(
        [place.input, seed.change, seen.expand],
        guard(_moment),
        [place, seed],
        [told, out, scores],
        trigger_mode="always_last",
        **QUICK,
        **PRIVATE,
    )
    seen = heading(
        "measure",
        "Fooled about half the time?",
        "At the balance of the game D can do no better than guess. Measured at every snapshot on 2,000 fakes and 2,000 "
        "test digits that neither player was trained on.",
    )
    with gr.Row():
        with gr.Column(min_width=320):
            fooled = gr.Plot(label="Fooled and caught", show_label=False)
        with gr.Column(min_width=320):
            losses = gr.Plot(label="Both losses", show_label=False)
    seen.expand(guard(_curves), None, [fooled, losses], **LIGHT, **PRIVATE)


@lru_cache(maxsize=1)
def _story() -> dict[str, Any]:
    from shared.registry import find, measured

    return measured(find(RECORD, "gan"))


def _steps() -> list[int]:
    from shared.errors import HubError

    try:
        return list(_story()["steps"])
    except HubError:
        return []


def _moment(place: int, seed: int) -> tuple[str, str, Any]:
    from apps.gan.exhibits.scenes import moment
    from shared import plots
    from shared.errors import check_whole

    steps = _steps()
    step = steps[check_whole(place, "The snapshot", low=0, high=len(steps) - 1)]
    found = moment(step, seed=seed)
    pictures = tiles(found.pictures, [Tile("")] * len(found.pictures), width_px=52)
    chart = plots.histogram(
        {"real digits": found.real, "fakes": found.fake},
        bins=20,
        x_title="D's probability of “real”",
        y_title="share of pictures",
    )
    fooled, caught = float((found.fake > 0.5).mean()), float((found.real > 0.5).mean())
    after = "before the first step" if step == 0 else f"after {step:,} steps, {step * 64:,} digits seen"
    text = (
        f"<b>{after.capitalize()}</b>: D takes {fooled:.0%} of the fakes and {caught:.0%} of the real digits for real."
    )
    return note(text), pictures, chart


def _curves() -> tuple[Any, Any]:
    from shared import plots

    story = _story()
    found = [standing for standing in story["standings"] if standing["step"] > 0]
    fooled = plots.lines(
        {
            "fakes that D calls real": [s["fooled"] for s in found],
            "real digits that D calls real": [s["caught"] for s in found],
        },
        x=[s["step"] for s in found],
        x_title="step (logarithmic)",
        y_title="share",
        log_x=True,
    )
    curves = story["curves"]
    losses = plots.lines(
        {"D's loss": [c["loss_d"] for c in curves], "G's loss": [c["loss_g"] for c in curves]},
        x=[c["step"] for c in curves],
        x_title="step (logarithmic)",
        y_title="loss",
        log_x=True,
    )
    return fooled, losses
