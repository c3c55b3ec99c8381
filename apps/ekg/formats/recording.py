"""A recording in memory or on disk, read block by block: leads by name, signals in millivolt.

The formats (``wfdb_files``, ``text_files``, ``edf_files``) each build one ``Recording``; everything behind them sees
only this. A 24-hour recording is 62 million samples for two leads at 360 Hz, so nobody here asks for "the signal":
blocks of one lead are read, resampled, and forgotten.

Axis letters: ``T`` samples in time, ``L`` leads, ``K`` beats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from shared.errors import RecordError, check_choice

Signal = npt.NDArray[np.float32]
MIN_RATE_HZ = 80.0  # below it the QRS complex (10 to 40 Hz) has too few samples to be recognised
MAX_RATE_HZ = 20_000.0
MIN_DURATION_S = 5.0  # a beat is judged against its neighbours: a few seconds have none
MAX_DURATION_S = 26 * 3600.0  # a day's recording with an hour or two to spare
MAX_PLAUSIBLE_MV = 50.0  # surface EKG stays below 10 mV; beyond 50 the unit is wrong

MLII_LIKE = (
    "MLII",
    "ML2",
    "LEAD II",
    "II",
    "D2",
    "DII",
    "ECG II",
    "EKG II",
    "CM5-II",
)  # what the classifier learned from

_TO_MV = {"mv": 1.0, "millivolt": 1.0, "millivolts": 1.0, "v": 1e3, "volt": 1e3, "volts": 1e3}
_TO_MV |= dict.fromkeys(("uv", "µv", "μv", "microvolt", "microvolts"), 0.001)
_TO_MV |= {"nv": 1e-6}


@dataclass(frozen=True)
class Annotations:
    """Beats that a person marked: where they are and what he called them."""

    times_s: npt.NDArray[np.float64]  # (K,), rising
    symbols: tuple[str, ...]  # K symbols of the WFDB code: "N", "V", "+", ...


@dataclass(frozen=True)
class Recording:
    """An electrocardiogram of ``L`` leads; ``read(lead, start, stop)`` gives (stop - start,) float32 millivolts."""

    name: str
    rate_hz: float
    n_samples: int
    leads: tuple[str, ...]
    read: Callable[[int, int, int], Signal]
    annotations: Annotations | None = None
    warnings: tuple[str, ...] = ()
    comments: tuple[str, ...] = field(default=())

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.rate_hz

    def lead_index(self, lead: str | None = None) -> int:
        """The place of ``lead``; without one, of the lead nearest to MLII, or the first.

        Raises:
            OptionError: the recording has no lead of that name.
        """
        if lead is not None:
            return self.leads.index(check_choice(lead, self.leads, "The lead"))
        plain = [name.strip().upper() for name in self.leads]
        return next((plain.index(wanted) for wanted in MLII_LIKE if wanted in plain), 0)

    def blocks(self, lead: int, size: int) -> Iterator[Signal]:
        """The lead from start to end in pieces of ``size`` samples (the last one shorter)."""
        for start in range(0, self.n_samples, size):
            yield self.read(lead, start, min(start + size, self.n_samples))


def in_memory(
    name: str,
    signals_mv: npt.ArrayLike,
    rate_hz: float,
    leads: tuple[str, ...],
    *,
    annotations: Annotations | None = None,
    warnings: tuple[str, ...] = (),
) -> Recording:
    """A recording of signals (L, T) in millivolt that are already here; NaN marks samples that are missing."""
    signals = np.asarray(signals_mv, np.float32)
    if signals.ndim == 1:
        signals = signals[None]

    def read(lead: int, start: int, stop: int) -> Signal:
        return signals[lead, start:stop]

    return checked(Recording(name, float(rate_hz), signals.shape[1], leads, read, annotations, warnings))


def checked(recording: Recording) -> Recording:
    """``recording`` if its rate and its length are ones that beats can be read from.

    Raises:
        RecordError: the rate or the length is out of range, or there is no lead.
    """
    if not recording.leads:
        raise RecordError("A recording has at least one lead", "none", "Upload a file with a signal in it.")
    if not MIN_RATE_HZ <= recording.rate_hz <= MAX_RATE_HZ:
        raise RecordError(
            f"The sampling rate is between {MIN_RATE_HZ:g} and {MAX_RATE_HZ:,g} Hz",
            f"{recording.rate_hz:g} Hz",
            "Check the rate, or record faster: a QRS complex lasts a tenth of a second.",
        )
    if recording.duration_s < MIN_DURATION_S:
        raise RecordError(
            f"A recording lasts at least {MIN_DURATION_S:g} s: a beat is judged against its neighbours",
            f"{recording.n_samples} samples ({recording.duration_s:.2f} s)",
            "Upload a longer one.",
        )
    if recording.duration_s > MAX_DURATION_S:
        raise RecordError(
            f"A recording lasts at most {MAX_DURATION_S / 3600:g} hours",
            f"{recording.duration_s / 3600:.1f} hours",
            "Cut it into parts.",
        )
    return recording


def millivolts_per(unit: str) -> float:
    """How many millivolts one ``unit`` is ("mV" 1, "V" 1000, "µV" 0.001).

    Raises:
        RecordError: the unit is none of volt, millivolt, microvolt, nanovolt.
    """
    factor = _TO_MV.get(unit.strip().lower())
    if factor is None:
        raise RecordError(
            "The unit of a signal is V, mV or µV",
            f"“{unit.strip()[:20]}”",
            "Convert counts to millivolt with the gain of your recorder (counts / gain).",
        )
    return factor


def guess_unit(values: npt.NDArray[np.floating], what: str) -> tuple[float, str]:
    """(factor to millivolt, warning) for values without a unit, from their size; the warning is empty for mV.

    An EKG's QRS is 0.1 to 10 mV. Spread is the distance from the 0.5th to the 99.5th percentile, so that neither an
    offset nor a single spike decides. 0.0001 to 0.02 can only be volts, 60 to 20,000 microvolts (or counts, which
    cannot be told apart: the shape is then still right, only the scale is unknown, and the warning says so).

    Raises:
        RecordError: no unit makes these values an EKG.
    """
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        raise RecordError(f"{what} holds numbers", "no finite value", "Export the recording again.")
    low, high = np.percentile(finite, [0.5, 99.5])
    spread = float(high - low)
    if spread == 0 or 0.02 < spread <= 60:
        return 1.0, ""
    if 1e-4 <= spread <= 0.02:
        return 1e3, f"{what}: no unit given and a spread of {spread:.2g}: read as volt."
    if 60 < spread <= 40_000:
        return (
            1e-3,
            f"{what}: no unit given and a spread of {spread:,.0f}: read as microvolt (wrong if they are counts).",
        )
    raise RecordError(
        f"{what} is in V, mV or µV",
        f"values that spread over {spread:.3g}",
        "Write the unit in the heading, as in “MLII (mV)”.",
    )
