"""``python -m shared.weights list | fetch | verify`` as a shell sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared import registry
from shared.cli import BAD_INPUT, run
from shared.registry.types import Bundled, Record
from shared.weights import __main__ as command
from tests.shared.server import serve, status, whole
from tests.shared.weights.test_download import DATA, release_record

ROOT = Path(__file__).parents[3]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command; returns its exit status, stdout and stderr."""

    def run_one(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            run(command.main, list(arguments))
        captured = capsys.readouterr()
        return int(left.value.code or 0), captured.out, captured.err

    return run_one


def register(monkeypatch: pytest.MonkeyPatch, *records: Record) -> None:
    monkeypatch.setattr(registry, "records", lambda task=None: records)


def test_the_real_registry_from_a_shell() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "shared.weights", "list", "--json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    rows = json.loads(done.stdout)["weights"]
    assert [row["name"] for row in rows] == [record.name for record in registry.records()]
    assert all(row["state"] == "ok" for row in rows if row["origin"] in ("bundled", "package"))


def test_list_for_people(call: Any) -> None:
    code, out, err = call("list")
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == len(registry.records())


def test_verify_passes_on_this_repository(call: Any) -> None:
    code, out, err = call("verify", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["ok"] is True


def test_verify_names_what_is_wrong(call: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CONVHUB_WEIGHTS", str(tmp_path))
    broken = replace(release_record("none"), origin=Bundled(made_by="make weights"))
    register(monkeypatch, broken)
    for content, got in ((None, "got no file"), (b"short", "got 5 bytes")):
        if content is not None:
            (tmp_path / "test").mkdir()
            (tmp_path / "test/model.bin").write_bytes(content)
        code, out, err = call("verify", "--json")
        assert code == BAD_INPUT
        assert json.loads(out)["ok"] is False
        assert err.count("\n") == 1
        assert got in err
        assert broken.files[0].sha256 in err
        assert call("verify")[0] == BAD_INPUT


def test_fetch(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(whole(DATA)) as server:
        register(monkeypatch, release_record(server.url))
        for arguments in (("fetch", "test/model"), ("fetch", "model"), ("fetch", "--all")):
            code, out, err = call(*arguments)
            assert (code, err) == (0, "")
            assert out.startswith("test/model: ")
            assert out.endswith("model.bin\n")
        code, out, err = call("fetch", "--all", "--json")
        assert (code, err) == (0, "")
        assert json.loads(out)["failed"] == {}


def test_a_fetch_that_fails_says_so_on_one_line(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(whole(DATA)) as server, serve(status(404)) as broken:
        bad = release_record(broken.url, name="test/bad")
        bad = replace(bad, files=(replace(bad.files[0], path="test/bad.bin"),))
        register(monkeypatch, release_record(server.url), bad)
        code, out, err = call("fetch", "test/bad")
        assert (code, out, err.count("\n")) == (BAD_INPUT, "", 1)
        assert err.startswith("Needed: test/bad.bin on 127.0.0.1. Found: HTTP 404")
        code, out, err = call("fetch", "--all")
        assert (code, out.count("\n"), err.count("\n")) == (BAD_INPUT, 1, 1)
        assert "test/bad" in err
        code, out, err = call("fetch", "--all", "--json")
        assert (code, err.count("\n")) == (BAD_INPUT, 1)
        answer = json.loads(out)
        assert list(answer["files"]) == ["test/model"]
        assert "HTTP 404" in answer["failed"]["test/bad"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "required"),
        (("burn",), "invalid choice"),
        (("fetch",), "one name after fetch, or --all"),
        (("fetch", "x", "--all"), "one name after fetch, or --all"),
        (("fetch", "nobody"), "face/resnet29-128d"),
        (("verify", "nobody"), "face/resnet29-128d"),
        (("list", "--nonsense"), "unrecognized"),
    ],
)
def test_bad_input_is_one_line_and_2(call: Any, arguments: tuple[str, ...], words: str) -> None:
    code, out, err = call(*arguments)
    assert (code, out, err.count("\n")) == (BAD_INPUT, "", 1)
    assert words in err
