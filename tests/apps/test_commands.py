"""Where commands write: looked at first, in every demo; written whole, kept where it cannot be; stopped, not lost."""

from __future__ import annotations

import importlib
import io
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from shared import targets
from shared.cli import run
from shared.errors import HubError, InputError, OptionError

NOWHERE = "nowhere/at/all"
# (demo, arguments): every command that writes, with a target that cannot be written; what it reads is not there either
WRITING = (
    ("style", "transfer c.png s.png --out {}/g.png"),
    ("style", "transfer c.png s.png --out g.png --costs {}/c.csv"),
    ("style", "transfer c.png s.png --out g.png --recipe {}/r.json"),
    ("style", "now c.png --style dusk --out {}/g.png"),
    ("style", "learn s.png --out {}/mine.safetensors"),
    ("gan", "sample --out {}/digits.png"),
    ("gan", "sample --npz {}/digits.npz"),
    ("gan", "upscale c.png --out {}/g.png"),
    ("gan", "augment --data no-data --out {}/a.json"),
    ("gan", "translate c.png --out {}/night.png"),
    ("gan", "translate-evaluate --data no-data --out {}/n.json"),
    ("ekg", "classify 100 --csv {}/beats.csv"),
    ("ekg", "classify 100 --annotations {}/beats.atr"),
    ("ekg", "train --data no-data --out {}/mine.safetensors"),
)
FOLDERS = (
    ("style", "sheet --out {}"),
    ("gan", "train --data no-data --out {}"),
    ("gan", "train --data no-data --folder {}"),
    ("gan", "translate-train --data no-data --folder {}"),
    ("gan", "translate-bundle --folder no-run --out {}"),
    ("face", "convert --source no.dat --out {}"),
    ("face", "calibrate --images no-photos --pairs no.txt --out {}/figures.json"),
)
ENDINGS = ("style transfer c.png s.png", "style now c.png --style dusk", "gan upscale c.png", "gan translate c.png")


def told(demo: str, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that the command refuses with."""
    with pytest.raises(SystemExit) as ended:
        run(importlib.import_module(f"apps.{demo}.__main__").main, arguments)
    out, err = capsys.readouterr()
    assert (ended.value.code, out, len(err.splitlines())) == (2, "", 1)
    return err


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("demo", "line"), WRITING, ids=[" ".join(pair) for pair in WRITING])
def test_a_target_is_looked_at_before_anything_else(demo: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "existing folder" in told(demo, line.format(NOWHERE).split(), capsys)


@pytest.mark.parametrize(("demo", "line"), FOLDERS, ids=[" ".join(pair) for pair in FOLDERS])
def test_a_folder_that_is_a_file_is_refused_at_once(demo: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("file").touch()
    assert "the file" in told(demo, line.format("file").split(), capsys)


@pytest.mark.parametrize("line", ENDINGS)
def test_an_ending_without_a_format_is_refused_and_the_photo_is_not_written_over(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    demo, *arguments = line.split()
    assert ".png, .jpg" in told(demo, [*arguments, "--out", "g.psd"], capsys)
    assert "of its own" in told(demo, [*arguments, "--out", "./c.png"], capsys)


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
