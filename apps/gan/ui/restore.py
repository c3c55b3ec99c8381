"""Conditioned on a picture: the visitor's digit shrunk to 7 x 7 pixels and restored, next to the bicubic one."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from apps.gan import measured
from apps.gan.drawing.real_digits import some_real
from apps.gan.drawing.tiles import Pictures, Tile, as_digit, ink, is_empty, sheet, tiles, zoomed
from apps.gan.ui.common import LATEST, REDRAW, heading, pad
from apps.gan.ui.rooms import requests
from apps.markup import Markup, note
from apps.results import table
from apps.ui import PRIVATE, SENDS, guard, keep_result, measurements

_BRUSH = 0.08  # of the sheet's width
_ASK = "Draw on the sheet, or take a real digit."


def panel() -> None:
    """Lay out the panel."""
    seen = heading(
        "use",
        "7 × 7 pixels, and back to 28 × 28",
        "Super-resolution: the generator's input is not noise but a small picture. Draw a digit and see it shrunk and "
        "restored. The keyboard draws, too: arrow keys move the pen, the space bar sets it down and lifts it.",
    )
    with gr.Row():
        with gr.Column(scale=1, min_width=320):
            sheet = pad("Draw a digit", brush=_BRUSH)
            with gr.Row():
                go = gr.Button("Shrink and restore", variant="primary")
                real = gr.Button("A real digit instead")
        with gr.Column(scale=2, min_width=320):
            out = gr.HTML(note(_ASK), label="Shrunk and restored", elem_classes=SENDS)
    state = gr.State(0)
    first = seen.expand(guard(_at_first), [state, sheet], [state, out], **REDRAW, **PRIVATE)
    taken = real.click(guard(_from_real), state, [state, out], **REDRAW, **PRIVATE)
    go.click(guard(_from_drawing), sheet, out, **REDRAW, **PRIVATE)
    sheet.change(guard(_while_drawing), sheet, out, cancels=[first, taken], **LATEST, **REDRAW, **PRIVATE)
    measurements([measured.restored()])


def _from_drawing(strokes: str) -> Markup:
    return _restored(as_digit(ink(strokes, brush=_BRUSH)), part="drawing")


def _while_drawing(strokes: str) -> Markup:
    return note(_ASK) if is_empty(strokes) else _from_drawing(strokes)


def _from_real(at: int) -> tuple[int, Markup]:
    return at + 1, _restored(some_real(1, at)[0][0], place=at)


def _at_first(at: int, strokes: str) -> tuple[Any, Any]:
    """A real digit, unless the visitor was quicker and draws already."""
    return _from_real(at) if is_empty(strokes) else (gr.skip(), gr.skip())


def _restored(picture: Pictures, *, part: str = "", **settings: int) -> Markup:
    found = requests.restore_digit(picture)
    original, smooth, sharp = found.pictures
    psnr_smooth, psnr_sharp = found.psnr_db
    captions = [
        Tile("Original, 28 × 28", f"the judge reads {found.read[0]}"),
        Tile("Shrunk to 7 × 7", "these 49 numbers are all that is left"),
        Tile("Bicubic", f"reads {found.read[1]} · {psnr_smooth:.1f} dB"),
        Tile("Conditional GAN", f"reads {found.read[2]} · {psnr_sharp:.1f} dB"),
    ]
    pictures = np.stack((original, zoomed(found.small, 4), smooth, sharp))
    figures = zip(("original", "bicubic", "GAN"), found.read, ("", psnr_smooth, psnr_sharp), strict=True)
    keep_result(
        "gan/from-a-picture",
        {
            "restored.png": (sheet(pictures, 4), "Original, made small, bicubic, conditional GAN."),
            "figures.csv": (table(("picture", "the judge reads", "PSNR in dB"), figures), "What became of it."),
        },
        part=part,
        settings=settings,
    )
    return tiles(pictures, captions, width_px=170)
