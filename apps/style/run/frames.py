"""The pictures of a run, kept small, and made into a GIF or a video afterwards."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from shared.images import jpeg_bytes
from shared.progress import thinned
from shared.video import write_mp4

MOST = 120  # frames that are kept; beyond that, every second one is dropped
_SIDE = 512  # pixels of a kept frame
_RATE_HZ = 15  # frames per second of GIF and video
_HOLD_S = 1.5  # s that the last picture stays
_GIF_SIDE = 256  # pixels


@dataclass(frozen=True)
class Frame:
    """One picture of a run, as a JPEG."""

    iteration: int
    data: bytes

    def picture(self) -> Image.Image:
        """The picture."""
        return Image.open(io.BytesIO(self.data)).convert("RGB")


class Frames:
    """The frames of one run, at most ``MOST``, evenly spread over it, and always the latest."""

    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._every = 1
        self._seen = 0
        self._latest: Frame | None = None

    def add(self, picture: Image.Image, iteration: int) -> bytes:
        """Keep ``picture``, perhaps only until the next one comes; returns it as the bytes of a JPEG."""
        data = jpeg_bytes(_within(picture, _SIDE))
        self._latest = Frame(iteration, data)
        if self._seen % self._every == 0:
            self._frames.append(self._latest)
            if len(self._frames) > MOST:
                self._frames = self._frames[::2]
                self._every *= 2
        self._seen += 1
        return data

    def kept(self) -> tuple[Frame, ...]:
        """The kept frames in order."""
        if self._latest is not None and (not self._frames or self._frames[-1] is not self._latest):
            return (*self._frames, self._latest)
        return tuple(self._frames)

    def gif(self) -> bytes:
        """An animated GIF of at most 256 pixels that stays on its last picture for a while."""
        pictures = [_resized(frame.picture(), self._size(_GIF_SIDE)) for frame in self.kept()]
        palette = _strip(pictures).quantize(255)
        indexed = [picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for picture in pictures]
        buffer = io.BytesIO()
        times_ms = [1000 // _RATE_HZ] * (len(indexed) - 1) + [int(1000 * _HOLD_S)]
        indexed[0].save(buffer, "GIF", save_all=True, append_images=indexed[1:], duration=times_ms, loop=0)
        return buffer.getvalue()

    def video(self, target: Path) -> Path:
        """Write an H.264 video to ``target`` (.mp4), readable by every browser; its sides are even numbers.

        Raises:
            ResourceError: the package imageio-ffmpeg, which carries the encoder, is missing.
        """
        size = self._size(_SIDE)
        return write_mp4((_resized(picture, size) for picture in self._held()), target, size=size, rate_hz=_RATE_HZ)

    def _held(self) -> Iterator[Image.Image]:
        picture = None
        for frame in self.kept():
            picture = frame.picture()
            yield picture
        for _ in range(int(_HOLD_S * _RATE_HZ) if picture is not None else 0):
            yield picture  # type: ignore[misc]

    def _size(self, side: int) -> tuple[int, int]:
        width, height = self.kept()[-1].picture().size
        scale = min(1.0, side / max(width, height))
        return max(2, round(width * scale) // 2 * 2), max(2, round(height * scale) // 2 * 2)


def _strip(pictures: list[Image.Image]) -> Image.Image:
    """Eight of ``pictures`` side by side: colours that come and go must be in the palette too."""
    chosen = thinned(pictures, 8)
    strip = Image.new("RGB", (64 * len(chosen), 64))
    for index, picture in enumerate(chosen):
        strip.paste(picture.resize((64, 64)), (64 * index, 0))
    return strip


def _within(picture: Image.Image, side: int) -> Image.Image:
    if max(picture.size) <= side:
        return picture
    smaller = picture.copy()
    smaller.thumbnail((side, side), Image.Resampling.LANCZOS)
    return smaller


def _resized(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    return picture if picture.size == size else picture.resize(size, Image.Resampling.BICUBIC)
