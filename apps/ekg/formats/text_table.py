"""Text as a table of numbers, whatever its encoding, separators and decimal marks.

Semicolons or tabs between the columns and a comma for the decimals (most of Europe) are distinguished from the English
style by what the lines look like, not by a setting.
"""

from __future__ import annotations

import io
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from apps.ekg.formats.units import is_voltage
from shared.errors import RecordError, quoted

if TYPE_CHECKING:
    import pandas as pd

REMEDY = "Write one column of time in seconds and one per lead in mV, or one column and its rate."
_MOST_ABOVE = 40  # lines above the numbers that are kept
_HEAD = 20_000  # characters in which the first line of numbers must begin
_SAMPLE_LINES = 200  # of numbers, from which the separator and the decimal mark are taken
_NAN_HEAD = 10_000  # characters of the numbers in which the word "nan" is looked for
MOST_COLUMNS = 64
_LONGEST_LINE = 4_000  # characters; no pattern below ever sees a longer one
_LONGEST_CELL = 60
_LONGEST_HEADING = 200
_NUMBER = re.compile(r"[-+]?(\d+[.,]?\d*|[.,]\d+)([eE][-+]?\d+)?|nan|inf|-|[\d:.]+", re.IGNORECASE)
_UNIT_CELL = re.compile(r"[a-zµμ :.]*", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """Numbers (rows, columns), a name per column (empty where there is none), and the lines above the numbers."""

    values: npt.NDArray[np.float64]
    names: tuple[str, ...]
    above: tuple[str, ...]


def read_table(data: bytes) -> Table:
    """The table of numbers in ``data``.

    Raises:
        RecordError: there are no lines of numbers, their lengths differ, or they are too long.
    """
    text = _decoded(data)
    head = [line[:_LONGEST_LINE] for line in text[:_HEAD].splitlines()]
    first = next((n for n, line in enumerate(head) if is_numbers(line)), None)
    if first is None:
        raise RecordError("lines of numbers", quoted(head[0]) if head else "an empty file", REMEDY)
    separator, decimal = _style(head[first : first + _SAMPLE_LINES])
    body = text.split("\n", first)[-1]
    _check_width(body, " \t" if separator == " " else separator)
    values = _numbers(body, separator, decimal)
    above = [line.strip() for line in head[:first] if line.strip(" ,;\t\r\n")]
    heading = tuple(line[:_LONGEST_HEADING] for line in above[:_MOST_ABOVE])
    return Table(values, _names(above[-2:], separator, values.shape[1]), heading)


def is_numbers(line: str) -> bool:
    """Whether ``line`` holds numbers, clock times or signs for missing numbers and nothing else."""
    cells = [cell.strip(" \"'") for cell in re.split(r"[;,\t ]+", line.strip(" ;,\t\r"))]
    filled = [cell for cell in cells if cell]
    return bool(filled) and all(len(cell) <= _LONGEST_CELL and _NUMBER.fullmatch(cell) for cell in filled)


def _check_width(body: str, separators: str) -> None:
    """Make sure that no line of the numbers is longer than a recording's can be, before anything is made of it."""
    start, longest = 0, 0
    while start < len(body):
        end = body.find("\n", start, start + _LONGEST_LINE + 1)
        if end < 0 and len(body) - start > _LONGEST_LINE:
            raise RecordError(f"lines of at most {_LONGEST_LINE:,} characters", "a longer one", REMEDY)
        end = len(body) if end < 0 else end
        if start == 0:
            longest = max(body.count(mark, 0, end) for mark in separators)
        start = end + 1
    if longest >= MOST_COLUMNS:
        raise RecordError(f"at most {MOST_COLUMNS} columns", f"{longest + 1:,} or more", REMEDY)


def _decoded(data: bytes) -> str:
    """``data`` as text: UTF-8, UTF-16 if it begins with that mark, else what Windows writes in Western Europe."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _style(lines: list[str]) -> tuple[str, str]:
    """(separator, decimal mark) of lines of numbers.

    Quoted cells and semicolons settle it; otherwise a comma is a separator only if there are points as well.
    """
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
    """(rows, columns) of ``body``; a cell that is no number becomes NaN, and more than half of them is an error."""
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
        what = str(error).rpartition("C error: ")[2].strip() or "different numbers"
        raise RecordError("the same number of columns in every line", what, REMEDY) from error
    filled = frame.dropna(axis=1, how="all")  # a separator at the end of every line makes an empty column
    if filled.shape[1] < 2 <= frame.shape[1] and re.search(r"\bnan\b", body[:_NAN_HEAD], re.IGNORECASE):
        raise RecordError("numbers in the lead", "nothing but NaN in it", "Choose another recording.")
    columns = [_column(filled[name], decimal) for name in filled.columns]
    values = np.stack(columns, axis=1) if columns else np.empty((0, 0))
    if values.size == 0 or np.isnan(values).mean() > 0.5:
        raise RecordError("lines of numbers", "mostly cells that hold no number", REMEDY)
    return values


def _column(cells: pd.Series, decimal: str) -> npt.NDArray[np.float64]:
    """One column as numbers: plain ones, quoted ones, with decimal commas, or clock times as seconds."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(cells):
        return cells.to_numpy(np.float64)
    text = cells.astype(str).str.strip(" '\"")
    text = text.str.replace(",", ".", regex=False) if decimal == "," else text
    seconds = _clock(text) if ":" in text.iloc[0] else None
    return pd.to_numeric(text, errors="coerce").to_numpy(np.float64) if seconds is None else seconds


def _clock(text: pd.Series) -> npt.NDArray[np.float64] | None:
    """Seconds of a column of clock times, 0:01.234 or 10:00:01.234."""
    try:
        parts = text.str.split(":", expand=True).astype(float).to_numpy()
    except ValueError:
        return None
    return np.asarray(parts @ (60.0 ** np.arange(parts.shape[1])[::-1]), np.float64)


def _names(above: list[str], separator: str, columns: int) -> tuple[str, ...]:
    """The column names in the last lines above the numbers; a second line of units is joined to them."""
    rows = [
        [
            cell.strip(" '\"")[:_LONGEST_CELL]
            for cell in re.split(r"\s+" if separator == " " else re.escape(separator), line)
        ]
        for line in above
    ]
    rows = [row[:columns] for row in rows if len(row) >= columns and not any(row[columns:])]  # a separator at the end
    if not rows or columns == 1:
        return tuple(row[0] for row in rows[-1:]) or ("",) * columns
    if len(rows) == 2:
        units = [cell.strip("()[] ") for cell in rows[1]]
        if all(_UNIT_CELL.fullmatch(unit) for unit in units) and any(map(is_voltage, units)):
            return tuple(f"{name} ({unit})" for name, unit in zip(rows[0], units, strict=True))
    return tuple(rows[-1])
