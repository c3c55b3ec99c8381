"""The classified beats as files that other software reads: a CSV table, and WFDB annotations.

WFDB annotations carry N, S, V, F and Q by their own symbols (S is "supraventricular premature or ectopic beat") and the
probability in the auxiliary note, so PhysioNet's tools and LightWAVE show them over the signal.
"""

from __future__ import annotations

import csv
import io
import math
import re
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.ekg.aami import LETTERS
from apps.ekg.answers.rhythm import rhythm_in
from apps.ekg.formats.wfdb_package import quietly, wfdb_package
from shared.errors import OptionError, quoted

if TYPE_CHECKING:
    from apps.ekg.answers.classify import Classified


def answer_of(found: Classified) -> dict[str, Any]:
    """The answer as plain values: what ``classify --json`` prints and ``/classify_ekg`` returns."""
    rhythm = rhythm_in(found)
    return {
        "record": found.recording.name,
        "lead": found.prepared.lead,
        "rate_hz": found.recording.rate_hz,
        "rhythm": {name: _plain(value) for name, value in asdict(rhythm).items()},
        "warnings": list(found.warnings),
        "beats": [
            {"time_s": round(float(second), 4), "class": LETTERS[number], "probability": round(float(row[number]), 4)}
            for second, number, row in zip(found.times_s, found.classes, found.probabilities, strict=True)
        ],
        "notice": "For teaching only. Not a medical device.",
    }


def in_words(found: Classified) -> str:
    """The answer in three lines, for people."""
    rhythm = rhythm_in(found)
    counts = ", ".join(f"{letter} {rhythm.counts[letter]:,}" for letter in LETTERS)
    return (
        f"{found.recording.name}, lead {found.prepared.lead}: {rhythm.n_beats:,} beats in {rhythm.duration_s:,.0f} s\n"
        f"rate {rhythm.mean_bpm:.0f} per minute ({rhythm.slowest_bpm:.0f} to {rhythm.fastest_bpm:.0f})\n{counts}"
    )


def _plain(value: Any) -> Any:
    """NaN as None, floats rounded: what JSON can say."""
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value


def csv_text(found: Classified) -> str:
    """One line per beat: its time, RR interval, class and the five probabilities."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["time_s", "rr_s", "class", *(f"p_{letter}" for letter in LETTERS)])
    intervals = np.diff(found.times_s, prepend=np.nan)
    for second, interval, number, row in zip(found.times_s, intervals, found.classes, found.probabilities, strict=True):
        shown = "" if np.isnan(interval) else f"{interval:.3f}"
        table.writerow([f"{second:.3f}", shown, LETTERS[number], *(f"{value:.4f}" for value in row)])
    return out.getvalue()


def write_csv(found: Classified, path: Path) -> None:
    """Write ``csv_text`` to ``path``."""
    path.write_text(csv_text(found), encoding="utf-8")


def check_annotations(path: Path) -> str:
    """The ending of ``path``, without its dot, where WFDB allows this name for annotations.

    Raises:
        OptionError: it does not.
    """
    extension = path.suffix.removeprefix(".")
    if not re.fullmatch(r"[A-Za-z]+", extension) or not re.fullmatch(r"[A-Za-z0-9_\-]+", path.stem):
        needed = "a name for WFDB annotations like NAME.atr, of letters, digits and dashes"
        raise OptionError(needed, quoted(path.name), "Rename it.")
    return extension


def write_annotations(found: Classified, path: Path) -> None:
    """Write WFDB annotations at the recording's own rate; ``path`` is NAME.atr or another ending of letters.

    Raises:
        OptionError: WFDB does not allow the name.
    """
    extension = check_annotations(path)
    samples = np.round(found.times_s * found.recording.rate_hz).astype(np.int64)
    symbols = [LETTERS[number] for number in found.classes]
    with tempfile.TemporaryDirectory(prefix="ekg-") as folder, quietly():
        wfdb_package().wrann(
            path.stem,
            extension,
            sample=samples,
            symbol=symbols,
            fs=found.recording.rate_hz,
            aux_note=[f"p={row.max():.3f}" for row in found.probabilities],
            write_dir=folder,
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((Path(folder) / path.name).read_bytes())
