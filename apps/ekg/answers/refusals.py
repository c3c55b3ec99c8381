"""Why a recording in which a detector found beats is refused all the same: there is no heart in it, or none to be seen.

A forced diagnosis of a pulse wave or of steps on a floor would be worse than none. Every limit below lies outside what
148 leads of 74 patients have (DS1, the paced record 102, the QT Database), and outside the made-up hearts of
``benchmarks/ekg/hearts.py``. Some things cannot be distinguished by their line: what swings like a QRS complex, each
time alike, with a wave before or behind it, is answered; near these limits no beat is sure (``limits.py``).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from apps.ekg.beats.features import qrs_likeness
from apps.ekg.beats.heart import (
    LEAST_QRS_MV,
    LEAST_SWING,
    LEAST_WIDTH,
    MOST_STROKES,
    beside_edges,
    fast_share,
    other_waves,
    stands_out,
    steepness,
    strokes,
    swing,
    unlike,
    width,
)
from apps.ekg.beats.signals import Prepared
from apps.ekg.beats.windows import NOISY, QRS, Array, Beats, noise_of

_MIN_BPM, _MAX_BPM = 15.0, 350.0  # what lies outside is the rate of missed or of false marks
_MIN_LIKENESS = 0.5  # median correlation of a beat's QRS with its neighbours'; DS1's lowest is above 0.8
_HALF = 0.5  # of the marks
_CALM = 0.04  # noise in QRS heights: the line is clean enough to measure a shape
_MOST_WIDTH = 9.7  # samples, 78 ms: wider than made-up QRS complexes of 0.25 s; a finger's pulse has 9.9 and more
_LEAST_OTHER = 0.03  # of the QRS height: hearts have 0.064 and more
_FAST_BPM, _FAST_SHARE, _FAST_STEEPNESS = 150.0, 0.36, 5.5  # both are less in 3 of the 148 leads, none of them fast
_MOST_UNLIKE = 0.9  # hearts have up to 0.6, in ten seconds of noise or of several foci; bursts and speech 1.0 and more


def why_no_heart(beats: Beats, prepared: Prepared, times_s: npt.NDArray[np.float64]) -> str:
    """What is found at the marks ``times_s`` (K,) in place of heartbeats; empty if these may be some."""
    return next(_reasons(beats, prepared, times_s), "")


def by_noise(beats: Beats) -> tuple[Array, Array]:
    """Windows (K, T) of the calm beats, none unless most are, and of those that are not lost in noise."""
    noise = noise_of(beats)
    calm = beats.usable & (noise < _CALM)
    most = calm.sum() > _HALF * len(noise)
    return beats.windows[calm & most], beats.windows[beats.usable & (noise < NOISY)]


def _reasons(beats: Beats, prepared: Prepared, times_s: npt.NDArray[np.float64]) -> Iterator[str]:
    rate = 60 / float(np.median(beats.rr_s))
    if not _MIN_BPM <= rate <= _MAX_BPM:
        yield f"{rate:.0f} beats per minute"
    if not beats.usable.any():
        yield "no complete beat, because the line is flat, clipped or missing"
    good = beats.windows[beats.usable]
    typical = np.broadcast_to(np.median(good, axis=0), good[1:].shape)
    alike = np.maximum(qrs_likeness(good[1:], good[:-1]), qrs_likeness(good[1:], typical))
    if len(alike) and float(np.median(alike)) < _MIN_LIKENESS:
        yield "marks that do not look like one another: noise"
    qrs_mv = float(np.median(np.ptp(good[:, QRS], axis=1))) * beats.scale_mv
    if qrs_mv < LEAST_QRS_MV:
        yield f"waves of {1000 * qrs_mv:.2g} µV, lower than a QRS complex: check the unit"
    steep = steepness(prepared, times_s)
    if not stands_out(beats, steep):
        yield "waves that do not stand out of the line as QRS complexes do"
    at_edges = beside_edges(prepared.plain_mv, times_s, beats.scale_mv)
    calm, kept = by_noise(beats)  # in noise every wave has many strokes
    many = len(calm) > 0
    if many and float(np.median(swing(calm))) < LEAST_SWING:
        yield "steps or saw teeth, which a QRS complex is not: it goes back as fast"
    if many and width(calm) < LEAST_WIDTH:
        yield "spikes narrower than any QRS complex, as of a stimulator or a pacemaker"
    if at_edges.mean() > _HALF or (many and strokes(calm) > MOST_STROKES):
        yield "bursts of noise or hum, each of many strokes; a QRS complex has two or three"
    if not many and np.isinf(steep):
        yield "waves that follow one another without a line between them: hum or noise"
    if len(kept):
        yield from _shapes(calm if many else kept, np.median(kept, axis=0), rate, steep)


def _shapes(windows: Array, typical: Array, rate: float, steep: float) -> Iterator[str]:
    """Of ``windows`` (K, T), and the ``typical`` one (T,), at ``rate`` a minute and so ``steep``."""
    if width(windows) > _MOST_WIDTH:
        yield "waves broader than a QRS complex, as of a pulse, a pressure, or T waves alone"
    if other_waves(typical, rate) < _LEAST_OTHER:
        yield "waves and nothing between them: a QRS complex has a T wave behind it or a P wave before it"
    if rate > _FAST_BPM and steep < _FAST_STEEPNESS and fast_share(typical) < _FAST_SHARE:
        yield f"{rate:.0f} broad waves a minute, as in a tachycardia of the ventricles or an EEG with spikes"
    if unlike(windows) > _MOST_UNLIKE:
        yield "marks of which no two look alike: noise"
