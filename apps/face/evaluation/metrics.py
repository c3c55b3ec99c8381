"""Error rates of a verifier: accuracy by folds, ROC, equal error rate, and the intervals around them.

A pair is accepted when its distance is at most the threshold. FAR is the share of accepted pairs of two people, TAR the
share of accepted pairs of one person, FRR = 1 - TAR. A pair without a distance (a face was not found) has distance
infinity: it is rejected at every threshold, and the accuracy counts it as an error whichever kind it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
BOOTSTRAP = 1000  # resamples behind an interval of 95 %


@dataclass(frozen=True, kw_only=True)
class FoldAccuracy:
    """Accuracy by the LFW protocol: each fold is judged with the threshold that is best on all the others."""

    accuracies: Floats  # (folds,)
    thresholds: Floats  # (folds,)
    correct: Flags  # (n,) per pair

    @property
    def mean(self) -> float:
        """Mean over the folds, 0..1."""
        return float(self.accuracies.mean())

    @property
    def std(self) -> float:
        """Standard deviation between the folds."""
        return float(self.accuracies.std(ddof=1))


def best_threshold(distances: Floats, same: Flags) -> float:
    """The threshold with the most right answers; of several equally good ones the middle one.

    Thresholds lie halfway between neighbouring distances, so that none hangs on one pair's last digit.
    """
    finite = np.unique(distances[np.isfinite(distances)])
    if not len(finite):
        return 0.0
    candidates = np.concatenate([[finite[0] / 2], (finite[1:] + finite[:-1]) / 2, [finite[-1]]])
    accepted_same = np.searchsorted(np.sort(distances[same]), candidates, "right")
    accepted_different = np.searchsorted(np.sort(distances[~same]), candidates, "right")
    right = accepted_same - accepted_different
    best = candidates[right == right.max()]
    return float(best[len(best) // 2])


def fold_accuracy(distances: Floats, same: Flags, fold: NDArray[np.int64]) -> FoldAccuracy:
    """The LFW protocol over ``distances`` (n,), infinite where a face was not found."""
    correct = np.zeros(len(distances), np.bool_)
    folds = np.unique(fold)
    thresholds = np.zeros(len(folds))
    for i, number in enumerate(folds):
        held_out = fold == number
        thresholds[i] = best_threshold(distances[~held_out], same[~held_out])
        accepted = distances[held_out] <= thresholds[i]
        correct[held_out] = (accepted == same[held_out]) & np.isfinite(distances[held_out])
    accuracies = np.array([correct[fold == number].mean() for number in folds])
    return FoldAccuracy(accuracies=accuracies, thresholds=thresholds, correct=correct)


def auc(distances: Floats, same: Flags) -> float:
    """Area under the ROC curve: how often a pair of one person lies closer than one of two; ties count half."""
    different = np.sort(distances[~same])
    farther = len(different) - np.searchsorted(different, distances[same], "right")
    ties = np.searchsorted(different, distances[same], "right") - np.searchsorted(different, distances[same], "left")
    return float((farther + ties / 2).mean() / len(different))


def error_rates(distances: Floats, same: Flags, thresholds: Floats) -> tuple[Floats, Floats]:
    """FAR and FRR at each of ``thresholds``."""
    far = np.searchsorted(np.sort(distances[~same]), thresholds, "right") / max(int((~same).sum()), 1)
    tar = np.searchsorted(np.sort(distances[same]), thresholds, "right") / max(int(same.sum()), 1)
    return far, 1 - tar


def equal_error_rate(distances: Floats, same: Flags) -> float:
    """The rate where FAR and FRR cross, interpolated between neighbouring thresholds."""
    thresholds = np.unique(distances[np.isfinite(distances)])
    far, frr = error_rates(distances, same, thresholds)
    far, frr = np.concatenate([[0.0], far]), np.concatenate([[1.0], frr])
    gap = far - frr  # rises from -1
    after = int(np.argmax(gap >= 0)) if (gap >= 0).any() else len(gap) - 1
    before = max(after - 1, 0)
    step = gap[after] - gap[before]
    share = -gap[before] / step if step > 0 else 0.0
    return float(far[before] + share * (far[after] - far[before]))


def threshold_at_far(different: Floats, far: float) -> float:
    """The largest threshold that accepts at most the share ``far`` of the ``different`` distances.

    It lies just below the first distance that must not be accepted: with fewer than 1 / ``far`` pairs, the smallest.
    """
    ordered = np.sort(different[np.isfinite(different)])
    k = int(far * len(different) + 1e-9)
    if k >= len(ordered):
        return float(ordered[-1]) if len(ordered) else 0.0
    return float(np.nextafter(ordered[k], -np.inf))


def tar_at_far(distances: Floats, same: Flags, far: float) -> float:
    """The true-accept rate at the largest threshold whose false-accept rate is at most ``far``."""
    return float((distances[same] <= threshold_at_far(distances[~same], far)).mean())


def tar_interval(distances: Floats, same: Flags, far: float, *, seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of ``tar_at_far``, pairs of either kind drawn with replacement."""
    rng = np.random.default_rng(seed)
    positives, negatives = np.sort(distances[same]), distances[~same]
    rates = np.zeros(BOOTSTRAP)
    for i in range(BOOTSTRAP):
        threshold = threshold_at_far(rng.choice(negatives, len(negatives)), far)
        drawn = rng.integers(len(positives), size=len(positives))
        rates[i] = (drawn < np.searchsorted(positives, threshold, "right")).mean()
    low, high = np.percentile(rates, [2.5, 97.5])
    return float(low), float(high)


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of ``right`` in ``n`` (Wilson 1927)."""
    from scipy.stats import binomtest

    interval = binomtest(right, n).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)
