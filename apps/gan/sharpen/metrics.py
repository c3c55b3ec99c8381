"""How close a restored picture comes to the original, and how much it looks like a photo.

``psnr_db`` compares pixels, as the papers on super-resolution do: the peak signal-to-noise ratio of the luminance, with
as many pixels cut off around the picture as it is enlarged by. ``shared.perceptual`` compares what a network sees at
each place. Both ask for the *same* picture, so both are measures of distortion. ``texture_distance`` does not: it
compares how often a network's activations occur in the one picture and in the other, wherever they are, which is what
Blau & Michaeli 2018, arXiv 1711.06077, call perception. It is the single-image Fréchet distance of Shaham et al. 2019
(arXiv 1905.01164, section 3.1) with our network's second block instead of Inception's.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from apps.gan.players.metrics import frechet_distance
from apps.gan.sharpen.options import FACTOR
from shared.errors import ImageError
from shared.perceptual import Features

BEST_DB = 100.0  # where there is no difference at all
TEXTURE_LAYER = "relu2_2"  # 128 channels at half the size; a unit sees 14 x 14 pixels
_LUMINANCE = np.array([65.481, 128.553, 24.966]) / 255  # of R, G, B: ITU-R BT.601, 16 to 235
_PEAK = 255.0


def luminance(picture: Image.Image) -> NDArray[np.float64]:
    """Y of an RGB picture, (H, W), 16 to 235, not rounded (ITU-R BT.601)."""
    return np.asarray(16 + np.asarray(picture, np.float64) @ _LUMINANCE)


def psnr_db(picture: Image.Image, original: Image.Image, *, border: int = FACTOR) -> float:
    """Peak signal-to-noise ratio of the luminance, without ``border`` pixels on each side; 100 dB where it is equal.

    Raises:
        ImageError: the sizes differ, or nothing is left inside the border.
    """
    if picture.size != original.size or min(picture.size) <= 2 * border:
        raise ImageError(
            f"two pictures of one size, more than {2 * border} pixels a side, to compare",
            f"{picture.size} and {original.size}",
            "Choose one size.",
        )
    inside = slice(border, -border or None)
    error = float(np.square(luminance(picture) - luminance(original))[inside, inside].mean())
    return BEST_DB if error == 0 else min(BEST_DB, 10 * math.log10(_PEAK**2 / error))


def texture_distance(first: Features, second: Features) -> float:
    """The squared Fréchet distance between the vectors of all places of ``TEXTURE_LAYER`` in two pictures, 0 to 4.

    The arguments are what ``shared.perceptual.features`` found; the pictures may differ in size.
    """
    a, b = (found[TEXTURE_LAYER][0].flatten(1).T.cpu() for found in (first, second))  # places, channels
    return max(0.0, frechet_distance(a, b))
