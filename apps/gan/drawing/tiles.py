"""Digits as the page shows them: crisp tiles with a caption, sheets, moving strips. No torch, no gradio."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from shared.errors import InputError, quoted

Pictures = np.ndarray[Any, np.dtype[np.uint8]]  # (N, 28, 28), white on black
Ink = np.ndarray[Any, np.dtype[np.float64]]  # (H, W), 0..1
Labels = np.ndarray[Any, np.dtype[np.int64]]  # (N,)

_MOST_PLACES = 20_000  # of a drawing


@dataclass(frozen=True)
class Tile:
    """One picture with what stands under it."""

    caption: str
    small: str = ""
    marks: tuple[str, ...] = ()  # of "real", "fake", "right", "wrong"
    alt: str = ""


def png_url(picture: Pictures, *, zoom: int = 1) -> str:
    """One grey picture (H, W) as a data URL."""
    image = Image.fromarray(np.kron(picture, np.ones((zoom, zoom), np.uint8)) if zoom > 1 else picture)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def tiles(pictures: Pictures, captions: Sequence[Tile], *, width_px: int = 72) -> str:
    """Pictures side by side, as many to a row as fit, each at least ``width_px`` wide."""
    figures = []
    for picture, tile in zip(pictures, captions, strict=True):
        marks = " ".join(f"gan-{mark}" for mark in tile.marks)
        small = f"<small>{html.escape(tile.small)}</small>" if tile.small else ""
        alt = html.escape(tile.alt or tile.caption, quote=True)
        image = f'<img src="{png_url(picture)}" alt="{alt}" width="28" height="28">'
        caption = f"<figcaption>{html.escape(tile.caption)}{small}</figcaption>"
        figures.append(f'<figure class="{marks}">{image}{caption}</figure>')
    return f'<div class="gan-tiles" style="--tile:{width_px}px">{"".join(figures)}</div>'


def note(text: str) -> str:
    """A quiet sentence. ``text`` is ours, or escaped."""
    return f'<p class="gan-note">{text}</p>'


def film(pictures: Pictures, *, zoom: int = 8) -> list[Image.Image]:
    """The frames of an endless film of the pictures (N, 28, 28): there and back, RGB, every pixel ``zoom`` wide."""
    there = [Image.fromarray(np.kron(picture, np.ones((zoom, zoom), np.uint8))).convert("RGB") for picture in pictures]
    return there + there[-2:0:-1]


def animated(frames: Sequence[Image.Image], *, rate_hz: float) -> bytes:
    """``frames`` as an endless animated WebP, lossless."""
    buffer = io.BytesIO()
    options: dict[str, Any] = {"duration": round(1000 / rate_hz), "loop": 0, "lossless": True, "method": 0}
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], **options)
    return buffer.getvalue()


def ink(strokes: object, *, brush: float, side: int = 280) -> Ink:
    """What was drawn on a sheet: ink (side, side), 0..1, from JSON: strokes, each a list of [x, y] in 0..1.

    Raises:
        InputError: the text is no such list, or longer than a drawing can be.
    """
    try:
        found = json.loads(str(strokes or "[]"))
        lines = [[(float(x) * side, float(y) * side) for x, y in stroke] for stroke in found]
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError("A drawing is a list of strokes of [x, y] places", quoted(strokes), "Draw again.") from error
    places = [value for line in lines for place in line for value in place]
    if len(places) > 2 * _MOST_PLACES or not np.isfinite(places).all():
        raise InputError(f"A drawing has up to {_MOST_PLACES:,} places", f"{len(places) // 2:,}", "Draw a simpler one.")
    sheet = Image.new("L", (side, side))
    pen, radius = ImageDraw.Draw(sheet), brush * side / 2
    for line in lines:
        if len(line) > 1:
            pen.line(line, fill=255, width=max(1, round(2 * radius)))
        for x, y in line:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(sheet, dtype=float) / 255
