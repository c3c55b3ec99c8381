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
        (0, b"\xffBIOSEMI", "another kind"),
        (192, b"EDF+D", "has gaps"),
        (252, b"0", "contradicts itself"),
        (252, b"2", "contradicts itself"),
        (252, b"513", "contradicts itself"),
        (244, b"0", "contradicts itself"),
        (236, b"11", "truncated"),
        (236, b"2.5", "whole number"),
        (236, b"many", "a number for"),
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
    with pytest.raises(RecordError, match="a range of values"):
        open_edf(path)
    _field(path, 3, _DIGITAL_MAX, 8, 0, "32767")
    _field(path, 3, _PHYSICAL_MAX, 8, 0, "-3276.7")
    with pytest.raises(RecordError, match="a range of values"):
        open_edf(path)
