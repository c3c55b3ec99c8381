"""Pooling by shape: what it corrects, what it leaves alone, and that a day's beats take bounded memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import numpy.typing as npt

from apps.ekg.beats.windows import MARGIN, PEAK, WINDOW, Array
from apps.ekg.network.pooling import pooled

_T = np.arange(WINDOW + 2 * MARGIN) - PEAK
NARROW = np.exp(-0.5 * (_T / 2.5) ** 2)
WIDE = -0.8 * np.exp(-0.5 * ((_T - 3) / 7.0) ** 2)


def _windows(shapes: npt.NDArray[np.int64], seed: int = 0) -> Array:
    """One beat per number: 0 narrow, 1 wide; noise, and marks a sample off."""
    random = np.random.default_rng(seed)
    shown = np.where(shapes[:, None] == 1, WIDE, NARROW) + 0.03 * random.standard_normal((len(shapes), len(_T)))
    moved = [np.roll(row, shift) for row, shift in zip(shown, random.integers(-1, 2, len(shapes)), strict=True)]
    return np.asarray(moved, np.float32)


def _probabilities(ventricular: npt.NDArray[np.float64]) -> Array:
    rest = 1 - ventricular
    return np.stack([0.7 * rest, 0.3 * rest, 0.9 * ventricular, 0.1 * ventricular], axis=1).astype(np.float32)


def test_the_odd_answers_of_one_shape_follow_the_others() -> None:
    random = np.random.default_rng(1)
    shapes = (random.random(400) < 0.3).astype(np.int64)
    right = np.where(shapes == 1, 0.9, 0.05)
    wrong = random.random(400) < 0.2
    before = _probabilities(np.where(wrong, 0.5 + 0.2 * (0.5 - shapes), right))
    after = pooled(before, _windows(shapes), np.ones(400, bool))
    assert ((before.argmax(1) == 2) == (shapes == 1)).mean() < 0.85
    assert np.all((after[:, 2:].sum(1) > 0.5) == (shapes == 1))
    np.testing.assert_allclose(after.sum(1), 1, atol=1e-5)


def test_n_against_s_and_v_against_f_stay_as_they_were() -> None:
    random = np.random.default_rng(2)
    before = random.dirichlet(np.ones(4), 300).astype(np.float32) + np.float32(1e-4)
    after = pooled(before, _windows((random.random(300) < 0.5).astype(np.int64)), np.ones(300, bool))
    for first, second in ((0, 1), (2, 3)):
        np.testing.assert_allclose(after[:, first] / after[:, second], before[:, first] / before[:, second], rtol=0.02)
    assert np.abs(after - before).max() > 0.1


def test_a_shape_of_its_own_keeps_its_answer() -> None:
    shapes = np.zeros(200, np.int64)
    shapes[77] = 1
    ventricular = np.full(200, 0.01)
    ventricular[77] = 0.9
    after = pooled(_probabilities(ventricular), _windows(shapes), np.ones(200, bool))
    assert after[77, 2:].sum() > 0.85


def test_unusable_beats_convince_nobody() -> None:
    shapes = np.zeros(100, np.int64)
    ventricular = np.where(np.arange(100) < 80, 0.99, 0.2)
    usable = np.arange(100) >= 80
    before = _probabilities(ventricular)
    assert pooled(before, _windows(shapes), np.ones(100, bool))[90, 2:].sum() > 0.5
    assert pooled(before, _windows(shapes), usable)[90, 2:].sum() < 0.3
    np.testing.assert_array_equal(pooled(before, _windows(shapes), np.zeros(100, bool)), before)


def test_many_beats_take_bounded_memory() -> None:
    random = np.random.default_rng(3)
    shapes = (random.random(20_000) < 0.1).astype(np.int64)
    windows, probabilities = _windows(shapes), _probabilities(np.where(shapes == 1, 0.8, 0.1))
    tracemalloc.start()
    after = pooled(probabilities, windows, np.ones(20_000, bool))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.all((after[:, 2:].sum(1) > 0.5) == (shapes == 1))
    assert peak < 150e6
