"""Cut a lead into beats and compare each with its patient's others: neighbours, references, RR intervals as ratios.

What distinguishes a supraventricular ectopic beat (S) from a normal one is not its shape but its timing and its P wave,
both only odd *for this patient*. So nothing absolute goes into the network: amplitudes are divided by the patient's
median QRS height, intervals are logarithms of ratios to the local and whole-record intervals, and the shape is given as
differences from the beats before and after and from two reference beats.

A reference is the median of the beats that follow a *long* interval (at least 0.9 of the 85th or 90th percentile), not
of all beats. Ectopic beats come early by definition, so the beats after long intervals are the sinus beats even where
four in five are ectopic (a sick sinus); a plain median would make the ectopic beat the norm there. In an even rhythm
all beats qualify.

Looking ahead: neighbours, local medians (16 beats either way) and references use the beats after as well as before,
and two of the scales use the whole recording. No label is ever used. Compare de Chazal et al. 2004, whose RR features
these ratios extend, and Mondéjar-Guerra et al. 2019 for dividing by the patient's own.

Axis letters: ``K`` beats, ``C`` channels, ``T`` samples, ``D`` features.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from apps.ekg.beats.signals import RATE_HZ, Prepared

Array = npt.NDArray[np.float32]
BEFORE = 56  # samples before the QRS peak: 0.448 s, room for a P wave after a long PR interval
AFTER = 72  # samples from the peak on: 0.576 s, to the end of the T wave
WINDOW = BEFORE + AFTER  # 128 samples, 1.024 s
MARGIN = 8  # samples more on either side, so that training can shift the window
PEAK = MARGIN + BEFORE  # where the QRS peak lies in a cut window
QRS = slice(PEAK - 14, PEAK + 18)  # 0.11 s before to 0.14 s after: a wide QRS fits
P_WAVE = (PEAK - 34, PEAK - 8)  # 0.27 s to 0.06 s before the peak
LOCAL_BEATS = 16  # on either side, for local medians of RR
REFERENCE_BEATS = 24  # on either side, for the local reference beat
LONG = 0.9  # of the long interval (its quantile): what still counts as long
NOISY = 0.10  # of the QRS height, see ``noise_of``: benchmarks/ekg/noise.py has what answers are worth above it
_OUTSIDE_QRS = np.r_[0 : PEAK - 12, PEAK + 20 : PEAK + AFTER]  # where noise is measured; the end is margin
_NOISE_BEATS = 5  # in a row have one noise: noise comes in stretches, not in beats
_NOISE_BLOCK = 4096  # beats at a time
_STEP = 8  # one local reference serves this many beats in a row
_MIN_SCALE_MV = 0.05  # a QRS below it is noise; dividing by less would blow the noise up

CHANNELS = (
    "beat",
    "beat, compressed",
    "minus the beat before",
    "minus the beat after",
    "minus the local reference",
    "minus the record's reference",
    "minus the local reference, not compressed",
)


@dataclass(frozen=True)
class Beats:
    """``K`` beats of one patient, in order of time."""

    windows: Array  # (K, WINDOW + 2 * MARGIN), in units of the patient's median QRS height
    rr_s: npt.NDArray[np.float64]  # (K,) from the beat before; the first is the median
    usable: npt.NDArray[np.bool_]  # (K,) False if a fifth of the window was missing, flat, clipped, or if in noise
    scale_mv: float  # the patient's median QRS height


def cut_beats(prepared: Prepared, times_s: npt.NDArray[np.float64]) -> Beats:
    """The beats at ``times_s`` (K,), K >= 1; the ends of the recording are padded with its baseline, 0."""
    places = np.round(times_s * RATE_HZ).astype(np.int64)
    before, width = PEAK, WINDOW + 2 * MARGIN
    windows = _windows(prepared.filtered_mv, places, before, width)
    bad = _windows((~prepared.usable).astype(np.float32), places, before, width)
    usable = bad.mean(axis=1) < 0.2
    heights = np.ptp(windows[:, QRS], axis=1)
    scale = max(float(np.median(heights[usable] if usable.any() else heights)), _MIN_SCALE_MV)
    rr = np.diff(times_s, prepend=times_s[0])
    rr[0] = np.median(rr[1:]) if len(rr) > 1 else 1.0
    return Beats(windows / np.float32(scale), rr, usable, scale)


def noise_of(beats: Beats, *, in_a_row: int = _NOISE_BEATS) -> npt.NDArray[np.float64]:
    """How loud the noise around each beat is (K,), in units of the QRS height.

    The median size of the second difference outside the QRS, in standard deviations, and of that the median over some
    beats: P and T waves bend too slowly to count. A clean line has about 0.01, noise without a heart 0.3.
    """
    from scipy.ndimage import median_filter

    each = [
        np.median(np.abs(np.diff(beats.windows[start : start + _NOISE_BLOCK], 2, axis=1)[:, _OUTSIDE_QRS]), axis=1)
        for start in range(0, len(beats.windows), _NOISE_BLOCK)
    ]
    return np.asarray(median_filter(np.concatenate(each) / 0.6745, in_a_row, mode="nearest"), np.float64)


def without_noisy(beats: Beats) -> Beats:
    """``beats`` of which those in noise, where a detector may have found what is no beat, are no longer ``usable``."""
    return replace(beats, usable=beats.usable & (noise_of(beats) < NOISY))


def _windows(signal: Array, places: npt.NDArray[np.int64], before: int, width: int) -> Array:
    padded = np.pad(signal, width)
    view = np.lib.stride_tricks.sliding_window_view(padded, width)
    return np.ascontiguousarray(view[np.clip(places + width - before, 0, len(view) - 1)])


@dataclass(frozen=True)
class References:
    """Beats to compare with: one for the whole record, one per stretch of ``_STEP`` beats."""

    record: Array  # (T,)
    local: Array  # (ceil(K / _STEP), T)

    def near(self, start: int, stop: int) -> Array:
        """The local reference of each of the beats ``start`` to ``stop``: (stop - start, T)."""
        return np.asarray(self.local[local_reference(np.arange(start, stop))])


def local_reference(places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Which of the local references the beats at ``places`` have."""
    return places // _STEP


def references(beats: Beats) -> References:
    """Medians of the beats that follow a long interval, nearby and in the record."""
    windows, rr, n = beats.windows, beats.rr_s, len(beats.rr_s)
    local = np.empty((-(-n // _STEP), windows.shape[1]), np.float32)
    for row, start in enumerate(range(0, n, _STEP)):
        near = slice(max(0, start - REFERENCE_BEATS), start + _STEP + REFERENCE_BEATS)
        long = rr[near] >= LONG * np.quantile(rr[near], 0.85)
        local[row] = np.median(windows[near][long], axis=0)
    long = rr >= LONG * np.quantile(rr, 0.9)
    some = np.flatnonzero(long)[:: max(1, int(long.sum()) // 4000)]  # enough for a median, and bounded memory
    return References(np.median(windows[some], axis=0).astype(np.float32), local)


def channels(beats: Beats, reference: References, start: int, stop: int) -> Array:
    """What the convolutions see of the beats ``start`` to ``stop``: (K, C, T) in the order of ``CHANNELS``.

    Compressing (asinh) brings the P wave, a tenth of the QRS, to a third of it; the differences are taken after it,
    so that a QRS one sample out of place does not drown a P wave that is missing.
    """
    places, n = np.arange(start, stop), len(beats.rr_s)
    before, after = (beats.windows[np.clip(places + step, 0, n - 1)] for step in (-1, 1))
    return channels_of(beats.windows[start:stop], before, after, reference.near(start, stop), reference.record[None])


def channels_of(windows: Array, before: Array, after: Array, local: Array, record: Array) -> Array:
    """``channels`` of ``windows`` (K, T) from the beats before and after them and their references, each (K, T)."""
    small = compressed(windows)
    parts = (
        windows,
        small,
        small - compressed(before),
        small - compressed(after),
        small - compressed(local),
        small - compressed(record),
        windows - local,
    )
    return np.stack(parts, axis=1)


def compressed(windows: Array) -> Array:
    """asinh(8 x) / 2: nearly linear below an eighth of the QRS height, logarithmic above."""
    return np.asarray(np.arcsinh(8 * windows) / 2, np.float32)
