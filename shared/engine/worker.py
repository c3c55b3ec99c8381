"""What a machine of the cluster does with the calls of the pages: the same lanes, turns and model cache as in one hub.

One worker has one machine, or one accelerator, and shares it among all its calls: one computes at a time, with all
cores, long ones in turns. Nothing of a visitor stays: what a call was given and what it made end with the call.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import sys
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared import engine
from shared.engine.messages import Message
from shared.errors import HubError
from shared.serving.memory import give_back
from shared.serving.turns import TURNS, GoneError, take_threads

log = logging.getLogger("convhub")

SILENT_S = 15.0  # that a page may be silent before its calls end
AHEAD = 12  # messages that a call may be ahead of its page; a film is not computed before it is watched
_NO_STEP = object()


@dataclass(frozen=True)
class Load:
    """How busy a worker is."""

    long: int  # calls
    quick: int
    rested_s: float  # since it had its last call


class _Call:
    """A call under way: who asked, and how far the page has followed."""

    def __init__(self, page: str, long: bool) -> None:
        self.page, self.long = page, long
        self._sent = self._taken = 0
        self._news = asyncio.Event()

    async def in_step(self) -> None:
        """A message was sent: wait until the page has followed to ``AHEAD`` messages behind it."""
        self._sent += 1
        while self._sent - self._taken >= AHEAD:
            self._news.clear()
            await self._news.wait()

    def was_taken(self, messages: int) -> None:
        """The page has got so many messages."""
        self._taken = max(self._taken, messages)
        self._news.set()


class Worker:
    """Runs calls of pages; its methods are those of an actor, all on one event loop."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """``environment``: the settings of the page that started the cluster, as variables."""
        os.environ.update(environment)
        self._calls: dict[str, _Call] = {}  # by number
        self._heard: dict[str, float] = {}  # page -> when
        self._ended = time.monotonic()

    async def run(
        self, number: str, page: str, function: engine.Function, args: tuple[Any, ...], kwargs: Mapping[str, Any],
        long: bool,
    ) -> AsyncIterator[Message]:  # fmt: skip
        """The messages of one call: its value, or ``steps``, every ``step`` and the generator's end.

        Args:
            number: nobody else's; for ``stop``.
            page: who asks; a page that is not heard of for long has gone, and its calls with it.
            function: of a room of the hub.
            args: plain values, as are ``kwargs``.
            kwargs: see there.
            long: whether it takes turns with the other long ones.
        """
        call = self._calls[number] = _Call(page, long)
        self._heard[page] = time.monotonic()
        try:
            with TURNS.call(number, long=long):
                async for message in self._messages(function, args, kwargs, long):
                    yield message
                    await call.in_step()
        finally:
            self._calls.pop(number, None)
            self._ended = time.monotonic()
            if long:
                give_back()

    async def _messages(
        self, function: engine.Function, args: tuple[Any, ...], kwargs: Mapping[str, Any], long: bool
    ) -> AsyncIterator[Message]:
        resumable = engine.resumable_of(args)
        steps: Iterator[Any] | None = None
        try:
            made = await _in_turn(lambda: engine.find(function)(*args, **kwargs), long)
            if not inspect.isgenerator(made):
                yield Message("value", made, resumable and resumable.noted())
                return
            steps = made
            yield Message("steps")
            while (step := await _in_turn(lambda: next(made, _NO_STEP), long)) is not _NO_STEP:
                yield Message("step", step, resumable and resumable.noted(), TURNS.sharing())
            yield Message("ended", None, resumable and resumable.noted())
        except HubError as error:
            yield Message("refused", error)
        except GoneError:
            await _closed(steps)
            yield Message("gone", None, resumable and resumable.noted())
        except Exception:
            log.exception("%s failed", function)
            yield Message("failed", traceback.format_exc())
        finally:
            await _closed(steps)

    async def took(self, number: str, messages: int) -> None:
        """The page has got ``messages`` of that call, in all."""
        if number in self._calls:
            self._calls[number].was_taken(messages)

    async def stop(self, number: str) -> None:
        """End that call: at once if it waits, else after its step, or within it where a step is long."""
        TURNS.drop(number)
        await self.took(number, sys.maxsize)

    async def hear(self, page: str) -> Load:
        """``page`` is still there; how busy this worker is. Calls of pages that are not end."""
        now = time.monotonic()
        self._heard[page] = now
        self._heard = {name: when for name, when in self._heard.items() if now - when < SILENT_S}
        for number, call in list(self._calls.items()):
            if call.page not in self._heard:
                await self.stop(number)
        long = sum(call.long for call in self._calls.values())
        rested = 0.0 if self._calls else now - self._ended
        return Load(long=long, quick=len(self._calls) - long, rested_s=rested)

    async def process(self) -> int:
        """The number of this worker's process; for tests."""
        return os.getpid()

    async def kept(self) -> list[str]:
        """Numbers of the calls that this worker knows; for tests."""
        return list(self._calls)


async def _in_turn(work: Callable[[], Any], long: bool) -> Any:
    async with TURNS.turn(long=long):
        return await asyncio.to_thread(_with_its_threads, work)


def _with_its_threads(work: Callable[[], Any]) -> Any:
    take_threads()
    return work()


async def _closed(steps: Iterator[Any] | None) -> None:
    if steps is not None:
        await asyncio.shield(asyncio.to_thread(_close, steps))


def _close(steps: Iterator[Any]) -> None:
    """Close a generator; one that still computes, for a call that was broken off, closes when it has ended."""
    while True:
        try:
            steps.close()  # type: ignore[attr-defined]
        except ValueError:  # generator already executing
            time.sleep(0.05)
        except GoneError:
            return
        else:
            return
