"""Where a command writes: refused before the work, written whole, kept where it cannot be; stopped, not lost."""

from __future__ import annotations

import io
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from shared import targets
from shared.errors import HubError, InputError, OptionError


def refused(path: Path, **more: object) -> str:
    with pytest.raises(HubError) as caught:
        targets.check_target(path, **more)  # type: ignore[arg-type]
    return str(caught.value)


def test_what_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"a photo")
    link = tmp_path / "link.png"
    link.symlink_to(photo)
    assert "the folder" in refused(tmp_path)
    assert "existing folder for --csv" in refused(tmp_path / "nowhere" / "g.png", option="--csv")
    assert "existing folder" in refused(photo / "g.png")  # a file is no folder
    assert "too long" in refused(tmp_path / ("g" * 300 + ".png"))
    for own in (photo, tmp_path / "." / "photo.png", link):
        assert "of its own" in refused(own, apart_from=(None, photo))
    assert "of its own" in refused(tmp_path / "new.csv", apart_from=(tmp_path / "new.csv",))  # neither is there yet
    assert ".png, .jpg" in refused(tmp_path / "g.psd", endings=targets.PICTURES)
    targets.check_picture(tmp_path / "g.JPG", apart_from=(photo,))
    targets.check_target(photo)  # an older result may be written over
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.png", "photo.png"]


def test_a_write_protected_file_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "g.png"
    path.write_bytes(b"dear to somebody")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everything
    assert "write-protected" in refused(path)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    targets.check_folder(tmp_path / "a" / "b")  # it will be made
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="the file"):
        targets.check_folder(tmp_path / "file" / "b")

    def read_only(**_: object) -> object:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", read_only)
    with pytest.raises(InputError, match="Read-only"):
        targets.check_folder(tmp_path / "a")
    assert "Read-only" in refused(tmp_path / "g.png")


def test_a_picture_is_what_its_name_says(capsys: pytest.CaptureFixture[str]) -> None:
    picture = Image.new("RGBA", (8, 8), (200, 0, 0, 0))
    for ending, format_ in targets.PICTURES.items():
        with Image.open(io.BytesIO(targets.picture_bytes(picture.convert("RGB"), Path(f"g{ending.upper()}")))) as made:
            assert (made.format, made.size) == (format_, (8, 8))
    for ending, kept in ((".png", True), (".webp", True), (".tif", True), (".jpg", False), (".bmp", False)):
        with Image.open(io.BytesIO(targets.picture_bytes(picture, Path(f"g{ending}")))) as made:
            assert made.convert("RGBA").getpixel((4, 4))[3] == (0 if kept else 255)  # type: ignore[index]
            told = capsys.readouterr().err
            assert ("lies on white" in told) is not kept
            if not kept:
                assert made.convert("RGB").getpixel((4, 4)) == (255, 255, 255)


def test_files_are_written_whole_and_keep_their_mode(tmp_path: Path) -> None:
    path, link = tmp_path / "g.txt", tmp_path / "link.txt"
    path.write_text("before")
    path.chmod(0o640)
    link.symlink_to(path)
    targets.save([("--out", link, "José, 王小明"), ("--costs", None, "nobody asked")])
    assert link.is_symlink()
    assert path.read_text(encoding="utf-8") == "José, 王小明"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert {entry.name for entry in tmp_path.iterdir()} == {"g.txt", "link.txt"}


def test_what_cannot_be_written_at_the_end_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    gone = tmp_path / "gone" / "g.png"  # the folder was there before the work
    with pytest.raises(InputError, match="What was made is in") as caught:
        targets.save([("--out", gone, b"hours of work"), ("--costs", tmp_path / "c.csv", "1,2")])
    (kept,) = tmp_path.glob("convhub-kept-*/g.png")
    assert str(kept) in str(caught.value)
    assert kept.read_bytes() == b"hours of work"
    assert (tmp_path / "c.csv").read_text() == "1,2"  # one failure costs nothing else


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_the_second_interrupts(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(number)
    with targets.stoppable("Stopping soon.") as stopped:
        assert not stopped()
        signal.raise_signal(number)
        assert stopped()
        assert capsys.readouterr().err == "Stopping soon.\n"
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) is before


@pytest.fixture
def _ignored() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_ignored")
def test_a_signal_that_the_shell_ignores_stays_ignored() -> None:
    with targets.stoppable() as stopped:
        signal.raise_signal(signal.SIGINT)
        assert not stopped()


def test_another_ending_is_an_option_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"\.npz"):
        targets.check_target(tmp_path / "digits.png", "--npz", endings=(".npz", ""))
