"""How the hub ends: by SIGTERM, by Ctrl-C in the middle of a painting, by kill -9; and what is left on the disk."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gradio_client import Client, handle_file

from shared.cli import BAD_INPUT
from tools.hub import ROOT, Hub

SAMPLES = ROOT / "apps" / "style" / "samples"
_PATIENCE_S = 120


def files(hub: Hub) -> list[Path]:
    """What lies on the disk for visitors."""
    return [path for path in hub.files.rglob("*") if path.is_file()]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Hub]]:
    hubs: list[Hub] = []

    def one(*arguments: str) -> Hub:
        hubs.append(Hub(tmp_path, *arguments))
        return hubs[-1]

    yield one
    for hub in hubs:
        hub.end(signal.SIGKILL)


@pytest.mark.hub
def test_sigterm_and_the_next_start_leave_nothing_on_the_disk(start: Callable[..., Hub]) -> None:
    def upload(hub: Hub) -> None:
        form = b'--b\r\nContent-Disposition: form-data; name="files"; filename="photo.jpg"\r\n\r\nx\r\n--b--\r\n'
        kind = {"content-type": "multipart/form-data; boundary=b"}
        urllib.request.urlopen(urllib.request.Request(f"{hub.url}/gradio_api/upload", form, kind), timeout=60).close()
        assert [path.name for path in files(hub)] == ["photo.jpg"]

    killed = start("--tabs", "conv")
    upload(killed)
    killed.end(signal.SIGKILL)
    assert len(files(killed)) == 1  # nobody was there to delete it
    hub = start("--tabs", "conv")
    assert files(hub) == []
    upload(hub)
    assert hub.end(signal.SIGTERM, _PATIENCE_S) == 0
    assert list(hub.files.iterdir()) == []


@pytest.mark.hub
def test_ctrl_c_in_the_middle_of_a_painting_is_no_crash(start: Callable[..., Hub]) -> None:
    hub = start("--tabs", "style")
    photos = [handle_file(str(SAMPLES / name)) for name in ("cat.jpg", "ink.jpg")]
    job = Client(hub.url, verbose=False).submit(*photos, size=64, iterations=1000, api_name="/stylize")
    deadline = time.monotonic() + _PATIENCE_S
    while not job.outputs() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert job.outputs(), hub.said()[-2000:]
    assert hub.end(signal.SIGINT, _PATIENCE_S) == 0
    log = hub.said()
    assert "terminate called" not in log
    assert "Traceback" not in log
    assert list(hub.files.iterdir()) == []


@pytest.mark.hub
def test_a_gallery_that_is_none_is_said_before_the_start(tmp_path: Path) -> None:
    junk = tmp_path / "class.sqlite3"
    junk.write_text("shopping list")
    command = [sys.executable, "app.py", "--offline", "--gallery", str(junk)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (BAD_INPUT, 1), done.stderr
    assert "class.sqlite3" in done.stderr
    assert junk.read_text() == "shopping list"
