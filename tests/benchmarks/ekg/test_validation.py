"""The bias by patient, and two classifiers on the same patients: closed forms."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from apps.ekg.training.evaluate import Judged
from benchmarks.ekg.paired import paired
from benchmarks.ekg.validation import FoldDone, best_bias, by_bias_of_others, with_bias
from tests.apps.ekg.training.test_evaluate import judged


def _over_shown(record: str, seed: int, factor: float) -> Judged:
    """A calibrated observer of N and S whose S was shown ``factor`` times too often in training."""
    random = np.random.default_rng(seed)
    truth = (random.random(2000) < 0.1).astype(int)
    evidence = np.exp(np.where(truth == 1, 1.5, -1.5) + np.sqrt(3) * random.standard_normal(2000))
    probabilities = np.zeros((2000, 5), np.float32)
    probabilities[:, 0], probabilities[:, 1] = 0.9, 0.1 * evidence * factor
    return Judged(record, truth, probabilities / probabilities.sum(axis=1, keepdims=True))


def test_the_bias_takes_back_what_training_showed_too_often() -> None:
    folds = [FoldDone(n, (_over_shown(f"a{n}", n, np.e**2), _over_shown(f"b{n}", 9 + n, np.e**2))) for n in range(2)]
    fair = [FoldDone(n, (_over_shown(f"a{n}", n, 1.0), _over_shown(f"b{n}", 9 + n, 1.0))) for n in range(2)]
    bias = best_bias(folds)
    assert bias[1] == best_bias(fair)[1] - 2
    assert (bias[0], bias[3]) == (0, 0)
    item = folds[0].judged[0]
    after = with_bias(item, (0.0, -2.0, 0.0, 0.0)).probabilities
    before = item.probabilities[:, 1] / item.probabilities[:, 0]
    np.testing.assert_allclose(after[:, 1] / after[:, 0], before * np.exp(-2), rtol=1e-4)
    others = by_bias_of_others(folds)
    assert [fold.fold for fold in others] == [0, 1]
    expected = with_bias(item, best_bias([folds[1]]))
    np.testing.assert_array_equal(others[0].judged[0].probabilities, expected.probabilities)
    also = by_bias_of_others(folds[:1], also=[folds[0], fair[1]])  # of another training its other folds, too
    expected = with_bias(item, best_bias([fair[1]]))
    np.testing.assert_array_equal(also[0].judged[0].probabilities, expected.probabilities)


def test_two_classifiers_are_compared_patient_by_patient() -> None:
    items = [judged(300, seed, f"r{seed}") for seed in range(8)]
    same = paired(items, items[::-1])
    assert (same["macro_f1_gain"], same["interval_95"], same["wilcoxon_p"]) == (0, [0, 0], 1)
    perfect = [dataclasses.replace(item, probabilities=np.eye(5, dtype=np.float32)[item.truth]) for item in items]
    better = paired(items, perfect)
    assert (better["n_patients"], better["n_beats"]) == (8, 2400)
    assert (better["patients_better"], better["patients_worse"]) == (8, 0)
    assert better["wilcoxon_p"] == pytest.approx(2 / 2**8)  # all eight signs alike, either way
    assert better["macro_f1_gain"] == pytest.approx(1 - better["without"]["macro_f1_nsv"])
    assert 0 < better["interval_95"][0] < better["macro_f1_gain"] < better["interval_95"][1]
    with pytest.raises(ValueError, match="the same records"):
        paired(items, items[1:])
