"""Every event of the page, public and private, called with values that no page sends."""

from __future__ import annotations

import contextlib
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from apps.door.inputs import NEUTRAL
from apps.face.samples import sample

API = "/gradio_api"
_META = {"_type": "gradio.FileData"}
_DEEP: Any = []
for _ in range(60):
    _DEEP = [_DEEP]
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 3, 10**400, 0.5, 1e308, -1e308, float("nan"), float("inf"),
    "", " ", "x", "x" * 5_000, "9" * 5_000, "1e999", "\0", "\u202e\u200b", "<img src=x onerror=alert(1)>", "🫀" * 50,
    "../../../../etc/passwd", "/etc/passwd", "/dev/ptmx", "http://127.0.0.1:1/", "[" * 3_000,
    [], [None], [[]], [0] * 2_000, ["x", 1, None], [[1, 2], [3]], _DEEP,
    {}, {"a": 1}, {"path": "/etc/passwd"}, {"path": "/etc/passwd", "meta": _META}, {"path": "/dev/ptmx"},
    {"path": "x\0y"}, {"path": ""}, {"url": "http://127.0.0.1:1/x.png"}, {"url": "data:image/png;base64,AAAA"},
    {"url": "data:;base64,!!"}, {"url": "file:///etc/passwd", "meta": _META}, [{"path": "/etc/passwd"}],
    {"value": {"path": "/etc/hosts"}}, {"__class__": "x"}, {"image": None, "points": [[0] * 6]}, {"background": "x"},
)  # fmt: skip
_UNFIT: list[Any] = []  # as all inputs of an event: refused as soon as its turn has come, where it takes any
KEYS = ("slot", "face", "tau", "sample", "token", "files", "lost", "count", "act", "value", "index", "name", "person")
SLOW = {"iterations": 1, "steps": 1, "size": 32, "count": 1, "frames": 2, "updates": 1, "epochs": 1, "beats": 1}
SLOW_EVENTS = re.compile(
    r"stylize(_\d)?|_again|_both|_dream|teach|_train|paint_frames|upscale|_restore|timed|agree|_ask"
)
_PATIENCE_S = 120.0
_SESSIONS, _CALLS_EACH = 4, 25
_PHOTOS = 0.5  # of the pictures of a call that are there
_WATCH_S = 10.0  # of work that has begun and goes on: a training, a game that plays until its page is closed


@dataclass
class Report:
    """What became of the calls."""

    calls: int = 0
    answers: Counter[str] = field(default_factory=Counter)  # by kind
    faults: list[str] = field(default_factory=list)  # neutral, without a reason, hanging, or no answer at all
    slowest_s: float = 0.0
    slowest: str = ""

    def note(self, kind: str, call: str, seconds: float) -> None:
        """One answer; the bad kinds are kept with the call that led to them."""
        self.calls += 1
        self.answers[kind] += 1
        if seconds > self.slowest_s:
            self.slowest_s, self.slowest = seconds, call
        if kind not in ("answered", "refused", "turned away", "goes on"):
            self.faults.append(f"{kind}: {call}")


class Client:
    """One made-up session with its heartbeat, as a page has it."""

    def __init__(self, url: str, name: str, *, watch_s: float = _WATCH_S) -> None:
        """Open the page of the hub at ``url``; work that has begun is left after ``watch_s``."""
        self.session = name
        self._watch_s = watch_s
        self._http = httpx.Client(base_url=url, timeout=_PATIENCE_S)
        self._beat = self._http.stream("GET", f"{API}/heartbeat/{name}")
        self._beat.__enter__()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave, as a closed page does."""
        self._beat.__exit__(None, None, None)
        self._http.close()

    def upload(self, name: str, data: bytes) -> str:
        """Send a file as the page does; its path on the hub.

        Raises:
            httpx.HTTPStatusError: the hub does not take it.
        """
        answer = self._http.post(f"{API}/upload", files={"files": (name, data)})
        answer.raise_for_status()
        return str(answer.json()[0])

    def photo(self) -> dict[str, Any]:
        """A photo of a face, sent anew, as the value of a picture."""
        return {"path": self.upload("photo.jpg", sample("obama")), "meta": _META}

    def call(self, fn: int, data: Any, event: Any = None, trigger: int | None = None) -> str:
        """The kind of answer to one event: answered, refused (with a reason), or something worse.

        Work that goes on is left after a while, as a closed page leaves it; its place has to be free soon afterwards.
        """
        kind = self._asked(fn, data, event, trigger)
        if kind == "goes on" and self._asked(fn, _UNFIT) not in ("refused", "answered", "goes on"):
            return "keeps its place"
        return kind

    def _asked(self, fn: int, data: Any, event: Any = None, trigger: int | None = None) -> str:
        body = {"fn_index": fn, "data": data, "event_data": event, "trigger_id": trigger, "session_hash": self.session}
        headers = {"content-type": "application/json"}
        try:
            joined = self._http.post(f"{API}/queue/join", content=json.dumps(body), headers=headers)
            if joined.status_code != 200:
                turned = joined.status_code in range(400, 500) or joined.status_code == 503
                return "turned away" if turned else f"{joined.status_code}"
            return self._answer(joined.json()["event_id"])
        except httpx.TimeoutException:
            return "hangs"
        except httpx.HTTPError as error:
            return f"no answer ({type(error).__name__})"

    def _answer(self, event_id: str) -> str:
        """Watch until the answer comes; the stream speaks at least every quarter of a minute."""
        began = asked = time.monotonic()
        working = False
        with self._http.stream("GET", f"{API}/queue/data", params={"session_hash": self.session}) as stream:
            for message in messages(stream):
                now = time.monotonic()
                mine = message.get("event_id") == event_id
                if mine and message["msg"] == "process_completed":
                    return kind_of(message)
                if mine and message["msg"] in ("process_starts", "process_generating") and not working:
                    working, began = True, now
                if working and now - began > self._watch_s:
                    return "goes on"
                if now - asked > _PATIENCE_S:
                    return "hangs"
        return "no answer (the stream ended)"


def messages(stream: httpx.Response) -> Iterator[dict[str, Any]]:
    """The messages of a stream of gradio's."""
    for line in stream.iter_lines():
        if line.startswith("data: {"):
            yield json.loads(line.removeprefix("data: "))


def kind_of(completed: dict[str, Any]) -> str:
    """What an answer is."""
    if completed["success"]:
        return "answered"
    reason = completed["output"].get("error")
    if not reason:
        return "without a reason"
    return "neutral" if NEUTRAL in reason else "refused"


def plausible(component: dict[str, Any]) -> Any:
    """What a page would send for a component: its value, made cheap where it stands for work."""
    props = component["props"]
    label = str(props.get("label", "")).lower()
    for word, cheap in SLOW.items():
        if word in label:
            return max(cheap, props.get("minimum") or 0)
    return props.get("value")


def events_of(url: str) -> dict[str, Any]:
    """The events of the hub at ``url`` by their names in its API, private ones too."""
    config = httpx.get(f"{url}/config", timeout=_PATIENCE_S).json()
    return {one["api_name"]: one for one in config["dependencies"] if one["backend_fn"]}


def fuzz(
    url: str,
    calls: int,
    seed: int,
    *,
    patient: bool = True,
    say: Callable[[str], object] = str,
    watch: Callable[[int], object] = int,
) -> Report:
    """Call every event of the hub at ``url`` in turn, ``calls`` times in all, each time with something odd.

    Four sessions are open at a time, each for some calls. ``say`` is told now and then how far it is, ``watch`` the
    number of every call. Not ``patient``, it leaves out the long runs and leaves other work after a second.
    """
    dice = random.Random(seed)
    config = httpx.get(f"{url}/config", timeout=_PATIENCE_S).json()
    components = {component["id"]: component for component in config["components"]}
    events = [one for one in config["dependencies"] if one["backend_fn"]]
    if not patient:
        events = [one for one in events if not SLOW_EVENTS.fullmatch(one["api_name"])]
        dice.shuffle(events)
    report = Report()
    with contextlib.ExitStack() as pages:
        clients: list[Client] = []
        for number in range(calls):
            watch(number)
            if number and number % 500 == 0:
                say(f"{number} calls: {dict(report.answers)}")
            if number % _CALLS_EACH == 0:
                clients.append(
                    pages.enter_context(Client(url, f"fuzz{seed}x{number}", watch_s=_WATCH_S if patient else 1.0))
                )
            if len(clients) > _SESSIONS:
                clients.pop(0).close()
            client = dice.choice(clients)
            event = events[number % len(events)]
            data = _inputs(dice, client, [components[i] for i in event["inputs"] if i in components])
            extra = _event_data(dice)
            trigger = next((target[0] for target in event["targets"] if target[0]), None)
            started = time.monotonic()
            kind = client.call(event["id"], data, extra, trigger)
            name = f"{event['id']} {event.get('api_name')} {event['targets']} data={data!r:.300} event={extra!r:.300}"
            report.note(kind, name, time.monotonic() - started)
    return report


def _inputs(dice: random.Random, client: Client, components: list[dict[str, Any]]) -> Any:
    """What the page would send, photos among it, with up to two values spoilt, or too few or too many of them."""
    data: Any = [
        client.photo() if one["type"] == "image" and dice.random() < _PHOTOS else plausible(one) for one in components
    ]
    spoilt = dice.randint(0, min(2, len(data)))
    for place in dice.sample(range(len(data)), spoilt):
        data[place] = dice.choice(ODD)
    if dice.random() < 0.08:
        data = dice.choice((data[:-1], [*data, *data], [], [*data, dice.choice(ODD)]))
    return data


def _event_data(dice: random.Random) -> Any:
    if dice.random() < 0.6:
        return {key: dice.choice(ODD) for key in dice.sample(KEYS, dice.randint(0, 4))}
    return dice.choice(ODD) if dice.random() < 0.2 else None
