"""Pictures as they are shown: tiles, sheets, films."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from apps.gan.drawing import tiles as module
from apps.gan.drawing.tiles import Tile, animated, film, in_rows, ink, png_url, sheet, tiles, zoomed
from shared.errors import InputError

DIGITS = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)


def test_tiles_say_what_is_on_them_and_how_they_are_framed() -> None:
    both = tiles(DIGITS[:2], [Tile("a <b>", marks=("real", "right")), Tile("c", "small", alt="a seven")], width_px=50)
    assert both.count("<figure") == 2
    assert 'class="gan-tiles"' in both
    assert "--tile:50px" in both
    assert 'gan-real gan-right"' in both
    assert "a &lt;b&gt;" in both
    assert 'alt="a seven"' in both
    assert "<small>small</small>" in both
    assert png_url(DIGITS[0]) in both
    assert 'class="gan-tiles gan-single"' in tiles(DIGITS[:1], [Tile("a")])


def test_every_pixel_of_a_sheet_has_its_place() -> None:
    made = np.asarray(sheet(DIGITS[:3], 2, zoom=3, gap=2, ground=7))
    assert made.shape == (3 * 62, 3 * 62)
    small = made[::3, ::3]
    np.testing.assert_array_equal(made, np.repeat(np.repeat(small, 3, 0), 3, 1))
    for place, digit in zip(((2, 2), (2, 32), (32, 2)), DIGITS[:3], strict=True):
        np.testing.assert_array_equal(small[place[0] : place[0] + 28, place[1] : place[1] + 28], digit)
    assert (small[:2] == 7).all()
    assert (small[32:60, 32:60] == 7).all()
    assert zoomed(DIGITS[0], 2).shape == (56, 56)
    plain = np.asarray(sheet(DIGITS[:1], 1))
    assert plain.shape == (6 * 30, 6 * 30)  # a line of one pixel all round, six wide
    assert (plain[0, 0], plain[6, 6]) == (module.GREY, DIGITS[0, 0, 0])


def test_pictures_stand_in_rows() -> None:
    colours = [[(10, 0, 0), (20, 0, 0)], [(30, 0, 0), (40, 0, 0)]]
    made = np.asarray(in_rows(*([Image.new("RGB", (3, 2), one) for one in row] for row in colours)))
    assert made.shape == (4, 6, 3)
    assert made[::2, ::3, 0].tolist() == [[10, 20], [30, 40]]


@pytest.mark.parametrize("rate_hz", [1.0, 8.0])
def test_a_film_goes_there_and_back_for_ever(rate_hz: float) -> None:
    frames = film(DIGITS, zoom=2)
    assert [np.asarray(frame)[::2, ::2, 0].tolist() for frame in frames] == [
        DIGITS[n].tolist() for n in (0, 1, 2, 3, 4, 3, 2, 1)
    ]
    with Image.open(io.BytesIO(animated(frames, rate_hz=rate_hz))) as opened:
        assert (opened.format, getattr(opened, "n_frames", 1), opened.info["loop"]) == ("WEBP", 8, 0)
        for number, frame in enumerate(frames):
            opened.seek(number)
            opened.load()
            assert opened.info["duration"] == 1000 / rate_hz
            np.testing.assert_array_equal(np.asarray(opened.convert("RGB")), np.asarray(frame))


def drawn(*strokes: list[tuple[float, float]], **how: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    return ink(json.dumps(strokes), **how)


def test_a_stroke_is_as_wide_as_the_brush_and_round_at_its_ends() -> None:
    made = drawn([(0.25, 0.5), (0.75, 0.5)], brush=0.1, side=200)
    assert made.shape == (200, 200)
    assert set(np.unique(made)) == {0, 1}
    assert made.sum() == pytest.approx(100 * 20 + np.pi * 10**2, rel=0.05)
    assert made[100, 42:158].all()
    assert not made[:88].any()
    assert not made[:, :38].any()
    assert not made[91, :44].any()  # a corner that a square end would have


def test_a_touch_is_a_dot_and_strokes_are_apart() -> None:
    made = drawn([(0.25, 0.75)], [(0.75, 0.25)], brush=0.2, side=400)
    assert made.sum() == pytest.approx(2 * np.pi * 40**2, rel=0.05)
    for x, y in ((100, 300), (300, 100)):
        assert made[y - 27 : y + 28, x - 27 : x + 28].all()
    assert made[200, 200] == 0
    assert drawn([(0.5, 0.5)], brush=0.1).shape == (280, 280)


@pytest.mark.parametrize("nothing", [None, "", "[]", " null "])
def test_an_untouched_sheet_is_no_error(nothing: str | None) -> None:
    assert not ink(nothing, brush=0.1).any()


@pytest.mark.parametrize("wrong", ["{", "[[1]]", "7", '[[["a", 0]]]', "[[[1]]]", "[[[1, 2, 3]]]", "[" * 100_000])
def test_what_is_no_list_of_strokes_is_refused(wrong: str) -> None:
    with pytest.raises(InputError, match="list of strokes") as refused:
        ink(wrong, brush=0.1)
    assert len(str(refused.value)) < 300


def test_a_drawing_has_an_end_and_lies_on_the_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_PLACES", 2)
    assert drawn([(0, 0), (1, 1)], brush=0.1).any()
    with pytest.raises(InputError, match=r"at most 2 .*Found: 3\."):
        drawn([(0, 0), (1, 1)], [(0, 1)], brush=0.1)
    for value in (float("nan"), float("inf")):
        with pytest.raises(InputError, match="places on the sheet"):
            drawn([(value, 0)], brush=0.1)
