"""Text whose leads lie in rows: a line of thousands of numbers for each lead, or a list in brackets inside a cell.

Few lines, of which some are too long to be rows of a table. Spreadsheets write leads so when they are turned, and
wearables that keep a recording in one cell of their export.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.ekg.formats.recording import is_called_ekg
from shared.errors import RecordError

_MOST_LINES = 64  # leads, one a line
_LARGEST = 10_000_000  # characters: an hour or two of one lead
_FEWEST = 500  # numbers in a row that is a lead
_CELLS = re.compile(r"[,;\t]")
_NO_NAME = re.compile(r"[\d.,:/ -]*")
_RUN = re.compile(r"(?<!\w)[-+\d.][-+\d.,;\seE]*")  # not from the 5 of V5 on


@dataclass(frozen=True)
class Row:
    """One lead: what stands before its numbers in the line, and these."""

    title: str
    values: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """The leads, all of one length, and what else the file says."""

    rows: tuple[Row, ...]
    above: tuple[str, ...]


def read_rows(text: str, longest_line: int) -> Rows | None:
    """The leads in the rows of ``text``; None if it is a table of columns, or nothing of the kind."""
    if len(text) > _LARGEST or text.count("\n") > _MOST_LINES:
        return None
    lines = [line for line in text.split("\n") if line.strip()]
    if not any(len(line) > longest_line for line in lines):
        return None
    rows, above, names = [], [], []
    for line in lines:
        if len(line) <= longest_line:
            names = [cell.strip(" '\"\r") for cell in _CELLS.split(line)]
            above.append(line.strip())
            continue
        run = max(_RUN.finditer(line), key=lambda match: len(match[0]), default=None)
        values = _numbers(run[0]) if run else np.empty(0)
        if run is None or len(values) < _FEWEST:
            return None
        before = [
            cell.strip(" '\"[({\r").removesuffix(":").strip('"')
            for cell in _CELLS.split(line[: run.start()][:longest_line])
        ]
        behind = [cell.strip(" '\"])}\r") for cell in _CELLS.split(line[run.end() :][:longest_line])]
        above += [f"{name}: {cell}" for name, cell in zip(names, before, strict=False) if cell]
        above += [f"{name}: {cell}" for name, cell in zip(names[::-1], behind[:0:-1], strict=False) if cell]
        above += [cell for cell in (*before[:-1], *behind) if ":" in cell]  # as JSON has it: its rate may stand there
        own = next(filter(None, reversed(before)), "")
        titled = names[len(before) - 1] if len(before) <= len(names) else ""
        foreign = not before[-1] and (is_called_ekg(titled) or _NO_NAME.fullmatch(own))  # of another column
        rows.append(Row((titled if foreign else own) or titled, values))
    if len({len(row.values) for row in rows}) > 1:
        found = ", ".join(f"{len(row.values):,}" for row in rows[:5])
        raise RecordError("leads of one length in the rows", found, "Write a table: one column per lead.")
    return Rows(tuple(rows), tuple(above))


def _numbers(run: str) -> npt.NDArray[np.float64]:
    """The numbers in ``run``, which commas, semicolons or blanks separate; empty if they are none."""
    import pandas as pd

    lines = "\n".join(run.replace(",", " ").replace(";", " ").split())  # a pattern holds all up for seconds
    try:
        column = pd.read_csv(io.StringIO(lines), header=None, engine="c").iloc[:, 0]
        return column.to_numpy(np.float64)
    except (ValueError, pd.errors.ParserError, pd.errors.EmptyDataError):
        return np.empty(0)
