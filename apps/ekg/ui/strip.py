"""A classified recording as the viewer on the page (``page/strip.js``) reads it: JSON, at most an hour of signal."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from apps.ekg.aami import LETTERS, UNSURE
from apps.ekg.beats.signals import RATE_HZ
from apps.ekg.formats.recording import Recording
from apps.ekg.ui.drawings import SHORT_NAMES

if TYPE_CHECKING:
    from apps.ekg.answers.classify import Classified

PART_S = 3600.0  # a day would be 30 MB in the browser; an hour is 1.2
COUNTS_PER_MV = 200  # 5 microvolt steps, those of MIT-BIH


def strip_json(found: Classified, token: str, *, start_s: float = 0.0, label: str = "") -> str:
    """At most ``PART_S`` seconds of ``found`` from ``start_s`` on.

    ``token`` names the result in events; ``label`` is what was done to the recording, shown over the strip.
    """
    end_s = min(start_s + PART_S, len(found.prepared.plain_mv) / RATE_HZ)
    part = found.prepared.plain_mv[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]
    first, last = np.searchsorted(found.times_s, [start_s, end_s])
    beats = slice(int(first), int(last))
    sure = found.probabilities[beats].max(axis=1)
    percent = np.round(100 * sure).astype(int)
    percent[(sure < UNSURE) & (percent >= 100 * UNSURE)] = round(100 * UNSURE) - 1  # 59.6 is under 60, rounded or not
    expert = None if found.annotated is None else _letters(found.annotated[beats])
    return _json(
        part,
        token=token,
        label=label,
        start=start_s,
        first=int(first),
        times=np.round(found.times_s[beats] - start_s, 3).tolist(),
        classes=_letters(found.classes[beats]),
        expert=expert,
        unsure=round(100 * UNSURE),
        sure=percent.tolist(),
    )


def signal_json(recording: Recording, lead: int) -> str:
    """The first ``PART_S`` seconds of a recording that was refused: the signal alone, gaps bridged, no beats."""
    count = min(recording.n_samples, round(PART_S * recording.rate_hz))
    raw = recording.read(lead, 0, count)
    places = np.flatnonzero(np.isfinite(raw))
    if places.size == 0:
        return ""
    wanted = np.arange(int(count / recording.rate_hz * RATE_HZ)) * (recording.rate_hz / RATE_HZ)
    part = np.interp(wanted, places, raw[places])
    return _json(part, token="", label="not classified", start=0.0, first=0, times=[], classes="", expert=None, sure=[])


def _letters(numbers: npt.NDArray[np.int64]) -> str:
    return "".join(LETTERS[number] for number in numbers)


def _json(signal_mv: npt.NDArray[np.floating], **fields: object) -> str:
    counts = np.clip(np.round(signal_mv * COUNTS_PER_MV), -32768, 32767).astype("<i2")
    fields |= {
        "rate": RATE_HZ,
        "duration": len(counts) / RATE_HZ,
        "signal": base64.b64encode(counts.tobytes()).decode("ascii"),
        "names": SHORT_NAMES,
    }
    return json.dumps(fields, separators=(",", ":"))
