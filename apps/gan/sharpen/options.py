"""The ways to make a photo four times as large, and their limits, free of torch: page, command and checks read them."""

from __future__ import annotations

from dataclasses import dataclass

FACTOR = 4  # sides of the large picture over those of the small one
SMALLEST = 8  # pixels of a side
LEAST_SIDE, MOST_SIDE = 24, 96  # pixels of the longer side of a photo made small to be restored


@dataclass(frozen=True, kw_only=True)
class Upscaler:
    """One way."""

    title: str  # for people
    note: str  # one sentence
    record: str | None  # in the registry; None: no network
    most_pixels: int  # of the small picture
    most_on_cpu: int  # ... where the device is a CPU, for the sake of time


UPSCALERS: dict[str, Upscaler] = {
    "gan": Upscaler(
        title="GAN (Real-ESRGAN, 16.7 million weights)",
        note="Sharp, because it invents what the small picture does not hold.",
        record="gan/realesrgan-x4",
        most_pixels=1024 * 1024,
        most_on_cpu=512 * 512,
    ),
    "small": Upscaler(
        title="Small network (0.6 million weights)",
        note="A 27th of the weights, fast enough to be live; trained on drawings, so edges come out clean and flat.",
        record="gan/realesrgan-x4-small",
        most_pixels=1024 * 1024,
        most_on_cpu=1024 * 1024,
    ),
    "bicubic": Upscaler(
        title="Bicubic interpolation",
        note="A smooth curve through the pixels: no weights, nothing invented.",
        record=None,
        most_pixels=1024 * 1024,
        most_on_cpu=1024 * 1024,
    ),
}
DEFAULT = "gan"
TITLES = {"bicubic": "Bicubic", "small": "Small network", "gan": "GAN"}  # short ones, the quick ways first
