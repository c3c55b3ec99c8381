"""The Earth by day and by night as two aligned maps, and square tiles cut out of them without distortion.

The maps are equirectangular: a degree of longitude has as many pixels at 70 degrees north as at the equator, though it
is only a third as long. A tile is therefore never a crop of the map. It is laid on the sphere in the azimuthal
equidistant projection around its centre (Snyder 1987, equations 20-14 and 20-15): every pixel is the same number of
kilometres wide at every latitude, and a tile may face any way. Over the 1,280 km of a training tile the projection
stretches by less than 0.2 %.

Axis letters: B tiles, S pixels of a tile's side, H W pixels of a map.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from apps.gan.translation.choices import KM_PER_PIXEL
from apps.gan.translation.classes import class_map
from shared.errors import InputError

RADIUS_KM = 6371.0  # of a sphere with the Earth's volume
FILES = {"day": "earth-blue-marble.jpg", "night": "earth-night.jpg", "height": "earth-topology.png"}
BUNDLED = Path(__file__).resolve().parents[1] / "samples" / "earth"
NIGHT_WHITE = 120.0  # grey level of the night map that is shown as white: 99.99 % of its pixels are darker
_AT_ONCE = 2**17  # pixels: what they take fits the cache; in one go a hundred tiles take three times as long
_SUBPIXELS = 2  # along each axis: towards the poles a tile's pixel covers several of the map's


@dataclass(frozen=True)
class Earth:
    """The maps, on the CPU."""

    day_night: Tensor  # uint8 (H, W, 6): RGB by day, RGB by night
    classes: Tensor  # uint8 (h, w): indices into ``choices.CLASSES``


@dataclass(frozen=True)
class Tiles:
    """Aligned tiles of the same places."""

    day: Tensor  # float32 (B, 3, S, S), 0..1
    night: Tensor  # float32 (B, 3, S, S), 0..1, brightened: ``NIGHT_WHITE`` is 1
    classes: Tensor  # int64 (B, S, S)
    latitude: Tensor  # degrees (B, S, S), of the pixels' centres
    longitude: Tensor  # degrees (B, S, S), -180..180


def load_earth(folder: Path = BUNDLED) -> Earth:
    """The Earth from the three files of ``folder``, as the npm package three-globe has them in ``example/img``.

    Raises:
        InputError: a file is missing or is no picture, or day and night differ in size.
    """
    day, night = _read(folder / FILES["day"], "RGB"), _read(folder / FILES["night"], "RGB")
    height = _read(folder / FILES["height"], "L")
    if day.size != night.size or day.width != 2 * day.height:
        raise InputError(
            "maps of day and night of one size, twice as wide as high",
            f"{day.width} x {day.height} and {night.width} x {night.height} pixels",
            "Take both from the same package.",
        )
    both = np.concatenate((np.asarray(day), np.asarray(night)), axis=2)
    small = np.asarray(day.resize(height.size, Image.Resampling.BOX))
    classes = class_map(torch.from_numpy(small.copy()), torch.from_numpy(np.asarray(height).copy()))
    return Earth(torch.from_numpy(both), classes)


@functools.cache
def bundled_earth() -> Earth:
    """The bundled Earth, 52 MB, read once in the life of the program."""
    return load_earth()


def _read(path: Path, mode: str) -> Image.Image:
    try:
        with Image.open(path, formats=("JPEG", "PNG")) as image:
            return image.convert(mode)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        found = "no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise InputError(
            f"{path}",
            found,
            "Run npm pack three-globe, unpack it, and give its folder package/example/img as --data.",
        ) from error


def coordinates(
    latitude: Tensor, longitude: Tensor, *, side: int, km_per_pixel: Tensor, heading: Tensor, mirrored: Tensor
) -> tuple[Tensor, Tensor]:
    """Latitude and longitude, in degrees, of every pixel's centre: float64 (B, S, S) each.

    Args:
        latitude: of the tiles' centres, degrees (B,).
        longitude: of the tiles' centres, degrees (B,).
        side: S.
        km_per_pixel: (B,).
        heading: degrees clockwise from north that a tile's upper edge faces, (B,).
        mirrored: bool (B,), left and right exchanged.
    """
    step = torch.arange(side, dtype=torch.float64) - (side - 1) / 2
    y, x = torch.meshgrid(-step, step, indexing="ij")  # up and to the right, pixels
    scale, turn = km_per_pixel.double()[:, None, None], torch.deg2rad(heading.double())[:, None, None]
    x = torch.where(mirrored[:, None, None], -x, x) * scale
    y = y * scale
    east, north = x * turn.cos() + y * turn.sin(), y * turn.cos() - x * turn.sin()  # km (B, S, S)
    distance = torch.hypot(east, north)
    arc = distance / RADIUS_KM
    away = torch.where(distance > 0, arc.sin() / distance.clamp_min(1e-9), 1 / RADIUS_KM)
    phi = torch.deg2rad(latitude.double())[:, None, None]
    lat = (arc.cos() * phi.sin() + north * away * phi.cos()).clamp(-1, 1).asin()
    turned = torch.atan2(east * away, phi.cos() * arc.cos() - north * away * phi.sin())
    lon = torch.rad2deg(turned) + longitude.double()[:, None, None]
    return torch.rad2deg(lat), (lon + 180) % 360 - 180


def tiles_at(earth: Earth, latitude: Tensor, longitude: Tensor, *, side: int,
             km_per_pixel: Tensor | float = KM_PER_PIXEL, heading: Tensor | float = 0.0,
             mirrored: Tensor | bool = False) -> Tiles:  # fmt: skip
    """Tiles around the given centres, degrees (B,); the rest as in ``coordinates``, one value for all or (B,)."""
    B = len(latitude)
    scale = torch.as_tensor(km_per_pixel, dtype=torch.float64).expand(B)
    turn, flip = torch.as_tensor(heading, dtype=torch.float64).expand(B), torch.as_tensor(mirrored).expand(B)
    each = zip(
        *(part.split(max(1, _AT_ONCE // side**2)) for part in (latitude, longitude, scale, turn, flip)), strict=True
    )
    made = [_sampled(earth, *some, side=side) for some in each]
    return made[0] if len(made) == 1 else Tiles(*(torch.cat(parts) for parts in zip(*map(_fields, made), strict=True)))


def _sampled(
    earth: Earth, latitude: Tensor, longitude: Tensor, scale: Tensor, turn: Tensor, flip: Tensor, *, side: int
) -> Tiles:
    fine = coordinates(
        latitude, longitude, side=side * _SUBPIXELS, km_per_pixel=scale / _SUBPIXELS, heading=turn, mirrored=flip
    )
    colours = bilinear(earth.day_night, *fine)  # (B, 2 S, 2 S, 6)
    colours = colours.unflatten(2, (side, _SUBPIXELS)).unflatten(1, (side, _SUBPIXELS)).mean(dim=(2, 4))
    pictures = colours.permute(0, 3, 1, 2)  # (B, 6, S, S)
    lat, lon = coordinates(latitude, longitude, side=side, km_per_pixel=scale, heading=turn, mirrored=flip)
    return Tiles(
        day=pictures[:, :3] / 255.0,
        night=(pictures[:, 3:] / NIGHT_WHITE).clamp(0, 1),
        classes=nearest(earth.classes, lat, lon).long(),
        latitude=lat,
        longitude=lon,
    )


def _fields(tiles: Tiles) -> tuple[Tensor, ...]:
    return tiles.day, tiles.night, tiles.classes, tiles.latitude, tiles.longitude


def bilinear(picture: Tensor, latitude: Tensor, longitude: Tensor) -> Tensor:
    """An equirectangular map uint8 (H, W, C) read at points in degrees (...): float32 (..., C), its own range."""
    H, W, _ = picture.shape
    column, row = _on_map(latitude, longitude, H, W)
    left, top = column.floor(), row.floor()
    right_share, low_share = (column - left).float()[..., None], (row - top).float()[..., None]
    x0, y0 = left.long() % W, top.long().clamp(0, H - 1)
    x1, y1 = (x0 + 1) % W, (top.long() + 1).clamp(0, H - 1)
    flat = picture.flatten(0, 1)
    upper = torch.lerp(_taken(flat, y0 * W + x0), _taken(flat, y0 * W + x1), right_share)
    lower = torch.lerp(_taken(flat, y1 * W + x0), _taken(flat, y1 * W + x1), right_share)
    return torch.lerp(upper, lower, low_share)


def nearest(picture: Tensor, latitude: Tensor, longitude: Tensor) -> Tensor:
    """A map (H, W) read at points in degrees (...) without mixing neighbours: its own type (...)."""
    H, W = picture.shape
    column, row = _on_map(latitude, longitude, H, W)
    x, y = column.round().long() % W, row.round().long().clamp(0, H - 1)
    return picture.flatten()[y * W + x]


def reach_km(side: int, km_per_pixel: float) -> float:
    """From the centre of a tile to its corner."""
    return side * km_per_pixel / math.sqrt(2)


def light(night: Tensor) -> Tensor:
    """Man-made light in a brightened night picture (B, 3, S, S), 0..1: (B, S, S), 0..1.

    The map's moonlit ground and sea are blue: their red is under 0.3 of their blue. What is redder than that is lamps.
    """
    red, blue = night[:, 0] * NIGHT_WHITE, night[:, 2] * NIGHT_WHITE
    return ((red - 0.3 * blue - 4.0) / 70.0).clamp(0, 1)


def _on_map(latitude: Tensor, longitude: Tensor, H: int, W: int) -> tuple[Tensor, Tensor]:
    """Column and row, pixels' centres at whole numbers."""
    return (longitude + 180) / 360 * W - 0.5, (90 - latitude) / 180 * H - 0.5


def _taken(flat: Tensor, index: Tensor) -> Tensor:
    return flat.index_select(0, index.flatten()).view(*index.shape, -1).float()
