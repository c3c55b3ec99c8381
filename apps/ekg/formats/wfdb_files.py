"""WFDB records (PhysioNet's format: NAME.hea, NAME.dat, NAME.atr) from a folder that a visitor filled.

``wfdb_header`` checks the header, wfdb decodes the samples (its reader of segments, which takes the fields of a header:
its public one reads the header again for every block and fails without a length), ``wfdb_marks`` reads the beats. A
frame may hold several samples of a signal, signals may be stored frames apart (skew), and a record may have segments.
Left out: signals that are not voltages, and those of another rate than the chosen ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

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
from apps.ekg.formats.units import counts_to_mv, is_counts, is_voltage, millivolts_per
from apps.ekg.formats.wfdb_header import PLAIN_NAME, STORAGE, UNTOUCHED, Header, SignalLine, read_header
from apps.ekg.formats.wfdb_marks import read_marks
from apps.ekg.formats.wfdb_package import wfdb_package
from shared.errors import RecordError, quoted

_BLOCK = 1 << 20  # frames that are decoded at once
_GUESSED_S = 60  # from which the size of counts is guessed
_MOST_GAPS = 2  # times the length of what is there
_Counts = Callable[[Sequence[int], int, int], list[npt.NDArray[np.int64]]]


def open_header(path: Path) -> Recording:
    """The record of the header ``path`` with the beats that are marked next to it, if any are.

    Raises:
        RecordError: a file is missing, truncated or damaged, or the header names a file outside its own folder.
    """
    if not PLAIN_NAME.fullmatch(path.stem):
        raise RecordError("a record named with letters, digits, dots, dashes", quoted(path.stem), "Rename its files.")
    header = read_header(path)
    found = _of_segments(path, header) if header.segments else _of_signals(path, header)
    check_recording(found)
    if not header.segments:
        _check_checksums(path, header)
    signals = {line.file for line in header.signals}
    marks, warnings = read_marks(path, signals, header.rate_hz, found.duration_s)
    return replace(found, annotations=marks, warnings=(*found.warnings, *warnings))


def _of_signals(path: Path, header: Header) -> Recording:
    """The voltages of one segment that have the rate of the lead closest to MLII."""
    lines, names = header.signals, _lead_names([line.name for line in header.signals])
    voltages = [n for n, line in enumerate(lines) if is_voltage(line.unit)] or _in_counts(lines)
    if not voltages:
        found = ", ".join(f"{names[n]} ({line.unit})" for n, line in enumerate(lines))
        raise RecordError("a signal in V, mV or µV", found[:200], "Convert counts to millivolts with their gain.")
    per_frame = lines[voltages[closest_to_mlii([names[n] for n in voltages])]].per_frame
    chosen = [n for n in voltages if lines[n].per_frame == per_frame]
    counts = _counts(path.parent.resolve(), header)
    scales, guessed = [], []
    for n in chosen:
        if is_voltage(lines[n].unit):
            scales.append(millivolts_per(lines[n].unit))
            continue
        (some,) = counts([n], 0, min(header.frames, round(_GUESSED_S * header.rate_hz)))
        scale, warning = counts_to_mv(_in_units(lines[n], some), names[n])
        scales.append(scale)
        guessed.append(warning)

    def read(lead: int, start: int, stop: int) -> Signal:
        line, first = lines[chosen[lead]], start // per_frame
        (values,) = counts([chosen[lead]], first, -(-stop // per_frame))
        own = _in_units(line, values[start - first * per_frame : stop - first * per_frame])
        return np.asarray(own * scales[lead], np.float32)

    left_out = [f"{names[n]} ({lines[n].unit})" for n in range(len(lines)) if n not in chosen]
    left = (f"Left out: {', '.join(left_out)}: not a voltage, or another sampling rate.",) if left_out else ()
    return Recording(
        path.stem,
        header.rate_hz * per_frame,
        header.frames * per_frame,
        tuple(names[n] for n in chosen),
        read,
        warnings=(*header.warnings, *left, *guessed),
    )


def _in_counts(lines: Sequence[SignalLine]) -> list[int]:
    """The signals in counts of unknown size that are called an EKG, or nothing."""
    return [
        n
        for n, line in enumerate(lines)
        if is_counts(line.unit) and (not line.name or is_called_ekg(line.name) or is_called_like_a_lead(line.name))
    ]


def _in_units(line: SignalLine, values: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    signal = values.astype(np.float64)
    signal[values == STORAGE[line.stored].missing] = np.nan
    return np.asarray((signal - line.baseline) / line.gain)


def _counts(folder: Path, header: Header) -> _Counts:
    """A function of (signals, first frame, last frame) that gives the digital values of each, as they are stored."""
    whole: dict[int, npt.NDArray[np.int64]] = {}

    def read(signals: Sequence[int], start: int, stop: int) -> list[npt.NDArray[np.int64]]:
        if not header.differences:
            return _decode(folder, header, signals, start, stop)
        for number in signals:
            if number not in whole:
                (whole[number],) = _decode(folder, header, [number], 0, header.frames)
        per_frame = [header.signals[number].per_frame for number in signals]
        return [whole[n][start * each : stop * each] for n, each in zip(signals, per_frame, strict=True)]

    return read


def _decode(folder: Path, header: Header, signals: Sequence[int], start: int, stop: int) -> list[npt.NDArray[np.int64]]:
    lines = header.signals
    options: dict[str, Any] = {
        "file_name": [line.file for line in lines],
        "fmt": [line.stored for line in lines],
        "byte_offset": [line.offset for line in lines],
        "samps_per_frame": [line.per_frame for line in lines],
        "skew": [line.skew for line in lines],
        "init_value": [line.first for line in lines],
    }
    try:
        found = wfdb_package("wfdb.io._signal")._rd_segment(
            dir_name=str(folder),
            pn_dir=None,
            n_sig=len(lines),
            sig_len=header.frames,
            sampfrom=start,
            sampto=stop,
            channels=list(signals),
            ignore_skew=False,
            **options,
        )
    except (ValueError, TypeError, IndexError, OSError, RuntimeError) as error:
        raise RecordError("a signal file that fits its header", str(error)[:200], UNTOUCHED) from error
    return [np.asarray(values) for values in found]


def _check_checksums(path: Path, header: Header) -> None:
    """Compare the header's checksums (sum of the samples modulo 2^16) with the samples; a header may have none."""
    expected = [line.checksum for line in header.signals]
    if any(value is None for value in expected) or any(line.skew for line in header.signals):
        return
    if not any(expected):  # zeros, as programs write them that do not count
        return
    counts = _counts(path.parent.resolve(), header)
    total = np.zeros(len(expected), np.int64)
    every = range(len(expected))
    for start in range(0, header.frames, _BLOCK):
        values = counts(every, start, min(start + _BLOCK, header.frames))
        total += [int(signal.sum(dtype=np.int64)) for signal in values]
    wrong = [str(lead) for lead, value in enumerate(expected) if (int(total[lead]) - int(value or 0)) % 65536]
    if wrong:
        raise RecordError(
            f"samples of {path.stem} with the checksums of its header",
            f"different ones for lead {', '.join(wrong)}: the file is damaged",
            "Upload it again.",
        )


def _of_segments(path: Path, header: Header) -> Recording:
    """A record of several segments one after the other, each with leads of its own; a lead that one lacks is NaN there.

    The first of a variable layout has no samples and lists the leads; they are found in the others as well.
    """
    parts: list[tuple[int, Recording | None]] = []
    place = 0
    rate_hz = 0.0
    for name, length in header.segments:
        part = None
        if length and name != "~":
            part = _of_signals(path.with_name(f"{name}.hea"), _part(path, name))
            if rate_hz not in (0.0, part.rate_hz):
                found = f"{rate_hz:g} and {part.rate_hz:g} Hz"
                raise RecordError(f"segments of {path.stem} of one rate", found, "Upload one segment.")
            rate_hz = part.rate_hz
            parts.append((place, part))
        place += part.n_samples if part else round(length * (rate_hz or header.rate_hz) / header.rate_hz)
    there = sum(part.n_samples for _, part in parts if part)
    if place > (1 + _MOST_GAPS) * there:
        found = f"{there:,} of {place:,} samples"
        raise RecordError(f"segments of {path.stem} with short gaps", found, "Upload one of the segments.")
    leads = tuple(dict.fromkeys(lead for _, part in parts if part for lead in part.leads))

    def read(lead: int, start: int, stop: int) -> Signal:
        signal = np.full(stop - start, np.nan, np.float32)
        for first, part in parts:
            low, high = max(start, first), min(stop, first + (part.n_samples if part else 0))
            if part and low < high and leads[lead] in part.leads:
                signal[low - start : high - start] = part.read(part.leads.index(leads[lead]), low - first, high - first)
        return signal

    warnings = dict.fromkeys(warning for _, part in parts if part for warning in part.warnings)
    return Recording(path.stem, rate_hz, place, leads, read, warnings=tuple(warnings))


def _part(path: Path, name: str) -> Header:
    part = read_header(path.with_name(f"{name}.hea"))
    if part.segments:
        raise RecordError("segments that have none themselves", quoted(name), UNTOUCHED)
    _check_checksums(path.with_name(f"{name}.hea"), part)
    return part


def _lead_names(names: Sequence[str]) -> tuple[str, ...]:
    """The leads' names, each once: one without a name, or with another's, gets its number."""
    seen: list[str] = []
    for number, name in enumerate(names, start=1):
        plain = name or f"signal {number}"
        seen.append(plain if plain not in seen else f"{plain} ({number})")
    return tuple(seen)
