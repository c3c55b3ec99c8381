"""GAN Lab: the game on points of the plane, trained in the browser, with every lever in the visitor's hand."""

from __future__ import annotations

import gradio as gr

from apps.gan.ui.lab_html import SCRIPTS, link_kinds, script_of, template
from apps.sharing import share_stage
from apps.ui import section


def panel() -> None:
    """Lay out the panel."""
    section(
        "use",
        "A GAN small enough to see",
        "Blue dots are the data, orange triangles are what G makes of its noise. The background is D's opinion: blue "
        "where it says real, orange where it says fake, clear where it is uncertain. Both networks are trained in your "
        "browser, now: nothing is sent anywhere.",
    )
    stage = gr.HTML(
        label="The game",
        html_template=str(template()),
        js_on_load=script_of(*SCRIPTS),
        apply_default_css=False,
    )
    share_stage(stage, **link_kinds())
