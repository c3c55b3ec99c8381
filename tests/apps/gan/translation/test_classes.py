"""Classes of land: the rules on colours made for them, brushes there and back, and rounding."""

from __future__ import annotations

import pytest
import torch

from apps.gan.translation.choices import CLASSES
from apps.gan.translation.classes import (
    DESERT,
    FOREST,
    ICE,
    LAND,
    MOUNTAINS,
    WATER,
    class_map,
    classes_of,
    painted,
    rounded,
)
from apps.gan.translation.translate import as_image


@pytest.mark.parametrize(
    ("colour", "expected"),
    [((10, 30, 80), WATER), ((2, 5, 20), WATER), ((20, 40, 10), FOREST), ((90, 100, 60), LAND), ((60, 50, 40), LAND),
     ((200, 170, 120), DESERT), ((120, 100, 70), DESERT), ((240, 240, 240), ICE)],
)  # fmt: skip
def test_a_colour_by_day_is_a_class(colour: tuple[int, int, int], expected: int) -> None:
    day = torch.tensor(colour, dtype=torch.uint8).expand(9, 9, 3)
    assert set(class_map(day, torch.zeros(9, 9, dtype=torch.uint8)).flatten().tolist()) == {expected}


def test_high_or_rugged_ground_is_mountains_but_a_lake_or_a_glacier_on_it_is_not() -> None:
    day = torch.tensor((90, 100, 60), dtype=torch.uint8).repeat(9, 9, 1)
    day[0, 0], day[8, 8] = torch.tensor((10, 30, 80)), torch.tensor((240, 240, 240))
    found = class_map(day, torch.full((9, 9), 120, dtype=torch.uint8))
    assert (found[0, 0], found[8, 8], found[4, 4]) == (WATER, ICE, MOUNTAINS)
    rugged = torch.zeros(9, 9, dtype=torch.uint8)
    rugged[::2] = 60
    assert class_map(day, rugged)[4, 4] == MOUNTAINS


def test_brushes_come_back_from_their_colours() -> None:
    every = torch.arange(len(CLASSES)).repeat(8, 4)[None]
    assert torch.equal(classes_of(as_image(painted(every)[0])), every[0])


def test_a_colour_between_brushes_becomes_the_nearer_one() -> None:
    sea, ice = (torch.tensor(CLASSES[name].colour) / 255.0 for name in ("water", "ice"))
    for share, expected in ((0.1, WATER), (0.95, ICE)):
        mixed = torch.lerp(sea, ice, share)[:, None, None].expand(3, 4, 4)
        assert set(classes_of(as_image(mixed)).flatten().tolist()) == {expected}


def test_rounding_keeps_straight_coasts_and_takes_specks_away() -> None:
    half = torch.zeros(1, 32, 32, dtype=torch.int64)
    half[:, :, 16:] = DESERT
    assert torch.equal(rounded(half, 0.0), half)
    assert torch.equal(rounded(half, 3.0), half)
    speck = torch.zeros(1, 32, 32, dtype=torch.int64)
    speck[0, 10, 10] = ICE
    assert not rounded(speck, 1.5).any()
    corner = torch.zeros(1, 33, 33, dtype=torch.int64)
    corner[:, :16, :16] = LAND
    found = rounded(corner, 3.0)
    assert found[0, 15, 15] == WATER  # the corner's tip goes
    assert torch.equal(found[0], found[0].T)
