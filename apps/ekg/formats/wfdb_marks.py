"""The beats that are marked next to a WFDB record: NAME.atr, or another annotator's file (NAME.qrs, NAME.ecg)."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import numpy as np

from apps.ekg.aami import CLASS_OF_SYMBOL
from apps.ekg.formats.recording import Annotations
from apps.ekg.formats.wfdb_package import quietly, wfdb_package

_REFERENCE = "atr"
ANNOTATORS = (_REFERENCE, "ecg", "ari", "man", "qrs", "xqrs", "gqrs", "wqrs", "sqrs")  # the best known first
OTHERS = ("hea", "dat", "mat", "csv", "txt", "tsv", "edf", "bdf", "zip", "md", "json", "xml", "html", "pdf", "png")
_FEWEST_BEATS = 5  # in a file: with fewer it is taken to hold no annotations
_MOST_BYTES = 50_000_000  # a day of beats has 0.5 MB


def read_marks(
    header: Path, signals: Collection[str], rate_hz: float, duration_s: float
) -> tuple[Annotations | None, tuple[str, ...]]:
    """(the beats, warnings): of NAME.atr, or of the first other file of marks; marks outside the record are left out.

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
    for ending in (*(one for one in ANNOTATORS if one in endings), *others):
        path = header.with_suffix(f".{ending}")
        marks, outside = _read(path, rate_hz, duration_s)
        if marks is None:
            if ending == _REFERENCE:
                return None, (f"The annotations in {path.name} are damaged; they were not used.",)
            continue
        beats = sum(symbol in CLASS_OF_SYMBOL for symbol in marks.symbols)
        if ending == _REFERENCE or (beats >= _FEWEST_BEATS and not outside):
            said = [f"{outside} beat{'s' * (outside > 1)} marked outside the recording: left out."] if outside else []
            said += [] if ending == _REFERENCE else [f"The beats are those that are marked in {path.name}."]
            return marks, tuple(said)
    return None, ()


def _read(path: Path, rate_hz: float, duration_s: float) -> tuple[Annotations | None, int]:
    """(the marks inside the record in order of time, the number of beats outside); None if they cannot be read."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _MOST_BYTES:
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
