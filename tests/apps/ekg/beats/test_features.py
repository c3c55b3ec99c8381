"""Intervals and likenesses against the same things counted beat by beat, and in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from apps.ekg.beats.features import (
    RHYTHM_FEATURES,
    SHAPE_FEATURES,
    likeness,
    rhythm_features,
    rolling,
    shape_features,
    shared_with_shape,
)
from apps.ekg.beats.windows import PEAK, QRS, Beats, References

_RANDOM = np.random.default_rng(7)


def _by_hand(rr_s: np.ndarray) -> list[dict[str, float]]:
    """The features of intervals as their names have them, for one beat after the other."""
    log = [float(np.log(min(max(value, 0.2), 4.0))) for value in rr_s]
    n = len(log)
    jumps = [abs(log[k] - log[max(k - 1, 0)]) for k in range(n)]
    width = min(16, n - 1)

    def around(values: list[float], k: int) -> list[float]:
        places = [abs(place) if place < n else 2 * (n - 1) - place for place in range(k - width, k + width + 1)]
        return [values[place] for place in places]

    rows = []
    for k in range(n):
        at = {step: log[min(max(k + step, 0), n - 1)] for step in range(-2, 3)}
        near = around(log, k)
        local, long = np.quantile(near, 0.5), np.quantile(near, 0.85)
        spread = 3 * (np.quantile(near, 0.75) - np.quantile(near, 0.25) + 0.06)
        jump, jump_high = np.quantile(around(jumps, k), 0.5), np.quantile(around(jumps, k), 0.75)
        record, record_long = np.quantile(log, 0.5), np.quantile(log, 0.9)
        row = {f"RR {step:+d} / local median": at[step] - local for step in range(-2, 3)}
        row |= {"RR / local long": at[0] - long, "next RR / local long": at[1] - long}
        row |= {"RR / record median": at[0] - record, "next RR / record median": at[1] - record}
        row |= {"RR / record long": at[0] - record_long, "next RR / record long": at[1] - record_long}
        row |= {"RR / RR before": at[0] - at[-1], "next RR / RR": at[1] - at[0]}
        row |= {"local irregularity": 4 * jump, "record irregularity": 4 * float(np.median(jumps))}
        row["RR / local median, in spreads"] = (at[0] - local) / spread
        row["next RR / local median, in spreads"] = (at[1] - local) / spread
        row["RR / RR before, in spreads"] = (at[0] - at[-1]) / (3 * (jump_high + 0.06))
        row["local jumps"] = 3 * jump_high
        row["RR and next / two local medians"] = np.log((np.exp(at[0]) + np.exp(at[1])) / 2) - local
        row |= {"local / record median": local - record, "local median / record long": local - record_long}
        rows.append({name: float(np.clip(value, -1.2, 1.2)) for name, value in row.items()})
    return rows


@pytest.mark.parametrize("n", [2, 3, 20, 90])
def test_intervals_are_compared_as_their_names_say(n: int) -> None:
    rr_s = _RANDOM.uniform(0.1, 5.0, n) ** 0.7
    found = rhythm_features(rr_s)
    for k, row in enumerate(_by_hand(rr_s)):
        for name, value in row.items():
            assert found[k, RHYTHM_FEATURES.index(name)] == pytest.approx(value, abs=1e-5), (k, name)


def test_rolling_is_mirrored_at_the_ends() -> None:
    values = np.array([1.0, 2.0, 4.0, 8.0])
    np.testing.assert_array_equal(rolling(values, 1, lambda v: v.sum(axis=1)), [5, 7, 14, 16])
    np.testing.assert_array_equal(rolling(values, 2, lambda v: v.max(axis=1)), [4, 8, 8, 8])


def test_likeness_is_a_correlation_and_finds_the_shift() -> None:
    lines = _RANDOM.standard_normal((3, 60)).astype(np.float32)
    same = likeness(lines, lines, 10, 40, lag=0)
    np.testing.assert_allclose(same, 1, atol=0.01)
    np.testing.assert_allclose(likeness(-lines, lines, 10, 40, lag=0), -1, atol=0.01)
    np.testing.assert_allclose(likeness(5 * lines + 3, lines, 10, 40, lag=0), 1, atol=0.01)
    for shift in (-3, 3):
        moved = np.roll(lines, shift, axis=1)
        np.testing.assert_allclose(likeness(moved, lines, 10, 40, lag=3), 1, atol=0.01)
        assert (likeness(moved, lines, 10, 40, lag=2) < 0.9).all()
    other = _RANDOM.standard_normal((3, 60)).astype(np.float32)
    expected = [np.corrcoef(a[10:40], b[10:40])[0, 1] for a, b in zip(lines, other, strict=True)]
    np.testing.assert_allclose(likeness(lines, other, 10, 40, lag=0), expected, atol=1e-3)


def _triangle(height: float, half: int) -> np.ndarray:
    n = np.arange(144) - PEAK
    return np.asarray(height * np.maximum(0, 1 - np.abs(n) / half), np.float32)


def _shapes(windows: np.ndarray, local: np.ndarray, record: np.ndarray) -> dict[str, np.ndarray]:
    n = len(windows)
    beats = Beats(windows, np.full(n, 0.8), np.ones(n, bool), 1.0)
    reference = References(record, np.repeat(local[None], -(-n // 8), axis=0))
    return dict(zip(SHAPE_FEATURES, shape_features(beats, reference, 0, n).T, strict=True))


def test_a_qrs_is_measured_against_its_references() -> None:
    usual, tall, wide = _triangle(1, 4), _triangle(2, 4), _triangle(1, 12)
    found = _shapes(np.stack([usual, tall, wide, usual]), usual, wide)
    np.testing.assert_allclose(found["QRS height / reference"], np.log([1, 2.01 / 1.01, 1, 1]), atol=1e-5)
    area = {4: 4 / 1.001 / 8, 12: 12 / 1.001 / 8}  # of a triangle, over its height
    widths = np.log([area[4], 8 / 2.001 / 8, area[12], area[4]])
    np.testing.assert_allclose(found["QRS width"], widths, atol=1e-4)
    np.testing.assert_allclose(found["QRS width / reference"], widths - widths[0], atol=1e-4)
    slopes = np.log(np.array([1 / 4, 2 / 4, 1 / 12, 1 / 4]) + 0.01)
    np.testing.assert_allclose(found["QRS slope / reference"], slopes - slopes[0], atol=1e-4)
    assert (QRS.stop - QRS.start) > 24
    local, record = found["QRS like the local reference"], found["QRS like the record's reference"]
    assert local[:2] == pytest.approx([1, 1], abs=0.01)
    assert record[2] == pytest.approx(1, abs=0.01)
    assert max(local[2], record[0]) < 0.9
    before, after = found["QRS like the beat before"], found["QRS like the beat after"]
    assert before[:2] == pytest.approx([1, 1], abs=0.01)  # the first is its own neighbour
    assert after[[0, 3]] == pytest.approx([1, 1], abs=0.01)
    assert max(before[2], before[3], after[1], after[2]) < 0.9


def test_a_p_wave_is_compared_before_the_qrs() -> None:
    bump = np.exp(-0.5 * ((np.arange(144) - PEAK + 20) / 3) ** 2).astype(np.float32)
    usual, other = _triangle(1, 4) + 0.1 * bump, _triangle(1, 4) - 0.1 * bump
    found = _shapes(np.stack([usual, other]), usual, other)
    assert found["P wave like the local reference"] == pytest.approx([1, -1], abs=0.3)
    assert found["P wave like the record's reference"] == pytest.approx([-1, 1], abs=0.3)


def test_what_beats_of_a_shape_share_is_how_early_they_are_and_how_wide() -> None:
    rhythm = _RANDOM.uniform(-2, 2, (5, len(RHYTHM_FEATURES))).astype(np.float32)
    shape = _RANDOM.uniform(-1, 1, (5, len(SHAPE_FEATURES))).astype(np.float32)
    early, late = (RHYTHM_FEATURES.index(f"{name} / usual interval, record") for name in ("RR", "next RR"))
    like, width = (SHAPE_FEATURES.index(name) for name in ("P wave like the local reference", "QRS width"))
    expected = [rhythm[:, early].clip(-1, 1), rhythm[:, late].clip(-1, 1), shape[:, like], shape[:, width]]
    np.testing.assert_array_equal(shared_with_shape(rhythm, shape), np.stack(expected, axis=1))
