"""The header of a WFDB record (NAME.hea), checked before anything that it names is opened.

A header is text that names other files, and wfdb follows those names wherever they lead (``../x.dat``, ``/etc/x``,
``s3://``). So every name in it must be a plain file in the header's own folder, large enough for what it declares; only
then are the fields read, by wfdb's own parser. Specification: https://physionet.org/physiotools/wag/header-5.htm.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from apps.ekg.formats.wfdb_package import wfdb_package
from shared.errors import RecordError, quoted

MAX_HEADER_BYTES = 65_536
MAX_SIGNALS = 64
UNTOUCHED = "Upload the files as your database or recorder wrote them."
PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")
DEFAULT_GAIN = 200.0  # counts per millivolt where the header gives none or 0, by the specification
_FORMAT = re.compile(r"(\d{1,3})(?:x(\d{1,5}))?(?::(\d{1,9}))?(?:\+(\d{1,15}))?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,15}\.?[0-9]{0,15}(e[+-]?[0-9]{1,2})?", re.ASCII | re.IGNORECASE)
_LARGEST_NUMBER = 1e12  # samples, or samples per second
_OTHER_LINE_ENDS = re.compile(r"[\v\f\x1c-\x1e\x85\u2028\u2029]")  # that Python sees and other readers do not
_MOST_PACKED = 200  # samples per byte of FLAC: a line that never moves packs better, a heart hundreds of times worse


@dataclass(frozen=True)
class Stored:
    """How a signal file stores one sample."""

    n_bytes: float
    missing: int  # the digital value that stands for "no sample"


_DIFFERENCES = "8"  # differences, each of a byte: read from the beginning
STORAGE = {
    _DIFFERENCES: Stored(1, -(1 << 31)),
    "16": Stored(2, -(1 << 15)),
    "24": Stored(3, -(1 << 23)),
    "32": Stored(4, -(1 << 31)),
    "61": Stored(2, -(1 << 15)),
    "80": Stored(1, -(1 << 7)),
    "160": Stored(2, -(1 << 15)),
    "212": Stored(3 / 2, -(1 << 11)),
    "310": Stored(4 / 3, -(1 << 9)),
    "311": Stored(4 / 3, -(1 << 9)),
}
_FLAC = {"508": Stored(0, -(1 << 7)), "516": Stored(0, -(1 << 15)), "524": Stored(0, -(1 << 23))}
STORAGE |= _FLAC


@dataclass(frozen=True)
class SignalLine:
    """One signal: where it is stored, and what its counts mean."""

    file: str  # as it is called in the folder
    stored: str  # a key of ``STORAGE``
    per_frame: int  # samples per frame
    skew: int  # frames
    offset: int  # bytes before the first sample
    first: int  # the value before the first difference
    gain: float  # counts per unit
    baseline: float
    unit: str
    name: str
    checksum: int | None


@dataclass(frozen=True)
class Header:
    """A header: of signals, or of segments (name, frames), of which "~" is a gap."""

    rate_hz: float  # frames per second
    frames: int
    signals: tuple[SignalLine, ...] = ()
    segments: tuple[tuple[str, int], ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def differences(self) -> bool:
        """Whether it can only be read from the beginning."""
        return any(line.stored == _DIFFERENCES for line in self.signals)


def read_header(path: Path) -> Header:
    """The header ``path``, every file of which is there.

    Raises:
        RecordError: a file is missing or truncated, a field is none that the format allows, or a name leads elsewhere.
    """
    lines = _lines(path)
    fields = lines[0].split()
    record, _, n_segments = fields[0].partition("/")
    usual = f"“{path.stem}”, leads, rate, samples as the first line of {path.name}"
    if not PLAIN_NAME.fullmatch(record) or len(fields) < 2 or not re.fullmatch(r"[0-9]{1,4}", fields[1]):
        raise RecordError(usual, quoted(lines[0]), UNTOUCHED)
    rate_hz = _number(re.split(r"[/(]", fields[2])[0] if len(fields) > 2 else "250", f"the rate in {path.name}")
    frames = int(_number(fields[3] if len(fields) > 3 else "0", f"the length in {path.name}"))
    if n_segments:
        segments = tuple(_segment(path, line) for line in lines[1:])
        if str(len(segments)) != n_segments:
            raise RecordError(f"{quoted(n_segments)} segments in {path.name}", f"{len(segments)} lines", UNTOUCHED)
        return Header(rate_hz, sum(length for _, length in segments), segments=segments)
    n_signals = int(fields[1])
    if not 1 <= n_signals <= MAX_SIGNALS or len(lines) != n_signals + 1:
        found = f"{n_signals} leads, {len(lines) - 1} lines"
        raise RecordError(f"1 to {MAX_SIGNALS} leads in {path.name} and a line for each", found, UNTOUCHED)
    signals = _signals(path, lines[1:])
    there = _frames(path.parent.resolve(), signals, frames)
    said = () if len(fields) > 2 else (f"{path.name} gives no rate: {rate_hz:g} Hz, as the format has it then.",)
    if frames and there - frames > rate_hz:
        behind = f"The signals go on for {(there - frames) / rate_hz:,.3g} s behind what {path.name} counts: left out."
        said = (*said, behind)
    return Header(rate_hz, frames or there, signals, warnings=said)


def segment_names(path: Path) -> tuple[str, ...]:
    """The segments that the header ``path`` names; none if it is no header of segments."""
    try:
        lines = _lines(path)
    except (RecordError, OSError):
        return ()
    return tuple(line.split()[0] for line in lines[1:]) if "/" in lines[0].split()[0] else ()


def regular_file(folder: Path, file: str) -> Path:
    """``folder/file`` if it is there, in capitals or small letters, a regular file, and no link out of the folder.

    Raises:
        RecordError: it is not.
    """
    path = folder / file
    if file not in (names := [other.name for other in folder.iterdir()]):  # the disk is not asked about any name
        path = folder / next((other for other in names if other.lower() == file.lower()), "")
    if path.is_symlink() or not path.is_file() or path.resolve().parent != folder:
        raise RecordError(
            f"the file {file}",
            "no such file next to the header",
            "Upload all files of the record together, or as a zip.",
        )
    return path


def _lines(path: Path) -> list[str]:
    """The lines of a header without its comments."""
    path = regular_file(path.parent.resolve(), path.name)
    if path.stat().st_size > MAX_HEADER_BYTES:
        raise RecordError(f"a header of at most {MAX_HEADER_BYTES:,} bytes", f"{path.stat().st_size:,}", UNTOUCHED)
    text = path.read_bytes().decode("utf-8-sig", "replace")
    if _OTHER_LINE_ENDS.search(text):
        raise RecordError(f"plain lines in {path.name}", "a control character that ends lines", UNTOUCHED)
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise RecordError(f"a WFDB header in {path.name}", "an empty file", UNTOUCHED)
    return lines


def _segment(path: Path, line: str) -> tuple[str, int]:
    name, *rest = line.split()
    if name != "~" and not PLAIN_NAME.fullmatch(name):
        raise RecordError(
            f"a header {path.name} that names segments in its own folder", quoted(name), "Nothing was read."
        )
    return name, int(_number(rest[0] if rest else "", f"the length of the segment {quoted(name)}"))


def _signals(path: Path, lines: Sequence[str]) -> tuple[SignalLine, ...]:
    stored = [_stored(path, line) for line in lines]
    try:
        fields = wfdb_package("wfdb.io._header")._parse_signal_lines(
            [line.encode("ascii", "ignore").decode() for line in lines]
        )
        return tuple(
            SignalLine(
                *where,
                first=int(fields["init_value"][n] or 0),
                gain=float(fields["adc_gain"][n] or DEFAULT_GAIN),
                baseline=float(fields["baseline"][n] or 0),
                unit=fields["units"][n] or "mV",
                name=(fields["sig_name"][n] or "").strip(),
                checksum=fields["checksum"][n],
            )
            for n, where in enumerate(stored)
        )
    except (ValueError, TypeError, AttributeError, IndexError, KeyError, OverflowError) as error:
        found = "one with fields that the format does not allow"
        raise RecordError(f"a WFDB header in {path.name}", found, UNTOUCHED) from error


def _stored(path: Path, line: str) -> tuple[str, str, int, int, int]:
    """(file, format, samples per frame, skew, offset) of a signal's line."""
    fields = line.split()
    if not PLAIN_NAME.fullmatch(fields[0]):
        needed = f"a header {path.name} that names files in its own folder"
        raise RecordError(needed, quoted(fields[0]), "A header must not point elsewhere; nothing was read.")
    file = regular_file(path.parent.resolve(), fields[0])
    match = _FORMAT.fullmatch(fields[1]) if len(fields) > 1 else None
    if match is None or match[1] not in STORAGE or match[2] == "0":
        needed = f"a sample format in {path.name} that is one of {', '.join(STORAGE)}"
        raise RecordError(needed, quoted(line), UNTOUCHED)
    return file.name, match[1], int(match[2] or 1), int(match[3] or 0), int(match[4] or 0)


def _frames(folder: Path, signals: Sequence[SignalLine], stated: int) -> int:
    """How many frames all files hold.

    Raises:
        RecordError: a file holds fewer than ``stated``, if the header states a number.
    """
    found = []
    for file in dict.fromkeys(line.file for line in signals):
        lines = [line for line in signals if line.file == file]
        size, per_frame = (folder / file).stat().st_size, sum(line.per_frame for line in lines)
        if len({line.stored for line in lines}) > 1:
            raise RecordError(f"one sample format for all signals in {file}", "several", UNTOUCHED)
        if lines[0].stored in _FLAC:
            there = _flac_frames(folder / file) // max(1, lines[0].per_frame)
            if min(there, stated or there) * per_frame > _MOST_PACKED * size:
                raise RecordError(f"a signal in {file} that moves", "a line that is still throughout", UNTOUCHED)
        else:
            n_bytes = STORAGE[lines[0].stored].n_bytes * per_frame
            there = int((size - lines[0].offset + 1e-6) / n_bytes)
            needed = math.ceil(n_bytes * stated) + lines[0].offset
            if stated and size < needed - 2:  # packed formats may leave out the padding of the last sample
                needs = f"{needed:,} bytes in {file} for {stated:,} samples"
                raise RecordError(needs, f"{size:,} bytes: it is truncated", "Upload it again.")
            there = max(there, stated)
        if there < stated:
            needs = f"{stated:,} samples in {file}"
            raise RecordError(needs, f"{there:,}: it is truncated", "Upload it again.")
        found.append(there)
    return min(found)


def _flac_frames(path: Path) -> int:
    """Samples per channel that a FLAC file declares."""
    import soundfile  # type: ignore[import-untyped]  # wfdb reads FLAC with it

    try:
        return int(soundfile.info(str(path)).frames)
    except (RuntimeError, ValueError) as error:
        raise RecordError(f"a FLAC file in {path.name}", "another kind, or damage", UNTOUCHED) from error


def _number(text: str, what: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise RecordError(f"a number for {what}", quoted(text), UNTOUCHED)
    value = float(text)
    if not 0 <= value <= _LARGEST_NUMBER:
        raise RecordError(f"a number above 0 for {what}", quoted(text), UNTOUCHED)
    return value
