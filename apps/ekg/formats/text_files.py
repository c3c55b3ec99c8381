"""EKG as text: CSV with time and millivolts, CSV with one column and a rate, and the CSV an Apple Watch exports.

Semicolons or tabs between the columns and a comma for the decimals (most of Europe) are told from the English style by
what the lines look like, not by a setting. The Apple Watch writes a heading of ``name,value`` lines in the language of
the phone; what stays the same in all of them is a value in hertz, a unit and a lead I, so these are looked for.
"""

from __future__ import annotations

import io
import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from apps.ekg.formats.recording import Recording, guess_unit, in_memory, millivolts_per
from shared.errors import RecordError, quoted

MAX_TEXT_BYTES = 200_000_000  # a day of one lead at 250 Hz is 150 MB
_HEADING_LINES = 40
_HERTZ = re.compile(r"([\d.,]+)\s*(?:hz|hertz)\b", re.IGNORECASE)
_UNIT = re.compile(r"[(\[]\s*([^)\]]+?)\s*[)\]]")
_TIME = re.compile(r"^\W*(time|t|zeit|seconds|sec|s|ms|elapsed time|timestamp|temps|tiempo)\b", re.IGNORECASE)
_SAMPLE = re.compile(r"^\W*(sample|index|sample #|n|i)\W*$", re.IGNORECASE)
_REMEDY = "Write one column of time in seconds and one per lead in mV, or one column and its rate."


@dataclass(frozen=True)
class _Table:
    """Numbers (rows, columns), the names over them, and the lines above the names."""

    values: npt.NDArray[np.float64]
    names: tuple[str, ...]
    preamble: tuple[str, ...]


_HEAD = 10_000  # characters of the numbers in which a word is looked for


def open_text(path: Path, *, rate_hz: float | None = None) -> Recording:
    """The recording in a text file; ``rate_hz`` is needed where the file has no time column and names no rate.

    Raises:
        RecordError: no numbers, no rate, a time that does not rise evenly, an impossible unit.
    """
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise RecordError(
            f"A text file has at most {MAX_TEXT_BYTES // 1_000_000} MB",
            f"{path.stat().st_size // 1_000_000} MB",
            "Use WFDB or EDF, which are ten times smaller.",
        )
    table = _parse(path.read_bytes())
    time_column = _time_column(table)
    stated_hz = _stated_rate(table)
    values = table.values
    warnings: list[str] = []
    if time_column is not None:
        rate_hz, jitter = _rate_of(values[:, time_column], table.names[time_column])
        if jitter:
            warnings.append(jitter)
    rate_hz = rate_hz or stated_hz
    if rate_hz is None:
        raise RecordError(
            "A recording has a sampling rate",
            "neither a time column nor a rate",
            "Give the rate in Hz: beside the upload, or with --rate.",
        )
    skip = {time_column} | {n for n, name in enumerate(table.names) if _SAMPLE.match(name)}
    columns = [n for n in range(values.shape[1]) if n not in skip]
    if not columns:
        raise RecordError("The file has a column of millivolts", f"only {', '.join(table.names)}", _REMEDY)
    signals, leads = [], []
    for column in columns:
        lead, factor, warning = _lead(table, column, alone=len(columns) == 1)
        signals.append(values[:, column] * factor)
        leads.append(lead if lead not in leads else f"{lead} ({column + 1})")
        warnings += [warning] if warning else []
    return in_memory(path.stem, np.stack(signals), rate_hz, tuple(leads), warnings=tuple(warnings))


def _parse(data: bytes) -> _Table:
    """The table of numbers in ``data``, whatever its separators."""
    text = _decoded(data)
    head = text[:20_000].splitlines()
    first = next((n for n, line in enumerate(head) if _is_numbers(line)), None)
    if first is None:
        raise RecordError("The file holds lines of numbers", quoted(head[0]) if head else "an empty file", _REMEDY)
    separator, decimal = _style(head[first : first + 200])
    body = text.split("\n", first)[-1] if first else text
    values = _numbers(body, separator, decimal)
    above = [line.strip() for line in head[:first] if line.strip(" ,;\t\r\n")]
    names = _names(above[-2:], separator, values.shape[1])
    return _Table(values, names, tuple(above[:_HEADING_LINES]))


def _decoded(data: bytes) -> str:
    """``data`` as text: UTF-8, UTF-16 where it says so, else what Windows writes in Western Europe."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _is_numbers(line: str) -> bool:
    parts = [
        part.strip(" \"'")
        for part in re.split(r"[;\t ]+|,(?=\s*[-+\d\"])|,", line.strip(" ;,\t\r"))
        if part.strip(" \"'")
    ]
    return bool(parts) and all(
        re.fullmatch(r"[-+]?(\d+[.,]?\d*|[.,]\d+)([eE][-+]?\d+)?|nan|inf|-|[\d:.]+", part, re.IGNORECASE)
        for part in parts
    )


def _style(lines: list[str]) -> tuple[str, str]:
    """(separator, decimal mark). Quoted cells and semicolons settle it; else a comma separates only beside a point."""
    text = "\n".join(lines)
    decimal_comma = bool(re.search(r"\d,\d", text)) and not re.search(r"\d\.\d", text)
    for separator in (";", "\t"):
        if separator in text:
            return separator, "," if decimal_comma else "."
    if re.search(r'"[-+]?\d+,\d+"', text):
        return ",", ","
    if "," not in text:
        return " " if re.search(r"\S +\S", text) else ",", "."
    rows = [line.split(",") for line in lines if line.strip()]
    if decimal_comma and max(map(len, rows)) <= 2:  # 0,12 / 1 / -0,3: is it two columns, or one with decimal commas?
        first = [float(row[0]) for row in rows if re.fullmatch(r"\s*[-+]?\d+\s*", row[0])]
        rises = len(first) == len(rows) and all(a < b for a, b in itertools.pairwise(first))
        return (",", ".") if rises else (";", ",")
    return ",", "."


def _numbers(body: str, separator: str, decimal: str) -> npt.NDArray[np.float64]:
    """(rows, columns) of ``body``; a cell that is no number becomes NaN, and half of them NaN is an error."""
    import pandas as pd  # gradio needs it anyway; half a second nobody should wait for at start

    try:
        frame = pd.read_csv(
            io.StringIO(body),
            sep=r"\s+" if separator == " " else separator,
            decimal=decimal,
            header=None,
            engine="c",
            dtype=str if decimal == "," else None,
            skip_blank_lines=True,
            on_bad_lines="error",
            skipinitialspace=True,
            low_memory=False,
        )
    except (pd.errors.ParserError, ValueError) as error:
        what = str(error).rpartition("C error: ")[2].strip() or "others"
        raise RecordError("Every line has the same number of columns", what, _REMEDY) from error
    whole, frame = frame, frame.dropna(axis=1, how="all")  # a separator at the end of every line makes an empty one
    if frame.shape[1] < 2 <= whole.shape[1] and re.search(r"\bnan\b", body[:_HEAD], re.IGNORECASE):
        raise RecordError("A lead holds numbers", "nothing but NaN in it", "Choose another recording.")
    columns = []
    for name in frame.columns:
        column = frame[name]
        if not pd.api.types.is_numeric_dtype(column):
            column = column.astype(str).str.strip(" '\"")
            column = column.str.replace(",", ".", regex=False) if decimal == "," else column
            seconds = _clock(column.iloc[: 2 + len(column)]) if column.iloc[0].count(":") else None
            columns.append(
                seconds if seconds is not None else pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
            )
        else:
            columns.append(column.to_numpy(np.float64))
    values = np.stack(columns, axis=1) if columns else np.empty((0, 0))
    if values.size == 0 or np.isnan(values).mean() > 0.5:
        raise RecordError("The file holds lines of numbers", "mostly cells that are none", _REMEDY)
    return values


def _clock(column: pd.Series[str]) -> npt.NDArray[np.float64] | None:  # type: ignore[name-defined]  # noqa: F821
    """Seconds of a column of clock times, 0:01.234 or 10:00:01.234."""
    try:
        parts = column.str.split(":", expand=True).astype(float).to_numpy()
    except ValueError:
        return None
    return np.asarray(parts @ (60.0 ** np.arange(parts.shape[1])[::-1]), np.float64)


def _names(above: list[str], separator: str, columns: int) -> tuple[str, ...]:
    """The column names in the last lines above the numbers; a second line of units is joined to them."""
    rows = [
        [cell.strip(" '\"") for cell in re.split(r"\s+" if separator == " " else re.escape(separator), line)]
        for line in above
    ]
    rows = [row for row in rows if len(row) == columns]
    if not rows or columns == 1:
        return tuple(row[0] for row in rows[-1:]) or tuple("" for _ in range(columns))
    if len(rows) == 2 and all(
        re.fullmatch(r"['\"(\[]?\s*[a-zµμ :.]*\s*['\")\]]?", cell, re.IGNORECASE) for cell in rows[1]
    ):
        units = [cell.strip("()[] ") for cell in rows[1]]
        if any(unit.lower() in ("mv", "v", "uv", "µv", "μv") for unit in units):
            return tuple(f"{name} ({unit})" for name, unit in zip(rows[0], units, strict=True))
    return tuple(rows[-1])


def _time_column(table: _Table) -> int | None:
    for column, name in enumerate(table.names):
        if _TIME.match(name):
            return column
    if table.values.shape[1] < 2 or any(table.names):
        return None
    first = table.values[:, 0]  # nameless: it is time if it rises evenly
    steps = np.diff(first)
    even = steps.size > 2 and np.all(steps > 0) and np.ptp(steps) < 0.5 * np.median(steps) and not np.allclose(steps, 1)
    return 0 if even else None


def _rate_of(times: npt.NDArray[np.float64], name: str) -> tuple[float, str]:
    """(rate in Hz, warning) of a time column in seconds, or in milliseconds where its name says so."""
    unit = _UNIT.search(name)
    milli = name.strip().lower() == "ms" or (unit is not None and unit[1].lower().startswith(("ms", "milli")))
    steps = np.diff(times / 1000 if milli else times)
    if steps.size == 0 or not np.all(np.isfinite(steps)) or np.any(steps < 0) or np.median(steps) <= 0:
        raise RecordError("Time rises from line to line", "times that stand still, fall or are missing", _REMEDY)
    rate_hz = float(len(steps) / steps.sum())
    gap = float(steps.max() * rate_hz)
    if gap > 5:
        raise RecordError(
            "The samples are evenly spaced in time", f"a gap of {steps.max():.3g} s", "Cut the recording at its gaps."
        )
    return rate_hz, "The times are uneven; samples were taken as evenly spaced." if gap > 2.5 else ""


def _stated_rate(table: _Table) -> float | None:
    for line in (*table.preamble, *table.names):
        match = _HERTZ.search(line)
        if match:
            number = match[1].strip(".,")
            try:
                return float(number.replace(",", "."))
            except ValueError:
                return None
    return None


def _lead(table: _Table, column: int, *, alone: bool) -> tuple[str, float, str]:
    """(name, factor to millivolt, warning) of a column."""
    name = table.names[column] if column < len(table.names) else ""
    unit = _UNIT.search(name)
    named = _UNIT.sub("", name).strip(" ,'\"")
    preamble_unit, preamble_lead = _apple_heading(table.preamble)
    if alone and preamble_lead:
        named = preamble_lead
    named = named if named and not _is_numbers(named) else f"column {column + 1}"
    stated = unit[1] if unit else (preamble_unit if alone else None)
    if stated:
        return named, millivolts_per(stated), ""
    factor, warning = guess_unit(table.values[:, column], named)
    return named, factor, warning


def _apple_heading(preamble: tuple[str, ...]) -> tuple[str | None, str | None]:
    """(unit, lead) of a heading of ``name,value`` lines, in any language: the values alone are looked at."""
    unit = lead = None
    for line in preamble:
        value = re.split(r"[,;]", line, maxsplit=1)[-1].strip(" '\"")
        if value.lower() in ("µv", "μv", "uv", "mv", "v"):
            unit = value
        match = re.fullmatch(r"\w+\s+(I{1,3})", value)  # Lead I, Ableitung I, Dérivation I, Avledning I
        if match:
            lead = match[1]
    return unit, lead
