"""What the RR intervals and the classes of the beats say together: rate, its spread, and runs of ectopic beats.

Statistics of time follow the Task Force 1996 conventions (SDNN and RMSSD over NN intervals, those between two beats
of class N). Runs: couplet 2, run 3 and more; bigeminy and trigeminy are counted by their patterns.

An interval over 2 s is a pause only if the line between its two beats is there and quiet. On DS1 it moves by at most
0.23 of the patient's QRS height in the 16 pauses that the cardiologists' beats confirm, and by at least 0.53 in the 11
intervals in which the detector missed beats or the recorder came back from its limit (records 108, 116, 203, 207, 208).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from apps.ekg.aami import LETTERS
from apps.ekg.beats.signals import RATE_HZ, Prepared

if TYPE_CHECKING:
    from apps.ekg.answers.classify import Classified

_PAUSE_S = 2.0  # a longer interval is a pause, as the page says
_GAP_S = 15.0  # a longer quiet line is an electrode that came off, not a pause
_QUIET = 0.4  # of the patient's QRS height: how far the line may move inside a pause
_AROUND_S = (0.5, 0.25)  # after the beat before, to the end of its T wave; before the beat after, its P wave


@dataclass(frozen=True)
class Rhythm:
    """Figures of one recording; a rate is NaN where there are too few intervals."""

    n_beats: int
    duration_s: float
    mean_bpm: float  # over all intervals
    slowest_bpm: float  # over eight intervals in a row
    fastest_bpm: float
    sdnn_ms: float  # standard deviation of the NN intervals
    rmssd_ms: float  # root mean square of differences of NN intervals in a row
    counts: dict[str, int]  # per class letter
    burden: dict[str, float]  # share of all beats, 0..1
    couplets: dict[str, int]  # S and V: exactly two in a row
    runs: dict[str, int]  # S and V: three and more in a row
    longest_run: dict[str, int]
    bigeminy: int  # stretches of V N V N V N or longer
    trigeminy: int  # stretches of V N N V N N V N N or longer
    pauses: int  # intervals longer than 2 s in which the line is quiet
    longest_pause_s: float
    unreadable: int  # intervals longer than 2 s in which it is not; they are in none of the figures above


def rhythm_in(found: Classified) -> Rhythm:
    """The figures of a classified recording."""
    readable = readable_intervals(found.prepared, found.times_s, found.beats.scale_mv)
    if found.annotated is None:  # a mark that a detector set in noise may be no beat, and bounds no interval
        readable &= found.beats.usable[:-1] & found.beats.usable[1:]
    return rhythm_of(found.times_s, found.classes, found.recording.duration_s, readable=readable)


def readable_intervals(prepared: Prepared, times_s: npt.NDArray[np.float64], qrs_mv: float) -> npt.NDArray[np.bool_]:
    """(K - 1,) False where an interval over 2 s holds a stretch that is missing, flat, clipped or not quiet.

    ``times_s`` (K,) are the beats of ``prepared``, ``qrs_mv`` is the patient's median QRS height.
    """
    readable = np.ones(max(0, len(times_s) - 1), np.bool_)
    for place in np.flatnonzero(np.diff(times_s) > _PAUSE_S):
        start_s, stop_s = times_s[place] + _AROUND_S[0], times_s[place + 1] - _AROUND_S[1]
        inside = slice(round(start_s * RATE_HZ), round(stop_s * RATE_HZ))
        moves_mv = float(np.ptp(prepared.plain_mv[inside]))
        readable[place] = prepared.usable[inside].all() and moves_mv <= _QUIET * qrs_mv
    return readable


def rhythm_of(
    times_s: npt.NDArray[np.float64],
    classes: npt.NDArray[np.int64],
    duration_s: float,
    *,
    readable: npt.NDArray[np.bool_] | None = None,
) -> Rhythm:
    """The figures of beats at ``times_s`` (K,) of class number ``classes`` (K,); ``readable`` (K - 1,) intervals."""
    rr = np.diff(times_s)
    known = (rr > 0.16) & (rr < _GAP_S)
    if readable is not None:
        known &= readable
    real = rr[known]
    normal = (classes[:-1] == 0) & (classes[1:] == 0) & known
    nn_ms = rr[normal] * 1000
    in_a_row = np.diff(np.where(normal, rr, np.nan)) * 1000
    in_a_row = in_a_row[np.isfinite(in_a_row)]
    eight = np.convolve(real, np.full(8, 1 / 8), "valid") if real.size >= 8 else real
    text = "".join(LETTERS[number] for number in classes)
    counts = {letter: text.count(letter) for letter in LETTERS}
    return Rhythm(
        n_beats=len(times_s),
        duration_s=duration_s,
        mean_bpm=60 / float(real.mean()) if real.size else np.nan,
        slowest_bpm=60 / float(eight.max()) if eight.size else np.nan,
        fastest_bpm=60 / float(eight.min()) if eight.size else np.nan,
        sdnn_ms=float(nn_ms.std()) if nn_ms.size > 1 else np.nan,
        rmssd_ms=float(np.sqrt(np.mean(in_a_row**2))) if in_a_row.size else np.nan,
        counts=counts,
        burden={letter: count / max(1, len(text)) for letter, count in counts.items()},
        couplets={letter: len(re.findall(f"(?<!{letter}){letter}{{2}}(?!{letter})", text)) for letter in "SV"},
        runs={letter: len(re.findall(f"{letter}{{3,}}", text)) for letter in "SV"},
        longest_run={letter: max(map(len, re.findall(f"{letter}+", text)), default=0) for letter in "SV"},
        bigeminy=len(re.findall("(?:VN){3,}", text)),
        trigeminy=len(re.findall("(?:VNN){3,}", text)),
        pauses=int(np.sum(real > _PAUSE_S)),
        longest_pause_s=float(real.max()) if real.size else np.nan,
        unreadable=int(np.sum(~known & (rr > _PAUSE_S))),
    )
