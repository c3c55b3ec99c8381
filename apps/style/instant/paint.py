"""Paint now: contents and styles in, pictures out, in one forward pass each.

Strength mixes the painting with the photo, pixel by pixel. The other way, gamma and beta mixed with those of a style
that changes nothing, was tried: normalisation takes every picture's own contrast away, so that such a style never gives
the photo back, and half way to it colours run wild and edges get halos. Looked at on three pairs at five strengths.

Original colours: the painting's lightness, with the mean and contrast of the photo's, and the colours of the photo.
Painting a grey photo instead loses the faces' highlights; without the photo's mean a dark style hides it.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from apps.style import canvas
from apps.style.instant.style import Style
from apps.style.options import Options
from shared.device import pick_device
from shared.errors import check_number, check_whole
from shared.model_cache import model_cache
from shared.registry import Record

SMALLEST, LARGEST = 64, 1024  # pixels of the longer side
SIZE = 384  # the default: strokes are huge at 256, and the photo is lost in some styles
MOST_TOGETHER = LARGEST * LARGEST  # pixels that go through the network at once; they need about 0.6 GB


@dataclass(frozen=True, kw_only=True, eq=False)
class Wish:
    """One picture that somebody wants painted."""

    content: Image.Image  # RGB
    style: Style
    size: int = SIZE  # pixels of the longer side
    strength: float = 1.0  # 0: the photo, 1: the painting
    keep_colours: bool = False


def paint_now(
    content: Image.Image,
    style: Style,
    *,
    size: int = SIZE,
    strength: float = 1.0,
    keep_colours: bool = False,
) -> Image.Image:
    """``content``, RGB, in ``style``; the longer side is ``size`` pixels, 64 to 1,024, also where it had fewer.

    Raises:
        OptionError: ``size`` or ``strength`` is out of range.
        ImageError: the shorter side would have under 16 pixels.
        ResourceError: out of memory.
    """
    wish = Wish(content=content, style=style, size=size, strength=strength, keep_colours=keep_colours)
    return next(iter(paint_together([wish])))


def paint_together(wishes: Sequence[Wish], *, device: torch.device | None = None) -> list[Image.Image]:
    """The pictures of several visitors, in the order of ``wishes``; those of one size and painter share a pass.

    Each comes out as it would alone: statistics are taken picture by picture.

    Raises:
        OptionError, ImageError, ResourceError: as ``paint_now``.
    """
    place = pick_device() if device is None else device
    wishes = [checked(wish) for wish in wishes]
    seen = [_at_size(wish) for wish in wishes]
    painted: dict[int, Image.Image] = {}
    for numbers in _batches(wishes, seen):
        contents = torch.cat([seen[number] for number in numbers])
        styles = [wishes[number].style for number in numbers]
        results = paint_tensor(styles[0].record, contents, styles, place)
        painted |= dict(zip(numbers, map(canvas.to_picture, results.split(1)), strict=True))
    return [_finished(wish, canvas.to_picture(seen[number]), painted[number]) for number, wish in enumerate(wishes)]


def paint_tensor(record: Record, contents: Tensor, styles: Sequence[Style], device: torch.device) -> Tensor:
    """``contents`` (B, 3, H, W), RGB in [0, 1], each in its own of ``styles``, all for the painter of ``record``."""
    gamma, beta = (torch.stack([getattr(style, part) for style in styles]).to(device) for part in ("gamma", "beta"))
    pixels = contents.to(device)

    def work(network: torch.nn.Module) -> Tensor:
        with torch.inference_mode():
            painted: Tensor = network.get_submodule("painter")(pixels, gamma, beta)
        return painted.cpu()

    return model_cache().run(record, work, device)


def checked(wish: Wish) -> Wish:
    """``wish`` with its numbers in their ranges and of their types.

    Raises:
        OptionError: one that is not.
    """
    return dataclasses.replace(
        wish,
        size=check_whole(wish.size, "The size in pixels", low=SMALLEST, high=LARGEST),
        strength=check_number(wish.strength, "The strength", low=0, high=1),
        keep_colours=bool(wish.keep_colours),
    )


def stage_of(wish: Wish) -> canvas.Stage:
    """The size that the picture will have.

    Raises:
        ImageError: the shorter side would have under 16 pixels.
    """
    (stage,) = canvas.plan(wish.content.size, Options(size=wish.size, coarse_to_fine=False))
    return stage


def _at_size(wish: Wish) -> Tensor:
    """The content (1, 3, H, W) at the size that is wished for."""
    return canvas.to_tensor(wish.content, stage_of(wish), torch.device("cpu"))


def _batches(wishes: Sequence[Wish], seen: Sequence[Tensor]) -> Iterator[list[int]]:
    """The numbers of the wishes that share a pass."""

    def kind(number: int) -> tuple[str, tuple[int, ...]]:
        return wishes[number].style.record.name, tuple(seen[number].shape)

    for _, same in itertools.groupby(sorted(range(len(wishes)), key=kind), key=kind):
        numbers = list(same)
        pixels = seen[numbers[0]][0, 0].numel()
        yield from (list(part) for part in _parts(numbers, max(1, MOST_TOGETHER // pixels)))


def _parts(numbers: Sequence[int], most: int) -> Iterator[Sequence[int]]:
    return (numbers[first : first + most] for first in range(0, len(numbers), most))


def _finished(wish: Wish, photo: Image.Image, painted: Image.Image) -> Image.Image:
    if wish.keep_colours:
        light = canvas.with_light_of(canvas.greyed(painted), photo)
        painted = canvas.with_colours_of(light, photo)
    return painted if wish.strength >= 1 else Image.blend(photo, painted, wish.strength)
