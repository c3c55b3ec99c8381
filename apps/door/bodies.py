"""What a request brings along: its body, bounded in length and in time; and how a request is refused."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

ADDRESS = "convhub.address"  # in a request's scope: where it comes from
REFUSED = "Please check"  # title of a message about a visitor's mistake
LENGTH = "convhub.length"  # ... and how long its body is

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

BYTE_S = 20.0  # s that a body may pause
CALL_S = 60.0  # ... and take in all
SMALL = 500_000  # bytes of a call for which there is always room: a webcam's frame has a fifth
MOST_EACH = 100_000_000  # bytes of larger calls that one address may send, and have waiting, at a time
MOST_ALL = 400_000_000  # ... and all of them
_DEEPEST = 200  # levels of a call's JSON; the page's own have about ten
_MOST_VALUES = 100_000  # of a call's JSON, which is read and looked through while everybody waits


class RefusedError(Exception):
    """A request that goes no further: its status, and a sentence."""

    def __init__(self, status: int, reason: str, headers: dict[bytes, bytes] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers or {}


class Held:
    """How much of the memory the bodies hold that have not arrived as a whole yet; for one event loop."""

    def __init__(self) -> None:
        self._of: Counter[str] = Counter()  # bytes by address

    @contextmanager
    def body(self, address: str) -> Iterator[Callable[[int], None]]:
        """Inside, ``address`` sends a body; to be called with its length so far.

        Raises:
            RefusedError: too much is held already.
        """
        mine = 0

        def holds(size: int) -> None:
            nonlocal mine
            if size <= SMALL:
                return
            self._of[address] += size - mine
            mine = size
            if not fits(self._of[address], self._of.total()):
                raise RefusedError(429, "Too many large calls are being sent at once. Try again in a minute.")

        try:
            yield holds
        finally:
            self._of = self._of - Counter({address: mine})


HELD = Held()


def fits(of_address: int, of_all: int) -> bool:
    """Whether there is room for so many bytes of calls."""
    return of_address <= MOST_EACH and of_all <= MOST_ALL


async def read_body(receive: Receive, largest: int, *, is_json: bool, address: str) -> bytes:
    """The body, as much as has come when the client leaves.

    Raises:
        RefusedError: it is too long, too slow, JSON with too many values or too deep, or one of too many.
    """
    body = bytearray()
    limited = bounded(receive, largest, CALL_S)
    with HELD.body(address) as holds:
        while True:
            message = await limited()
            if message["type"] == "http.disconnect":
                break
            body.extend(message.get("body", b""))
            holds(len(body))
            if not message.get("more_body"):
                break
    if is_json:
        _check_json(body)
    return bytes(body)


def _check_json(body: bytearray) -> None:
    if sum(body.count(mark) for mark in b",[{") > _MOST_VALUES:
        raise RefusedError(413, f"Needed: at most {_MOST_VALUES:,} values. Found: more.")
    if body.count(b"[") + body.count(b"{") > _DEEPEST and not _is_shallow(body):
        raise RefusedError(400, f"Needed: JSON, nested at most {_DEEPEST} levels deep. Found: something else.")


def _is_shallow(body: bytearray) -> bool:
    """Whether ``body`` is JSON of at most ``_DEEPEST`` levels; json itself goes as deep as its Python likes."""
    try:
        level: list[Any] = [[json.loads(body)]]
    except (ValueError, RecursionError):
        return False
    for _ in range(_DEEPEST + 1):
        inner = (one for outer in level for one in (outer.values() if isinstance(outer, dict) else outer))
        level = [one for one in inner if isinstance(one, dict | list)]
        if not level:
            return True
    return False


async def whole(scope: MutableMapping[str, Any], receive: Receive, largest: int, *, is_json: bool) -> Receive:
    """The body, read now and checked as by ``read_body``, as the ``receive`` of whoever comes next."""
    body = await read_body(receive, largest, is_json=is_json, address=scope[ADDRESS])
    scope[LENGTH] = len(body)
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return left.pop() if left else await receive()

    return replay


def bounded(receive: Receive, largest: int, seconds: float) -> Receive:
    """``receive`` that ends a body which is too long, stands still, or takes more than ``seconds``."""
    left = largest
    until = time.monotonic() + seconds
    done = False

    async def next_part() -> Message:
        nonlocal left, done
        if done:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), min(BYTE_S, until - time.monotonic()))
        except asyncio.TimeoutError:  # not the built-in one before Python 3.11
            raise RefusedError(408, "This took too long to arrive.") from None
        left -= len(message.get("body", b""))
        if left < 0:
            raise RefusedError(413, f"Needed: at most {largest / 1e6:,.1f} MB. Found: more.")
        done = not message.get("more_body", False)
        return message

    return next_part
