"""The GANs tab: sub-tabs for sampling, writing on demand, walking, watching and playing the game, and its figures."""

from __future__ import annotations

from contextlib import nullcontext

import gradio as gr

from apps import exercises
from apps.gan import measured
from apps.gan.exercises import KINDS
from apps.gan.ui import anatomy, art, digits, guess, lab, night, players, restore, sampling, sharpen, walk
from apps.markup import style
from apps.on_demand import part
from apps.ui import intro, measurements

PANELS = (  # in the order of a lesson: what it is, how it learns, what it can do, what is inside
    ("Sample", sampling.panel),
    ("GAN Lab", lab.panel),
    ("Two players", players.panel),
    ("Are you better than D?", guess.panel),
    ("Digits on demand", digits.panel),
    ("Latent walk", walk.panel),
    ("From a picture", restore.panel),
    ("Sharpen a photo", sharpen.panel),
    ("Day to night", night.panel),
    ("Endless art", art.panel),
    ("Anatomy", anatomy.panel),
    ("Measured", lambda: measurements(measured.chapters())),
    ("Exercises", lambda: exercises.build("apps.gan.exercises", KINDS)),
)


def build() -> None:
    """Lay out the tab inside the hub's page."""
    intro(
        "The **generator** G makes pictures: digits from random numbers, a sharp photo from a small one, the Earth by "
        "night from the Earth by day, a mosaic without end. The **discriminator** D sees real pictures and G's fakes "
        "and says which is which. Each learns from the other's mistakes; what G learns of real pictures, it learns "
        "from D."
    )
    gr.HTML(style(__file__, "gan.css", "night.css", "sharpen.css", "art.css"), padding=False)
    with gr.Tabs(elem_id="gan-tabs"):
        for number, (title, panel) in enumerate(PANELS):
            with gr.Tab(title), part() if number else nullcontext():
                panel()
