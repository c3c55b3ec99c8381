"""A pacemaker's spikes are seen where the recorder shows them, and nothing else is taken for them."""

from __future__ import annotations

import numpy as np
import pytest

from apps.ekg.beats.spikes import is_paced, spiked_share
from apps.ekg.formats.recording import in_memory
from benchmarks.ekg.hearts import heart

_T = np.arange(60 * 500) / 500
_NOISE = 0.02 * np.random.default_rng(0).standard_normal(len(_T))


def _share(line_mv: np.ndarray, times_s: np.ndarray, rate_hz: int = 500) -> float:
    return spiked_share(in_memory("x", line_mv, rate_hz, ("II",)), 0, times_s)


@pytest.mark.parametrize("before_s", [0.05, 0.16, 0.25])
def test_spikes_at_one_distance_are_a_pacemakers(before_s: float) -> None:
    line, times = heart(_T, 72, wide=True)
    for time in times:
        line[round((time - before_s) * 500)] += 0.8
    assert _share(line + _NOISE, times) > 0.95
    assert is_paced(in_memory("x", line + _NOISE, 500, ("II",)), 0, times)


def test_spikes_here_and_there_are_not() -> None:
    line, times = heart(_T, 72)
    spiked = line.copy()
    spiked[np.random.default_rng(1).integers(0, len(line), 200)] += 2.0
    assert _share(spiked + _NOISE, times) < 0.3
    assert _share(line + _NOISE, times) == 0
    assert _share(5 * line, times) == 0  # the waves of a tall heart are no spikes
    missing = spiked.copy()
    missing[::50] = np.nan
    assert _share(missing, times) == 0


def test_a_recorder_that_is_too_slow_shows_none() -> None:
    line, times = heart(_T[::4], 72, wide=True, spikes=True)
    assert _share(line, times, 125) == 0
