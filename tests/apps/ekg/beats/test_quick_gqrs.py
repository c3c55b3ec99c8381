"""The quick GQRS against the one of the wfdb package: the same marks, on patients, on noise and on next to nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ekg.beats.quick_gqrs import detected, gqrs, quick_gqrs
from apps.ekg.beats.signals import RATE_HZ, prepare
from apps.ekg.formats.opening import open_recording
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.formats.wfdb_package import wfdb_package


def assert_same(signal: npt.NDArray[np.floating], rate_hz: float = RATE_HZ) -> int:
    """The marks, their sizes, and what both detectors have learned and filtered at the end; the number of marks."""
    signal = signal.astype(np.float64)
    whole, quick = (
        detected(kind, signal, rate_hz) for kind in (wfdb_package("wfdb.processing.qrs").GQRS, quick_gqrs())
    )
    assert vars(quick.c) == vars(whole.c)  # thresholds and mean intervals
    np.testing.assert_array_equal(quick.qfv, whole.qfv)
    assert [vars(mark) for mark in quick.annotations] == [vars(mark) for mark in whole.annotations]
    return len(whole.annotations)


@pytest.mark.data
@pytest.mark.parametrize("name", ["101", "108", "203", "207"])
def test_patients_get_the_same_marks(data_dir: Path, name: str) -> None:
    """The cleanest, two noisy ones and one with flutter; all 23 records, both leads, agreed when this was written."""
    with open_recording(data_dir / "mitdb" / name) as recording:
        signal = prepare(recording, recording.lead_index()).filtered_mv
    assert assert_same(signal[: 10 * 60 * RATE_HZ]) > 400


@pytest.mark.parametrize(
    ("rate_hz", "seconds"), [(115, 100), (RATE_HZ, 100), (200, 100), (360, 100), (1000, 40)]
)  # the last two: more samples than the buffer holds
def test_made_beats_get_the_same_marks_at_any_rate(rate_hz: int, seconds: int) -> None:
    recording = synthetic(seconds, Rhythm(s_share=0.1, v_share=0.1, noise_mv=0.05), seed=3)
    signal = prepare(recording, 0).filtered_mv
    places = np.arange(int(len(signal) * rate_hz / RATE_HZ)) * RATE_HZ / rate_hz
    signal = np.interp(places, np.arange(len(signal)), signal)
    assert assert_same(signal, rate_hz) > 0.8 * seconds
    expected = wfdb_package("wfdb.processing").gqrs_detect(sig=signal, fs=rate_hz)
    np.testing.assert_array_equal(gqrs(signal, rate_hz), expected)


def pulses(gaps: npt.NDArray[np.int64], heights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Pulses of three samples, whose filtered peaks are ties, ``gaps`` samples after one another."""
    places = np.cumsum(gaps)
    signal = np.zeros(places[-1] + 200)
    for later in range(3):
        signal[places + later] = heights
    return signal


_RANDOM = np.random.default_rng(6)


@pytest.mark.parametrize(
    "signal",
    [
        np.zeros(3000),
        np.ones(3000),
        np.eye(1, 3000, 1500)[0],
        np.array([0.0, 1.0, 0.0]),
        np.array([1.0]),
        np.concatenate([np.random.default_rng(1).standard_normal(4000), np.zeros(4000)]),  # thresholds sink in silence
        np.concatenate([np.zeros(40_000), np.random.default_rng(2).standard_normal(1000)]),  # more than its buffer
        np.cumsum(np.random.default_rng(3).standard_normal(33_000)) / 50,  # the last second reads the buffer again
        pulses(np.full(60, 100), np.ones(60)),
        pulses(_RANDOM.integers(285, 345, 80), np.exp(_RANDOM.uniform(-5, 1, 80))),  # while thresholds sink
    ],
    ids=["zeros", "ones", "spike", "three", "one", "then silence", "silence first", "drift", "ties", "slow"],
)
def test_no_heart_gets_the_same_marks(signal: npt.NDArray[np.float64]) -> None:
    assert_same(signal)


@given(
    length=st.one_of(st.integers(1, 3000), st.integers(100, 140), st.integers(7480, 7660)),
    seed=st.integers(0, 2**32 - 1),
    spread_mv=st.sampled_from([0.003, 0.05, 0.5, 5.0]),
    spikes=st.floats(0, 1),
)
def test_any_noise_gets_the_same_marks(length: int, seed: int, spread_mv: float, spikes: float) -> None:
    random = np.random.default_rng(seed)
    signal = spread_mv * random.standard_normal(length)
    signal[random.random(length) < spikes] *= 0.01
    assert_same(signal)
