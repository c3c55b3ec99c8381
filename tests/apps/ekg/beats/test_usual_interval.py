"""The usual interval against a naive count, closed forms, and what it is for: rates that change, and early beats."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from apps.ekg.beats.usual_interval import USUAL_INTERVAL_FEATURES, usual_interval_features


def _row(name: str, features: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return features[:, USUAL_INTERVAL_FEATURES.index(name)]


def _naive(values: npt.NDArray[np.float64], own: float) -> tuple[float, float, float]:
    """Frequency, valley and ratio of one interval, one value at a time."""
    counts = np.zeros(341)
    for value in values:
        counts[min(max(round(value / 0.01) + 170, 0), 340)] += 1
    density = gaussian_filter1d(counts, 2.5, mode="constant") / len(values) + 2e-4
    highest, place = int(density.argmax()), min(max(round(own / 0.01) + 170, 0), 340)
    lowest = density[min(highest, place) : max(highest, place) + 1].min()
    valley = np.log(lowest / density[place]) / 3
    return np.log(density[place] / density[highest]) / 3, valley, own - (highest - 170) * 0.01


def test_it_is_the_naive_count() -> None:
    random = np.random.default_rng(0)
    log_rr = np.log(np.where(random.random(150) < 0.2, 0.55, 0.8) * np.exp(0.03 * random.standard_normal(150)))
    features, values = usual_interval_features(log_rr), log_rr - np.median(log_rr)
    assert features.shape == (150, len(USUAL_INTERVAL_FEATURES))
    for place in (0, 7, 8, 31, 77, 149):
        start = place // 8 * 8
        near = values[max(0, start - 32) : start + 40]
        expected = (*_naive(values, values[place]), *_naive(near, values[place]))
        np.testing.assert_allclose(features[place, [0, 1, 2, 4, 5, 6]], np.clip(expected, -2, 2), atol=1e-9)
        after = values[min(place + 1, 149)]  # the last interval stands for the one that would follow
        following = _naive(values, after)[2], _naive(near, after)[2]
        np.testing.assert_allclose(features[place, [3, 7]], np.clip(following, -2, 2), atol=1e-9)
        usual = values[place] - expected[5]
        away = np.mean(np.abs(near - usual) >= 0.06)
        np.testing.assert_allclose(features[place, 8], away)


def test_an_early_beat_is_behind_a_valley_and_an_even_rhythm_is_all_zeros() -> None:
    np.testing.assert_allclose(usual_interval_features(np.full(60, np.log(0.8))), 0, atol=1e-12)
    rr = np.full(300, 0.8)
    rr[20::30], rr[21::30] = 0.5, 1.1
    features = usual_interval_features(np.log(rr))
    np.testing.assert_allclose(_row("RR / usual interval, record", features)[20], np.log(0.5 / 0.8), atol=1e-9)
    np.testing.assert_allclose(_row("next RR / usual interval, record", features)[20], np.log(1.1 / 0.8), atol=1e-9)
    assert _row("frequency of the RR / the usual one's, record", features)[20] < -0.5
    assert _row("valley between RR and the usual one, record", features)[20] < -0.5
    assert _row("valley between RR and the usual one, record", features)[25] == 0


def test_in_a_rate_that_climbs_only_the_beats_around_know_the_usual_interval() -> None:
    features = usual_interval_features(np.log(np.linspace(1.0, 0.5, 1200)))
    assert np.abs(_row("RR / usual interval, record", features)).max() > 0.3
    assert np.abs(_row("RR / usual interval, local", features)).max() < 0.06
    assert np.abs(_row("valley between RR and the usual one, local", features)).max() < 0.25
