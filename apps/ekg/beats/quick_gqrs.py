"""GQRS of the wfdb package in a fraction of its time and with the same answer, mark by mark.

The package computes the smoothed signal and the QRS filter in a Python loop over the samples, and asks at every sample
whether it is a peak. Here both filters are NumPy sums of the same integers, and the package's own loop, which keeps all
it decides about peaks, is moved on to the next sample at which it can do anything. Its oddities are kept: the signal
before its start (held) and the smoothed signal there (zero), the buffer of 32,768 values that the last second reads
again, and the learning phase, which ends before it has filtered one sample.
``tests/apps/ekg/beats/test_quick_gqrs.py`` compares the two on patients and on noise.

What it alone gains: the analysis of half an hour, from file to classes, takes 0.6 to 0.9 s instead of 1.5 to 1.8 s on
one core, 1.9 to 2.4 times as fast (records 101, 119 and 203; ``python -m benchmarks.ekg.speed DIR``).
"""

from __future__ import annotations

import copy
from bisect import bisect_left
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from apps.ekg.formats.recording import Signal
from apps.ekg.formats.wfdb_package import wfdb_package

Marks = npt.NDArray[np.int64]


def gqrs(signal: Signal, rate_hz: float) -> Marks:
    """Samples (K,) of the QRS complexes in ``signal`` (T,) in millivolt, as ``wfdb.processing.gqrs_detect`` has them.

    The rate is 115 Hz or more: below it, the package smooths the first samples in another way.
    """
    return np.array([mark.time for mark in detected(quick_gqrs(), signal, rate_hz).annotations], np.int64)


def detected(kind: Any, signal: Signal, rate_hz: float) -> Any:
    """A detector of ``kind``, the package's GQRS or a subclass, after it has gone over ``signal`` in 24-bit counts."""
    record = wfdb_package().Record(p_signal=signal.astype(np.float64).reshape(-1, 1), fmt=["24"])
    record.set_d_features(do_adc=True)
    detector = kind()
    conf = detector.Conf(fs=rate_hz, adc_gain=record.adc_gain[0])
    detector.detect(x=record.d_signal[:, 0], conf=conf, adc_zero=0)
    return detector


@cache
def quick_gqrs() -> Any:
    """The subclass of the package's detector, made when it is first needed."""

    class QuickGQRS(wfdb_package("wfdb.processing.qrs").GQRS):  # type: ignore[misc]  # wfdb has no types
        """``wfdb.processing.qrs.GQRS`` whose filters are computed at once; ``c`` is its configuration."""

        t: int
        v1: np.int64

        def gqrs(self, from_sample: int, to_sample: int) -> None:
            """Filter all of the signal for this phase, then go through its peaks."""
            c = self.c
            self._start, self._end = -c.dt4, to_sample + c.sps
            self._filtered_until = len(self.x) + c.smdt + 1  # a smoothed sample beyond is not valid
            slope = _slope(_smoothed(self.x, self.adc_zero, c.smdt, reach=2 * c.dt4), c.dt, c.dt4)
            self._sums = self.v1 + np.cumsum(slope)
            self._squares = np.trunc(self._sums / c.v1norm).astype(np.int64) ** 2
            before, peak, after = self._squares[:-2], self._squares[1:-1], self._squares[2:]
            lowest = 15 * c.pthmin // 16  # the threshold falls by a sixteenth while it is above ``pthmin``
            places = np.flatnonzero((before < peak) & (peak >= after) & (peak > lowest))
            self._peaks = (places + 2 + self._start).tolist()  # where the package finds out: one sample after the peak
            super().gqrs(from_sample, to_sample)

        def qf(self) -> None:
            """Move ``t`` on to where the package has something to do, and give it the filter's values up to there."""
            c, first = self.c, self.t
            self.t = self._next(first)
            times = np.arange(max(first, self.t - c._BUFLN + 1), self.t + 1)
            self.qfv[times & (c._BUFLN - 1)] = self._squares[times - self._start]
            self.v1 = self._sums[self.t - self._start]
            if self.t + c.dt4 > c.smt:
                c.smt = self.t + c.dt4
                self.sample_valid = c.smt < self._filtered_until

        def _next(self, first: int) -> int:
            """The first time from ``first`` on with a peak, a threshold to lower, or the end of the signal."""
            c = self.c
            place = bisect_left(self._peaks, first)
            stops = [self._end, self._filtered_until - c.dt4]
            if place < len(self._peaks):
                stops.append(self._peaks[place])
            if c.pthr > c.pthmin:
                stops.append(self.current_peak.time + c.rrmax + 1)
            return int(max(first, min(stops)))

        def putann(self, annotation: Any) -> None:
            """Keep a copy; a shallow one will do, for it holds numbers only."""
            self.annotations.append(copy.copy(annotation))

    return QuickGQRS


def _smoothed(counts: Marks, zero: int, width: int, *, reach: int) -> Marks:
    """A trapezoid over ``counts`` (T,), at the times from ``-reach`` to ``T + reach``; nothing before time 1."""
    kernel = np.full(2 * width + 1, 2, np.int64)
    kernel[[0, -1]] = 1
    smooth: Marks = np.convolve(np.pad(counts, reach + width, mode="edge"), kernel, "valid") - 4 * width * zero
    smooth[: reach + 1] = 0
    return smooth


def _slope(smooth: Marks, step: int, reach: int) -> Marks:
    """The QRS filter's increments: differences of ``smooth`` around each time, ``reach`` samples in from either end."""

    def across(half: int) -> Marks:
        return smooth[reach + half : len(smooth) - reach + half] - smooth[reach - half : len(smooth) - reach - half]

    return 10 * across(step) - 4 * across(2 * step) - 2 * across(3 * step) + across(4 * step)
