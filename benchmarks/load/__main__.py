"""A lesson: forty sessions on every tab for minutes, ten of them painting, some closing the page in the middle.

    python -m benchmarks.load [--sessions 40] [--minutes 5] [--pause 4] [--url http://...] [--json] [--keep FILE]

Each session comes with a cookie of its own, does one thing after the other, in an order of its own, and looks at each
answer for about ``--pause`` seconds; every fourth one paints all the time, and leaves one painting in five in the
middle, by Stop or by closing the page. Half of the photos are the same for all. Every answer is checked.

Printed: per request the median and 95th percentile of its latency; for all quick ones together (the aims are 1.5 s and
5 s); errors (none); how long a place was taken after Stop or a closed page (1 s); the hub's memory after 500 requests
and at the end (5 % more at most, from 2,000 requests on), its threads and open files. ``--sessions 1`` is one user.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import statistics
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.load import Visitor, together
from tools.hub import ROOT, PassingHub

FACES = ROOT / "apps" / "face" / "samples"
STYLE = ROOT / "apps" / "style" / "samples"
RECORDING = ROOT / "apps" / "ekg" / "samples" / "208-five-minutes"
OBAMA, OBAMA_2, BIDEN = (FACES / name for name in ("obama.jpg", "obama2.jpg", "biden.jpg"))
_PAINTERS = 4  # every fourth session paints
_LEAVES = 0.2  # of the paintings are left in the middle
_WATCH_S = 1.0  # between two looks at the hub's memory
_AFTER = (500, 2000)  # requests after which memory is compared: what it is in the middle of ...
_NEAR = 150  # ... requests either side, because a picture at work is worth 100 MB for a moment


@dataclass
class Tally:
    """What was seen; many threads add to it."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    freed_s: list[float] = field(default_factory=list)  # from Stop or a closed page to a free place
    hub: list[tuple[int, int, int, int]] = field(default_factory=list)  # requests so far, bytes, threads, open files
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, seconds: float) -> None:
        """One answer."""
        with self.lock:
            self.seconds.setdefault(name, []).append(seconds)

    def fail(self, name: str, error: object) -> None:
        """One answer that did not come, or was wrong."""
        with self.lock:
            self.errors.append(f"{name}: {type(error).__name__} {error}"[:300])

    @property
    def requests(self) -> int:
        """Answers so far."""
        return sum(map(len, self.seconds.values()))


def _verify(client: Visitor) -> bool:
    answer = client.predict(OBAMA, OBAMA_2, api_name="/verify")
    return bool(answer["same"])


def _enroll(client: Visitor) -> bool:
    answer = client.predict(OBAMA, "Barack", api_name="/enroll")
    return any(one["name"] == "Barack" for one in answer["people"])


def _stranger(client: Visitor) -> bool:
    answer = client.predict(BIDEN, api_name="/identify")
    return all(face["name"] is None for face in answer["faces"])  # nobody else's gallery is seen


def _digits(client: Visitor) -> bool:
    picture, _ = client.predict("2026", random.randrange(1000), 4.0, api_name="/sample_digits")
    return picture is not None


def _walk(client: Visitor) -> bool:
    return client.predict(api_name="/interpolate") is not None


def _heartbeats(client: Visitor) -> bool:
    files = [RECORDING.with_suffix(ending) for ending in (".hea", ".dat")]
    return bool(client.predict(files, api_name="/classify_ekg"))


def _shapes(client: Visitor) -> bool:
    answer = client.predict("14x14x3", "5x5x3,16", "1", "valid", "1", api_name="/conv_shapes")
    return bool(answer["agrees"])


def _now(client: Visitor) -> bool:
    photo = random.choice(("cat.jpg", "cat.jpg", "astronaut.jpg", "coffee.jpg"))
    return client.predict(STYLE / photo, "woodcut", api_name="/stylize_now")[0] is not None


def _patches(client: Visitor) -> bool:
    return "patches" in client.predict("relu3_3", random.randrange(200), None, api_name="/unit_patches")[1]


def _status(client: Visitor) -> bool:
    return "waiting" in client.predict(api_name="/status")


QUICK: dict[str, Callable[[Visitor], bool]] = {
    "enroll": _enroll,
    "verify": _verify,
    "identify a stranger": _stranger,
    "sample_digits": _digits,
    "interpolate": _walk,
    "classify_ekg": _heartbeats,
    "conv_shapes": _shapes,
    "stylize_now": _now,
    "unit_patches": _patches,
    "status": _status,
}


def main() -> None:
    """Hold the lesson and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--pause", type=float, default=4.0, metavar="SECONDS")
    parser.add_argument("--url", help="a hub that runs already, on this machine or another")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="weights/hub/load.json is what the report shows")
    options = parser.parse_args()
    tally = Tally()
    with contextlib.nullcontext() if options.url else PassingHub() as hub:
        url, pid = (options.url.rstrip("/"), None) if hub is None else (hub.url, hub.process.pid)
        one = Visitor(url)
        for name, ask in QUICK.items():  # loads the networks
            _timed(name, ask, one, Tally())
        one.predict(STYLE / "cat.jpg", STYLE / "woodcut.jpg", 96, 2, api_name="/stylize")  # ... of painters, too
        clients: list[Visitor] = []
        together([lambda: clients.append(Visitor(url)) for _ in range(options.sessions)])
        _hold(clients, tally, 60 * options.minutes, options.pause, pid)
        tally.freed_s = [_freed(url, close=number % 2 == 0) for number in range(6)]
    found = {"sessions": options.sessions, "minutes": options.minutes} | _figures(tally)
    if options.keep:
        options.keep.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1)) if options.json else _print(found)
    if tally.errors:
        raise SystemExit(f"{len(tally.errors)} errors, the first: {tally.errors[0]}")


def _hold(clients: list[Visitor], tally: Tally, seconds: float, pause_s: float, pid: int | None) -> None:
    """Everybody at work until the time is over."""
    end = time.monotonic() + seconds
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(pid, tally, over), daemon=True)
    watch.start()
    together(
        [
            lambda client=client, number=number: (_painter if number % _PAINTERS == 0 else _visitor)(  # type: ignore[misc]
                client, random.Random(number), tally, end, pause_s
            )
            for number, client in enumerate(clients)
        ]
    )
    over.set()
    watch.join()


def _visitor(client: Visitor, chance: random.Random, tally: Tally, end: float, pause_s: float) -> None:
    time.sleep(chance.uniform(0, pause_s))
    while time.monotonic() < end:
        name = chance.choice(list(QUICK))
        _timed(name, QUICK[name], client, tally)
        time.sleep(chance.uniform(0.5, 1.5) * pause_s)


def _timed(name: str, ask: Callable[[Visitor], bool], client: Visitor, tally: Tally) -> None:
    begun = time.perf_counter()
    try:
        right = ask(client)
    except Exception as error:  # noqa: BLE001 - whatever a visitor meets is counted
        tally.fail(name, error)
        return
    tally.add(name, time.perf_counter() - begun)
    if not right:
        tally.fail(name, ValueError("a wrong answer"))


def _painter(client: Visitor, chance: random.Random, tally: Tally, end: float, pause_s: float) -> None:
    while time.monotonic() < end:
        photo = STYLE / chance.choice(("cat.jpg", "cat.jpg", "coffee.jpg", "temple.jpg"))
        style = STYLE / chance.choice(("woodcut.jpg", "mosaic.jpg"))
        leaves = chance.random() < _LEAVES
        begun, answer = time.perf_counter(), None
        try:
            with client.calling(photo, style, 256, 60, api_name="/stylize") as answers:
                for number, answer in enumerate(answers):  # noqa: B007 - the last one
                    if number == 0:
                        tally.add("stylize, first step", time.perf_counter() - begun)
                    if leaves and number == 2:
                        client.stop()
                        break
            if not leaves:
                if answer is None or answer[-1] is None:
                    raise ValueError("no picture")
                tally.add("stylize", time.perf_counter() - begun)
        except Exception as error:  # noqa: BLE001
            tally.fail("stylize", error)
        time.sleep(chance.uniform(0, pause_s))


def _watch(pid: int | None, tally: Tally, over: threading.Event) -> None:
    """Note how large the hub is, now and then."""
    process = psutil.Process(pid) if pid else None
    while process is not None and not over.wait(_WATCH_S):
        size = process.memory_info().rss
        tally.hub.append((tally.requests, size, process.num_threads(), process.num_fds()))


def _freed(url: str, *, close: bool) -> float:
    """Seconds until the hub counts one long call less, after a painter pressed Stop or closed the page."""
    painter = Visitor(url)
    with painter.calling(OBAMA, BIDEN, 256, 500, api_name="/stylize") as answers:
        next(answers)
        before = _long_calls(url)
        begun = time.perf_counter()
        if not close:
            painter.stop()
            _wait_for_less(url, before)
    _wait_for_less(url, before)
    return time.perf_counter() - begun


def _wait_for_less(url: str, before: float) -> None:
    end = time.monotonic() + 60
    while _long_calls(url) >= before and time.monotonic() < end:
        time.sleep(0.02)


def _long_calls(url: str) -> float:
    with urllib.request.urlopen(f"{url}/metrics", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith("convhub_long_calls ")))


def _figures(tally: Tally) -> dict[str, Any]:
    def spread(values: list[float]) -> dict[str, float]:
        p95 = statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
        return {"n": len(values), "median": statistics.median(values), "p95": p95}

    quick = [seconds for name, each in tally.seconds.items() if name in QUICK for seconds in each]
    sizes = {f"after {count}": _size(tally, count) for count in _AFTER}
    return {
        "requests": tally.requests,
        "errors": len(tally.errors),
        "each": {name: spread(values) for name, values in sorted(tally.seconds.items())},
        "quick": spread(quick),
        "freed_s": tally.freed_s,
        "command": "python -m benchmarks.load --keep weights/hub/load.json",
        "hub": sizes | {"at the end": _size(tally, tally.hub[-1][0] - _NEAR if tally.hub else 0)},
    }


def _size(tally: Tally, count: int) -> list[float] | None:
    """Bytes of memory, threads and open files about when ``count`` requests were answered: medians."""
    near = [one[1:] for one in tally.hub if abs(one[0] - count) <= _NEAR]
    return [statistics.median(column) for column in zip(*near, strict=True)] if near else None


def _print(found: dict[str, Any]) -> None:
    print(f"{found['requests']} answers, {found['errors']} errors")
    print(f"{'':22} {'n':>6} {'median':>9} {'p95':>9}")
    for name, row in (*found["each"].items(), ("all quick ones", found["quick"])):
        print(f"{name:22} {row['n']:>6} {row['median']:>7.2f} s {row['p95']:>7.2f} s")
    print("a place is free after " + ", ".join(f"{seconds:.2f} s" for seconds in found["freed_s"]))
    for when, figures in found["hub"].items():
        if figures is not None:
            size, threads, files = figures
            print(f"{when}: {size / 1e6:.0f} MB, {threads:.0f} threads, {files:.0f} open files")


if __name__ == "__main__":
    main()
