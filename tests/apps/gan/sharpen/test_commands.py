"""``python -m apps.gan upscale``, and the core of ``/upscale``."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from apps.gan.__main__ import main
from apps.gan.sharpen import commands
from apps.gan.sharpen.commands import enlarge
from apps.gan.ui.sharpen import restore_photo
from shared.cli import run
from shared.errors import OptionError


def status(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        run(main, ["upscale", *arguments])
    return int(end.value.code or 0)


@pytest.fixture
def photo(tmp_path: Path, cat: Image.Image) -> Path:
    path = tmp_path / "cat.png"
    cat.crop((0, 0, 24, 16)).save(path)
    return path


def test_a_photo_is_written_four_times_as_large(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "large.png"
    assert status(str(photo), "--out", str(out), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    with Image.open(out) as written:
        assert (written.format, written.size) == ("PNG", (96, 64))
        assert np.array_equal(np.asarray(written), np.asarray(enlarge(photo).picture))
    assert told["model"] == "gan"
    assert (told["width"], told["height"], told["from_width"], told["from_height"]) == (96, 64, 24, 16)
    assert told["seconds"] > 0
    assert told["expected_s"] > 0
    assert told["out"] == str(out)


@pytest.mark.parametrize("model", ["small", "bicubic"])
def test_other_ways(model: str, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(str(photo), "--out", str(tmp_path / "x.png"), "--model", model) == 0
    streams = capsys.readouterr()
    assert streams.out == ""
    assert f"96 x 64 pixels by {model}" in streams.err


def test_a_photo_is_restored_and_compared(cat: Image.Image, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "cat.png", tmp_path / "beside.png"
    cat.crop((0, 0, 96, 64)).save(path)
    (asked,) = deque(restore_photo(str(path), 24), maxlen=1)
    with pytest.raises(SystemExit) as end:
        run(main, ["restore", str(path), "--side", "24", "--out", str(out), "--json"])
    assert not end.value.code
    told = json.loads(capsys.readouterr().out)
    for one in (*told["restored"], *asked["restored"]):
        assert one.pop("seconds") >= 0
    assert told["restored"] == [pytest.approx(one) for one in asked["restored"]]
    assert (told["width"], told["from_height"]) == (96, 16)
    assert [one["way"] for one in told["restored"]] == ["bicubic", "small", "gan"]
    with Image.open(out) as beside:
        assert beside.size == (4 * 96, 64)
    with pytest.raises(OptionError, match="--side"):
        main(["restore", str(path), "--side", "97"])


def test_bad_input_is_one_line_and_exit_status_2(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "x.png")
    for arguments, words in (
        ([str(photo), "--out", out, "--model", "magic"], "gan, small, bicubic"),
        ([str(photo), "--out", str(tmp_path / "no" / "x.png")], "existing folder for --out"),
        ([str(photo), "--out", str(tmp_path)], "a file for --out"),
        ([str(tmp_path / "no.png"), "--out", out], "no file no.png"),
        ([str(photo)], "--out"),
    ):
        assert status(*arguments) == 2
        streams = capsys.readouterr()
        assert words in streams.err
        assert streams.err.count("\n") == 1
        assert streams.out == ""
    assert not Path(out).exists()


def test_time_and_progress_are_told(photo: Path) -> None:
    expected: list[float] = []
    done: list[float] = []
    enlarge(photo, model="small", expected=expected.append, progress=lambda step: done.append(step.fraction))
    assert len(expected) == 1
    assert expected[0] > 0
    assert done[-1] == 1


def test_ctrl_c_says_that_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "enlarge", stopped)
    with pytest.raises(KeyboardInterrupt, match="nothing is written"):
        commands.upscale_to(tmp_path / "photo.png", tmp_path / "large.png")
    assert not list(tmp_path.iterdir())


def test_a_transparent_photo_stays_transparent() -> None:
    logo = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    logo.paste((200, 40, 40, 255), (4, 4, 12, 12))
    large = commands.enlarge(logo, model="bicubic").picture
    assert (large.mode, large.size) == ("RGBA", (64, 64))
    assert [large.getpixel(at)[3] for at in ((2, 2), (32, 32))] == [0, 255]  # type: ignore[index]
