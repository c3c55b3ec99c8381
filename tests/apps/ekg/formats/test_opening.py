"""Recordings are read to the last bit, and a hostile or damaged one is refused with a sentence."""

from __future__ import annotations

import contextlib
import io
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.ekg.formats import uploads
from apps.ekg.formats.opening import newest, open_recording
from apps.ekg.formats.recording import Recording, check_recording, in_memory
from apps.ekg.formats.text_decoding import decoded
from apps.ekg.formats.uploads import LIMITS
from apps.ekg.formats.wfdb_files import open_header
from apps.ekg.formats.wfdb_package import quietly, wfdb_package
from shared.errors import HubError, OptionError, RecordError
from tests.apps.ekg.recordings import counts_of, write_edf, write_wfdb


def test_wfdb_has_the_closed_form(tmp_path: Path) -> None:
    write_wfdb(tmp_path)
    with open_recording(tmp_path / "r1") as recording:
        assert recording.leads == ("MLII", "V1")
        assert recording.rate_hz == 250
        assert recording.n_samples == 2500
        assert recording.lead_index() == 0
        for lead in (0, 1):
            expected = (counts_of(2500, 2)[:, lead] - 100) / 200
            np.testing.assert_allclose(recording.read(lead, 0, 2500), expected, atol=1e-6)
            np.testing.assert_allclose(recording.read(lead, 333, 777), expected[333:777], atol=1e-6)


def test_the_second_lead_is_chosen_where_it_is_mlii(tmp_path: Path) -> None:
    write_wfdb(tmp_path, leads=("V5", "MLII"))
    with open_recording(tmp_path / "r1.hea") as recording:
        assert recording.lead_index() == 1
        assert recording.lead_index("V5") == 0
        with pytest.raises(OptionError, match="V5, MLII"):
            recording.lead_index("aVR")


@pytest.mark.parametrize(("unit", "factor"), [("V", 1000.0), ("uV", 0.001), ("mV", 1.0)])
def test_units_become_millivolt(tmp_path: Path, unit: str, factor: float) -> None:
    write_wfdb(tmp_path, units=unit)
    with open_recording(tmp_path / "r1") as recording:
        expected = (counts_of(2500, 2)[:10, 0] - 100) / 200 * factor
        np.testing.assert_allclose(recording.read(0, 0, 10), expected, rtol=1e-6)


def test_a_missing_sample_is_nan(tmp_path: Path) -> None:
    counts = counts_of(2500, 1)
    counts[100:130] = -32768
    write_wfdb(tmp_path, counts=counts, leads=("MLII",))
    with open_recording(tmp_path / "r1") as recording:
        assert np.isnan(recording.read(0, 100, 130)).all()
        assert np.isfinite(recording.read(0, 0, 100)).all()


@pytest.mark.parametrize(
    "name",
    [
        "../secret.dat",
        "/etc/passwd",
        "s3://bucket/x.dat",
        "http://example.org/x.dat",
        "..",
        "a/b.dat",
        "~/x",
        "C:\\x.dat",
    ],
)
def test_a_header_cannot_point_elsewhere(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "record"
    folder.mkdir()
    (tmp_path / "secret.dat").write_bytes(b"\0" * 20_000)
    write_wfdb(folder, file=name)
    with pytest.raises(RecordError, match="names files in its own folder"), open_recording(folder / "r1"):
        pass
    (folder / "r1.hea").write_text(f"r1/1 1 360 100\n{name} 100\n")
    with pytest.raises(RecordError, match="names segments in its own folder"), open_recording(folder / "r1"):
        pass


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "record"
    folder.mkdir()
    write_wfdb(folder)
    (folder / "r1.dat").rename(tmp_path / "elsewhere.dat")
    (folder / "r1.dat").symlink_to(tmp_path / "elsewhere.dat")
    with pytest.raises(RecordError, match="no such file"), open_recording(folder / "r1"):
        pass


def _break(folder: Path, how: str) -> None:
    header, data = folder / "r1.hea", folder / "r1.dat"
    lines = header.read_text().splitlines()
    if how == "no dat":
        data.unlink()
    elif how == "truncated":
        data.write_bytes(data.read_bytes()[:4000])
    elif how == "checksum":
        values = bytearray(data.read_bytes())
        values[500] ^= 1
        data.write_bytes(values)
    elif how == "empty header":
        header.write_text("")
    elif how == "segments":
        header.write_text("r1/3 2 250 2500\nx 1000\n")
    elif how == "too many leads":
        header.write_text("\n".join(["r1 90 250 2500", *lines[1:]]))
    elif how == "format":
        header.write_text("\n".join([lines[0], lines[1].replace(" 16 200", " 508 200"), lines[2]]))
    elif how == "rate":
        header.write_text("\n".join(["r1 2 fast 2500", *lines[1:]]))
    elif how == "10 Hz":
        header.write_text("\n".join(["r1 2 10 2500", *lines[1:]]))
    elif how == "units":
        header.write_text("\n".join(lines).replace("/mV", "/mmHg"))
    elif how == "3 samples":
        header.write_text("\n".join(["r1 2 250 3", *lines[1:]]))


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("no dat", "the file r1.dat"),
        ("truncated", "truncated"),
        ("checksum", "damaged"),
        ("empty header", "empty file"),
        ("segments", "“3” segments"),
        ("too many leads", "1 to 64 leads"),
        ("format", "sample format"),
        ("rate", "rate"),
        ("10 Hz", "between 80"),
        ("units", "V, mV"),
        ("3 samples", "at least 5 s"),
    ],
)
def test_damage_is_named(tmp_path: Path, how: str, says: str) -> None:
    write_wfdb(tmp_path)
    _break(tmp_path, how)
    with pytest.raises(RecordError, match=says), open_recording(tmp_path / "r1"):
        pass


@settings(max_examples=60, deadline=None)
@given(junk=st.binary(max_size=300), keep=st.integers(0, 60))
def test_any_header_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, junk: bytes, keep: int) -> None:
    folder = tmp_path_factory.mktemp("junk")
    write_wfdb(folder)
    good = (folder / "r1.hea").read_bytes()
    (folder / "r1.hea").write_bytes(good[:keep] + junk)
    with contextlib.suppress(HubError):  # anything else would be a bug
        open_header(folder / "r1.hea")


def _zip(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_zip_of_a_record_and_its_files_read_the_same(tmp_path: Path) -> None:
    write_wfdb(tmp_path)
    members = {f"folder/{name}": (tmp_path / name).read_bytes() for name in ("r1.hea", "r1.dat")}
    packed = _zip(tmp_path / "r1.zip", members)
    with open_recording([packed]) as zipped, open_recording([tmp_path / "r1.hea", tmp_path / "r1.dat"]) as loose:
        np.testing.assert_array_equal(zipped.read(0, 0, 2500), loose.read(0, 0, 2500))
    with open_recording(packed) as named:
        assert named.name == "r1"


@pytest.mark.parametrize("name", ["../r1.hea", "/tmp/r1.hea", "a/../../r1.hea", "..\\r1.hea", "C:\\r1.hea"])
def test_a_zip_that_climbs_out_is_refused(tmp_path: Path, name: str) -> None:
    packed = _zip(tmp_path / "evil.zip", {name: b"r1 1 250 2500\n"})
    before = set(tmp_path.parent.rglob("*"))
    with pytest.raises(RecordError, match="leaves the folder"), open_recording([packed]):
        pass
    assert set(tmp_path.parent.rglob("*")) == before


@pytest.mark.parametrize("stem", ["x" * 256, "心" * 21_000, "x" * 60 + "." * 190])
def test_a_name_that_no_disk_takes_is_cut(tmp_path: Path, stem: str) -> None:
    lines = "\n".join(f"{n / 250:.3f},{np.sin(n / 9):.3f}" for n in range(5000)).encode()
    packed = _zip(tmp_path / "long.zip", {f"{stem}.csv": b"time_s,mV\n" + lines})
    with open_recording([packed]) as recording:
        assert recording.read(0, 0, 5000).shape == (5000,)
    header = _zip(tmp_path / "header.zip", {"r.hea": f"r 1 360 10\n{stem}.dat 16\n".encode()})
    with pytest.raises(RecordError), open_recording([header]):
        pass


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    packed = _zip(tmp_path / "bomb.zip", {"r1.dat": b"\0" * 50_000_000})
    assert packed.stat().st_size * LIMITS.ratio < 50_000_000
    with pytest.raises(RecordError, match="times its size"), open_recording([packed]):
        pass


def test_links_passwords_and_damage_in_a_zip(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("r1.dat")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(RecordError, match="link"), open_recording([tmp_path / "link.zip"]):
        pass
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(RecordError, match="damaged"), open_recording([tmp_path / "broken.zip"]):
        pass
    with pytest.raises(RecordError, match="none"), open_recording([_zip(tmp_path / "text.zip", {"readme.md": b"x"})]):
        pass


def _csv(tmp_path: Path, text: str, name: str = "a.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


_T = np.arange(2500) / 250
_MV = np.sin(2 * np.pi * _T) + 0.3


@pytest.mark.parametrize(
    "text",
    [
        "time,MLII (mV)\n" + "".join(f"{t:.3f},{v:.5f}\n" for t, v in zip(_T, _MV, strict=True)),
        "time;MLII (mV)\n" + "".join(f"{t:.3f};{v:.5f}\n" for t, v in zip(_T, _MV, strict=True)).replace(".", ","),
        "Time (ms)\tMLII (uV)\n" + "".join(f"{t * 1000:.0f}\t{v * 1000:.2f}\n" for t, v in zip(_T, _MV, strict=True)),
        "'Elapsed time','MLII'\n'hh:mm:ss.mmm','mV'\n"
        + "".join(f"'{int(t // 60)}:{t % 60:06.3f}',{v:.5f}\n" for t, v in zip(_T, _MV, strict=True)),
        "time (s),MLII (V)\n" + "".join(f"{t:.3f},{v / 1000:.8f}\n" for t, v in zip(_T, _MV, strict=True)),
    ],
    ids=["English", "decimal comma", "milliseconds and microvolt", "PhysioBank", "volt"],
)
def test_text_with_time(tmp_path: Path, text: str) -> None:
    with open_recording(_csv(tmp_path, text)) as recording:
        assert recording.rate_hz == pytest.approx(250, rel=1e-3)
        assert recording.leads == ("MLII",)
        np.testing.assert_allclose(recording.read(0, 0, 2500), _MV, atol=2e-4)


@pytest.mark.parametrize("decimal", [".", ","])
def test_one_column_needs_a_rate(tmp_path: Path, decimal: str) -> None:
    path = _csv(tmp_path, "".join(f"{v:.5f}\n" for v in _MV).replace(".", decimal))
    with pytest.raises(RecordError, match="rate"), open_recording(path):
        pass
    with open_recording(path, rate_hz=250) as recording:
        np.testing.assert_allclose(recording.read(0, 0, 2500), _MV, atol=1e-5)


@pytest.mark.parametrize(
    ("head", "decimal"),
    [
        (
            "Name,A B\nRecorded Date,2026-01-01\nSample Rate,512 hertz\n\n\nLead,Lead I\nUnit,µV\n\n",
            ".",
        ),
        ("Name,A B\nAbtastrate,512 Hertz\nAbleitung,Ableitung I\nEinheit,µV\n\n", ","),
        ('Nom,A B\nFréquence d’échantillonnage,"512,0 hertz"\nDérivation,Dérivation I\nUnité,µV\n\n', ","),
        ('Namn,A B\nSamplingsfrekvens,"512,0 hertz"\nAvledning,Avledning I\nEnhet,µV\n\n', ","),
    ],
    ids=["English", "German", "French", "Swedish"],
)
def test_an_apple_watch_export(tmp_path: Path, head: str, decimal: str) -> None:
    t = np.arange(512 * 30) / 512
    mv = np.sin(2 * np.pi * t)
    cells = (f"{v * 1000:.3f}".replace(".", decimal) for v in mv)
    body = "".join(f'"{cell}"\n' if decimal == "," else f"{cell}\n" for cell in cells)
    with open_recording(_csv(tmp_path, head + body)) as recording:
        assert recording.rate_hz == 512
        assert recording.leads == ("I",)
        np.testing.assert_allclose(recording.read(0, 0, len(mv)), mv, atol=1e-5)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_unit_survives_every_usual_encoding(tmp_path: Path, encoding: str) -> None:
    head = "Einheit,µV\nAbtastrate,250 Hertz\nAbleitung,Ableitung I\n\n"
    path = tmp_path / "watch.csv"
    path.write_bytes((head + "".join(f"{1000 * v:.2f}\n" for v in _MV)).encode(encoding))
    with open_recording([path]) as recording:
        assert recording.warnings == ()
        np.testing.assert_allclose(recording.read(0, 0, 2500), _MV, atol=1e-4)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "lines of numbers"),
        ("hello\nworld\n", "lines of numbers"),
        ("time,mV\n0,1\n0,1\n0,1\n", "stand still"),
        ("time (s),MLII (mV)\n" + "".join(f"{n / 250},nan\n" for n in range(2500)), "nothing but NaN"),
        ("time,x (mmHg)\n" + "".join(f"{n / 250},{n}\n" for n in range(2500)), "V, mV"),
        ("time,x (mV)\n0.0,1\n0.004,1\n0.008,1\n", "at least 5 s"),
        ("time,x (mV)\n" + "".join(f"{n / 250 + (90 if n > 50 else 0)},{n * n % 9}\n" for n in range(2500)), "gap"),
    ],
)
def test_text_that_is_none(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(RecordError, match=says), open_recording(_csv(tmp_path, text)):
        pass


def test_values_without_a_unit_are_guessed_and_said(tmp_path: Path) -> None:
    rows = "".join(f"{t:.3f},{v * 1000:.2f}\n" for t, v in zip(_T, _MV, strict=True))
    with open_recording(_csv(tmp_path, "time,MLII\n" + rows)) as recording:
        np.testing.assert_allclose(recording.read(0, 0, 2500), _MV, atol=1e-4)
        assert "microvolt" in recording.warnings[0]


def test_edf(tmp_path: Path) -> None:
    signals = [counts_of(2000, 2)[:, lead] for lead in (0, 1)]
    write_edf(tmp_path / "a.edf", signals)
    with open_recording(tmp_path / "a.edf") as recording:
        assert recording.leads == ("ECG 0", "ECG 1")
        assert recording.rate_hz == 200
        for lead in (0, 1):
            np.testing.assert_allclose(recording.read(lead, 0, 2000), signals[lead] * 1e-4, atol=1e-6)
            np.testing.assert_allclose(recording.read(lead, 190, 410), signals[lead][190:410] * 1e-4, atol=1e-6)


def test_edf_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.edf"
    write_edf(path, [counts_of(2000, 1)[:, 0]], records=99)
    with pytest.raises(RecordError, match="truncated"), open_recording(path):
        pass
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(RecordError, match="EDF or BDF file"), open_recording(path):
        pass
    path.write_bytes(os.urandom(2000))
    with pytest.raises(RecordError), open_recording(path):
        pass


def test_uploads_that_make_no_recording(tmp_path: Path) -> None:
    write_wfdb(tmp_path)
    with pytest.raises(RecordError, match=r"the file r1\.dat"), open_recording([tmp_path / "r1.hea"]):
        pass
    with pytest.raises(RecordError, match="add its"), open_recording([tmp_path / "r1.dat"]):
        pass
    with pytest.raises(RecordError, match="nothing"), open_recording([]):
        pass
    with pytest.raises(RecordError, match="does not exist"), open_recording(tmp_path / "nobody"):
        pass
    other = tmp_path / "more"
    other.mkdir()
    write_wfdb(other, "r2")
    both = [tmp_path / "r1.hea", tmp_path / "r1.dat", other / "r2.hea", other / "r2.dat"]
    with pytest.raises(RecordError, match="one recording at a time"), open_recording(both):
        pass


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    write_wfdb(tmp_path)
    with open_recording([tmp_path / "r1.hea", tmp_path / "r1.dat"]):
        assert list((tmp_path / "temporary").iterdir())
    assert not list((tmp_path / "temporary").iterdir())


def test_a_zip_without_a_recording_says_what_to_pack(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("photo.jpg", b"x")
    with (
        pytest.raises(RecordError, match=r"a zip with \.hea, .* files\. Found: .*none.*Pack the files"),
        open_recording([tmp_path / "a.zip"]),
    ):
        pass


def test_a_zip_in_memory_is_as_good(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    write_wfdb(tmp_path)
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.write(tmp_path / "r1.hea", "r1.hea")
        archive.write(tmp_path / "r1.dat", "r1.dat")
        archive.writestr("__MACOSX/._r1.hea", b"junk")
    path = tmp_path / "blob"
    path.write_bytes(buffer.getvalue())
    with open_recording(path) as recording:
        assert recording.n_samples == 2500


@pytest.mark.parametrize(
    ("known", "sent", "kept"),
    [
        ("", "a.csv", "a.csv"),
        ("a.csv", "b.csv", "b.csv"),
        ("a.csv", "a.csv", "a.csv"),
        ("a.hea a.dat", "b.zip", "b.zip"),
        ("a.hea", "a.dat", "a.hea a.dat"),
        ("a.dat", "a.hea", "a.dat a.hea"),
        ("a.hea a.dat", "a.atr", "a.hea a.dat a.atr"),
        ("a.csv", "b.hea b.dat", "b.hea b.dat"),
        ("a.csv", "b.csv c.edf", "b.csv c.edf"),  # two at once are refused, not chosen from
    ],
)
def test_the_recording_that_was_sent_last(known: str, sent: str, kept: str) -> None:
    assert newest([*known.split(), *sent.split()], known.split()) == kept.split()


def test_a_corrected_file_takes_the_place_of_the_one_before() -> None:
    assert newest(["1/a.hea", "1/a.dat", "2/a.dat"], ["1/a.hea", "1/a.dat"]) == ["1/a.hea", "2/a.dat"]


def test_at_most_so_many_and_so_large_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wfdb(tmp_path)
    files = [tmp_path / "r1.hea", tmp_path / "r1.dat"]
    monkeypatch.setattr(uploads, "MAX_FILES", 2)
    monkeypatch.setattr(uploads, "MAX_BYTES", files[1].stat().st_size)
    with open_recording(files) as recording:
        assert recording.name == "r1"
    monkeypatch.setattr(uploads, "MAX_BYTES", files[1].stat().st_size - 1)
    with pytest.raises(RecordError, match=r"a file of at most 0 MB.*r1\.dat"), open_recording(files):
        pass
    monkeypatch.setattr(uploads, "MAX_FILES", 1)
    with pytest.raises(RecordError, match=r"at most 1 files at once\. Found: 2"), open_recording(files):
        pass
    assert uploads.MAX_BYTES // 10**6 < 400 == uploads.LIMITS.total_bytes // 10**6


def test_a_zip_holds_at_most_so_many_files(tmp_path: Path) -> None:
    members = {f"r{n}.dat": b"x" for n in range(LIMITS.members + 1)}
    with pytest.raises(RecordError, match="65"), open_recording([_zip(tmp_path / "many.zip", members)]):
        pass


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    packed = _zip(tmp_path / "twice.zip", {"a/r1.dat": b"1", "b/r1.dat": b"2"})
    with pytest.raises(RecordError, match=r"r1\.dat” twice"), open_recording([packed]):
        pass


def test_names_become_plain(tmp_path: Path) -> None:
    text = "time (s),II (mV)\n" + "".join(f"{t:.3f},{v:.4f}\n" for t, v in zip(_T, _MV, strict=True))
    (tmp_path / "..hid den!.csv").write_text(text)
    with open_recording([tmp_path / "..hid den!.csv"]) as recording:
        assert recording.name == "hid_den_"


def test_a_text_is_utf_16_only_if_a_quarter_of_it_is_zeros() -> None:
    assert decoded(b"1\n2") == "1\n2"
    assert decoded(b"12\0\x004567") == "12\0\x004567"
    assert decoded("1,2\n3,4\n".encode("utf-16-be")) == decoded("1,2\n3,4\n".encode("utf-16-le")) == "1,2\n3,4\n"
    assert decoded(b"1\r2\r") == "1\n2\n"
    assert decoded(b"1\n2" + b"\n" * 200 + b"\0" * 20) == "1\n2\n"


def test_a_member_of_many_files_is_named_in_the_refusal(tmp_path: Path) -> None:
    with (
        pytest.raises(RecordError, match=r"r0\.dat, r1\.dat, r2\.dat, r3\.dat, r4\.dat\. A"),
        open_recording([_zip(tmp_path / "five.zip", {f"r{n}.dat": b"x" for n in range(6)})]),
    ):
        pass


def test_marks_outside_the_record_are_left_out_and_damaged_ones_said(tmp_path: Path) -> None:
    write_wfdb(tmp_path)

    def marked(samples: list[int], symbols: list[str], ending: str = "atr") -> Recording:
        with quietly():
            wfdb_package().wrann("r1", ending, np.array(samples), symbol=symbols, fs=250, write_dir=str(tmp_path))
        with open_recording(tmp_path / "r1") as recording:
            return recording

    found = marked([100, 2499], ["N", "V"])
    assert found.annotations is not None
    assert (found.annotations.symbols, found.annotations.times_s.tolist()) == (("N", "V"), [0.4, 9.996])
    rhythm = marked([100, 2499, 2500], ["N", "V", "+"])  # a rhythm mark on the sample after the last is no beat
    assert rhythm.annotations is not None
    assert (rhythm.annotations.symbols, rhythm.warnings) == (("N", "V"), ())
    beat = marked([100, 2499, 2500], ["N", "V", "N"])
    assert beat.annotations is not None
    assert beat.annotations.symbols == ("N", "V")
    assert "1 beat" in beat.warnings[0]
    (tmp_path / "r1.atr").write_bytes(b"\xff\xff\x12")
    with open_recording(tmp_path / "r1") as recording:
        assert recording.annotations is None
        assert "damaged" in recording.warnings[0]
    (tmp_path / "r1.atr").unlink()
    other = marked(list(range(100, 2100, 200)), ["N"] * 10, "qrs")
    assert other.annotations is not None
    assert len(other.annotations.symbols) == 10
    assert "marked in r1.qrs" in other.warnings[0]
    (tmp_path / "r1.ecg").write_bytes(b"\xff\xff\x12")  # better known, and damaged
    with open_recording(tmp_path / "r1") as recording:
        assert "marked in r1.qrs" in recording.warnings[0]


def test_marks_that_are_not_of_all_the_record_or_of_another_one(tmp_path: Path) -> None:
    counts = np.repeat(counts_of(2500, 2), 10, axis=0)  # 100 s
    write_wfdb(tmp_path, counts=counts)

    def opened(samples: dict[str, list[int]], symbol: str = "N") -> Recording:
        for ending, places in samples.items():
            with quietly():
                wfdb_package().wrann(
                    "r1", ending, np.array(places), symbol=[symbol] * len(places), fs=250, write_dir=str(tmp_path)
                )
        with open_recording(tmp_path / "r1") as recording:
            return recording

    every = list(range(100, 24_900, 200))
    rhythms = opened({"atr": [10, 9000]}, "+")  # only where a rhythm begins
    assert (rhythms.annotations, rhythms.warnings) == (None, ())
    beside = opened({"qrs": every})
    assert beside.annotations is not None
    assert len(beside.annotations.symbols) == len(every)
    part = opened({"qrs": every[50:80]})
    assert (part.annotations, part.warnings) == (None, ())
    reference = opened({"atr": every[50:80]})
    assert reference.annotations is not None
    assert "r1.atr marks beats in 23% of the recording" in reference.warnings[0]
    assert "in 40% of the recording" in opened({"atr": every[:50]}).warnings[0]  # from 0.4 s to 39.6 s, and before
    assert "in 60% of the recording" in opened({"atr": every[50:]}).warnings[0]
    assert opened({"atr": every}).warnings == ()
    one = opened({"atr": [5000]})
    assert one.annotations is not None
    assert one.annotations.symbols == ("N",)
    foreign = opened({"atr": [*every[:60], *range(26_000, 46_000, 200)], "qrs": [1]})
    assert foreign.annotations is None
    assert "Most beats in r1.atr are outside" in foreign.warnings[0]
    (tmp_path / "r1.atr").write_text("0:01 N\n" * 60)
    with open_recording(tmp_path / "r1") as recording:
        assert recording.annotations is None
        assert "damaged" in recording.warnings[0]
    (tmp_path / "r1.atr").write_bytes(b"")
    with open_recording(tmp_path / "r1") as recording:
        assert recording.annotations is None


def test_what_a_header_does_not_say_and_what_it_leaves_out_is_said(tmp_path: Path) -> None:
    write_wfdb(tmp_path)

    def said(first: str) -> str:
        (tmp_path / "r1.hea").write_text(f"{first}\nr1.dat 16 200\nr1.dat 16 200\n")
        with open_recording(tmp_path / "r1") as recording:
            return " ".join(recording.warnings)

    assert "r1.hea gives no rate: 250 Hz" in said("r1 2")
    assert said("r1 2 250 2500") == said("r1 2 250 2300") == ""
    assert "go on for 4 s behind what r1.hea counts" in said("r1 2 250 1500")


def test_sums_of_zero_are_no_sums(tmp_path: Path) -> None:
    write_wfdb(tmp_path, checksum=0)
    with open_recording(tmp_path / "r1") as recording:
        assert recording.n_samples == 2500
    write_wfdb(tmp_path, checksum=1)
    with pytest.raises(RecordError, match="damaged"), open_recording(tmp_path / "r1"):
        pass


def test_an_ekg_in_counts_is_read_where_no_signal_is_a_voltage(tmp_path: Path) -> None:
    counts = counts_of(2500, 2)
    write_wfdb(tmp_path, counts=counts, units="adu", leads=("PLETH", "ECG"))
    with open_recording(tmp_path / "r1") as recording:
        assert recording.leads == ("ECG",)
        signal = recording.read(0, 0, 2500)
        assert np.ptp(signal) == pytest.approx(1.5, rel=0.02)
        assert np.corrcoef(signal, counts[:, 1])[0, 1] > 0.9999
        assert "in counts, whose size the file does not say" in " ".join(recording.warnings)
    write_wfdb(tmp_path, counts=counts, units="NU", leads=("PLETH", "RESP"))
    with pytest.raises(RecordError, match=r"PLETH \(NU\), RESP \(NU\)"), open_recording(tmp_path / "r1"):
        pass


def test_a_note_beside_a_table_is_none(tmp_path: Path) -> None:
    table = b"t,ecg\n" + b"".join(f"{n / 250},{abs(n % 90 - 40)}\n".encode() for n in range(2500))
    with open_recording([_zip(tmp_path / "a.zip", {"x.csv": table, "README.txt": b"ECG of 2024\n"})]) as recording:
        assert recording.name == "x"
    two = _zip(tmp_path / "b.zip", {"x.csv": table, "y.txt": table})
    with pytest.raises(RecordError, match="one recording at a time"), open_recording([two]):
        pass


def test_a_header_may_leave_things_out(tmp_path: Path) -> None:
    counts = counts_of(2500, 2)
    (tmp_path / "r1.dat").write_bytes(b"\0" * 6 + counts.astype("<i2").tobytes())
    (tmp_path / "r1.hea").write_text("# made by hand\nr1 2 250 2500\nr1.dat 16+6 0\nr1.dat 16+6 0\n")
    with open_recording(tmp_path / "r1") as recording:
        assert recording.leads == ("signal 1", "signal 2")
        np.testing.assert_allclose(recording.read(1, 0, 2500), counts[:, 1] / 200, atol=1e-6)  # and the gain
    (tmp_path / "r1.dat").write_bytes(b"\0" * 400 + counts.astype("<i2").tobytes())
    (tmp_path / "r1.hea").write_text("r1 2 250\nr1.dat 16+400 0\nr1.dat 16+400 0\n")  # how long it is, too
    with open_recording(tmp_path / "r1") as recording:
        assert recording.n_samples == 2500


@pytest.mark.parametrize("first", ["r1 2", "r1 2 250", "r1 2 250 0", "renamed 2 250 2500"])
def test_a_header_may_leave_out_how_long_the_record_is(tmp_path: Path, first: str) -> None:
    write_wfdb(tmp_path)
    lines = (tmp_path / "r1.hea").read_text().splitlines()
    (tmp_path / "r1.hea").write_text("\n".join([first, *lines[1:]]))
    with open_recording(tmp_path / "r1") as recording:
        assert (recording.n_samples, recording.rate_hz) == (2500, 250)
        np.testing.assert_allclose(recording.read(1, 40, 60), (counts_of(2500, 2)[40:60, 1] - 100) / 200, atol=1e-6)


def test_leads_of_one_name_get_their_number(tmp_path: Path) -> None:
    write_wfdb(tmp_path, leads=("II", "II"))
    with open_recording(tmp_path / "r1") as recording:
        assert recording.leads == ("II", "II (2)")


@pytest.mark.parametrize(
    ("seconds", "rate", "fine"), [(5, 80, True), (4.9, 80, False), (30, 79, False), (6, 20_001, False)]
)
def test_rate_and_length_have_limits(seconds: float, rate: float, fine: bool) -> None:
    if fine:
        assert in_memory("x", np.zeros(round(seconds * rate)), rate, ("II",)).duration_s == seconds
        return
    with pytest.raises(RecordError, match=r"at least 5 s|between 80 and 20,000 Hz"):
        in_memory("x", np.zeros(round(seconds * rate)), rate, ("II",))


def test_a_day_is_read_and_more_than_that_is_not() -> None:
    def long(hours: float) -> Recording:
        return Recording("x", 100.0, round(hours * 360_000), ("II",), lambda *_: np.zeros(1, np.float32))

    assert check_recording(long(26)).duration_s == 26 * 3600
    with pytest.raises(RecordError, match=r"at most 26 hours\. Found: 26\.1 hours"):
        check_recording(long(26.1))
    with pytest.raises(RecordError, match="at least one lead"):
        check_recording(replace(long(1), leads=()))


def _packed(counts: npt.NDArray[np.int64], stored: str) -> bytes:
    """One lead as PhysioNet's signal(5) says it is stored; the number of samples is a multiple of 6."""
    ten = (counts & 0x3FF).reshape(-1, 3)
    twelve = (counts & 0xFFF).reshape(-1, 2)
    if stored == "24":
        return (counts & 0xFFFFFF).astype("<u4").view("u1").reshape(-1, 4)[:, :3].tobytes()
    if stored == "212":
        high = twelve[:, 0] >> 8 | twelve[:, 1] >> 8 << 4
        return np.stack([twelve[:, 0] & 0xFF, high, twelve[:, 1] & 0xFF], axis=1).astype("u1").tobytes()
    if stored == "310":
        words = np.stack([ten[:, 0] << 1 | (ten[:, 2] & 0x1F) << 11, ten[:, 1] << 1 | ten[:, 2] >> 5 << 11], axis=1)
        return words.astype("<u2").tobytes()
    if stored == "311":
        return (ten[:, 0] | ten[:, 1] << 10 | ten[:, 2] << 20).astype("<u4").tobytes()
    kinds = {"16": ("<i2", 0), "32": ("<i4", 0), "61": (">i2", 0), "80": ("u1", 128), "160": ("<u2", 32768)}
    kind, shift = kinds[stored]
    return (counts + shift).astype(kind).tobytes()


_BITS = {"16": 16, "24": 24, "32": 32, "61": 16, "80": 8, "160": 16, "212": 12, "310": 10, "311": 10}


@pytest.mark.parametrize(("stored", "bits"), _BITS.items())
def test_every_sample_format_is_read_with_its_missing_samples(tmp_path: Path, stored: str, bits: int) -> None:
    counts = np.round(100 * np.sin(np.arange(2496) / 9)).astype(np.int64)
    signal = counts / 200
    counts[1000:1010], signal[1000:1010] = -(1 << (bits - 1)), np.nan  # the lowest value stands for a missing sample
    (tmp_path / "r1.dat").write_bytes(_packed(counts, stored))
    (tmp_path / "r1.hea").write_text(f"r1 1 250 2496\nr1.dat {stored} 200 16 0 {counts[0]}\n")
    with open_recording(tmp_path / "r1") as recording:
        np.testing.assert_allclose(recording.read(0, 0, 2496), signal, atol=1e-6)
        np.testing.assert_allclose(recording.read(0, 996, 1200), signal[996:1200], atol=1e-6)
    (tmp_path / "r1.dat").write_bytes(_packed(counts, stored)[:-4])
    with pytest.raises(RecordError, match="truncated"), open_recording(tmp_path / "r1"):
        pass
