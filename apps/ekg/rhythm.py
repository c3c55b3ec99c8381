"""What the RR intervals and the classes of the beats say together: rate, its spread, and runs of ectopic beats.

Statistics of time follow the Task Force 1996 conventions (SDNN and RMSSD over NN intervals, those between two beats
of class N). Runs: couplet 2, run 3 and more; bigeminy and trigeminy are counted by their patterns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.ekg.aami import LETTERS

_PAUSE_S = 2.0
_GAP_S = 8.0  # a longer interval is a stretch that could not be read, not a pause


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
    pauses: int  # intervals longer than 2 s
    longest_pause_s: float


def rhythm_of(times_s: npt.NDArray[np.float64], classes: npt.NDArray[np.int64], duration_s: float) -> Rhythm:
    """The figures of beats at ``times_s`` (K,) of class number ``classes`` (K,)."""
    rr = np.diff(times_s)
    real = rr[(rr > 0.2) & (rr < _GAP_S)]
    normal = (classes[:-1] == 0) & (classes[1:] == 0) & (rr > 0.2) & (rr < _GAP_S)
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
        pauses=int(np.sum((rr > _PAUSE_S) & (rr < _GAP_S))),
        longest_pause_s=float(real.max()) if real.size else np.nan,
    )
