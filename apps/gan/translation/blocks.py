"""Blocks of land where no network has ever been, and answers that cost nothing to compare the networks with.

The land of the held-out regions is cut into blocks of 600 km. A block is translated within its surroundings (1,280 km);
its pixels on land, inside the region, are what counts (``quality``). Trivial answers: all dark, the mean night of the
training land, the mean by class of land, and the night of the training patch that is nearest by day.

Axis letters: N blocks, M patches of the bank.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from apps.gan.translation.choices import CLASSES, KM_PER_PIXEL, REGIONS, Region
from apps.gan.translation.classes import WATER, painted, rounded
from apps.gan.translation.draws import places
from apps.gan.translation.earth import Earth, Tiles, reach_km, tiles_at
from apps.gan.translation.networks import UNet
from apps.gan.translation.translate import translated

SIDE = 128  # pixels that a network sees of a block and its surroundings
COUNTED = 60  # pixels of the block itself
LEAST_LAND = 0.1  # of a block's pixels; others are left out
PATCH = 30  # pixels of a nearest patch
_BANK = 6_000  # training patches, each in eight positions
_ROUNDING = 1.5  # pixels, of the borders of a painted region
_SLICE = 16  # blocks translated at once
Method = Callable[[Tensor, "Blocks"], Tensor]  # days (N, 3, SIDE, SIDE) -> nights (N, 3, COUNTED, COUNTED), 0..1
Use = Literal["test", "validation"]


@dataclass(frozen=True)
class Blocks:
    """The blocks of some regions."""

    tiles: Tiles  # N of SIDE pixels
    counted: Tensor  # bool (N, COUNTED, COUNTED): land inside the region
    region: tuple[str, ...]  # title, per block

    def __len__(self) -> int:
        return len(self.region)

    @property
    def truth(self) -> Tensor:
        """The true nights of the blocks themselves (N, 3, COUNTED, COUNTED), 0..1."""
        return middle(self.tiles.night)


def middle(pictures: Tensor) -> Tensor:
    """The central COUNTED pixels of (..., SIDE, SIDE)."""
    edge = (SIDE - COUNTED) // 2
    return pictures[..., edge : edge + COUNTED, edge : edge + COUNTED]


def blocks(earth: Earth, use: Use, *, by_hand: bool = False) -> Blocks:
    """The blocks of the regions of ``use`` that hold land; painted as a visitor would where ``by_hand``."""
    names, lats, lons = [], [], []
    for region in REGIONS.values():
        if region.use == use:
            for lat, lon in _centres(region):
                names.append(region)
                lats.append(lat)
                lons.append(lon)
    tiles = tiles_at(earth, torch.tensor(lats).double(), torch.tensor(lons).double(), side=SIDE)
    inside = torch.stack([_inside(region, tiles.latitude[i], tiles.longitude[i]) for i, region in enumerate(names)])
    counted = middle(inside & (tiles.classes != WATER))
    kept = counted.float().mean(dim=(1, 2)) >= LEAST_LAND
    day = painted(rounded(tiles.classes, _ROUNDING)) if by_hand else tiles.day
    tiles = Tiles(day[kept], tiles.night[kept], tiles.classes[kept], tiles.latitude[kept], tiles.longitude[kept])
    return Blocks(tiles, counted[kept], tuple(names[i].title for i in kept.nonzero().flatten().tolist()))


def _centres(region: Region) -> Iterator[tuple[float, float]]:
    """Centres of blocks of COUNTED pixels that cover the region, in degrees; neighbours touch as nearly as may be."""
    step = COUNTED * KM_PER_PIXEL / 111.2  # degrees of latitude
    rows = round((region.north - region.south) / step)
    for row in range(rows):
        lat = region.south + (row + 0.5) * (region.north - region.south) / rows
        columns = round((region.east - region.west) * math.cos(math.radians(lat)) / step)
        for column in range(columns):
            yield lat, region.west + (column + 0.5) * (region.east - region.west) / columns


def _inside(region: Region, latitude: Tensor, longitude: Tensor) -> Tensor:
    return (
        (latitude >= region.south)
        & (latitude <= region.north)
        & (longitude >= region.west)
        & (longitude <= region.east)
    )


def network_method(model: UNet) -> Method:
    """The nights that ``model`` paints."""

    def paint(day: Tensor, _: Blocks) -> Tensor:
        return torch.cat([middle(translated(model, part)) for part in day.split(_SLICE)])

    return paint


def trivial_methods(earth: Earth, *, seed: int = 0, bank: int = _BANK) -> dict[str, Method]:
    """The answers that cost nothing, by name, from tiles of the training land."""
    land = _training_land(earth, seed=seed, count=bank)
    night, classes = land.night.permute(0, 2, 3, 1), land.classes
    on_land = classes != WATER
    mean = night[on_land].mean(dim=0)
    by_class = torch.stack([night[classes == k].mean(dim=0) if (classes == k).any() else mean
                            for k in range(len(CLASSES))])  # fmt: skip

    def dark(day: Tensor, _: Blocks) -> Tensor:
        return torch.zeros_like(middle(day))

    def constant(day: Tensor, _: Blocks) -> Tensor:
        return torch.zeros_like(middle(day)) + mean[None, :, None, None]

    def per_class(_: Tensor, found: Blocks) -> Tensor:
        return by_class[middle(found.tiles.classes)].permute(0, 3, 1, 2)

    def nearest_patch(day: Tensor, _: Blocks) -> Tensor:
        return nearest_nights(middle(day), land.day, land.night)

    return {"all dark": dark, "mean": constant, "mean by class": per_class, "nearest patch": nearest_patch}


def _training_land(earth: Earth, *, seed: int, count: int) -> Tiles:
    """Patches of PATCH pixels where training tiles may lie, drawn as those are, north up."""
    random = torch.Generator().manual_seed(seed)
    lat, lon, weight = places(earth, reach_km(PATCH, KM_PER_PIXEL))
    chosen = torch.multinomial(weight, count, replacement=True, generator=random)
    shift = torch.rand(2, count, generator=random, dtype=torch.float64) - 0.5
    return tiles_at(earth, lat[chosen] + shift[0], lon[chosen] + shift[1], side=PATCH)


def nearest_nights(day: Tensor, bank_day: Tensor, bank_night: Tensor) -> Tensor:
    """For each PATCH of days (N, 3, COUNTED, COUNTED) the night of the nearest of the bank (M, 3, PATCH, PATCH).

    The bank is tried in its eight positions; nearness is the distance of the days shrunk to a fifth.
    """
    N, across = len(day), COUNTED // PATCH
    pieces = day.unfold(2, PATCH, PATCH).unfold(3, PATCH, PATCH)  # (N, 3, across, across, PATCH, PATCH)
    pieces = pieces.permute(0, 2, 3, 1, 4, 5).reshape(-1, 3, PATCH, PATCH)
    wanted = F.avg_pool2d(pieces, 5).flatten(1)
    best, chosen = torch.full((len(wanted),), torch.inf), torch.zeros_like(pieces)
    for turns in range(8):
        far, index = torch.cdist(wanted, F.avg_pool2d(_turned(bank_day, turns), 5).flatten(1)).min(dim=1)
        closer = far < best
        chosen[closer] = _turned(bank_night, turns)[index[closer]]
        best = torch.minimum(best, far)
    rows = chosen.view(N, across, across, 3, PATCH, PATCH).permute(0, 3, 1, 4, 2, 5)
    return rows.reshape(N, 3, COUNTED, COUNTED)


def _turned(pictures: Tensor, turns: int) -> Tensor:
    """One of the eight positions of a square."""
    return torch.rot90(pictures if turns < 4 else pictures.flip(3), turns % 4, dims=(2, 3))
