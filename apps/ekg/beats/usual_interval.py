"""The usual interval: where the intervals of a rhythm pile up, and how far each beat's own lies from it.

A median says nothing of whether 0.8 of it is rare. So the logarithms of the intervals are counted in a histogram,
smooth enough for sinus arrhythmia, once for the recording and once for the beats around; its highest place is the usual
interval. An interval with a valley between itself and the usual one belongs to another rhythm; one on the slope of the
same hill does not, however short it is. In a rate that climbs over minutes only the histogram of the beats around has a
hill, in one that jumps to and fro only the recording's.

Axis letters: ``K`` beats, ``R`` histograms, ``M`` intervals of each, ``G`` places of a histogram, ``D`` features.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
_STEP = 0.01  # of a logarithm: 1 % of an interval
_PLACES = 341  # from 0.18 to 5.5 times the median
_SMOOTH = 2.5  # places, standard deviation: 2.5 %
_FLOOR = 2e-4  # of all intervals: where none is
_NEAR = 0.06  # of a logarithm: what still counts as the usual interval
_BLOCK = 8  # beats in a row share one histogram of ...
_BEFORE, _BEHIND = 32, 40  # ... this many before the first of them and from it on
_ROWS = 1024  # histograms at a time
_LIMIT = 2.0  # of every feature, either way

USUAL_INTERVAL_FEATURES = (
    "frequency of the RR / the usual one's, record",
    "valley between RR and the usual one, record",
    "RR / usual interval, record",
    "next RR / usual interval, record",
    "frequency of the RR / the usual one's, local",
    "valley between RR and the usual one, local",
    "RR / usual interval, local",
    "next RR / usual interval, local",
    "share away from the usual interval, local",
)


def usual_interval_features(log_rr: Values) -> Values:
    """(K, D) in the order of ``USUAL_INTERVAL_FEATURES`` for the logarithms of intervals (K,), K >= 2."""
    n = len(log_rr)
    values = log_rr - np.median(log_rr)
    following = np.append(values[1:], values[-1])
    whole = _compared(_histograms(values[None], np.ones((1, n), np.bool_)), values[None], following[None])
    columns = [column[0] for column in whole]
    starts = np.arange(0, n, _BLOCK)
    parts = [_local(values, following, starts[row : row + _ROWS]) for row in range(0, len(starts), _ROWS)]
    columns += [np.concatenate(column)[:n] for column in zip(*parts, strict=True)]
    return np.asarray(np.clip(np.stack(columns, axis=1), -_LIMIT, _LIMIT))


def _local(values: Values, following: Values, starts: npt.NDArray[np.int64]) -> list[Values]:
    """The columns of the blocks of beats that begin at ``starts`` (R,), each (R * _BLOCK,)."""
    n = len(values)
    around = starts[:, None] + np.arange(-_BEFORE, _BEHIND)
    there = (around >= 0) & (around < n)
    near = values[np.clip(around, 0, n - 1)]
    density = _histograms(near, there)
    own = np.minimum(starts[:, None] + np.arange(_BLOCK), n - 1)
    usual = _usual(density)[:, None]
    away = np.sum(there & (np.abs(near - usual) >= _NEAR), axis=1) / there.sum(axis=1)
    columns = _compared(density, values[own], following[own])
    return [column.ravel() for column in (*columns, np.broadcast_to(away[:, None], own.shape))]


def _histograms(values: Values, there: npt.NDArray[np.bool_]) -> Values:
    """(R, G): how frequent each place is among the ``values`` (R, M) that are ``there``."""
    from scipy.ndimage import gaussian_filter1d

    rows = len(values)
    flat = (_place(values) + _PLACES * np.arange(rows)[:, None])[there]
    counts = np.bincount(flat, minlength=rows * _PLACES).reshape(rows, _PLACES).astype(np.float64)
    smooth = gaussian_filter1d(counts, _SMOOTH, axis=1, mode="constant")
    return np.asarray(smooth / there.sum(axis=1, keepdims=True) + _FLOOR)


def _place(values: Values) -> npt.NDArray[np.int64]:
    """The place of a histogram that each value falls into."""
    return np.asarray(np.clip(np.round(values / _STEP).astype(np.int64) + _PLACES // 2, 0, _PLACES - 1))


def _usual(density: Values) -> Values:
    """(R,) the most frequent values."""
    return np.asarray((density.argmax(axis=1) - _PLACES // 2) * _STEP)


def _compared(density: Values, own: Values, following: Values) -> tuple[Values, ...]:
    """Four columns (R, M) for the intervals ``own`` (R, M): frequency, valley, ratio to the usual one, the next's."""
    highest = density.argmax(axis=1, keepdims=True)
    beyond = np.arange(_PLACES) >= highest
    right = np.minimum.accumulate(np.where(beyond, density, np.inf), axis=1)
    left = np.minimum.accumulate(np.where(beyond, np.inf, density)[:, ::-1], axis=1)[:, ::-1]
    lowest_between = np.where(beyond, right, left)
    places = _place(own)
    frequency = np.take_along_axis(density, places, axis=1)
    between = np.take_along_axis(lowest_between, places, axis=1)
    usual = _usual(density)[:, None]
    return (
        np.log(frequency / density.max(axis=1, keepdims=True)) / 3,
        np.log(between / frequency) / 3,
        own - usual,
        following - usual,
    )
