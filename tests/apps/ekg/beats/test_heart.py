"""A detector's marks are believed where they stand out of the line, and every beat of a fast heart is found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from apps.ekg.beats.detect import find_beats
from apps.ekg.beats.heart import LEAST_STEEPNESS, steepness, with_missed
from apps.ekg.beats.signals import RATE_HZ, Prepared, prepare
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
    assert with_missed(_prepared(fast).filtered_mv, one_missing).tolist() == one_missing.tolist()
    halved = whole[::2]
    assert with_missed(_prepared(fast).filtered_mv, halved).tolist() == pytest.approx(whole[: len(halved) * 2], abs=2)


def test_a_qrs_is_steeper_than_its_line_and_waves_are_not() -> None:
    line, times = heart(_T, 75)
    assert steepness(_prepared(line), times) > 2 * LEAST_STEEPNESS
    for hertz in (1.0, 8.0):
        waves = np.sin(2 * np.pi * hertz * _T)
        assert steepness(_prepared(waves), np.arange(1, 19) + 0.1) < LEAST_STEEPNESS
    assert steepness(_prepared(line), np.empty(0)) == 0


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
