"""Sample: a grid of fakes by seed, with D's verdict under each, and real digits mixed in."""

from __future__ import annotations

from typing import Any

import gradio as gr
from PIL import Image

from apps.gan.choices import MOST_ON_PAGE
from apps.gan.drawing.tiles import Tile, sheet, tiles
from apps.gan.ui.common import GENERATOR_CHOICES, LATEST, REDRAW, heading, picture_output, seed_input, truncation_input
from apps.gan.ui.rooms import requests
from apps.markup import Markup, joined, note
from apps.results import as_json
from apps.sharing import share
from apps.ui import LIGHT, PRIVATE, SENDS, guard, keep_result

_COLUMNS = 8
_KEEP, _RESAMPLE = "Keep z", "Resample z every time"


def panel() -> None:
    """Lay out the panel."""
    seen = heading("use", "Digits that nobody wrote", "Every picture has its own z; D's verdict stands below it.")
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            model = gr.Dropdown(GENERATOR_CHOICES, value="dcgan-digits", label="Generator")
            draw = gr.Button("Draw new ones", variant="primary")
            again = gr.Radio([_RESAMPLE, _KEEP], value=_RESAMPLE, label="When drawing again")
            seed = seed_input()
            count = gr.Slider(1, MOST_ON_PAGE, value=24, step=1, label="Pictures")
            real = gr.Slider(0, MOST_ON_PAGE, value=6, step=1, label="Of these, real digits")
            truncation = truncation_input()
        with gr.Column(scale=3):
            out = gr.HTML(note("Drawing the first pictures."), label="Pictures", elem_classes=SENDS)
            with gr.Accordion("One picture to keep, and the numbers", open=False):
                every = picture_output("All of them")
                numbers = gr.JSON(label="Verdicts")
    share(model=model, seed=seed, count=count, real=real, truncation=truncation, again=again)
    inputs, outputs = [model, count, seed, truncation, real], [every, numbers, out]
    triggers: list[Any] = [seen.expand, model.input, truncation.input]
    gr.on(triggers, guard(sample_gan), inputs, outputs, api_name="sample_gan", **LATEST, **REDRAW)
    first = draw.click(_next_seed, [again, seed], seed, **LIGHT, **PRIVATE)
    first.then(guard(sample_gan), inputs, outputs, **REDRAW, **PRIVATE)


def _next_seed(again: str, seed: float | None) -> Any:
    return gr.skip() if again == _KEEP or seed is None else (int(seed) + 1) % 1_000_000


def sample_gan(
    model: str = "dcgan-digits", count: int = 24, seed: int = 0, truncation: float = 4.0, real: int = 0
) -> tuple[Image.Image, dict[str, Any], Markup]:
    """Draw handwritten digits with a generative adversarial network.

    Args:
        model: cgan-digits, dcgan-digits or collapsed-digits.
        count: number of pictures, 1 to 100.
        seed: the same seed gives the same pictures.
        truncation: limits the latent vector to plus or minus this, 0.05 to 4.
        real: how many of the pictures are real digits of MNIST instead, mixed in.

    Returns:
        One sheet with all pictures; per picture whether it is real, the requested digit, the digit that an independent
        classifier reads and the discriminator's probability of "real"; the page's view of the same.
    """
    found = requests.draw_samples(model, count=count, seed=seed, truncation=truncation, real=real)
    captions, verdicts = [], []
    for is_real, asked, read, p_real in zip(found.real, found.asked, found.read, found.p_real, strict=True):
        kind = "real" if is_real else "fake"
        captions.append(Tile(f"D: {p_real:.0%} real", kind, (kind,), f"a {read}"))
        verdicts.append({"real": is_real, "asked": asked, "read": read, "chance_real": round(float(p_real), 4)})
    fooled = sum(not is_real and bool(p_real > 0.5) for is_real, p_real in zip(found.real, found.p_real, strict=True))
    summary = note(
        f"D takes {fooled} of {found.real.count(False)} fakes for real. Dashed orange: by the generator; solid green: "
        "real digits that no network was trained on."
    )
    pictures = tiles(found.pictures, captions, width_px=92)
    whole, numbers = sheet(found.pictures, _COLUMNS), {"pictures": verdicts, "fooled": fooled}
    keep_result(
        "gan/sample",
        {"digits.png": (whole, "The pictures, row by row."), "verdicts.json": (as_json(numbers), "D's verdicts.")},
        settings={"model": model, "count": count, "seed": seed, "truncation": truncation, "real": real},
    )
    return whole, numbers, joined([summary, pictures])
