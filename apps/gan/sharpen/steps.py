"""What enlarging a photo takes and gives: the photo opened and made smaller, the steps, the estimate. Without torch."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from apps.gan.sharpen.options import FACTOR, SMALLEST
from shared.images import Source, open_image
from shared.progress import Progress, estimate

LONG_S = 30.0  # s: work that takes longer says so before it starts


@dataclass(frozen=True, kw_only=True)
class UpscaleStep:
    """How far it is; the last step carries the picture."""

    progress: Progress  # counted in multiply-adds
    picture: Image.Image | None = None


def open_photo(source: Source, what: str = "The photo") -> Image.Image:
    """``source`` upright and in RGB, as ``upscale`` takes it; errors are those of ``shared.images.open_image``."""
    return open_image(source, what, min_side=SMALLEST)


def describe_estimate(seconds: float) -> str:
    """The estimate for people; a long one says so."""
    about = estimate(seconds)
    return about if seconds <= LONG_S else f"{about} The small network is much faster."


def result(last: UpscaleStep) -> Image.Image:
    """The picture of the ``last`` step."""
    if last.picture is None:
        raise ValueError("the work is not finished")
    return last.picture


def bicubic(photo: Image.Image, factor: int = FACTOR) -> Image.Image:
    """``photo`` ``factor`` times as large by bicubic interpolation (Keys 1981, a = -1/2)."""
    return photo.resize((photo.width * factor, photo.height * factor), Image.Resampling.BICUBIC)


def shrunk(photo: Image.Image, size: tuple[int, int]) -> Image.Image:
    """``photo`` at ``size`` (width, height) by bicubic interpolation, widened as it shrinks so that nothing aliases."""
    return photo.resize(size, Image.Resampling.BICUBIC)
