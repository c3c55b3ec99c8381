"""No training tile ever touches a held-out continent; places are drawn by area; a batch is its step's alone."""

from __future__ import annotations

import math

import pytest
import torch

from apps.gan.translation import draws as module
from apps.gan.translation.choices import KM_PER_PIXEL, REGIONS
from apps.gan.translation.draws import MARGIN_KM, ZOOM, Draws, distance_to, places
from apps.gan.translation.earth import RADIUS_KM, Earth, Tiles, reach_km, tiles_at

pytestmark = pytest.mark.slow  # trains, paints or starts programs

ROUNDS = 25


@pytest.fixture(scope="module", params=[64, 128])
def draws(request: pytest.FixtureRequest, earth: Earth) -> Draws:
    return Draws(earth, side=request.param)


def test_no_pixel_of_a_training_tile_lies_in_a_held_out_region(draws: Draws, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tiles] = []

    def watched(*args: object, **options: object) -> Tiles:
        seen.append(tiles_at(*args, **options))  # type: ignore[arg-type]
        return seen[-1]

    monkeypatch.setattr(module, "tiles_at", watched)
    for step in range(ROUNDS):
        draws.batch(8, seed=1, step=step)
    lats = torch.cat([tiles.latitude for tiles in seen])
    lons = torch.cat([tiles.longitude for tiles in seen])
    assert len(lats) == 8 * ROUNDS
    for region in REGIONS.values():
        inside = (lats >= region.south) & (lats <= region.north) & (lons >= region.west) & (lons <= region.east)
        assert not inside.any(), region.title


def test_even_the_largest_tile_at_the_nearest_place_keeps_the_margin(draws: Draws) -> None:
    largest = reach_km(draws.side, KM_PER_PIXEL * math.exp(ZOOM))
    for region in REGIONS.values():
        nearest = distance_to(region, draws.latitude, draws.longitude).min().item()
        corner_of_cell = 0.5 * math.sqrt(2) * math.radians(1) * RADIUS_KM
        assert nearest - corner_of_cell - largest >= MARGIN_KM, region.title


def test_the_distance_to_a_region_is_that_to_its_border() -> None:
    region = REGIONS["australia"]
    degree = math.radians(1) * RADIUS_KM
    lat = torch.tensor([region.north + 5, (region.south + region.north) / 2, -20.0], dtype=torch.float64)
    lon = torch.tensor([130.0, 130.0, region.east + 3], dtype=torch.float64)
    found = distance_to(region, lat, lon)
    assert found[0].item() == pytest.approx(5 * degree, rel=1e-3)
    assert found[1] == 0
    assert found[2].item() == pytest.approx(3 * degree * math.cos(math.radians(20)), rel=2e-2)


def test_places_are_drawn_by_their_area(earth: Earth) -> None:
    lat, lon, weight = places(earth, reach_km(64, KM_PER_PIXEL))
    congo, siberia = ((lat == y) & (lon == x) for y, x in ((0.5, 22.5), (58.5, 90.5)))
    assert (weight[siberia] / weight[congo]).item() == pytest.approx(
        math.cos(math.radians(58.5)) / math.cos(math.radians(0.5)), rel=1e-6
    )
    pacific = weight[(lat == 0.5) & (lon == -150.5)]
    assert (pacific / weight[congo]).item() == pytest.approx(1 / 30, rel=1e-6)


def test_a_batch_depends_on_the_seed_and_the_step_alone(draws: Draws) -> None:
    first, again = draws.batch(3, seed=5, step=7), draws.batch(3, seed=5, step=7)
    assert torch.equal(first.day, again.day)
    assert torch.equal(first.night, again.night)
    assert not torch.equal(first.night, draws.batch(3, seed=5, step=8).night)
    assert not torch.equal(first.night, draws.batch(3, seed=6, step=7).night)
    for picture in (first.day, first.night):
        assert picture.shape == (3, 3, draws.side, draws.side)
        assert picture.min() >= -1
        assert picture.max() <= 1


def test_half_of_the_tiles_are_painted(draws: Draws) -> None:
    batches = [draws.batch(8, seed=2, step=step).day[:, :, ::8, ::8] for step in range(ROUNDS * 64 // draws.side)]
    colours = [len(torch.unique(day.flatten(1).T, dim=0)) for batch in batches for day in batch]
    share = sum(n <= 6 for n in colours) / len(colours)
    assert 0.35 < share < 0.65
