"""Perception against distortion, on the visitor's own picture.

The picture is made small and restored in every way. What was lost cannot be computed back: many large pictures become
the same small one. Bicubic interpolation, and every network trained for small errors, answers with something like their
mean, which is near to all of them and blurred. A GAN answers with one of them: it looks right and is, pixel by pixel,
further away. Blau & Michaeli 2018, arXiv 1711.06077, prove that one is always paid for with the other.

Four figures show it for each way: the error in pixels (PSNR), the difference in a network's eyes place by place, the
difference in texture wherever it lies, and whether the restored picture, made small again, is the small one: what is
invented should at least not contradict what was seen.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from PIL import Image

from apps.gan.sharpen.options import FACTOR, SMALLEST, UPSCALERS
from apps.gan.sharpen.steps import result, shrunk
from shared.errors import ImageError
from shared.perceptual import features, perceptual_distance
from shared.progress import Progress

if TYPE_CHECKING:
    from shared.perceptual import Features

SIDE = 384  # pixels of the original's longer side
_FEWEST = SMALLEST * FACTOR  # pixels of the original's shorter side
WAYS = ("bicubic", "small", "gan")  # the quick ones first


@dataclass(frozen=True, kw_only=True)
class Restored:
    """One way's answer."""

    way: str  # a key of UPSCALERS
    picture: Image.Image  # as large as the original
    psnr_db: float  # of the luminance, four pixels around it left out
    kept_db: float  # PSNR of the picture made small again, to the small picture; nothing left out
    seconds: float  # for the restoration alone
    distance: float | None = None  # to the original, place by place, in a network's eyes: 0 to 2
    texture: float | None = None  # ... wherever it is in the picture: 0 to 4


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What is known so far; the last one has every way's answer."""

    original: Image.Image
    small: Image.Image  # a quarter of the original's sides
    restored: tuple[Restored, ...] = ()
    progress: Progress = field(default_factory=lambda: Progress(done=0, total=1))

    def numbers(self) -> dict[str, Any]:
        """Everything but the pictures, as plain values: the sizes, and the figures of each way."""
        return {
            "width": self.original.width,
            "height": self.original.height,
            "from_width": self.small.width,
            "from_height": self.small.height,
            "restored": [
                {name: value for name, value in vars(one).items() if name != "picture"} for one in self.restored
            ],
        }


def prepared(photo: Image.Image, side: int = SIDE) -> Image.Image:
    """``photo`` with at most ``side`` pixels along its longer side, cut so that both sides can be divided by four.

    Raises:
        ImageError: less than 32 pixels are left of the shorter side.
    """
    scale = min(1.0, side / max(photo.size))
    width, height = (max(1, round(length * scale)) for length in photo.size)
    if min(width, height) < _FEWEST:
        raise ImageError(
            f"a photo of which at least {_FEWEST} x {_FEWEST} pixels are left at a longer side of {side}",
            f"{width} x {height}",
            "Choose a larger or a less elongated photo.",
        )
    reduced = photo if scale == 1 else shrunk(photo, (width, height))
    left, top = width % FACTOR // 2, height % FACTOR // 2
    return reduced.crop((left, top, left + width - width % FACTOR, top + height - height % FACTOR))


def lesson(
    photo: Image.Image, *, ways: Sequence[str] = WAYS, side: int = SIDE, judged: bool = True
) -> Iterator[Lesson]:
    """Make ``photo`` (RGB) small and restore it in each of the ``ways``, one after the other.

    Args:
        photo: of any size.
        ways: keys of ``UPSCALERS``.
        side: pixels of the original's longer side, at most.
        judged: also ask the network for ``distance`` and ``texture``, which takes longer than the small network.

    Raises:
        ImageError: see ``prepared``.
        OptionError, ResourceError, WeightsError: see ``upscale``.
    """
    from apps.gan.sharpen.upscale import upscale

    original = prepared(photo, side)
    now = Lesson(original=original, small=shrunk(original, (original.width // FACTOR, original.height // FACTOR)))
    yield now
    seen = features(original) if judged else None
    for number, way in enumerate(ways):
        begun = time.perf_counter()
        for step in upscale(now.small, model=way):
            yield replace(now, progress=_progress(number + step.progress.fraction, ways))
        answer = _answer(way, result(step), now, seconds=time.perf_counter() - begun, seen=seen)
        now = replace(now, restored=(*now.restored, answer), progress=_progress(number + 1, ways))
        yield now


def _answer(way: str, picture: Image.Image, now: Lesson, *, seconds: float, seen: Features | None) -> Restored:
    from apps.gan.sharpen.metrics import psnr_db, texture_distance

    answer = Restored(
        way=way,
        picture=picture,
        psnr_db=psnr_db(picture, now.original),
        kept_db=psnr_db(shrunk(picture, now.small.size), now.small, border=0),
        seconds=seconds,
    )
    if seen is None:
        return answer
    found = features(picture)
    return replace(answer, distance=perceptual_distance(seen, found), texture=texture_distance(seen, found))


def _progress(done: float, ways: Sequence[str]) -> Progress:
    """``done`` of the ``ways``, in parts of one."""
    title = UPSCALERS[ways[min(int(done), len(ways) - 1)]].title
    return Progress(done=round(100 * done), total=100 * len(ways), text=title)
