"""Blocks cover the land of their regions once and nothing else; trivial answers answer what they say."""

from __future__ import annotations

import pytest
import torch

from apps.gan.translation.blocks import (
    COUNTED,
    PATCH,
    SIDE,
    Blocks,
    blocks,
    middle,
    nearest_nights,
    network_method,
    trivial_methods,
)
from apps.gan.translation.choices import CLASSES, KM_PER_PIXEL, REGIONS
from apps.gan.translation.classes import WATER
from apps.gan.translation.earth import Earth
from apps.gan.translation.evaluate import INPUTS, Report, Row, evaluate
from apps.gan.translation.networks import UNet
from apps.gan.translation.quality import FIGURES
from apps.gan.translation.translate import translated

pytestmark = pytest.mark.slow  # trains, paints or starts programs


@pytest.mark.parametrize("use", ["test", "validation"])
def test_every_counted_pixel_is_land_inside_a_region_of_that_use(
    held_out: Blocks, validation: Blocks, use: str
) -> None:
    found = held_out if use == "test" else validation
    lat, lon = middle(found.tiles.latitude), middle(found.tiles.longitude)
    titles = {region.title: region for region in REGIONS.values() if region.use == use}
    assert set(found.region) == set(titles)
    for number, title in enumerate(found.region):
        region, keep = titles[title], found.counted[number]
        assert keep.any()
        assert not (middle(found.tiles.classes)[number][keep] == WATER).any()
        for value, low, high in ((lat, region.south, region.north), (lon, region.west, region.east)):
            assert value[number][keep].min() >= low
            assert value[number][keep].max() <= high


def test_blocks_cover_australia_once(held_out: Blocks) -> None:
    """7.7 million square kilometres, Tasmania included; a block may overlap its neighbour a little."""
    found = held_out
    own = torch.tensor([title == "Australia" for title in found.region])
    assert found.counted[own].sum().item() * KM_PER_PIXEL**2 == pytest.approx(7.7e6, rel=0.15)


def test_painted_blocks_show_brushes_only(earth: Earth) -> None:
    day = blocks(earth, "validation", by_hand=True).tiles.day
    colours = torch.unique(day.permute(0, 2, 3, 1).flatten(0, 2)[::97], dim=0)
    brushes = {kind.colour for kind in CLASSES.values()}
    assert {tuple((colour * 255).round().int().tolist()) for colour in colours} <= brushes


def test_the_nearest_patch_is_found_in_any_position() -> None:
    torch.manual_seed(0)
    bank_day, bank_night = torch.rand(20, 3, PATCH, PATCH), torch.rand(20, 3, PATCH, PATCH)
    day, night = torch.zeros(1, 3, COUNTED, COUNTED), torch.zeros(1, 3, COUNTED, COUNTED)
    for row in range(2):
        for column in range(2):
            place = (0, slice(None), slice(row * PATCH, (row + 1) * PATCH), slice(column * PATCH, (column + 1) * PATCH))
            pick = 3 * row + column
            day[place] = torch.rot90(bank_day[pick].flip(2), row, dims=(1, 2))
            night[place] = torch.rot90(bank_night[pick].flip(2), row, dims=(1, 2))
    assert torch.equal(nearest_nights(day, bank_day, bank_night), night)


def test_trivial_answers(earth: Earth, validation: Blocks) -> None:
    found = validation
    methods = trivial_methods(earth, bank=300)
    nights = {name: method(found.tiles.day, found) for name, method in methods.items()}
    for night in nights.values():
        assert night.shape == found.truth.shape
    assert not nights["all dark"].any()
    assert torch.equal(nights["mean"].amax(dim=(0, 2, 3)), nights["mean"].amin(dim=(0, 2, 3)))
    desert, sea = (middle(found.tiles.classes) == kind for kind in (3, WATER))
    blue = nights["mean by class"][:, 2]
    assert blue[desert].min() == blue[desert].max() > blue[sea].max()


def test_a_network_sees_the_surroundings_and_answers_for_the_middle(validation: Blocks, network: UNet) -> None:
    found = validation
    expected = translated(network, found.tiles.day[:16])
    edge = (SIDE - COUNTED) // 2
    night = network_method(network)(found.tiles.day, found)
    torch.testing.assert_close(night[:16], expected[..., edge:-edge, edge:-edge], atol=1e-5, rtol=1e-4)


@pytest.mark.usefixtures("small_bank")
def test_a_report_has_every_method_on_every_input(earth: Earth, validation: Blocks, network: UNet) -> None:
    *rows, report = evaluate(earth, {"both": network}, use="validation", command="typed")
    assert isinstance(report, Report)
    assert all(isinstance(row, Row) for row in rows)
    told = report.as_json()
    photo = [row["method"] for row in told["rows"] if row["input"] == "photo"]
    assert photo == ["both", "all dark", "mean", "mean by class", "nearest patch"]
    assert [row["method"] for row in told["rows"] if row["input"] == "painted"] == ["both"]
    assert told["command"] == "typed"
    assert set(told["inputs"]) == set(INPUTS)
    assert told["n_pixels"] == int(validation.counted.sum())
    for row in told["rows"]:
        assert set(FIGURES) <= set(row)
        assert list(row["by_region"]) == ["Southern Africa"]
        assert row["by_region"]["Southern Africa"]["l1"] == row["l1"]  # the only region
