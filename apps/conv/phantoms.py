"""A film and a volume computed by formula: digits that move, and the three-dimensional head phantom of Shepp and Logan.

Phantom: Shepp and Logan 1974, extended to ten ellipsoids, with the higher contrast that Toft 1996 gave it. Left out:
the rotations about two of the three axes, which the usual table does not use.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np

FRAMES, HEIGHT, WIDTH = 20, 40, 48  # the film
VOXELS = 40  # the volume's edge
_HALF_STROKE = 0.8  # pixels
_DIGIT_SIZE = (10.0, 6.0)  # height and width in pixels

# Strokes of the digits as polylines of (x, y) in a box of width 1 and height 1, y downwards.
_STROKES: dict[int, tuple[tuple[tuple[float, float], ...], ...]] = {
    4: (((0.75, 1.0), (0.75, 0.0), (0.0, 0.68), (1.0, 0.68)),),
    7: (((0.0, 0.0), (1.0, 0.0), (0.35, 1.0)),),
    8: (
        ((0.5, 0.48), (0.1, 0.36), (0.1, 0.12), (0.5, 0.0), (0.9, 0.12), (0.9, 0.36), (0.5, 0.48)),
        ((0.5, 0.48), (0.0, 0.64), (0.0, 0.88), (0.5, 1.0), (1.0, 0.88), (1.0, 0.64), (0.5, 0.48)),
    ),
}
# Each digit's row and first column in pixels, and its speed in pixels per frame.
_CAST: tuple[tuple[int, float, float, float], ...] = ((4, 2, 4, 1), (8, 15, 21, 0), (7, 28, 38, -1))

# value, half axes x y z, centre x y z, turn about z in degrees; the head fills the cube from -1 to 1.
_ELLIPSOIDS: tuple[tuple[float, ...], ...] = (
    (1.0, 0.69, 0.92, 0.81, 0.0, 0.0, 0.0, 0.0),
    (-0.8, 0.6624, 0.874, 0.78, 0.0, -0.0184, 0.0, 0.0),
    (-0.2, 0.11, 0.31, 0.22, 0.22, 0.0, 0.0, -18.0),
    (-0.2, 0.16, 0.41, 0.28, -0.22, 0.0, 0.0, 18.0),
    (0.1, 0.21, 0.25, 0.41, 0.0, 0.35, -0.15, 0.0),
    (0.1, 0.046, 0.046, 0.05, 0.0, 0.1, 0.25, 0.0),
    (0.1, 0.046, 0.046, 0.05, 0.0, -0.1, 0.25, 0.0),
    (0.1, 0.046, 0.023, 0.05, -0.08, -0.605, 0.0, 0.0),
    (0.1, 0.023, 0.023, 0.02, 0.0, -0.606, 0.0, 0.0),
    (0.1, 0.023, 0.046, 0.02, 0.06, -0.605, 0.0, 0.0),
)
_FINER = 2  # the phantom is sampled this much finer along each axis, then averaged


def _distance(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Of ``points`` (H, W, 2) from the line segment between two points, in pixels."""
    along = end - start
    t = np.clip(((points - start) @ along) / float(along @ along), 0.0, 1.0)
    return np.asarray(np.linalg.norm(points - (start + t[..., None] * along), axis=-1))


def digit(number: int, *, top: float, left: float) -> np.ndarray:
    """A digit on a black frame (HEIGHT, WIDTH), strokes smoothed at the edge, values in 0..1."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    points = np.stack([columns, rows], axis=-1)
    nearest = np.full((HEIGHT, WIDTH), np.inf)
    for stroke in _STROKES[number]:
        corners = np.array(stroke) * _DIGIT_SIZE[::-1] + (left, top)
        for start, end in pairwise(corners):
            nearest = np.minimum(nearest, _distance(points, start, end))
    return np.clip(_HALF_STROKE + 0.5 - nearest, 0.0, 1.0)


@lru_cache(maxsize=1)
def film() -> np.ndarray:
    """The film (T, H, W), uint8: a 4 that moves right, an 8 that stands, a 7 that moves left, one pixel a frame."""
    frames = [
        np.clip(sum(digit(number, top=top, left=left + t * speed) for number, top, left, speed in _CAST), 0.0, 1.0)
        for t in range(FRAMES)
    ]
    return np.round(np.stack(frames) * 255).astype(np.uint8)


def phantom(voxels: int) -> np.ndarray:
    """The head phantom (z, y, x) with ``voxels`` along each edge, values in 0..1; y grows towards the back."""
    n = voxels * _FINER
    axis = (np.arange(n) + 0.5) / n * 2 - 1
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij", sparse=True)
    volume = np.zeros((n, n, n), dtype=np.float32)
    for value, a, b, c, x0, y0, z0, degrees in _ELLIPSOIDS:
        cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        u, v = (x - x0) * cos + (y - y0) * sin, -(x - x0) * sin + (y - y0) * cos
        volume[(u / a) ** 2 + (v / b) ** 2 + ((z - z0) / c) ** 2 <= 1] += value
    blocks = volume.reshape(voxels, _FINER, voxels, _FINER, voxels, _FINER)
    return np.asarray(np.clip(blocks.mean(axis=(1, 3, 5)), 0.0, 1.0))


@lru_cache(maxsize=1)
def volume() -> np.ndarray:
    """The phantom of the page (VOXELS, VOXELS, VOXELS), uint8; front of the head up, as in a scan."""
    return np.round(phantom(VOXELS)[:, ::-1] * 255).astype(np.uint8)
