"""Five hundred real digits of MNIST's test split, for the page: no network of ours was trained on them.

They lie on one sheet, ``samples/digits.png``, fifty of each class in rows of twenty-five.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from apps.gan.drawing.tiles import Labels, Pictures

SIDE = 28  # pixels
COLUMNS = 25  # of the bundled sheet
PER_DIGIT = 50  # digits of each class on it, one class after the other
_SHEET = Path(__file__).parent.parent / "samples" / "digits.png"


@lru_cache(maxsize=1)
def real_digits() -> tuple[Pictures, Labels]:
    """Pictures uint8 (500, 28, 28), white on black, and their digits int64 (500,)."""
    with Image.open(_SHEET) as sheet:
        pixels = np.array(sheet.convert("L"))
    rows = pixels.shape[0] // SIDE
    tiles = pixels.reshape(rows, SIDE, COLUMNS, SIDE).swapaxes(1, 2).reshape(-1, SIDE, SIDE)
    return tiles, np.arange(len(tiles)) // PER_DIGIT


def some_real(count: int, seed: int) -> tuple[Pictures, Labels]:
    """``count`` of them, chosen by ``seed``; none twice, unless more than 500 are wanted."""
    pictures, labels = real_digits()
    chosen = np.random.default_rng(seed).choice(len(pictures), count, replace=count > len(pictures))
    return pictures[chosen], labels[chosen]
