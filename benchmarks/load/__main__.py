"""A lesson: forty sessions on every tab for minutes, ten of them painting, some closing the page in the middle.

    python -m benchmarks.load [--sessions 40] [--minutes 5] [--pause 4] [--url http://...] [--json]

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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from gradio_client import Client, handle_file

from benchmarks.load import together, visitor
from tools.hub import ROOT, PassingHub

FACES = ROOT / "apps" / "face" / "samples"
STYLE = ROOT / "apps" / "style" / "samples"
RECORDING = ROOT / "apps" / "ekg" / "samples" / "208-five-minutes"
OBAMA, OBAMA_2, BIDEN = (str(FACES / name) for name in ("obama.jpg", "obama2.jpg", "biden.jpg"))
_PAINTERS = 4  # every fourth session paints
_LEAVES = 0.2  # of the paintings are left in the middle
_WATCH_S = 5.0  # between two looks at the hub's memory
_AFTER = (500, 2000)  # requests after which memory is compared


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


def _verify(client: Client) -> bool:
    answer = client.predict(handle_file(OBAMA), handle_file(OBAMA_2), api_name="/verify")
    return bool(answer["same"])


def _enroll(client: Client) -> bool:
    answer = client.predict(handle_file(OBAMA), "Barack", api_name="/enroll")
    return any(one["name"] == "Barack" for one in answer["people"])


def _stranger(client: Client) -> bool:
    answer = client.predict(handle_file(BIDEN), api_name="/identify")
    return all(face["name"] is None for face in answer["faces"])  # nobody else's gallery is seen


def _digits(client: Client) -> bool:
    picture, _ = client.predict("2026", random.randrange(1000), 4.0, api_name="/sample_digits")
    return picture is not None


def _walk(client: Client) -> bool:
    return client.predict(api_name="/interpolate") is not None


def _heartbeats(client: Client) -> bool:
    files = [handle_file(str(RECORDING.with_suffix(ending))) for ending in (".hea", ".dat")]
    return bool(client.predict(files, api_name="/classify_ekg"))


def _shapes(client: Client) -> bool:
    answer = client.predict("14x14x3", "5x5x3,16", "1", "valid", "1", api_name="/conv_shapes")
    return bool(answer["agrees"])


def _now(client: Client) -> bool:
    photo = random.choice(("cat.jpg", "cat.jpg", "astronaut.jpg", "coffee.jpg"))
    return client.predict(handle_file(str(STYLE / photo)), "woodcut", api_name="/stylize_now")[0] is not None


def _patches(client: Client) -> bool:
    return "patches" in client.predict("relu3_3", random.randrange(200), None, api_name="/unit_patches")[1]


def _status(client: Client) -> bool:
    return "waiting" in client.predict(api_name="/status")


QUICK: dict[str, Callable[[Client], bool]] = {
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
    options = parser.parse_args()
    tally = Tally()
    with contextlib.nullcontext() if options.url else PassingHub() as hub:
        url, pid = (options.url.rstrip("/"), None) if hub is None else (hub.url, hub.process.pid)
        one = visitor(url)
        for name, ask in QUICK.items():  # loads the networks
            _timed(name, ask, one, Tally())
        clients: list[Client] = []
        together([lambda: clients.append(visitor(url)) for _ in range(options.sessions)])
        _hold(clients, tally, 60 * options.minutes, options.pause, pid)
        tally.freed_s = [_freed(url, close=number % 2 == 0) for number in range(6)]
    found = _figures(tally)
    print(json.dumps(found, indent=1)) if options.json else _print(found)
    if tally.errors:
        raise SystemExit(f"{len(tally.errors)} errors, the first: {tally.errors[0]}")


def _hold(clients: list[Client], tally: Tally, seconds: float, pause_s: float, pid: int | None) -> None:
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


def _visitor(client: Client, chance: random.Random, tally: Tally, end: float, pause_s: float) -> None:
    time.sleep(chance.uniform(0, pause_s))
    while time.monotonic() < end:
        name = chance.choice(list(QUICK))
        _timed(name, QUICK[name], client, tally)
        time.sleep(chance.uniform(0.5, 1.5) * pause_s)


def _timed(name: str, ask: Callable[[Client], bool], client: Client, tally: Tally) -> None:
    begun = time.perf_counter()
    try:
        right = ask(client)
    except Exception as error:  # noqa: BLE001 - whatever a visitor meets is counted
        tally.fail(name, error)
        return
    tally.add(name, time.perf_counter() - begun)
    if not right:
        tally.fail(name, ValueError("a wrong answer"))


def _painter(client: Client, chance: random.Random, tally: Tally, end: float, pause_s: float) -> None:
    while time.monotonic() < end:
        photo = handle_file(str(STYLE / chance.choice(("cat.jpg", "cat.jpg", "coffee.jpg", "temple.jpg"))))
        style = handle_file(str(STYLE / chance.choice(("woodcut.jpg", "mosaic.jpg"))))
        leaves = chance.random() < _LEAVES
        begun = time.perf_counter()
        try:
            job = client.submit(photo, style, 256, 60, api_name="/stylize")
            for number, _ in enumerate(job):
                if number == 0:
                    tally.add("stylize, first step", time.perf_counter() - begun)
                if leaves and number == 2:
                    job.cancel()
                    break
            else:
                if job.result()[-1] is None:
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
    with contextlib.ExitStack() as page:
        if close:
            painting = page.enter_context(_stream(url))
        else:
            job = visitor(url).submit(handle_file(OBAMA), handle_file(BIDEN), 256, 500, api_name="/stylize")
            painting = iter(job)
        next(painting)
        before = _long_calls(url)
        begun = time.perf_counter()
        if not close:
            job.cancel()
    while _long_calls(url) >= before and time.perf_counter() - begun < 60:
        time.sleep(0.02)
    return time.perf_counter() - begun


@contextlib.contextmanager
def _stream(url: str) -> Iterator[Iterator[str]]:
    """The lines of a painting that a browser reads; left, its connection is closed, which gradio's client does late."""
    with httpx.Client(base_url=url, timeout=120) as browser:
        browser.get("/")
        with Path(OBAMA).open("rb") as file:
            path = browser.post("gradio_api/upload", files={"files": file}).json()[0]
        photo = {"path": path, "meta": {"_type": "gradio.FileData"}}
        options = browser.get("gradio_api/info").json()["named_endpoints"]["/stylize"]["parameters"][4:]
        data = [photo, photo, 256, 500, *(option.get("parameter_default") for option in options)]
        asked = browser.post("gradio_api/call/stylize", json={"data": data}).json()
        with browser.stream("GET", f"gradio_api/call/stylize/{asked['event_id']}") as answer:
            yield answer.iter_lines()


def _long_calls(url: str) -> float:
    with urllib.request.urlopen(f"{url}/metrics", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith("convhub_long_calls ")))


def _figures(tally: Tally) -> dict[str, Any]:
    def spread(values: list[float]) -> dict[str, float]:
        p95 = statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
        return {"n": len(values), "median": statistics.median(values), "p95": p95}

    quick = [seconds for name, each in tally.seconds.items() if name in QUICK for seconds in each]
    sizes = {f"after {count}": next((one[1:] for one in tally.hub if one[0] >= count), None) for count in _AFTER}
    return {
        "requests": tally.requests,
        "errors": len(tally.errors),
        "each": {name: spread(values) for name, values in sorted(tally.seconds.items())},
        "quick": spread(quick),
        "freed_s": tally.freed_s,
        "hub": sizes | {"at the end": tally.hub[-1][1:] if tally.hub else None},  # bytes, threads, open files
    }


def _print(found: dict[str, Any]) -> None:
    print(f"{found['requests']} answers, {found['errors']} errors")
    print(f"{'':22} {'n':>6} {'median':>9} {'p95':>9}")
    for name, row in (*found["each"].items(), ("all quick ones", found["quick"])):
        print(f"{name:22} {row['n']:>6} {row['median']:>7.2f} s {row['p95']:>7.2f} s")
    print("a place is free after " + ", ".join(f"{seconds:.2f} s" for seconds in found["freed_s"]))
    for when, figures in found["hub"].items():
        if figures is not None:
            size, threads, files = figures
            print(f"{when}: {size / 1e6:.0f} MB, {threads} threads, {files} open files")


if __name__ == "__main__":
    main()
