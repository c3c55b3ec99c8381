"""Sample: a grid of fakes by seed, with D's verdict under each, and real digits mixed in."""

from __future__ import annotations

from typing import Any

import gradio as gr
from PIL import Image

from apps.gan.choices import GENERATORS, MOST_ON_PAGE
from apps.gan.drawing.tiles import Tile, note, tiles
from apps.gan.ui.common import QUICK, heading, picture_output, seed_input, sheet, truncation_input
from apps.ui import LIGHT, PRIVATE, guard

_COLUMNS = 8
_KEEP, _RESAMPLE = "Keep z", "Resample z every time"


def panel() -> None:
    """Lay out the panel."""
    seen = heading("use", "Digits that nobody wrote", "Every picture has its own z; D's verdict stands below it.")
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            model = gr.Dropdown(
                [(title, name) for name, title in GENERATORS.items()], value="dcgan-digits", label="Generator"
            )
            draw = gr.Button("Draw others", variant="primary")
            again = gr.Radio([_RESAMPLE, _KEEP], value=_RESAMPLE, label="When drawing again")
            seed = seed_input()
            count = gr.Slider(1, MOST_ON_PAGE, value=24, step=1, label="Pictures")
            real = gr.Slider(0, MOST_ON_PAGE, value=6, step=1, label="... of which real digits, mixed in")
            truncation = truncation_input()
        with gr.Column(scale=3):
            out = gr.HTML(note("Drawing the first pictures."), label="Pictures")
            with gr.Accordion("One picture to keep, and the numbers", open=False):
                whole = picture_output("All of them")
                numbers = gr.JSON(label="Verdicts")
    inputs = [model, count, seed, truncation, real]
    triggers: list[Any] = [seen.expand, model.input, truncation.input]
    lively: dict[str, Any] = {"trigger_mode": "always_last", "api_name": "sample_gan"}
    gr.on(triggers, guard(sample_gan), inputs, [whole, numbers, out], **lively, **QUICK)
    first = draw.click(_next_seed, [again, seed], seed, **LIGHT, **PRIVATE)
    first.then(guard(sample_gan), inputs, [whole, numbers, out], **QUICK, **PRIVATE)


def _next_seed(again: str, seed: float | None) -> Any:
    return gr.skip() if again == _KEEP or seed is None else (int(seed) + 1) % 1_000_000


def sample_gan(
    model: str = "dcgan-digits", count: int = 24, seed: int = 0, truncation: float = 4.0, real: int = 0
) -> tuple[Image.Image, dict[str, Any], str]:
    """Draw handwritten digits with a generative adversarial network.

    Args:
        model: cgan-digits, dcgan-digits or collapsed-digits.
        count: number of pictures, 1 to 100.
        seed: the same seed gives the same pictures.
        truncation: keep the latent vector within plus or minus this, 0.05 to 4.
        real: how many of the pictures are real digits of MNIST instead, mixed in.

    Returns:
        One sheet with all pictures; per picture whether it is real, the digit that was asked for, the digit that an
        independent classifier reads and the discriminator's probability of "real"; the page's view of the same.
    """
    from apps.gan.exhibits.scenes import drawn

    found = drawn(model, count=count, seed=seed, truncation=truncation, real=real)
    captions = [
        Tile(f"D: {chance:.0%} real", "real" if is_real else "fake", ("real" if is_real else "fake",), f"a {read}")
        for chance, is_real, read in zip(found.chances, found.real, found.read, strict=True)
    ]
    verdicts = [
        {"real": is_real, "asked": asked, "read": read, "chance_real": round(float(chance), 4)}
        for is_real, asked, read, chance in zip(found.real, found.asked, found.read, found.chances, strict=True)
    ]
    fakes = [chance for chance, is_real in zip(found.chances, found.real, strict=True) if not is_real]
    fooled = sum(chance > 0.5 for chance in fakes)
    told = note(
        f"D takes {fooled} of {len(fakes)} fakes for real. Dashed orange: by the generator; solid green: real digits "
        "that no network was trained on."
    )
    return (
        sheet(found.pictures, _COLUMNS),
        {"pictures": verdicts, "fooled": fooled},
        told + tiles(found.pictures, captions, width_px=92),
    )
