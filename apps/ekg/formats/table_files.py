"""EKG as text: CSV with time and one column per lead, or one column and a rate, which may stand above the numbers.

How text becomes a table is in ``text_table``, the heading of an Apple Watch's export in ``watch_files``.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from apps.ekg.formats.recording import Recording, in_memory
from apps.ekg.formats.text_table import REMEDY, Table, is_numbers, read_table
from apps.ekg.formats.units import guess_unit, millivolts_per
from apps.ekg.formats.watch_files import Heading, heading_of
from shared.errors import RecordError

MAX_TEXT_BYTES = 200_000_000  # a day of one lead at 250 Hz is 150 MB
_UNIT = re.compile(r"[(\[]([^()\[\]]+)[)\]]")  # MLII (mV), time [s]
_TIME = re.compile(r"^\W*(time|t|zeit|seconds|sec|s|ms|elapsed time|timestamp|temps|tiempo)\b", re.IGNORECASE)
_SAMPLE = re.compile(r"^\W*(sample|index|sample #|n|i)\W*$", re.IGNORECASE)
_UNEVEN, _BROKEN = 2.5, 5.0  # intervals: a longer step between two times is warned of, or is a gap


def open_table(path: Path, *, rate_hz: float | None = None) -> Recording:
    """The recording in a text file; ``rate_hz`` is needed if the file has no time column and names no rate.

    Raises:
        RecordError: no numbers, no rate, a time that does not rise evenly, an impossible unit.
    """
    size = path.stat().st_size
    if size > MAX_TEXT_BYTES:
        remedy = "Use WFDB or EDF, which are ten times smaller."
        raise RecordError(f"a text file of at most {MAX_TEXT_BYTES // 10**6} MB", f"{size // 10**6} MB", remedy)
    table = read_table(path.read_bytes())
    heading = heading_of(table.above)
    time_column = _time_column(table)
    warnings: list[str] = []
    if time_column is not None:
        rate_hz, warning = _rate_of(table.values[:, time_column], table.names[time_column])
        warnings += [warning] if warning else []
    rate_hz = rate_hz or heading.rate_hz
    if rate_hz is None:
        remedy = "Give the rate in Hz: next to the upload, or with --rate."
        raise RecordError("a sampling rate", "neither a time column nor a rate", remedy)
    skipped = {time_column} | {n for n, name in enumerate(table.names) if _SAMPLE.match(name)}
    columns = [n for n in range(table.values.shape[1]) if n not in skipped]
    if not columns:
        raise RecordError("a column of millivolts", f"only {', '.join(table.names)}", REMEDY)
    signals, leads = [], []
    for column in columns:
        lead, factor, warning = _lead(table, column, heading if len(columns) == 1 else Heading())
        signals.append(table.values[:, column] * factor)
        leads.append(lead if lead not in leads else f"{lead} ({column + 1})")
        warnings += [warning] if warning else []
    return in_memory(path.stem, np.stack(signals), rate_hz, tuple(leads), warnings=tuple(warnings))


def _time_column(table: Table) -> int | None:
    for column, name in enumerate(table.names):
        if _TIME.match(name):
            return column
    if table.values.shape[1] < 2 or any(table.names):
        return None
    steps = np.diff(table.values[:, 0])  # without a name it is time if it rises evenly, and not as a count of samples
    even = steps.size > 2 and np.all(steps > 0) and np.ptp(steps) < 0.5 * np.median(steps) and not np.allclose(steps, 1)
    return 0 if even else None


def _rate_of(times: npt.NDArray[np.float64], name: str) -> tuple[float, str]:
    """(rate in Hz, warning) of a time column in seconds, or in milliseconds if its name says so."""
    unit, _ = _split_unit(name)
    milli = name.strip().lower() == "ms" or unit.lower().startswith(("ms", "milli"))
    steps = np.diff(times / 1000 if milli else times)
    if steps.size == 0 or not np.all(np.isfinite(steps)) or np.any(steps < 0) or np.median(steps) <= 0:
        raise RecordError("a time that rises from line to line", "times that stand still, fall or are missing", REMEDY)
    rate_hz = float(len(steps) / steps.sum())
    longest = float(steps.max() * rate_hz)
    if longest > _BROKEN:
        remedy = "Cut the recording at its gaps."
        raise RecordError("samples evenly spaced in time", f"a gap of {steps.max():.3g} s", remedy)
    return rate_hz, "The times are uneven; samples were taken as evenly spaced." if longest > _UNEVEN else ""


def _lead(table: Table, column: int, heading: Heading) -> tuple[str, float, str]:
    """(name, factor to millivolts, warning) of a column; ``heading`` speaks of it if it is the only one."""
    title = table.names[column] if column < len(table.names) else ""
    unit, rest = _split_unit(title)
    name = heading.lead or rest.strip(" ,'\"")
    name = name if name and not is_numbers(name) else f"column {column + 1}"
    stated = unit or heading.unit
    if stated:
        return name, millivolts_per(stated), ""
    return name, *guess_unit(table.values[:, column], name)


def _split_unit(title: str) -> tuple[str, str]:
    """The unit in the last brackets of a column's title, if it has any, and the title without it."""
    *_, last = [None, *_UNIT.finditer(title)]
    return (last[1].strip(), title[: last.start()] + title[last.end() :]) if last else ("", title)
