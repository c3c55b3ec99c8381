"""Painters who cut: mosaic tiles, woodcut waves, cubist planes, circles and bars, ink lines."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tools.paint.canvas import WORK, Array, Rng, brush_over, finish, grid, hexes, noise, ramp, relief, rgb


def mosaic(rng: Rng) -> Image.Image:
    """Glass tiles around a sun and a fish-scale sea: gold, turquoise and oxblood between pale grout."""
    y, x = grid()
    radius = np.hypot(y - 0.36, x - 0.5)
    rings = ramp((radius * 6.5) % 1.0, hexes("f4c542", "d8882a", "f7e3a1", "9c2f25", "f4c542"))
    around = ramp(
        np.clip(0.5 + 0.5 * np.sin(18 * np.arctan2(y - 0.36, x - 0.5)), 0, 1), hexes("1e5f74", "2fa39a", "14394f")
    )
    sea = ramp(((y * 9 + 0.35 * np.sin(14 * x)) % 1.0), hexes("0f2f4f", "1b6f86", "59b8a9", "e9ddb5"))
    target = np.where((radius < 0.27)[..., None], rings, around)
    target = np.where((y > 0.70 + 0.02 * np.sin(14 * x))[..., None], sea, target)
    return finish(_tiles(target, rng, cell=26, grout=np.array([222.0, 214.0, 196.0])))


def _tiles(target: Array, rng: Rng, *, cell: int, grout: Array) -> Array:
    """Every pixel takes the colour of its nearest seed of a jittered grid; near the border of two tiles it is grout."""
    n = WORK // cell + 3
    seeds = (np.moveaxis(np.mgrid[0:n, 0:n], 0, -1) - 1 + rng.uniform(0.15, 0.85, (n, n, 2))) * cell  # row, column
    py, px = np.mgrid[0:WORK, 0:WORK]
    home_y, home_x = py // cell + 1, px // cell + 1
    best = np.full((WORK, WORK), np.inf)
    second = best.copy()
    owner = np.zeros((WORK, WORK, 2), dtype=int)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            row, column = np.clip(home_y + dy, 0, n - 1), np.clip(home_x + dx, 0, n - 1)
            seed = seeds[row, column]
            distance = np.hypot(seed[..., 0] - py, seed[..., 1] - px)
            closer = distance < best
            second = np.where(closer, best, np.minimum(second, distance))
            best = np.where(closer, distance, best)
            owner[closer] = np.stack([row, column], axis=-1)[closer]
    at = np.clip(seeds, 0, WORK - 1).astype(int)
    colours = target[at[..., 0], at[..., 1]] * rng.uniform(0.82, 1.15, (n, n, 1)) + rng.normal(0, 7, (n, n, 3))
    tiles = colours[owner[..., 0], owner[..., 1]]
    lean = rng.normal(0, 0.7, (n, n, 2))[owner[..., 0], owner[..., 1]]  # each tile is set at its own slant to the light
    offset = seeds[owner[..., 0], owner[..., 1]] - np.stack([py, px], axis=-1)
    tiles = tiles + (lean * offset).sum(axis=-1, keepdims=True)
    gap = np.clip((second - best - 2.0) / 2.5, 0, 1)[..., None]
    return np.asarray(tiles * gap + grout * (1 - gap))


def woodcut(rng: Rng) -> Image.Image:
    """Waves cut in wood and printed in three blues on cream paper, each with its contour lines and claws of foam."""
    paper = hexes("efe3c6")[0]
    picture = Image.new("RGB", (WORK, WORK), rgb(paper))
    draw = ImageDraw.Draw(picture)
    for index in range(16):  # a sky of thin clouds
        top = 40 + index * 17
        draw.line(
            [(x, top + 9 * np.sin(x / 150 + index)) for x in range(0, WORK + 8, 8)], fill=(222, 203, 165), width=5
        )
    draw.ellipse((690, 60, 850, 220), fill=(196, 74, 48))
    blues = hexes("9db7b5", "5f8ca3", "2f5f8a", "1f3f6d", "16294d")
    for index in range(9):
        _wave(draw, rng, base=270 + index * 88, height=62 + 9 * index, phase=rng.uniform(0, 6), colour=blues[index % 5],
              paper=paper, ink=hexes("101d38")[0])  # fmt: skip
    grain = 5 * np.sin(np.linspace(0, 260, WORK))[:, None, None] + rng.normal(0, 5, (WORK, WORK, 1))
    return finish(np.asarray(picture, dtype=float) + grain)


def _wave(
    draw: ImageDraw.ImageDraw,
    rng: Rng,
    *,
    base: float,
    height: float,
    phase: float,
    colour: Array,
    paper: Array,
    ink: Array,
) -> None:
    x = np.arange(-20.0, WORK + 20, 4.0)
    period = rng.uniform(260, 380)
    shape = np.abs(np.sin(np.pi * (x / period) + phase)) ** 0.7  # crests that come to a point below, round above
    top = base - height * shape
    body = [(float(a), float(b)) for a, b in zip(x, top, strict=True)]
    draw.polygon([*body, (WORK + 20, WORK + 20), (-20, WORK + 20)], fill=rgb(colour))
    for line in range(1, 7):  # contour lines follow the crest, further apart below
        depth = 7 + 4.5 * line**1.45
        tone = ink if line % 2 else paper
        inner = [(a, b + depth + 2.5 * np.sin(a / 23 + line)) for a, b in body]
        draw.line(inner, fill=rgb(tone), width=3 if line % 2 else 2, joint="curve")
    draw.line(body, fill=rgb(paper), width=11, joint="curve")
    for a, b in body[::4]:  # foam
        for _ in range(3):
            r = rng.uniform(3, 9)
            cx, cy = a + rng.normal(0, 9), b - rng.uniform(0, 16)
            draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=rgb(paper), outline=rgb(ink), width=2)
    draw.line([(a, b + 6) for a, b in body], fill=rgb(ink), width=4, joint="curve")


def planes(rng: Rng) -> Image.Image:
    """Ochre and slate planes cut by slanting edges, brushed and shaded from one side: an object seen from all sides."""
    y, x = grid()
    colours = hexes("cbb58a", "8f7f5f", "5b5f5c", "b8893f", "3f4a52", "e6dcbc", "7a5a35", "98a09a")
    pixels = np.tile(colours[0], (WORK, WORK, 1))
    field = np.zeros((WORK, WORK))  # of the brush
    pick = np.zeros((WORK, WORK), dtype=int)
    edges = np.zeros((WORK, WORK))
    for index in range(26):  # half planes, mostly along two slants, each flips the colour of one side
        angle = rng.choice([0.5, 1.15, 2.1, 2.75]) + rng.normal(0, 0.14)
        distance = np.cos(angle) * (x - rng.uniform(0.1, 0.9)) + np.sin(angle) * (y - rng.uniform(0.1, 0.9))
        reach = np.hypot(x - rng.random(), y - rng.random()) < rng.uniform(0.22, 0.75)
        side = (distance > 0) & reach
        pick = np.where(side, (pick + 1 + index % 3) % len(colours), pick)
        shade = np.clip(np.abs(distance) * 9, 0, 1)
        edges = np.where(reach, np.maximum(edges * 0.93, np.exp(-((distance * WORK / 3.2) ** 2))), edges)
        pixels = np.where(side[..., None], colours[pick] * (0.62 + 0.5 * shade[..., None]), pixels)
        field = np.where(side, angle + 0.4, field)
    painted = brush_over(pixels, field, rng, count=15000, width=(8, 16), length=(2, 4), jitter=8, ground=(120, 105, 80))
    drawn = 0.82 * edges[..., None]
    rubbed = relief(0.35 * painted + 0.65 * pixels, strength=0.3)
    return finish(rubbed * (1 - drawn) + drawn * np.array([30, 26, 24]))


def circles(rng: Rng) -> Image.Image:
    """Rings in bright colours, each in a square of its own, washed as if with gouache."""
    colours = hexes("d8352a", "f2b632", "1f5fa8", "2f8f5b", "f28c28", "6b3a8f", "e9dcc0", "1d2b44", "e76f8a", "58b7c4")
    pixels = np.zeros((WORK, WORK, 3))
    n = 5
    cell = WORK // n + 1
    wobble = 0.16 * (noise(rng, 9) - 0.5)
    y, x = np.mgrid[0:WORK, 0:WORK]
    for row in range(n):
        for column in range(n):
            part = np.s_[row * cell : (row + 1) * cell, column * cell : (column + 1) * cell]
            centre = (row + 0.5 + rng.normal(0, 0.04)) * cell, (column + 0.5 + rng.normal(0, 0.04)) * cell
            radius = np.hypot(y[part] - centre[0], x[part] - centre[1]) / cell + wobble[part] * 0.6
            stops = np.cumsum(rng.uniform(0.07, 0.14, 5))
            chosen = rng.permutation(len(colours))[:6]
            pixels[part] = colours[chosen[np.searchsorted(stops, radius)]]
    wash = 0.84 + 0.32 * noise(rng, 24, octaves=3)[..., None]
    soft = Image.fromarray(np.clip(pixels * wash, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(2.2))
    paper = 9 * (noise(rng, 180, octaves=1) - 0.5)[..., None]
    return finish(np.asarray(soft, dtype=float) + paper)


def ink(rng: Rng) -> Image.Image:
    """Hills in brown ink on old paper: lines that follow the form, thicker and crossed where it is dark."""
    y, x = grid()
    paper = ramp(0.6 * noise(rng, 6) + 0.4 * noise(rng, 90, octaves=1), hexes("e6d6b0", "efe3c6", "dcc79a"))
    sun = np.hypot(x - 0.68, y - 0.20)
    dark = np.where(sun < 0.085, 0.0, 0.10 + 0.25 * np.clip(0.3 - y, 0, 1) + 0.10 * noise(rng, 4))
    phase = 46 * y + 1.5 * noise(rng, 3)
    outline = np.exp(-(((sun - 0.085) * WORK / 2.5) ** 2))
    for index in range(5):  # from the horizon to the foot of the picture
        ridge = 0.30 + 0.145 * index + 0.07 * np.sin((4.0 + index) * x + 2.1 * index) + 0.05 * (noise(rng, 6) - 0.5)
        below = y - ridge
        slope = np.gradient(ridge, axis=1) * WORK
        shade = 0.50 + 0.55 * np.clip(slope, -1, 1) - 0.9 * below + 0.25 * (noise(rng, 5) - 0.5)
        inside = below > 0
        dark = np.where(inside, np.clip(shade, 0.12, 0.92), dark)
        phase = np.where(inside, (38 - 3 * index) * (x * (1 if index % 2 else -1) + 0.9 * below + 1.2 * ridge), phase)
        outline = np.where(inside, 0.0, outline)
        outline = np.maximum(outline, np.exp(-((below * WORK / 2.8) ** 2)))
    wobble = 0.5 * noise(rng, 40, octaves=2)
    lines = _hatched(phase + wobble, dark)
    crossed = _hatched(0.8 * phase + 34 * y + wobble, 1.6 * (dark - 0.45))
    covered = np.maximum(np.maximum(lines, crossed), outline)[..., None] * (0.82 + 0.18 * noise(rng, 60)[..., None])
    return finish(paper * (1 - covered) + covered * np.array([66.0, 40.0, 24.0]))


def _hatched(phase: Array, dark: Array) -> Array:
    """How much ink, 0 to 1, for lines at every integer ``phase``, as wide as ``dark`` asks."""
    across = np.abs(phase - np.round(phase)) * 2  # 0 in the middle of a line, 1 between two
    return np.asarray(np.clip((np.clip(dark, 0, 0.95) - across) * 5 + 0.5, 0, 1) * (dark > 0.02))
