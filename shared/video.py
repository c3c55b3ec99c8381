"""Pictures as an H.264 video that every browser plays, and the frames of a video that somebody sends.

Both by the ffmpeg of the package imageio-ffmpeg. A video from outside is read in bounded time and memory: single files
of four formats and nothing that they point to, a stated number of frames, reduced while they are decoded.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image

from shared.errors import ImageError, ResourceError, named

_FORMATS = "mov,mp4,matroska,webm,avi"  # no playlists: those name other files
_MOST_PIXELS = 3840 * 2160  # of a frame before it is reduced
_NARROWEST = 16  # pixels of a reduced frame: an encoder takes no fewer than 2, a painter has no use for them
_PATIENCE_S = 20.0  # for one frame
_HEADER = 64  # bytes in which a frame's header must end


def write_mp4(pictures: Iterable[Image.Image], target: Path, *, size: tuple[int, int], rate_hz: float) -> Path:
    """Write ``pictures``, RGB, each ``size`` (width, height; even numbers), to ``target`` (.mp4).

    Raises:
        ResourceError: the package imageio-ffmpeg, which carries the encoder, is missing.
    """
    with mp4_writer(target, size=size, rate_hz=rate_hz) as write:
        for picture in pictures:
            write(picture)
    return target


@contextmanager
def mp4_writer(target: Path, *, size: tuple[int, int], rate_hz: float) -> Iterator[Callable[[Image.Image], None]]:
    """A function that adds a picture, RGB, of ``size`` (width, height; even numbers), to ``target`` (.mp4).

    Raises:
        ResourceError: the package imageio-ffmpeg, which carries the encoder, is missing.
    """
    options = {"codec": "libx264", "macro_block_size": 2, "quality": 7, "ffmpeg_log_level": "error"}
    writer = _ffmpeg("to write a video").write_frames(str(target), size, fps=rate_hz, **options)
    writer.send(None)
    try:
        yield lambda picture: writer.send(np.ascontiguousarray(np.asarray(picture)))
    finally:
        writer.close()


def read_frames(
    source: Path, *, side: int, rate_hz: float, most: int, what: str = "The video"
) -> Iterator[Image.Image]:
    """The first ``most`` frames of the video ``source``, RGB, ``rate_hz`` a second, fitted into ``side`` x ``side``.

    Raises:
        ImageError: no video that can be read, or one that takes more than 20 s for a frame.
        ResourceError: the package imageio-ffmpeg is missing.
    """
    command = [
        _ffmpeg("to read a video").get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-threads", "1",
        "-protocol_whitelist", "file", "-format_whitelist", _FORMATS, "-max_pixels", str(_MOST_PIXELS),
        "-i", f"file:{source}", "-map", "0:v:0", "-frames:v", str(most),
        "-vf", f"fps={rate_hz},scale={side}:{side}:force_original_aspect_ratio=decrease",
        "-f", "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24", "-",  # phones film in 10 bits, too
    ]  # fmt: skip
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if process.stdout is None:
        raise ValueError("the pipe that was asked for is not there")
    count = 0
    try:
        while count < most and (frame := _read_frame(process, process.stdout, 3 * side * side)) is not None:
            if min(frame.size) < _NARROWEST:
                found = "{} x {} when it is reduced".format(*frame.size)
                raise ImageError(f"{named(what)}, not that narrow a strip", found, "Cut it, or choose another.")
            yield frame
            count += 1
    finally:
        process.kill()
        process.stdout.close()
        process.wait()
    if count == 0:
        raise ImageError(
            f"{named(what)} as an MP4, MOV, WebM, MKV or AVI file, at most 3840 x 2160 pixels",
            "a file of which no frame can be read",
            "Record a short film with a phone, or choose another file.",
        )


def _read_frame(process: subprocess.Popen[bytes], pipe: IO[bytes], most: int) -> Image.Image | None:
    """The next frame, a PPM picture; None at the end, or when ffmpeg takes too long."""
    watch = threading.Timer(_PATIENCE_S, process.kill)
    watch.start()
    try:
        words: list[bytes] = []
        while len(words) < 4 and (line := pipe.readline(_HEADER)):  # P6, width and height, 255
            words += line.split()
        if len(words) != 4 or words[0] != b"P6":
            return None
        width, height = int(words[1]), int(words[2])
        pixels = pipe.read(min(3 * width * height, most))
        return Image.frombytes("RGB", (width, height), pixels) if len(pixels) == 3 * width * height else None
    finally:
        watch.cancel()


def _ffmpeg(purpose: str) -> Any:
    try:
        import imageio_ffmpeg  # type: ignore[import-untyped,unused-ignore]
    except ImportError as error:
        raise ResourceError(
            f"the package imageio-ffmpeg, {purpose}",
            "it is not installed",
            "Run: pip install imageio-ffmpeg, or take the GIF.",
        ) from error
    return imageio_ffmpeg
