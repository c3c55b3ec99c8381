"""The command of the converters: where the files go, and what the registry gets to know."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from shared.registry.types import WeightFile
from shared.settings import weights_dir
from shared.weights.converting import conversion


@pytest.mark.parametrize("chosen", [True, False])
def test_files_go_where_they_belong_or_where_they_are_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, chosen: bool
) -> None:
    folders = []

    def convert(folder: Path) -> list[WeightFile]:
        folders.append(folder)
        return [WeightFile(path="style/a.safetensors", sha256="0" * 64, size=7)]

    monkeypatch.setattr(sys, "argv", ["convert", *(["--out", str(tmp_path)] if chosen else [])])
    with pytest.raises(SystemExit) as ended:
        conversion(convert, "apps.style.vgg.convert", "style")
    assert ended.value.code == 0
    assert folders == [tmp_path if chosen else weights_dir() / "style"]
    assert capsys.readouterr().err == f"style/a.safetensors  7 bytes  {'0' * 64}\n"


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(sys, "argv", ["convert", "--out", str(tmp_path / "file")])
    with pytest.raises(SystemExit) as ended:
        conversion(lambda _: pytest.fail("it began"), "apps.style.vgg.convert", "style")
    assert ended.value.code == 2
    assert "Needed: a folder" in capsys.readouterr().err
