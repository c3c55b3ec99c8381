"""A short film, or the frames of a webcam, painted one by one.

Each frame is painted by itself, with its own statistics: strokes shimmer from frame to frame, most of all in styles
with strong patterns. Left out: the temporal cost that would hold them still (Ruder et al. 2016, arXiv 1604.08610).
The film's sound is not kept. Without torch: films are read and written where they lie, frames may be painted elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from shared.video import mp4_writer, read_frames

RATE_HZ = 10.0  # frames per second, of what is read and of what is written
LONGEST_S = 15.0
MOST_FRAMES = int(RATE_HZ * LONGEST_S)
SIZE = 256  # pixels of the longer side, at least, that a film is read with
Paint = Callable[[Image.Image], Image.Image]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One frame of a film."""

    number: int  # from 1
    picture: Image.Image  # painted


def painted_frames(frames: Iterable[Image.Image], paint: Paint) -> Iterator[Frame]:
    """``frames``, RGB, painted, at most ``MOST_FRAMES`` of them."""
    for number, frame in zip(range(1, MOST_FRAMES + 1), frames, strict=False):
        yield Frame(number=number, picture=paint(frame))


def paint_film(source: Path, target: Path, paint: Paint, *, size: int = SIZE) -> Iterator[Frame]:
    """Paint the first 15 s of the film ``source`` into ``target`` (.mp4), frame by frame.

    Closing the generator ends the film where it is; ``target`` can be played all the same.

    Args:
        source: a film.
        target: where the painted one goes.
        paint: paints a frame; each comes out in the size of the first.
        size: pixels of the longer side that it is painted with.

    Raises:
        ImageError: no film that can be read.
        ResourceError: the package imageio-ffmpeg is missing.
    """
    frames = read_frames(source, side=max(size, SIZE), rate_hz=RATE_HZ, most=MOST_FRAMES, what="The film")
    painted = painted_frames(frames, paint)
    first = next(painted)
    even = (first.picture.width // 2 * 2, first.picture.height // 2 * 2)
    with mp4_writer(target, size=even, rate_hz=RATE_HZ) as write:
        write(first.picture.crop((0, 0, *even)))
        yield first
        for frame in painted:
            write(frame.picture.crop((0, 0, *even)))
            yield frame
