"""What another visitor notices while somebody sends what is in hostile.py, or keeps the hub busy otherwise."""

from __future__ import annotations

import contextlib
import functools
import io
import random
import socket
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from PIL import Image

from tests.attack.fuzz import API, Client, plausible
from tests.attack.hostile import FILES, PHOTO, Hostile

LIGHT = "conv_shapes"  # what the other visitor asks for
LIGHT_INPUTS: list[Any] = ["32x32x3", "3x3,8; maxpool 2x2", "1", "valid", "1"]
FILE_TYPES = ("image", "file", "uploadbutton", "video")
SMALL = (  # of what is sent, what is made and refused at once
    "one line of 100,000 commas", "a heading of brackets", "a first line of digits", "EDF of 1e300 seconds",
    "WFDB of 10^12 samples", "WFDB with 5,000 digits", "GIF of 65,535 x 65,535", "recipe nested 100,000 deep",
)  # fmt: skip
PASSWORD = "chalkboard"  # of the teacher
_META = {"_type": "gradio.FileData"}


@dataclass(frozen=True)
class Outcome:
    """What one attack led to."""

    name: str
    worst_s: float  # the other visitor's slowest answer
    answers: dict[str, str]  # event -> kind of answer
    seconds: float


class Bystander:
    """Somebody else, who asks for something light over and over again, in a thread of its own."""

    def __init__(self, url: str, fn: int, inputs: list[Any]) -> None:
        self._client = Client(url, "bystander")
        self._fn, self._inputs = fn, inputs
        self._worst = 0.0
        self._asked: float | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.faults: list[str] = []
        self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(0.02):
            self._asked = time.monotonic()
            kind = self._client.call(self._fn, self._inputs)
            self._worst = max(self._worst, time.monotonic() - self._asked)
            self._asked = None
            if kind != "answered":
                self.faults.append(kind)

    def worst(self) -> float:
        """The slowest answer since the last question, one that is still awaited included; s."""
        asked = self._asked
        worst = max(self._worst, 0.0 if asked is None else time.monotonic() - asked)
        self._worst = 0.0
        return worst

    def close(self) -> None:
        """Stop asking, and leave."""
        self._over.set()
        self._thread.join(timeout=60)
        self._client.close()


def besiege(url: str, say: Callable[[str], object] = str, only: Collection[str] = ()) -> list[Outcome]:
    """Send everything to the hub at ``url``, one thing after the other, or ``only`` what has one of these names."""
    config = httpx.get(f"{url}/config", timeout=60).json()
    components = {one["id"]: one for one in config["components"]}
    events = {one["api_name"]: one for one in config["dependencies"] if one["backend_fn"]}
    with Client(url, "first") as client:  # its wait for torch is not what is measured
        client.call(events[LIGHT]["id"], LIGHT_INPUTS)
    bystander = Bystander(url, events[LIGHT]["id"], LIGHT_INPUTS)
    outcomes = []
    try:
        if not only:
            _warm_up(url, events, components)
        attacks: dict[str, Callable[..., dict[str, str] | None]] = {"nothing": lambda: time.sleep(3)}
        attacks |= {one.name: functools.partial(_send, url, one, events, components) for one in FILES}
        attacks |= {name: functools.partial(act, url) for name, act in SIEGES.items()}
        files = {one.name: one for one in FILES}
        for name, act in attacks.items():
            if only and name not in only:
                continue
            if name in files:  # made before anybody looks at the clock: some encoders let no other thread of ours run
                act = functools.partial(act, files[name].make())
            bystander.worst()
            began = time.monotonic()
            answers = act() or {}
            outcome = Outcome(name, bystander.worst(), answers, time.monotonic() - began)
            outcomes.append(outcome)
            say(f"{outcome.worst_s:6.2f} s  {name} ({outcome.seconds:.1f} s): {outcome.answers}")
    finally:
        bystander.close()
    if bystander.faults:
        outcomes.append(Outcome(f"the bystander got {bystander.faults[:5]}", float("inf"), {}, 0.0))
    return outcomes


def _warm_up(url: str, events: dict[str, Any], components: dict[int, Any]) -> None:
    """Have the networks loaded: the first visitor's wait for them is not what is measured."""
    with Client(url, "warmup") as client:
        for name in (LIGHT, *PHOTO):
            photo = client.photo()
            client.call(events[name]["id"], [_input(components[i], photo) for i in events[name]["inputs"]])


def _send(
    url: str, hostile: Hostile, events: dict[str, Any], components: dict[int, Any], data: bytes
) -> dict[str, str]:
    answers = {}
    with Client(url, "attacker") as client:
        for name in hostile.events:
            event = events[name]
            try:
                path = client.upload(hostile.file, data)
            except httpx.HTTPStatusError as refused:
                answers[name] = f"upload refused ({refused.response.status_code})"
                continue
            sent = {"path": path, "orig_name": hostile.file, "size": len(data), "meta": _META}
            inputs = [_input(components[i], sent) for i in event["inputs"]]
            answers[name] = client.call(event["id"], inputs, trigger=None)
    return answers


def _input(component: dict[str, Any], file: dict[str, Any]) -> Any:
    if component["type"] in FILE_TYPES:
        return [file] if component["props"].get("file_count", "single") != "single" else file
    return plausible(component)


@contextlib.contextmanager
def _sockets(url: str, count: int, first: bytes) -> Iterator[list[socket.socket]]:
    place = urlsplit(url)
    opened = []
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            one = stack.enter_context(socket.create_connection((place.hostname or "", place.port or 80), timeout=30))
            one.sendall(first)
            opened.append(one)
        yield opened


def _half_uploads(url: str) -> None:
    head = b"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    body = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n' + b"x" * 1000
    with _sockets(url, 100, head + b"Content-Length: 40000000\r\n\r\n" + body):
        time.sleep(4)


def _half_headers(url: str) -> None:
    with _sockets(url, 200, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ") as opened:
        for _ in range(4):
            for one in opened:
                one.sendall(b"x")
            time.sleep(1)


def _idle_streams(url: str) -> None:
    streams = [f"GET {API}/heartbeat/idle{i} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() for i in range(200)]
    place = urlsplit(url)
    with contextlib.ExitStack() as stack:
        for one in streams:
            stack.enter_context(socket.create_connection((place.hostname or "", place.port or 80))).sendall(one)
        time.sleep(4)


def _streams_of_one(url: str) -> None:
    for path in ("heartbeat/same", "queue/data?session_hash=same", "upload_progress?upload_id=same"):
        with _sockets(url, 200, f"GET {API}/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()):
            time.sleep(3)


def _half_calls(url: str) -> None:
    head = f"POST {API}/queue/join HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n".encode()
    with _sockets(url, 60, head + b"Content-Length: 7900000\r\n\r\n{"):
        time.sleep(1)
    with contextlib.suppress(OSError), _sockets(url, 60, head + b"Content-Length: 7900000\r\n\r\n" + b" " * 2_000_000):
        time.sleep(3)


def _crumbs(url: str) -> None:
    head = (
        f"POST {API}/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=b\r\n".encode()
    )
    with contextlib.suppress(OSError), _sockets(url, 4, head + b"Transfer-Encoding: chunked\r\n\r\n") as opened:
        for one in opened:
            one.sendall(b"1\r\nx\r\n" * 60_000)


def _pages(url: str) -> None:
    with ThreadPoolExecutor(20) as pool, httpx.Client(base_url=url, timeout=120) as client:
        list(pool.map(lambda _: client.get("/").status_code, range(100)))


def _together(url: str, body: Callable[[int], bytes], count: int, threads: int) -> dict[str, str]:
    headers = {"content-type": "application/json"}
    with ThreadPoolExecutor(threads) as pool, httpx.Client(base_url=url, timeout=120) as client:
        codes = pool.map(
            lambda i: client.post(f"{API}/queue/join", content=body(i), headers=headers).status_code, range(count)
        )
        counted = list(codes)
    return {str(code): str(counted.count(code)) for code in sorted(set(counted))}


def _events_of_nobody(url: str) -> dict[str, str]:
    body = b'{"fn_index": 43, "data": [null, "", "", 1], "session_hash": "nobody%d"}'
    return _together(url, lambda i: body % i, 600, 20)


def _large_calls(url: str) -> dict[str, str]:
    numbers = b"[" + b"0," * 3_900_000 + b"0]"
    return _together(url, lambda i: b'{"fn_index": 43, "data": %s, "session_hash": "large%d"}' % (numbers, i), 12, 4)


def _nested_calls(url: str) -> dict[str, str]:
    inside = b'{"a":' * 30 + b"[" * 40 + b"]" * 40 + b"}" * 30
    many = b",".join([inside] * 8_000)
    return _together(url, lambda i: b'{"fn_index": 43, "data": [%s], "session_hash": "deep%d"}' % (many, i), 6, 3)


_TEXTS = ("9" * 1_000_000, "9" * 199_000, "(" + " " * 199_000 + "!", "a," * 45_000, "[" * 90_000, "\u0301" * 190_000)


def _long_texts(url: str) -> None:
    config = httpx.get(f"{url}/config", timeout=60).json()
    components = {one["id"]: one for one in config["components"]}
    with Client(url, "longtexts") as client:
        for event in config["dependencies"]:
            kinds = [components[i]["type"] for i in event["inputs"]]
            if event["backend_fn"] and {"textbox", "html", "api", "json"} & {*kinds}:
                given = [plausible(components[i]) for i in event["inputs"]]
                for text in _TEXTS:
                    long = [text if k in ("textbox", "html", "api", "json") else v for k, v in zip(kinds, given)]  # noqa: B905
                    client.call(event["id"], long)


def _class(url: str) -> dict[str, str]:
    """Forty phones at once that ask, answer what is none, guess, and send pictures that are large or none."""
    noise = io.BytesIO()
    Image.frombytes("L", (1000, 1400), random.Random(0).randbytes(1_400_000)).save(noise, "JPEG", quality=90)
    pictures = [noise.getvalue()[:1_490_000], _png_of(30_000), b"RIFF" + b"\0" * 1_400_000, b"\x89PNG\r\n" + b"9" * 9]
    said = [b"", b"[" * 1990, b'{"step": 1, "choice": 1e999}', b'{"password": "%s"}' % (b"9" * 1900), b"\xff" * 1999]
    with httpx.Client(base_url=url, timeout=120) as teacher, ThreadPoolExecutor(40) as pool:
        teacher.get("/")
        teacher.post("/class/teacher", json={"password": PASSWORD})
        teacher.post("/class/step", json={"lesson": "conv", "step": 1})

        def phone(number: int) -> list[int]:
            with httpx.Client(base_url=url, timeout=120) as one:
                one.get("/")
                codes = [one.get("/class/now").status_code for _ in range(20)]
                codes += [one.post("/class/answer", content=text).status_code for text in said]
                codes += [one.post("/class/step", content=text).status_code for text in said]
                picture = pictures[number % len(pictures)]
                return [*codes, one.post("/class/board?tab=gan", content=picture).status_code]

        counted = [code for codes in pool.map(phone, range(40)) for code in codes]
        teacher.post("/class/reset", json={})
    return {str(code): str(counted.count(code)) for code in sorted(set(counted))}


def _png_of(side: int) -> bytes:
    """A PNG whose header says ``side`` x ``side`` pixels."""
    small = io.BytesIO()
    Image.new("1", (8, 8)).save(small, "PNG")
    data = bytearray(small.getvalue())
    data[16:24] = side.to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


SIEGES: dict[str, Callable[[str], dict[str, str] | None]] = {
    "100 half uploads": _half_uploads,
    "200 connections that never end their headers": _half_headers,
    "200 idle streams": _idle_streams,
    "200 streams of one session": _streams_of_one,
    "60 calls that stop in the middle": _half_calls,
    "bodies in pieces of one byte": _crumbs,
    "the page 100 times, 20 at once": _pages,
    "600 events of made-up sessions that nobody waits for": _events_of_nobody,
    "12 calls of 8 MB of numbers": _large_calls,
    "6 calls of deeply nested objects": _nested_calls,
    "a class of forty phones that send what is no answer and no picture": _class,
    "long texts to every event that takes one": _long_texts,
}
