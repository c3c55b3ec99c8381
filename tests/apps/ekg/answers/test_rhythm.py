"""Rhythm statistics of known sequences, and pauses: true ones are counted, stretches that cannot be read are not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest

from apps.ekg.aami import LETTERS, classes_of
from apps.ekg.answers.classify import Classified
from apps.ekg.answers.rhythm import readable_intervals, rhythm_in, rhythm_of
from apps.ekg.beats.detect import find_beats
from apps.ekg.beats.signals import Prepared, prepare
from apps.ekg.beats.windows import cut_beats
from apps.ekg.formats.opening import open_recording
from apps.ekg.formats.recording import in_memory
from apps.ekg.formats.synthetic import Rhythm, synthetic

_RATE_HZ = 360


def test_rhythm_of_a_known_sequence() -> None:
    text = "NNNN" + "VN" * 3 + "NN" + "SSSS" + "NN" + "VV" + "N"
    classes = np.array([LETTERS.index(letter) for letter in text])
    times = 0.75 * np.arange(len(text), dtype=np.float64)
    times[-1] += 2.0
    rhythm = rhythm_of(times, classes, 60.0)
    assert rhythm.mean_bpm == pytest.approx(60 / np.diff(times).mean())
    assert rhythm.slowest_bpm < rhythm.fastest_bpm == pytest.approx(80)
    assert rhythm.slowest_bpm == pytest.approx(60 / ((7 * 0.75 + 2.75) / 8))
    assert rhythm.counts == {"N": text.count("N"), "S": 4, "V": 5, "F": 0, "Q": 0}
    assert rhythm.burden["V"] == pytest.approx(5 / len(text))
    assert (rhythm.couplets, rhythm.runs) == ({"S": 0, "V": 1}, {"S": 1, "V": 0})
    assert rhythm.longest_run == {"S": 4, "V": 2}
    assert (rhythm.bigeminy, rhythm.trigeminy, rhythm.pauses) == (1, 0, 1)
    assert rhythm.longest_pause_s == pytest.approx(2.75)
    assert rhythm.sdnn_ms == pytest.approx(0)


def test_sdnn_and_rmssd_are_those_of_their_definitions() -> None:
    """Task Force 1996, by hand: intervals of 800, 900, 800, 1,200 ms differ by 100, -100 and 400."""
    times = np.cumsum([0.0, 0.8, 0.9, 0.8, 1.2])
    found = rhythm_of(times, np.zeros(5, np.int64), 5.0)
    assert found.rmssd_ms == pytest.approx(((100**2 + 100**2 + 400**2) / 3) ** 0.5)  # 244.9; the mean is 200
    assert found.sdnn_ms == pytest.approx((((125**2) * 2 + 25**2 + 275**2) / 4) ** 0.5)


def test_slowest_and_fastest_are_over_eight_intervals() -> None:
    """Eight intervals of 1 s, then eight of 0.5 s; nine in a row are of both kinds."""
    times = np.cumsum([0.0] + [1.0] * 8 + [0.5] * 8)
    found = rhythm_of(times, np.zeros(17, np.int64), 13.0)
    assert (found.slowest_bpm, found.fastest_bpm) == (pytest.approx(60), pytest.approx(120))


def test_a_line_quiet_for_too_long_is_in_no_figure() -> None:
    times = np.cumsum([0.0, 1.0, 1.0, 20.0, 1.0])
    found = rhythm_of(times, np.zeros(5, np.int64), 30.0)
    assert (found.mean_bpm, found.longest_pause_s) == (pytest.approx(60), pytest.approx(1))
    assert (found.pauses, found.unreadable) == (0, 1)


@pytest.mark.parametrize(("text", "stretches"), [("VNN" * 2, 0), ("VNN" * 3, 1), ("VNN" * 3 + "N" + "VNN" * 3, 2)])
def test_trigeminy_takes_three_in_a_row(text: str, stretches: int) -> None:
    classes = np.array([LETTERS.index(letter) for letter in text])
    assert rhythm_of(0.8 * np.arange(len(text)), classes, 20.0).trigeminy == stretches


@pytest.mark.parametrize("noisy", [3, 4])
def test_a_mark_in_noise_bounds_no_interval(noisy: int) -> None:
    """Of beats found at 0, 1, 2, ... s the mark ``noisy`` is half a second late: no interval next to it counts."""
    times = np.arange(10.0)
    times[noisy] += 0.5
    usable = np.arange(10) != noisy
    lead = Prepared(np.zeros(1500, np.float32), np.zeros(1500, np.float32), np.ones(1500, np.bool_), "II")
    found = SimpleNamespace(
        prepared=lead, times_s=times, classes=np.zeros(10, np.int64), annotated=None,
        beats=SimpleNamespace(usable=usable, scale_mv=1.0), recording=SimpleNamespace(duration_s=10.0),
    )  # fmt: skip
    assert rhythm_in(cast(Classified, found)).sdnn_ms == pytest.approx(0)


def test_rhythm_of_too_little_is_nan() -> None:
    assert np.isnan(rhythm_of(np.array([1.0]), np.array([0]), 5.0).mean_bpm)


def _with_a_gap(kind: str, seconds: float = 3.0) -> npt.NDArray[np.float32]:
    """A minute of sinus rhythm, and between two beats in its middle ``seconds`` of something else, in millivolt."""
    made = synthetic(60, Rhythm(), seed=2)
    assert made.annotations is not None
    assert made.rate_hz == _RATE_HZ
    signal = made.read(0, 0, made.n_samples)
    beats = made.annotations.times_s
    here = round((beats[30] + 0.6 * (beats[31] - beats[30])) * _RATE_HZ)
    n = round(seconds * _RATE_HZ)
    random = np.random.default_rng(0)
    quiet = signal[here] + 0.02 * random.standard_normal(n)
    stretch = {
        "quiet": quiet,
        "missing": np.full(n, np.nan),
        "unplugged": np.full(n, signal[here]),
        "drifting": quiet + 2 * np.sin(np.linspace(0, np.pi, n)),
    }[kind]
    return np.insert(signal, here, stretch.astype(np.float32))


@pytest.mark.parametrize(
    ("kind", "pauses", "unreadable"), [("quiet", 1, 0), ("missing", 0, 1), ("unplugged", 0, 1), ("drifting", 0, 1)]
)
def test_only_a_quiet_line_is_a_pause(kind: str, pauses: int, unreadable: int) -> None:
    prepared = prepare(in_memory(kind, _with_a_gap(kind), _RATE_HZ, ("MLII",)), 0)
    times = find_beats(prepared)
    readable = readable_intervals(prepared, times, cut_beats(prepared, times).scale_mv)
    rhythm = rhythm_of(times, np.zeros(len(times), np.int64), 63.0, readable=readable)
    assert (rhythm.pauses, rhythm.unreadable) == (pauses, unreadable)
    assert (rhythm.longest_pause_s > 2) is bool(pauses)


@pytest.mark.data
@pytest.mark.parametrize(("name", "pauses"), [("116", 0), ("201", 13), ("207", 3), ("208", 0)])
def test_the_pauses_of_patients_are_those_of_the_cardiologists(data_dir: Path, name: str, pauses: int) -> None:
    with open_recording(data_dir / "mitdb" / name) as recording:
        prepared = prepare(recording, recording.lead_index())
    assert recording.annotations is not None
    marks = recording.annotations
    truth = marks.times_s[classes_of(marks.symbols) >= 0]
    times = find_beats(prepared)
    readable = readable_intervals(prepared, times, cut_beats(prepared, times).scale_mv)
    long = np.diff(times) > 2
    confirmed = [
        not np.any((truth > start + 0.2) & (truth < stop - 0.2))
        for start, stop in zip(times[:-1][long & readable], times[1:][long & readable], strict=True)
    ]
    assert confirmed == [True] * pauses


@pytest.mark.parametrize(("interval_s", "asked"), [(2.0, False), (2.004, True)])
def test_an_interval_of_two_seconds_is_no_pause_yet(interval_s: float, asked: bool) -> None:
    prepared = prepare(synthetic(20, Rhythm()), 0)
    prepared.usable[:] = False  # nothing of it can be read
    times = np.array([2.0, 2.0 + interval_s])
    assert readable_intervals(prepared, times, 1.0).tolist() == [not asked]
    assert rhythm_of(times, np.zeros(2, np.int64), 20.0).pauses == int(asked)
