"""What the GAN panels share: headings that ask for a first picture, seeds, the crisp picture, the sheet to draw on."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr
from gradio.processing_utils import save_file_to_cache
from gradio.utils import get_upload_folder

from apps.gan.choices import FULL, GENERATORS, LOWEST, SEEDS
from apps.markup import Markup, h, joined, note, page_file
from apps.ui import FIRST_SIGHT, LIGHT, PRIVATE, QUICK, SENDS, Kind, section

REDRAW: dict[str, Any] = QUICK | {"show_progress": "minimal"}  # without gradio's veil over the picture that is there
LATEST: dict[str, Any] = {"trigger_mode": "always_last"}  # a slider that is being dragged: the last place counts
GENERATOR_CHOICES = [(title, name) for name, title in GENERATORS.items()]
DIGIT_CHOICES = [str(digit) for digit in range(10)]


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


def reseed_button(*seeds: gr.Number, label: str = "New seed") -> gr.Button:
    """A button that puts another number into each of ``seeds``."""
    button = gr.Button(label, size="sm", min_width=90)
    button.click(lambda: _new_seeds(len(seeds)), None, list(seeds), **LIGHT, **PRIVATE)
    return button


def truncation_input() -> gr.Slider:
    """The truncation."""
    info = "Limits each number of z to ± this value: lower is safer but less varied, 4 is no limit."
    return gr.Slider(LOWEST, FULL, value=FULL, step=0.05, label="Truncation", info=info)


def picture_output(label: str, *classes: str) -> gr.Image:
    """A sheet of digits, crisp, to look at and to download."""
    return gr.Image(
        label=label,
        format="png",
        show_label=False,
        buttons=["download", "fullscreen"],
        interactive=False,
        elem_classes=["gan-crisp", SENDS, *classes],
    )


def film(address: str, still: str, *, alt: str, size: tuple[int, int]) -> Markup:
    """A moving picture that a press stops and plays, and that waits for whoever asked for less motion.

    ``address`` and ``still``: the film and its first picture, as data: URLs; ``size``: pixels.
    """
    width, height = size
    moving = h.picture(h.source(srcset=still, media="not all"), h.img(src=address, alt="", width=width, height=height))
    return h.button(moving, type="button", class_="ch-film", aria_label=f"Play: {alt}")


def kept_file(name: str, content: bytes) -> str:
    """The path of a file with ``content`` in gradio's cache, which deletes it in time."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return str(save_file_to_cache(path, cache_dir=get_upload_folder()))


def pad(label: str, *, brush: float, visible: bool = True) -> gr.HTML:
    """A sheet to draw on; ``brush``: width of a stroke, in widths of the sheet. Its value: see ``tiles.ink``."""
    keys = f"{label}. Arrow keys move the pen, the space bar sets it down and lifts it."
    canvas = h.canvas(
        class_="gan-pad", width=280, height=280, data_brush=str(brush), tabindex=0, role="application", aria_label=keys
    )
    clear = h.button("Clear the sheet", type="button", class_="gan-clear")
    return gr.HTML(
        "[]",
        label=label,
        html_template=str(joined([note(label), canvas, clear])),
        js_on_load=page_file(__file__, "pad.js"),
        apply_default_css=False,
        visible=visible,
    )


def _new_seeds(count: int) -> int | list[int]:
    seeds = [random.randrange(1_000_000) for _ in range(count)]
    return seeds[0] if count == 1 else seeds
