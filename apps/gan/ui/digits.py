"""Digits on demand: a number written in one handwriting, and every digit in many."""

from __future__ import annotations

import html

import gradio as gr
from PIL import Image

from apps.gan.choices import LONGEST, MOST_COLUMNS
from apps.gan.drawing.tiles import note
from apps.gan.ui.common import QUICK, dice, heading, picture_output, seed_input, sheet, truncation_input
from apps.ui import PRIVATE, guard

_PER_ROW = 16
_EXAMPLES = ("2026", "31.12.2026", "+1 555 010 99", "3.14159265358979")


def panel() -> None:
    """Lay out the panel."""
    seen = heading("use", "Write a number", "One z is one handwriting: all its digits share it.")
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            number = gr.Textbox("2026", label=f"Number, date or telephone number, up to {LONGEST} digits", max_lines=1)
            write = gr.Button("Write", variant="primary")
            gr.Examples([[example] for example in _EXAMPLES], number, label="For example")
            seed = seed_input("Handwriting (seed)", info="The same seed is the same hand.")
            dice(seed, label="Another hand")
            truncation = truncation_input()
        with gr.Column(scale=3):
            line = picture_output("Written")
            told = gr.HTML(
                note("The judge, a classifier that never saw a fake, reads the number back to you."),
                label="What the judge reads",
            )
    gr.on(
        [write.click, number.submit, seed.change, truncation.input, seen.expand],
        guard(sample_digits),
        [number, seed, truncation],
        [line, told],
        trigger_mode="always_last",
        api_name="sample_digits",
        **QUICK,
    )
    seen = heading(
        "inside",
        "Every digit in every hand",
        f"A column is one z, a row is one digit: style and class come apart. Up to {MOST_COLUMNS} hands.",
    )
    with gr.Row():
        columns = gr.Slider(1, MOST_COLUMNS, value=12, step=1, label="Hands")
        grid_seed = seed_input()
        dice(grid_seed, label="Other hands")
    whole = picture_output("Digits by hands", elem_classes=["gan-crisp", "gan-narrow"])
    gr.on(
        [seen.expand, columns.input, grid_seed.change],
        guard(_class_grid),
        [columns, grid_seed, truncation],
        whole,
        trigger_mode="always_last",
        **QUICK,
        **PRIVATE,
    )


def sample_digits(number: str = "2026", seed: int = 0, truncation: float = 4.0) -> tuple[Image.Image, str]:
    """Write a number in generated handwriting, all its digits in the same style.

    Args:
        number: digits; spaces and . , : / + - ( ) may stand between them. 1 to 32 digits.
        seed: the handwriting; the same seed gives the same one.
        truncation: keep the latent vector within plus or minus this, 0.05 to 4; lower is safer and plainer.

    Returns:
        The number as a picture, and what an independent classifier reads in it.
    """
    from apps.gan.exhibits.scenes import written

    found = written(number, seed=seed, truncation=truncation)
    wanted, read = ("".join(map(str, digits)) for digits in (found.digits, found.read))
    verdict = "which is right" if wanted == read else f"{sum(a != b for a, b in zip(wanted, read, strict=True))} wrong"
    columns = min(len(found.digits), _PER_ROW)
    zoom = 10 if columns <= 8 else 6
    picture = sheet(found.pictures, columns, zoom=zoom, gap=0)
    return picture, note(f"The judge reads <b>{html.escape(read)}</b>, {verdict}.")


def _class_grid(columns: int, seed: int, truncation: float) -> Image.Image:
    from apps.gan.exhibits.scenes import class_grid

    return sheet(class_grid(columns=columns, seed=seed, truncation=truncation), int(columns))
