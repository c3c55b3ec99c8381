"""Training tiles, drawn evenly over the Earth's land and never near a region that is held out.

A place is drawn by area, not by map pixels, with any heading, mirrored or not, and at 8.2 to 12.2 kilometres a pixel:
there are only some 400 tiles of 640 km on all continents, so every one must be seen in many ways. Open sea and ice
sheets, where there is nothing to learn twice, are drawn thirty times less often. Half the tiles are shown as they would
be painted (``classes``); the night to paint is the true one in both cases.

A batch depends on the seed and its step's number alone, so a run that continues sees what it would have seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from apps.gan.translation.choices import KM_PER_PIXEL, REGIONS, Region
from apps.gan.translation.classes import ICE, WATER, painted, rounded
from apps.gan.translation.earth import RADIUS_KM, Earth, nearest, reach_km, tiles_at

MARGIN_KM = 100.0  # between a training tile's corner and a held-out region, at least
ZOOM = math.log(1.22)  # kilometres per pixel vary by at most this factor, on a logarithmic axis
_CELL = 1.0  # degrees of the grid on which places are drawn
_CELL_KM = 80.0  # from a cell's centre to its corner, at most
_RARELY = 1 / 30  # weight of a place without habitable land
_ENOUGH = 0.25  # share of habitable land around a place that gives it full weight
_PAINTED = 0.5  # share of the tiles
_ROUNDINGS = (0.0, 1.5, 3.0, 5.0)  # pixels, of painted borders
_EXPOSURE, _TINT = 0.15, 0.05  # how far a tile's brightness, and that of each colour, may be off


@dataclass(frozen=True)
class Batch:
    """What the networks are given: RGB in [-1, 1]."""

    day: Tensor  # float32 (B, 3, S, S)
    night: Tensor  # float32 (B, 3, S, S)


class Draws:
    """Draws batches of tiles of one size from ``earth``."""

    def __init__(self, earth: Earth, *, side: int) -> None:
        self.earth, self.side = earth, side
        self.latitude, self.longitude, self.weight = places(earth, reach_km(side, KM_PER_PIXEL * math.exp(ZOOM)))

    def batch(self, size: int, *, seed: int, step: int) -> Batch:
        """The ``size`` tiles of step ``step``."""
        random = torch.Generator().manual_seed(mixed_seed(seed, step))
        chosen = torch.multinomial(self.weight, size, replacement=True, generator=random)
        chance = torch.rand(size, 5, generator=random, dtype=torch.float64)
        tiles = tiles_at(
            self.earth,
            self.latitude[chosen] + (chance[:, 0] - 0.5) * _CELL,
            self.longitude[chosen] + (chance[:, 1] - 0.5) * _CELL,
            side=self.side,
            km_per_pixel=KM_PER_PIXEL * torch.exp((2 * chance[:, 2] - 1) * ZOOM),
            heading=360 * chance[:, 3],
            mirrored=chance[:, 4] < 0.5,
        )
        by_hand = torch.rand(size, generator=random) < _PAINTED
        sigma = torch.randint(len(_ROUNDINGS), (size,), generator=random).tolist()
        shades = [painted(rounded(tiles.classes[i : i + 1], _ROUNDINGS[sigma[i]])) for i in range(size)]
        day = torch.where(by_hand[:, None, None, None], torch.cat(shades), tiles.day)
        gain = 1 + _EXPOSURE * (2 * torch.rand(size, 1, 1, 1, generator=random) - 1)
        tint = 1 + _TINT * (2 * torch.rand(size, 3, 1, 1, generator=random) - 1)
        return Batch((day * gain * tint).clamp(0, 1) * 2 - 1, tiles.night * 2 - 1)


def mixed_seed(seed: int, step: int) -> int:
    """One seed for a step of a run. torch's generator reads the lower 32 bits alone, so both must be in these."""
    return (seed * 1_000_003 + step) % 2**32


def places(earth: Earth, reach: float) -> tuple[Tensor, Tensor, Tensor]:
    """Centres of a grid's cells and how often each is drawn: degrees, degrees and weights, float64 (N,) each.

    Args:
        earth: the maps.
        reach: kilometres from a tile's centre to its corner; where that comes near a held-out region the weight is 0.
    """
    lat = torch.arange(-90 + _CELL / 2, 90, _CELL, dtype=torch.float64)
    lon = torch.arange(-180 + _CELL / 2, 180, _CELL, dtype=torch.float64)
    lat, lon = (grid.flatten() for grid in torch.meshgrid(lat, lon, indexing="ij"))
    habitable = _habitable(earth, lat, lon)
    weight = torch.deg2rad(lat).cos() * (_RARELY + (1 - _RARELY) * (habitable / _ENOUGH).clamp(0, 1))
    for region in REGIONS.values():
        weight[distance_to(region, lat, lon) < reach + MARGIN_KM + _CELL_KM] = 0.0
    kept = weight > 0
    return lat[kept], lon[kept], weight[kept]


def distance_to(region: Region, latitude: Tensor, longitude: Tensor) -> Tensor:
    """Kilometres from points in degrees (N,) to the box, 0 inside; its border is taken at every half degree."""
    south_north = torch.linspace(region.south, region.north, int(2 * (region.north - region.south)) + 1).double()
    west_east = torch.linspace(region.west, region.east, int(2 * (region.east - region.west)) + 1).double()
    border_lat = torch.cat((south_north, south_north, *(torch.full_like(west_east, lat)
                                                        for lat in (region.south, region.north))))  # fmt: skip
    border_lon = torch.cat((*(torch.full_like(south_north, lon) for lon in (region.west, region.east)),
                            west_east, west_east))  # fmt: skip
    cosine = (_directions(latitude, longitude) @ _directions(border_lat, border_lon).T).amax(dim=1)
    least = RADIUS_KM * cosine.clamp(-1, 1).acos()
    inside = (latitude >= region.south) & (latitude <= region.north)
    inside &= (longitude >= region.west) & (longitude <= region.east)
    return least.masked_fill(inside, 0.0)


def _directions(latitude: Tensor, longitude: Tensor) -> Tensor:
    """Unit vectors (N, 3) of points in degrees (N,)."""
    phi, lam = torch.deg2rad(latitude), torch.deg2rad(longitude)
    return torch.stack((phi.cos() * lam.cos(), phi.cos() * lam.sin(), phi.sin()), dim=1)


def _habitable(earth: Earth, latitude: Tensor, longitude: Tensor) -> Tensor:
    """Share of land free of ice among 5 x 5 points within two degrees of each centre."""
    shares = torch.zeros_like(latitude)
    offsets = torch.linspace(-2, 2, 5, dtype=torch.float64)
    for north in offsets:
        for east in offsets:
            lat = (latitude + north).clamp(-90, 90)
            found = nearest(earth.classes, lat, longitude + east / torch.deg2rad(lat).cos().clamp_min(0.2))
            shares += ((found != WATER) & (found != ICE)).double() / 25
    return shares
