"""The tab of the convolution explorer: a filter to watch, a stack to compute, and what was measured here."""

from __future__ import annotations

import gradio as gr

from apps.conv.ui import measured as ui_measure
from apps.conv.ui import shapes as ui_shapes
from apps.conv.ui import stage as ui_stage


def build() -> None:
    """Lay out the tab."""
    with gr.Tabs(elem_id="conv-tabs"):
        with gr.Tab("See it", id="see"):
            ui_stage.build()
        with gr.Tab("Shapes", id="shapes") as shapes:
            ui_shapes.build(shapes)
        with gr.Tab("Measure it", id="measure"):
            ui_measure.build()
