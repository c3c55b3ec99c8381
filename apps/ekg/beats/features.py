"""Numbers that go with the shape: RR intervals as ratios, and how alike a beat is to its neighbours and references.

Every interval enters as the logarithm of a ratio: to the median of the 33 beats around it, to the long intervals
around it (85th percentile), and to the median and the 90th percentile of the record. In a record of mostly normal
beats the four agree; where ectopic beats run for a minute, or are the majority, the long intervals still show what
the sinus node would do. Each difference is also divided by the local spread, because 0.8 of the median is early in a
sinus rhythm and nothing at all in atrial fibrillation. ``usual_interval`` and ``shapes`` add what histograms of the
intervals and beats of the same shape say.

Axis letters: ``K`` beats, ``T`` samples, ``D`` features.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from apps.ekg.beats.shapes import SHARED_FEATURES
from apps.ekg.beats.usual_interval import USUAL_INTERVAL_FEATURES, usual_interval_features
from apps.ekg.beats.windows import LOCAL_BEATS, P_WAVE, PEAK, QRS, Array, Beats, References

_RR_LIMITS_S = (0.2, 4.0)  # 300 a minute to a long pause; what lies beyond is a missed or a false mark
_LOG_RATIO_LIMIT = 1.2  # a ratio of 3.3
_SHAPE_LIMIT = 1.5  # of logarithms of ratios (4.5 times) and of correlations, which end at 1
_SPREAD_FLOOR = 0.06  # log ratio; below it a rhythm counts as regular
_CORRELATED_QRS = (PEAK - 10, PEAK + 14)  # 0.08 s before to 0.11 s after the peak: less than ``QRS``, so no T wave

RHYTHM_FEATURES = (
    *(f"RR {place:+d} / local median" for place in (-2, -1, 0, 1, 2)),
    "RR / local long",
    "next RR / local long",
    "RR / record median",
    "next RR / record median",
    "RR / record long",
    "next RR / record long",
    "RR / RR before",
    "next RR / RR",
    "local irregularity",
    "record irregularity",
    "RR / local median, in spreads",
    "next RR / local median, in spreads",
    "RR / RR before, in spreads",
    "local jumps",
    "RR and next / two local medians",
    "local / record median",
    "local median / record long",
    *USUAL_INTERVAL_FEATURES,
)
SHAPE_FEATURES = (
    "QRS like the local reference",
    "QRS like the record's reference",
    "QRS like the beat before",
    "QRS like the beat after",
    "P wave like the local reference",
    "P wave like the record's reference",
    "QRS height / reference",
    "QRS width / reference",
    "QRS width",
    "QRS slope / reference",
)
OF_ITS_SHAPE = "its shape: "  # begins the names of what the beats of one shape have in common
FEATURES = (*RHYTHM_FEATURES, *SHAPE_FEATURES, *(OF_ITS_SHAPE + name for name in SHARED_FEATURES))
N_FEATURES = len(FEATURES)
_EARLY = [RHYTHM_FEATURES.index(f"{name} / usual interval, record") for name in ("RR", "next RR")]
_ALIKE = [SHAPE_FEATURES.index(name) for name in ("P wave like the local reference", "QRS width")]


def rhythm_features(rr_s: npt.NDArray[np.float64]) -> Array:
    """(K, D) in the order of ``RHYTHM_FEATURES`` for the intervals ``rr_s`` (K,), K >= 2."""
    log_rr = np.log(np.clip(rr_s, *_RR_LIMITS_S))
    n = len(log_rr)
    width = min(LOCAL_BEATS, n - 1)
    padded = np.pad(log_rr, 4, mode="edge")

    def at(place: int) -> npt.NDArray[np.float64]:
        return padded[4 + place : 4 + place + n]

    local, low, high, long = rolling(log_rr, width, lambda v: np.quantile(v, [0.5, 0.25, 0.75, 0.85], axis=1))
    record, record_long = np.median(log_rr), np.quantile(log_rr, 0.9)
    jumps = np.abs(np.diff(log_rr, prepend=log_rr[0]))
    jump, jump_high = rolling(jumps, width, lambda v: np.quantile(v, [0.5, 0.75], axis=1))
    spread, jump_spread = 3 * (high - low + _SPREAD_FLOOR), 3 * (jump_high + _SPREAD_FLOOR)
    features = (
        *(at(place) - local for place in (-2, -1, 0, 1, 2)),
        at(0) - long,
        at(1) - long,
        at(0) - record,
        at(1) - record,
        at(0) - record_long,
        at(1) - record_long,
        at(0) - at(-1),
        at(1) - at(0),
        4 * jump,
        np.full(n, 4 * np.median(jumps)),
        (at(0) - local) / spread,
        (at(1) - local) / spread,
        (at(0) - at(-1)) / jump_spread,
        3 * jump_high,
        np.log((np.exp(at(0)) + np.exp(at(1))) / 2) - local,
        local - record,
        local - record_long,
    )
    ratios = np.clip(np.stack(features, axis=1), -_LOG_RATIO_LIMIT, _LOG_RATIO_LIMIT)
    return np.concatenate([ratios, usual_interval_features(log_rr)], axis=1).astype(np.float32)


def shape_features(beats: Beats, reference: References, start: int, stop: int) -> Array:
    """(K, D) in the order of ``SHAPE_FEATURES`` for the beats ``start`` to ``stop``."""
    n = len(beats.rr_s)
    windows, local = beats.windows[start:stop], reference.near(start, stop)
    before = beats.windows[np.maximum(np.arange(start, stop) - 1, 0)]
    after = beats.windows[np.minimum(np.arange(start, stop) + 1, n - 1)]
    record = np.broadcast_to(reference.record, windows.shape)
    features = (
        *(qrs_likeness(windows, other) for other in (local, record, before, after)),
        *(likeness(windows, other, *P_WAVE, lag=2) for other in (local, record)),
        _height(windows) - _height(local),
        _width(windows) - _width(local),
        _width(windows),
        _slope(windows) - _slope(local),
    )
    return np.asarray(np.clip(np.stack(features, axis=1), -_SHAPE_LIMIT, _SHAPE_LIMIT), np.float32)


def shared_with_shape(rhythm: Array, shape: Array) -> Array:
    """(K, 4) of a beat that ``shapes.shared_features`` averages, from its rhythm (K, D) and shape features (K, D)."""
    return np.concatenate([np.clip(rhythm[:, _EARLY], -1, 1), shape[:, _ALIKE]], axis=1)


def qrs_likeness(windows: Array, others: Array) -> npt.NDArray[np.float64]:
    """``likeness`` of the QRS complexes, which may be marked up to three samples apart."""
    return likeness(windows, others, *_CORRELATED_QRS, lag=3)


def likeness(windows: Array, others: Array, start: int, stop: int, *, lag: int) -> npt.NDArray[np.float64]:
    """The highest correlation (K,) of ``windows`` with ``others`` between two samples, shifted by up to ``lag``."""
    fixed = others[:, start:stop] - others[:, start:stop].mean(axis=1, keepdims=True)
    length = np.sqrt((fixed * fixed).sum(axis=1)) + 1e-3
    best = np.full(len(windows), -1.0)
    for shift in range(-lag, lag + 1):
        moved = windows[:, start + shift : stop + shift]
        moved = moved - moved.mean(axis=1, keepdims=True)
        own = np.sqrt((moved * moved).sum(axis=1)) + 1e-3
        best = np.maximum(best, (moved * fixed).sum(axis=1) / own / length)
    return best


def rolling(
    values: npt.NDArray[np.float64],
    width: int,
    statistic: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
) -> npt.NDArray[np.float64]:
    """``statistic`` of the rows (K, 2 * width + 1) of ``values`` around each place, mirrored at the ends."""
    padded = np.pad(values, width, mode="reflect")
    return np.asarray(statistic(np.lib.stride_tricks.sliding_window_view(padded, 2 * width + 1)))


def _height(windows: Array) -> Array:
    return np.asarray(np.log(np.ptp(windows[:, QRS], axis=1) + 1e-2), np.float32)


def _width(windows: Array) -> Array:
    """Logarithm of area over height of the QRS, in 8 samples (64 ms)."""
    size = np.abs(windows[:, QRS])
    return np.asarray(np.log(size.sum(axis=1) / (size.max(axis=1) + 1e-3) / 8), np.float32)


def _slope(windows: Array) -> Array:
    return np.asarray(np.log(np.abs(np.diff(windows[:, QRS], axis=1)).max(axis=1) + 1e-2), np.float32)
