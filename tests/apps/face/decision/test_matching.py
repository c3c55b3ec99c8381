"""Decisions: the probability never contradicts the answer, and zero is a threshold."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.face.decision.matching import (
    Calibration,
    calibration,
    check_threshold,
    decide,
    decision_at,
    distance,
    probability,
    read_calibration,
    squared_distance,
)
from shared.errors import InputError, OptionError

KNOWN = Calibration(
    encoder="resnet29-128d",
    threshold=0.6,
    centre=0.62,
    slope=25.0,
    data="nobody",
    n_different=1000,
    thresholds=np.array([0.0, 0.5, 1.0]),
    far=np.array([0.0, 0.01, 1.0]),
    frr=np.array([1.0, 0.1, 0.0]),
)
distances = st.floats(0, 3)
thresholds = st.floats(0, 3)


@given(plain=distances, tau=thresholds, slope=st.floats(0.5, 500))
def test_probability_is_one_half_or_more_exactly_for_the_same(plain: float, tau: float, slope: float) -> None:
    value = probability(plain, tau, slope)
    assert (value >= 0.5) == (plain <= tau)
    assert 0 <= value <= 1


@given(tau=thresholds)
def test_the_answer_flips_between_neighbouring_floats(tau: float) -> None:
    above = math.nextafter(tau, math.inf)
    assert probability(tau, tau, 30.0) == 0.5
    assert probability(above, tau, 30.0) < 0.5


@given(first=distances, second=distances, tau=thresholds)
def test_probability_never_rises_with_the_distance(first: float, second: float, tau: float) -> None:
    near, far = sorted((first, second))
    assert probability(near, tau, KNOWN.slope) >= probability(far, tau, KNOWN.slope)


@given(d_squared=st.floats(0, 9), tau=thresholds)
def test_decision_and_probability_agree_wherever_tau_is_moved(d_squared: float, tau: float) -> None:
    answer = decision_at(d_squared, KNOWN, tau)
    assert answer.same == (answer.distance <= tau) == (answer.probability >= 0.5)
    assert answer.threshold == tau


def test_the_probability_is_the_posterior_of_the_prior_that_is_reported() -> None:
    answer = decision_at(0.5**2, KNOWN, 0.55)
    odds = answer.likelihood_ratio * answer.prior / (1 - answer.prior)
    assert answer.probability == pytest.approx(odds / (1 + odds))
    assert decision_at(0.5**2, KNOWN, KNOWN.centre).prior == 0.5
    assert decision_at(0.5**2, KNOWN, 0.3).likelihood_ratio == answer.likelihood_ratio


def test_a_decision_says_all_that_was_measured() -> None:
    answer = decision_at(0.55**2, KNOWN, 0.5)
    assert (answer.encoder, answer.threshold, answer.distance, answer.same) == (KNOWN.encoder, 0.5, 0.55, False)
    assert (answer.far, answer.frr, answer.far_data) == (0.01, pytest.approx(0.1), "nobody")
    assert answer.prior == pytest.approx(1 / (1 + math.exp(25 * 0.12)))
    assert answer.likelihood_ratio == pytest.approx(math.exp(25 * 0.07))
    assert decision_at(0.0, replace(KNOWN, slope=500)).likelihood_ratio == pytest.approx(math.exp(27.6))
    assert decision_at(9.0, replace(KNOWN, slope=500)).likelihood_ratio == pytest.approx(math.exp(-27.6))


def test_a_decision_is_by_the_calibration_of_the_encoder() -> None:
    a, b = np.zeros(128), np.eye(128)[0]
    known = calibration()
    assert decide(a, b) == decide(a, b, known.encoder, known.threshold) == decision_at(1.0, known)
    with pytest.raises(OptionError):
        decide(a, b, "eigenfaces")


def test_zero_is_a_threshold_and_not_a_missing_one() -> None:
    a = np.ones(128, np.float32)
    same, different = (decide(a, b, threshold=0, calibrated=KNOWN) for b in (a, a + 1e-4))
    assert (same.same, same.threshold, same.distance) == (True, 0.0, 0.0)
    assert (different.same, different.threshold) == (False, 0.0)
    assert decide(a, a, calibrated=KNOWN).threshold == KNOWN.threshold


@pytest.mark.parametrize("bad", [float("nan"), -0.1, float("inf"), -math.inf, "high", None, 1e9])
def test_unusable_thresholds_are_refused(bad: object) -> None:
    with pytest.raises(OptionError, match="threshold"):
        check_threshold(bad)


def test_verify_is_symmetric_and_zero_for_itself() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 128))
    assert decide(a, b, calibrated=KNOWN).distance == decide(b, a, calibrated=KNOWN).distance
    assert decide(a, a, calibrated=KNOWN).d_squared == 0


def test_distances_broadcast_over_rows() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 5, 128))
    assert np.allclose(squared_distance(a[:, None], b[None]), ((a[:, None] - b[None]) ** 2).sum(-1))
    assert np.allclose(distance(a, b) ** 2, squared_distance(a, b))


@pytest.mark.parametrize("other", [np.zeros(512), np.full(128, np.nan), np.array(1.0)])
def test_encodings_that_cannot_be_compared_are_refused(other: np.ndarray) -> None:
    with pytest.raises(InputError):
        squared_distance(np.zeros(128), other)


def test_error_rates_are_interpolated() -> None:
    assert KNOWN.far_at(0.25) == pytest.approx(0.005)
    assert KNOWN.frr_at(5.0) == 0.0


def test_the_bundled_calibration_is_consistent() -> None:
    known = calibration()
    assert known.encoder == "resnet29-128d"
    assert 0 < known.threshold < 1
    assert known.slope > 0
    assert (np.diff(known.far) >= 0).all()
    assert (np.diff(known.frr) <= 0).all()
    assert known.far_at(known.threshold) == pytest.approx(0.01, abs=0.001)
    assert known.n_different > 100_000


def test_unknown_encoders_are_refused() -> None:
    with pytest.raises(OptionError, match="resnet29-128d"):
        calibration("eigenfaces")


def test_figures_are_read_as_they_are_written() -> None:
    read = read_calibration(
        {
            "encoder": "e",
            "threshold": 0.4,
            "probability": {"centre": 0.5, "slope": 20},
            "data": {"title": "t", "pairs_different": 7},
            "curve": {"threshold": [0, 1], "far": [0, 1], "frr": [1, 0]},
        }
    )
    assert (read.threshold, read.centre, read.slope, read.data, read.n_different) == (0.4, 0.5, 20, "t", 7)
