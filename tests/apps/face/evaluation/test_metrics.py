"""Error rates against scikit-learn, brute force and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.face.evaluation.metrics import (
    auc,
    best_threshold,
    equal_error_rate,
    error_rates,
    fold_accuracy,
    tar_at_far,
    tar_interval,
    threshold_at_far,
    wilson_interval,
)
from benchmarks.face_accuracy import mcnemar


def sample(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    same = rng.random(n) < 0.5
    return np.round(np.where(same, rng.normal(0.4, 0.1, n), rng.normal(0.7, 0.1, n)).clip(0), 2), same


@pytest.mark.parametrize("seed", range(5))
def test_auc_is_that_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    distances, same = sample(seed)
    assert auc(distances, same) == pytest.approx(metrics.roc_auc_score(same, -distances))


@pytest.mark.parametrize("seed", range(5))
def test_the_best_threshold_is_best(seed: int) -> None:
    distances, same = sample(seed)
    ours = ((distances <= best_threshold(distances, same)) == same).mean()
    assert ours == max(((distances <= tau) == same).mean() for tau in np.linspace(-0.01, 1.2, 5000))


def test_the_best_threshold_is_the_middle_of_the_gap() -> None:
    assert best_threshold(np.array([0.1, 0.2, 0.6, 0.9]), np.array([True, True, False, False])) == pytest.approx(0.4)


def test_separable_pairs_have_no_errors() -> None:
    distances = np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.8] * 2)
    same = np.array([True, True, True, False, False, False] * 2)
    folds = fold_accuracy(distances, same, np.repeat([0, 1], 6))
    assert (folds.mean, folds.std, auc(distances, same), equal_error_rate(distances, same)) == (1.0, 0.0, 1.0, 0.0)
    assert tar_at_far(distances, same, 1e-3) == 1.0


def test_the_threshold_of_a_fold_comes_from_the_other_folds() -> None:
    distances = np.array([0.1, 0.9, 0.2, 0.8, 0.5, 0.6])
    same = np.array([True, False] * 3)
    folds = fold_accuracy(distances, same, np.array([0, 0, 1, 1, 2, 2]))
    assert folds.thresholds == pytest.approx([0.55, 0.55, 0.5])
    assert folds.accuracies.tolist() == [1.0, 1.0, 1.0]


def test_pairs_without_a_face_are_errors_of_either_kind() -> None:
    distances = np.array([0.1, np.inf, 0.2, np.inf, 0.1, 0.9])
    same = np.array([True, True, True, False, True, False])
    assert fold_accuracy(distances, same, np.array([0, 0, 1, 1, 2, 2])).correct.tolist() == [
        True,
        False,
        True,
        False,
        True,
        True,
    ]


def test_equal_error_rate_of_mirrored_kinds() -> None:
    # one of four is on the wrong side either way
    distances = np.array([0.1, 0.2, 0.3, 0.7, 0.9, 0.8, 0.75, 0.25])
    same = np.array([True] * 4 + [False] * 4)
    assert equal_error_rate(distances, same) == pytest.approx(0.25)


@given(st.integers(0, 2**31), st.sampled_from([0.0, 1e-3, 0.01, 0.1, 0.5]))
def test_the_threshold_at_a_rate_accepts_at_most_that_share_and_no_smaller_one_would(seed: int, far: float) -> None:
    different = np.random.default_rng(seed).random(200)
    tau = threshold_at_far(different, far)
    assert (different <= tau).mean() <= far + 1e-12
    beyond = np.sort(different)[different[different <= tau].size]
    assert (different <= beyond).mean() > far


def test_error_rates_at_the_ends() -> None:
    distances, same = sample(0)
    far, frr = error_rates(distances, same, np.array([-1.0, 99.0]))
    assert (far.tolist(), frr.tolist()) == ([0.0, 1.0], [1.0, 0.0])


def test_the_bootstrap_interval_holds_the_rate() -> None:
    distances, same = sample(1, 2000)
    low, high = tar_interval(distances, same, 1e-2)
    assert low <= tar_at_far(distances, same, 1e-2) <= high


def test_intervals_and_paired_test_in_closed_form() -> None:
    low, high = wilson_interval(50, 100)
    assert (low + high) / 2 == pytest.approx(0.5)
    assert high - low == pytest.approx(0.1922, abs=2e-4)
    assert wilson_interval(10, 10)[1] == 1.0
    first = np.array([True] * 5 + [False] * 5)
    assert mcnemar(first, ~first) == 1.0
    assert mcnemar(np.zeros(10, bool), np.ones(10, bool)) == pytest.approx(2 / 2**10)
    assert mcnemar(first, first) == 1.0
