"""Files of the hub, through huggingface-hub, from a local server that imitates its ``resolve`` addresses."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.errors import DownloadError, HashError, ResourceError
from shared.registry.types import HubFile, Record
from shared.weights import ensure, http
from tests.shared.server import Server, Visit, hub, serve, status, whole
from tests.shared.weights.test_download import DATA, SHA, left_in, release_record

SOURCE = HubFile(repo="someone/model", filename="folder/model.bin")


def hub_record() -> Record:
    return Record(**(vars(release_record("none")) | {"origin": SOURCE}))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 5)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", True)
    monkeypatch.setattr(time, "sleep", lambda _: None)  # huggingface-hub pauses for seconds between its attempts
    monkeypatch.setattr(http, "_PAUSE", 0.01)


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("CONVHUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "weights" / "test"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serve(hub(DATA, SHA)) as server:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield server


def test_a_file_comes_from_the_hub(site: Server, folder: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    (path,) = ensure(hub_record(), report=lambda *step: steps.append(step))
    assert path.read_bytes() == DATA
    assert left_in(folder) == ["model.bin"]
    assert {path for _, path, _ in site.seen} == {"/someone/model/resolve/main/folder/model.bin"}
    assert steps[-1][1:] == (len(DATA), len(DATA))


def test_wrong_bytes(site: Server, folder: Path) -> None:
    lie = b"!" + DATA[1:]
    site.behaviour = hub(lie, SHA)
    with pytest.raises(HashError, match=f"{SHA}.*{hashlib.sha256(lie).hexdigest()}"):
        ensure(hub_record())
    assert left_in(folder) == []


@pytest.mark.parametrize(
    ("code", "headers", "words"),
    [
        (404, {"X_Error_Code": "EntryNotFound"}, "404"),
        (404, {"X_Error_Code": "RepoNotFound"}, "404"),
        (401, {"X_Error_Code": "GatedRepo"}, "401"),
        (401, {}, "401"),
        (403, {}, "403"),
        (500, {}, "500"),
    ],
)
def test_an_error_status(site: Server, folder: Path, code: int, headers: dict[str, str], words: str) -> None:
    site.behaviour = status(code, **headers)
    with pytest.raises(DownloadError, match=words) as caught:
        ensure(hub_record())
    assert "folder/model.bin from someone/model on the hub" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert left_in(folder) == []


def test_no_hub_at_all_is_told_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(DownloadError, match="ConnectError"):
        ensure(hub_record())
    assert pauses == []
    assert left_in(folder) == []


def test_something_that_is_no_hub(site: Server, folder: Path) -> None:
    site.behaviour = whole(b"<html>Please log in</html>")
    with pytest.raises(DownloadError, match="X-Repo-Commit"):
        ensure(hub_record())
    assert left_in(folder) == []


def test_a_cut_is_tried_again_within_the_call(site: Server, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    def cut_once(visit: Visit) -> None:
        visit.answer(200, DATA[:5000], Content_Length=len(DATA), X_Repo_Commit="a" * 40, ETag=f'"{SHA}"')
        visit.hang_up()

    site.script = [site.behaviour, site.behaviour, cut_once, whole(DATA)]
    with caplog.at_level(logging.CRITICAL, "huggingface_hub"):
        (path,) = ensure(hub_record())
    assert path.read_bytes() == DATA
    assert [method for method, _, _ in site.seen] == ["HEAD", "HEAD", "GET", "GET"]


def test_a_file_cut_short_for_good(site: Server, folder: Path) -> None:
    def short(visit: Visit) -> None:
        length = len(DATA) if visit.command == "HEAD" else 1000
        visit.answer(200, DATA[:1000], Content_Length=length, X_Repo_Commit="a" * 40, ETag=f'"{SHA}"')

    site.behaviour = short
    with pytest.raises(DownloadError, match="Consistency check failed"):
        ensure(hub_record())
    assert left_in(folder) == []


def test_a_full_disk_is_the_disks_fault(site: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    from huggingface_hub import file_download

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(file_download, "http_get", full)
    with pytest.raises(ResourceError, match="a full disk"):
        ensure(hub_record())
    assert left_in(folder) == []


@pytest.mark.parametrize("broken", [status(404), whole(b"other bytes"), status(503)], ids=["404", "wrong", "503"])
def test_the_mirror_is_asked_when_the_release_fails(site: Server, folder: Path, broken: object) -> None:
    with serve(broken) as release:  # type: ignore[arg-type]
        (path,) = ensure(release_record(release.url, mirror=SOURCE))
    assert path.read_bytes() == DATA
    assert left_in(folder) == ["model.bin"]


def test_the_mirror_is_not_asked_when_the_release_works(site: Server, folder: Path) -> None:
    with serve(whole(DATA)) as release:
        ensure(release_record(release.url, mirror=SOURCE))
    assert site.seen == []


def test_release_and_mirror_both_fail(site: Server, folder: Path) -> None:
    site.behaviour = status(404, X_Error_Code="EntryNotFound")
    with serve(status(503)) as release, pytest.raises(DownloadError, match=r"HTTP 503.*; then .*404"):
        ensure(release_record(release.url, mirror=SOURCE))
    assert left_in(folder) == []
