"""What a visitor asks for and gets, as plain values: a wish is checked when it is painted."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from apps.gan.art.choices import NO_SECOND


@dataclass(frozen=True)
class Wish:
    """A window of endless art; in the order of the page's controls."""

    name: str = "mosaic"
    seed: object = 0
    x: object = 0  # pixels, of the window's upper left corner
    y: object = 0
    width: object = 512  # pixels
    height: object = 512
    wraps: bool = False
    second: str = NO_SECOND
    share: object = 0.5  # of the second, in all of the picture or, with ``across``, at its right edge
    across: bool = True


@dataclass(frozen=True)
class Pair:
    """A patch of the painted picture and the patch of the original that is nearest to it."""

    made: Image.Image
    nearest: Image.Image
    distance: float  # root mean square difference, 0..1
