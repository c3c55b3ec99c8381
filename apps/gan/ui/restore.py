"""Conditioned on a picture: the visitor's digit shrunk to 7 x 7 pixels and restored, beside bicubic."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from apps.gan.drawing.tiles import Pictures, Tile, ink, note, tiles
from apps.gan.ui.common import QUICK, heading, pad
from apps.ui import PRIVATE, guard, section

RECORD = "gan/superres-digits"
_BRUSH = 0.08  # of the sheet's width
_EMPTY = ("", "[]", None)  # a sheet without a stroke
_ASK = "Draw on the sheet, or take a real digit."


def panel() -> None:
    """Lay out the panel."""
    seen = heading(
        "use",
        "7 × 7 pixels, and back to 28 × 28",
        "Super-resolution: the generator's input is not noise but a small picture. Draw a digit and see it shrunk and "
        "restored.",
    )
    with gr.Row():
        with gr.Column(scale=1, min_width=320):
            sheet = pad("Draw a digit", brush=_BRUSH)
            with gr.Row():
                go = gr.Button("Shrink and restore", variant="primary")
                real = gr.Button("A real digit instead")
        with gr.Column(scale=2, min_width=320):
            out = gr.HTML(note(_ASK), label="Shrunk and restored")
    state = gr.State(0)
    first = seen.expand(guard(_at_first), [state, sheet], [state, out], **QUICK, **PRIVATE)
    taken = real.click(guard(_from_real), state, [state, out], **QUICK, **PRIVATE)
    go.click(guard(_from_drawing), sheet, out, **QUICK, **PRIVATE)
    sheet.change(
        guard(_while_drawing), sheet, out, trigger_mode="always_last", cancels=[first, taken], **QUICK, **PRIVATE
    )
    section("measure", "Does it help?", "On 10,000 test digits that neither the generator nor the judge had seen.")
    gr.HTML(_figures())


def _from_drawing(strokes: str) -> str:
    from apps.gan.exhibits.superres import as_digit

    return _shown(as_digit(ink(strokes, brush=_BRUSH)))


def _while_drawing(strokes: str) -> str:
    return note(_ASK) if strokes in _EMPTY else _from_drawing(strokes)


def _from_real(at: int) -> tuple[int, str]:
    from apps.gan.drawing.real_digits import some_real

    return at + 1, _shown(some_real(1, at)[0][0])


def _at_first(at: int, strokes: str) -> tuple[Any, Any]:
    """A real digit, unless the visitor was quicker and draws already."""
    return _from_real(at) if strokes in _EMPTY else (gr.skip(), gr.skip())


def _shown(picture: Pictures) -> str:
    from apps.gan.exhibits.scenes import shrunk_and_restored

    found = shrunk_and_restored(picture)
    large = np.kron(found.small, np.ones((4, 4), np.uint8))
    pictures = np.stack((found.pictures[0], large, *found.pictures[1:]))
    smooth, sharp = found.psnr_db
    captions = [
        Tile("Original, 28 × 28", f"the judge reads {found.read[0]}"),
        Tile("Shrunk to 7 × 7", "49 numbers: all that is left"),
        Tile("Bicubic", f"reads {found.read[1]} · {smooth:.1f} dB"),
        Tile("Conditional GAN", f"reads {found.read[2]} · {sharp:.1f} dB"),
    ]
    return tiles(pictures, captions, width_px=170)


def _figures() -> str:
    from shared.errors import HubError
    from shared.registry import find, measured

    try:
        figures = measured(find(RECORD, "gan"))
    except HubError:
        return note("No figures are bundled.")
    rows = "".join(_row(title, figures[key]) for title, key in (("Bicubic", "bicubic"), ("Conditional GAN", "gan")))
    head = "<tr><th></th><th>PSNR</th><th>the judge reads the true digit</th><th>Fréchet distance</th></tr>"
    told = note(
        f"n = {figures['n']:,}, MNIST test split; the judge reads {figures['original_accuracy']:.2%} of the originals. "
        "PSNR compares pixels, the distance compares what the judge's features see. Command: "
        f"<code>{figures['command']}</code>."
    )
    return f'<div class="gan-scroll"><table class="gan-figures">{head}{rows}</table></div>{told}'


def _row(title: str, figures: dict[str, Any]) -> str:
    low, high = figures["accuracy_interval"]
    accuracy = f"{figures['accuracy']:.2%} <small>({low:.2%} to {high:.2%})</small>"
    return (
        f"<tr><td>{title}</td><td>{figures['psnr_db']:.2f} dB</td><td>{accuracy}</td><td>{figures['fid']:.2f}</td></tr>"
    )
