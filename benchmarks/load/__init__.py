"""A hub to be measured, in a process of its own, and clients that it takes for visitors with browsers of their own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from gradio_client import Client

ROOT = Path(__file__).resolve().parent.parent.parent
START_S = 120.0  # that the hub may take to answer
WAIT_S = 900.0  # that one answer may take


@contextlib.contextmanager
def started(*options: str) -> Iterator[tuple[str, int]]:
    """``python app.py --offline OPTIONS``: its address and its process's number; ended with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"GRADIO_TEMP_DIR": folder, "GRADIO_ANALYTICS_ENABLED": "False"}
        log = Path(folder) / "hub.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "app.py", "--offline", "--port", str(port), *options],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
            )
        try:
            _wait(url, process)
            yield url, process.pid
        finally:
            process.terminate()
            process.wait()
            told = log.read_text(errors="replace")
            if "Traceback" in told:
                sys.stderr.write(f"the hub's log has errors:\n{told[-4000:]}\n")


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=30):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"the hub at {url} does not answer")


def visitor(url: str) -> Client:
    """A client with a cookie of its own: a browser, as far as the hub knows."""
    with urllib.request.urlopen(url, timeout=WAIT_S) as page:
        name, _, value = (page.headers.get("set-cookie") or "").partition(";")[0].partition("=")
    return Client(url, verbose=False, httpx_kwargs={"timeout": WAIT_S, "cookies": {name: value} if name else {}})


def together(works: Iterable[Callable[[], object]]) -> None:
    """Do all ``works`` at once, each in a thread; returns when the last is done."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
