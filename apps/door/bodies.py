"""What a request brings along: its body, bounded in length and in time; and how a request is refused."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

BYTE_S = 20.0  # s that a body may pause
CALL_S = 60.0  # ... and take in all
_DEEPEST = 200  # levels of a call's JSON; the page's own have about ten
_MOST_VALUES = 100_000  # of a call's JSON, which is read and looked through while everybody waits


class RefusedError(Exception):
    """A request that goes no further: its status, and a sentence."""

    def __init__(self, status: int, reason: str, headers: dict[bytes, bytes] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers or {}


async def read_body(receive: Receive, largest: int, *, is_json: bool) -> bytes:
    """The body, as much as has come when the client leaves.

    Raises:
        RefusedError: it is too long, too slow, or JSON with too many values or too deep.
    """
    body = bytearray()
    limited = bounded(receive, largest, CALL_S)
    while True:
        message = await limited()
        if message["type"] == "http.disconnect":
            break
        body.extend(message.get("body", b""))
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


async def whole(receive: Receive, largest: int, *, is_json: bool) -> Receive:
    """The body, read now and checked as by ``read_body``, as the ``receive`` of whoever comes next."""
    body = await read_body(receive, largest, is_json=is_json)
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
