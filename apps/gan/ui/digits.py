"""Digits on demand: a number written in one handwriting, and every digit in many."""

from __future__ import annotations

import gradio as gr
from PIL import Image

from apps.gan.choices import LONGEST, MOST_COLUMNS
from apps.gan.drawing.tiles import sheet
from apps.gan.ui.common import LATEST, REDRAW, heading, picture_output, reseed_button, seed_input, truncation_input
from apps.gan.ui.rooms import requests
from apps.links import Text
from apps.markup import Markup, note, prose
from apps.sharing import share
from apps.ui import PRIVATE, guard, keep_result

_PER_ROW = 16  # digits of a number
_LONGEST = 80  # characters of a number in a link, with what may stand between the digits
_EXAMPLES = ("2026", "31.12.2026", "+1 555 010 99", "3.14159265358979")


def panel() -> None:
    """Lay out the panel."""
    seen = heading("use", "Write a number", "One z is one handwriting: all the digits of a number share it.")
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            number = gr.Textbox("2026", label=f"Number, date or telephone number, up to {LONGEST} digits", max_lines=1)
            write = gr.Button("Write", variant="primary")
            gr.Examples([[example] for example in _EXAMPLES], number, label="For example")
            seed = seed_input("Handwriting (seed)", info="The same seed gives the same handwriting.")
            reseed_button(seed, label="New handwriting")
            truncation = truncation_input()
        with gr.Column(scale=3):
            line = picture_output("The number")
            reading = gr.HTML(
                note("The judge, a classifier that has never seen a fake, reads the number."),
                label="What the judge reads",
            )
    gr.on(
        [write.click, number.submit, seed.change, truncation.input, seen.expand],
        guard(sample_digits),
        [number, seed, truncation],
        [line, reading],
        api_name="sample_digits",
        **LATEST,
        **REDRAW,
    )
    seen = heading(
        "inside",
        "Every digit in every handwriting",
        f"Each column is one z, each row one digit: style and class are separate. Up to {MOST_COLUMNS} handwritings.",
    )
    with gr.Row():
        columns = gr.Slider(1, MOST_COLUMNS, value=12, step=1, label="Handwritings")
        grid_seed = seed_input()
        reseed_button(grid_seed, label="New handwritings")
    share(number=(number, Text(_LONGEST)), seed=seed, truncation=truncation, columns=columns, columns_seed=grid_seed)
    grid = picture_output("Digits by handwritings", "gan-narrow")
    triggers = [seen.expand, columns.input, grid_seed.change]
    gr.on(triggers, guard(_class_grid), [columns, grid_seed, truncation], grid, **LATEST, **REDRAW, **PRIVATE)


def sample_digits(number: str = "2026", seed: int = 0, truncation: float = 4.0) -> tuple[Image.Image, Markup]:
    """Write a number in generated handwriting, all its digits in the same style.

    Args:
        number: digits; spaces and . , : / + - ( ) may stand between them. 1 to 32 digits.
        seed: the handwriting; the same seed gives the same one.
        truncation: limits the latent vector to plus or minus this, 0.05 to 4; lower is safer and plainer.

    Returns:
        The number as a picture, and what an independent classifier reads in it.
    """
    found = requests.write_number(number, seed=seed, truncation=truncation)
    wrong = sum(typed != read for typed, read in zip(found.digits, found.read, strict=True))
    columns = min(len(found.digits), _PER_ROW)
    picture = sheet(found.pictures, columns, zoom=10 if columns <= 8 else 6, gap=0)
    read = "".join(map(str, found.read))
    reading = prose("The judge reads <b>{}</b>, {}.", read, f"{wrong} wrong" if wrong else "which is right")
    keep_result(
        "gan/digits-on-demand",
        {"number.png": (picture, "The number."), "read.txt": (f"{read}\n", "What the judge reads in it.")},
        settings={"number": number, "seed": seed, "truncation": truncation},
    )
    return picture, note(reading)


def _class_grid(columns: int, seed: int, truncation: float) -> Image.Image:
    picture = sheet(requests.class_grid(columns=columns, seed=seed, truncation=truncation), int(columns))
    about = "Each column is one z, each row one digit."
    settings = {"columns": columns, "columns_seed": seed, "truncation": truncation}
    keep_result("gan/digits-on-demand", {"grid.png": (picture, about)}, part="grid", settings=settings)
    return picture
