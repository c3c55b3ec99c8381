"""Pictures as they are shown: digits as tiles and sheets, films; a visitor's drawing. No torch, no gradio."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from apps.markup import Content, Markup, figure, h, url_of
from shared.errors import InputError, quoted

Pictures = np.ndarray[Any, np.dtype[np.uint8]]  # (N, 28, 28), white on black
Ink = np.ndarray[Any, np.dtype[np.float64]]  # (H, W), 0..1
Labels = np.ndarray[Any, np.dtype[np.int64]]  # (N,)

GREY = 24  # grey level of the lines between the pictures of a sheet
_BOX = 20  # pixels that MNIST fits a digit into
_SIDE = 28  # ... and the whole of it
_PAINTED = 0.1  # ink from which a pixel belongs to the drawing
_MOST_PLACES = 20_000  # of a drawing
_EMPTY = ("", "[]", "null")  # drawings without a stroke


@dataclass(frozen=True)
class Tile:
    """What stands under a picture, and how it is framed."""

    caption: str
    small: str = ""
    marks: tuple[str, ...] = ()  # of "real", "fake", "right", "wrong"
    alt: str = ""


def png_url(picture: Pictures) -> str:
    """One grey picture (H, W) as a data URL."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG")
    return url_of(buffer.getvalue(), "image/png")


def tiles(pictures: Pictures, captions: Sequence[Tile], *, width_px: int = 72) -> Markup:
    """Pictures side by side, as many to a row as fit, each at least ``width_px`` wide; a single one is no wider."""
    figures = [_framed(picture, tile) for picture, tile in zip(pictures, captions, strict=True)]
    single = " gan-single" if len(figures) == 1 else ""
    return h.div(*figures, class_=f"gan-tiles{single}", style=f"--tile:{width_px}px")


def _framed(picture: Pictures, tile: Tile) -> Markup:
    image = h.img(src=png_url(picture), alt=tile.alt or tile.caption, width=28, height=28)
    caption: Content = [tile.caption, h.small(tile.small) if tile.small else None]
    return figure(image, caption, class_=" ".join(f"gan-{mark}" for mark in tile.marks))


def zoomed(picture: Pictures, zoom: int) -> Pictures:
    """A picture (H, W) with every pixel ``zoom`` wide and high."""
    large: Pictures = np.kron(picture, np.ones((zoom, zoom), np.uint8))
    return large


def sheet(pictures: Pictures, columns: int, *, zoom: int = 6, gap: int = 1, ground: int = GREY) -> Image.Image:
    """Pictures (N, 28, 28) in rows of ``columns`` on one sheet, every pixel ``zoom`` wide, lines of ``gap`` pixels."""
    rows = -(-len(pictures) // columns)
    side = pictures.shape[1] + gap
    canvas = np.full((rows * side + gap, columns * side + gap), ground, np.uint8)
    for at, picture in enumerate(pictures):
        row, column = divmod(at, columns)
        canvas[row * side + gap : (row + 1) * side, column * side + gap : (column + 1) * side] = picture
    return Image.fromarray(zoomed(canvas, zoom))


def in_rows(*rows: Sequence[Image.Image]) -> Image.Image:
    """RGB pictures of one size, row below row, without a gap."""
    width, height = rows[0][0].size
    beside = Image.new("RGB", (width * len(rows[0]), height * len(rows)))
    for down, row in enumerate(rows):
        for across, picture in enumerate(row):
            beside.paste(picture, (across * width, down * height))
    return beside


def film(pictures: Pictures, *, zoom: int = 8) -> list[Image.Image]:
    """The frames of an endless film of the pictures (N, 28, 28): there and back, RGB, every pixel ``zoom`` wide."""
    there = [Image.fromarray(zoomed(picture, zoom)).convert("RGB") for picture in pictures]
    return there + there[-2:0:-1]


def animated(frames: Sequence[Image.Image], *, rate_hz: float, lossless: bool = True) -> bytes:
    """``frames`` as an endless animated WebP."""
    buffer = io.BytesIO()
    options: dict[str, Any] = {"duration": round(1000 / rate_hz), "loop": 0, "lossless": lossless, "method": 0}
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], **options)
    return buffer.getvalue()


def is_empty(strokes: object) -> bool:
    """Whether nothing has been drawn."""
    return strokes is None or str(strokes).strip() in _EMPTY


def ink(strokes: object, *, brush: float, side: int = 280) -> Ink:
    """What was drawn on a sheet: ink (side, side), 0..1, from JSON: strokes, each a list of [x, y] in 0..1.

    ``brush`` is the width of a stroke, in widths of the sheet.

    Raises:
        InputError: the text is no such list, or longer than a drawing can be.
    """
    try:
        found = json.loads("[]" if is_empty(strokes) else str(strokes))
        lines = [[(float(x) * side, float(y) * side) for x, y in stroke] for stroke in found]
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError("a drawing, as a list of strokes of [x, y] places", quoted(strokes), "Draw again.") from error
    places = [value for line in lines for place in line for value in place]
    if len(places) > 2 * _MOST_PLACES or not np.isfinite(places).all():
        raise InputError(
            f"a drawing of at most {_MOST_PLACES:,} places on the sheet", f"{len(places) // 2:,}", "Draw a simpler one."
        )
    sheet = Image.new("L", (side, side))
    pen, radius = ImageDraw.Draw(sheet), brush * side / 2
    for line in lines:
        if len(line) > 1:
            pen.line(line, fill=255, width=max(1, round(2 * radius)))
        for x, y in line:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(sheet, dtype=float) / 255


def as_digit(ink: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> Pictures:
    """A drawing in MNIST's form: ink (H, W), 0..1 -> (28, 28), in a box of 20 pixels, its centre of mass in the middle.

    Raises:
        InputError: nothing has been drawn.
    """
    rows, columns = np.nonzero(ink > _PAINTED)
    if len(rows) == 0:
        raise InputError("", "Nothing has been drawn yet", "Draw a digit on the sheet.")
    cut = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    scale = _BOX / max(cut.shape)
    size = max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale))
    small = np.asarray(Image.fromarray((cut * 255).astype(np.uint8)).resize(size, Image.Resampling.BOX), float)
    mass = max(small.sum(), 1e-6)
    y, x = (small.sum(axis=1) @ np.arange(size[1])) / mass, (small.sum(axis=0) @ np.arange(size[0])) / mass
    sheet = np.zeros((_SIDE, _SIDE), np.uint8)
    top = int(np.clip(round((_SIDE - 1) / 2 - y), 0, _SIDE - size[1]))
    left = int(np.clip(round((_SIDE - 1) / 2 - x), 0, _SIDE - size[0]))
    sheet[top : top + size[1], left : left + size[0]] = small.round().astype(np.uint8)
    return sheet
