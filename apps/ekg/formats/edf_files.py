"""EDF and EDF+ (European Data Format, Kemp et al. 1992; EDF+ 2003): the EKG signals of one file.

A header of fixed-width text, then data records of 16-bit samples. Every count in the header is checked against the
size of the file before a sample is read. Left out: discontinuous EDF+D (its gaps would become false RR intervals),
24-bit BDF, and the annotation channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from apps.ekg.formats.recording import Recording, Signal, check_recording
from apps.ekg.formats.units import is_voltage, millivolts_per
from shared.errors import RecordError, quoted

_MAX_SIGNALS = 512
_FIELDS: tuple[tuple[str, int], ...] = (
    ("label", 16),
    ("transducer", 80),
    ("unit", 8),
    ("physical_min", 8),
    ("physical_max", 8),
    ("digital_min", 8),
    ("digital_max", 8),
    ("filter", 80),
    ("samples", 8),
    ("reserved", 32),
)  # of the header of one signal: name and width in bytes, 256 together
_REMEDY = "Export the recording again as EDF."


@dataclass(frozen=True)
class _Channel:
    """One signal: its place inside a data record, and its scale."""

    label: str
    first: int  # samples of a data record before this signal's
    samples: int  # per data record
    scale: float  # millivolt per count
    shift: float  # millivolt at count 0


def open_edf(path: Path) -> Recording:
    """The EKG channels of an EDF file: those named like one, or all whose unit is a voltage.

    Raises:
        RecordError: the file is no EDF, truncated, discontinuous, or has no signal in volts.
    """
    with path.open("rb") as file:
        head = file.read(256)
        if len(head) < 256 or head[:8].strip() not in (b"0", b""):
            raise RecordError(f"an EDF file in {path.name}", "a beginning of another kind", _REMEDY)
        if head[192:197] == b"EDF+D":
            raise RecordError("a continuous recording", "EDF+D, which has gaps", "Export it as EDF or EDF+C.")
        header_bytes, n_records = _whole(head[184:192], "header size"), _whole(head[236:244], "data records")
        record_s, n_signals = _real(head[244:252], "record duration"), _whole(head[252:256], "signals")
        if not 1 <= n_signals <= _MAX_SIGNALS or header_bytes != 256 * (n_signals + 1) or record_s <= 0:
            raise RecordError(f"an EDF file in {path.name}", "a header that contradicts itself", _REMEDY)
        columns = _columns(file.read(256 * n_signals), n_signals)
    counts = [_whole(value.encode(), "samples") for value in columns["samples"]]
    record_samples = sum(counts)
    whole_records = (path.stat().st_size - header_bytes) // (2 * record_samples) if record_samples else 0
    if n_records > 0 and whole_records < n_records:
        raise RecordError(
            f"{n_records} data records in {path.name}", f"{whole_records}: it is truncated", "Upload it again."
        )
    n_records = n_records if n_records > 0 else whole_records
    channels = _channels(columns, counts)
    samples = channels[0].samples
    data = np.memmap(path, "<i2", "r", header_bytes, (n_records, record_samples))

    def read(lead: int, start: int, stop: int) -> Signal:
        channel = channels[lead]
        rows = data[start // samples : -(-stop // samples), channel.first : channel.first + samples]
        values = rows.reshape(-1)[start % samples : start % samples + stop - start]
        return (values * np.float32(channel.scale) + np.float32(channel.shift)).astype(np.float32)

    leads = tuple(channel.label for channel in channels)
    return check_recording(Recording(path.stem, samples / record_s, n_records * samples, leads, read))


def _columns(data: bytes, n_signals: int) -> dict[str, list[str]]:
    """The fields of all signals; EDF stores field by field, not signal by signal."""
    if len(data) < 256 * n_signals:
        raise RecordError("a complete EDF header", "a truncated one", _REMEDY)
    columns, place = {}, 0
    for name, width in _FIELDS:
        cells = [data[place + n * width : place + (n + 1) * width] for n in range(n_signals)]
        columns[name] = [cell.decode("latin-1").strip() for cell in cells]
        place += width * n_signals
    return columns


def _channels(columns: dict[str, list[str]], counts: list[int]) -> tuple[_Channel, ...]:
    """The channels of the EKG, all of one rate."""
    found: list[_Channel] = []
    for n, label in enumerate(columns["label"]):
        if label == "EDF Annotations" or not is_voltage(columns["unit"][n]):
            continue
        low, high, dig_low, dig_high = (
            _real(columns[name][n].encode(), name)
            for name in ("physical_min", "physical_max", "digital_min", "digital_max")
        )
        if dig_high == dig_low or high == low:
            raise RecordError(f"a range of values in the EDF channel {quoted(label)}", "an empty one", _REMEDY)
        to_mv = millivolts_per(columns["unit"][n])
        scale = (high - low) / (dig_high - dig_low) * to_mv
        found.append(_Channel(label, sum(counts[:n]), counts[n], scale, low * to_mv - dig_low * scale))
    named = [channel for channel in found if any(word in channel.label.upper() for word in ("ECG", "EKG", "MLII"))]
    chosen = named or found
    if not chosen or chosen[0].samples < 1:
        raise RecordError("an EKG channel in V, mV or µV", ", ".join(columns["label"])[:80], _REMEDY)
    return tuple(channel for channel in chosen if channel.samples == chosen[0].samples)


def _whole(text: bytes, what: str) -> int:
    number = _real(text, what)
    if number != int(number):
        raise RecordError(f"a whole number for the EDF header's {what}", quoted(text), _REMEDY)
    return int(number)


def _real(text: bytes, what: str) -> float:
    try:
        number = float(text.decode("latin-1").strip())
    except ValueError as error:
        raise RecordError(f"a number for the EDF header's {what}", quoted(text), _REMEDY) from error
    if not abs(number) < 1e12:
        raise RecordError(f"a number below 10¹² for the EDF header's {what}", quoted(text), _REMEDY)
    return number
