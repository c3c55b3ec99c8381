"""A recording in memory or on disk, read block by block: leads by name, signals in millivolts.

Each format (``supported``) builds one ``Recording``, and the other rooms see only this. A 24-hour recording is
62 million samples for two leads at 360 Hz, so nobody here asks for "the signal": blocks of one lead are read,
resampled, and forgotten.

Axis letters: ``T`` samples in time, ``L`` leads, ``K`` beats.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shared.errors import RecordError, check_choice

Signal = npt.NDArray[np.float32]
MIN_RATE_HZ = 80.0  # below it the QRS complex (10 to 40 Hz) has too few samples to be recognised
MAX_RATE_HZ = 20_000.0  # more than any electrocardiograph takes: such a number is in another unit
MIN_DURATION_S = 5.0  # a beat is compared with its neighbours: a few seconds have none
MAX_DURATION_S = 26 * 3600.0  # a day's recording with an hour or two to spare
# The lead that the classifier learned from, under the names that recorders give it; the first that is there is taken.
MLII_LIKE = ("MLII", "ML2", "LEAD II", "II", "D2", "DII", "ECG II", "EKG II", "CM5-II")
_II_IN_A_NAME = re.compile(r"(?:.*[^A-Z0-9])?(?:ML|D)?II(?:[^A-Z0-9].*)?")  # ECG lead II, 导联II
_EKG_IN_A_NAME = re.compile(r"ECG|EKG|ЭКГ|ЕКГ|心电|心電|심전도|ΗΚΓ|MLII", re.IGNORECASE)
_FROM_AN_EKG = re.compile(  # numbers that a recorder draws from it, as in "ECG HR"
    r"(?<![A-Z])(?:HR|RR|HEART|RATE|PULSE|QUALITY|SQI|LEAD.?OFF|LOFF|STATUS|FLAGS?|EVENTS?|MARKERS?|RESP\w*|IMPEDANCE|EDR|"
    r"TIME\w*|TEMP\w*|LABELS?|ANN\w*|PEAKS?|BEATS?)(?![A-Z])"
)
_LEAD = re.compile(
    r"(?<![A-Z0-9])(?:M?[DL]?I{1,3}|[DL][123]|LEAD [123]|A?V[RLF]|[VC][1-9]R?|V|MCL\d?|CM\d|EXG\d?)(?![A-Z0-9])"
)
_SOMETHING_ELSE = re.compile(  # the last ones are places of an EEG
    r"(?<![A-Z])(?:EEG|EOG|EMG|ECOG|MEG|EGG|EDA|GSR|PPG|PLETH\w*|RESP\w*|THOR\w*|ABDO\w*|AIRFLOW|FLOW|NASAL\w*|SNORE|ABP|"
    r"ART|CVP|PAP|ICP|SPO2|SAO2|TEMP\w*|ACC\w*|GYRO\w*|CHIN|FP[12Z]|[FP][34Z]|CZ|O[12Z]|T[3-6]|[CFO][1-4].?[AM][12])(?![A-Z])"
)


def is_mlii(lead: str) -> bool:
    """Whether a lead of this name is the one that the classifier learned from."""
    name = lead.strip().upper()
    return name in MLII_LIKE or bool(_II_IN_A_NAME.fullmatch(name))


def closest_to_mlii(leads: Sequence[str]) -> int:
    """The place of the lead closest to MLII among ``leads``, else of one called EKG or like a lead, or the first."""
    plain = [name.strip().upper() for name in leads]
    exact = (plain.index(wanted) for wanted in MLII_LIKE if wanted in plain)
    ways = (is_mlii, is_called_ekg, is_called_like_a_lead, lambda name: not called_otherwise(name))
    return next(itertools.chain(exact, (place for way in ways for place, name in enumerate(plain) if way(name))), 0)


def is_called_ekg(lead: str) -> bool:
    """Whether a channel's name says that it is an electrocardiogram, and not what was measured in one."""
    return bool(_EKG_IN_A_NAME.search(lead)) and not _FROM_AN_EKG.search(_words(lead))


def is_called_like_a_lead(lead: str) -> bool:
    """Whether a channel is called like a lead of an electrocardiogram: aVF, V5, MCL1."""
    return bool(_LEAD.search(_words(lead))) and not called_otherwise(lead)


def called_otherwise(lead: str) -> str:
    """What a channel is by its name, if that is no electrocardiogram: EEG, RESP, ECG HR; else nothing."""
    if _EKG_IN_A_NAME.search(lead):
        return "" if is_called_ekg(lead) else lead.strip()
    found = _SOMETHING_ELSE.search(_words(lead))
    return found[0] if found else ""


def _words(lead: str) -> str:
    return lead.strip().upper().replace("_", " ")


@dataclass(frozen=True)
class Annotations:
    """Beats that a person marked: where they are and which symbol each was given."""

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

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.rate_hz

    def lead_index(self, lead: str | None = None) -> int:
        """The place of ``lead``; without one, of the lead closest to MLII, of one called EKG, or the first.

        Raises:
            OptionError: the recording has no lead of that name, in capitals or small letters.
        """
        plain = [name.strip().upper() for name in self.leads]
        if lead is not None:
            if lead not in self.leads and plain.count(lead.strip().upper()) == 1:
                return plain.index(lead.strip().upper())
            return self.leads.index(check_choice(lead, self.leads, "The lead"))
        return closest_to_mlii(self.leads)

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
    """A recording of signals (L, T) in millivolts that are already here; NaN marks samples that are missing."""
    signals = np.atleast_2d(np.asarray(signals_mv, np.float32))

    def read(lead: int, start: int, stop: int) -> Signal:
        return signals[lead, start:stop]

    return check_recording(Recording(name, float(rate_hz), signals.shape[1], leads, read, annotations, warnings))


def check_recording(recording: Recording) -> Recording:
    """``recording`` if its rate and its length allow beats to be read from it.

    Raises:
        RecordError: the rate or the length is out of range, or there is no lead.
    """
    if not recording.leads:
        raise RecordError("a recording of at least one lead", "none", "Upload a file with a signal in it.")
    if not MIN_RATE_HZ <= recording.rate_hz <= MAX_RATE_HZ:
        raise RecordError(
            f"a sampling rate between {MIN_RATE_HZ:g} and {MAX_RATE_HZ:,g} Hz",
            f"{recording.rate_hz:g} Hz",
            "Check the rate, or record faster: a QRS complex lasts a tenth of a second.",
        )
    if recording.duration_s < MIN_DURATION_S:
        raise RecordError(
            f"a recording of at least {MIN_DURATION_S:g} s, because a beat is compared with its neighbours",
            f"{recording.n_samples} samples ({recording.duration_s:.2f} s)",
            "Upload a longer one.",
        )
    if recording.duration_s > MAX_DURATION_S:
        raise RecordError(
            f"a recording of at most {MAX_DURATION_S / 3600:g} hours",
            f"{recording.duration_s / 3600:.1f} hours",
            "Cut it into parts.",
        )
    return recording
