"""Anatomy: both networks layer by layer for one picture, with shapes, parameters and activations."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import gradio as gr

from apps.gan.choices import GENERATORS
from apps.gan.drawing.tiles import Tile, png_url, tiles
from apps.gan.ui.common import QUICK, dice, heading, seed_input
from apps.ui import PRIVATE, guard

if TYPE_CHECKING:
    from apps.gan.exhibits.anatomy import Layer


def panel() -> None:
    """Lay out the panel."""
    seen = heading(
        "inside",
        "From z to a picture, from the picture to a verdict",
        "G widens 64 numbers to 7 × 7, 14 × 14 and 28 × 28 maps; D goes the way back. "
        "Maps are stretched to full contrast.",
    )
    with gr.Row():
        choices = [(title, name) for name, title in GENERATORS.items()]
        model = gr.Dropdown(choices, value="cgan-digits", label="Networks")
        seed = seed_input(info="")
        digit = gr.Dropdown([str(at) for at in range(10)], value="8", label="Digit (conditional GAN only)")
        dice(seed)
    out = gr.HTML(label="Layers")
    triggers = [seen.expand, seed.change, digit.input, model.input]
    gr.on(triggers, guard(_anatomy), [model, seed, digit], out, trigger_mode="always_last", **QUICK, **PRIVATE)


def _anatomy(model: str, seed: int, digit: str) -> str:
    from apps.gan.drawing.sampling import check_digit
    from apps.gan.exhibits.anatomy import anatomy

    found = anatomy(model, seed=seed, digit=check_digit(digit))
    picture = tiles(found.picture, [Tile(f"D: {found.chance:.0%} real")], width_px=160).replace("1fr", "180px")
    return f"<h3>Generator</h3>{_table(found.generator)}{picture}<h3>Discriminator</h3>{_table(found.discriminator)}"


def _table(layers: tuple[Layer, ...]) -> str:
    rows = []
    for layer in layers:
        maps = "" if layer.maps is None else "".join(f'<img alt="" src="{png_url(one)}">' for one in layer.maps)
        shape = " × ".join(map(str, layer.shape)) or "1"
        what = html.escape(layer.kind + (f", {layer.detail}" if layer.detail else ""))
        cells = f"<td><code>{layer.name}</code></td><td>{what}</td><td>{shape}</td><td>{layer.parameters:,}</td>"
        rows.append(f'<tr>{cells}<td><div class="maps">{maps}</div></td></tr>')
    total = sum(layer.parameters for layer in layers)
    head = "<tr><th>layer</th><th>what</th><th>output</th><th>parameters</th><th>first channels</th></tr>"
    foot = f"<tr><td></td><td>together</td><td></td><td>{total:,}</td><td></td></tr>"
    return f'<div class="gan-scroll"><table class="gan-layers">{head}{"".join(rows)}{foot}</table></div>'
