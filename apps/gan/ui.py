"""The GANs tab: sub-tabs for sampling, writing on demand, walking, watching and playing the game, and its figures."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from apps.gan import ui_digits, ui_game, ui_inside, ui_lab, ui_measure, ui_picture, ui_players, ui_sample, ui_walk
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
    style = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
    gr.HTML(f"<style>{style}</style>", padding=False)
    with gr.Tabs(elem_id="gan-tabs"):
        for title, panel in PANELS:
            with gr.Tab(title, elem_id=f"gan-{title.lower().replace(' ', '-').replace('?', '')}"):
                panel()
