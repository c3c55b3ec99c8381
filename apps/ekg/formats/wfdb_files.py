"""WFDB records (PhysioNet's format: NAME.hea, NAME.dat, NAME.atr) from a folder that a visitor filled.

The wfdb package decodes the samples and the annotations. A header is text that names other files, and wfdb follows
those names wherever they lead (``../x.dat``, ``/etc/x``, ``s3://``); so the header is read here first, and wfdb sees
it only once every name in it is a plain file in the same folder, large enough for what it declares.

Specification: https://physionet.org/physiotools/wag/header-5.htm. Left out: records of several segments, several
samples per frame, compressed signals (FLAC), format 8 (differences, which cannot be read in parts), and headers without
a length; no electrocardiograph writes them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from apps.ekg.formats.recording import Annotations, Recording, Signal, check_recording
from apps.ekg.formats.units import millivolts_per
from apps.ekg.formats.wfdb_package import quietly, wfdb_package
from shared.errors import RecordError, quoted

MAX_HEADER_BYTES = 65_536
MAX_LEADS = 16
_BLOCK = 1 << 20  # samples per lead that are decoded at once
_DEFAULT_GAIN = 200.0  # counts per millivolt where the header gives none or 0, by the specification
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")
_FORMAT = re.compile(r"(\d{1,3})(x\d{1,9})?(:\d{1,9})?(\+(\d{1,15}))?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,15}\.?[0-9]{0,15}(e[+-]?[0-9]{1,2})?", re.ASCII | re.IGNORECASE)
_LARGEST_NUMBER = 1e12  # samples, or samples per second
_OTHER_LINE_ENDS = re.compile(r"[\v\f\x1c-\x1e\x85\u2028\u2029]")  # that Python sees and other readers do not
_UNTOUCHED = "Upload the files as your database or recorder wrote them."


@dataclass(frozen=True)
class _SampleFormat:
    """How a signal file stores one sample."""

    n_bytes: float
    missing: int  # the digital value that stands for "no sample"


_SAMPLE_FORMATS = {
    "16": _SampleFormat(2, -(1 << 15)),
    "24": _SampleFormat(3, -(1 << 23)),
    "32": _SampleFormat(4, -(1 << 31)),
    "61": _SampleFormat(2, -(1 << 15)),
    "80": _SampleFormat(1, -(1 << 7)),
    "160": _SampleFormat(2, -(1 << 15)),
    "212": _SampleFormat(3 / 2, -(1 << 11)),
    "310": _SampleFormat(4 / 3, -(1 << 9)),
    "311": _SampleFormat(4 / 3, -(1 << 9)),
}


@dataclass(frozen=True)
class _Line:
    """One signal of a header, checked: which file holds it, and how."""

    file: str
    stored: _SampleFormat
    offset: int  # bytes before the first sample


def open_header(path: Path) -> Recording:
    """The record of the header ``path`` with its annotations ``NAME.atr``, if they are there.

    Raises:
        RecordError: a file is missing, truncated or damaged, or the header names a file outside its own folder.
    """
    folder, name = path.parent.resolve(), path.stem
    if not _PLAIN_NAME.fullmatch(name):
        raise RecordError("a record named with letters, digits, dots, dashes", quoted(name), "Rename its files.")
    rate_hz, length, lines = _checked_header(folder, name)
    try:
        header = wfdb_package().rdheader(str(folder / name))
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        found = "one with fields that the format does not allow"
        raise RecordError(f"a WFDB header in {name}.hea", found, _UNTOUCHED) from error
    to_mv = np.array([millivolts_per(unit) for unit in header.units])
    gain = np.array([value or _DEFAULT_GAIN for value in header.adc_gain])
    baseline = np.array(header.baseline)
    missing = np.array([line.stored.missing for line in lines])

    def counts(start: int, stop: int) -> npt.NDArray[np.int64]:
        """Digital values (stop - start, L)."""
        return np.asarray(_decode(str(folder / name), start, stop).d_signal)

    def read(lead: int, start: int, stop: int) -> Signal:
        values = counts(start, stop)[:, lead].astype(np.float64)
        values[values == missing[lead]] = np.nan
        return np.asarray((values - baseline[lead]) / gain[lead] * to_mv[lead], np.float32)

    recording = check_recording(
        Recording(
            name=name,
            rate_hz=rate_hz,
            n_samples=length,
            leads=_lead_names(header.sig_name),
            read=read,
            annotations=_read_annotations(folder, name, rate_hz, length),
        )
    )
    _check_checksums(name, counts, length, header.checksum)
    return recording


def _checked_header(folder: Path, name: str) -> tuple[float, int, tuple[_Line, ...]]:
    """(rate in Hz, samples, one line per signal) of a header whose files are all in ``folder``."""
    path = _regular_file(folder, f"{name}.hea")
    if path.stat().st_size > MAX_HEADER_BYTES:
        raise RecordError(f"a header of at most {MAX_HEADER_BYTES:,} bytes", f"{path.stat().st_size:,}", _UNTOUCHED)
    text = path.read_bytes().decode("utf-8", "replace")
    if _OTHER_LINE_ENDS.search(text):
        raise RecordError(f"plain lines in {name}.hea", "a control character that ends lines", _UNTOUCHED)
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise RecordError(f"a WFDB header in {name}.hea", "an empty file", _UNTOUCHED)
    fields = lines[0].split()
    if fields[0] != name or len(fields) < 2 or not re.fullmatch(r"[0-9]{1,4}", fields[1]):
        what = "a record of several segments" if "/" in fields[0] else quoted(lines[0])
        raise RecordError(f"“{name}”, leads, rate, samples as the first line of {name}.hea", what, _UNTOUCHED)
    n_leads = int(fields[1])
    if not 1 <= n_leads <= MAX_LEADS or len(lines) != n_leads + 1:
        raise RecordError(
            f"1 to {MAX_LEADS} leads in {name}.hea and a line for each",
            f"{n_leads} leads, {len(lines) - 1} lines",
            _UNTOUCHED,
        )
    rate_hz = _number(re.split(r"[/(]", fields[2])[0] if len(fields) > 2 else "250", f"the rate in {name}.hea")
    length = int(_number(fields[3] if len(fields) > 3 else "0", f"the length in {name}.hea"))
    if not length:  # the format allows that, the package cannot read it
        needed = f"the number of samples in the first line of {name}.hea"
        raise RecordError(needed, quoted(lines[0]), f"Write it after the rate, as in “{name} 2 360 650000”.")
    signals = tuple(_signal_line(folder, name, line) for line in lines[1:])
    _check_sizes(folder, signals, length)
    return rate_hz, length, signals


def _signal_line(folder: Path, name: str, line: str) -> _Line:
    fields = line.split()
    file = fields[0]
    if not _PLAIN_NAME.fullmatch(file):
        raise RecordError(
            f"a header {name}.hea that names files in its own folder",
            quoted(file),
            "A header must not point elsewhere; nothing was read.",
        )
    _regular_file(folder, file)
    match = _FORMAT.fullmatch(fields[1]) if len(fields) > 1 else None
    if match is None or match[1] not in _SAMPLE_FORMATS or match[2] not in (None, "x1") or match[3]:
        needed = f"a sample format in {name}.hea that is one of {', '.join(_SAMPLE_FORMATS)}"
        raise RecordError(needed, quoted(line), _UNTOUCHED)
    return _Line(file, _SAMPLE_FORMATS[match[1]], int(match[5] or 0))


def _regular_file(folder: Path, file: str) -> Path:
    """``folder/file`` if it is there, a regular file, and no link out of the folder."""
    path = folder / file
    if path.is_symlink() or not path.is_file() or path.resolve().parent != folder:
        raise RecordError(
            f"the file {file}",
            "no such file next to the header",
            "Upload all files of the record together, or as a zip.",
        )
    return path


def _check_sizes(folder: Path, signals: tuple[_Line, ...], length: int) -> None:
    for file in dict.fromkeys(line.file for line in signals):
        of_file = [line for line in signals if line.file == file]
        needed = math.ceil(sum(line.stored.n_bytes for line in of_file) * length) + of_file[0].offset
        size = (folder / file).stat().st_size
        if size < needed - 2:  # packed formats may leave out the padding of the last sample
            raise RecordError(
                f"{needed:,} bytes in {file} for {length:,} samples",
                f"{size:,} bytes: it is truncated",
                "Upload it again.",
            )


def _decode(path: str, start: int, stop: int) -> Any:
    try:
        return wfdb_package().rdrecord(path, sampfrom=start, sampto=stop, physical=False, return_res=64)
    except (ValueError, TypeError, IndexError, OSError) as error:
        raise RecordError("a signal file that fits its header", str(error), _UNTOUCHED) from error


def _check_checksums(name: str, counts: Any, length: int, expected: list[int] | None) -> None:
    """Compare the header's checksums (sum of the samples modulo 2^16) with the samples; a header may have none."""
    if not expected or any(value is None for value in expected):
        return
    total = np.zeros(len(expected), np.int64)
    for start in range(0, length, _BLOCK):
        total += counts(start, min(start + _BLOCK, length)).sum(axis=0)
    wrong = [str(lead) for lead, value in enumerate(expected) if (int(total[lead]) - int(value)) % 65536]
    if wrong:
        raise RecordError(
            f"samples of {name} with the checksums of its header",
            f"different ones for lead {', '.join(wrong)}: the file is damaged",
            "Upload it again.",
        )


def _read_annotations(folder: Path, name: str, rate_hz: float, length: int) -> Annotations | None:
    path = folder / f"{name}.atr"
    if not path.exists():
        return None
    _regular_file(folder, path.name)
    try:
        with quietly():
            marks = wfdb_package().rdann(str(folder / name), "atr")
    except (ValueError, TypeError, IndexError, KeyError, OSError) as error:
        raise RecordError(
            f"WFDB annotations in {path.name}", "damaged ones", "Upload the record without it."
        ) from error
    samples = np.asarray(marks.sample, np.int64)
    if samples.size and (samples.min() < 0 or samples.max() >= length or np.any(np.diff(samples) < 0)):
        raise RecordError(
            f"annotations of {name} inside the recording and in order",
            f"sample {samples.max():,} of {length:,}",
            "Upload the record without them.",
        )
    return Annotations(samples / rate_hz, tuple(marks.symbol))


def _lead_names(names: list[str | None]) -> tuple[str, ...]:
    """The leads' names, each once: one without a name, or with another's, gets its number."""
    seen: list[str] = []
    for number, name in enumerate(names, start=1):
        plain = (name or "").strip() or f"signal {number}"
        seen.append(plain if plain not in seen else f"{plain} ({number})")
    return tuple(seen)


def _number(text: str, what: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise RecordError(f"a number for {what}", quoted(text), _UNTOUCHED)
    value = float(text)
    if not 0 <= value <= _LARGEST_NUMBER:
        raise RecordError(f"a number above 0 for {what}", quoted(text), _UNTOUCHED)
    return value
