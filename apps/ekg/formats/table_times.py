"""Which columns of a table are not leads: times, counters, lines that stand still; and the rate that the times give.

The values decide, not the names: a column that only rises is a time or a counter, whatever it is called, and one
that rises and falls back by the same steps is a counter that wraps. No heart does that. Names and units decide only
what values cannot: whether a step of 1 is a sample or a millisecond, whether a step is one of seconds or of minutes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.ekg.formats.clock import through_midnight
from apps.ekg.formats.recording import MAX_RATE_HZ, MIN_RATE_HZ
from apps.ekg.formats.text_table import Column
from shared.errors import RecordError

Values = npt.NDArray[np.float64]
RISES, FALLS, STANDS, WRAPS, MOVES = "a time or a counter", "falls", "stands still", "a counter", ""
EMPTY = "nothing but NaN"
_TIME = re.compile(
    r"\W*(?:\w+ )?(time|times|timer|t|zeit|uhrzeit|seconds?|secs?|s|ms|min|minutes?|elapsed|timestamp|temps|tiempo|"
    r"tempo|tijd|tid|aika|czas|čas|idő|zaman|hora|ora|clock|date|datetime|время|час|时间|時間|時刻|시간|χρόνος)\b"
)
_COUNTER = re.compile(
    r"sample|index|count|point|\bn\w{0,3}\b|number|row|unnamed|packet|seq|frame|\bid\b|\bi\b|^$|№|nummer"
)
_UNIT_S = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0}
_UNIT = re.compile(  # after the name or in brackets
    r"(?:^|[\s_(\[,/.])(?:(ns|nano\w*|纳秒|ナノ秒|нс)|(µs|us|usecs?|micro\w*|mikro\w*|微秒|マイクロ秒|мкс)|"
    r"(ms|msecs?|milli\w*|mili\w*|毫秒|ミリ秒|мс|밀리초)|(s|secs?|seconds?|sekunden?|segundos?|secondes?|秒|초|с|сек)|"
    r"(min|mins|minutes?|分|мин)|(h|hours?|std))(?:[\s)\],/.]|$)"
)
_UNEVEN, _BROKEN = 2.5, 5.0  # intervals: a longer step between two times is warned of, or is a gap
_LOST = 1.7  # waits: a longer one between two packets is that for one that was lost
_PACKETS = 0.2  # share of steps of no time from which on samples share a time by packets
_WRAPS_SEEN, _RISES_BETWEEN = 3, 0.8  # times that a counter falls back, and the share of steps in which it rises
_CLOCK_LIMITS = (2.0**16, 2.0**32)  # where a clock that is kept in 16 or in 32 bits begins again at 0
_AN_EPOCH = 1e8  # a column that begins above it is no counter of samples
SAME_RATE = 0.01  # two statements of one rate may differ by so much


@dataclass(frozen=True)
class Times:
    """What a column of times says."""

    rate_hz: float
    places: npt.NDArray[np.int64] | None  # (T,) of the samples in a recording with gaps; None: one after another
    warning: str


def kind_of(values: Values) -> str:
    """What a column is by its values: ``RISES``, ``FALLS``, ``STANDS``, ``WRAPS``, or ``MOVES`` as a lead does."""
    known = values[np.isfinite(values)]
    if not known.size:
        return EMPTY
    steps = np.diff(known)
    moving = steps[steps != 0]
    if not moving.size:
        return STANDS
    falling = float(np.mean(moving < 0))
    if _wraps(steps):
        return WRAPS
    if min(falling, 1 - falling) <= 0.02 and (moving.size > 0.005 * steps.size or moving.size > 3):
        return RISES if falling < 0.5 else FALLS
    usual = float(np.median(steps))
    alike = np.abs(steps - usual) <= 1e-6 * abs(usual)
    if usual != 0 and alike.mean() > 0.6 and np.all(np.sign(steps[~alike]) == -np.sign(usual)):
        return WRAPS
    return MOVES


def _wraps(steps: Values) -> bool:
    """Whether a column rises and falls back by one and the same step, again and again: milliseconds of a second."""
    falls = steps[steps < 0]
    return (
        len(falls) >= _WRAPS_SEEN
        and bool(np.all(np.abs(falls - falls[0]) <= 1e-6 * abs(falls[0])))
        and (bool(np.mean(steps > 0) > _RISES_BETWEEN))
    )


def times_of(columns: Sequence[Column]) -> tuple[int, Times] | None:
    """(column, what it says) of the column of times that says most; None if there is none.

    Raises:
        RecordError: a column that is called a time, and the only one, does not rise, or has gaps longer than the rest.
    """
    found: list[tuple[float, int, float]] = []
    named: list[int] = []
    counting: list[str] = []
    seconds: dict[int, Values] = {}
    for place, column in enumerate(columns):
        values = column.values
        if values is None:
            continue
        plain = column.title.lower().replace("μ", "µ")
        if _is_time_name(plain):
            named.append(place)
        risen = past_its_limit(values)
        if kind_of(risen) != RISES:
            continue
        values = seconds[place] = from_digits(risen)
        steps = np.diff(values)
        if unit_s := _seconds_per(plain, values, clock=column.clock or values is not risen):
            found.append((float(np.mean(steps == 0)) + 0.1 * float(np.mean(steps < 0) > 0), place, unit_s))
        elif _is_time_name(plain) and np.all(steps[steps > 0] == 1):
            counting.append(column.title)
    if found:
        _, place, unit_s = min(found)
        return place, _times(seconds[place] * unit_s)
    if counting:
        raise RecordError(
            "a sampling rate",
            f"“{counting[0]}”, which rises by 1 from line to line: samples or milliseconds",
            "Give the rate in Hz: next to the upload, or with --rate.",
        )
    if named:
        raise RecordError(
            "a time that rises from line to line",
            f"times that stand still, fall or are missing in “{columns[named[0]].title}”",
            "Write one column of time in seconds, or leave it out and give the rate.",
        )
    return None


def past_its_limit(values: Values) -> Values:
    """``values`` of a clock that ran through the largest number of 16 or 32 bits and went on from 0, made to rise."""
    known = np.isfinite(values)
    clock = values[known]
    falls = np.flatnonzero(np.diff(clock) < 0)
    for limit in _CLOCK_LIMITS:
        before, behind = clock[falls] / limit, clock[falls + 1] / limit
        if len(falls) and np.all((before > 0.99) & (before < 1)) and np.all((behind >= 0) & (behind < 0.01)):
            result = values.copy()
            result[known] += limit * np.cumsum(np.diff(clock, prepend=clock[:1]) < 0)
            return result
    return values


def is_counter_name(title: str) -> bool:
    """Whether a column is called a number of samples, or not at all."""
    return bool(_COUNTER.search(title.strip(" #.'\"").lower()))


def _is_time_name(title: str) -> bool:
    return bool(_TIME.match(title.replace("_", " ")))


def _seconds_per(title: str, values: Values, *, clock: bool) -> float | None:
    """Seconds that 1 in a column of times is, by its title or by its steps; None if it counts samples, or may do so."""
    if clock:
        return 1.0
    steps = np.diff(values)
    moving = steps[steps > 0]
    usual = float(np.median(moving)) * float(np.mean(steps > 0))  # of packets: over all samples
    match = _UNIT.search(title)
    stated = next((unit for unit, cell in zip(_ORDER, match.groups(), strict=True) if cell), None) if match else None
    fits = [unit for unit in ("s", "ms", "µs", "ns") if MIN_RATE_HZ <= 1 / (usual * _UNIT_S[unit]) <= MAX_RATE_HZ]
    if stated and (not fits or 1.0 <= 1 / (usual * _UNIT_S[stated]) <= 1e6):
        return _UNIT_S[stated]
    if not fits and MIN_RATE_HZ <= 1 / (usual * _DAY_S) <= MAX_RATE_HZ:
        return _DAY_S  # as spreadsheets count
    if values[0] > _TICKS_FROM and MIN_RATE_HZ <= 1 / (usual * _TICK_S) <= _LIKELY_HZ:
        return _TICK_S
    if usual > 1 / MIN_RATE_HZ and np.all(moving == 1) and values[0] < _AN_EPOCH:  # of packets, perhaps
        return None
    if is_counter_name(title) and title.strip() and np.all(moving == np.round(moving)) and not _is_time_name(title):
        return None
    if fits and not (is_counter_name(title) and float(np.median(moving)) == 1):
        return _UNIT_S[fits[0]]
    return 1.0 if _is_time_name(title) else None


def from_digits(values: Values) -> Values:
    """Seconds of times whose digits are a clock's: 135858.004, 20240305135858, 20240305135858004; else ``values``.

    Such a number passes from 59.996 s to 100.000; a number of seconds has no such gaps.
    """
    known = values[np.isfinite(values)]
    if not len(known) or np.any(known < 0):
        return values
    clock = values
    if np.all((known > 1.9e16) & (known < 2.1e16)):  # a date and milliseconds
        clock = np.mod(values, 1e9) / 1000
    elif np.all((known > 1.9e13) & (known < 2.1e13)):
        clock = np.mod(values, 1e6)
    else:
        steps = np.diff(known)
        if not len(steps) or (steps.max() < _PAST_A_MINUTE and steps.min() > -_PAST_MIDNIGHT):
            return values  # a number of seconds, or of days
    whole = np.floor(clock[np.isfinite(clock)])
    if np.any(whole // 10_000 > 23) or np.any(whole // 100 % 100 > 59) or np.any(whole % 100 > 59):
        return values
    return through_midnight(clock // 10_000 * 3600 + clock // 100 % 100 * 60 + clock % 100)


_PAST_A_MINUTE, _PAST_MIDNIGHT = 40.0, 200_000.0  # from 59.996 to 100.000; from 235959.996 to 0
_TICKS_FROM, _TICK_S, _LIKELY_HZ = 1e17, 1e-7, 2000.0  # hundreds of nanoseconds since year 1 or 1601, as Windows counts
_DAY_S = 86_400.0
_ORDER = ("ns", "µs", "ms", "s", "min", "h")


def _times(seconds: Values) -> Times:
    """The rate of rising times, and the places of the samples if some are missing between them."""
    known = np.flatnonzero(np.isfinite(seconds))
    steps = np.diff(seconds[known])
    if np.mean(steps == 0) > _PACKETS:
        return _packets(seconds[known])
    if np.any(steps < 0):
        raise RecordError(
            "a time that rises from line to line", f"times that fall, in line {int(np.argmax(steps < 0)) + 2:,} first",
            "Sort the lines by time, or give the rate: it wins over the times.",
        )  # fmt: skip
    usual = float(np.median(steps))
    gaps = steps > _BROKEN * usual
    rate_hz = float(np.sum(~gaps) / steps[~gaps].sum())
    longest = float(steps[~gaps].max() * rate_hz)
    warning = "The times are uneven; samples were taken as evenly spaced." if longest > _UNEVEN else ""
    if not gaps.any():
        return Times(rate_hz, None, warning)
    lost = np.round(steps[gaps] * rate_hz).astype(np.int64) - 1
    missing_s = float(steps[gaps].sum())
    if lost.sum() > 2 * len(seconds):
        found = f"a gap of {steps.max():.3g} s"
        raise RecordError("samples without long gaps between them", found, "Cut the recording at its gaps.")
    extra = np.zeros(len(seconds), np.int64)
    extra[known[1:][gaps]] = lost
    warning = f"Samples are missing for {missing_s:.3g} s in all, where the times have gaps. {warning}".strip()
    return Times(rate_hz, np.arange(len(seconds)) + np.cumsum(extra), warning)


def _packets(seconds: Values) -> Times:
    """The rate of samples that share their times by packets, of which the first and the last may be cut."""
    starts = np.flatnonzero(np.diff(seconds) > 0) + 1
    if len(starts) < 2:
        raise RecordError(
            "a time that rises from line to line", "times that stand still", "Give the rate: it wins over the times."
        )
    lengths, waits = np.diff(starts), np.diff(seconds[starts])
    usual_s = float(np.median(waits))
    held = waits < _LOST * usual_s  # not where packets were lost
    rate_hz = float(lengths[held].sum() / waits[held].sum())
    warning = f"Samples share their times by packets: {rate_hz:.4g} Hz is their mean."
    missing_s = float((waits[~held] - usual_s).sum())
    if missing_s:
        warning += f" Between them {missing_s:.3g} s are missing; what lies behind follows at once."
    return Times(rate_hz, None, warning)
