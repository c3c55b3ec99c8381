"""The sub-tab "See it": the stage, which runs in the browser and fetches each scene once."""

from __future__ import annotations

from typing import Any

import gradio as gr

from apps.conv.ui.stage_html import script, template
from apps.ui import guard


def build() -> None:
    """Lay out the stage."""
    from apps.conv.scenes import scene as scene_data

    def scene(name: str) -> dict[str, Any]:
        """One scene's inputs and filters."""
        return scene_data(name)

    gr.HTML(
        "",
        html_template=template(),
        js_on_load=script(),
        server_functions=[guard(scene)],
        apply_default_css=False,
        padding=False,
        elem_id="conv-stage",
    )
