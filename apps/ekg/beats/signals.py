"""From a recording at any rate to what the classifier sees: 125 Hz, 0.5 to 40 Hz, and where it cannot be trusted.

P waves lie below 30 Hz and QRS complexes below 40, so 125 Hz keeps all that distinguishes beats, at a third of
MIT-BIH's samples. Breathing and electrode drift lie below 0.5 Hz, mains hum at 50 or 60 Hz: the second-order
Butterworth band-pass, run forwards and backwards so that no wave is shifted, removes both; of 50 Hz it leaves a
sixteenth, so a loud hum there is taken out by a filter of its own. All of it works block by block with enough overlap
that the result does not depend on the blocks; a day's recording needs no more memory than its answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from apps.ekg.formats.recording import Recording, Signal
from shared.errors import RecordError

RATE_HZ = 125  # of all that is computed: the QRS lies below 40 Hz, and a beat is then 128 samples
BAND_HZ = (0.5, 40.0)  # the monitor band: without wander and without the mains
_BLOCK_S = 600  # seconds of the recording in memory at its own rate
_OVERLAP_S = 8  # the band-pass forgets after about 4 s
_FLAT_S = 3.0  # a line that does not move for this long is a loose electrode; between slow beats it may stand still
_FLAT_MV = 0.006  # what still counts as not moving: a count or two of dither
_LEAST_USABLE_S = 3  # of a recording: a few beats
_LOUD_HUM_MV = 0.15  # of 50 Hz: the band-pass leaves 0.01 mV of it
_WANDER_HZ = 0.55  # breath and movement are slower, a heart of 33 a minute is not
_LOUD_WANDER = 0.12  # of the QRS complexes' steepest changes, root mean square
_HUM_SPAN = 512  # samples, 4 s: 50 Hz are distinguished from 48 and 52
_CLIPPED_S = 0.06  # at the recorder's limit for longer than a QRS peak takes


@dataclass(frozen=True)
class Prepared:
    """One lead as the classifier sees it."""

    plain_mv: Signal  # (T,) at RATE_HZ, only resampled; what the paper strip shows
    filtered_mv: Signal  # (T,) at RATE_HZ, band-passed; what the network sees
    usable: npt.NDArray[np.bool_]  # (T,) False where the lead is missing, flat or clipped
    lead: str


def prepare(recording: Recording, lead: int) -> Prepared:
    """Resample, filter and inspect one lead, block by block.

    Raises:
        RecordError: not one usable stretch as long as a few beats.
    """
    ratio = Fraction(RATE_HZ / recording.rate_hz).limit_denominator(2000)
    up, down = ratio.numerator, ratio.denominator
    per_block = max(1, round(_BLOCK_S * recording.rate_hz / down)) * down
    overlap = max(1, round(_OVERLAP_S * recording.rate_hz / down)) * down
    limits = _clipping_limits(recording, lead, per_block)
    _check_that_it_falls(recording, lead, per_block)
    plain, filtered, usable = [], [], []
    for start in range(0, recording.n_samples, per_block):
        stop = min(start + per_block, recording.n_samples)
        before, after = max(0, start - overlap), min(stop + overlap, recording.n_samples)
        raw = recording.read(lead, before, after).astype(np.float64)
        good = _good_values(raw, recording.rate_hz, limits)
        smooth = _resampled(_filled(raw), up, down)
        first, count = (start - before) * up // down, -(-(stop - start) * up // down)
        plain.append(smooth[first : first + count].astype(np.float32))
        filtered.append(steadied(band_passed(without_hum(smooth)))[first : first + count].astype(np.float32))
        places = np.minimum(np.arange(first, first + count) * down // up, len(good) - 1)
        usable.append(good[places])
    whole = Prepared(np.concatenate(plain), np.concatenate(filtered), np.concatenate(usable), recording.leads[lead])
    if whole.usable.sum() < _LEAST_USABLE_S * RATE_HZ:
        raise RecordError(
            f"at least {_LEAST_USABLE_S} s of a signal that moves in lead {recording.leads[lead]}",
            f"{_what_it_is(whole)}: it cannot be classified",
            "Choose another lead, or check the electrodes.",
        )
    return whole


def _what_it_is(prepared: Prepared) -> str:
    moves_mv = float(np.ptp(prepared.plain_mv))
    tiny = f"a line that moves by {1000 * moves_mv:.2g} µV (check the unit)"
    return tiny if 0 < moves_mv <= _FLAT_MV else "a flat, clipped or missing line"


def _clipping_limits(recording: Recording, lead: int, block: int) -> tuple[float, float]:
    """The smallest and largest value of the lead, at which the recorder may have been at its limit."""
    low, high = np.inf, -np.inf
    for piece in recording.blocks(lead, block):
        if np.isfinite(piece).any():
            low, high = min(low, float(np.nanmin(piece))), max(high, float(np.nanmax(piece)))
    return low, high


def _check_that_it_falls(recording: Recording, lead: int, block: int) -> None:
    """Refuse a line that only rises or only falls: a counter or a time, of which a detector finds beats."""
    rises = falls = False
    for piece in recording.blocks(lead, block):
        steps = np.diff(piece[np.isfinite(piece)])
        rises, falls = rises or bool(np.any(steps > 0)), falls or bool(np.any(steps < 0))
        if rises and falls:
            return
    if rises or falls:
        raise RecordError(
            f"a line that moves as a heart does in lead {recording.leads[lead]}",
            f"one that only {'rises' if rises else 'falls'}, as a counter or a time: it cannot be classified",
            "Choose another lead.",
        )


def without_hum(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """``values`` (T,) at ``RATE_HZ`` without 50 Hz, if these are louder than the band-pass can take away."""
    from scipy.signal import butter, sosfiltfilt, welch

    if len(values) < _HUM_SPAN:
        return values
    hertz, power = welch(values, RATE_HZ, nperseg=_HUM_SPAN)
    own = power[np.abs(hertz - 50) < 1].sum() * hertz[1]
    around = power[(np.abs(hertz - 50) >= 2) & (np.abs(hertz - 50) < 5)].mean() * 2
    if own < _LOUD_HUM_MV**2 / 2 or own < 10 * around:
        return values
    sections = butter(2, (48, 52), "bandstop", fs=RATE_HZ, output="sos")
    return np.asarray(sosfiltfilt(sections, values, padlen=min(len(values) - 1, 2 * RATE_HZ)))


def steadied(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Band-passed ``values`` (T,) without wander, if it is loud enough to bend beats: of 10 mV at 0.3 Hz, 1 mV is left.

    Loud is measured in the largest changes within 32 ms, the QRS complexes: 0.08 in DS1 and the QT Database at most.
    """
    from scipy.signal import butter, sosfiltfilt

    span = 2 * RATE_HZ
    if len(values) < 2 * span:
        return values
    padding = min(len(values) - 1, 4 * RATE_HZ)
    slow = sosfiltfilt(butter(2, _WANDER_HZ, fs=RATE_HZ, output="sos"), values, padlen=padding)
    changes = np.abs(values[4:] - values[:-4])
    steepest = float(np.median(changes[: len(changes) // span * span].reshape(-1, span).max(axis=1)))
    if float(slow.std()) < _LOUD_WANDER * steepest:
        return values
    sections = butter(4, _WANDER_HZ, "highpass", fs=RATE_HZ, output="sos")
    return np.asarray(sosfiltfilt(sections, values, padlen=padding))


def _good_values(raw: npt.NDArray[np.float64], rate_hz: float, limits: tuple[float, float]) -> npt.NDArray[np.bool_]:
    """False where samples are missing, the line is flat, or it sticks to the recorder's limit."""
    finite = np.isfinite(raw)
    values = np.where(finite, raw, 0.0)
    flat = _flat(values, round(_FLAT_S * rate_hz))
    at_limit = (values <= limits[0]) | (values >= limits[1])
    clipped = _long_runs(at_limit, round(_CLIPPED_S * rate_hz))  # 5 samples and more
    return np.asarray(finite & ~flat & ~clipped)


def _flat(values: npt.NDArray[np.float64], width: int) -> npt.NDArray[np.bool_]:
    """True inside every stretch of ``width`` samples that stays within ``_FLAT_MV``."""
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    still = maximum_filter1d(values, width) - minimum_filter1d(values, width) <= _FLAT_MV
    return np.asarray(maximum_filter1d(still.astype(np.uint8), width) > 0)


def _long_runs(mask: npt.NDArray[np.bool_], width: int) -> npt.NDArray[np.bool_]:
    """``mask`` without its runs shorter than ``width``."""
    from scipy.ndimage import binary_opening

    if mask.sum() < width:  # nearly always: it saves a tenth of the time of an analysis
        return np.zeros_like(mask)
    return np.asarray(binary_opening(mask, np.ones(width)))


def _filled(raw: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """``raw`` with missing samples bridged by a straight line, so that the filter does not ring into the rest."""
    missing = ~np.isfinite(raw)
    if not missing.any():
        return raw
    if missing.all():
        return np.zeros_like(raw)
    places = np.arange(len(raw))
    return np.where(missing, np.interp(places, places[~missing], raw[~missing]), raw)


def _resampled(values: npt.NDArray[np.float64], up: int, down: int) -> npt.NDArray[np.float64]:
    from scipy.signal import resample_poly

    return np.asarray(resample_poly(values, up, down, padtype="line") if (up, down) != (1, 1) else values)


def band_passed(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """``values`` at ``RATE_HZ`` from 0.5 to 40 Hz, without a shift in time."""
    from scipy.signal import butter, sosfiltfilt

    sections = butter(2, BAND_HZ, "bandpass", fs=RATE_HZ, output="sos")
    return np.asarray(sosfiltfilt(sections, values, padlen=min(len(values) - 1, 2 * RATE_HZ)))
