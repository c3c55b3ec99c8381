"""EKG as text: columns of which one or more are leads, and a rate from the times, the heading or the visitor.

``text_table`` makes a table of the text (``text_rows`` where leads lie in rows), ``text_heading`` reads the lines above
the numbers (an Apple Watch's among them), ``table_times`` finds the column of times, ``units`` the factor to
millivolts. The rate that a visitor gives wins over the times, and these over the heading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from apps.ekg.formats.recording import Recording, in_memory
from apps.ekg.formats.table_times import MOVES, RISES, SAME_RATE, STANDS, WRAPS, Times, kind_of, times_of
from apps.ekg.formats.text_heading import Heading, heading_of
from apps.ekg.formats.text_table import REMEDY, Column, Table, is_number, read_table
from apps.ekg.formats.units import counts_to_mv, guess_unit, is_counts, is_no_voltage, is_voltage, millivolts_per
from shared.errors import RecordError

MAX_TEXT_BYTES = 200_000_000  # a day of one lead at 250 Hz is 150 MB
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")  # MLII (mV), time [s]
_FILTER = re.compile(r"[(\[][^()\[\]]*\d\s?k?hz[^()\[\]]*[)\]]", re.IGNORECASE)  # ECG (.05 - 150 Hz)
_SUFFIX = re.compile(r"^(.*\S)[\s_]+(mv|[uµμ]v|nv|adc|counts?|[mµμ]?volts?|bpm|mmhg|g)$", re.IGNORECASE)  # ecg_mV
_FEW_VALUES, _FEW = 4, "few different values"  # a column of so few is a label or a switch
_MOST_LABELS, _CHANGES = 40, 0.02  # one of so many that changes less often than in so many lines is a label, too
_SET_APART = 10.0  # spreads of the others: a value as far away, again and again, stands for none
_OFTEN = 3  # times that such a value stands there; one or two may be the signal
_FEWEST_LINES, _NEARER = 100, 0.7  # of a lead that goes on from line to line; of the squared steps down its columns
_MOST_NAMED = 5  # columns in a warning
_EXPECTED = (RISES, WRAPS)  # columns besides leads that need no word


@dataclass(frozen=True)
class _Lead:
    """One column that is a lead, in millivolts."""

    name: str
    column: int  # its number, from 1
    factor: float
    values: npt.NDArray[np.float64]
    warning: str


def open_table(path: Path, *, rate_hz: float | None = None) -> Recording:
    """The recording in a text file; ``rate_hz`` wins over what the file says of its rate.

    Raises:
        RecordError: no numbers, no rate, a time that does not rise, no column that could be a voltage.
    """
    size = path.stat().st_size
    if size > MAX_TEXT_BYTES:
        remedy = "Use WFDB or EDF, which are ten times smaller."
        raise RecordError(f"a text file of at most {MAX_TEXT_BYTES // 10**6} MB", f"{size // 10**6} MB", remedy)
    table = read_table(path.read_bytes())
    heading = heading_of(table.above)
    columns = _titled(table, heading)
    columns, in_lines = _without_lines(columns)
    leads, left_out = _leads(columns, heading)
    rate_hz, times, warnings = _rate(columns, heading, rate_hz)
    signals = np.stack([_in_place(lead.values * lead.factor, times) for lead in leads])
    names: list[str] = []
    for lead in leads:
        names.append(lead.name if lead.name not in names else f"{lead.name} ({lead.column})")
    said = (*table.warnings, *in_lines, *warnings, *left_out, *(lead.warning for lead in leads if lead.warning))
    return in_memory(path.stem, signals, rate_hz, tuple(names), warnings=said)


def _titled(table: Table, heading: Heading) -> tuple[Column, ...]:
    """The columns; where the heading lists the channels, the last ones are called so."""
    first = len(table.columns) - len(heading.titles)
    if not heading.titles or first < 0:
        return table.columns
    named = zip(table.columns[first:], heading.titles, strict=True)
    return (*table.columns[:first], *(Column(title, column.values) for column, title in named))


def _rate(
    columns: tuple[Column, ...], heading: Heading, given_hz: float | None
) -> tuple[float, Times | None, tuple[str, ...]]:
    """(rate in Hz, the times if they are used, warnings)."""
    stated_hz = heading.rate_hz or _rate_column(columns)
    try:
        found = times_of(columns)
    except RecordError:
        if given_hz is None and stated_hz is None:
            raise
        found = None
    if given_hz is not None:
        if found is not None and abs(found[1].rate_hz / given_hz - 1) > SAME_RATE:
            return given_hz, None, (f"The file's times say {found[1].rate_hz:.5g} Hz; {given_hz:g} Hz were given.",)
        return given_hz, None, ()
    if found is not None:
        return found[1].rate_hz, found[1], (found[1].warning,) if found[1].warning else ()
    if stated_hz is None:
        remedy = "Give the rate in Hz: next to the upload, or with --rate."
        raise RecordError("a sampling rate", "neither a time column nor a rate", remedy)
    return stated_hz, None, ()


def _rate_column(columns: tuple[Column, ...]) -> float | None:
    """The rate that a column repeats in every line, or says in one, under a title that speaks of sampling."""
    stands = [column for column in columns if column.values is not None and kind_of(column.values) == STANDS]
    said = [f"{column.title}: {np.nanmax(column.values):.10g}" for column in stands if column.values is not None]
    return heading_of(said).rate_hz


def _in_place(values: npt.NDArray[np.float64], times: Times | None) -> npt.NDArray[np.float64]:
    """``values`` with NaN where the times say that samples are missing."""
    if times is None or times.places is None:
        return values
    whole = np.full(int(times.places[-1]) + 1, np.nan)
    whole[times.places] = values
    return whole


def _leads(columns: tuple[Column, ...], heading: Heading) -> tuple[list[_Lead], tuple[str, ...]]:
    """The columns that can be leads, and a warning that names those that are not and are no times either."""

    def named(n: int) -> str:
        return columns[n].title or f"column {n + 1}"

    why = [_why_not(column) for column in columns]
    usable = [n for n, reason in enumerate(why) if not reason]
    if not usable:  # a line that stands still is a lead if there is no other; it is then said to be flat
        usable = [n for n, reason in enumerate(why) if reason in (STANDS, _FEW)]
    if not usable:
        found = ", ".join(f"“{named(n)}” ({reason})" for n, reason in enumerate(why[:_MOST_NAMED]))
        raise RecordError("a column in V, mV or µV that moves as a heart does", f"only {found}", REMEDY)
    leads = [_lead(columns[n], n, heading if len(usable) == 1 else Heading()) for n in usable]
    said = [f"{named(n)} ({reason})" for n, reason in enumerate(why) if n not in usable and reason not in _EXPECTED]
    more = f" and {len(said) - _MOST_NAMED} more" if len(said) > _MOST_NAMED else ""
    return leads, (f"Left out: {', '.join(said[:_MOST_NAMED])}{more}.",) if said else ()


def _why_not(column: Column) -> str:
    """Why ``column`` is no lead; empty if it may be one."""
    if column.values is None:
        return "words"
    unit, _ = _unit(column.title)
    if unit and is_no_voltage(unit):
        return f"in {unit}"
    kind = kind_of(column.values)
    return _FEW if kind == MOVES and not unit and _are_labels(column.values) else kind


def _are_labels(values: npt.NDArray[np.float64]) -> bool:
    """Whether ``values`` are few different ones, or some that hardly ever change, as the number of a class does."""
    known = values[np.isfinite(values)][:100_000]
    different = len(np.unique(known))
    return different <= _FEW_VALUES or (different <= _MOST_LABELS and np.mean(np.diff(known) != 0) < _CHANGES)


def _unit(title: str) -> tuple[str | None, str]:
    """(the unit in brackets or behind the name, the title without it); a filter in brackets is no unit."""
    title = _FILTER.sub("", title).strip()
    for match in reversed([*_BRACKETS.finditer(title)]):
        unit = match[1].strip()
        if is_voltage(unit) or is_no_voltage(unit) or is_counts(unit):
            return unit, (title[: match.start()] + title[match.end() :]).strip()
    behind = _SUFFIX.match(title)
    return (behind[2], behind[1]) if behind else (None, title)


def _lead(column: Column, place: int, heading: Heading) -> _Lead:
    """A column as a lead; ``heading`` speaks of it if it is the only one."""
    unit, rest = _unit(column.title)
    name = heading.lead or rest.strip(" ,'\"#%_")
    name = name if name and not is_number(name) else f"column {place + 1}"
    values = column.values if column.values is not None else np.empty(0)
    values, none = _without_signs(values)
    left = f"{none[1]:,} values of {none[0]:g} in {name}: taken for samples that are missing." if none else ""
    if column.words:
        left = f"{column.words:,} cells of {name} hold words: taken for samples that are missing. {left}".strip()
    stated = unit or heading.unit
    if stated and is_voltage(stated):
        return _Lead(name, place + 1, millivolts_per(stated), values, left)
    factor, warning = counts_to_mv(values, name) if stated else guess_unit(values, name)
    return _Lead(name, place + 1, factor, values, f"{warning} {left}".strip())


def _without_signs(values: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], tuple[float, int] | None]:
    """``values`` with NaN for a number that stands for none, as -9999 and -32768 do; (that number, how many)."""
    known = values[np.isfinite(values)]
    for extreme in (known.min(initial=0), known.max(initial=0)):
        others = known[known != extreme]
        count = len(known) - len(others)
        if count < _OFTEN or len(others) < len(known) / 2:
            continue
        low, high = others.min(), others.max()
        away = low - extreme if extreme < low else extreme - high
        if away > _SET_APART * (high - low) > 0:
            return np.where(values == extreme, np.nan, values), (float(extreme), count)
    return values, None


def _without_lines(columns: tuple[Column, ...]) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """``columns``, or the one lead that goes on from line to line, as it is printed with several samples in each.

    Then a sample is nearer to the next one in its line, and the last in a line to the first in the next, than each
    is to the one below it.
    """
    if len(columns) < 2 or any(column.title or column.values is None or column.clock for column in columns):
        return columns, ()
    table = np.stack([column.values for column in columns if column.values is not None], axis=1)
    known = table[np.isfinite(table).all(axis=1)]
    if len(known) < _FEWEST_LINES or any(kind_of(column) != MOVES for column in known.T):
        return columns, ()
    below = float(np.mean(np.diff(known, axis=0) ** 2))
    beside = float(np.mean(np.diff(known, axis=1) ** 2))
    behind = float(np.mean((known[1:, 0] - known[:-1, -1]) ** 2))
    if max(beside, behind) > _NEARER * below or max(beside, behind) > 2 * min(beside, behind):
        return columns, ()
    said = f"Read from line to line as one lead, {len(columns)} samples in each line: they go on so."
    return (Column("", table.reshape(-1)),), (said,)
