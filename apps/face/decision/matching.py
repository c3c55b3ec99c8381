"""Same person or not: distances, the threshold, and a probability that never contradicts the decision.

The similarity function is d(a, b) = ||f(a) - f(b)||², as in the course; the threshold tau is a plain distance
||f(a) - f(b)||, as it is usually quoted, and same means distance <= tau.

The probability comes from the likelihood ratio of the distance, fitted as log LR = slope * (centre - distance) on
measured pairs, half of them of one person. Choosing tau instead of the centre is the same as saying how many of the
pairs that one expects are of one person: prior odds 1 / LR(tau). The probability is the posterior under that prior, 1
/ (1 + exp(-slope * (tau - distance))): one half exactly at tau, above for every pair called same and below for every
other, wherever tau is moved. ``likelihood_ratio`` is the evidence alone; it does not depend on tau.

Only numpy is imported here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apps.face.encoding.encoders import DEFAULT_ENCODER, find_encoder
from shared.errors import InputError, WeightsError, check_number
from shared.registry import find, measured
from shared.settings import weights_dir

LARGEST_THRESHOLD = 100.0  # far beyond any distance between faces


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What was measured for one encoder, as far as a decision needs it."""

    encoder: str
    threshold: float  # the default tau, in plain distance
    centre: float  # the distance where a pair of one person and one of two are equally likely
    slope: float  # log likelihood ratio per unit of distance, above 0
    data: str  # the measured people, in words
    n_different: int  # impostor pairs behind the false-accept rates
    thresholds: NDArray[np.float64]  # ascending; with far and frr the two error rates as functions of tau
    far: NDArray[np.float64]  # share of pairs of two people at or below each threshold
    frr: NDArray[np.float64]  # share of pairs of one person above it

    def far_at(self, threshold: float) -> float:
        """The false-accept rate at ``threshold``, interpolated between measured thresholds."""
        return float(np.interp(threshold, self.thresholds, self.far))

    def threshold_at(self, far: float) -> float:
        """The largest measured threshold whose false-accept rate is at most ``far``."""
        return float(self.thresholds[max(int(np.searchsorted(self.far, far, "right")) - 1, 0)])

    def frr_at(self, threshold: float) -> float:
        """The false-reject rate at ``threshold``, interpolated between measured thresholds."""
        return float(np.interp(threshold, self.thresholds, self.frr))


@dataclass(frozen=True, kw_only=True)
class Uncalibrated:
    """An encoder whose errors nobody has measured here: a published threshold, no error rates, no probabilities."""

    encoder: str
    threshold: float  # the default tau, in plain distance
    source: str  # where it comes from, in words

    @property
    def remedy(self) -> str:
        """The command that measures the encoder."""
        return f"python -m apps.face calibrate --encoder {self.encoder} --images DIR --pairs FILE"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The answer for one pair of encodings."""

    encoder: str
    d_squared: float  # ||f(a) - f(b)||²
    distance: float  # ||f(a) - f(b)||
    threshold: float  # tau, in plain distance
    same: bool  # distance <= tau
    # what follows is None where the encoder was not calibrated
    probability: float | None = None  # of one person; >= 0.5 exactly when same
    prior: float | None = None  # the share of pairs of one person for which this tau is right; 0.5 at the centre
    likelihood_ratio: float | None = None  # how much likelier this distance is for one person than for two (up to 1e12)
    far: float | None = None  # measured false-accept rate at tau
    frr: float | None = None  # measured false-reject rate at tau
    far_data: str | None = None  # the people whom far and frr were measured on


def squared_distance(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """||a - b||² over the last axis, in float64; ``a`` and ``b`` broadcast.

    Raises:
        InputError: the encodings have different lengths, as those of different encoders do, or are not finite.
    """
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if first.ndim == 0 or second.ndim == 0 or first.shape[-1] != second.shape[-1]:
        raise InputError("encodings of one length, from one encoder", f"{first.shape} and {second.shape}")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise InputError("finite encodings", "NaN or infinity")
    return np.asarray(((first - second) ** 2).sum(-1))


def distance(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """||a - b|| over the last axis, in float64; errors as ``squared_distance``."""
    return np.sqrt(squared_distance(a, b))


def check_threshold(threshold: object) -> float:
    """``threshold`` as a float from 0 up; 0 is a threshold like any other (only identical encodings are the same).

    Raises:
        OptionError: no number, NaN, infinite, negative, or absurdly large.
    """
    return check_number(threshold, "The threshold tau", low=0.0, high=LARGEST_THRESHOLD)


def calibration(encoder: str = DEFAULT_ENCODER) -> Calibration:
    """The calibration of ``encoder`` as the registry has it.

    Raises:
        OptionError: no such encoder.
        WeightsError: nothing was measured for it, or the file is missing or damaged.
    """
    found = find_calibration(encoder)
    if isinstance(found, Uncalibrated):
        raise WeightsError(
            f"measured error rates of {found.encoder}",
            "no figures on this machine",
            f"Choose another encoder, or run: {found.remedy}",
        )
    return found


def find_calibration(encoder: str = DEFAULT_ENCODER) -> Calibration | Uncalibrated:
    """The calibration of ``encoder``; its published threshold where nothing was measured.

    Raises:
        OptionError: no such encoder.
        WeightsError: the figures that come with the encoder are missing or damaged.
    """
    record = find(find_encoder(encoder).name, "face")
    published, there = record.published_threshold, (weights_dir() / str(record.measured)).is_file()
    if published is not None and not there:
        short = find_encoder(encoder).name
        return Uncalibrated(encoder=short, threshold=published.value, source=published.source)
    return read_calibration(measured(record))


def read_calibration(figures: dict[str, Any]) -> Calibration:
    """The calibration inside the measured ``figures`` that ``python -m apps.face calibrate`` writes."""
    curve = figures["curve"]
    return Calibration(
        encoder=figures["encoder"],
        threshold=figures["threshold"],
        centre=figures["probability"]["centre"],
        slope=figures["probability"]["slope"],
        data=figures["data"]["title"],
        n_different=figures["data"]["pairs_different"],
        thresholds=np.asarray(curve["threshold"], np.float64),
        far=np.asarray(curve["far"], np.float64),
        frr=np.asarray(curve["frr"], np.float64),
    )


def decide(
    a: ArrayLike,
    b: ArrayLike,
    encoder: str = DEFAULT_ENCODER,
    threshold: float | None = None,
    *,
    calibrated: Calibration | Uncalibrated | None = None,
) -> Decision:
    """Whether the encodings ``a`` and ``b``, each (D,), are of one person.

    Args:
        a: an encoding made by ``encoder``.
        b: another.
        encoder: a key of ``ENCODERS``.
        threshold: tau in plain distance; ``None`` takes the calibrated default. 0 is 0.
        calibrated: the calibration, where the caller has it at hand already.

    Raises:
        OptionError: unknown encoder, or a threshold that is no finite number from 0 up.
        InputError: encodings that cannot be compared.
        WeightsError: the encoder's figures are missing or damaged.
    """
    d_squared = float(squared_distance(np.ravel(a), np.ravel(b)))
    return decision_at(d_squared, find_calibration(encoder) if calibrated is None else calibrated, threshold)


def decision_at(d_squared: float, calibrated: Calibration | Uncalibrated, threshold: float | None = None) -> Decision:
    """The decision for a squared distance; see ``decide``."""
    tau = calibrated.threshold if threshold is None else check_threshold(threshold)
    plain = math.sqrt(d_squared)
    decision = Decision(
        encoder=calibrated.encoder, d_squared=d_squared, distance=plain, threshold=tau, same=plain <= tau
    )
    if isinstance(calibrated, Uncalibrated):
        return decision
    return replace(
        decision,
        probability=probability(plain, tau, calibrated.slope),
        prior=_sigmoid(calibrated.slope * (tau - calibrated.centre)),
        likelihood_ratio=math.exp(min(max(calibrated.slope * (calibrated.centre - plain), -27.6), 27.6)),
        far=calibrated.far_at(tau),
        frr=calibrated.frr_at(tau),
        far_data=calibrated.data,
    )


def probability(plain: float, tau: float, slope: float) -> float:
    """The posterior probability of one person: falling in the distance, and >= 0.5 exactly when ``plain <= tau``."""
    value = _sigmoid(slope * (tau - plain))
    # a distance above tau by less than the rounding of exp would come out as one half
    return max(value, 0.5) if plain <= tau else min(value, math.nextafter(0.5, 0.0))


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(logit, -700.0), 700.0)))
