"""A classified recording as the strip on the page (``page/strip.js``) reads it: JSON, at most an hour of signal.

Everything that is a figure or a judgement is computed here; the script scrolls, draws and plays.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from apps.ekg.aami import LETTERS, UNCLASSIFIED, UNSURE
from apps.ekg.beats.signals import RATE_HZ
from apps.ekg.formats.recording import Recording
from apps.ekg.ui.drawings import SHORT_NAMES

if TYPE_CHECKING:
    from apps.ekg.answers.classify import Classified

PART_S = 3600.0  # a day would be 30 MB in the browser; an hour is 1.2
COUNTS_PER_MV = 200  # 5 microvolt steps, those of MIT-BIH
MOST_LISTED = 200  # abnormal beats in the list under the strip
ABNORMAL = LETTERS[1:]
_MEAN_OF = 8  # intervals in the heart rate that is shown
_LONGEST_RR_S = 10.0  # a longer interval is not written: the recording was interrupted


def strip_json(found: Classified, token: str, *, start_s: float = 0.0, label: str = "") -> str:
    """At most ``PART_S`` seconds of ``found`` from ``start_s`` on.

    ``token`` names the result in events; ``label`` is what was done to the recording, shown over the strip.
    """
    end_s = min(start_s + PART_S, len(found.prepared.plain_mv) / RATE_HZ)
    part = found.prepared.plain_mv[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]
    first, last = np.searchsorted(found.times_s, [start_s, end_s])
    beats = slice(int(first), int(last))
    rr_s, rates, mean_rates = (values[beats] for values in _rates(found))
    classes, sure = found.classes[beats], found.probabilities[beats].max(axis=1)
    doubtful = (sure < UNSURE) & (classes != UNCLASSIFIED)
    fields = {
        "record": found.recording.name,
        "token": token,
        "label": label,
        "start": start_s,
        "first": int(first),
        "times": np.round(found.times_s[beats] - start_s, 3).tolist(),
        "classes": _letters(classes),
        "expert": None if found.annotated is None else _letters(found.annotated[beats]),
        "called": [LETTERS[n] + "?" * maybe for n, maybe in zip(classes, doubtful.tolist(), strict=True)],
        "sure": [_percent(float(p), int(n)) for p, n in zip(sure, classes, strict=True)],
        "rr": _whole(np.where(rr_s < _LONGEST_RR_S, 1000 * rr_s, np.nan)),
        "rates": _whole(rates),
        "mean_rates": _whole(mean_rates),
        **_list_of(classes, doubtful),
    }
    return _json(part, fields)


def signal_json(recording: Recording, lead: int) -> str:
    """The first ``PART_S`` seconds of a recording that was refused: the signal alone, gaps bridged, no beats."""
    count = min(recording.n_samples, round(PART_S * recording.rate_hz))
    raw = recording.read(lead, 0, count)
    places = np.flatnonzero(np.isfinite(raw))
    if places.size == 0:
        return ""
    wanted = np.arange(int(count / recording.rate_hz * RATE_HZ)) * (recording.rate_hz / RATE_HZ)
    fields: dict[str, Any] = {
        "record": recording.name,
        "token": "",
        "label": "not classified",
        "start": 0.0,
        "first": 0,
    }
    fields |= {name: [] for name in ("times", "called", "sure", "rr", "rates", "mean_rates", "listed")}
    fields |= {"classes": "", "expert": None, "counts": {}}
    return _json(np.interp(wanted, places, raw[places]), fields)


def _rates(found: Classified) -> tuple[npt.NDArray[np.float64], ...]:
    """Of each beat: the interval before it in seconds, its heart rate, and that over the eight latest intervals.

    A mark that a detector set in noise gives no rate; what is not known is NaN.
    """
    rr_s = np.diff(found.times_s, prepend=np.nan)
    rr_s[rr_s <= 0] = np.nan  # two marks on one sample
    timed = np.ones(len(rr_s), np.bool_) if found.annotated is not None else found.classes != UNCLASSIFIED
    known = timed & np.roll(timed, 1) & np.isfinite(rr_s)
    latest = np.ones(_MEAN_OF)
    total = np.convolve(np.where(known, rr_s, 0.0), latest)[: len(rr_s)]
    count = np.convolve(known, latest)[: len(rr_s)]
    return rr_s, np.where(known, 60 / rr_s, np.nan), 60 * count / np.where(count > 0, total, np.nan)


def _list_of(classes: npt.NDArray[np.int64], doubtful: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """The abnormal beats in the order of the list, and what stands over it for each choice of classes.

    Sure ones come first, then doubtful ones, then those that were not classified; in time within each.
    """
    standing = np.where(classes == UNCLASSIFIED, 2, doubtful.astype(int))
    abnormal = np.flatnonzero(classes > 0)
    counts = {}
    for shown in (ABNORMAL, *ABNORMAL):
        chosen = abnormal[np.isin(classes[abnormal], [LETTERS.index(letter) for letter in shown])]
        counts[shown] = _count(len(chosen), *(int(np.sum(standing[chosen] == place)) for place in (1, 2)))
    return {"listed": abnormal[np.argsort(standing[abnormal], kind="stable")].tolist(), "counts": counts}


def _count(n: int, doubtful: int, unclassified: int) -> str:
    last = [f"{doubtful:,} doubtful (under {UNSURE:.0%})"] if doubtful else []
    last += [f"{unclassified:,} not classified"] if unclassified else []
    words = [f"{n:,} beats"] if n else ["none of these classes"]
    words += [f"{' and '.join(last)} last"] if last else []
    words += [f"{MOST_LISTED} listed"] if n > MOST_LISTED else []
    return ", ".join(words)


def _percent(probability: float, number: int) -> str:
    """How sure the network is; Q is no answer of the network. 59.6 % is under 60 %, rounded or not."""
    if number == UNCLASSIFIED:
        return ""
    percent, limit = round(100 * probability), round(100 * UNSURE)
    return f"{min(percent, limit - 1) if probability < UNSURE else percent} %"


def _whole(values: npt.NDArray[np.float64]) -> list[int | None]:
    """Whole numbers for JSON, which has no NaN."""
    return [round(value) if np.isfinite(value) else None for value in values.tolist()]


def _letters(numbers: npt.NDArray[np.int64]) -> str:
    return "".join(LETTERS[number] for number in numbers)


def _json(signal_mv: npt.NDArray[np.floating], fields: dict[str, Any]) -> str:
    counts = np.clip(np.round(signal_mv * COUNTS_PER_MV), -32768, 32767).astype("<i2")
    fields |= {
        "rate": RATE_HZ,
        "duration": len(counts) / RATE_HZ,
        "signal": base64.b64encode(counts.tobytes()).decode("ascii"),
        "counts_per_mv": COUNTS_PER_MV,
        "most_listed": MOST_LISTED,
        "names": SHORT_NAMES,
    }
    return json.dumps(fields, separators=(",", ":"), allow_nan=False)
