"""What the page, the endpoint and the command line call: a picture, a painted continent or a place becomes its night.

Pictures are RGB; inside, the networks see [-1, 1] and sides that are multiples of 32: what is missing is mirrored at
the right and lower edges and cut off afterwards. The slider between the three networks mixes their *weights*, and so
makes networks of its own (Wang et al. 2018 do so in ESRGAN). That works because all three went on from a common start.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from apps.gan.exhibits.bundled import lease
from apps.gan.translation.choices import (
    KM_PER_PIXEL,
    LARGEST_SIDE,
    OBJECTIVES,
    PLACE_SIDE,
    SMALLEST_SIDE,
    STRIDE,
    held_out,
)
from apps.gan.translation.classes import WATER, classes_of, painted, rounded
from apps.gan.translation.earth import Earth, light, tiles_at
from apps.gan.translation.networks import UNet, noise
from apps.gan.translation.nights import Lights, Place
from shared.errors import check_choice, check_number, check_whole
from shared.images import Source, open_image

_ROUNDING = 1.5  # pixels, of the borders of what a visitor painted
LIT = 0.25  # of a pixel's light above which it counts as lit


@contextmanager
def borrowed_translators(names: tuple[str, ...] = tuple(OBJECTIVES)) -> Iterator[dict[str, UNet]]:
    """The bundled generators called ``names`` (keys of ``OBJECTIVES``), held by the hub's cache meanwhile.

    Raises:
        OptionError: there is no such generator.
    """
    with ExitStack() as stack:
        known = [check_choice(name, OBJECTIVES, "The model") for name in names]
        yield {name: stack.enter_context(lease(f"night-{name}", UNet)) for name in known}


def read_day(source: Source, *, by_hand: bool = False) -> Image.Image:
    """A visitor's picture as ``translate`` takes it: upright RGB, its longer side at most 512 pixels.

    Args:
        source: anything that ``shared.images.open_image`` reads.
        by_hand: the picture is painted: every pixel becomes the colour of the nearest brush.

    Raises:
        ImageError: no picture, a damaged one, or one with a side under 64 pixels.
    """
    picture = open_image(source, "The picture by day", min_side=SMALLEST_SIDE, max_side=LARGEST_SIDE)
    return repainted(picture) if by_hand else picture


def repainted(picture: Image.Image) -> Image.Image:
    """``picture`` with every pixel in the colour of the nearest brush, borders rounded off as in training.

    Rounding also takes away what the soft edge of a stroke leaves: halfway from water to ice lies the mountains' brown.
    """
    return as_image(painted(rounded(classes_of(picture)[None], _ROUNDING))[0])


def translate(model: UNet, day: Image.Image, *, seed: int = 0) -> Image.Image:
    """The night that ``model`` paints for an RGB picture; the same size, brightened as the true nights are.

    Args:
        model: the generator.
        day: RGB, each side at least 64 pixels.
        seed: of the noise, which decides where the cities of flat land lie; 0 or more.
    """
    pixels = torch.from_numpy(np.asarray(day.convert("RGB")).copy()).permute(2, 0, 1)[None] / 255.0
    return as_image(translated(model, pixels, seed=seed)[0])


@torch.no_grad()
def translated(model: UNet, day: Tensor, *, seed: int = 0) -> Tensor:
    """Days (B, 3, H, W) to nights of the same size, both RGB in [0, 1], float32 on the CPU; H and W at least 17."""
    H, W = day.shape[2:]
    device = next(model.parameters()).device
    padded = F.pad(day * 2 - 1, (0, -W % STRIDE, 0, -H % STRIDE), mode="reflect")
    dice = noise(padded, torch.Generator().manual_seed(seed))
    night: Tensor = model(padded.to(device), dice.to(device)).float().cpu()[:, :, :H, :W]
    return ((night + 1) / 2).clamp(0, 1)


def between(models: Mapping[str, UNet], at: float) -> UNet:
    """The network at a place of the slider, in the order of ``models``: 0 is the first one itself, 1 the last one.

    Between two neighbours every weight lies evenly between theirs.

    Raises:
        OptionError: ``at`` is not in [0, 1].
    """
    found = list(models.values())
    position = check_number(at, "The slider", low=0, high=1) * (len(found) - 1)
    first = min(int(position), max(0, len(found) - 2))
    share = position - first
    if share in (0, 1):
        return found[first + int(share)]
    mixed, other = copy.deepcopy(found[first]), dict(found[first + 1].named_parameters())
    with torch.no_grad():
        for name, weight in mixed.named_parameters():
            weight.lerp_(other[name].to(weight.device), share)
    return mixed


def place(earth: Earth, latitude: float, longitude: float, *, side: int = PLACE_SIDE) -> Place:
    """The square of ``side`` pixels, 10 km each, around a point in degrees: day, true night, classes, held out or not.

    Raises:
        OptionError: a coordinate or the side is out of range.
    """
    lat = check_number(latitude, "The latitude", low=-90, high=90)
    lon = check_number(longitude, "The longitude", low=-180, high=180)
    size = check_whole(side, "The side", low=SMALLEST_SIDE, high=LARGEST_SIDE)
    tiles = tiles_at(earth, torch.tensor([lat]), torch.tensor([lon]), side=size)
    night = as_image(tiles.night[0])
    return Place(
        latitude=lat,
        longitude=lon,
        day=as_image(tiles.day[0]),
        night=night,
        classes=as_image(painted(tiles.classes)[0]),
        region=held_out(lat, lon),
        is_land=(tiles.classes[0] != WATER).numpy(),
        true_lights=lights_in(night),
    )


def lights_in(night: Image.Image) -> Lights:
    """How much man-made light a night shows, true or painted."""
    pixels = torch.from_numpy(np.asarray(night.convert("RGB")).copy()).permute(2, 0, 1)[None] / 255.0
    found = light(pixels)
    lit = found > LIT
    return Lights(found.mean().item(), lit.float().mean().item(), lit.sum().item() * KM_PER_PIXEL**2)


def as_image(picture: Tensor) -> Image.Image:
    """RGB (3, H, W) in [0, 1] as a picture."""
    return Image.fromarray((picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy())
