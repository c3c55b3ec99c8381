"""Variations of one aligned face, as other photos of the same moment would be: moved, turned, lit, blurred, mirrored.

They let four sample photos stand for a small gallery in which triplets can be mined. They are easier than real photos
of other days; the page says so.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter

from shared.errors import check_whole

Chip = NDArray[np.uint8]  # (S, S, 3) RGB


def variations(chip: Chip, count: int, *, seed: int = 0) -> list[Chip]:
    """``count`` chips of the shape of ``chip``: itself, then variations; the same for the same seed.

    Raises:
        OptionError: ``count`` outside 1 to 100.
    """
    check_whole(count, "The number of variations", low=1, high=100)
    rng = np.random.default_rng(seed)
    return [chip, *(_vary(Image.fromarray(chip), rng) for _ in range(count - 1))]


def _vary(image: Image.Image, rng: np.random.Generator) -> Chip:
    side = image.width
    angle, grow = np.deg2rad(rng.uniform(-14, 14)), rng.uniform(0.88, 1.14)
    cos, sin = np.cos(angle) / grow, np.sin(angle) / grow
    dx, dy = rng.uniform(-0.07, 0.07, 2) * side
    middle = side / 2  # rows of the inverse map: output pixel -> input pixel
    shift = middle - cos * middle - sin * middle + dx, middle + sin * middle - cos * middle + dy
    image = image.transform(
        image.size, Image.Transform.AFFINE, (cos, sin, shift[0], -sin, cos, shift[1]), Image.Resampling.BICUBIC
    )
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    image = ImageEnhance.Brightness(image).enhance(rng.uniform(0.55, 1.4))
    image = ImageEnhance.Contrast(image).enhance(rng.uniform(0.65, 1.35))
    image = ImageEnhance.Color(image).enhance(rng.uniform(0.2, 1.3))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.6))), np.uint8)
