"""Break a recording on purpose, to see when the classifier does: noise, gain, upside-down electrodes, a lower rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from apps.ekg.aami import UNCLASSIFIED
from apps.ekg.beats.signals import RATE_HZ
from apps.ekg.formats.recording import Recording, in_memory
from shared.errors import check_number

if TYPE_CHECKING:
    from apps.ekg.answers.classify import Classified

LONGEST_S = 300.0  # so that an answer comes within a second
_MATCH_S = 0.15  # AAMI EC57: two marks of one beat are within 150 ms
_LEVELS = 200.0  # counts per millivolt of MIT-BIH's recorder


@dataclass(frozen=True)
class Disturbance:
    """What is done to the signal; the defaults do nothing."""

    noise_mv: float = 0.0  # standard deviation of muscle noise (white up to 60 Hz)
    drift_mv: float = 0.0  # amplitude of electrode drift at 0.3 Hz
    gain: float = 1.0
    inverted: bool = False
    rate_hz: float = 0.0  # 0: as it is; otherwise as if it had been recorded at this lower rate
    seed: int = 0


@dataclass(frozen=True)
class Agreement:
    """Answers before and after."""

    kept: int  # beats found in both with the same class
    changed: int  # found in both, another class
    given_up: int  # found in both, now Q: not classifiable
    lost: int  # found before only
    added: int  # found after only, and given a class

    @property
    def share(self) -> float:
        """Share of the beats before that kept their class, 0..1."""
        return self.kept / max(1, self.kept + self.changed + self.given_up + self.lost)


def excerpt(found: Classified, *, start_s: float = 0.0, length_s: float = LONGEST_S) -> Recording:
    """``length_s`` seconds of the classified lead from ``start_s`` on, at 125 Hz, without annotations."""
    signal = found.prepared.plain_mv
    length = min(len(signal), round(length_s * RATE_HZ))
    first = min(max(0, round(start_s * RATE_HZ)), len(signal) - length)
    return in_memory(found.recording.name, signal[first : first + length], RATE_HZ, (found.prepared.lead,))


def disturbed(recording: Recording, how: Disturbance) -> Recording:
    """The first lead of ``recording`` with ``how`` done to it.

    Raises:
        OptionError: a value is out of range.
    """
    check_number(how.noise_mv, "The noise in mV", low=0, high=5)
    check_number(how.drift_mv, "The drift in mV", low=0, high=10)
    check_number(how.gain, "The gain", low=0, high=100)
    signal = recording.read(0, 0, recording.n_samples).astype(np.float64)
    signal *= -how.gain if how.inverted else how.gain
    random = np.random.default_rng(how.seed)
    t = np.arange(len(signal)) / recording.rate_hz
    signal += how.drift_mv * np.sin(2 * np.pi * 0.3 * t)
    signal += how.noise_mv * random.standard_normal(len(signal))
    if how.rate_hz and how.rate_hz < recording.rate_hz:
        check_number(how.rate_hz, "The rate in Hz", low=10, high=20_000)
        times = np.arange(int(t[-1] * how.rate_hz) + 1) / how.rate_hz
        signal = np.interp(t, times, np.interp(times, t, signal))  # as a cheap recorder would: no filter before
    counts = np.round(signal * _LEVELS) / _LEVELS  # the recorder's steps: a tiny gain loses the P wave for good
    return in_memory(recording.name, counts, recording.rate_hz, recording.leads[:1])


def agreement(before: Classified, after: Classified | None) -> Agreement:
    """Compare answers beat by beat; ``after`` None is a recording that could not be classified at all."""
    if after is None or len(after.times_s) == 0:
        return Agreement(0, 0, 0, len(before.times_s), 0)
    place = nearest(after.times_s, before.times_s)
    both = np.abs(after.times_s[place] - before.times_s) <= _MATCH_S
    same = both & (after.classes[place] == before.classes)
    given_up = both & ~same & (after.classes[place] == UNCLASSIFIED)
    called = np.flatnonzero(after.classes != UNCLASSIFIED)
    added = np.setdiff1d(called, place[both]).size
    return Agreement(
        int(same.sum()), int((both & ~same & ~given_up).sum()), int(given_up.sum()), int((~both).sum()), int(added)
    )


def nearest(among: npt.NDArray[np.float64], times: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """For each of ``times`` the place of the nearest of ``among``, which rises and has one at least."""
    right = np.clip(np.searchsorted(among, times), 1, max(1, len(among) - 1))
    left = right - 1
    if len(among) == 1:
        return np.zeros(len(times), np.int64)
    return np.where(times - among[left] <= among[right] - times, left, right)
