"""Occlusion: a stand-in encoder whose eyes are known."""

from __future__ import annotations

import numpy as np
import pytest

from apps.face.encoding import saliency
from shared.errors import InputError, OptionError

SIDE = 150


def corner(chips: list[np.ndarray]) -> np.ndarray:
    """An encoder that sees nothing but the mean of the top left and of the bottom right corner."""
    means = [(chip[:30, :30].mean(), chip[-30:, -30:].mean()) for chip in chips]
    return np.array(means, np.float32) / 255


def test_only_the_places_that_the_encoder_sees_matter() -> None:
    chip = np.full((SIDE, SIDE, 3), 250, np.uint8)
    other = corner([chip])[0] + np.array([0.0, -0.5], np.float32)  # alike in the top left, different bottom right
    steps = list(saliency.occlude(chip, other, corner, colour=(100, 100, 100), places=5))
    assert [step.rows for step in steps] == [1, 2, 3, 4, 5]
    assert np.isnan(steps[0].importance[1:]).all()
    assert steps[-1].done
    last = steps[-1].importance
    assert last[0, 0] == last.max() > 0.2  # hiding what is alike drives them apart
    assert last[-1, -1] == last.min() < -0.2  # hiding what differs brings them nearer
    assert np.abs(last[2, 2]) < 1e-9
    assert steps[-1].d_squared == pytest.approx(0.25, abs=1e-6)


def test_the_squares_reach_every_pixel_and_leave_the_chip_alone() -> None:
    chip = np.zeros((SIDE, SIDE, 3), np.uint8)
    seen = np.zeros((SIDE, SIDE), bool)
    for y in saliency.centres(SIDE, 11):
        for x in saliency.centres(SIDE, 11):
            seen |= saliency.covered(chip, x, y, (9, 9, 9))[..., 0] == 9
    assert seen.all()
    assert not chip.any()


def test_the_overlay_is_green_where_alike_and_orange_where_not() -> None:
    chip = np.full((SIDE, SIDE, 3), 128, np.uint8)
    importance = np.zeros((5, 5))
    importance[0, 0], importance[4, 4] = 1.0, -1.0
    picture = saliency.overlay(chip, importance, side=100).astype(int)
    assert picture.shape == (100, 100, 3)
    red, green, _ = picture[5, 5]
    assert green > red + 60
    red, green, _ = picture[-5, -5]
    assert red > green + 60
    assert np.ptp(picture[50, 50]) < 12
    assert (saliency.overlay(chip, np.full((5, 5), np.nan), side=20) == 128).all()


def test_what_cannot_be_mapped_is_refused() -> None:
    chip = np.zeros((SIDE, SIDE, 3), np.uint8)
    with pytest.raises(OptionError, match="places"):
        next(saliency.occlude(chip, np.zeros(2), corner, colour=(0, 0, 0), places=1))
    with pytest.raises(InputError, match="of one length"):
        next(saliency.occlude(chip, np.zeros(3), corner, colour=(0, 0, 0)))
