"""What the commands of all demos have in common: they look at their targets before they work."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from shared.cli import run

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
