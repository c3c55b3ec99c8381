"""Pictures on their way into the network and out of it: opened, checked, resized, started from, given back.

torch is imported inside the functions: whoever only opens and shows pictures does without.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from apps.style.options import LARGEST, Options
from shared.errors import ImageError, named
from shared.images import Source, open_image, open_with_alpha

if TYPE_CHECKING:
    import torch
    from torch import Tensor

SHORTEST = 16  # pixels of a picture's shorter side at the smallest size of a run
LONGEST_SHAPE = 8.0  # longer side / shorter side
_FLAT = 2.0  # of 255: a style picture with a smaller standard deviation has no style to offer
# Pixels of the first size when going coarse to fine; what the small sizes find is in an instant picture already.
_BASE = {"content": 128, "style": 128, "blend": 64, "noise": 64, "instant": LARGEST}
_STEP = 2.0  # a size is at most this many times the one before
_NOISE = 0.15  # standard deviation of the noise; black to white is 1
_GRAIN = 0.01  # standard deviation of the grain of starts from a picture


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One size of a run."""

    height: int
    width: int
    iterations: int
    extra: int = 0  # how many of them "Continue" added: the learning rate's schedule leaves them out

    def share(self, done: int) -> float:
        """How far the schedule is after ``done`` iterations, 0 to 1."""
        return min(1.0, done / max(1, self.iterations - self.extra - 1))

    @property
    def pixels(self) -> int:
        """Its area."""
        return self.height * self.width


def open_content(source: Source) -> Image.Image:
    """The content picture, upright and RGB.

    Raises:
        ImageError: no picture, a damaged one, one with a side under 16 pixels, or one longer than 8 to 1.
    """
    return open_content_and_ground(source)[0]


def open_content_and_ground(source: Source) -> tuple[Image.Image, Image.Image | None]:
    """As ``open_content``, and its transparency (L, for ``on_ground``), or nothing where all of it is opaque."""
    picture, ground = open_with_alpha(source, "The content picture", min_side=SHORTEST)
    return _check_shape(picture, "The content picture"), ground


def on_ground(painted: Image.Image, ground: Image.Image | None) -> Image.Image:
    """``painted`` (RGB) with its content's ``ground``, resized to it: RGBA; without one, as it is."""
    if ground is None:
        return painted
    seen_through = painted.copy()
    seen_through.putalpha(ground.resize(painted.size, Image.Resampling.LANCZOS))
    return seen_through


def open_style(source: Source) -> Image.Image:
    """The style picture, upright and RGB.

    Raises:
        ImageError: as ``open_content``, or a picture of one flat colour.
    """
    picture = _check_shape(open_image(source, "The style picture", min_side=SHORTEST), "The style picture")
    small = np.asarray(ImageOps.contain(picture, (256, 256)), dtype=float)
    if small.std(axis=(0, 1)).max() < _FLAT:
        colour = "black" if small.mean() < 8 else "white" if small.mean() > 247 else "one flat colour"
        raise ImageError(
            "a style picture with strokes, edges or texture",
            f"a picture that is all {colour}",
            "Choose a painting or a pattern.",
        )
    return picture


def plan(shape: tuple[int, int], options: Options) -> tuple[Stage, ...]:
    """The sizes of a run for a picture of ``shape`` (width, height), small to large; iterations are shared equally.

    The longer side of the last is ``options.size``, even if the picture is smaller.

    Raises:
        ImageError: the shorter side would have under 16 pixels.
    """
    longer = max(shape)
    if min(shape) * options.size / longer < SHORTEST:
        raise ImageError(
            f"a picture whose shorter side keeps at least {SHORTEST} pixels at size {options.size}",
            f"{shape[0]} x {shape[1]} pixels",
            "Choose a larger size or a less elongated picture.",
        )
    base = max(_BASE[options.init], math.ceil(SHORTEST * longer / min(shape)))
    count = 1
    if options.coarse_to_fine and options.size > base:
        count += math.ceil(math.log(options.size / base, _STEP))
    count = min(count, options.iterations)
    stages = []
    for index in range(count):
        side = options.size * (base / options.size) ** ((count - 1 - index) / max(1, count - 1))
        share = options.iterations * (index + 1) // count - options.iterations * index // count
        extra = options.extra if index == count - 1 else 0
        width, height = (max(SHORTEST, round(part * side / longer)) for part in shape)
        stages.append(Stage(height=height, width=width, iterations=share + extra, extra=extra))
    return tuple(stages)


def to_tensor(picture: Image.Image, stage: Stage, device: torch.device) -> Tensor:
    """``picture`` at the size of ``stage`` as (1, 3, H, W), RGB in [0, 1], cropped around its centre to fit."""
    import torch

    fitted = ImageOps.fit(picture, (stage.width, stage.height), Image.Resampling.LANCZOS)
    pixels = np.asarray(fitted, dtype=np.float32) / 255
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous().to(device)


def style_tensor(picture: Image.Image, stage: Stage, device: torch.device) -> Tensor:
    """All of the style ``picture`` as (1, 3, h, w), RGB in [0, 1]: its own shape, the area that ``stage`` has.

    A style matrix does not know places, so a style needs no shape of the content's; cropped to it, a long scroll on an
    upright photo would lose seven eighths of itself.
    """
    scale = math.sqrt(stage.pixels / (picture.width * picture.height))
    width, height = (max(SHORTEST, round(side * scale)) for side in picture.size)
    if abs(width * stage.height - height * stage.width) <= max(
        stage.height, stage.width
    ):  # the same shape but for rounding
        width, height = stage.width, stage.height
    return to_tensor(picture, Stage(height=height, width=width, iterations=0), device)


def to_picture(pixels: Tensor) -> Image.Image:
    """(1, 3, H, W), RGB in [0, 1], as a picture."""
    levels = pixels.detach()[0].clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(levels)


def start(init: str, content: Tensor | None, style: Tensor | None, seed: int) -> Tensor:
    """The first G (1, 3, H, W) in [0, 1]; noise varies around the mean colour of the style. One picture may be missing:
    the other stands in for it."""
    import torch

    given = content if content is not None else style
    if given is None:
        raise ValueError("a start needs a picture, for its size if for nothing else")
    if init in ("content", "instant"):  # the instant picture itself needs both pictures, and a painter
        return given.clone()
    if init == "style":
        return (style if style is not None else given).clone()
    random = torch.randn(given.shape, generator=torch.Generator().manual_seed(seed)).to(given.device)
    mean = (style if style is not None else given).mean(dim=(2, 3), keepdim=True)
    noise = (mean + _NOISE * random).clamp(0, 1)
    return noise if init == "noise" else 0.5 * (noise + given)


def grained(pixels: Tensor, seed: int) -> Tensor:
    """``pixels`` (1, 3, H, W) in [0, 1] with a grain that is hardly seen: where a run from a picture begins.

    In a flat area every place is like every other, and so is the slope of J: the first strokes would grow from the only
    thing that differs, the border, and march inwards side by side as a frame of lines. The grain lets them begin
    everywhere.
    """
    import torch

    grain = torch.randn(pixels.shape, generator=torch.Generator().manual_seed(seed)).to(pixels.device)
    return (pixels + _GRAIN * grain).clamp(0, 1)


def enlarged(pixels: Tensor, stage: Stage) -> Tensor:
    """``pixels`` (1, 3, h, w) at the size of ``stage``, bicubic, in [0, 1], contiguous, which L-BFGS needs."""
    import torch.nn.functional as F

    size = (stage.height, stage.width)
    return F.interpolate(pixels, size=size, mode="bicubic", align_corners=False).clamp(0, 1).contiguous()


def greyed(picture: Image.Image) -> Image.Image:
    """``picture`` in greys, still RGB."""
    return picture.convert("L").convert("RGB")


def with_light_of(target: Image.Image, source: Image.Image) -> Image.Image:
    """Grey ``target`` with the mean and contrast of ``source``, so that a dark style does not darken the content."""
    there = np.asarray(target, dtype=float)
    wanted = np.asarray(source.convert("L"), dtype=float)
    moved = (there - there.mean()) * (wanted.std() / max(1.0, there.std())) + wanted.mean()
    return Image.fromarray(np.clip(moved, 0, 255).astype(np.uint8))


def with_colours_of(light: Image.Image, colours: Image.Image) -> Image.Image:
    """The lightness of ``light`` with the colours of ``colours`` (Gatys et al. 2016, arXiv 1606.05897, section 4)."""
    y, _, _ = light.convert("YCbCr").split()
    _, cb, cr = ImageOps.fit(colours, light.size, Image.Resampling.LANCZOS).convert("YCbCr").split()
    return Image.merge("YCbCr", (y, cb, cr)).convert("RGB")


def _check_shape(picture: Image.Image, what: str) -> Image.Image:
    ratio = max(picture.size) / min(picture.size)
    if ratio > LONGEST_SHAPE:
        raise ImageError(
            f"{named(what)}, its longer side at most {LONGEST_SHAPE:g} times its shorter one",
            f"{picture.width} x {picture.height} pixels",
            "Crop it.",
        )
    return picture
