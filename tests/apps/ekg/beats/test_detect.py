"""What a detector marks is moved to the peak; of two marks too close the higher stays; noise and gaps have none."""

from __future__ import annotations

import numpy as np
import pytest

from apps.ekg.beats import detect
from apps.ekg.beats.detect import find_beats
from apps.ekg.beats.signals import RATE_HZ, Prepared


def _spikes(heights_mv: dict[int, float], usable: slice = slice(None)) -> Prepared:
    """Eight seconds with a spike of a height at each sample, usable only there."""
    signal, good = np.zeros(8 * RATE_HZ, np.float32), np.zeros(8 * RATE_HZ, np.bool_)
    for place, height in heights_mv.items():
        signal[place] = height
    good[usable] = True
    return Prepared(signal, signal, good, "II")


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector that marks every spike three samples early."""
    monkeypatch.setitem(detect.DETECTORS, "gqrs", lambda signal: np.flatnonzero(signal) - 3)


@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize(("first", "second", "kept"), [(1.0, -2.0, 220), (2.0, -1.0, 200)])
def test_of_two_too_close_the_higher_stays(first: float, second: float, kept: int) -> None:
    found = find_beats(_spikes({200: first, 220: second, 600: 1.0}))
    assert (found * RATE_HZ).round().astype(int).tolist() == [kept, 600]


@pytest.mark.usefixtures("marked")
def test_what_is_not_usable_has_no_beats() -> None:
    found = find_beats(_spikes({200: 1.0, 600: 1.0, 900: 1.0}, slice(400, 800)))
    assert (found * RATE_HZ).round().astype(int).tolist() == [600]
