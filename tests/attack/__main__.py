"""``python -m tests.attack``: start a hub on this machine, attack it, and say what became of it."""

from __future__ import annotations

import argparse
import collections
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import httpx
import psutil

from tests.attack.fuzz import Report, fuzz
from tests.conftest import free_port

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Attack and report; 1 if anything went wrong."""
    options = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    options.add_argument("--calls", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "hub.log"
        port = free_port()
        with log.open("wb") as output:
            command = [sys.executable, "app.py", "--offline", "--port", str(port)]
            variables = os.environ | {"GRADIO_TEMP_DIR": folder}
            hub = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env=variables)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_up(url)
            report = fuzz(url, chosen.calls, chosen.seed, say=partial(print, flush=True))
            alive = hub.poll() is None
            process = psutil.Process(hub.pid)
            print(f"memory {process.memory_info().rss / 1e6:.0f} MB, {process.num_threads()} threads, "
                  f"{process.num_fds()} open files")  # fmt: skip
        finally:
            hub.kill()
        text = log.read_text(errors="replace")
    return tell(report, text.count("Traceback (most recent call last)"), text, alive=alive)


def tell(report: Report, tracebacks: int, log: str, *, alive: bool) -> int:
    """Print the figures; the exit status."""
    print(f"{report.calls} calls: {dict(report.answers)}; {tracebacks} tracebacks")
    print(f"slowest: {report.slowest_s:.1f} s, {report.slowest[:200]}")
    kinds = collections.Counter(fault[:60] for fault in report.faults)
    for fault in report.faults[:60]:
        print("  ", fault)
    print(f"{len(report.faults)} faults of {len(kinds)} kinds; the hub is {'alive' if alive else 'DEAD'}")
    if tracebacks:
        print(log[log.index("Traceback") - 300 :][:6000])
    return int(bool(report.faults or tracebacks or not alive))


def wait_until_up(url: str) -> None:
    """Wait until the hub answers."""
    for _ in range(600):
        try:
            if httpx.get(f"{url}/healthz", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise SystemExit("the hub does not start")


if __name__ == "__main__":
    sys.exit(main())
