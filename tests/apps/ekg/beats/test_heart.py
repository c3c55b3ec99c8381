"""A detector's marks are believed where they stand out of the line, and every beat of a fast heart is found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from apps.ekg.beats import heart as heart_module
from apps.ekg.beats.detect import find_beats
from apps.ekg.beats.heart import (
    LEAST_STEEPNESS,
    LEAST_SWING,
    LEAST_WIDTH,
    MOST_STROKES,
    beside_edges,
    changing,
    fast_share,
    other_waves,
    stands_out,
    steepness,
    strokes,
    swing,
    unlike,
    width,
    with_missed,
)
from apps.ekg.beats.signals import RATE_HZ, Prepared, prepare
from apps.ekg.beats.windows import PEAK, cut_beats
from apps.ekg.formats.recording import in_memory
from benchmarks.ekg.hearts import heart

_T = np.arange(20 * 250) / 250


def _prepared(line: np.ndarray) -> Prepared:
    noise = 0.01 * np.random.default_rng(0).standard_normal(len(line))
    return prepare(in_memory("x", line + noise, 250, ("II",)), 0)


@pytest.mark.parametrize("bpm", [25, 40, 75, 150, 195, 220, 260, 300])
def test_every_beat_from_25_to_300_a_minute(bpm: float) -> None:
    line, times = heart(_T, bpm)
    found = find_beats(_prepared(line))
    assert len(found) == pytest.approx(len(times), abs=3)
    assert np.abs(found[:, None] - times).min(axis=1).max() < 0.15
    assert np.median(np.diff(found)) == pytest.approx(60 / bpm, rel=0.03)


def test_nothing_is_added_between_slow_beats_nor_where_only_one_interval_has_it() -> None:
    line, times = heart(_T, 75)
    prepared = _prepared(line)
    marks = np.round(times * RATE_HZ).astype(np.int64)
    assert with_missed(prepared.filtered_mv, marks).tolist() == marks.tolist()
    fast, at = heart(_T, 120)
    whole = np.round(at * RATE_HZ).astype(np.int64)
    one_missing = np.delete(whole, 11)
    assert with_missed(_prepared(fast).filtered_mv, one_missing).tolist() == pytest.approx(whole.tolist(), abs=1)
    lower = fast - 0.4 * fast * (np.abs(_T - at[11]) < 0.1)  # alike, but not just as high
    assert with_missed(_prepared(lower).filtered_mv, one_missing).tolist() == one_missing.tolist()
    halved = whole[::2]
    assert with_missed(_prepared(fast).filtered_mv, halved).tolist() == pytest.approx(whole[: len(halved) * 2], abs=2)


def test_a_long_recording_is_looked_through_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    line, times = heart(_T, 120)
    halved = np.round(times * RATE_HZ).astype(np.int64)[::2]
    filtered = _prepared(line).filtered_mv
    at_once = with_missed(filtered, halved).tolist()
    assert len(at_once) > 1.9 * len(halved)
    monkeypatch.setattr(heart_module, "_PLACES", 7)
    assert with_missed(filtered, halved).tolist() == at_once


def test_beats_are_missed_alike_at_every_height() -> None:
    line, times = heart(_T, 120)
    marks = np.delete(np.round(times * RATE_HZ).astype(np.int64), 11)
    filtered = _prepared(line).filtered_mv
    found = with_missed(filtered, marks)
    assert len(found) == len(marks) + 1
    for gain in (0.02, 50):
        assert with_missed(gain * filtered, marks).tolist() == found.tolist()


@pytest.mark.parametrize(("off", "found"), [(21, True), (20, False), (79, True), (80, False)])
def test_a_missed_beat_is_17_hundredths_of_a_second_from_its_neighbours(off: int, found: bool) -> None:
    n, marks = np.arange(1100), np.arange(100, 1001, 100)
    line = np.exp(-0.5 * ((n - marks[:, None]) / 1.5) ** 2).sum(axis=0) + np.exp(-0.5 * ((n - 500 - off) / 1.5) ** 2)
    expected = sorted([*marks, 500 + off]) if found else marks
    assert with_missed(line.astype(np.float32), marks).tolist() == list(expected)


def test_a_qrs_is_steeper_than_its_line_and_waves_are_not() -> None:
    line, times = heart(_T, 75)
    assert steepness(_prepared(line), times) > 2 * LEAST_STEEPNESS
    for hertz in (1.0, 8.0):
        waves = np.sin(2 * np.pi * hertz * _T)
        assert steepness(_prepared(waves), np.arange(1, 19) + 0.1) < LEAST_STEEPNESS
    assert steepness(_prepared(line), np.empty(0)) == 0


@pytest.mark.parametrize(
    ("samples", "away", "ratio"), [(3, 30, 4.0), (2, 30, np.inf), (3, 14, 4.0), (3, 13, np.inf), (3, -18, 4.0)]
)
def test_a_line_has_a_sample_for_each_beat_at_least(samples: int, away: int, ratio: float) -> None:
    """A line that rises evenly, and three QRS complexes four times as steep; few samples between them can be used."""
    line = np.cumsum(np.full(1000, 0.01, np.float32))
    places = np.array([250, 500, 750])
    for place in places:
        line[place - 2 :] += 0.03 * np.clip(np.arange(len(line) - place + 2), 0, 4)
    usable = np.isin(np.arange(1000), places[:samples] + away)
    found = steepness(Prepared(line, line, usable, "II"), places / RATE_HZ)
    assert found == pytest.approx(ratio, rel=1e-3)


@pytest.mark.parametrize(("step", "near"), [(14, True), (15, False), (-9, True), (-10, False)])
def test_a_qrs_lies_within_80_ms_of_its_mark(step: int, near: bool) -> None:
    """A line that changes its level once a beat, ``step`` samples after the place that the mark stands for."""
    marks = np.arange(1, 19) * RATE_HZ
    levels = np.zeros(20 * RATE_HZ)
    for beat in marks - 2 + step:
        levels[beat:] = 1 - levels[beat]
    line = levels + 0.01 * np.random.default_rng(1).standard_normal(len(levels))
    prepared = replace(_prepared(_T), filtered_mv=line.astype(np.float32), usable=np.ones(len(line), bool))
    assert (steepness(prepared, marks / RATE_HZ) > 20) == near


@pytest.mark.parametrize("bpm", [110, 170])
def test_the_beats_of_fibrillation_are_found_wherever_they_are(bpm: float) -> None:
    t = np.arange(60 * 250) / 250
    line, times = heart(t, bpm, irregular=True)
    found = find_beats(_prepared(line))
    away = np.abs(found[:, None] - times)
    assert (away.min(axis=0) < 0.15).mean() > 0.97
    assert (away.min(axis=1) < 0.15).mean() > 0.99


def test_the_swing_of_steps_ramps_and_triangles_has_a_closed_form() -> None:
    n = np.arange(150.0) - PEAK
    lines = [
        np.maximum(0, 8 - np.abs(n)),  # as fast up as down
        1.0 * (n > 0),
        np.where(n < 0, np.maximum(0, 8 + n), np.maximum(0, 8 - n / 4)),  # four times as fast up
        np.where(n < 0, np.maximum(0, 8 + n / 4), np.maximum(0, 8 - n)),
        0 * n,
    ]
    for gain in (1, 0.01):
        assert swing(gain * np.array(lines, np.float32)) == pytest.approx([1, 0, 0.25, 0.25, 0])


def test_strokes_are_counted_from_a_third_of_the_largest_on() -> None:
    n = np.arange(150.0) - PEAK
    one = np.maximum(0, 8 - np.abs(n))
    lower = one + 0.25 * np.maximum(0, 8 - np.abs(n - 17)) - 0.4 * np.maximum(0, 4 - np.abs(n + 12))
    assert strokes(np.array([one, one], np.float32)) == 2
    assert strokes(np.array([one, lower], np.float32)) == 2.0
    assert strokes(np.array([np.sin(2 * np.pi * n / 8)], np.float32)) == pytest.approx(9.5, abs=1)
    sharp = np.where((n >= 0) & (n < 8), n, 0) + 0.25 * np.maximum(0, 7 - np.abs(n + 12))  # 7 and 1.75 up and down
    assert strokes(np.array([sharp], np.float32)) == 2


def _windows(line: np.ndarray, times: np.ndarray) -> np.ndarray:
    return cut_beats(_prepared(line), times).windows


def test_steps_and_bursts_are_told_from_hearts() -> None:
    t = np.arange(60 * 250) / 250
    random = np.random.default_rng(3)
    for bpm in (25, 72, 180, 300):
        for wide in (False, True):
            line, times = heart(t, bpm, wide=wide)
            windows = _windows(line, times[1:-1])
            assert np.median(swing(windows)) > LEAST_SWING
            assert strokes(windows) < MOST_STROKES
    at = np.arange(1, 59.0)
    for step in (t % 1 - 0.5, np.exp(-(t % 1) / 0.1), 1.0 * (np.floor(t) % 2), np.exp(-(t % 1) / 0.3)):
        assert np.median(swing(_windows(step, at))) < LEAST_SWING
    bursts = 0.5 * random.standard_normal(len(t)) * (np.abs(t % 1 - 0.5) < 0.25)
    assert strokes(_windows(bursts, at + 0.5)) > MOST_STROKES


@pytest.mark.parametrize("rate_hz", [130, 250, 500])
def test_spikes_are_narrower_than_any_qrs(rate_hz: int) -> None:
    t = np.arange(60 * rate_hz) / rate_hz
    line, times = heart(t, 72)
    spikes = np.zeros(len(t))
    spikes[np.round(times * rate_hz).astype(int)] = 2.0

    def width_of(made: np.ndarray) -> float:
        made = made + 0.01 * np.random.default_rng(0).standard_normal(len(t))
        return width(cut_beats(prepare(in_memory("x", made, rate_hz, ("II",)), 0), times).windows)

    assert width_of(spikes) < LEAST_WIDTH
    assert width_of(line) > LEAST_WIDTH
    narrow = np.array([np.maximum(0, 1 - np.abs(np.arange(150.0) - PEAK) / 3)], np.float32)
    assert width(narrow) == pytest.approx(3)


def test_an_edge_of_noise_is_loud_on_one_side_only() -> None:
    t = np.arange(30 * RATE_HZ) / RATE_HZ
    line, times = heart(t, 60)
    hum = np.sin(2 * np.pi * 50 * t)
    middle = (times[9] + times[10]) / 2
    calm = 0.002 * np.random.default_rng(0).standard_normal(len(t))

    def beside(mv: np.ndarray) -> list[int]:
        return np.flatnonzero(beside_edges((line + calm + mv).astype(np.float32), times, 1.0)).tolist()

    assert beside(0 * t) == beside(hum) == beside(0.02 * hum * (t > times[9])) == []
    assert beside(hum * (t > times[9])) == [9]
    assert beside(hum * (t < times[9])) == [9]
    assert beside(hum * (t > middle)) == []  # it begins between two beats
    assert beside(hum * np.where(t < times[9], 0.5, 1.0)) == []


@pytest.mark.parametrize("bpm", [50, 80, 110])
def test_a_qrs_lower_than_its_t_wave_stands_out_and_a_pulse_does_not(bpm: float) -> None:
    t = np.arange(60 * 250) / 250
    line, times = heart(t, bpm)
    for time in times:
        line = line + 1.6 * np.exp(-0.5 * ((t - time - 0.27) / 0.05) ** 2)
    tall = _prepared(line)
    ratio = steepness(tall, times)
    assert 1.4 < ratio < LEAST_STEEPNESS
    assert stands_out(cut_beats(tall, times[1:-1]), ratio)
    pulse = _prepared(np.exp(3 * (np.cos(2 * np.pi * bpm / 60 * t) - 1)))
    beats = np.arange(60 / bpm, 59, 60 / bpm)
    assert not stands_out(cut_beats(pulse, beats), min(steepness(pulse, beats), 2.4))
    assert not stands_out(cut_beats(tall, times[1:-1]), 1.3)
    noise = _prepared(0.3 * np.random.default_rng(6).standard_normal(len(t)))
    assert not stands_out(cut_beats(noise, times[1:-1]), 2.0)


def test_noise_in_a_part_of_a_recording_does_not_hide_its_beats() -> None:
    t = np.arange(60 * 250) / 250
    line, times = heart(t, 70)
    noisy = line + 5 * np.random.default_rng(8).standard_normal(len(t)) * (t < 12)
    assert steepness(_prepared(noisy), times) > LEAST_STEEPNESS


def test_p_and_t_waves_are_looked_for_where_they_stand_at_any_rate() -> None:
    for bpm in (45, 72, 150):
        line, times = heart(_T, bpm)
        typical = np.median(_windows(line, times), axis=0)
        assert 0.1 < other_waves(typical, bpm) < 0.3
    alone = sum(np.exp(-0.5 * ((_T - time) / 0.012) ** 2) for time in times[::3])
    assert other_waves(np.median(_windows(alone, times[::3]), axis=0), 50) < 0.03
    flat = np.zeros(150)
    flat[PEAK - 2 : PEAK + 2] = 1
    flat[PEAK + 40] = 0.5
    assert other_waves(flat, 60) == 0.5
    assert other_waves(flat, 190) == 0  # that is the next beat


def test_broad_waves_have_nothing_above_8_hz() -> None:
    n = (np.arange(150.0) - PEAK) / RATE_HZ
    assert fast_share(np.exp(-0.5 * (n / 0.04) ** 2)) < 0.1
    assert fast_share(np.exp(-0.5 * (n / 0.01) ** 2)) > 0.5
    assert fast_share(np.cos(2 * np.pi * 20 * n)) > 0.99


def test_beats_of_two_shapes_are_alike_and_noise_is_not() -> None:
    random = np.random.default_rng(2)
    shapes = random.standard_normal((2, 150))
    assert unlike(np.repeat(shapes, 20, axis=0)) == pytest.approx(0, abs=1e-5)
    assert unlike(random.standard_normal((40, 150))) > 0.8
    assert changing(np.repeat(shapes[:1], 20, axis=0)) == 0
    levels = np.linspace(0, 1, 101)[:, None] * np.ones((101, 150))
    levels[:, PEAK] += 1  # the middle half lies between 0.25 and 0.75, in QRS complexes 1 high
    assert changing(levels) == pytest.approx(0.5, rel=0.01)
