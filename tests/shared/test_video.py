"""Videos written and read again, and files that are none or name others."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared import video
from shared.errors import ImageError, ResourceError


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Twelve frames, 96 x 64, from red to blue, 6 a second."""
    frames = [Image.new("RGB", (96, 64), (255 - 20 * n, 0, 20 * n)) for n in range(12)]
    return video.write_mp4(frames, tmp_path / "film.mp4", size=(96, 64), rate_hz=6.0)


def test_what_is_written_is_read_again(film: Path) -> None:
    frames = list(video.read_frames(film, side=96, rate_hz=6.0, most=100))
    assert len(frames) == 12
    assert {frame.size for frame in frames} == {(96, 64)}
    for number, frame in enumerate(frames):
        red, green, blue = np.asarray(frame, dtype=float).mean((0, 1))
        assert abs(red - (255 - 20 * number)) < 12
        assert abs(blue - 20 * number) < 12
        assert green < 12


def test_frames_are_bounded_reduced_and_thinned(film: Path) -> None:
    few = list(video.read_frames(film, side=48, rate_hz=6.0, most=5))
    assert len(few) == 5
    assert few[0].size == (48, 32)
    assert len(list(video.read_frames(film, side=48, rate_hz=3.0, most=100))) == 6


@pytest.mark.parametrize("pixels", ["yuv420p10le", "yuv444p12le", "gray10le", "yuva420p", "gbrp16le"])
def test_films_in_more_than_8_bits_are_read_like_others(film: Path, pixels: str) -> None:
    """What a phone takes in HDR has 10 bits."""
    deep = film.with_suffix(".mkv")
    exe = video._ffmpeg("to test").get_ffmpeg_exe()
    codec = ("-c:v", "ffv1", "-pix_fmt", pixels)
    subprocess.run([exe, "-loglevel", "error", "-i", str(film), *codec, str(deep)], check=True)
    frames = list(video.read_frames(deep, side=96, rate_hz=6.0, most=100))
    assert len(frames) == 12
    if not pixels.startswith("gray"):
        for number, frame in enumerate(frames):
            red, green, blue = np.asarray(frame, dtype=float).mean((0, 1))
            assert max(abs(red - (255 - 20 * number)), abs(blue - 20 * number), green) < 16


def test_a_film_that_is_no_wider_than_a_line_is_refused(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 600), "teal")] * 3
    line = video.write_mp4(frames, tmp_path / "line.mp4", size=(4, 600), rate_hz=6.0)
    with pytest.raises(ImageError, match="strip"):
        list(video.read_frames(line, side=256, rate_hz=6.0, most=9, what="The film"))


def test_a_reader_that_is_closed_ends_ffmpeg(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    original = video.subprocess.Popen

    def noting(*args: object, **kwargs: object) -> object:
        begun.append(original(*args, **kwargs))  # type: ignore[call-overload]
        return begun[-1]

    monkeypatch.setattr(video.subprocess, "Popen", noting)
    frames = video.read_frames(film, side=48, rate_hz=6.0, most=100)
    next(frames)
    frames.close()  # type: ignore[attr-defined]
    assert begun[0].poll() is not None


def test_what_takes_too_long_is_ended(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class AtOnce:
        def __init__(self, seconds: float, act: object) -> None:
            self.act = act

        def start(self) -> None:
            self.act()  # type: ignore[operator]

        def cancel(self) -> None:
            pass

    monkeypatch.setattr(video.threading, "Timer", AtOnce)
    with pytest.raises(ImageError, match="no frame"):
        list(video.read_frames(film, side=48, rate_hz=6.0, most=100))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("text.mp4", "no film"),
        ("empty.mp4", ""),
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfilm.mp4\n#EXT-X-ENDLIST\n"),
        ("list.mp4", "ffconcat version 1.0\nfile film.mp4\n"),
        ("drawn.mp4", "P6\n1 1\n255\nabc"),
    ],
)
def test_only_films_are_read_and_nothing_that_they_name(film: Path, name: str, text: str) -> None:
    path = film.with_name(name)
    path.write_text(text)
    with pytest.raises(ImageError, match="MP4"):
        list(video.read_frames(path, side=48, rate_hz=6.0, most=10))


def test_a_frame_of_too_many_pixels_is_not_decoded(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "_MOST_PIXELS", 96 * 64 - 1)
    with pytest.raises(ImageError, match="MP4"):
        list(video.read_frames(film, side=48, rate_hz=6.0, most=10))


def test_without_the_package_it_is_said(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(ResourceError, match="imageio-ffmpeg"):
        next(video.read_frames(film, side=48, rate_hz=6.0, most=10))
