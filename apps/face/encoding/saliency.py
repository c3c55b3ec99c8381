"""What an encoder looks at for one decision: occlusion (Zeiler and Fergus 2014, section 4.2), on the distance of a
pair.

A grey square slides over the first chip; at every place the covered chip is encoded again, and its squared distance
to the second chip is compared with that of the uncovered one:

    importance(place) = d(covered x1, x2) - d(x1, x2)

Above 0: hiding the place drives the pair apart, so what is there makes the two alike. Below 0: hiding it brings them
nearer, so there they differ. The square has the encoder's mean colour, which is 0 after its preprocessing.

Axis letters: S side of the chip in pixels, G places along one side, D numbers of an encoding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from shared.errors import InputError, check_whole

Chip = NDArray[np.uint8]  # (S, S, 3) RGB
Encode = Callable[[list[Chip]], NDArray[np.float32]]  # chips -> (n, D)
DEFAULT_PLACES = 11
_COVER = 0.24  # side of the square over the side of the chip


@dataclass(frozen=True, kw_only=True, eq=False)
class Saliency:
    """The map so far; rows that are still to come are NaN."""

    importance: NDArray[np.float64]  # (G, G), in units of d
    d_squared: float  # of the uncovered pair
    rows: int  # rows done, up to G

    @property
    def done(self) -> bool:
        """Whether the map is complete."""
        return self.rows == len(self.importance)


def centres(side: int, places: int) -> NDArray[np.float64]:
    """The centres of ``places`` squares along ``side`` pixels, the outermost flush with the edge."""
    half = side * _COVER / 2
    return np.linspace(half, side - half, places)


def covered(chip: Chip, x: float, y: float, colour: ArrayLike) -> Chip:
    """``chip`` with a square of ``colour`` (R, G, B in 0..255) around pixel (x, y)."""
    side = len(chip)
    half = side * _COVER / 2
    left, top = round(max(x - half, 0)), round(max(y - half, 0))
    hidden = chip.copy()
    hidden[top : round(y + half), left : round(x + half)] = np.rint(np.asarray(colour, np.float64)).astype(np.uint8)
    return hidden


def occlude(
    chip: Chip, other: ArrayLike, encode: Encode, *, colour: ArrayLike, places: int = DEFAULT_PLACES
) -> Iterator[Saliency]:
    """The occlusion map of ``chip`` for its distance to the encoding ``other`` (D,); yields after every row of places.

    Args:
        chip: uint8 (S, S, 3), as the encoder wants it.
        other: the encoding of the second chip.
        encode: encodes a batch of chips.
        colour: of the square, in 0..255.
        places: G, squares along one side.

    Raises:
        OptionError: ``places`` outside 2 to 40.
        InputError: the encodings have different lengths.
    """
    check_whole(places, "The places along one side", low=2, high=40)
    target = np.asarray(other, np.float64)
    uncovered = np.asarray(encode([chip])[0], np.float64)
    if uncovered.shape != target.shape:
        raise InputError("encodings of one length, from one encoder", f"{uncovered.shape} and {target.shape}")
    d_squared = float(((uncovered - target) ** 2).sum())
    importance = np.full((places, places), np.nan)
    at = centres(len(chip), places)
    for row, y in enumerate(at):
        encodings = np.asarray(encode([covered(chip, x, y, colour) for x in at]), np.float64)
        importance[row] = ((encodings - target) ** 2).sum(1) - d_squared
        yield Saliency(importance=importance.copy(), d_squared=d_squared, rows=row + 1)


def overlay(chip: Chip, importance: NDArray[np.float64], *, side: int = 240) -> NDArray[np.uint8]:
    """``chip`` under its map, (side, side, 3): green where the pair is alike, orange where it differs, else grey."""

    known = np.nan_to_num(importance)
    largest = float(np.abs(known).max()) or 1.0
    smooth = Image.fromarray((known / largest).astype(np.float32)).resize((side, side), Image.Resampling.BICUBIC)
    strength = np.clip(np.asarray(smooth), -1, 1)[..., None]  # S S 1
    grey = Image.fromarray(chip).convert("L").resize((side, side), Image.Resampling.LANCZOS)
    base = np.repeat(np.asarray(grey, np.float64)[..., None], 3, axis=2)
    tint = np.where(strength > 0, np.array([0.0, 190.0, 130.0]), np.array([240.0, 120.0, 20.0]))
    weight = np.abs(strength) ** 0.8 * 0.72
    mixed: Chip = np.rint(base * (1 - weight) + tint * weight).astype(np.uint8)
    return mixed
