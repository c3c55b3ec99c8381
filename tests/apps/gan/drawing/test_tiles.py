"""Pictures as they are shown: tiles, sheets, films."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from apps.gan.drawing.tiles import Tile, animated, film, in_rows, png_url, sheet, tiles, zoomed

DIGITS = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)


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
    made = np.asarray(sheet(DIGITS, 2, zoom=3, gap=2, ground=7))
    assert made.shape == (3 * 62, 3 * 62)
    small = made[::3, ::3]
    np.testing.assert_array_equal(made, np.repeat(np.repeat(small, 3, 0), 3, 1))
    for place, digit in zip(((2, 2), (2, 32), (32, 2)), DIGITS, strict=True):
        np.testing.assert_array_equal(small[place[0] : place[0] + 28, place[1] : place[1] + 28], digit)
    assert (small[:2] == 7).all()
    assert (small[32:60, 32:60] == 7).all()
    assert zoomed(DIGITS[0], 2).shape == (56, 56)


def test_pictures_stand_in_rows() -> None:
    colours = [[(10, 0, 0), (20, 0, 0)], [(30, 0, 0), (40, 0, 0)]]
    made = np.asarray(in_rows(*([Image.new("RGB", (3, 2), one) for one in row] for row in colours)))
    assert made.shape == (4, 6, 3)
    assert made[::2, ::3, 0].tolist() == [[10, 20], [30, 40]]


@pytest.mark.parametrize("rate_hz", [1.0, 8.0])
def test_a_film_goes_there_and_back_for_ever(rate_hz: float) -> None:
    frames = film(DIGITS, zoom=2)
    assert [np.asarray(frame)[::2, ::2, 0].tolist() for frame in frames] == [DIGITS[n].tolist() for n in (0, 1, 2, 1)]
    with Image.open(io.BytesIO(animated(frames, rate_hz=rate_hz))) as opened:
        assert (opened.format, getattr(opened, "n_frames", 1), opened.info["loop"]) == ("WEBP", 4, 0)
        for number, frame in enumerate(frames):
            opened.seek(number)
            opened.load()
            assert opened.info["duration"] == 1000 / rate_hz
            np.testing.assert_array_equal(np.asarray(opened.convert("RGB")), np.asarray(frame))
