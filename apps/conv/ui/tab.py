"""The tab of the convolution explorer: a filter to watch, a stack to compute, and what was measured here."""

from __future__ import annotations

import gradio as gr

from apps import exercises
from apps.conv.exercises import KINDS
from apps.conv.ui import measured, shapes, stage
from apps.on_demand import part


def build() -> None:
    """Lay out the tab."""
    with gr.Tabs(elem_id="conv-tabs"):
        with gr.Tab("See it", id="see"):
            stage.build()
        with gr.Tab("Shapes", id="shapes") as shapes_tab, part():
            shapes.build(shapes_tab)
        with gr.Tab("Measure it", id="measure"), part():
            measured.build()
        with gr.Tab("Exercises", id="exercises"), part():
            exercises.build("apps.conv.exercises", KINDS)
