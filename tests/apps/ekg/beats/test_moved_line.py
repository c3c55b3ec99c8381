"""A normal beat on a bump is known by its QRS, and a ventricular one is not taken for it."""

from __future__ import annotations

import numpy as np
import pytest

from apps.ekg.beats.moved_line import has_usual_qrs
from apps.ekg.beats.signals import prepare
from apps.ekg.beats.windows import cut_beats, references
from apps.ekg.formats.recording import in_memory
from apps.ekg.formats.synthetic import Rhythm, synthetic
from benchmarks.ekg.hearts import bumps, heart


@pytest.mark.parametrize(("mv", "share"), [(1.5, 0.97), (3.0, 0.9)])
def test_a_normal_beat_on_a_bump_has_the_usual_qrs(mv: float, share: float) -> None:
    t = np.arange(60 * 250) / 250
    line, times = heart(t, 72)
    moved = in_memory("x", line + bumps(t, 1.7, mv), 250, ("II",))
    beats = cut_beats(prepare(moved, 0), times)
    assert np.ptp(beats.windows - references(beats).near(0, len(times)), axis=1).max() > mv  # some lie on bumps
    assert has_usual_qrs(beats.windows, references(beats).near(0, len(times))).mean() > share


def test_a_ventricular_beat_has_not() -> None:
    recording = synthetic(240, Rhythm(v_share=0.2), seed=5)
    assert recording.annotations is not None
    beats = cut_beats(prepare(recording, 0), recording.annotations.times_s)
    wide = np.array([symbol == "V" for symbol in recording.annotations.symbols])
    usual = has_usual_qrs(beats.windows, references(beats).near(0, len(wide)))
    assert usual[~wide].mean() > 0.99
    assert not usual[wide].any()


def test_the_fit_knows_size_place_and_line() -> None:
    t = np.arange(-64, 80)
    usual = np.exp(-0.5 * (t / 3.0) ** 2) - 0.3 * np.exp(-0.5 * ((t - 6) / 2.5) ** 2)
    slow = 2e-6 * (t - 5.0) ** 3 - 1e-3 * t**2 + 0.1 * t + 4
    double = usual + 0.8 * np.roll(usual, 8)
    fit = [1.2 * np.roll(usual, 7) + slow, np.roll(usual, 16) + slow]
    not_fit = [2.0 * usual + slow, np.roll(usual, 24) + slow, double + slow, slow - usual, slow]
    shown = np.stack([*fit, *not_fit]).astype(np.float32)
    assert has_usual_qrs(shown, np.tile(usual.astype(np.float32), (7, 1))).tolist() == [True] * 2 + [False] * 5
