"""The picture in one pass that a run of the optimizer may start from.

The optimizer has a style picture, the painter needs gamma and beta: of a sample picture they were learned, of any other
picture the predictor reads them.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from apps.style import canvas
from apps.style.instant.answers import Answer
from apps.style.instant.now import stylize_now
from apps.style.instant.paint import SIZE, SMALLEST, paint_now
from apps.style.instant.style import Style, named_style, style_of_picture
from apps.style.instant.table import LEARNED
from apps.style.samples import SAMPLES
from shared.images import Source

_SIDE = 32  # pixels at which pictures are compared
_SAME = 2.0  # of 255: mean difference; another decoder of the same JPEG differs by less, another picture by more


def start_from(content: Image.Image, style: Image.Image, size: int) -> Image.Image:
    """``content`` in the style of ``style``, both RGB, in one pass; the longer side has ``size`` pixels, or 64."""
    return paint_now(content, style_for(style), size=max(SMALLEST, size))


def in_style_of(content: Source, style: Image.Image, *, size: int, keep_colours: bool) -> Answer:
    """``content`` in the style of ``style``, RGB, as ``now.stylize_now`` answers: a first look at a run of ``size``.

    It has the run's size, from 64 to 384 pixels: it must be quick, also for a class that asks at once.
    """
    return stylize_now(content, style_for(style), size=min(SIZE, max(SMALLEST, size)), keep_colours=keep_colours)


def style_for(picture: Image.Image) -> Style:
    """The best style there is for ``picture``, RGB."""
    seen = _seen(picture)
    for named in LEARNED:
        if picture.size == _sample(named.name)[0] and np.abs(seen - _sample(named.name)[1]).mean() < _SAME:
            return named_style(named)
    return style_of_picture(picture)


@functools.lru_cache(maxsize=len(SAMPLES))
def _sample(name: str) -> tuple[tuple[int, int], NDArray[np.float64]]:
    picture = canvas.open_style(SAMPLES[name].path)
    return picture.size, _seen(picture)


def _seen(picture: Image.Image) -> NDArray[np.float64]:
    return np.asarray(picture.resize((_SIDE, _SIDE), Image.Resampling.BOX), dtype=float)
