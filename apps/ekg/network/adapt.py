"""Optional, and never part of the figures that are not called so: adaptation to a patient without labels.

The network assumes the class shares of DS1: 1.9 % S, 7.4 % V. In a patient whose every second beat is S it is too
careful, in one without any too bold. Expectation-maximisation (Saerens, Latinne and Decaestecker 2002) estimates the
shares of *this* patient from the network's own answers for the first minutes of his record, and moves all answers by
half of the difference (in log odds): the full step trusts the answers more than they deserve.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from apps.ekg.network.ensemble import N_CLASSES

DS1_COUNTS = (45_866, 944, 3_788, 415)  # beats of N S V F
STEP = 0.5  # of the way from DS1's shares to the patient's, in log odds
PRIOR_BEATS = 200  # how many beats DS1's shares count as
_ROUNDS = 20


def adapted(
    probabilities: npt.NDArray[np.float32], times_s: npt.NDArray[np.float64], *, minutes: float
) -> npt.NDArray[np.float32]:
    """``probabilities`` (K, 5) moved to the shares estimated from the beats of the first ``minutes``."""
    first = (times_s <= times_s[0] + 60 * minutes) & (probabilities[:, N_CLASSES:].sum(axis=1) < 0.5)
    if not first.any():
        return probabilities
    shift = _log_odds_shift(probabilities[first, :N_CLASSES].astype(np.float64))
    moved = probabilities.astype(np.float64)
    moved[:, :N_CLASSES] *= np.exp(shift)
    return np.asarray(moved / moved.sum(axis=1, keepdims=True), np.float32)


def _log_odds_shift(probabilities: npt.NDArray[np.float64], *, step: float = STEP) -> npt.NDArray[np.float64]:
    """What to add to the log-probabilities (4,)."""
    assumed = np.array(DS1_COUNTS, np.float64) / sum(DS1_COUNTS)
    shift = np.zeros(N_CLASSES)
    for _ in range(_ROUNDS):
        moved = probabilities * np.exp(shift)
        moved /= moved.sum(axis=1, keepdims=True)
        shares = (moved.sum(axis=0) + PRIOR_BEATS * assumed) / (len(moved) + PRIOR_BEATS)
        shift = step * np.log(shares / assumed)
    return shift
