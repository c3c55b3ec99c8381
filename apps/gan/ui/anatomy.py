"""Anatomy: both networks layer by layer for one picture, with shapes, parameters and activations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr

from apps.gan.choices import check_digit
from apps.gan.drawing.tiles import Tile, png_url, sheet, tiles
from apps.gan.ui.common import DIGIT_CHOICES, GENERATOR_CHOICES, LATEST, REDRAW, heading, reseed_button, seed_input
from apps.gan.ui.rooms import anatomy
from apps.markup import Markup, h, joined, table
from apps.results import File
from apps.results import table as csv_table
from apps.sharing import share
from apps.ui import PRIVATE, SENDS, guard, keep_result

if TYPE_CHECKING:
    from apps.gan.exhibits.results import Layer


def panel() -> None:
    """Lay out the panel."""
    seen = heading(
        "inside",
        "From z to a picture, from the picture to a verdict",
        "G turns 64 numbers into maps of 7 × 7, 14 × 14 and 28 × 28 pixels; D goes the opposite way. Each map is "
        "stretched to full contrast.",
    )
    with gr.Row():
        model = gr.Dropdown(GENERATOR_CHOICES, value="cgan-digits", label="Networks")
        seed = seed_input(info="")
        digit = gr.Dropdown(DIGIT_CHOICES, value="8", label="Digit (conditional GAN only)")
        reseed_button(seed)
    share(model=model, seed=seed, digit=digit)
    out = gr.HTML(label="Layers", elem_classes=SENDS)
    triggers = [seen.expand, seed.change, digit.input, model.input]
    gr.on(triggers, guard(_anatomy), [model, seed, digit], out, **LATEST, **REDRAW, **PRIVATE)


def _anatomy(model: str, seed: int, digit: str) -> Markup:
    found = anatomy.anatomy(model, seed=seed, digit=check_digit(digit))
    rows = [
        (player, one.name, one.kind, " x ".join(map(str, one.shape)), one.parameters)
        for player, layers in (("G", found.generator), ("D", found.discriminator))
        for one in layers
    ]
    head = "player", "layer", "what it is", "output", "parameters"
    files: dict[str, File] = {
        "layers.csv": (csv_table(head, rows), f"Both networks, layer by layer; D says real with {found.p_real:.4f}."),
        "digit.png": (sheet(found.picture, 1), "The picture that was drawn and judged."),
    }
    keep_result("gan/anatomy", files, settings={"model": model, "seed": seed, "digit": digit})
    picture = tiles(found.picture, [Tile(f"D: {found.p_real:.0%} real")], width_px=180)
    parts = (h.h3("Generator"), _layers(found.generator), picture, h.h3("Discriminator"), _layers(found.discriminator))
    return joined(parts)


def _layers(layers: tuple[Layer, ...]) -> Markup:
    rows = [
        (
            h.code(layer.name),
            ", ".join(filter(None, (layer.kind, layer.detail))),
            " × ".join(map(str, layer.shape)) or "1",
            f"{layer.parameters:,}",
            h.div([h.img(alt="", src=png_url(one)) for one in layer.maps], class_="maps")
            if layer.maps is not None
            else None,
        )
        for layer in layers
    ]
    total = ("", "all layers", "", f"{sum(layer.parameters for layer in layers):,}", "")
    head = ("layer", "what it is", "output", "parameters", "first channels")
    return table(head, [*rows, total], class_="gan-layers")
