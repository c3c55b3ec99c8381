"""A hub in a process of its own, with its files, its log and what it takes of the machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil

from tests.conftest import free_port

ROOT = Path(__file__).parents[2]
_PATIENCE_S = 180.0


class Running:
    """``python app.py --offline ARGUMENTS``, up when this is made; it ends with the block."""

    def __init__(self, folder: Path, *arguments: str, files: Path | None = None) -> None:
        """``folder`` takes the log, ``files`` (or a folder beside it) the uploads."""
        self.log = folder / "hub.log"
        self.files = files or folder / "files"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "app.py", "--offline", "--port", str(port), *arguments]
        variables = os.environ | {"GRADIO_TEMP_DIR": str(self.files), "CONVHUB_CACHE": str(folder / "cache")}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env=variables)
        self._wait_until_up()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """``kill -9``."""
        self.process.kill()
        self.process.wait()

    @property
    def alive(self) -> bool:
        """Whether it has not ended by itself."""
        return self.process.poll() is None

    def tracebacks(self) -> int:
        """How many tracebacks the log holds."""
        return self.log.read_text(errors="replace").count("Traceback (most recent call last)")

    def first_traceback(self) -> str:
        """The log around the first traceback."""
        text = self.log.read_text(errors="replace")
        return text[max(0, text.find("Traceback (most") - 300) :][:6000]

    def resources(self) -> tuple[float, int, int]:
        """Memory in MB (what it holds itself and shares with nobody), threads, open files."""
        process = psutil.Process(self.process.pid)
        return process.memory_full_info().uss / 1e6, process.num_threads(), process.num_fds()

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline and self.alive:
            try:
                if httpx.get(f"{self.url}/healthz", timeout=5).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.2)
        ended = self.process.poll()
        self.kill()
        raise SystemExit(f"the hub does not start ({ended}): {self.log.read_text(errors='replace')[-2000:]}")
