"""Servers in processes of their own: the hub and others, for tests, attacks and measurements."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import psutil

ROOT = Path(__file__).resolve().parent.parent
_TRACEBACK = "Traceback (most recent call last)"
_PATIENCE_S = 180.0  # that a server may take to answer


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A command of this Python that answers at ``url`` when this is made; it ends with the block."""

    def __init__(
        self,
        command: Sequence[str],
        port: int,
        log: Path,
        *,
        ready: str = "",
        environment: Mapping[str, str] = {},
        scheme: str = "http",
    ) -> None:
        """Start ``command``, which is to listen on ``port`` of this machine, and wait until ``ready`` is answered.

        Args:
            command: arguments of ``python``, run in the project's folder.
            port: of 127.0.0.1.
            log: file that takes what it prints, after what it holds already.
            ready: path that is answered with status 200 when the server is up.
            environment: variables besides this process's own.
            scheme: "https" asks without looking at the certificate whether it is up.

        Raises:
            RuntimeError: it ended, or did not answer within three minutes.
        """
        self.log = log
        self.url = f"{scheme}://127.0.0.1:{port}"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=os.environ | environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=_ignore_ctrl_c,  # as a shell does for what it starts in the background
            )
        self._wait_until_up(f"{self.url}/{ready}")

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self, number: int = signal.SIGTERM, patience_s: float = 10.0) -> int:
        """Send the signal ``number`` and, if it has not ended after ``patience_s``, ``kill -9``; its exit status."""
        self.process.send_signal(number)
        try:
            return self.process.wait(timeout=patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    @property
    def alive(self) -> bool:
        """Whether it has not ended by itself."""
        return self.process.poll() is None

    def said(self) -> str:
        """Its log."""
        return self.log.read_text(errors="replace")

    def tracebacks(self) -> int:
        """How many tracebacks the log holds."""
        return self.said().count(_TRACEBACK)

    def first_traceback(self) -> str:
        """The log around the first traceback."""
        said = self.said()
        return said[max(0, said.find(_TRACEBACK) - 300) :][:6000]

    def resources(self) -> tuple[float, int, int]:
        """Memory in MB (what it holds itself and shares with nobody), threads, open files."""
        process = psutil.Process(self.process.pid)
        return process.memory_full_info().uss / 1e6, process.num_threads(), process.num_fds()

    def _wait_until_up(self, url: str) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        unchecked = ssl._create_unverified_context() if url.startswith("https") else None
        while time.monotonic() < deadline and self.alive:
            try:
                with urllib.request.urlopen(url, timeout=30, context=unchecked) as answer:
                    answer.read()
                return
            except OSError:
                time.sleep(0.02)
        ended, said = self.process.poll(), self.said()  # whose folder may go with it
        self.end(signal.SIGKILL)
        raise RuntimeError(f"{url} does not answer ({ended}); the log ends with:\n{said[-4000:]}")


class Hub(Server):
    """``python app.py --offline ARGUMENTS``, ready to answer when this is made."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        files: Path | None = None,
        ready: str = "healthz",
        scheme: str = "http",
        **environment: str,
    ) -> None:
        """``folder`` takes the log and the cache, ``files`` (or a folder in it) the uploads."""
        self.files = files or folder / "files"
        port = free_port()
        ours = {"GRADIO_TEMP_DIR": str(self.files), "CONVHUB_CACHE": str(folder / "cache")}
        super().__init__(
            ["app.py", "--offline", "--port", str(port), *arguments],
            port,
            folder / "hub.log",
            ready=ready,
            environment=ours | {"GRADIO_ANALYTICS_ENABLED": "False"} | environment,
            scheme=scheme,
        )


class PassingHub(Hub):
    """A hub in a temporary folder that goes with it."""

    def __init__(self, *arguments: str, ready: str = "healthz") -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        super().__init__(Path(self._folder.name), *arguments, ready=ready)

    def end(self, number: int = signal.SIGTERM, patience_s: float = 10.0) -> int:
        """End it, show on stderr what errors its log holds, and delete the folder."""
        status = super().end(number, patience_s)
        if self.log.exists() and self.tracebacks():
            sys.stderr.write(f"the hub's log has errors:\n{self.said()[-4000:]}\n")
        self._folder.cleanup()
        return status


def _ignore_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
