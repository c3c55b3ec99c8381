"""The beats that are marked next to a WFDB record: NAME.atr, or another annotator's file (NAME.qrs, NAME.ecg)."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import numpy as np
import numpy.typing as npt

from apps.ekg.aami import CLASS_OF_SYMBOL
from apps.ekg.formats.recording import Annotations
from apps.ekg.formats.wfdb_package import quietly, wfdb_package

_REFERENCE = "atr"
ANNOTATORS = (_REFERENCE, "ecg", "ari", "man", "qrs", "xqrs", "gqrs", "wqrs", "sqrs")  # the best known first
OTHERS = ("hea", "dat", "mat", "csv", "txt", "tsv", "edf", "bdf", "zip", "md", "json", "xml", "html", "pdf", "png")
_FEWEST_BEATS = 5  # in a file: with fewer it is taken to hold no annotations
_MOST_OUTSIDE = 0.05  # of the beats of a file, that may lie outside the record
_LONGEST_S = 10.0  # between two beats of a heart that is marked
_LEAST_MARKED, _MARKED = 0.5, 0.9  # share of a record: marks that are used without being the reference; of all of it
_MOST_BYTES = 50_000_000  # a day of beats has 0.5 MB


def read_marks(
    header: Path, signals: Collection[str], rate_hz: float, duration_s: float
) -> tuple[Annotations | None, tuple[str, ...]]:
    """(the beats, warnings): of NAME.atr, or of the first other file that marks beats throughout the record.

    Marks outside the record are left out; a file with many of them is another record's, and not used.

    Args:
        header: NAME.hea; the marks lie next to it.
        signals: names of the signal files, which hold no annotations.
        rate_hz: frames per second, in which marks are counted unless their file says otherwise.
        duration_s: of the record.
    """
    endings = {
        path.suffix[1:]
        for path in header.parent.glob(f"{header.stem}.*")
        if path.name not in signals and re.fullmatch(r"\.[A-Za-z]\w{0,7}", path.suffix) and path.stem == header.stem
    }
    others = sorted(ending for ending in endings if ending.lower() not in (*ANNOTATORS, *OTHERS))
    said: list[str] = []
    for ending in (*(one for one in ANNOTATORS if one in endings), *others):
        path = header.with_suffix(f".{ending}")
        marks, outside = _read(path, rate_hz, duration_s)
        beats_s = _beats_of(marks)
        share = _share_marked(beats_s, duration_s)
        if ending == _REFERENCE:
            used = len(beats_s) > 0 and outside <= max(_FEWEST_BEATS, _MOST_OUTSIDE * len(beats_s))
            said += _said_of_reference(path.name, marks, outside, share, used=used)
        else:
            used = len(beats_s) >= _FEWEST_BEATS and not outside and share >= _LEAST_MARKED
            said += [f"The beats are those that are marked in {path.name}."] if used else []
        if used:
            return marks, tuple(said)
    return None, tuple(said)


def _said_of_reference(name: str, marks: Annotations | None, outside: int, share: float, *, used: bool) -> list[str]:
    """What is to be said of the beats in NAME.atr."""
    if marks is None:
        return [f"The annotations in {name} are damaged; they were not used."]
    if not used:
        return [f"Most beats in {name} are outside the recording; they were not used."] if outside else []
    said = [f"{outside} beat{'s' * (outside > 1)} marked outside the recording: left out."] if outside else []
    return said + ([f"{name} marks beats in {share:.0%} of the recording; the rest is not judged."] * (share < _MARKED))


def _beats_of(marks: Annotations | None) -> npt.NDArray[np.float64]:
    """When the beats among ``marks`` are: a rhythm, a noise or a P wave is none."""
    if marks is None:
        return np.empty(0)
    return marks.times_s[[symbol in CLASS_OF_SYMBOL for symbol in marks.symbols]]


def _share_marked(beats_s: npt.NDArray[np.float64], duration_s: float) -> float:
    """The share of the recording in which beats are marked: no heart pauses for ``_LONGEST_S``."""
    gaps = np.diff(beats_s, prepend=0.0, append=duration_s)
    return float(gaps[gaps < _LONGEST_S].sum() / duration_s)


def _read(path: Path, rate_hz: float, duration_s: float) -> tuple[Annotations | None, int]:
    """(the marks inside the record in order of time, the number of beats outside); None if they cannot be read."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _MOST_BYTES:
        return None, 0
    if path.stat().st_size and b"\0" not in path.read_bytes():  # they end with zeros, and texts have none
        return None, 0
    try:
        with quietly():
            marks = wfdb_package().rdann(str(path.with_suffix("")), path.suffix[1:])
    except (ValueError, TypeError, IndexError, KeyError, OSError, AttributeError, OverflowError):
        return None, 0
    times_s = np.asarray(marks.sample, np.float64) / float(marks.fs or rate_hz)
    symbols = np.asarray(marks.symbol, object)
    inside = (times_s >= 0) & (times_s < duration_s)
    outside = sum(symbol in CLASS_OF_SYMBOL for symbol in symbols[~inside])
    order = np.argsort(times_s[inside], kind="stable")
    return Annotations(times_s[inside][order], tuple(symbols[inside][order])), outside
