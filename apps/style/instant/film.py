"""A short film, or the frames of a webcam, painted one by one.

Each frame is painted by itself, with its own statistics: strokes shimmer from frame to frame, most of all in styles
with strong patterns. Left out: the temporal cost that would hold them still (Ruder et al. 2016, arXiv 1604.08610).
The film's sound is not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from apps.style.instant.paint import paint_now
from apps.style.instant.style import Style
from shared.video import mp4_writer, read_frames

RATE_HZ = 10.0  # frames per second, of what is read and of what is written
LONGEST_S = 15.0
MOST_FRAMES = int(RATE_HZ * LONGEST_S)
SIZE = 256  # pixels of the longer side, by default


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One frame of a film."""

    number: int  # from 1
    picture: Image.Image  # painted


def painted_frames(
    frames: Iterable[Image.Image], style: Style, *, size: int = SIZE, strength: float = 1.0, keep_colours: bool = False
) -> Iterator[Frame]:
    """``frames``, RGB, painted, at most ``MOST_FRAMES`` of them.

    Raises:
        OptionError, ImageError, ResourceError: as ``paint_now``.
    """
    for number, frame in zip(range(1, MOST_FRAMES + 1), frames, strict=False):
        painted = paint_now(frame, style, size=size, strength=strength, keep_colours=keep_colours)
        yield Frame(number=number, picture=painted)


def paint_film(
    source: Path,
    target: Path,
    style: Style,
    *,
    size: int = SIZE,
    strength: float = 1.0,
    keep_colours: bool = False,
) -> Iterator[Frame]:
    """Paint the first 15 s of the film ``source`` into ``target`` (.mp4), frame by frame.

    Closing the generator ends the film where it is; ``target`` can be played all the same.

    Raises:
        ImageError: no film that can be read.
        OptionError, ResourceError: as ``paint_now``, or without the package imageio-ffmpeg.
    """
    frames = read_frames(source, side=max(size, SIZE), rate_hz=RATE_HZ, most=MOST_FRAMES, what="The film")
    painted = painted_frames(frames, style, size=size, strength=strength, keep_colours=keep_colours)
    first = next(painted)
    even = (first.picture.width // 2 * 2, first.picture.height // 2 * 2)
    with mp4_writer(target, size=even, rate_hz=RATE_HZ) as write:
        write(first.picture.crop((0, 0, *even)))
        yield first
        for frame in painted:
            write(frame.picture.crop((0, 0, *even)))
            yield frame
