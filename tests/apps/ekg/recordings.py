"""Hand-made recordings for the tests: files written byte by byte, so that what is read has a closed form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt


def counts_of(length: int, leads: int) -> npt.NDArray[np.int64]:
    """(length, leads) digital values with a closed form: a triangle of +-500 per lead, shifted by the lead's number."""
    n = np.arange(length)[:, None] + 7 * np.arange(leads)[None]
    return np.asarray(np.abs(n % 2000 - 1000) - 500)


def write_wfdb(
    folder: Path,
    name: str = "r1",
    *,
    counts: npt.NDArray[np.int64] | None = None,
    rate: str = "250",
    units: str = "mV",
    leads: tuple[str, ...] = ("MLII", "V1"),
    header_length: int | None = None,
    checksum: int | None = None,
    file: str | None = None,
) -> Path:
    """A record in format 16, gain 200, baseline 100; the path without ending."""
    values = counts_of(2500, len(leads)) if counts is None else counts
    (folder / f"{name}.dat").write_bytes(values.astype("<i2").tobytes())
    lines = [f"{name} {values.shape[1]} {rate} {values.shape[0] if header_length is None else header_length}"]
    for lead in range(values.shape[1]):
        total = int(values[:, lead].sum()) & 0xFFFF if checksum is None else checksum
        signed = total - 65536 if total >= 32768 else total
        lines.append(f"{file or name + '.dat'} 16 200(100)/{units} 16 0 {values[0, lead]} {signed} 0 {leads[lead]}")
    (folder / f"{name}.hea").write_text("\n".join(lines) + "\n# a comment\n")
    return folder / name


def write_edf(path: Path, signals: list[npt.NDArray[np.int64]], *, rate: int = 200, records: int | None = None) -> None:
    """An EDF file of 1 s data records; +-32767 counts are +-3276.7 microvolt, and the last channel is annotations."""
    n = len(signals[0]) // rate
    labels = [*(f"ECG {i}" for i in range(len(signals))), "EDF Annotations"]
    per_record = [rate] * len(signals) + [4]

    def cells(values: list[str], width: int) -> bytes:
        return b"".join(value.ljust(width).encode() for value in values)

    k = len(labels)
    head = b"0".ljust(8) + b"X".ljust(80) + b"Startdate".ljust(80) + b"01.01.2601.01.01"
    head += str(256 * (k + 1)).ljust(8).encode() + b"EDF+C".ljust(44)
    head += str(records or n).ljust(8).encode() + b"1".ljust(8) + str(k).ljust(4).encode()
    head += cells(labels, 16) + cells([""] * k, 80) + cells(["uV"] * (k - 1) + [""], 8)
    head += cells(["-3276.7"] * k, 8) + cells(["3276.7"] * k, 8) + cells(["-32767"] * k, 8) + cells(["32767"] * k, 8)
    head += cells([""] * k, 80) + cells([str(count) for count in per_record], 8) + cells([""] * k, 32)
    body = b""
    for record in range(n):
        for signal in signals:
            body += signal[record * rate : (record + 1) * rate].astype("<i2").tobytes()
        body += b"\0" * 8
    path.write_bytes(head + body)
