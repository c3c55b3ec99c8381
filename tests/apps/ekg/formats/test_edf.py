"""EDF files at their edges: which channels are the EKG, their scale, and headers that lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from apps.ekg.formats.edf_files import open_edf
from shared.errors import RecordError
from tests.apps.ekg.recordings import counts_of, write_edf


def _edf(folder: Path, n_signals: int = 2) -> Path:
    path = folder / "a.edf"
    write_edf(path, [counts_of(2000, 2)[:, n % 2] for n in range(n_signals)])
    return path


def _field(path: Path, n_signals: int, offset: int, width: int, signal: int, value: str) -> None:
    """Write ``value`` for one signal into the field that lies ``offset`` bytes per signal into the header's fields."""
    data = bytearray(path.read_bytes())
    place = 256 + offset * n_signals + signal * width
    data[place : place + width] = value.encode("latin-1").ljust(width)
    path.write_bytes(data)


_LABEL, _UNIT, _PHYSICAL_MIN, _PHYSICAL_MAX, _DIGITAL_MIN, _DIGITAL_MAX, _SAMPLES = 0, 96, 104, 112, 120, 128, 216


def test_a_channel_has_its_own_scale_and_zero(tmp_path: Path) -> None:
    path = _edf(tmp_path)
    for offset, value in ((_PHYSICAL_MIN, "-1"), (_PHYSICAL_MAX, "3"), (_DIGITAL_MIN, "-1000"), (_DIGITAL_MAX, "1000")):
        _field(path, 3, offset, 8, 1, value)
    _field(path, 3, _UNIT, 8, 1, "mV")
    recording = open_edf(path)
    counts = counts_of(2000, 2)
    np.testing.assert_allclose(recording.read(0, 0, 2000), counts[:, 0] * 1e-4, atol=1e-6)
    np.testing.assert_allclose(recording.read(1, 0, 2000), counts[:, 1] / 500 + 1, atol=1e-5)  # 4 mV over 2000 counts
    np.testing.assert_allclose(recording.read(1, 199, 401), counts[199:401, 1] / 500 + 1, atol=1e-5)


def test_only_channels_called_ekg_are_taken_or_else_all_voltages(tmp_path: Path) -> None:
    path = _edf(tmp_path, 3)
    for signal, label in enumerate(("EEG Fpz", "my EKG", "Resp")):
        _field(path, 4, _LABEL, 16, signal, label)
    assert open_edf(path).leads == ("my EKG",)
    _field(path, 4, _LABEL, 16, 1, "Chin")
    assert open_edf(path).leads == ("EEG Fpz", "Chin", "Resp")
    _field(path, 4, _UNIT, 8, 0, "degC")
    assert open_edf(path).leads == ("Chin", "Resp")
    for signal in (1, 2):
        _field(path, 4, _UNIT, 8, signal, "")
    with pytest.raises(RecordError, match="an EKG channel in V, mV or µV"):
        open_edf(path)


def test_channels_of_another_rate_are_left_out(tmp_path: Path) -> None:
    path = _edf(tmp_path, 3)
    _field(path, 4, _SAMPLES, 8, 1, "100")
    _field(path, 4, _SAMPLES, 8, 2, "300")
    recording = open_edf(path)
    assert (recording.leads, recording.rate_hz, recording.n_samples) == (("ECG 0",), 200, 2000)


def test_the_number_of_records_may_be_unknown(tmp_path: Path) -> None:
    path = _edf(tmp_path)
    data = bytearray(path.read_bytes())
    data[236:244] = b"-1".ljust(8)
    path.write_bytes(data)
    assert open_edf(path).n_samples == 2000


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        (0, b"1", "begins differently"),
        (0, b"\xffBIOSEMI", "truncated"),
        (252, b"0", "contradicts itself"),
        (252, b"2", "contradicts itself"),
        (252, b"513", "contradicts itself"),
        (244, b"0", "contradicts itself"),
        (236, b"11", "truncated"),
        (236, b"2.5", "whole number"),
        (236, b"many", "a number for the EDF header's data records"),
        (184, b"many", "a number for the EDF header's header size"),
        (236, b"1e15", "below"),
        (236, b"nan", "below"),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path: Path, place: int, value: bytes, says: str) -> None:
    path = _edf(tmp_path)
    data = bytearray(path.read_bytes())
    data[place : place + 8 if place != 252 else place + 4] = value.ljust(8 if place != 252 else 4)
    path.write_bytes(data)
    with pytest.raises(RecordError, match=says):
        open_edf(path)


def test_a_header_cut_short_and_an_empty_range(tmp_path: Path) -> None:
    path = _edf(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: 256 * 4 - 1])
    with pytest.raises(RecordError, match="a complete EDF header"):
        open_edf(path)
    path.write_bytes(whole)
    _field(path, 3, _DIGITAL_MAX, 8, 0, "-32767")
    assert open_edf(path).leads == ("ECG 1",)  # a channel without a range is not used
    _field(path, 3, _PHYSICAL_MAX, 8, 1, "-3276.7")
    with pytest.raises(RecordError, match="that has a range of values"):
        open_edf(path)


def test_a_discontinuous_file_says_when_its_records_begin(tmp_path: Path) -> None:
    path = _edf(tmp_path)
    data = bytearray(path.read_bytes())
    data[192:197] = b"EDF+D"
    path.write_bytes(data)
    assert open_edf(path).n_samples == 2000  # no times: no gaps
    counts, record = counts_of(2000, 2), 2 * (200 + 200 + 4)
    for n in range(10):
        place = 256 * 4 + n * record + 800
        data[place : place + 8] = f"+{n + 3 * (n > 4)}\x14\x14".encode().ljust(8, b"\0")  # 3 s lost after five
    path.write_bytes(data)
    recording = open_edf(path)
    assert recording.n_samples == 2600
    np.testing.assert_allclose(recording.read(0, 0, 1000), counts[:1000, 0] * 1e-4, atol=1e-6)
    assert np.isnan(recording.read(0, 1000, 1600)).all()
    np.testing.assert_allclose(recording.read(1, 1550, 2600)[50:], counts[1000:, 1] * 1e-4, atol=1e-6)
    assert "3 s are missing" in recording.warnings[0]
    data[256 * 4 + 9 * record + 800 : 256 * 4 + 9 * record + 808] = b"+9000\x14\x14\0"
    path.write_bytes(data)
    with pytest.raises(RecordError, match="a gap of"):
        open_edf(path)


def test_a_unit_that_is_not_given_is_guessed_from_a_file_of_one_record(tmp_path: Path) -> None:
    path = tmp_path / "a.edf"
    write_edf(path, [counts_of(2000, 1)[:, 0]], rate=2000)  # a data record of 2,000 samples, which lasts 10 s
    data = bytearray(path.read_bytes())
    data[244:252] = b"10".ljust(8)
    path.write_bytes(data)
    _field(path, 2, _UNIT, 8, 0, "")
    recording = open_edf(path)
    assert (recording.rate_hz, recording.n_samples) == (200, 2000)
    np.testing.assert_allclose(recording.read(0, 0, 2000), counts_of(2000, 1)[:, 0] * 1e-4, atol=1e-6)


def test_24_bits(tmp_path: Path) -> None:
    path = _edf(tmp_path, 1)
    counts = 300 * counts_of(2000, 1)[:, 0]
    data = bytearray(path.read_bytes()[: 256 * 3])
    data[:8] = b"\xffBIOSEMI"
    packed = counts.astype("<i4").view("u1").reshape(-1, 4)[:, :3].reshape(10, 600)
    path.write_bytes(bytes(data) + b"".join(row.tobytes() + bytes(12) for row in packed))
    np.testing.assert_allclose(open_edf(path).read(0, 150, 950), counts[150:950] * 1e-4, rtol=1e-5)


def test_a_unit_that_is_left_out_is_guessed(tmp_path: Path) -> None:
    path = _edf(tmp_path)
    for signal in (0, 1):
        _field(path, 3, _UNIT, 8, signal, "")
    recording = open_edf(path)
    np.testing.assert_allclose(recording.read(0, 0, 2000), counts_of(2000, 1)[:, 0] * 1e-4, atol=1e-6)
    assert "read as microvolts" in recording.warnings[0]


def test_what_recorders_write_instead_of_what_is_asked(tmp_path: Path) -> None:
    path = _edf(tmp_path)
    plain = open_edf(path).read(0, 0, 2000)
    _field(path, 3, _PHYSICAL_MAX, 8, 0, "3276,7")
    np.testing.assert_array_equal(open_edf(path).read(0, 0, 2000), plain)
    _field(path, 3, _PHYSICAL_MAX, 8, 0, "3276.7\0\0")
    np.testing.assert_array_equal(open_edf(path).read(0, 0, 2000), plain)
    _field(path, 3, _UNIT, 8, 0, "Unknown")
    np.testing.assert_allclose(open_edf(path).read(0, 0, 2000), plain, atol=1e-6)
    _field(path, 3, _UNIT, 8, 0, "counts")
    assert "in counts" in open_edf(path).warnings[0]
    _field(path, 3, _PHYSICAL_MAX, 8, 0, "high")
    with pytest.raises(RecordError, match="Found: “high”"):
        open_edf(path)


def test_records_behind_those_that_are_counted_are_told(tmp_path: Path) -> None:
    path = _edf(tmp_path)
    data = bytearray(path.read_bytes())
    data[236:244] = b"7".ljust(8)
    path.write_bytes(data)
    assert open_edf(path).n_samples == 1400
    assert open_edf(path).warnings == ("The file goes on for 3 s behind what its header counts: left out.",)
