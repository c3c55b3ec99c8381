"""The CSV that an Apple Watch exports: a heading of ``name,value`` lines, then one column of values.

The heading is in the language of the phone. What stays the same in all of them is a value in hertz, a unit and a lead
"... I", so these are looked for and the names before them are not read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from apps.ekg.formats.units import is_voltage

_HERTZ = re.compile(r"([\d.,]+)\s*(?:hz|hertz)\b", re.IGNORECASE)  # 512 hertz, 512,0 Hz
_LEAD = re.compile(r"\w+\s+(I{1,3})")  # Lead I, Ableitung I, Dérivation I, Avledning I


@dataclass(frozen=True)
class Heading:
    """What the lines above the numbers say; ``None`` where they do not."""

    rate_hz: float | None = None
    unit: str | None = None
    lead: str | None = None


def heading_of(lines: Sequence[str]) -> Heading:
    """The rate, the unit and the lead in ``lines``, in any language; other text files may have such lines, too."""
    values = [re.split(r"[,;]", line, maxsplit=1)[-1].strip(" '\"") for line in lines]
    leads = [match[1] for value in values if (match := _LEAD.fullmatch(value))]
    units = [value for value in values if is_voltage(value)]
    return Heading(_rate_in(lines), units[-1] if units else None, leads[-1] if leads else None)


def _rate_in(lines: Sequence[str]) -> float | None:
    """The first number of hertz in ``lines``."""
    match = next(filter(None, map(_HERTZ.search, lines)), None)
    try:
        return float(match[1].strip(".,").replace(",", ".")) if match else None
    except ValueError:
        return None
