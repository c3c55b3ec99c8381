"""What the threshold explorer needs to answer every drag in the browser: error curves, histograms, the visitor's pairs.

False-accept rate: the share of pairs of two people at or below tau. False-reject rate: the share of pairs of one person
above it. Against K enrolled people a stranger is compared K times, and is taken for one of them with the chance
1 - (1 - FAR)^K if the comparisons are independent: recognition needs a far better verifier than verification does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apps.face.decision.matching import Calibration, Uncalibrated
from shared.errors import check_number, check_whole

POINTS = 240  # of the curves that are sent to the page
BINS = 48  # of the histograms
DET_TICKS = (0.001, 0.01, 0.05, 0.2, 0.5, 0.9)  # error rates with a line on the DET plot
DET_LOWEST = 1e-4  # the least error rate that has a place on the DET plot, and its distance from 1 on the other side


@dataclass(frozen=True, kw_only=True, eq=False)
class Curves:
    """The measured error rates on a regular grid of thresholds, ready to be drawn."""

    tau: NDArray[np.float64]  # (POINTS,), from 0 to where every pair is accepted
    far: NDArray[np.float64]  # (POINTS,), rising
    frr: NDArray[np.float64]  # (POINTS,), falling
    same: NDArray[np.float64]  # (BINS,) shares of the pairs of one person per bin of distance
    different: NDArray[np.float64]  # (BINS,)
    eer: float  # where far and frr are equal
    eer_tau: float

    @property
    def deviates(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """FAR and FRR as normal deviates: the axes of the DET plot (Martin et al. 1997)."""
        return deviate(self.far), deviate(self.frr)


def deviate(rate: ArrayLike) -> NDArray[np.float64]:
    """The normal deviate of an error rate, kept ``DET_LOWEST`` away from 0 and 1."""
    from scipy.special import ndtri

    kept: NDArray[np.float64] = ndtri(np.clip(np.asarray(rate, float), DET_LOWEST, 1 - DET_LOWEST))
    return kept


def curves(known: Calibration) -> Curves:
    """The curves of ``known`` on a regular grid."""
    same, different, end = histogram(known, BINS)
    tau = np.linspace(0, end, POINTS)
    far, frr = _at(known, tau)
    crossing = int(np.argmin(np.abs(known.far - known.frr)))
    return Curves(
        tau=tau,
        far=far,
        frr=frr,
        same=same,
        different=different,
        eer=float((known.far[crossing] + known.frr[crossing]) / 2),
        eer_tau=float(known.thresholds[crossing]),
    )


def histogram(known: Calibration, bins: int) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Shares of the genuine and of the impostor pairs in each of ``bins``, (bins,) each, and where the last bin ends.

    That is the distance at which nearly all measured impostor pairs are accepted.
    """
    accepted = np.flatnonzero(known.far >= 0.999)
    end = float(known.thresholds[accepted[0]] if len(accepted) else known.thresholds[-1])
    far, frr = _at(known, np.linspace(0, end, bins + 1))
    return np.maximum(-np.diff(frr), 0), np.maximum(np.diff(far), 0), end


def _at(known: Calibration, tau: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    far: NDArray[np.float64] = np.interp(tau, known.thresholds, known.far, left=0.0)
    frr: NDArray[np.float64] = np.interp(tau, known.thresholds, known.frr, left=1.0)
    return far, frr


def spread(known: Calibration) -> float:
    """Half the mean squared distance between two photos of one person: the integral of 2 t FRR(t) dt, halved."""
    t, frr = known.thresholds, known.frr
    return float(np.sum((t[1:] * frr[1:] + t[:-1] * frr[:-1]) * np.diff(t)) / 2)


def pooling(known: Calibration | Uncalibrated) -> dict[str, Any]:
    """How several photos of a person answer: options of ``Index.rank_many``.

    As one template, which needs the measured spread to stay on the scale of one pair; else by their mean distance.
    """
    if isinstance(known, Uncalibrated):
        return {"pool": "average"}
    return {"pool": "template", "spread": spread(known)}


def stranger_chance(far: float, comparisons: int) -> float:
    """1 - (1 - far)^K for K ``comparisons``, exact for the smallest rates too.

    Raises:
        OptionError: a rate outside [0, 1], or a negative number of comparisons.
    """
    check_number(far, "The false-accept rate", low=0.0, high=1.0)
    check_whole(comparisons, "The number of comparisons", low=0, high=10**12)
    if far == 1.0:
        return float(comparisons > 0)
    return float(-np.expm1(comparisons * np.log1p(-far)))


def far_for(chance: float, comparisons: int) -> float:
    """The false-accept rate at which a stranger is taken for one of K people with no more than ``chance``."""
    check_number(chance, "The chance", low=0.0, high=1.0)
    check_whole(comparisons, "The number of comparisons", low=1, high=10**12)
    return 1.0 if chance == 1.0 else float(-np.expm1(np.log1p(-chance) / comparisons))


def payload(known: Calibration, tau: float, pairs: Sequence[float], *, people: int) -> dict[str, Any]:
    """Everything that the page needs, as plain values; ``people`` is the size of the visitor's gallery."""
    made = curves(known)
    far_deviates, frr_deviates = made.deviates
    return {
        "tau": [round(value, 4) for value in made.tau.tolist()],
        "far": [round(value, 6) for value in made.far.tolist()],
        "frr": [round(value, 6) for value in made.frr.tolist()],
        "far_deviate": [round(value, 4) for value in far_deviates.tolist()],
        "frr_deviate": [round(value, 4) for value in frr_deviates.tolist()],
        "det_ticks": [[rate, round(float(deviate(rate)), 4)] for rate in DET_TICKS],
        "same": [round(value, 5) for value in made.same.tolist()],
        "different": [round(value, 5) for value in made.different.tolist()],
        "eer": made.eer,
        "eer_tau": made.eer_tau,
        "chosen": tau,
        "pairs": [round(value, 4) for value in pairs],
        "people": people,
        "n_different": known.n_different,
        "data": known.data,
    }
