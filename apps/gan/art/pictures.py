"""The bundled pictures that the generators learned from, and a visitor's own."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PIL import Image

from shared.images import Source, open_image

FOLDER = Path(__file__).resolve().parent.parent / "samples" / "art"
SIDE = 256  # pixels of the shorter side that a generator learns from: a patch of 96 then holds some of its shapes


@lru_cache(maxsize=4)
def load_picture(name: str) -> Image.Image:
    """The bundled picture ``name`` (a key of ``choices.ARTS``) as its generator saw it."""
    return fitted(FOLDER / f"{name}.jpg")


def fitted(source: Source) -> Image.Image:
    """A picture whose shorter side is ``SIDE`` pixels, RGB.

    Raises:
        ImageError: it cannot be read, or is smaller than that.
    """
    picture = open_image(source, "The picture", min_side=SIDE)
    scale = SIDE / min(picture.size)
    size = round(picture.width * scale), round(picture.height * scale)
    return picture.resize(size, Image.Resampling.LANCZOS)
