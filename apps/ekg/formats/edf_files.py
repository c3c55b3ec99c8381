"""EDF, EDF+ and BDF (European Data Format, Kemp et al. 1992; EDF+ 2003; BioSemi's 24 bits): the EKG signals of a file.

A header of fixed-width text, then data records of 16-bit (BDF: 24-bit) samples. Every count in the header is checked
against the size of the file before a sample is read. In a discontinuous file (EDF+D) each record says when it begins;
what is missing between them is NaN. Why not pyedflib: it refuses what recorders write (a field that EDF+ wants in
another form, an unused channel without a range) and reads no discontinuous files. Left out: the annotation channel.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from apps.ekg.formats.recording import (
    Recording,
    Signal,
    check_recording,
    closest_to_mlii,
    is_called_ekg,
    is_called_like_a_lead,
)
from apps.ekg.formats.units import counts_to_mv, guess_unit, is_counts, is_voltage, millivolts_per
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
_NO_SIGNAL = ("EDF Annotations", "BDF Annotations", "Status")
_BDF = b"\xffBIOSEMI"
_ONSET = re.compile(rb"[+-]\d+(?:\.\d+)?(?=[\x14\x15])")  # of a data record, the first of its annotations
_MOST_GAPS = 2  # times the length of what is there
_UNSAID = ("", "unknown", "none", "n/a", "?", "-")  # instead of a unit
_GUESSED_RECORDS = 60  # from which a unit that is not given is guessed


@dataclass(frozen=True)
class _File:
    """What is the same for all signals."""

    path: Path
    sample_bytes: int
    record_s: float
    n_records: int
    counts: tuple[int, ...]  # samples of each signal in a data record
    data: npt.NDArray[np.uint8]  # (records, bytes of a record)

    def samples(self, signal: int, start: int, stop: int) -> npt.NDArray[np.int32]:
        """(records, samples of one) of the data records ``start`` to ``stop``."""
        first = sum(self.counts[:signal]) * self.sample_bytes
        own = self.data[start:stop, first : first + self.counts[signal] * self.sample_bytes]
        raw = np.ascontiguousarray(own).reshape(len(own), self.counts[signal], self.sample_bytes)
        if self.sample_bytes == 2:
            return raw.view("<i2")[..., 0].astype(np.int32)
        value = raw[..., 0].astype(np.int32) | raw[..., 1].astype(np.int32) << 8
        return value | raw[..., 2].view(np.int8).astype(np.int32) << 16


@dataclass(frozen=True)
class _Channel:
    """One signal and its scale."""

    label: str
    signal: int  # its number in the file
    samples: int  # per data record
    scale: float  # millivolt per count
    shift: float  # millivolt at count 0
    warning: str


def open_edf(path: Path) -> Recording:
    """The EKG channels of an EDF or BDF file: those named like one, or all whose unit is a voltage.

    Raises:
        RecordError: the file is neither, truncated, has long gaps, or has no signal in volts.
    """
    with path.open("rb") as stream:
        head = stream.read(256)
        sample_bytes = 3 if head[:8] == _BDF else 2
        if len(head) < 256 or (sample_bytes == 2 and head[:8].strip() not in (b"0", b"")):
            raise RecordError(f"an EDF or BDF file in {path.name}", "a file that begins differently", _REMEDY)
        header_bytes, n_records = _whole(head[184:192], "header size"), _whole(head[236:244], "data records")
        record_s, n_signals = _real(head[244:252], "record duration"), _whole(head[252:256], "signals")
        if not 1 <= n_signals <= _MAX_SIGNALS or header_bytes != 256 * (n_signals + 1) or record_s <= 0:
            raise RecordError(f"an EDF file in {path.name}", "a header that contradicts itself", _REMEDY)
        columns = _columns(stream.read(256 * n_signals), n_signals)
    counts = tuple(_whole(value.encode(), "samples") for value in columns["samples"])
    record_bytes = sample_bytes * sum(counts)
    if min(counts) < 0 or record_bytes < 1:
        raise RecordError(f"an EDF file in {path.name}", "a header that contradicts itself", _REMEDY)
    whole_records = (path.stat().st_size - header_bytes) // record_bytes
    if whole_records < max(n_records, 1):
        found = f"{whole_records}: it is truncated"
        raise RecordError(f"{max(n_records, 1)} data records in {path.name}", found, "Upload it again.")
    behind = whole_records - n_records if n_records > 0 else 0
    n_records = n_records if n_records > 0 else whole_records
    data = np.memmap(path, np.uint8, "r", header_bytes, (n_records, record_bytes))
    file = _File(path, sample_bytes, record_s, n_records, counts, data)
    recording = _recording(file, columns, discontinuous=head[195:197] == b"+D")
    if not behind:
        return recording
    said = f"The file goes on for {behind * record_s:,.3g} s behind what its header counts: left out."
    return replace(recording, warnings=(*recording.warnings, said))


def _recording(file: _File, columns: dict[str, list[str]], *, discontinuous: bool) -> Recording:
    channels, left_out = _channels(file, columns)
    samples = channels[0].samples
    starts = _starts(file, columns["label"]) if discontinuous else np.arange(file.n_records, dtype=np.float64)
    places = np.round(starts * samples).astype(np.int64)  # of each data record's first sample
    warnings = [channel.warning for channel in channels if channel.warning]
    warnings += [f"Left out: {', '.join(left_out[:5])}: not a voltage, or another sampling rate."] if left_out else []
    missing = int(places[-1]) + samples - file.n_records * samples
    if missing > samples // 2:
        warnings.append(f"{missing / samples * file.record_s:,.0f} s are missing between the parts of this recording.")

    def read(lead: int, start: int, stop: int) -> Signal:
        channel = channels[lead]
        signal = np.full(stop - start, np.nan, np.float32)
        first, last = np.searchsorted(places, start - samples, "right"), np.searchsorted(places, stop)
        values = file.samples(channel.signal, int(first), int(last)).astype(np.float32)
        at = (places[first:last, None] + np.arange(samples) - start).reshape(-1)
        inside = (at >= 0) & (at < stop - start)
        signal[at[inside]] = values.reshape(-1)[inside] * np.float32(channel.scale) + np.float32(channel.shift)
        return signal

    leads = tuple(channel.label for channel in channels)
    n_samples = int(places[-1]) + samples
    rate_hz = samples / file.record_s
    return check_recording(Recording(file.path.stem, rate_hz, n_samples, leads, read, warnings=tuple(warnings)))


def _starts(file: _File, labels: Sequence[str]) -> npt.NDArray[np.float64]:
    """When each data record of a discontinuous file begins, in lengths of a record after the first."""
    signal = next((n for n, label in enumerate(labels) if label in _NO_SIGNAL[:2]), None)
    if signal is None:
        raise RecordError("the times of the records of a discontinuous EDF file", "no annotations", _REMEDY)
    first = sum(file.counts[:signal]) * file.sample_bytes
    length = file.counts[signal] * file.sample_bytes
    found = [_ONSET.match(row[first : first + length].tobytes()) for row in file.data]
    if not any(found):  # as some recorders write files that have no gaps
        return np.arange(file.n_records, dtype=np.float64)
    if not all(found):
        raise RecordError("a time in every record of a discontinuous EDF file", "records without one", _REMEDY)
    starts = np.array([float(match[0]) for match in found if match]) / file.record_s
    starts -= starts[0]
    if np.any(np.diff(starts) < 1 - 1e-3) or starts[-1] > (1 + _MOST_GAPS) * file.n_records:
        longest_s = float(np.diff(starts).max(initial=0)) * file.record_s
        needed = "records of an EDF+D file in order, with gaps shorter than what was recorded"
        raise RecordError(needed, f"a gap of {longest_s:,.0f} s, or an order of its own", "Export its parts as EDF.")
    return starts


def _columns(data: bytes, n_signals: int) -> dict[str, list[str]]:
    """The fields of all signals; EDF stores field by field, not signal by signal."""
    if len(data) < 256 * n_signals:
        raise RecordError("a complete EDF header", "a truncated one", _REMEDY)
    columns, place = {}, 0
    for name, width in _FIELDS:
        cells = [data[place + n * width : place + (n + 1) * width] for n in range(n_signals)]
        columns[name] = [_text(cell) for cell in cells]
        place += width * n_signals
    return columns


def _text(cell: bytes) -> str:
    """A field: ASCII by the standard, UTF-8 or Latin-1 by what is written."""
    try:
        return cell.decode("utf-8").strip(" \0")
    except UnicodeDecodeError:
        return cell.decode("latin-1").strip(" \0")


def _channels(file: _File, columns: dict[str, list[str]]) -> tuple[tuple[_Channel, ...], list[str]]:
    """The channels of the EKG, all of one rate, and the names of those that might have been one and are left out."""
    labels = columns["label"]
    called = [n for n, label in enumerate(labels) if is_called_ekg(label)]
    found = [channel for n in range(len(labels)) if (channel := _channel(file, columns, n))]
    named = [channel for channel in found if channel.signal in called]
    chosen = named or found
    if not chosen:
        what = [f"{label} ({unit or 'no unit'})" for label, unit in zip(labels, columns["unit"], strict=True)]
        raise RecordError("an EKG channel in V, mV or µV that has a range of values", ", ".join(what)[:200], _REMEDY)
    first = closest_to_mlii([channel.label for channel in chosen])
    same = tuple(channel for channel in chosen if channel.samples == chosen[first].samples)
    out = [labels[n] for n in called if n not in {channel.signal for channel in same}]
    out += [] if named else [channel.label for channel in found if channel not in same]
    return same, list(dict.fromkeys(out))


def _channel(file: _File, columns: dict[str, list[str]], n: int) -> _Channel | None:
    """Signal number ``n``; None if it is no voltage, is not used (it has no range), or holds no samples."""
    label, unit, samples = columns["label"][n], columns["unit"][n], file.counts[n]
    unsaid = unit.lower() in _UNSAID or is_counts(unit)
    ekg = is_called_ekg(label) or is_called_like_a_lead(label)
    if label in _NO_SIGNAL or samples < 1 or not (is_voltage(unit) or (ekg and unsaid)):
        return None
    low, high, dig_low, dig_high = (
        _real(columns[name][n].encode(), name)
        for name in ("physical_min", "physical_max", "digital_min", "digital_max")
    )
    if dig_high == dig_low or high == low:
        return None
    scale = (high - low) / (dig_high - dig_low)
    if not unsaid:
        to_mv, warning = millivolts_per(unit), ""
    else:
        some = file.samples(n, 0, _GUESSED_RECORDS).reshape(-1) * scale
        to_mv, warning = (counts_to_mv if is_counts(unit) else guess_unit)(some, label)
    return _Channel(label, n, samples, scale * to_mv, (low - dig_low * scale) * to_mv, warning)


def _whole(text: bytes, what: str) -> int:
    number = _real(text, what)
    if number != int(number):
        raise RecordError(f"a whole number for the EDF header's {what}", quoted(f"{number:g}"), _REMEDY)
    return int(number)


def _real(text: bytes, what: str) -> float:
    said = text.decode("latin-1").strip(" \0")
    try:
        number = float(said.replace(",", "."))  # some recorders write the decimals of their country
    except ValueError as error:
        raise RecordError(f"a number for the EDF header's {what}", quoted(said), _REMEDY) from error
    if not abs(number) < 1e12:
        raise RecordError(f"a number below 10¹² for the EDF header's {what}", quoted(said), _REMEDY)
    return number
