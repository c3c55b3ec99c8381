"""Several pages behind HAProxy on one machine: ``make replicas N=2``."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.haproxy import Front
from shared.errors import OptionError, ResourceError

ROOT = Path(__file__).resolve().parent.parent
_START_S = 180.0
_LOOK_S = 1.0


def run(
    count: int, options: Sequence[str], *, listen: str, first_port: int, say: Callable[[str], None],
    certificate: Path | None = None,
) -> None:  # fmt: skip
    """Start ``count`` pages with ``options`` of app.py and HAProxy before them, until Ctrl-C.

    A page that ends begins again.

    Raises:
        OptionError: no HAProxy on this machine, or addresses that are none.
        ResourceError: a page does not start.
    """
    program = shutil.which("haproxy")
    if program is None:
        raise OptionError("HAProxy", "none on this machine", "Run for example: apt-get install haproxy")
    folder = Path(tempfile.mkdtemp(prefix="replicas-"))
    ports = range(first_port, first_port + count)
    front = Front(
        listen=listen,
        pages=tuple(f"127.0.0.1:{port}" for port in ports),
        certificate=certificate,
        admin=folder / "admin",
    )
    (folder / "haproxy.cfg").write_text(front.text(), encoding="utf-8")
    environment = os.environ | {"CONVHUB_SECRET": os.environ.get("CONVHUB_SECRET") or secrets.token_hex(32)}
    environment.setdefault("CONVHUB_ALLOW_HOST", "localhost")  # behind a proxy: whose addresses it forwards
    pages = {port: _page(port, options, environment) for port in ports}
    proxy: subprocess.Popen[bytes] | None = None
    try:
        for port, page in pages.items():
            _wait_until_up(port, page)
            say(f"page on 127.0.0.1:{port}, process {page.pid}")
        proxy = subprocess.Popen([program, "-W", "-db", "-f", str(folder / "haproxy.cfg")])
        say(f"HAProxy on {listen}, process {proxy.pid}; {folder / 'haproxy.cfg'}")
        while proxy.poll() is None:
            time.sleep(_LOOK_S)
            for port, page in pages.items():
                if page.poll() is not None:
                    say(f"the page on 127.0.0.1:{port} ended ({page.returncode}); it begins again")
                    pages[port] = _page(port, options, environment)
    finally:
        for process in (*([proxy] if proxy else ()), *pages.values()):
            process.send_signal(signal.SIGTERM)
        for process in (*([proxy] if proxy else ()), *pages.values()):
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _page(port: int, options: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(ROOT / "app.py"), "--host", "127.0.0.1", "--port", str(port), *options]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def _wait_until_up(port: int, page: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and page.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise ResourceError("", f"The page on port {port} did not start", "What it wrote above says why.")
