"""The style tab: paint a picture in the manner of another, look inside, see what the network's units respond to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.context import Context

from apps.style.ui import compare as ui_compare
from apps.style.ui import measured as ui_measure
from apps.style.ui import paint as ui_paint
from apps.style.ui import replay as ui_replay
from apps.style.ui import result as ui_result
from apps.style.ui import units as ui_units
from apps.style.ui.state import leave
from apps.ui import guard, section

_GRAMS = (
    "The style matrix of each layer for the content C, the style S and the generated picture G, converging while it is "
    "painted. Their difference is J style[l]."
)


def build() -> None:
    """Lay out the tab inside the hub's page."""
    page: Any = Context.root_block
    gr.HTML(
        f"<style>{(Path(__file__).parent / 'page' / 'style.css').read_text(encoding='utf-8')}</style>", visible="hidden"
    )
    with gr.Tabs(elem_id="style-tabs") as tabs:
        with gr.Tab("Paint", id="paint"):
            parts = ui_paint.build()
        with gr.Tab("Frames, video, recipe", id="after") as after:
            ui_result.build(parts, after)
            ui_replay.build(parts, tabs)
        with gr.Tab("Style matrices", id="grams"):
            section("inside", "What the style cost compares", _GRAMS)
            parts["grams"].render()
        with gr.Tab("What deep layers learn", id="units") as units:
            ui_units.build(units)
        with gr.Tab("A against B", id="compare"):
            ui_compare.build(parts)
        with gr.Tab("How fast", id="measure"):
            ui_measure.build()
    page.unload(guard(leave))
