"""What the GAN panels share: headings that ask for a first picture, the seed with its dice, the crisp picture."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from apps.gan.choices import FULL, LOWEST, SEEDS
from apps.gan.drawing.tiles import Pictures, note
from apps.ui import FIRST_SIGHT, LIGHT, PRIVATE, Kind, section

QUICK: dict[str, Any] = {"concurrency_id": "quick", "concurrency_limit": 2, "show_progress": "minimal"}
_GROUND = 24  # grey between the pictures of a sheet


def heading(kind: Kind, title: str, text: str = "") -> gr.HTML:
    """A section's heading whose ``expand`` event comes once, when it is first seen: nobody meets an empty panel."""
    found = section(kind, title, text)
    found.js_on_load = FIRST_SIGHT
    return found


def seed_input(
    label: str = "Seed", *, value: int = 0, info: str = "The same seed gives the same pictures."
) -> gr.Number:
    """A seed."""
    return gr.Number(value, label=label, precision=0, minimum=0, maximum=SEEDS, info=info, min_width=120)


def dice(*seeds: gr.Number, label: str = "New seed") -> gr.Button:
    """A button that puts another number into each of ``seeds``."""
    button = gr.Button(label, size="sm", min_width=90)
    button.click(lambda: _throw(len(seeds)), None, list(seeds), **LIGHT, **PRIVATE)
    return button


def truncation_input() -> gr.Slider:
    """The truncation."""
    return gr.Slider(
        LOWEST,
        FULL,
        value=FULL,
        step=0.05,
        label="Truncation",
        info="Keep z within ± this. Lower: safer, more alike. 4: all of it.",
    )


def picture_output(label: str, **options: Any) -> gr.Image:
    """A sheet of digits, crisp, to look at and to download."""
    settings: dict[str, Any] = {
        "format": "png",
        "show_label": False,
        "buttons": ["download", "fullscreen"],
        "interactive": False,
    }
    return gr.Image(label=label, **({"elem_classes": "gan-crisp"} | settings | options))


def sheet(pictures: Pictures, columns: int, *, zoom: int = 6, gap: int = 1) -> Image.Image:
    """Pictures (N, 28, 28) on one sheet of ``columns``, every pixel ``zoom`` wide, thin lines between."""
    rows = -(-len(pictures) // columns)
    side = pictures.shape[1] + gap
    canvas = np.full((rows * side + gap, columns * side + gap), _GROUND, np.uint8)
    for at, picture in enumerate(pictures):
        row, column = divmod(at, columns)
        canvas[row * side + gap : (row + 1) * side, column * side + gap : (column + 1) * side] = picture
    return Image.fromarray(np.kron(canvas, np.ones((zoom, zoom), np.uint8)))


def pad(label: str, *, brush: float, visible: bool = True) -> gr.HTML:
    """A sheet to draw on; ``brush``: width of a stroke, in widths of the sheet. Its value: see ``pictures.ink``."""
    sheet = f'<canvas class="gan-pad" width="280" height="280" data-brush="{brush}" aria-label="{label}"></canvas>'
    return gr.HTML(
        "[]",
        label=label,
        html_template=note(label) + sheet + '<button type="button" class="gan-clear">Clear the sheet</button>',
        js_on_load=(Path(__file__).parent / "page" / "pad.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        visible=visible,
    )


def _throw(count: int) -> int | list[int]:
    thrown = [random.randrange(1_000_000) for _ in range(count)]
    return thrown[0] if count == 1 else thrown
