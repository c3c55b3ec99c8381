"""What the page and its endpoint ask for: a window of endless art, a film of it, its patches with the nearest ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
from PIL import Image

from apps.gan.art.choices import (
    ARTS,
    CELL,
    FILM_SIDE,
    FRAMES,
    NO_SECOND,
    check_place,
    check_side,
)
from apps.gan.art.likeness import PATCH, Patches, pixels_of
from apps.gan.art.networks import Texture
from apps.gan.art.paint import Blend, leased, paint
from apps.gan.art.pictures import load_picture
from apps.gan.art.plane import Window
from apps.gan.art.wish import Pair, Wish
from apps.gan.choices import SEEDS
from shared.errors import check_choice, check_number, check_whole

_SHOWN = 6  # patches with the nearest ones


def painting(wish: Wish) -> Image.Image:
    """The window that ``wish`` asks for.

    Raises:
        OptionError: there is no such picture, or a number is out of range.
    """
    window, seed = _window(wish), _seed(wish)
    with ExitStack() as held:
        model, blend = _models(wish, held)
        return paint(model, window, seed, blend=blend)


def film(wish: Wish) -> Iterator[Image.Image]:
    """The window, cut where it is large, on its way once around a circle of planes.

    Raises:
        OptionError: as ``painting``.
    """
    window, seed = _window(wish), _seed(wish)
    with ExitStack() as held:
        model, blend = _models(wish, held)
        yield from once_around(model, window, seed, blend=blend)


def once_around(model: Texture, window: Window, seed: int, *, blend: Blend | None = None) -> Iterator[Image.Image]:
    """The pictures of a film of ``window``, which is cut where it is large; the arguments are those of ``paint``."""
    most = FILM_SIDE // CELL
    smaller = replace(window, rows=min(window.rows, most), columns=min(window.columns, most))
    for frame in range(FRAMES):
        yield paint(model, smaller, seed, turn=frame / FRAMES, blend=blend)


def nearest(wish: Wish) -> list[Pair]:
    """Some patches of the window, each with the nearest one of the picture, or both, that the generators learned from.

    Raises:
        OptionError: as ``painting``.
    """
    made = pixels_of(painting(wish))
    originals = [Patches(load_picture(name)) for name in (wish.name, wish.second) if name != NO_SECOND]
    random = np.random.default_rng(_seed(wish))
    corners = [
        (int(random.integers(made.shape[0] - PATCH + 1)), int(random.integers(made.shape[1] - PATCH + 1)))
        for _ in range(_SHOWN)
    ]
    patches = np.stack([made[y : y + PATCH, x : x + PATCH] for y, x in corners])
    pairs = [
        [
            Pair(_picture(patch), _picture(original.at(corner)), distance)
            for patch, corner, distance in zip(patches, found.corners, found.distances.tolist(), strict=True)
        ]
        for original in originals
        for found in [original.nearest(patches)]
    ]
    return [min(some, key=lambda pair: pair.distance) for some in zip(*pairs, strict=True)]


def _models(wish: Wish, held: ExitStack) -> tuple[Texture, Blend | None]:
    check_choice(wish.name, ARTS, "The picture")
    check_choice(wish.second, (NO_SECOND, *ARTS), "The second picture")
    share = check_number(wish.share, "The share", low=0, high=1)
    if wish.second == NO_SECOND:
        (model,) = held.enter_context(leased(wish.name))
        return model, None
    model, other = held.enter_context(leased(wish.name, wish.second))
    return model, Blend(other=other, left=0.0 if wish.across else share, right=share)


def _window(wish: Wish) -> Window:
    return Window(
        row=check_place(wish.y, "The place y"),
        column=check_place(wish.x, "The place x"),
        rows=check_side(wish.height, "The height"),
        columns=check_side(wish.width, "The width"),
        wraps=bool(wish.wraps),
    )


def _seed(wish: Wish) -> int:
    return check_whole(wish.seed, "The seed", low=0, high=SEEDS)


def _picture(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray((pixels * 255).round().astype(np.uint8))
