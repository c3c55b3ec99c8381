"""The style tab: paint a picture in the style of another, look inside, see what the network's units respond to."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.context import Context

from apps import exercises
from apps.markup import style
from apps.on_demand import part
from apps.style import measured
from apps.style.exercises import KINDS
from apps.style.ui import compare, now, paint, replay, result, teach, units
from apps.style.ui.controls import share_recipe
from apps.style.ui.state import leave
from apps.ui import guard, measurements, section

_GRAMS = (
    "The style matrix of each layer for the content C, the style S and the generated picture G, converging while it is "
    "painted. Their difference is J style[l]."
)


def build() -> None:
    """Lay out the tab inside the hub's page."""
    page: Any = Context.root_block
    gr.HTML(style(__file__, "style.css"), visible="hidden")
    chosen = now.chosen_style()
    with gr.Tabs(elem_id="style-tabs") as tabs:
        with gr.Tab("Paint", id="paint"):
            parts = paint.build()
        with gr.Tab("In one pass", id="now") as now_tab, part():
            now.build(now_tab, chosen)
        with gr.Tab("Teach a style", id="teach"), part():
            teach.build(chosen, tabs)
        with gr.Tab("Frames, video, recipe", id="after") as after, part():
            result.build(parts, after)
            replay.build(parts, tabs)
        with gr.Tab("Style matrices", id="grams"):
            section("inside", "What the style cost compares", _GRAMS)
            parts["grams"].render()
            share_recipe(parts["controls"], beside=parts["grams"])
        with gr.Tab("What deep layers learn", id="units") as units_tab, part():
            units.build(units_tab)
        with gr.Tab("A against B", id="compare"), part():
            compare.build(parts)
        with gr.Tab("How fast", id="measure"), part():
            measurements(measured.chapters())
        with gr.Tab("Exercises", id="exercises"), part():
            exercises.build("apps.style.exercises", KINDS)
    page.unload(guard(leave))
