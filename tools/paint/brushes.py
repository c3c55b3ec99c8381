"""Painters who work with a brush: swirling strokes, dots of divided colour, wavering bands."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from tools.paint.canvas import WORK, Array, Rng, brush_over, finish, grid, hexes, noise, ramp, relief, rgb

_WHIRLS = ((0.30, 0.32, 0.16), (0.22, 0.72, 0.12), (0.48, 0.60, 0.13), (0.14, 0.10, 0.08), (0.44, 0.88, 0.08))  # y x r


def swirls(rng: Rng) -> Image.Image:
    """A night of whirling strokes: blues that turn around glowing lamps, above dark hills."""
    y, x = grid()
    sky = ramp(np.clip(y + 0.35 * (noise(rng, 4) - 0.5), 0, 1), hexes("12235a", "1f4a94", "3f7fb8", "8fb9b0", "2b4b4a"))
    angle = 0.5 * np.sin(2.2 * np.pi * y + 4 * x) + 1.2 * (noise(rng, 3) - 0.5)
    vy, vx = np.sin(angle), np.cos(angle)
    for row, column, radius in _WHIRLS:
        distance = np.hypot(y - row, x - column) + 1e-6
        pull = np.exp(-((distance / (1.7 * radius)) ** 2)) * 4
        vy += pull * (x - column) / distance
        vx -= pull * (y - row) / distance
        glow = np.exp(-((distance / (0.55 * radius)) ** 2))[..., None]
        halo = np.exp(-(((distance - radius) / (0.35 * radius)) ** 2))[..., None]
        sky = sky * (1 - 0.55 * halo) + 0.55 * halo * np.array([150, 196, 205])
        sky = sky * (1 - glow) + glow * np.array([250, 214, 96])
    hills = y > 0.80 + 0.06 * np.sin(7 * x + 1) + 0.04 * np.sin(17 * x)
    ground = ramp(noise(rng, 8), hexes("0d1c2b", "1d3f3c", "3d5a3a", "142b45"))
    target = np.where(hills[..., None], ground, sky)
    field = np.where(hills, 0.35 * np.sin(9 * x), np.arctan2(vy, vx))
    painted = brush_over(target, field, rng, count=11000, width=(8, 22), length=(4, 9), jitter=11, ground=(18, 30, 70))
    return finish(relief(painted, strength=0.55))


_TREES = (
    (0.07, 0.30, 0.13),
    (0.20, 0.24, 0.11),
    (0.30, 0.33, 0.07),
    (0.66, 0.31, 0.09),
    (0.79, 0.25, 0.12),
    (0.95, 0.30, 0.12),
)
_SHORE = 0.43  # y of the far bank


def points(rng: Rng) -> Image.Image:
    """A river bank in dots of unmixed colour: each dot a primary near the colour that the eye mixes from them."""
    y, x = grid()
    air = ramp(np.clip(y * 2.3 + 0.12 * noise(rng, 5), 0, 1), hexes("8fb8d8", "f3d9a0", "f7c98e", "f6e3a8"))
    meadow = ramp(noise(rng, 5), hexes("d9cf4f", "8fb23a", "4d8a3d", "e2b33c"))
    leaves = ramp(noise(rng, 14), hexes("1f5a3c", "3f7d3a", "173f52", "7a9a35"))
    ragged = 1 + 0.9 * (noise(rng, 12) - 0.5)
    wood = (y < _SHORE) & (y > _SHORE - 0.035 * (1 + noise(rng, 9)))
    for across, down, radius in _TREES:
        wood |= np.hypot(x - across, 0.85 * (y - down)) < radius * ragged
        wood |= (np.abs(x - across) < 0.010) & (y > down) & (y < _SHORE)
    land = np.where(wood[..., None], leaves, air)
    depth = np.clip((y - _SHORE) / (1 - _SHORE), 0, 1)
    mirror = np.clip((2 * _SHORE - y) * WORK + 14 * np.sin(90 * y + 5 * noise(rng, 6)), 0, WORK - 1).astype(int)
    reflected = land[mirror, np.clip(np.round(x * WORK).astype(int), 0, WORK - 1)]
    river = ramp(np.clip(depth + 0.25 * (noise(rng, 6) - 0.5), 0, 1), hexes("7fc0cf", "3f87ba", "2a5f9e"))
    water = 0.55 * river + 0.45 * reflected
    target = np.where((y < _SHORE)[..., None], land, water)
    target = np.where((y + 0.30 * x > 1.02 + 0.03 * np.sin(9 * x))[..., None], meadow, target)
    return finish(_dots(target, rng, count=62000))


def _dots(target: Array, rng: Rng, *, count: int) -> Array:
    picture = Image.new("RGB", (WORK, WORK), (236, 226, 200))
    draw = ImageDraw.Draw(picture)
    pushes = np.array([[60, -25, -40], [-45, 10, 60], [35, 35, -70], [-30, 45, -25], [45, -45, 45], [20, 20, 20]])
    places = rng.random((count, 2)) * WORK
    kinds = rng.integers(0, len(pushes), count)
    radii = rng.uniform(3.5, 7.0, count)
    for (y, x), kind, radius in zip(places, kinds, radii, strict=True):
        colour = target[int(y), int(x)] + 0.75 * pushes[kind]
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=rgb(colour))
    return np.asarray(picture, dtype=float)


def bands(rng: Rng) -> Image.Image:
    """A burning sky over dark water: long wavering bands of orange and blue that bend around each other."""
    y, x = grid()
    wave = y + 0.05 * np.sin(5 * x + 1) + 0.10 * (noise(rng, 3, octaves=2) - 0.5) + 0.03 * np.sin(11 * x + 9 * y)
    sky = ramp((wave * 7.3) % 1.0, hexes("c8341d", "ee7b24", "f6b941", "e8562a", "a32a2a"))
    swirl = np.hypot((x - 0.95) * 0.8, y - 0.95)
    water = ramp(((swirl + 0.05 * noise(rng, 4)) * 8.0) % 1.0, hexes("14233f", "2f5d7c", "6f9d8c", "27406b", "0e1830"))
    border = 0.50 + 0.10 * np.sin(4 * x + 0.4)
    target = np.where((y < border)[..., None], sky, water)
    rise = np.arctan2(*np.gradient(np.where(y < border, wave, swirl))) + np.pi / 2
    painted = brush_over(target, -rise + np.pi / 2, rng, count=6500, width=(9, 20), length=(10, 22), jitter=9,
                         ground=(60, 30, 30))  # fmt: skip
    return finish(relief(painted, strength=0.4))
