"""A class behind one address uploads in turns."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from apps.door import upload_turns
from apps.door.upload_turns import AT_ONCE, Crowded, UploadTurns
from tests.conftest import run_alone


@contextlib.asynccontextmanager
async def all_places(turns: UploadTurns, address: str) -> AsyncIterator[None]:
    """Inside, ``address`` sends as many files as it may."""
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(AT_ONCE):
            await stack.enter_async_context(turns.turn(address))
        yield


def test_a_class_sends_few_files_at_a_time_and_all_of_them_in_the_end() -> None:
    turns, now, most, done = UploadTurns(), 0, 0, 0

    async def send() -> None:
        nonlocal now, most, done
        async with turns.turn("school"):
            now += 1
            most = max(most, now)
            await asyncio.sleep(0)
            now -= 1
        done += 1

    async def everybody() -> None:
        await asyncio.gather(*(send() for _ in range(40)))

    run_alone(everybody())
    assert (most, done) == (AT_ONCE, 40)


def test_another_address_does_not_wait() -> None:
    turns = UploadTurns()

    async def sixth_and_other() -> bool:
        async with all_places(turns, "school"), turns.turn("home"):
            return True

    assert run_alone(sixth_and_other())


def test_whoever_waits_for_too_long_or_with_too_many_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_turns, "WAIT_S", 0.1)
    turns = UploadTurns()

    async def one_more() -> None:
        async with all_places(turns, "school"):
            with pytest.raises(Crowded):
                async with turns.turn("school"):
                    pass
            monkeypatch.setattr(upload_turns, "WAITING", 0)
            with pytest.raises(Crowded):
                async with turns.turn("school"):
                    pass
        async with turns.turn("school"):  # when they have gone
            pass

    run_alone(one_more())
