"""The sub-tab "See it": the stage, which runs in the browser and fetches each scene once."""

from __future__ import annotations

from typing import Any

import gradio as gr

from apps.conv.scenes import SCENES
from apps.conv.scenes import scene as scene_data
from apps.conv.ui.stage_html import SPEEDS, script, template
from apps.links import Choice, Numbers, Whole
from apps.sharing import share_stage
from apps.ui import SENDS, guard


def build() -> None:
    """Lay out the stage."""

    def scene(name: str) -> dict[str, Any]:
        """One scene's inputs and filters."""
        return scene_data(name)

    stage = gr.HTML(
        "",
        html_template=template(),
        js_on_load=script(),
        server_functions=[guard(scene)],
        apply_default_css=False,
        padding=False,
        elem_id="conv-stage",
        elem_classes=SENDS,
    )
    share_stage(
        stage,
        scene=Choice(tuple(SCENES)),
        filter=Whole(0, 99),
        picture=Whole(0, 99),
        stride=Whole(1, 4),
        padding=Choice(("valid", "same")),
        dilation=Whole(1, 4),
        size=Whole(1, 31),
        weights=Numbers(-10, 10, most=150),
        speed=Choice(tuple(SPEEDS)),
        place=Whole(0, 1_000_000),
    )
