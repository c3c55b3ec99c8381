"""Resampling and filtering keep what beats are told by; what cannot be trusted is marked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from apps.ekg.beats import signals
from apps.ekg.beats.signals import RATE_HZ, prepare
from apps.ekg.formats.recording import in_memory
from apps.ekg.formats.synthetic import Rhythm, synthetic
from shared.errors import RecordError


def _sine(frequency_hz: float, rate_hz: float, *, seconds: float = 20, offset: float = 0.0) -> np.ndarray:
    return np.asarray(offset + np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate_hz)) / rate_hz))


@pytest.mark.parametrize("rate_hz", [100.0, 125.0, 128.0, 250.0, 360.0, 500.0, 512.0, 1000.0])
def test_a_sine_in_the_band_passes_at_any_rate_and_is_not_shifted(rate_hz: float) -> None:
    prepared = prepare(in_memory("x", _sine(5, rate_hz, offset=3.0), rate_hz, ("II",)), 0)
    inner = slice(4 * RATE_HZ, 16 * RATE_HZ)
    expected = _sine(5, RATE_HZ)[inner]
    np.testing.assert_allclose(prepared.filtered_mv[inner], expected, atol=0.02)
    np.testing.assert_allclose(prepared.plain_mv[inner], expected + 3, atol=0.01)
    assert len(prepared.plain_mv) == 20 * RATE_HZ
    assert prepared.usable.all()


@pytest.mark.parametrize(("frequency_hz", "most"), [(0.05, 0.02), (60.0, 0.05)])
def test_drift_and_hum_do_not_pass(frequency_hz: float, most: float) -> None:
    noise = _sine(frequency_hz, 500, seconds=60) + 0.001 * _sine(7, 500, seconds=60)
    prepared = prepare(in_memory("x", noise, 500, ("II",)), 0)
    assert np.abs(prepared.filtered_mv[10 * RATE_HZ : -10 * RATE_HZ]).max() < most


@pytest.mark.parametrize("rate_hz", [360.0, 257.0])
def test_blocks_cannot_be_told_in_the_result(monkeypatch: pytest.MonkeyPatch, rate_hz: float) -> None:
    signal = np.random.default_rng(0).standard_normal(round(60 * rate_hz)).cumsum() * 0.02
    recording = in_memory("x", signal, rate_hz, ("II",))
    whole = prepare(recording, 0)
    monkeypatch.setattr(signals, "_BLOCK_S", 13)
    pieces = prepare(recording, 0)
    assert len(whole.plain_mv) == len(pieces.plain_mv)
    np.testing.assert_allclose(whole.plain_mv, pieces.plain_mv, atol=1e-4)
    np.testing.assert_allclose(whole.filtered_mv, pieces.filtered_mv, atol=1e-3)
    np.testing.assert_array_equal(whole.usable, pieces.usable)


def test_gaps_flat_lines_and_clipping_are_not_usable() -> None:
    recording = synthetic(60, Rhythm())
    signal = recording.read(0, 0, recording.n_samples).copy()
    rate = int(recording.rate_hz)
    signal[10 * rate : 12 * rate] = np.nan
    signal[20 * rate : 23 * rate] = 0.125
    signal[30 * rate : 31 * rate] = 5.0
    prepared = prepare(in_memory("x", signal, rate, ("II",)), 0)
    bad = ~prepared.usable
    for start, stop in ((10, 12), (20, 23), (30, 31)):
        assert bad[start * RATE_HZ + 10 : stop * RATE_HZ - 10].all()
    assert bad.sum() < 6.5 * RATE_HZ
    assert np.isfinite(prepared.filtered_mv).all()


@pytest.mark.parametrize("value", [0.0, 2.5, np.nan])
def test_a_line_without_a_heart_is_refused(value: float) -> None:
    with pytest.raises(RecordError, match="cannot be classified"):
        prepare(in_memory("x", np.full(5000, value), 250, ("II",)), 0)


@pytest.mark.parametrize("side", [-1, 1])
def test_a_line_at_either_limit_is_clipped(side: int) -> None:
    signal = _sine(1, 250, seconds=20)
    signal[2500:2600] = 2.0 * side
    prepared = prepare(in_memory("x", signal, 250, ("II",)), 0)
    assert not prepared.usable[1255:1295].any()
    assert prepared.usable[:1240].all()


@pytest.mark.parametrize(("seconds", "enough"), [(2.0, False), (4.0, True)])
def test_three_seconds_have_to_be_usable(seconds: float, enough: bool) -> None:
    signal = np.full(20 * 250, np.nan)
    signal[: round(seconds * 250)] = _sine(5, 250, seconds=seconds)
    recording = in_memory("x", signal, 250, ("II",))
    if enough:
        assert prepare(recording, 0).usable.sum() == pytest.approx(seconds * RATE_HZ, abs=2)
    else:
        with pytest.raises(RecordError, match="at least 3 s"):
            prepare(recording, 0)


def test_a_long_recording_is_read_in_pieces_that_join(monkeypatch: pytest.MonkeyPatch) -> None:
    line = synthetic(50, Rhythm())
    whole = prepare(line, 0)
    monkeypatch.setattr(signals, "_BLOCK_S", 15)
    read: list[int] = []

    def piece(lead: int, start: int, stop: int) -> signals.Signal:
        read.append(stop - start)
        return line.read(lead, start, stop)

    parts = prepare(replace(line, read=piece), 0)
    assert max(read) <= (15 + 2 * 8 + 3) * line.rate_hz
    np.testing.assert_allclose(parts.plain_mv, whole.plain_mv, atol=1e-4)
    np.testing.assert_allclose(parts.filtered_mv, whole.filtered_mv, atol=0.01)
    np.testing.assert_array_equal(parts.usable, whole.usable)


def test_loud_wander_is_taken_out_and_what_is_not_loud_stays_as_it_is() -> None:
    made = synthetic(60, Rhythm(noise_mv=0.005))
    line = made.read(0, 0, made.n_samples)
    t = np.arange(made.n_samples) / made.rate_hz
    clean = prepare(in_memory("x", line, made.rate_hz, ("II",)), 0).filtered_mv
    moved = prepare(in_memory("x", line + 10 * np.sin(2 * np.pi * 0.3 * t), made.rate_hz, ("II",)), 0).filtered_mv
    inner = slice(4 * RATE_HZ, -4 * RATE_HZ)
    assert np.abs(moved - clean)[inner].max() < 0.12  # of 1.1 mV that the band-pass leaves
    for quiet in (clean, 20 * clean):  # whatever its gain
        np.testing.assert_array_equal(signals.steadied(quiet.astype(np.float64)), quiet)


@pytest.mark.parametrize(
    ("loud_mv", "noise_mv", "taken"), [(1.0, 0.02, True), (0.05, 0.001, False), (1.0, 3.0, False), (0.0, 0.02, False)]
)
def test_only_a_hum_that_is_loud_and_stands_out_of_the_noise_is_taken_out(
    loud_mv: float, noise_mv: float, taken: bool
) -> None:
    line = noise_mv * np.random.default_rng(5).standard_normal(20 * RATE_HZ)
    line += loud_mv * _sine(50, RATE_HZ)
    without = signals.without_hum(line)
    assert np.array_equal(without, line) != taken
    if taken:
        assert np.abs(without[RATE_HZ:-RATE_HZ]).max() < 0.2
