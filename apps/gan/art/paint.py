"""Painting windows of an endless picture: of any size, in parts that fit together to the pixel, blended, as a film."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from apps.gan.art.choices import ARTS, CELL
from apps.gan.art.networks import Texture, shares_of
from apps.gan.art.plane import Window, grids
from apps.gan.exhibits.bundled import lease
from shared.errors import check_choice
from shared.serving.turns import TURNS

_PART = 24  # cells along a side that are painted at once: 384 pixels


@dataclass(frozen=True, kw_only=True)
class Blend:
    """A second generator, and how much of it there is at the left and at the right edge of the picture, 0..1."""

    other: Texture
    left: float
    right: float


@torch.inference_mode()
def paint(model: Texture, window: Window, seed: int, *, turn: float = 0.0, blend: Blend | None = None) -> Image.Image:
    """The picture of ``window``, 16 pixels a cell; every pixel is the same through whichever window it is seen.

    Args:
        model: the generator, eval.
        window: the part of the plane. One that wraps is a tile without seams.
        seed: of the plane.
        turn: 0..1, the place on the circle of planes that a film goes round.
        blend: a second generator to mix in. In a window that wraps the share goes to the right edge's and back.
    """
    out = np.empty((window.rows * CELL, window.columns * CELL, 3), np.uint8)
    for row in range(0, window.rows, _PART):
        for column in range(0, window.columns, _PART):
            TURNS.breathe()  # a poster takes a while
            rows, columns = min(_PART, window.rows - row), min(_PART, window.columns - column)
            part = window.part(row, column, rows, columns)
            noise = grids(part, seed, turn=turn, within=window)
            shares = None if blend is None else shares_of(columns, partial(_share, blend, window, column))
            made = model(noise, other=blend and blend.other, shares=shares)[0]
            pixels = ((made + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
            out[row * CELL : (row + rows) * CELL, column * CELL : (column + columns) * CELL] = pixels
    return Image.fromarray(out)


def _share(blend: Blend, window: Window, column: int, x: Tensor) -> Tensor:
    """Of the second generator at ``x`` pixels from the left edge of the part that begins at ``column``."""
    way = (x + column * CELL) / (window.columns * CELL)
    way = 1 - (1 - 2 * (way % 1)).abs() if window.wraps else way.clamp(0, 1)
    return blend.left + (blend.right - blend.left) * way


@contextmanager
def leased(*names: str) -> Iterator[list[Texture]]:
    """The bundled generators called ``names`` (keys of ``ARTS``), held by the hub's cache meanwhile.

    Raises:
        OptionError: there is no such generator.
    """
    with ExitStack() as stack:
        known = [check_choice(name, ARTS, "The picture") for name in names]
        yield [stack.enter_context(lease(f"art-{name}", Texture)) for name in known]
