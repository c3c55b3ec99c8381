"""The threshold explorer's numbers: rates from counts, histograms that add up, chances against a simulation."""

from __future__ import annotations

import json
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from apps.face.decision import error_curves
from apps.face.decision.matching import Calibration, calibration
from apps.face.ui.answers import STRANGERS, advised
from apps.face.ui.ruler import ruler
from shared.errors import OptionError


def measured(n: int = 500, seed: int = 0) -> tuple[Calibration, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    same, different = rng.normal(0.4, 0.09, n), rng.normal(0.85, 0.09, n)
    taus = np.linspace(0, 1.4, 1401)
    known = Calibration(
        encoder="resnet29-128d",
        threshold=0.6,
        centre=0.6,
        slope=20.0,
        data="made-up people",
        n_different=n,
        thresholds=taus,
        far=(different[None] <= taus[:, None]).mean(1),
        frr=(same[None] > taus[:, None]).mean(1),
    )
    return known, same, different


def test_the_rates_are_those_of_counting() -> None:
    known, same, different = measured()
    made = error_curves.curves(known)
    for i in (30, 100, 140, 200):
        assert made.far[i] == pytest.approx((different <= made.tau[i]).mean(), abs=0.02)
        assert made.frr[i] == pytest.approx((same > made.tau[i]).mean(), abs=0.02)
    assert (np.diff(made.far) >= 0).all()
    assert (np.diff(made.frr) <= 0).all()
    assert made.far[0] == 0
    assert made.frr[0] == 1


def test_the_histograms_hold_every_pair_once() -> None:
    known, same, different = measured()
    made = error_curves.curves(known)
    edges = np.linspace(0, made.tau[-1], error_curves.BINS + 1)
    for shares, values in ((made.same, same), (made.different, different)):
        assert shares.sum() == pytest.approx(1, abs=0.005)
        counted = np.histogram(values, edges)[0] / len(values)
        np.testing.assert_allclose(shares, counted, atol=0.012)
    assert error_curves.histogram(known, 44)[0].sum() == pytest.approx(1, abs=0.005)


@pytest.mark.parametrize("far", [0.0, 0.004, 0.1, 0.5, 1.0])
def test_the_threshold_for_a_rate_is_the_largest_that_keeps_to_it(far: float) -> None:
    known, _, different = measured()
    tau = known.threshold_at(far)
    assert (different <= tau).mean() <= far
    above = known.thresholds[known.thresholds > tau]
    assert not len(above) or (different <= above[0]).mean() > far


@pytest.mark.parametrize("people", [20, 1_000, 100_000])
def test_the_advised_threshold_keeps_strangers_out_of_a_gallery_of_that_size(people: int) -> None:
    known = calibration()
    advice = advised(known, known.threshold, people)
    assert advice is not None
    assert advice["threshold"] < known.threshold
    assert error_curves.stranger_chance(advice["far"], people) <= STRANGERS
    assert advice["frr"] == known.frr_at(advice["threshold"])
    assert advised(known, advice["threshold"], people) is None  # taken: nothing more to advise
    assert advised(known, known.threshold, 1) is None


def test_the_equal_error_rate_is_where_the_curves_cross() -> None:
    known, same, different = measured()
    made = error_curves.curves(known)
    assert (different <= made.eer_tau).mean() == pytest.approx(made.eer, abs=0.005)
    assert (same > made.eer_tau).mean() == pytest.approx(made.eer, abs=0.005)


def test_the_spread_is_half_the_mean_squared_distance_of_one_person() -> None:
    known, same, _ = measured()
    assert error_curves.spread(known) == pytest.approx((same**2).mean() / 2, rel=0.002)


def test_ninety_nine_percent_are_not_enough_for_a_hundred_people() -> None:
    assert error_curves.stranger_chance(0.01, 100) == pytest.approx(0.634, abs=0.0005)
    rng = np.random.default_rng(0)
    simulated = (rng.random((20_000, 100)) < 0.01).any(1).mean()
    assert error_curves.stranger_chance(0.01, 100) == pytest.approx(simulated, abs=0.015)
    assert error_curves.stranger_chance(1e-12, 1_000_000) == pytest.approx(1e-6, rel=1e-5)
    assert [error_curves.stranger_chance(far, k) for far, k in ((0.0, 5), (1.0, 1), (1.0, 0), (0.3, 0))] == [0, 1, 0, 0]


def test_the_rate_that_is_enough_is_the_inverse() -> None:
    for k in (1, 100, 1_000_000):
        assert error_curves.stranger_chance(error_curves.far_for(0.01, k), k) == pytest.approx(0.01)
    assert error_curves.far_for(1.0, 7) == 1.0


@pytest.mark.parametrize(("far", "k"), [(float("nan"), 1), (-0.1, 1), (1.1, 1), (0.5, -1), (0.5, 1.5)])
def test_unusable_numbers_are_refused(far: float, k: float) -> None:
    with pytest.raises(OptionError):
        error_curves.stranger_chance(far, k)  # type: ignore[arg-type]


@pytest.mark.parametrize(("chance", "k"), [(1.001, 1), (-0.001, 1), (float("nan"), 1), (0.5, 0), (0.5, 2.5)])
def test_a_chance_that_is_none_and_a_gallery_of_nobody_are_refused(chance: float, k: float) -> None:
    with pytest.raises(OptionError):
        error_curves.far_for(chance, k)  # type: ignore[arg-type]


def test_the_payload_is_small_and_plain() -> None:
    known, _, _ = measured()
    data = error_curves.payload(known, 0.6, [0.41, 0.9], people=7)
    assert json.loads(json.dumps(data)) == data
    assert data["pairs"] == [0.41, 0.9]
    assert len(json.dumps(data)) < 12_000


@pytest.mark.parametrize(
    ("name", "digits"),
    [("tau", 4), ("far", 6), ("frr", 6), ("far_deviate", 4), ("frr_deviate", 4), ("same", 5), ("different", 5)],
)
def test_the_page_gets_the_curves_to_as_many_digits_as_can_be_seen(name: str, digits: int) -> None:
    known, _, _ = measured(333)
    made = error_curves.curves(known)
    exact = dict(zip(("far_deviate", "frr_deviate"), made.deviates, strict=True)).get(name, getattr(made, name, None))
    sent = np.array(error_curves.payload(known, 0.6, [], people=1)[name])
    assert np.abs(sent - exact).max() <= 0.5 * 10.0**-digits + 1e-12
    assert max(len(f"{value:.12f}".rstrip("0").partition(".")[2]) for value in sent) == digits


def test_the_payload_has_what_was_chosen_and_measured() -> None:
    known, _, _ = measured()
    made = error_curves.curves(known)
    data = error_curves.payload(known, 0.55, [0.41236], people=7)
    assert (data["chosen"], data["people"], data["n_different"], data["data"]) == (0.55, 7, 500, "made-up people")
    assert (data["eer"], data["eer_tau"], data["pairs"]) == (made.eer, made.eer_tau, [0.4124])
    assert (len(data["tau"]), len(data["same"])) == (240, 48)
    for rate, place in data["det_ticks"]:
        assert place == pytest.approx(NormalDist().inv_cdf(rate), abs=1e-4)
    assert data["far_deviate"][0] == pytest.approx(NormalDist().inv_cdf(1e-4), abs=1e-4)  # a rate of 0 has its place
    assert data["frr_deviate"][0] == pytest.approx(NormalDist().inv_cdf(1 - 1e-4), abs=1e-4)


def test_below_and_beyond_what_was_measured() -> None:
    """Nobody is accepted below the first threshold; where not everybody is at the last one, the curves end there."""
    known, _, _ = measured()
    part = slice(700, 900)
    cut = replace(known, thresholds=known.thresholds[part], far=known.far[part], frr=known.frr[part])
    made = error_curves.curves(cut)
    assert made.tau[-1] == cut.thresholds[-1]
    assert made.far[made.tau < 0.7].max() == 0 < cut.far[0]
    assert made.frr[made.tau < 0.7].min() == 1 > cut.frr[0]
    assert error_curves.pooling(cut) == {"pool": "template", "spread": error_curves.spread(cut)}


def test_the_ruler_says_in_words_what_it_draws() -> None:
    known, _, _ = measured()
    drawn = ruler(known, 0.6, [("d", 0.4321), ("<b>", 5.0)])
    assert 'aria-label="Distance d 0.432; &lt;b&gt; 5.000; threshold 0.600"' in drawn
    assert "cf-is-same" in drawn
    assert "cf-is-diff" in drawn
    assert "<b>" not in drawn
