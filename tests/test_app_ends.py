"""How the hub ends: by SIGTERM, by Ctrl-C in the middle of a painting, by kill -9; and what is left on the disk."""

from __future__ import annotations

import os
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
from tests.conftest import free_port

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "apps" / "style" / "samples"
_PATIENCE_S = 120


def _ignore_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Hub:
    """A hub in a process of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder, self.log = folder / "files", folder / "hub.log"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "app.py", "--offline", "--port", str(port), *arguments],
                cwd=ROOT,
                env=os.environ | {"GRADIO_TEMP_DIR": str(self.folder)},
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=_ignore_ctrl_c,  # as a shell does for what it starts in the background
            )
        self._wait_until_up()

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        pytest.fail(f"the hub does not start: {self.log.read_text()[-2000:]}")

    def end(self, number: signal.Signals) -> int:
        """Send a signal; the exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=_PATIENCE_S)

    def files(self) -> list[Path]:
        """What lies on the disk for visitors."""
        return [path for path in self.folder.rglob("*") if path.is_file()]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Hub]]:
    hubs: list[Hub] = []

    def one(*arguments: str) -> Hub:
        hubs.append(Hub(tmp_path, *arguments))
        return hubs[-1]

    yield one
    for hub in hubs:
        hub.process.kill()
        hub.process.wait()


@pytest.mark.hub
def test_sigterm_and_the_next_start_leave_nothing_on_the_disk(start: Callable[..., Hub]) -> None:
    def upload(hub: Hub) -> None:
        form = b'--b\r\nContent-Disposition: form-data; name="files"; filename="photo.jpg"\r\n\r\nx\r\n--b--\r\n'
        kind = {"content-type": "multipart/form-data; boundary=b"}
        urllib.request.urlopen(urllib.request.Request(f"{hub.url}/gradio_api/upload", form, kind), timeout=60).close()
        assert [path.name for path in hub.files()] == ["photo.jpg"]

    killed = start("--tabs", "conv")
    upload(killed)
    killed.end(signal.SIGKILL)
    assert len(killed.files()) == 1  # nobody was there to delete it
    hub = start("--tabs", "conv")
    assert hub.files() == []
    upload(hub)
    assert hub.end(signal.SIGTERM) == 0
    assert list(hub.folder.iterdir()) == []


@pytest.mark.hub
def test_ctrl_c_in_the_middle_of_a_painting_is_no_crash(start: Callable[..., Hub]) -> None:
    hub = start("--tabs", "style")
    photos = [handle_file(str(SAMPLES / name)) for name in ("cat.jpg", "ink.jpg")]
    job = Client(hub.url, verbose=False).submit(*photos, size=64, iterations=1000, api_name="/stylize")
    deadline = time.monotonic() + _PATIENCE_S
    while not job.outputs() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert job.outputs(), hub.log.read_text()[-2000:]
    assert hub.end(signal.SIGINT) == 0
    log = hub.log.read_text()
    assert "terminate called" not in log
    assert "Traceback" not in log
    assert list(hub.folder.iterdir()) == []


@pytest.mark.hub
def test_a_gallery_that_is_none_is_said_before_the_start(tmp_path: Path) -> None:
    junk = tmp_path / "class.sqlite3"
    junk.write_text("shopping list")
    command = [sys.executable, "app.py", "--offline", "--gallery", str(junk)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (BAD_INPUT, 1), done.stderr
    assert "class.sqlite3" in done.stderr
    assert junk.read_text() == "shopping list"
