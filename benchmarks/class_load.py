"""A class of 40 at once: every student verifies, recognises, draws digits, asks for shapes and reads the status.

    python -m benchmarks.class_load [--users 40] [--rounds 3] [--url http://...] [--pause 0] [--json]

Starts the hub (or uses the one at ``--url``), lets one user go through the requests alone, then ``--users`` at the same
time, each with a session of his own, without pauses unless ``--pause`` says how long a student looks at an answer.
Printed per request: the median and the 95th percentile of the latency, for one user and for the class; then errors,
answers per second, and how much the hub's memory grew. Every answer is checked.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from gradio_client import Client, handle_file

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "apps" / "face" / "samples"
OBAMA, OBAMA_2, BIDEN = (str(SAMPLES / name) for name in ("obama.jpg", "obama2.jpg", "biden.jpg"))
_START_S = 120.0  # that the hub may take to answer
_WAIT_S = 600.0  # that one answer may take


@dataclass
class Tally:
    """What was seen; many threads add to it."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    took_s: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, seconds: float) -> None:
        """One answer."""
        with self.lock:
            self.seconds.setdefault(name, []).append(seconds)

    def fail(self, name: str, error: object) -> None:
        """One answer that did not come, or was wrong."""
        with self.lock:
            self.errors.append(f"{name}: {type(error).__name__} {error}"[:300])


def _verify(client: Client) -> bool:
    answer = client.predict(handle_file(OBAMA), handle_file(OBAMA_2), api_name="/verify")
    return bool(answer["same"])


def _enroll(client: Client) -> bool:
    answer = client.predict(handle_file(OBAMA), "Barack", api_name="/enroll")
    return any(one["name"] == "Barack" and one["photos"] == 1 for one in answer["people"])


def _identify(client: Client) -> bool:
    answer = client.predict(handle_file(OBAMA_2), api_name="/identify")
    return bool(answer["people"] == 1 and answer["faces"][0]["name"] == "Barack")  # nobody else's gallery is seen


def _stranger(client: Client) -> bool:
    answer = client.predict(handle_file(BIDEN), api_name="/identify")
    return answer["faces"][0]["name"] is None


def _digits(client: Client) -> bool:
    picture, _ = client.predict("2026", 7, 4.0, api_name="/sample_digits")
    return picture is not None


def _shapes(client: Client) -> bool:
    answer = client.predict("14x14x3", "5x5x3,16", "1", "valid", "1", api_name="/conv_shapes")
    return bool(answer["agrees"])


def _status(client: Client) -> bool:
    return "waiting" in client.predict(api_name="/status")


REQUESTS: dict[str, Callable[[Client], bool]] = {
    "enroll": _enroll,
    "verify": _verify,
    "identify": _identify,
    "identify a stranger": _stranger,
    "sample_digits": _digits,
    "conv_shapes": _shapes,
    "status": _status,
}


def main() -> None:
    """Start the hub, measure one user and the class, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pause", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--url", help="a hub that runs already, on this machine or another")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with contextlib.nullcontext((options.url, None)) if options.url else _hub() as (url, pid):
        _run(url, 1, 1, 0.0)  # loads the networks
        one = _run(url, 1, options.rounds, 0.0)
        before = _memory(pid)
        many = _run(url, options.users, options.rounds, options.pause)
        found = _figures(one, many, options, before, _memory(pid))
    print(json.dumps(found, indent=1)) if options.json else _print(found)
    if many.errors:
        raise SystemExit(f"{len(many.errors)} errors, the first: {many.errors[0]}")


@contextlib.contextmanager
def _hub() -> Iterator[tuple[str, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"GRADIO_TEMP_DIR": folder, "GRADIO_ANALYTICS_ENABLED": "False"}
        process = subprocess.Popen(
            [sys.executable, "app.py", "--offline", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait(url, process)
            yield url, process.pid
        finally:
            process.terminate()
            process.wait()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=30):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"the hub at {url} does not answer")


def _run(url: str, users: int, rounds: int, pause_s: float) -> Tally:
    """``users`` sessions, opened beforehand, each making every request ``rounds`` times, in an order of its own."""
    tally = Tally()
    clients: list[Client] = []
    opening = [threading.Thread(target=lambda: clients.append(_open(url, tally))) for _ in range(users)]
    _together(opening)
    start = time.perf_counter()
    _together(
        [
            threading.Thread(target=_student, args=(client, number, rounds, pause_s, tally))
            for number, client in enumerate(clients)
        ]
    )
    tally.took_s = time.perf_counter() - start
    return tally


def _together(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _open(url: str, tally: Tally) -> Client:
    start = time.perf_counter()
    client = Client(url, verbose=False, httpx_kwargs={"timeout": _WAIT_S})
    tally.add("open", time.perf_counter() - start)
    return client


def _student(client: Client, number: int, rounds: int, pause_s: float, tally: Tally) -> None:
    names = [name for name in REQUESTS if name != "enroll"]
    shift = number % len(names)
    for name in ["enroll", *(names[shift:] + names[:shift]) * rounds]:
        start = time.perf_counter()
        try:
            right = REQUESTS[name](client)
        except Exception as error:  # noqa: BLE001 - whatever a student meets is counted
            tally.fail(name, error)
            continue
        tally.add(name, time.perf_counter() - start)
        if not right:
            tally.fail(name, ValueError("a wrong answer"))
        time.sleep(pause_s)


def _memory(pid: int | None) -> int | None:
    return None if pid is None else int(psutil.Process(pid).memory_info().rss)


def _figures(
    one: Tally, many: Tally, options: argparse.Namespace, before: int | None, after: int | None
) -> dict[str, Any]:
    rows = {
        name: {
            "n": len(many.seconds.get(name, [])),
            "one_median": statistics.median(one.seconds[name]),
            "median": statistics.median(many.seconds[name]),
            "p95": statistics.quantiles(many.seconds[name], n=20)[-1],
        }
        for name in ("open", *REQUESTS)
        if len(many.seconds.get(name, [])) > 1 and name in one.seconds
    }
    answers = sum(len(seconds) for name, seconds in many.seconds.items() if name != "open")
    alone = sum(len(seconds) for name, seconds in one.seconds.items() if name != "open")
    return {
        "users": options.users,
        "rounds": options.rounds,
        "pause_s": options.pause,
        "requests": rows,
        "errors": len(many.errors) + len(one.errors),
        "answers": answers,
        "answers_per_second": answers / many.took_s,
        "answers_per_second_alone": alone / one.took_s,
        "memory_before": before,
        "memory_growth": None if before is None or after is None else after - before,
    }


def _print(found: dict[str, Any]) -> None:
    print(f"{found['users']} users, {found['rounds']} rounds: {found['answers']} answers, {found['errors']} errors")
    print(f"{'request':20} {'n':>5} {'one user':>10} {'median':>9} {'p95':>9} {'ratio':>7}")
    for name, row in found["requests"].items():
        ratio = row["median"] / row["one_median"]
        print(
            f"{name:20} {row['n']:>5} {row['one_median']:>8.2f} s {row['median']:>7.2f} s {row['p95']:>7.2f} s "
            f"{ratio:>6.1f}x"
        )
    rate, alone = found["answers_per_second"], found["answers_per_second_alone"]
    print(f"{rate:.1f} answers per second, one user alone {alone:.1f}: {rate / alone:.2f} times")
    if found["memory_growth"] is not None:
        print(f"memory {found['memory_before'] / 1e6:.0f} MB, grown by {found['memory_growth'] / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
