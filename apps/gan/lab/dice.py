"""Random numbers that Python and the visitor's browser draw alike: a hash of a seed and a counter.

``ui/page/lab_dice.js`` is the same in JavaScript; a test compares them. The hash is a 32-bit mixer of two rounds of
shifts and multiplications; a normal number is made of two uniform ones (Box & Muller 1958).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
_Words = np.ndarray[tuple[int, ...], np.dtype[np.uint32]]
_STEP = 0x9E3779B9  # 2^32 divided by the golden ratio
_WORD = 2**32  # JavaScript multiplies 32 bits exactly, with Math.imul; page/lab_dice.js is the same stream


class Dice:
    """A stream of numbers. ``purpose``: streams of one seed that differ in it have nothing in common."""

    def __init__(self, seed: int, purpose: int) -> None:
        first = int(_mixed(np.array([seed % _WORD], np.uint32))[0])
        self._key = int(_mixed(np.array([(first + purpose * _STEP) % _WORD], np.uint32))[0])
        self._thrown = 0

    def uniform(self, count: int) -> Array:
        """``count`` numbers from 0 to 1, 1 excluded."""
        at = np.arange(self._thrown, self._thrown + count, dtype=np.uint64)
        self._thrown += count
        return _mixed(((self._key + at * _STEP) % _WORD).astype(np.uint32)).astype(np.float64) / _WORD

    def normal(self, count: int) -> Array:
        """``count`` standard normal numbers."""
        radius, angle = self.uniform(count), self.uniform(count)
        found: Array = np.sqrt(-2 * np.log1p(-radius)) * np.cos(2 * math.pi * angle)
        return found

    def normal_pairs(self, count: int) -> Array:
        """``(count, 2)`` standard normal numbers."""
        return self.normal(2 * count).reshape(count, 2)


def _mixed(words: _Words) -> _Words:
    words = (words ^ (words >> np.uint32(16))) * np.uint32(0x21F0AAAD)
    words = (words ^ (words >> np.uint32(15))) * np.uint32(0x735A2D97)
    mixed: _Words = words ^ (words >> np.uint32(15))
    return mixed


def ring(n: int, dice: Dice) -> Array:
    """Points on a circle: (n, 2)."""
    angle, radius = dice.uniform(n) * 2 * math.pi, 0.65 + 0.03 * dice.normal(n)
    return np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=1)


def gaussians(n: int, dice: Dice) -> Array:
    """Eight small clouds around the centre: (n, 2)."""
    angle = np.floor(dice.uniform(n) * 8) * (math.pi / 4)
    return 0.65 * np.stack((np.cos(angle), np.sin(angle)), axis=1) + 0.04 * dice.normal_pairs(n)


def spiral(n: int, dice: Dice) -> Array:
    """One and a half turns from the centre: (n, 2)."""
    along = np.sqrt(dice.uniform(n))
    angle, radius = along * 3 * math.pi, 0.1 + 0.7 * along
    return np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=1) + 0.02 * dice.normal_pairs(n)


def two_lines(n: int, dice: Dice) -> Array:
    """Two parallel slanted lines: (n, 2)."""
    along = dice.uniform(n) * 1.2 - 0.6
    side = np.floor(dice.uniform(n) * 2) * 0.7 - 0.35
    return np.stack((along, 0.4 * along + side), axis=1) + 0.02 * dice.normal_pairs(n)


SAMPLERS: dict[str, Callable[[int, Dice], Array]] = {
    "ring": ring,
    "gaussians": gaussians,
    "spiral": spiral,
    "two lines": two_lines,
}
