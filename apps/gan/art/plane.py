"""The noise of an endless plane: every place has its own, whichever window it is seen through and in which order.

A place's number is computed from where it is, by the mixing function of SplitMix64 (Steele et al. 2014), because no
generator of random numbers can be asked for the value at a place without those before it.

Axis letters: C channels, R rows, K columns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from apps.gan.art.networks import MARGIN, NOISE

# odd numbers with even bits: 2^64 over the golden ratio, and two more, for seed, row and column
_STEPS = tuple(np.uint64(value) for value in (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03, 0x8CB92BA72F3D8DD7))
# the multipliers of SplitMix64 (Steele, Lea and Flood 2014)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_Grid = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]


@dataclass(frozen=True, kw_only=True)
class Window:
    """A part of the plane, in cells; ``wraps``: what leaves it on one side comes in on the other."""

    row: int = 0
    column: int = 0
    rows: int
    columns: int
    wraps: bool = False

    def part(self, row: int, column: int, rows: int, columns: int) -> Window:
        """A part of this window, ``row`` and ``column`` counted from its corner, to be cut from its ``grids``."""
        return replace(self, row=self.row + row, column=self.column + column, rows=rows, columns=columns, wraps=False)


def grids(window: Window, seed: int, *, turn: float = 0.0, within: Window | None = None) -> list[Tensor]:
    """The noise that ``window`` and its margin are painted from, standard normal: (1, C, R, K) for each scale.

    Args:
        window: what is painted.
        seed: another one, another plane.
        turn: 0..1, once around a circle of planes, which begins and ends with the plane of ``seed``.
        within: the window that wraps, where ``window`` is a part of one.
    """
    around = within or window
    found = []
    for at, channels in enumerate(NOISE):
        rows, columns = (
            _places(first, count, at, start, period if around.wraps else None)
            for first, count, start, period in (
                (window.row, window.rows, around.row, around.rows),
                (window.column, window.columns, around.column, around.columns),
            )
        )
        here = _normal(seed, at, channels, rows, columns)
        if turn:
            there = _normal(seed, at + len(NOISE), channels, rows, columns)
            here = math.cos(2 * math.pi * turn) * here + math.sin(2 * math.pi * turn) * there
        found.append(torch.from_numpy(here.astype(np.float32))[None])
    return found


def _places(first: int, count: int, at: int, start: int, period: int | None) -> _Grid:
    """The places of a grid along one axis, with the margin on both sides."""
    scale = 2**at
    found = np.arange(first * scale - MARGIN, (first + count) * scale + MARGIN, dtype=np.int64)
    if period is not None:
        found = start * scale + (found - start * scale) % (period * scale)
    return found.astype(np.uint64)


def _normal(seed: int, kind: int, channels: int, rows: _Grid, columns: _Grid) -> np.ndarray:
    """Standard normal numbers (C, R, K) by Box and Muller, one from each place's 64 bits."""
    layers = np.arange(channels, dtype=np.uint64) + np.uint64(1_000 * kind)
    with np.errstate(over="ignore"):
        mixed = _mixed(np.uint64(seed) * _STEPS[0] + layers[:, None, None])
        mixed = _mixed(mixed + rows[None, :, None] * _STEPS[1])
        mixed = _mixed(mixed + columns[None, None, :] * _STEPS[2])
    length = -2 * np.log(((mixed >> np.uint64(32)).astype(np.float64) + 0.5) / 2**32)
    angle = 2 * math.pi * (mixed & np.uint64(0xFFFFFFFF)).astype(np.float64) / 2**32
    return np.asarray(np.sqrt(length) * np.cos(angle))


def _mixed(x: _Grid) -> _Grid:
    x = (x ^ (x >> np.uint64(30))) * _FIRST
    x = (x ^ (x >> np.uint64(27))) * _SECOND
    return x ^ (x >> np.uint64(31))
