"""The GANs tab: sub-tabs for sampling, writing on demand, walking, watching and playing the game, and its figures."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from apps.gan.ui import anatomy as ui_inside
from apps.gan.ui import digits as ui_digits
from apps.gan.ui import guess as ui_game
from apps.gan.ui import lab as ui_lab
from apps.gan.ui import measured as ui_measure
from apps.gan.ui import players as ui_players
from apps.gan.ui import restore as ui_picture
from apps.gan.ui import sampling as ui_sample
from apps.gan.ui import walk as ui_walk
from apps.ui import intro

PANELS = (
    ("Sample", ui_sample.panel),
    ("Digits on demand", ui_digits.panel),
    ("Latent walk", ui_walk.panel),
    ("Two players", ui_players.panel),
    ("Are you better than D?", ui_game.panel),
    ("GAN Lab", ui_lab.panel),
    ("From a picture", ui_picture.panel),
    ("Anatomy", ui_inside.panel),
    ("Measured", ui_measure.panel),
)


def build() -> None:
    """Lay out the tab inside the hub's page."""
    intro(
        "The **generator** G turns 64 random numbers z into a picture. The **discriminator** D sees real digits and "
        "G's fakes and says which is which. Each learns from the other's mistakes; nobody ever tells G what a digit is."
    )
    style = (Path(__file__).parent / "page" / "gan.css").read_text(encoding="utf-8")
    gr.HTML(f"<style>{style}</style>", padding=False)
    with gr.Tabs(elem_id="gan-tabs"):
        for title, panel in PANELS:
            with gr.Tab(title, elem_id=f"gan-{title.lower().replace(' ', '-').replace('?', '')}"):
                panel()
