"""Text as a table, whatever its encoding, separators, decimal marks and words between the numbers.

What the columns are is read off the middle of the file, where no heading is: the separator, the decimal mark, which
columns hold numbers and which words. The numbers begin with the first line that looks like those in the middle and end
with the last one; pandas reads what lies between. Semicolons or tabs between the columns and a comma for the decimals
(most of Europe) are distinguished from the English style by what the lines look like, not by a setting.
"""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from apps.ekg.formats.clock import is_clock, seconds_of
from apps.ekg.formats.text_decoding import decoded
from apps.ekg.formats.text_rows import read_rows
from apps.ekg.formats.units import is_voltage
from shared.errors import RecordError, quoted

if TYPE_CHECKING:
    import pandas as pd

REMEDY = "Write one column of time in seconds and one per lead in mV, or one column and its rate."
_MOST_ABOVE = 80  # lines above the numbers that are kept
_HEAD = 100_000  # characters in which the first line of numbers must begin
_MIDDLE = 20_000  # characters that decide what the columns are
_MOST_BELOW = 40  # lines of words that may stand below the numbers
_FEWEST_WORDS = 3  # lines of numbers and words above the first of numbers alone that are no heading
_JUDGED = 1_000  # cells of a column that decide what is in it
MOST_COLUMNS = 64
_LONGEST_LINE = 4_000  # characters; no pattern below ever sees a longer one
_LONGEST_CELL = 60  # ... of a number with its unit
_LONGEST_TITLE = 80  # ... of a column
_SMOOTH_ROWS = 20  # rows, and steps of its values, that a lead in whole numbers has at least
_SIGNED = r"[-+]?(\d+[.,]?\d*|[.,]\d+)([eE][-+]?\d+)?"
_NUMBER = re.compile(rf"{_SIGNED}|[-+]?\d{{1,3}}([.,]\d{{3}})+([.,]\d+)?")
_NOTHING = re.compile(r"|nan|null|none|n/?a|inf|-+|#n/?a|missing", re.IGNORECASE)  # instead of a number
_UNIT_CELL = re.compile(r"[\w :./%°²]{0,12}")
_COMMENT = ("#", "%", "//")
_BEYOND = 4  # columns that single lines have more than all others


@dataclass(frozen=True)
class Column:
    """One column: its title (empty if there is none) and its numbers, a clock's in seconds; None: words."""

    title: str
    values: npt.NDArray[np.float64] | None  # (rows,), NaN where a cell holds no number
    clock: bool = False
    words: int = 0  # cells with something else than a number


@dataclass(frozen=True)
class Table:
    """The columns, the lines above the numbers, and what is to be said of the rest."""

    columns: tuple[Column, ...]
    above: tuple[str, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Style:
    """How the lines of numbers are written."""

    separator: str
    decimal: str
    thousands: str | None
    numeric: tuple[bool, ...]  # per column: numbers or clock times, not words
    most: int = 0  # cells of a usual line, those that are mostly empty among them

    def cells(self, line: str) -> list[str]:
        """The cells of ``line`` without quotes; a separator at its end makes none."""
        plain = line.strip(" \r\n") if self.separator == " " else line.strip("\r\n")
        cells = [part.strip(" \t'\"") for part in _parts(plain, self.separator)]
        while len(cells) > 1 and not cells[-1]:
            cells.pop()
        return cells

    def is_all_numbers(self, line: str) -> bool:
        """Whether no cell of ``line`` holds a word: it is one of numbers, if not as long as the others."""
        return all(is_number(cell) or _NOTHING.fullmatch(cell) for cell in self.cells(line))

    def fits(self, line: str) -> bool:
        """Whether ``line`` is one of numbers: as many cells, numbers where they are, and one in the first of these."""
        if line.lstrip().startswith(_COMMENT):
            return False
        cells = self.cells(line)
        if len(cells) > max(len(self.numeric), self.most):
            return False
        own = cells[: len(self.numeric)]
        checked = [cell for cell, numeric in itertools.zip_longest(own, self.numeric, fillvalue="") if numeric]
        return is_number(checked[0]) and all(is_number(cell) or _NOTHING.fullmatch(cell) for cell in checked)


def _parts(line: str, separator: str) -> list[str]:
    """``line`` divided at its separators; one inside of quotes is none."""
    if separator == " ":
        return line.split()
    if '"' not in line:
        return line.split(separator)
    try:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        return line.split(separator)


def read_table(data: bytes) -> Table:
    """The table in ``data``.

    Raises:
        RecordError: there are no lines of numbers, their lengths differ, or they are too long.
    """
    text = decoded(data)
    if rows := read_rows(text, _LONGEST_LINE):
        return Table(tuple(Column(row.title, row.values) for row in rows.rows), rows.above)
    style = _style_of(text)
    head = text[:_HEAD].split("\n")
    first = next((n for n, line in enumerate(head) if style.fits(line[:_LONGEST_LINE])), None)
    if first is None:
        raise _no_numbers(text)
    first = _first_of_run(head, first, style)
    start = sum(len(line) + 1 for line in head[:first])
    stop, below = _end_of(text, style)
    _check_width(text, start, stop, style.separator)
    above = [line.strip("\r")[:_LONGEST_LINE] for line in head[:first] if line.strip(" ,;\t\r\n")]
    frame = _frame(text[start:stop].encode("utf-8", "replace"), style)
    titles = _titles(
        above[-2:], style.separator, len(style.numeric), frame.shape[1], len(_parts(head[first], style.separator))
    )
    columns = [_column(frame[name], title, style) for name, title in zip(frame.columns, titles, strict=True)]
    warnings = [f"Text below the numbers was left out, {below} line{'s' * (below > 1)}."] if below else []
    said = _said_in_words(columns)
    if said.any():
        columns = [
            _column(frame[name][~said], column.title, style) for name, column in zip(frame, columns, strict=True)
        ]
        lines = int(said.sum())
        warnings.append(f"Text between the numbers was left out, {lines} line{'s' * (lines > 1)}.")
    return Table(tuple(columns), tuple(line.strip() for line in above[:_MOST_ABOVE]), tuple(warnings))


def _said_in_words(columns: Sequence[Column]) -> npt.NDArray[np.bool_]:
    """(rows,) which lines between the numbers hold none, but words in every column of numbers: a heading, again."""
    numbers = [column.values for column in columns if column.values is not None]
    if len(numbers) < 2 or not all(column.words for column in columns if column.values is not None):
        return np.zeros(1, np.bool_)
    return np.asarray(np.isnan(numbers).all(axis=0))


def is_number(cell: str) -> bool:
    """Whether ``cell`` is a number or a time of day."""
    return len(cell) <= _LONGEST_CELL and bool(_NUMBER.fullmatch(cell) or is_clock(cell))


def _style_of(text: str) -> _Style:
    """How the lines in the middle of ``text`` are written."""
    if len(text) <= 2 * _MIDDLE:
        lines = text.split("\n")
        lines = [line for line in lines if line.strip()]
        lines = lines[len(lines) // 2 :]
    else:
        lines = text[len(text) // 2 : len(text) // 2 + _MIDDLE].split("\n")[1:-1]
    lines = [line[:_LONGEST_LINE] for line in lines if not line.lstrip().startswith(_COMMENT)]
    if 2 * sum(line.lstrip().startswith('{"') for line in lines) > len(lines):
        raise RecordError("a table, or one list of numbers", "JSON in every line", REMEDY)
    lines = [line for line in lines if any(map(is_number, re.split(r"[;,|\t '\"]+", line)))]
    if not lines:
        raise _no_numbers(text)
    separator, decimal, thousands = _marks(lines, text[:_HEAD])
    style = _Style(separator, decimal, thousands, ())
    rows = [style.cells(line) for line in lines]
    width = Counter(map(len, rows)).most_common(1)[0][0]
    rows = [row for row in rows if len(row) <= width]
    if width > MOST_COLUMNS:
        remedy = f"{REMEDY} A table of single beats, one a row, is no recording."
        raise RecordError(f"at most {MOST_COLUMNS} columns", f"{width:,} or more", remedy)
    numeric = tuple(_is_numeric([row[n] for row in rows if n < len(row)]) for n in range(width))
    if not any(numeric):
        raise _no_numbers(text)
    parts = Counter(len(_parts(line.rstrip("\r"), separator)) for line in lines)
    return _Style(separator, decimal, thousands, numeric, parts.most_common(1)[0][0])


def _no_numbers(text: str) -> RecordError:
    """Why no lines of numbers were found: one is too long to be looked at, or they hold something else."""
    if re.search(rf"[^\n]{{{_LONGEST_LINE + 1}}}", text):
        return RecordError(f"lines of at most {_LONGEST_LINE:,} characters", "a longer one", REMEDY)
    middle = len(text) // 2  # a line there shows what the file holds
    lines = text[middle : middle + _MIDDLE].split("\n")[1:] + text[:_HEAD].split("\n")
    found = next((line for line in lines if line.strip()), "")
    return RecordError("lines of numbers", quoted(found) if found else "an empty file", REMEDY)


def _first_of_run(head: Sequence[str], first: int, style: _Style) -> int:
    """The first line of numbers: several above ``first`` that begin with a number, but hold a word, are no heading."""
    width, place = len(style.numeric), style.numeric.index(True)

    def goes_on(line: str) -> bool:
        cells = style.cells(line[:_LONGEST_LINE])
        return len(cells) == width > 1 and is_number(cells[place]) and not line.lstrip().startswith(_COMMENT)

    start = next((n + 1 for n in range(first - 1, -1, -1) if not goes_on(head[n])), 0)
    return start if first - start >= _FEWEST_WORDS else first


def _is_numeric(cells: Sequence[str]) -> bool:
    """Whether at least half of the cells that hold anything are numbers; a column of signs for nothing is, too."""
    filled = [cell for cell in cells if not _NOTHING.fullmatch(cell)]
    return 2 * sum(map(is_number, filled)) >= len(filled) and any(cells)


def _marks(lines: list[str], head: str) -> tuple[str, str, str | None]:
    """(separator, decimal mark, mark of the thousands) of lines of numbers.

    Quoted cells and semicolons settle it; otherwise a comma is a separator only if there are points as well.
    """
    text = "\n".join(lines)
    for separator in (";", "\t", "|"):
        if 2 * sum(separator in line for line in lines) > len(lines):
            return separator, *_decimal(text)
    if re.search(r'"[-+]?\d[\d.]*,\d+"', text):
        return ",", *_decimal(re.sub(r'"\s*,', '";', text))
    if "," not in text:
        return " " if 2 * sum(bool(re.search(r"\S\s+\S", line)) for line in lines) > len(lines) else ",", ".", None
    points = re.search(r"\d\.\d|(^|[\s,])[-+]?\.\d", text)
    rows = [line.split(",") for line in lines if line.strip()]
    if not points and max(map(len, rows)) <= 2:  # 0,12 / 1 / -0,3: is it two columns, or one with decimal commas?
        first = [float(row[0]) for row in rows if re.fullmatch(r"\s*[-+]?\d+\s*", row[0])]
        rises = len(first) == len(rows) and all(a < b for a, b in itertools.pairwise(first))
        clock = all(is_clock(row[0].strip(" '\"")) for row in rows) or _are_two_lines(rows)
        titled = bool(re.search(r"^[^\n,\d]*[^\W\d][^\n,]*,[^\n,\d]*[^\W\d][^\n,]*\n[ \t]*[-+\d]", head, re.MULTILINE))
        return (",", ".", None) if rises or clock or titled else (";", ",", None)
    return ",", ".", None


def _are_two_lines(rows: list[list[str]]) -> bool:
    """Whether both cells of ``rows`` run smoothly, or the first counts: two columns of whole numbers, no decimals.

    What stands behind a decimal comma jumps.
    """
    try:
        columns = np.array([[int(cell) for cell in row] for row in rows if len(row) == 2], np.float64)
    except (ValueError, OverflowError):
        return False
    if len(columns) < len(rows) or len(columns) < _SMOOTH_ROWS:
        return False
    if np.mean(np.diff(columns[:, 0]) == 1) > 0.6:
        return True
    steps, spans = np.median(np.abs(np.diff(columns, axis=0)), axis=0), np.ptp(columns, axis=0)
    return bool(np.all(steps < 0.1 * spans) and np.all(spans > _SMOOTH_ROWS))


def _decimal(text: str) -> tuple[str, str | None]:
    """(decimal mark, mark of the thousands) where a comma separates no columns."""
    if re.search(r"\d\.\d{3},\d", text):
        return ",", "."
    if re.search(r"\d,\d{3}\.\d", text):
        return ".", ","
    commas = len(re.findall(r"(?<![\d.:])\d+,\d+(?![\d,])", text))
    points = len(re.findall(r"(?<![\d.:])\d*\.\d+(?![\d.])", text))
    return (",", None) if commas > points else (".", None)


def _end_of(text: str, style: _Style) -> tuple[int, int]:
    """Where the numbers end, and how many lines of text stand below."""
    stop, below = len(text), 0
    while stop > 0 and below <= _MOST_BELOW:
        start = text.rfind("\n", 0, stop - 1) + 1 if stop else 0
        line = text[start : min(stop, start + _LONGEST_LINE)]
        if line.strip() and (style.fits(line) or stop - start > _LONGEST_LINE or style.is_all_numbers(line)):
            return stop, below
        below += bool(line.strip())
        stop = start
    return len(text), 0


def _check_width(text: str, start: int, stop: int, separator: str) -> None:
    """Make sure that no line of the numbers is longer than a recording's can be, before anything is made of it."""
    begin = start
    while start < stop:
        end = text.find("\n", start, start + _LONGEST_LINE + 1)
        if end < 0 and stop - start > _LONGEST_LINE:
            raise RecordError(f"lines of at most {_LONGEST_LINE:,} characters", "a longer one", REMEDY)
        end = stop if end < 0 else end
        if start == begin and len(text[start:end].split(None if separator == " " else separator)) > MOST_COLUMNS:
            raise RecordError(f"at most {MOST_COLUMNS} columns", "more", REMEDY)
        start = end + 1


def _frame(body: bytes, style: _Style) -> pd.DataFrame:
    """``body`` (bytes take a quarter of a text's memory) as pandas reads it, without columns that are always empty."""
    import pandas as pd  # gradio needs it anyway; half a second nobody should wait for at start

    width = len(style.numeric)

    def read(names: range | None) -> pd.DataFrame:
        return pd.read_csv(
            io.BytesIO(body),
            sep=r"\s+" if style.separator == " " else style.separator,
            decimal=style.decimal,
            thousands=style.thousands,
            header=None,
            names=names,
            index_col=False,
            engine="c",
            comment="#",
            skip_blank_lines=True,
            on_bad_lines="error",
            skipinitialspace=True,
            low_memory=False,
        )

    try:
        return read(None).iloc[:, :width]  # what a separator at the end of the lines adds is empty
    except (pd.errors.ParserError, ValueError) as error:
        with contextlib.suppress(pd.errors.ParserError, ValueError):
            frame = read(range(width + _BEYOND))
            if all(_are_words(frame[n]) for n in range(width, width + _BEYOND)):
                return frame.iloc[:, :width]
        what = str(error).rpartition("C error: ")[2].strip() or "different numbers"
        raise RecordError("the same number of columns in every line", what, REMEDY) from error


def _are_words(cells: pd.Series) -> bool:
    """Whether a column is empty but for words in a few lines: marks of events."""
    said = cells.dropna()
    return 2 * len(said) < len(cells) and not any(is_number(str(cell).strip()) for cell in said.iloc[:_JUDGED])


def _column(cells: pd.Series, title: str, style: _Style) -> Column:
    """One column: plain numbers, quoted ones, times of day as seconds, or words."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(cells):
        return Column(title, None)
    if pd.api.types.is_numeric_dtype(cells):
        return Column(title, cells.to_numpy(np.float64, na_value=np.nan))
    step = max(1, len(cells) // _JUDGED)
    some = [str(cell).strip(" '\"") for cell in cells.dropna().iloc[::step]]
    if not _is_numeric(some):
        return Column(title, None)
    if 2 * sum(map(is_clock, some)) > len(some):
        return Column(title, seconds_of(cells.tolist()), clock=True)
    text = cells.astype(str).str.strip(" '\"")
    text = text.str.replace(style.thousands, "", regex=False) if style.thousands else text
    text = text.str.replace(",", ".", regex=False) if style.decimal == "," else text
    values = pd.to_numeric(text, errors="coerce").to_numpy(np.float64)
    said = text[np.isnan(values) & cells.notna().to_numpy()]
    return Column(title, values, words=int((~said.str.fullmatch(_NOTHING)).sum()))


def _titles(above: Sequence[str], separator: str, width: int, columns: int, cells: int) -> tuple[str, ...]:
    """The columns' titles in the last lines above the numbers; a second line of units is joined to them.

    The first line of numbers has ``cells``, those of columns that are mostly empty among them.
    """
    rows = [row for line in above if (row := _title_row(line, separator, width, cells))]
    if not rows:
        return ("",) * columns
    if len(rows) == 2:
        units = [cell.strip("()[] ") for cell in rows[1]]
        if all(_UNIT_CELL.fullmatch(unit) for unit in units) and any(map(is_voltage, units)):
            return tuple(f"{name} ({unit})" if unit else name for name, unit in zip(rows[0], units, strict=True))[
                :columns
            ]
    return tuple(rows[-1][:columns]) + ("",) * (columns - width)


def _title_row(line: str, separator: str, width: int, most: int) -> list[str]:
    """The cells of a line of titles for ``width`` columns; empty if it is none: other cells, numbers, a setting."""
    line = line.strip(" \r\n").lstrip("#% ")
    for mark in dict.fromkeys((separator, ",", ";", "\t")):
        cells = [cell.strip(" '\"")[:_LONGEST_TITLE] for cell in _parts(line, mark)]
        if (
            len(cells) >= width
            and not any(cells[max(width, most) :])
            and (width > 1 or not re.search(r"[,;\t]\s*\S", cells[0]))
        ):
            cells = cells[:width]
            break
    else:
        return []
    if width == 1 and (
        label := re.fullmatch(r"(?:labels?|channels?|leads?|signals?|names?)\s*[:=]+\s*(.+)", cells[0], re.I)
    ):
        return [label[1]]
    setting = cells[0].endswith(("=", ":")) or (width == 1 and re.search(r"[:=]", cells[0]))
    return [] if setting or all(not cell or is_number(cell) for cell in cells) else cells
