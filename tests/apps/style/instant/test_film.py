"""Films painted frame by frame."""

from __future__ import annotations

import functools
from itertools import repeat
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from apps.style.instant import film as films
from apps.style.instant.film import Paint, paint_film, painted_frames
from apps.style.instant.now import look, paint_frame
from apps.style.instant.paint import paint_now
from apps.style.instant.style import find_any_style
from shared.errors import ImageError
from shared.video import read_frames, write_mp4


@pytest.fixture(scope="module")
def blue() -> Paint:
    return functools.partial(paint_frame, look=look("starry-blue"), size=64)


def test_a_frame_is_painted_as_a_picture_is(content: Image.Image, blue: Paint) -> None:
    turned = content.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    frames = list(painted_frames([content, turned], blue))
    assert [frame.number for frame in frames] == [1, 2]
    for frame, source in zip(frames, (content, turned), strict=True):
        assert (
            ImageChops.difference(frame.picture, paint_now(source, find_any_style("starry-blue"), size=64)).getbbox()
            is None
        )


def test_an_endless_webcam_is_bounded(content: Image.Image, blue: Paint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "MOST_FRAMES", 3)
    assert len(list(painted_frames(repeat(content), blue))) == 3


def test_a_film_in_gives_a_film_out(content: Image.Image, blue: Paint, tmp_path: Path) -> None:
    picture = content.resize((98, 66))
    source = write_mp4([picture] * 4, tmp_path / "in.mp4", size=(98, 66), rate_hz=films.RATE_HZ)
    target = tmp_path / "out.mp4"
    frames = list(paint_film(source, target, functools.partial(blue, size=65), size=65))
    assert [frame.number for frame in frames] == [1, 2, 3, 4]
    assert max(frames[0].picture.size) == 65  # an odd number, which the video cannot have
    again = list(read_frames(target, side=64, rate_hz=films.RATE_HZ, most=100))
    assert len(again) == 4
    assert again[0].size == (64, frames[0].picture.height // 2 * 2)


def test_a_film_that_is_stopped_can_be_played(content: Image.Image, blue: Paint, tmp_path: Path) -> None:
    picture = content.resize((98, 66))
    source = write_mp4([picture] * 6, tmp_path / "in.mp4", size=(98, 66), rate_hz=films.RATE_HZ)
    steps = paint_film(source, tmp_path / "out.mp4", blue)
    next(steps)
    next(steps)
    steps.close()  # type: ignore[attr-defined]
    assert len(list(read_frames(tmp_path / "out.mp4", side=64, rate_hz=films.RATE_HZ, most=100))) == 2


def test_what_is_no_film_is_told(blue: Paint, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"no film")
    with pytest.raises(ImageError, match="the film"):
        list(paint_film(path, tmp_path / "out.mp4", blue))
