"""What the page asks for: windows, blends, films, patches beside their nearest; and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from apps.gan.art import requests
from apps.gan.art.choices import ARTS, FAR
from apps.gan.art.likeness import PATCH, Patches
from apps.gan.art.paint import paint
from apps.gan.art.pictures import load_picture
from apps.gan.art.plane import Window
from apps.gan.art.requests import film, nearest, painting
from apps.gan.art.wish import Wish
from shared.errors import OptionError

pytestmark = pytest.mark.usefixtures("untrained")
SMALL = Wish(width=96, height=64)


def test_places_and_sides_are_whole_cells_of_16_pixels(untrained: Any) -> None:
    found = painting(replace(SMALL, x=-30, y=41, width=100, height=71, seed=3))
    assert found.size == (96, 64)
    expected = paint(untrained["mosaic"], Window(row=3, column=-2, rows=4, columns=6), 3)
    assert found.tobytes() == expected.tobytes()


def test_half_a_window_further_on_it_is_the_same_plane() -> None:
    here, there = (np.asarray(painting(replace(SMALL, x=x))).astype(int) for x in (0, 48))
    assert np.abs(here[:, 48:] - there[:, :48]).max() <= 1


@pytest.mark.parametrize("name", [name for name in ARTS if name != "mosaic"])
def test_each_picture_has_its_own_generator(name: str) -> None:
    assert painting(SMALL).tobytes() != painting(replace(SMALL, name=name)).tobytes()


def test_the_second_grows_from_left_to_right_or_is_everywhere() -> None:
    plain = np.asarray(painting(SMALL)).astype(int)
    across, even = (
        np.abs(np.asarray(painting(replace(SMALL, second="woodcut", share=1.0, across=across))).astype(int) - plain)
        for across in (True, False)
    )
    assert across[:, :16].mean() < across[:, -16:].mean() / 2
    assert even[:, :16].mean() > across[:, :16].mean() * 2


def test_a_film_begins_with_the_picture_and_does_not_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "FRAMES", 4)
    frames = list(film(SMALL))
    assert len(frames) == 4
    assert frames[0].tobytes() == painting(SMALL).tobytes()
    assert len({frame.tobytes() for frame in frames}) == 4
    monkeypatch.setattr(requests, "FILM_SIDE", 48)
    assert next(film(SMALL)).size == (48, 48)


def test_the_nearest_patches_are_of_the_picture_and_as_far_as_is_said() -> None:
    pairs = nearest(SMALL)
    for pair in pairs:
        made, found = (np.asarray(one).astype(float) / 255 for one in (pair.made, pair.nearest))
        assert made.shape == found.shape == (PATCH, PATCH, 3)
        assert pair.distance == pytest.approx(np.sqrt(np.mean((made - found) ** 2)), abs=2e-3)
    pixels = np.asarray(load_picture("mosaic"))
    first = np.asarray(pairs[0].nearest)
    rows, columns = (range(size - PATCH + 1) for size in pixels.shape[:2])
    assert any(np.array_equal(pixels[y : y + PATCH, x : x + PATCH], first) for y in rows for x in columns)


def test_a_blend_is_held_to_both_pictures() -> None:
    """With none of the second in it the patches are the same: then the nearer of the two pictures counts."""
    alone, both = nearest(SMALL), nearest(replace(SMALL, second="woodcut", share=0.0))
    made = np.stack([np.asarray(pair.made, np.float32) / 255 for pair in alone])
    other = Patches(load_picture("woodcut")).nearest(made).distances
    expected = [min(pair.distance, far) for pair, far in zip(alone, other, strict=True)]
    assert [pair.distance for pair in both] == pytest.approx(expected, abs=2e-3)
    assert expected != pytest.approx([pair.distance for pair in alone], abs=2e-3)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "monet"}, "The picture"),
        ({"second": "../x"}, "second picture"),
        ({"width": 63}, "width"),
        ({"height": 1025}, "height"),
        ({"width": 99.5}, "width"),
        ({"x": FAR + 1}, "place x"),
        ({"y": "far"}, "place y"),
        ({"seed": -1}, "seed"),
        ({"share": float("nan"), "second": "woodcut"}, "share"),
        ({"share": None}, "share"),
    ],
)
def test_what_cannot_be_painted_is_refused_by_its_name(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=f"(?i){said}"):
        painting(replace(SMALL, **wrong))
