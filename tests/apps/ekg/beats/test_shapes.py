"""What beats of one QRS shape have in common, against closed forms."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from apps.ekg.beats.shapes import EVERY_BEAT, SHARED_FEATURES, shapes_of, shared_features
from apps.ekg.beats.windows import MARGIN, PEAK, WINDOW, Array

_T = np.arange(WINDOW + 2 * MARGIN) - PEAK
_NARROW = np.exp(-0.5 * (_T / 2.5) ** 2)
_WIDE = -0.8 * np.exp(-0.5 * ((_T - 3) / 7.0) ** 2)


def _two_shapes(wide: npt.NDArray[np.bool_]) -> Array:
    return np.where(wide[:, None], _WIDE, _NARROW).astype(np.float32)


def test_beats_of_one_shape_share_their_means() -> None:
    wide = np.arange(200) % 10 < 3
    own = np.stack([np.where(wide, -0.4, 0.02), np.where(wide, 0.3, 0.0), np.where(wide, 0.1, 0.9), wide], axis=1)
    shapes = shapes_of(_two_shapes(wide), np.ones(200, bool))
    found = shared_features(shapes.weights(0, 200), own.astype(np.float32), own[shapes.chosen].astype(np.float32))
    rows = {name: found[:, place] for place, name in enumerate(SHARED_FEATURES)}
    share = np.where(wide, 60, 140)
    np.testing.assert_allclose(rows["share of the beats"], np.log((share + 0.5) / 200) / 3 + EVERY_BEAT, atol=1e-3)
    for name, column in zip(SHARED_FEATURES[1:5], own.T, strict=True):
        np.testing.assert_allclose(rows[name], column, atol=1e-3)
    np.testing.assert_allclose(rows["RR / usual interval, less the mean"], 0, atol=1e-3)
    np.testing.assert_allclose(rows["spread of RR / usual interval"], 0, atol=0.05)


def test_likeness_falls_with_the_distance_against_the_mean_power() -> None:
    heights = np.array([0.08, 0.1, 0.12, 1.0, 1.3])
    shapes = shapes_of((heights[:, None] * _NARROW).astype(np.float32), np.ones(5, bool))
    own = shapes.compared[3].astype(np.float64)
    power = (own**2).sum()
    squared, mean = power * (heights[:, None] - heights) ** 2, power * (heights[:, None] ** 2 + heights**2) / 2
    np.testing.assert_allclose(shapes.weights(0, 5), np.exp(-squared / (mean + 0.05) / 0.06), atol=1e-4)


def test_the_spread_is_the_standard_deviation() -> None:
    early = np.random.default_rng(0).normal(-0.3, 0.1, 400).astype(np.float32)
    own = np.stack([early, 0 * early, 0 * early, 0 * early], axis=1)
    shapes = shapes_of(_two_shapes(np.zeros(400, bool)), np.ones(400, bool))
    found = shared_features(shapes.weights(0, 400), own, own[shapes.chosen])
    np.testing.assert_allclose(found[:, -1] / 3, early.std(), rtol=0.05)


def test_a_part_is_a_part_of_all_and_unusable_beats_are_not_compared_with() -> None:
    wide = np.random.default_rng(1).random(90) < 0.4
    shapes = shapes_of(_two_shapes(wide), ~wide)
    assert not wide[shapes.chosen].any()
    weights = shapes.weights(0, 90)
    np.testing.assert_allclose(shapes.weights(11, 29), weights[11:29], atol=1e-5)
    assert weights[wide].max() < 0.01 < 0.9 < weights[~wide].min()
    none = shapes_of(_two_shapes(wide), np.zeros(90, bool))
    own = np.ones((90, 4), np.float32)
    assert np.isfinite(shared_features(none.weights(0, 90), own, own[none.chosen])).all()


def test_a_mark_may_be_three_samples_off_either_way() -> None:
    moved = np.stack([np.exp(-0.5 * ((_T - off) / 2.5) ** 2) for off in (0, -3, 3, -7, 7)]).astype(np.float32)
    early, late, too_early, too_late = shapes_of(moved, np.arange(5) == 0).weights(1, 5)[:, 0]
    assert min(early, late) > 0.99
    assert max(too_early, too_late) < 0.1
