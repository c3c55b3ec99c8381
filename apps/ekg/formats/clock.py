"""Times of day as seconds: 0:01.234, 13:58:58.123, 2024-03-05T13:58:58.123Z, 05.03.2024 01:58:58,123 PM.

A date is not read: a recording is shorter than two days, so a clock that jumps back has passed midnight (or noon, where
it has only twelve hours), and dates are only asked whether they agree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_CELL = re.compile(
    r"(?:(?P<date>\d{1,4}[-./]\d{1,2}[-./]\d{1,4})[T ,]*)?"
    r"(?:(?P<h>\d{1,3}):)?(?P<m>\d{1,3}):(?P<s>\d{1,2}(?:[.,:]\d{1,9})?)"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_LONGEST = 48  # characters of a cell
_HALF_DAY_S, _DAY_S = 43_200.0, 86_400.0


def is_clock(cell: str) -> bool:
    """Whether ``cell`` is a time of day, with or without a date."""
    return len(cell) <= _LONGEST and bool(_CELL.fullmatch(cell))


def seconds_of(cells: Sequence[object]) -> npt.NDArray[np.float64]:
    """Seconds (T,) since the midnight before the first of ``cells``; NaN where one is no time."""
    seconds, dates = np.full(len(cells), np.nan), np.full(len(cells), -1, np.int32)
    seen: dict[str, int] = {}
    for place, cell in enumerate(cells):
        match = _CELL.fullmatch(text) if isinstance(cell, str) and len(text := cell.strip(" '\"")) <= _LONGEST else None
        if match is None:
            continue
        hours = int(match["h"] or 0)
        if match["half"]:
            hours = hours % 12 + 12 * (match["half"][0] in "Pp")
        seconds[place] = hours * 3600 + int(match["m"]) * 60 + float(re.sub("[,:]", ".", match["s"]))
        if match["date"]:
            dates[place] = seen.setdefault(match["date"], len(seen))
    return _through_midnight(seconds, dates)


def _through_midnight(seconds: npt.NDArray[np.float64], dates: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    known = np.isfinite(seconds)
    clock = seconds[known]
    steps = np.diff(clock, prepend=clock[:1])
    if np.any(dates[known] >= 0):
        shift = _DAY_S * (np.diff(dates[known], prepend=dates[known][:1]) != 0)
    else:
        shift = _DAY_S * (steps < -_HALF_DAY_S)
        if clock.size and clock.max() < _HALF_DAY_S + 3600:  # twelve hours without AM and PM
            shift = _HALF_DAY_S * (steps < -_HALF_DAY_S + 3600)
    result = seconds.copy()
    result[known] += np.cumsum(shift)
    return result
