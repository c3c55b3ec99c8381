"""Units of a signal: the factor to millivolts, stated or guessed from the size of the values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shared.errors import RecordError, quoted

_TO_MV = {"mv": 1.0, "millivolt": 1.0, "millivolts": 1.0, "v": 1e3, "volt": 1e3, "volts": 1e3, "nv": 1e-6}
_TO_MV |= dict.fromkeys(("uv", "µv", "μv", "microvolt", "microvolts"), 1e-3)  # both of Unicode's letters mu


def is_voltage(unit: str) -> bool:
    """Whether ``millivolts_per`` knows ``unit``."""
    return unit.strip().lower() in _TO_MV


def millivolts_per(unit: str) -> float:
    """How many millivolts one ``unit`` is ("mV" 1, "V" 1000, "µV" 0.001).

    Raises:
        RecordError: the unit is none of volt, millivolt, microvolt, nanovolt.
    """
    if not is_voltage(unit):
        raise RecordError(
            "a signal in V, mV or µV",
            quoted(unit.strip(), 20),
            "Convert counts to millivolts with the gain of your recorder (counts / gain).",
        )
    return _TO_MV[unit.strip().lower()]


def guess_unit(values: npt.NDArray[np.floating], what: str) -> tuple[float, str]:
    """(factor to millivolts, warning) for values without a unit, from their size; the warning is empty for mV.

    An EKG's QRS is 0.1 to 10 mV. Spread is the distance from the 0.5th to the 99.5th percentile, so that neither an
    offset nor a single spike decides. 0.0001 to 0.02 can only be volts, 60 to 40,000 microvolts (or counts, which
    look the same: the shape is then still right, only the scale is unknown, and the warning says so).

    Raises:
        RecordError: no unit makes these values an EKG.
    """
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        raise RecordError(f"numbers in {what}", "no finite value", "Export the recording again.")
    low, high = np.percentile(finite, [0.5, 99.5])
    spread = float(high - low)
    if spread == 0 or 0.02 < spread <= 60:
        return 1.0, ""
    if 1e-4 <= spread <= 0.02:
        return 1e3, f"{what}: no unit given and a spread of {spread:.2g}: read as volts."
    if 60 < spread <= 40_000:
        warning = f"{what}: no unit given and a spread of {spread:,.0f}: read as microvolts (wrong if they are counts)."
        return 1e-3, warning
    raise RecordError(
        f"{what} in V, mV or µV",
        f"values that spread over {spread:.3g}",
        "Write the unit in the heading, as in “MLII (mV)”.",
    )
