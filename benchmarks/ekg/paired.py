"""Two classifiers on the same patients: what the one gains, with an interval and a test over patients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from apps.ekg.training.evaluate import Judged, accuracy_of, confusion_of, macro_f1_of, scores_of

_DRAWS = 1000  # of patients
Stack = npt.NDArray[np.int64]  # (patients, 5, 5)


def stacked(items: Sequence[Judged]) -> Stack:
    """The confusion of every patient, in the order of their records' names."""
    ordered = sorted(items, key=lambda item: item.record)
    return np.stack([confusion_of(item.truth, item.answer) for item in ordered])


def paired(without: Sequence[Judged], with_it: Sequence[Judged]) -> dict[str, Any]:
    """Figures of both, and what the second gains in macro-F1 of N, S, V: 95 % over the same draws of patients for both.

    Raises:
        ValueError: they judged different records.
    """
    if {item.record for item in without} != {item.record for item in with_it}:
        raise ValueError("both have to judge the same records")
    before, after = stacked(without), stacked(with_it)
    draws = np.random.default_rng(0).integers(len(before), size=(_DRAWS, len(before)))
    gains = [macro_f1_of(after[draw].sum(axis=0)) - macro_f1_of(before[draw].sum(axis=0)) for draw in draws]
    right = [np.trace(stack, axis1=1, axis2=2) / stack.sum(axis=(1, 2)) for stack in (before, after)]
    return {
        "n_patients": len(before),
        "n_beats": int(before.sum()),
        "without": _figures(before.sum(axis=0)),
        "with": _figures(after.sum(axis=0)),
        "macro_f1_gain": macro_f1_of(after.sum(axis=0)) - macro_f1_of(before.sum(axis=0)),
        "interval_95": [float(np.quantile(gains, level)) for level in (0.025, 0.975)],
        "patients_better": int(np.sum(right[1] > right[0])),
        "patients_worse": int(np.sum(right[1] < right[0])),
        "wilcoxon_p": _wilcoxon(right[1] - right[0]),
    }


def _figures(confusion: npt.NDArray[np.int64]) -> dict[str, float]:
    scores = scores_of(confusion)
    figures = {"accuracy": accuracy_of(confusion), "macro_f1_nsv": macro_f1_of(confusion)}
    return figures | {f"{letter}_f1": scores[letter].f1 for letter in "SV"}


def _wilcoxon(differences: npt.NDArray[np.float64]) -> float:
    """The signed-rank test's p of differences in accuracy, one per patient; 1 if there is none."""
    from scipy.stats import wilcoxon

    return float(wilcoxon(differences).pvalue) if np.any(differences) else 1.0
