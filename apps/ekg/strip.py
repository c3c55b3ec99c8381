"""A classified recording as the viewer on the page (``viewer/strip.js``) reads it: JSON, at most an hour of signal."""

from __future__ import annotations

import base64
import json

import numpy as np

from apps.ekg.aami import CLASSES, LETTERS
from apps.ekg.classify import Classified
from apps.ekg.signals import RATE_HZ

PART_S = 3600.0  # a day would be 30 MB in the browser; an hour is 1.2
COUNTS_PER_MV = 200  # 5 microvolt steps, those of MIT-BIH


def strip_json(found: Classified, token: str, *, start_s: float = 0.0, gain: float = 1.0) -> str:
    """At most ``PART_S`` seconds of ``found`` from ``start_s`` on; ``token`` names the result in events."""
    end_s = min(start_s + PART_S, len(found.prepared.plain_mv) / RATE_HZ)
    part = found.prepared.plain_mv[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]
    counts = np.clip(np.round(part * COUNTS_PER_MV), -32768, 32767).astype("<i2")
    first, last = np.searchsorted(found.times_s, [start_s, end_s])
    beats = slice(int(first), int(last))
    sure = np.round(100 * found.probabilities[beats].max(axis=1)).astype(int)
    return json.dumps(
        {
            "token": token,
            "rate": RATE_HZ,
            "start": start_s,
            "duration": end_s - start_s,
            "first": int(first),
            "gain": gain,
            "signal": base64.b64encode(counts.tobytes()).decode("ascii"),
            "times": np.round(found.times_s[beats] - start_s, 3).tolist(),
            "classes": "".join(LETTERS[number] for number in found.classes[beats]),
            "expert": None if found.annotated is None else "".join(LETTERS[n] for n in found.annotated[beats]),
            "sure": sure.tolist(),
            "colours": {item.letter: item.colour for item in CLASSES},
            "colours_dark": {item.letter: item.colour_dark for item in CLASSES},
        },
        separators=(",", ":"),
    )
