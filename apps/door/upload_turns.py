"""Uploads take turns: few of one address at a time, and a class behind one address waits instead of being refused."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

AT_ONCE = 6  # of one address
WAITING = 100  # of one address, beyond those; they have sent nothing yet
WAIT_S = 30.0  # for a turn, before the browser is asked to try again
_LOOK_S = 0.05  # between two looks whether it has come


class Crowded(Exception):  # noqa: N818 - what happened
    """Too many uploads of one address, for too long."""


class UploadTurns:
    """Who sends files now, and who waits to; for one event loop."""

    def __init__(self) -> None:
        self.sending: Counter[str] = Counter()  # by address
        self._waiting: Counter[str] = Counter()

    @contextlib.asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[None]:
        """Inside, ``address`` may send one file.

        Raises:
            Crowded: too many of the address wait, or none of its uploads has ended in time.
        """
        if self.sending[address] >= AT_ONCE:
            await self._wait(address)
        self.sending[address] += 1
        try:
            yield
        finally:
            self.sending = self.sending - Counter([address])

    async def _wait(self, address: str) -> None:
        if self._waiting[address] >= WAITING:
            raise Crowded
        self._waiting[address] += 1
        try:
            for _ in range(round(WAIT_S / _LOOK_S)):
                await asyncio.sleep(_LOOK_S)
                if self.sending[address] < AT_ONCE:
                    return
            raise Crowded
        finally:
            self._waiting = self._waiting - Counter([address])
