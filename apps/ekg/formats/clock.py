"""Times of day as seconds: 0:01.234, 13:58:58.123, 2024-03-05T13:58:58.123Z, 5 Mar 2024 01:58:58,123 PM, 13時58分58秒.

A date is not read: a recording is shorter than two days, so a clock that jumps back has passed midnight (or noon, where
it has only twelve hours), and dates are only asked whether they agree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_DATE = (  # 2024-03-05, 05.03.2024, 05-Mar-2024, Mar 5, 2024, 20240305, and in days since a start
    r"[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}|[0-9]{1,2}[- .]{1,2}[^\W\d_]{3,9}[- .,]{1,2}[0-9]{2,4}|"
    r"[^\W\d_]{3,9}\.? [0-9]{1,2},? [0-9]{4}|[0-9]{8}(?=[T _-]?[0-9]{6})|[0-9]{1,4} days?"
)
_CELL = re.compile(
    rf"(?:(?P<date>{_DATE})[T ,_-]*)?"
    r"(?:(?:(?P<h>[0-9]{1,3}):)?(?P<m>[0-9]{1,3}):(?P<s>[0-9]{1,2}(?:[.,:][0-9]{1,9})?)|"
    r"(?P<plain>(?<=[0-9][T _-])[0-9]{6}(?:[.,][0-9]{1,9})?))"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})?"
    rf"(?: +(?P<behind>{_DATE}))?"
)
_SIGNS = {**dict.fromkeys(map(ord, "年月년월"), "-"), **dict.fromkeys(map(ord, "時时点分시분"), ":")}
_SIGNS |= {**dict.fromkeys(map(ord, "日일"), " "), **dict.fromkeys(map(ord, "秒초"), "")}
_LONGEST = 48  # characters of a cell
_HALF_DAY_S, _DAY_S = 43_200.0, 86_400.0


def is_clock(cell: str) -> bool:
    """Whether ``cell`` is a time of day, with or without a date."""
    return len(cell) <= _LONGEST and bool(_CELL.fullmatch(_plain(cell)))


def _plain(cell: str) -> str:
    """``cell`` without brackets and quotes around it, and with the signs of a clock between its numbers."""
    plain = cell.strip(" '\"[]()")
    return plain if plain.isascii() else " ".join(plain.translate(_SIGNS).replace("- ", "-").split())


def seconds_of(cells: Sequence[object]) -> npt.NDArray[np.float64]:
    """Seconds (T,) since the midnight before the first of ``cells``; NaN where one is no time."""
    seconds, dates = np.full(len(cells), np.nan), np.full(len(cells), -1, np.int32)
    seen: dict[str, int] = {}
    for place, cell in enumerate(cells):
        match = _CELL.fullmatch(_plain(cell)) if isinstance(cell, str) and len(cell) <= _LONGEST + 4 else None
        if match is None:
            continue
        if match["plain"]:
            hours, minutes, rest = int(match["plain"][:2]), match["plain"][2:4], match["plain"][4:]
        else:
            hours, minutes, rest = int(match["h"] or 0), match["m"], match["s"]
        if match["half"]:
            hours = hours % 12 + 12 * (match["half"][0] in "Pp")
        seconds[place] = hours * 3600 + int(minutes) * 60 + float(re.sub("[,:]", ".", rest))
        if date := match["date"] or match["behind"]:
            dates[place] = seen.setdefault(date, len(seen))
    return through_midnight(seconds, dates)


def through_midnight(
    seconds: npt.NDArray[np.float64], dates: npt.NDArray[np.int32] | None = None
) -> npt.NDArray[np.float64]:
    """``seconds`` (T,) of a day, of which those behind a midnight are a day later; NaN stays. ``dates``: -1 is none."""
    known = np.isfinite(seconds)
    clock = seconds[known]
    steps = np.diff(clock, prepend=clock[:1])
    if dates is not None and np.any(dates[known] >= 0):
        shift = _DAY_S * (np.diff(dates[known], prepend=dates[known][:1]) != 0)
    else:
        shift = _DAY_S * (steps < -_HALF_DAY_S)
        if clock.size and clock.max() < _HALF_DAY_S + 3600:  # twelve hours without AM and PM
            shift = _HALF_DAY_S * (steps < -_HALF_DAY_S + 3600)
    result = seconds.copy()
    result[known] += np.cumsum(shift)
    return result
