"""What the painters share: smooth noise, colours along a ramp, strokes that follow a field, paper and varnish."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Array = NDArray[np.float64]
Rng = np.random.Generator
Colour = tuple[int, int, int]

SIDE = 512  # pixels of the finished picture
WORK = 2 * SIDE  # pixels that a painter draws on


def noise(rng: Rng, cells: int, *, octaves: int = 3, side: int = WORK) -> Array:
    """Smooth noise (side, side) from 0 to 1: ``octaves`` random grids, the coarsest of ``cells`` cells, enlarged."""
    total = np.zeros((side, side))
    for octave in range(octaves):
        grid = rng.random((cells * 2**octave + 1,) * 2).astype(np.float32)
        layer = Image.fromarray(grid).resize((side, side), Image.Resampling.BICUBIC)
        total += np.asarray(layer, dtype=float) / 2**octave
    low, high = total.min(), total.max()
    return np.asarray((total - low) / (high - low))


def hexes(*codes: str) -> Array:
    """Colours (n, 3) from codes such as "1b2a49"."""
    return np.array([[int(code[i : i + 2], 16) for i in (0, 2, 4)] for code in codes], dtype=float)


def ramp(values: Array, colours: Array) -> Array:
    """``values`` in 0..1 as colours (..., 3) interpolated along ``colours`` (n, 3)."""
    stops = np.linspace(0.0, 1.0, len(colours))
    return np.stack([np.interp(values, stops, colours[:, channel]) for channel in range(3)], axis=-1)


def rgb(colour: Array | Sequence[float]) -> Colour:
    """A colour for Pillow, clipped to 0..255."""
    red, green, blue = (int(min(255, max(0, part))) for part in colour)
    return red, green, blue


def grid() -> tuple[Array, Array]:
    """``y, x`` of every pixel of the working canvas, 0..1."""
    y, x = np.mgrid[0:WORK, 0:WORK] / WORK
    return y, x


def follow(angle: Array, y: float, x: float, *, steps: int, step: float) -> list[tuple[float, float]]:
    """``steps`` steps of ``step`` pixels from (y, x) along the field ``angle`` (radians), as (x, y) points."""
    points = [(x, y)]
    for _ in range(steps):
        row, column = int(min(WORK - 1, max(0, y))), int(min(WORK - 1, max(0, x)))
        direction = angle[row, column]
        x += step * float(np.cos(direction))
        y += step * float(np.sin(direction))
        points.append((x, y))
    return points


def bristle_stroke(
    draw: ImageDraw.ImageDraw, rng: Rng, points: Sequence[tuple[float, float]], colour: Array, *, width: float
) -> None:
    """A brush stroke: the colour, then a few hairs next to it, lighter and darker, as in thick paint."""
    draw.line(points, fill=rgb(colour), width=max(1, round(width)), joint="curve")
    for _ in range(3):
        offset = rng.normal(0, width * 0.28, 2)
        shade = colour * rng.uniform(0.78, 1.22) + rng.normal(0, 6, 3)
        hair = [(x + offset[0], y + offset[1]) for x, y in points]
        draw.line(hair, fill=rgb(shade), width=max(1, round(width * 0.22)), joint="curve")


def brush_over(
    target: Array,
    angle: Array,
    rng: Rng,
    *,
    count: int,
    width: tuple[float, float],
    length: tuple[int, int],
    jitter: float,
    ground: Colour,
) -> Array:
    """``target`` (side, side, 3) repainted by ``count`` strokes along ``angle``, wide ones first."""
    picture = Image.new("RGB", (WORK, WORK), ground)
    draw = ImageDraw.Draw(picture)
    for index in range(count):
        share = index / count
        size = width[1] + (width[0] - width[1]) * share
        y, x = rng.random(2) * WORK
        colour = target[int(y), int(x)] + rng.normal(0, jitter, 3) + rng.normal(0, jitter)
        steps = int(rng.integers(*length))
        bristle_stroke(draw, rng, follow(angle, y, x, steps=steps, step=size * 0.9), colour, width=size)
    return np.asarray(picture, dtype=float)


def relief(pixels: Array, *, strength: float) -> Array:
    """``pixels`` lit from the upper left as if lightness were thickness of paint."""
    height = pixels.mean(axis=-1)
    slope = height - np.roll(height, (3, 3), axis=(0, 1))
    return np.asarray(pixels + strength * np.clip(slope, -40, 40)[..., None])


def finish(pixels: Array) -> Image.Image:
    """``pixels`` (WORK, WORK, 3) as the finished picture of ``SIDE`` x ``SIDE``."""
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    return picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
