"""Training data is downloaded where it is missing, into place only when it is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from apps.ekg.aami import DS1
from apps.ekg.formats.wfdb_package import wfdb_package
from apps.ekg.training.sources import ensure_records, parse_records
from shared.errors import DownloadError, OfflineError, OptionError


def _files(folder: Path, name: str) -> None:
    for ending in ("hea", "dat", "atr"):
        (folder / f"{name}.{ending}").write_text(f"{name} {ending}")


def test_what_is_there_is_not_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wfdb_package(), "dl_database", lambda *_, **__: pytest.fail("asked the network"))
    _files(tmp_path, "101")
    ensure_records(tmp_path, ["101"])


def test_what_is_missing_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def download(database: str, folder: str, *, records: list[str], **_: Any) -> None:
        asked.append((database, records))
        for name in records:
            _files(Path(folder), name)

    monkeypatch.setattr(wfdb_package(), "dl_database", download)
    _files(tmp_path, "101")
    (tmp_path / "101.hea").write_text("mine")
    ensure_records(tmp_path, ["101", "106"])
    assert asked == [("mitdb", ["106"])]
    assert (tmp_path / "106.atr").read_text() == "106 atr"
    assert (tmp_path / "101.hea").read_text() == "mine"


def test_no_network_and_offline_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ConnectionError("no route")

    monkeypatch.setattr(wfdb_package(), "dl_database", fail)
    with pytest.raises(DownloadError, match="physionet"):
        ensure_records(tmp_path, ["106"])
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv("CONVHUB_OFFLINE", "1")
    with pytest.raises(OfflineError, match="106"):
        ensure_records(tmp_path, ["106"])


def test_names_of_records() -> None:
    assert parse_records("101, 106") == ("101", "106")
    assert parse_records("DS1") == DS1
    for text in ("", "../101", "101,/etc/passwd"):
        with pytest.raises(OptionError, match="ds1, ds2"):
            parse_records(text)
