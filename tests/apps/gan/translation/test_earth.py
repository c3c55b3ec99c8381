"""Tiles against spherical geometry in closed form, and the bundled maps against places that everybody knows."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from PIL import Image

from apps.gan.translation.choices import CLASSES, held_out
from apps.gan.translation.earth import (
    FILES,
    RADIUS_KM,
    Earth,
    bilinear,
    coordinates,
    light,
    load_earth,
    nearest,
    reach_km,
    tiles_at,
)
from shared.errors import InputError


def distance_km(
    latitude: torch.Tensor, longitude: torch.Tensor, other_latitude: torch.Tensor, other_longitude: torch.Tensor
) -> torch.Tensor:
    """Great-circle distance of points in degrees, by the haversine formula; the arguments broadcast."""
    phi, psi = torch.deg2rad(latitude), torch.deg2rad(other_latitude)
    across = torch.deg2rad(other_longitude - longitude)
    root = ((psi - phi) / 2).sin().square() + phi.cos() * psi.cos() * (across / 2).sin().square()
    return 2 * RADIUS_KM * root.clamp(0, 1).sqrt().asin()


def tile(lat: float, lon: float, *, side: int = 65, km: float = 10.0, heading: float = 0.0, mirrored: bool = False):
    one = [torch.tensor([value], dtype=torch.float64) for value in (lat, lon, km, heading)]
    found = coordinates(
        one[0], one[1], side=side, km_per_pixel=one[2], heading=one[3], mirrored=torch.tensor([mirrored])
    )
    return found[0][0], found[1][0]


@pytest.mark.parametrize(("lat", "lon"), [(0.0, 0.0), (48.0, 2.0), (-70.0, 179.9), (89.9, 10.0)])
def test_every_pixel_is_as_far_from_the_centre_as_the_tile_says(lat: float, lon: float) -> None:
    lats, lons = tile(lat, lon, heading=33)
    step = torch.arange(65, dtype=torch.float64) - 32
    expected = 10 * torch.hypot(step[:, None], step[None, :])
    found = distance_km(torch.tensor(lat), torch.tensor(lon), lats, lons)
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-6)
    assert (lons >= -180).all()
    assert (lons < 180).all()


def test_north_is_up_and_a_heading_turns_the_upper_edge_to_it() -> None:
    degrees = math.degrees(320 / RADIUS_KM)  # 32 pixels of 10 km
    lats, lons = tile(20, 30)
    assert (lats[0, 32], lons[0, 32]) == (pytest.approx(20 + degrees), pytest.approx(30))
    assert lons[32, 64] > 30 > lons[32, 0]  # east is right
    lats, lons = tile(0, 30, heading=90)
    assert (lats[0, 32].item(), lons[0, 32].item()) == (pytest.approx(0, abs=1e-9), pytest.approx(30 + degrees))


def test_a_mirrored_tile_exchanges_left_and_right() -> None:
    plain, mirrored = tile(20, 30, heading=50), tile(20, 30, heading=50, mirrored=True)
    for a, b in zip(plain, mirrored, strict=True):
        torch.testing.assert_close(a.flip(1), b)


def test_tiles_are_equally_wide_at_every_latitude() -> None:
    for lat in (0.0, 45.0, 75.0):
        lats, lons = tile(lat, 0)
        assert distance_km(lats[32, 0], lons[32, 0], lats[32, 64], lons[32, 64]).item() == pytest.approx(640, rel=2e-3)
    assert reach_km(64, 10) == pytest.approx(math.hypot(320, 320))


def test_a_map_is_read_between_its_pixels_and_across_the_date_line() -> None:
    H, W = 90, 180  # pixels of two degrees; the value is the row
    rows = torch.arange(H, dtype=torch.uint8)[:, None, None].expand(H, W, 1).contiguous()
    lats = torch.tensor([89.0, 88.0, 0.0, -89.0, -90.0])
    found = bilinear(rows, lats, torch.zeros(5))[:, 0]
    torch.testing.assert_close(found, torch.tensor([0.0, 0.5, 44.5, 89.0, 89.0]))
    ends = torch.zeros(H, W, 1, dtype=torch.uint8)
    ends[:, 0], ends[:, -1] = 100, 200
    at = torch.tensor([-179.0, 179.0, 180.0, -180.0, 178.0])
    torch.testing.assert_close(
        bilinear(ends, torch.zeros(5), at)[:, 0], torch.tensor([100.0, 200.0, 150.0, 150.0, 100.0])
    )
    assert nearest(ends[..., 0], torch.zeros(3), torch.tensor([-179.4, 179.4, 0.0])).tolist() == [100, 200, 0]


def test_lamps_are_light_and_moonlit_ground_is_not() -> None:
    shades = torch.tensor([[80.0, 49, 36], [13, 40, 75], [0, 0, 0], [55, 47, 45]]) / 120
    found = light(shades[:, :, None, None]).flatten()
    assert found[0] > 0.9
    assert found[1] == found[2] == 0
    assert 0.4 < found[3] < 0.7


@pytest.mark.parametrize(
    ("lat", "lon", "expected"),
    [(23, 10, "desert"), (-5, -63, "forest"), (72, -40, "ice"), (32, 88, "mountains"), (0, -30, "water"),
     (52, 20, "land")],
)  # fmt: skip
def test_well_known_places_have_their_class(earth: Earth, lat: float, lon: float, expected: str) -> None:
    found = nearest(earth.classes, torch.tensor(float(lat)), torch.tensor(float(lon)))
    assert list(CLASSES)[int(found)] == expected


def test_big_cities_are_lit_and_the_desert_is_dark(earth: Earth) -> None:
    lats, lons = torch.tensor([48.9, 40.7, -23.55, 23.0, 0.0]), torch.tensor([2.3, -74.0, -46.6, 10.0, -30.0])
    found = light(tiles_at(earth, lats, lons, side=8).night).mean(dim=(1, 2))
    assert (found[:3] > 0.3).all()
    assert (found[3:] < 0.02).all()


def test_day_and_night_are_of_the_same_place(earth: Earth) -> None:
    """The coast by day is the edge of the night's glow: the sea is darker than the desert, pixel by pixel."""
    tiles = tiles_at(earth, torch.tensor([28.0]), torch.tensor([-12.0]), side=64)  # where the Sahara meets the Atlantic
    water = tiles.classes[0] == 0
    night = tiles.night[0].mean(dim=0)
    assert night[water].mean() < 0.6 * night[tiles.classes[0] == 3].mean()
    brighter = night > (night[water].mean() + night[~water].mean()) / 2
    assert (brighter == ~water).float().mean() > 0.8


def test_held_out_regions_know_their_cities() -> None:
    for lat, lon, title in (
        (-23.5, -46.6, "South America"),
        (-33.9, 151.2, "Australia"),
        (-26.2, 28, "Southern Africa"),
    ):
        region = held_out(lat, lon)
        assert region is not None
        assert region.title == title
    assert held_out(48.9, 2.3) is None


def test_a_missing_or_damaged_map_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"earth-blue-marble.jpg. Found: no such file. Run npm pack three-globe"):
        load_earth(tmp_path)
    for name in FILES.values():
        (tmp_path / name).write_bytes(b"no picture")
    with pytest.raises(InputError, match="cannot identify"):
        load_earth(tmp_path)
    for name, size in zip(FILES.values(), ((64, 32), (32, 16), (16, 8)), strict=True):
        Image.new("RGB", size).save(tmp_path / name)
    with pytest.raises(InputError, match="64 x 32 and 32 x 16"):
        load_earth(tmp_path)
