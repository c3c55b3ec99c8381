"""Units of a signal: the factor to millivolts, stated or guessed from the size of the values; and other units."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import numpy.typing as npt

from shared.errors import RecordError, quoted

_TO_MV = {"mv": 1.0, "v": 1e3, "uv": 1e-3, "µv": 1e-3, "mkv": 1e-3, "nv": 1e-6}
_TO_MV |= {
    "мв": 1.0,
    "в": 1e3,
    "мкв": 1e-3,
    "нв": 1e-6,
    "毫伏": 1.0,
    "伏": 1e3,
    "伏特": 1e3,
    "微伏": 1e-3,
    "纳伏": 1e-6,
}
_TO_MV |= {"ミリボルト": 1.0, "ボルト": 1e3, "マイクロボルト": 1e-3, "밀리볼트": 1.0, "볼트": 1e3, "마이크로볼트": 1e-3}
_PREFIXES = {"milli": 1.0, "mili": 1.0, "micro": 1e-3, "mikro": 1e-3, "": 1e3, "nano": 1e-6}
_VOLT = re.compile(r"(milli|mili|micro|mikro|nano|)[ -]?volts?(?:io|ios|er|y|ow|i|ia)?", re.ASCII)
_COUNTS = re.compile(
    r"(adc|adu|counts?|lsb|raw|a\.?u\.?|arb.*|digits?|bits?|steps?|units?|nu|n\.?u\.?|normali[sz]ed|1)"
)
_OTHER = re.compile(  # what recorders write next to an EKG: forces, rates, pressures, temperatures, impedances, shares
    r"m?g|m/s(²|2|\^2)|bpm|(beats|breaths)?/min|mmhg|cmh2o|[hk]?pa|mbar|%|°?c|degc|celsius|°f|k?(ohm|ω)s?|deg|°|°/s|dps|"
    r"rpm|spo2|m?l/(min|s)|m?l|µs|us|siemens|lux|ppm|m?a|rad/s|[mµun]t|gauss|steps|w|kg|k?m/h"
)


def _plain(unit: str) -> str:
    """``unit`` in small letters, with one of Unicode's two letters mu and plain digits."""
    return unicodedata.normalize("NFKC", unit).strip().lower().replace("μ", "µ")


def is_voltage(unit: str) -> bool:
    """Whether ``millivolts_per`` knows ``unit``."""
    plain = _plain(unit)
    return plain in _TO_MV or bool(plain and _VOLT.fullmatch(plain))


def is_counts(unit: str) -> bool:
    """Whether ``unit`` says that the values are the recorder's own steps, of unknown size."""
    return bool(_COUNTS.fullmatch(_plain(unit)))


def is_no_voltage(unit: str) -> bool:
    """Whether ``unit`` is known and of something else than a voltage: g, mmHg, bpm, °C ..."""
    return bool(_OTHER.fullmatch(_plain(unit)))


def millivolts_per(unit: str) -> float:
    """How many millivolts one ``unit`` is ("mV" 1, "V" 1000, "µV" 0.001, "мкВ", "微伏").

    Raises:
        RecordError: the unit is none of volt, millivolt, microvolt, nanovolt.
    """
    plain = _plain(unit)
    if not is_voltage(plain):
        raise RecordError(
            "a signal in V, mV or µV",
            quoted(unit.strip(), 20),
            "Convert counts to millivolts with the gain of your recorder (counts / gain).",
        )
    if plain in _TO_MV:
        return _TO_MV[plain]
    return _PREFIXES[_VOLT.fullmatch(plain)[1]]  # type: ignore[index]  # is_voltage has matched it


def guess_unit(values: npt.NDArray[np.floating], what: str) -> tuple[float, str]:
    """(factor to millivolts, warning) for values without a unit, from their size; the warning is empty for mV.

    An EKG's QRS is 0.1 to 10 mV. Spread is the distance from the 0.5th to the 99.5th percentile, so that neither an
    offset nor a single spike decides. 0.0001 to 0.02 can only be volts, 60 to 40,000 microvolts (or counts, which
    look the same: the shape is then still right, only the scale is unknown, and the warning says so), more only counts.

    Raises:
        RecordError: no unit makes these values an EKG.
    """
    spread = _spread(values, what)
    if spread == 0 or 0.02 < spread <= 60:
        return 1.0, ""
    if 1e-4 <= spread <= 0.02:
        return 1e3, f"{what}: no unit given and a spread of {spread:.2g}: read as volts."
    if 60 < spread <= 40_000:
        warning = f"{what}: no unit given and a spread of {spread:,.0f}: read as microvolts (wrong if they are counts)."
        return 1e-3, warning
    if spread > 40_000:
        return counts_to_mv(values, what)
    raise RecordError(
        f"{what} in V, mV or µV",
        f"values that spread over {spread:.3g}",
        "Write the unit in the heading, as in “MLII (mV)”.",
    )


def counts_to_mv(values: npt.NDArray[np.floating], what: str) -> tuple[float, str]:
    """(factor, warning) for counts of unknown size: their spread becomes 1.5 mV, that of a usual lead II."""
    spread = _spread(values, what)
    warning = f"{what} is in counts, whose size the file does not say: it is drawn as if its waves spread over 1.5 mV."
    return (1.5 / spread if spread else 1.0), warning


def _spread(values: npt.NDArray[np.floating], what: str) -> float:
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        raise RecordError(f"numbers in {what}", "no finite value", "Export the recording again.")
    low, high = np.percentile(finite, [0.5, 99.5])
    return float(high - low)
