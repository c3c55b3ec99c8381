"""Is there a heart in it: do the marks of a detector stand out of the line, and does it miss every second beat.

A detector answers whatever it is given: a counter, an EEG, breathing. The QRS complex is the steepest thing in an EKG,
and goes up and down within a tenth of a second, so a recording is answered only where the marked places do so and are
steeper than the line between them. GQRS itself cannot mark beats closer than 0.28 s (215 a minute) and takes early ones
for T waves: what looks like the beats around it and lies evenly between two of them, or looks just like them, is one,
too. From 25 to 300 a minute the rate is then right (``benchmarks/ekg/hearts.py``).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from apps.ekg.beats.signals import RATE_HZ, Prepared
from apps.ekg.beats.windows import PEAK, QRS, Array, Beats
from apps.ekg.formats.recording import Signal

Marks = npt.NDArray[np.int64]
LEAST_QRS_MV = 0.05  # lower than any lead that sees the heart; an EEG has 0.03
LEAST_STEEPNESS = 2.5  # of the QRS, in that of the line between: DS1's lowest is 5.2
LEAST_SWING = 0.35  # the median of a heart's beats, in 146 leads of 73 patients 0.43 and more; of steps 0.1 to 0.3
MOST_STROKES = 5.2  # ... and these 4.2 and fewer, where they stand out of the line; bursts of noise 6 and more
LEAST_WIDTH = 2.7  # samples, 22 ms: ... and these 3.0 and more; spikes, through the band-pass, 2.4
_SWING_BEATS, _STROKES_BEATS, _WIDTH_BEATS = 13, 19, 5  # samples on either side: 0.10, 0.15 and 0.04 s
_BESIDE = (12, 50)  # samples before and after a mark, 0.1 to 0.4 s: outside the QRS
_LOUD, _CALM = 0.15, 0.25  # of the QRS height; of what is on the other side
_STROKE = 0.3  # of the largest move of the line around a mark: smaller ones are not counted
_LOOKED_AT = 300  # beats of a recording, evenly from all
_NEAREST = 0.2  # of the other beats: what a beat is compared with, as a heart may have several shapes
_BEFORE_S, _BEHIND_S, _BEFORE, _BEHIND = 0.45, 0.6, 0.45, 0.75  # around a QRS, seconds and shares of an interval
_P_WAVE_ENDS, _T_WAVE_S, _SLOW_S = 11, 0.2, 0.8  # samples before a mark; seconds behind one, at an interval as slow
_ROOM_S = 0.315  # of an interval, in which a wave can be seen: up to 190 a minute
_SPECTRUM_BEATS, _SPECTRUM_POINTS = 25, 512  # samples on either side, 0.2 s; points of its transform, zeros behind them
_BROAD_HZ = 8.0  # broad waves lie below
_PLACES = 65_536  # at a time
_SHIFTS = (0, -2, -1, 1, 2)  # samples that two marks may be off
_RISE = 4  # samples, 32 ms: the steepest part of a QRS
_NEAR_S = 0.08  # around a mark is its QRS
_BETWEEN_S = 0.12  # away from every mark is the line between
_AROUND = 75  # samples on either side of a mark, 0.6 s: the line that its QRS is compared with
_MOST_BEATS = 3000  # that are looked at
_ITS_T_WAVE = slice(PEAK + 18, PEAK + 46)  # of a window: behind the QRS, before the next beat's
_LEAST_OF_ALL, _NARROW, _SAME_LINE = (
    1.4,
    6.0,
    5.0,
)  # steepness, width in samples, steepness in what differs between beats
_LINE = 0.95  # quantile of the line's changes: T waves belong to it
_CLOSEST_S = 0.17  # between two beats: 350 a minute
_HALVED_S = (0.34, 1.02)  # intervals in which one or more beats at 180 a minute and above may be missed
_ALIKE = 0.85  # correlation with the usual QRS
_HEIGHT = (0.5, 2.0)  # in the height of the usual QRS
_JUST_LIKE, _JUST_AS_HIGH = 0.95, (0.75, 1.35)  # a beat, wherever it is
_EVEN = 1.35  # the longest part of an interval in the shortest
_IN_A_ROW, _SHARE = 9, 0.4  # a beat between two others is one where as many of so many intervals have it
_LEAST = 4  # intervals, of a short recording


def steepness(prepared: Prepared, times_s: npt.NDArray[np.float64]) -> float:
    """How steep the QRS complexes are, in the steepness of the line around each: the median; infinite without one."""
    changes = np.abs(prepared.filtered_mv[_RISE:] - prepared.filtered_mv[:-_RISE])
    if not len(changes) or not len(times_s):
        return 0.0
    places = np.clip(np.round(times_s * RATE_HZ).astype(np.int64) - _RISE // 2, 0, len(changes) - 1)
    between = np.array(prepared.usable[: len(changes)])
    away = round(_BETWEEN_S * RATE_HZ)
    between[np.clip(places[:, None] + np.arange(-away, away + 1), 0, len(changes) - 1)] = False
    some = places[:: -(-len(places) // _MOST_BEATS), None]
    reach = round(_NEAR_S * RATE_HZ)
    steepest = changes[np.clip(some + np.arange(-reach, reach + 1), 0, len(changes) - 1)].max(axis=1)
    around = some + np.arange(-_AROUND, _AROUND + 1)
    inside = np.clip(around, 0, len(changes) - 1)
    line = np.sort(np.where(between[inside] & (around == inside), changes[inside], -1.0), axis=1)
    n = np.sum(line >= 0, axis=1)
    if between.sum() < len(times_s) or not n.any():  # not a sample a beat: they follow one another without a line
        return np.inf
    place = np.minimum(line.shape[1] - n + (_LINE * n).astype(np.int64), line.shape[1] - 1)
    return float(np.median((steepest / np.maximum(line[np.arange(len(line)), place], 1e-9))[n > 0]))


def stands_out(beats: Beats, ratio: float) -> bool:
    """Whether the QRS complexes stand out of a line in which they are ``ratio`` times as steep, see ``steepness``.

    Where a T wave is taller than its R, the QRS is steeper by less; but then it is narrow, and the line away from it
    is the same from beat to beat.
    """
    if ratio >= LEAST_STEEPNESS:
        return True
    good = beats.windows[beats.usable][:_MOST_BEATS]
    rest = np.abs(np.diff(good - np.median(good, axis=0), axis=1))
    line = float(np.quantile(rest[:, _ITS_T_WAVE], _LINE))
    steepest = float(np.median(np.abs(np.diff(good[:, QRS], axis=1)).max(axis=1)))
    level = good[:, [PEAK - _WIDTH_BEATS, PEAK + _WIDTH_BEATS]].mean(axis=1, keepdims=True)
    return ratio >= _LEAST_OF_ALL and width(good - level) < _NARROW and steepest >= _SAME_LINE * line


def swing(windows: Array) -> Array:
    """Of each QRS in ``windows`` (K, T): its steepest way back in the steepest way, 0..1 (K,); steps have little."""
    near = windows[:, PEAK - _SWING_BEATS : PEAK + _SWING_BEATS]
    changes = near[:, _RISE:] - near[:, :-_RISE]
    rise, fall = changes.max(axis=1), -changes.min(axis=1)
    return np.asarray(np.minimum(rise, fall) / np.maximum(np.maximum(rise, fall), 1e-9))


def width(windows: Array) -> float:
    """How wide the peaks of the QRS complexes in ``windows`` (K, T) are: their area over their height, in samples."""
    near = np.abs(windows[:, PEAK - _WIDTH_BEATS : PEAK + _WIDTH_BEATS + 1])
    return float(np.median(near.sum(axis=1) / np.maximum(near.max(axis=1), 1e-9)))


def strokes(windows: Array) -> float:
    """How often the line goes up or down around a mark, by a third of the largest such move or more: the mean.

    ``windows`` (K, T); a QRS has two or three such strokes, a burst of noise ten.
    """
    some = windows[:: -(-len(windows) // _LOOKED_AT), PEAK - _STROKES_BEATS : PEAK + _STROKES_BEATS + 1]
    counts = []
    for line in some:
        turns = np.flatnonzero(np.diff(np.sign(np.diff(line)))) + 1
        sizes = np.abs(np.diff(line[np.r_[0, turns, len(line) - 1]]))
        counts.append(int(np.sum(sizes >= _STROKE * sizes.max())))
    return float(np.mean(counts))


def other_waves(window: Array, bpm: float) -> float:
    """How high the waves before and behind the QRS in a typical ``window`` (T,) are, P or T, in QRS heights.

    Infinite where the heart is so fast that there is no room for them.
    """
    beat_s = 60 / bpm
    if beat_s < _ROOM_S:
        return np.inf
    behind_s = _T_WAVE_S * min(1.0, beat_s / _SLOW_S) ** 0.5  # later by the root of the interval, as Bazett has it
    before = window[max(0, PEAK - round(min(_BEFORE_S, _BEFORE * beat_s) * RATE_HZ)) : PEAK - _P_WAVE_ENDS]
    behind = window[PEAK + round(behind_s * RATE_HZ) : PEAK + round(min(_BEHIND_S, _BEHIND * beat_s) * RATE_HZ)]
    height = max(float(np.ptp(part)) for part in (before, behind))
    return height / max(float(np.ptp(window[QRS])), 1e-9)


def fast_share(window: Array) -> float:
    """The share of the power of the QRS in a typical ``window`` (T,) above 8 Hz: broad waves have little, 0..1."""
    near = window[PEAK - _SPECTRUM_BEATS : PEAK + _SPECTRUM_BEATS + 1] * np.hanning(2 * _SPECTRUM_BEATS + 1)
    power = np.abs(np.fft.rfft(near - near.mean(), _SPECTRUM_POINTS)) ** 2
    return float(power[np.fft.rfftfreq(_SPECTRUM_POINTS, 1 / RATE_HZ) > _BROAD_HZ].sum() / max(power.sum(), 1e-9))


def changing(windows: Array) -> float:
    """How far QRS complexes in ``windows`` (K, T), K >= 1, lie apart, in their height: the middle half of them."""
    some = windows[:: -(-len(windows) // _LOOKED_AT), QRS]
    quarter, typical, three = np.quantile(some, [0.25, 0.5, 0.75], axis=0)
    return float((three - quarter).mean() / max(np.ptp(typical), 1e-9))


def unlike(windows: Array) -> float:
    """How far each QRS in ``windows`` (K, T), K >= 2, is from the nearest fifth of the others: squared distances in the
    mean power of the two, the median; a heart's beats come in a few shapes (0.0 to 0.2), bursts of noise in none (1.1).
    """
    some = windows[:: -(-len(windows) // _LOOKED_AT)]
    parts = [some[:, QRS.start + shift : QRS.stop + shift] for shift in _SHIFTS]
    own, *others = (part - part.mean(axis=1, keepdims=True) for part in parts)
    power = (own * own).sum(axis=1)[:, None]
    nearest = np.full((len(own), len(own)), np.inf, np.float32)
    for other in (own, *others):
        both = power + (other * other).sum(axis=1)
        np.minimum(nearest, (both - 2 * own @ other.T) / np.maximum(both / 2, 1e-9), out=nearest)
    fifth = round(_NEAREST * (len(own) - 1))
    return float(np.median(np.partition(nearest, fifth, axis=1)[:, fifth]))  # the nearest of all is itself


def beside_edges(plain_mv: Signal, times_s: npt.NDArray[np.float64], scale_mv: float) -> npt.NDArray[np.bool_]:
    """(K,) which marks are where noise or hum begins or ends: it is loud on one side of them only.

    ``plain_mv`` is not band-passed; ``scale_mv`` is the height of a QRS.
    """
    bends = np.abs(np.diff(np.pad(plain_mv, (1, 1), mode="edge"), 2))
    places = np.round(times_s * RATE_HZ).astype(np.int64)[:, None]
    before, after = (
        np.median(bends[np.clip(places + sign * np.arange(*_BESIDE), 0, len(bends) - 1)], axis=1) for sign in (-1, 1)
    )
    loud, calm = np.maximum(before, after), np.minimum(before, after)
    return np.asarray((loud > _LOUD * scale_mv) & (calm < _CALM * loud))


def with_missed(signal: Signal, marks: Marks) -> Marks:
    """``marks`` (K,), rising, of QRS peaks in ``signal`` (T,) and those between them that a fast heart has."""
    gaps_s = np.diff(marks) / RATE_HZ
    asked = (gaps_s >= _HALVED_S[0]) & (gaps_s <= _HALVED_S[1])
    in_a_row = np.ones(min(_IN_A_ROW, len(gaps_s))) / min(_IN_A_ROW, max(1, len(gaps_s)))
    if len(in_a_row) < _LEAST or np.convolve(asked, in_a_row, "valid").max() < _SHARE:
        return marks
    reach = round(_NEAR_S * RATE_HZ)
    padded = np.pad(signal, reach)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)  # one around each sample
    usual = np.median(windows[marks[:: max(1, len(marks) // 2000)]], axis=0)
    usual = usual - usual.mean()
    size = float(np.linalg.norm(usual))
    if size == 0:
        return marks
    pairs = list(zip(marks[:-1][asked].tolist(), marks[1:][asked].tolist(), strict=True))
    least = round(_CLOSEST_S * RATE_HZ)
    between = [np.arange(before + least, after - least + 1) for before, after in pairs]
    places = np.concatenate(between)
    alike, heights = np.empty(len(places), np.float32), np.empty(len(places), np.float32)
    for start in range(0, len(places), _PLACES):  # a day with many pauses has millions of places, each with its window
        part = slice(start, start + _PLACES)
        own = windows[places[part]]
        own = own - own.mean(axis=1, keepdims=True)
        heights[part] = np.linalg.norm(own, axis=1) / size
        alike[part] = own @ usual / (size * size * np.maximum(heights[part], 1e-9))
    alike[(heights < _HEIGHT[0]) | (heights > _HEIGHT[1])] = 0
    missed, sure = [], []
    ends = np.cumsum([len(each) for each in between])
    for (before, after), end, own_places in zip(pairs, ends.tolist(), between, strict=True):
        part = slice(end - len(own_places), end)
        evenly, surely = _between(own_places, alike[part], heights[part], (before, after))
        missed.append(evenly)
        sure += surely
    has = np.zeros(len(asked))
    has[asked] = [bool(places) for places in missed]
    often = np.convolve(has, in_a_row, "same")[asked] >= _SHARE
    added = [place for places, keep in zip(missed, often, strict=True) if keep for place in places]
    return np.unique(np.concatenate([marks, np.array(added + sure, np.int64)]))


def _between(places: Marks, alike: Array, heights: Array, marks: tuple[int, int]) -> tuple[list[int], list[int]]:
    """Of the ``places`` (P,) between two ``marks`` those that look like beats: those that divide the interval evenly,
    else none; and those that look and measure just like the usual QRS, as in fibrillation, wherever they are.

    ``alike`` (P,) is how alike each is to it, ``heights`` (P,) how high, in its height; ``alike`` is used up.
    """
    found, sure = [], []
    while alike.size and alike.max() >= _ALIKE:
        best = int(alike.argmax())
        place = int(places[best])
        found.append(place)
        if alike[best] >= _JUST_LIKE and _JUST_AS_HIGH[0] <= heights[best] <= _JUST_AS_HIGH[1]:
            sure.append(place)
        alike[np.abs(places - place) < round(_CLOSEST_S * RATE_HZ)] = 0
    parts = np.diff([marks[0], *sorted(found), marks[1]])
    return (found if found and parts.max() <= _EVEN * parts.min() else []), sure
