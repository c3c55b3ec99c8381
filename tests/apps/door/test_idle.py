"""A connection without a request is closed; one whose answer takes its time is not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn

from apps.door import idle
from tests.conftest import run_alone

HEAD = b"GET / HTTP/1.1\r\nhost: hub\r\n"


def talk(conversation: Callable[[Callable[[], Awaitable[Any]], asyncio.Event], Awaitable[None]]) -> None:
    """``conversation`` with a server; its first argument connects, its second lets the server answer."""

    async def both() -> None:
        answer = asyncio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await answer.wait()
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"ok"})

        config = uvicorn.Config(
            app, lifespan="off", log_config=None, timeout_keep_alive=0.01
        )  # uvicorn's own, made short
        config.load()
        state = uvicorn.server.ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: config.http_protocol_class(config=config, server_state=state, app_state={}), "127.0.0.1", 0
        )
        host, port = server.sockets[0].getsockname()
        try:
            await asyncio.wait_for(conversation(lambda: asyncio.open_connection(host, port), answer), 60)
        finally:
            for connection in list(state.connections):
                connection.transport.close()
            server.close()
            await server.wait_closed()

    run_alone(both())


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    idle.hang_up_on_idlers()
    idle.hang_up_on_idlers()  # once is enough
    monkeypatch.setattr(idle, "IDLE_S", 0.05)


@pytest.mark.parametrize("sent", [b"", HEAD[:10]], ids=["nothing", "half a head"])
def test_a_connection_without_a_request_is_closed(sent: bytes) -> None:
    async def conversation(connect: Any, answer: asyncio.Event) -> None:
        reader, writer = await connect()
        writer.write(sent)
        assert await reader.read() == b""
        writer.close()

    talk(conversation)


def test_letters_that_arrive_now_and_then_do_not_keep_it_open() -> None:
    async def conversation(connect: Any, answer: asyncio.Event) -> None:
        reader, writer = await connect()
        ended = asyncio.ensure_future(reader.read())
        while not ended.done():
            writer.write(b"x")
            await asyncio.wait([ended], timeout=0.01)
        writer.close()

    talk(conversation)


def test_an_answer_may_take_its_time_and_the_next_request_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async def conversation(connect: Any, answer: asyncio.Event) -> None:
        reader, writer = await connect()
        writer.write(HEAD + b"\r\n")
        await asyncio.sleep(4 * idle.IDLE_S)
        assert not reader.at_eof()
        before = idle.IDLE_S
        monkeypatch.setattr(idle, "IDLE_S", 60)  # from the next look on
        answer.set()
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(4 * before)  # that look finds the answer just over
        writer.write(HEAD + b"\r\n")
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        writer.close()

    talk(conversation)


def test_after_an_answer_it_is_closed_too() -> None:
    async def conversation(connect: Any, answer: asyncio.Event) -> None:
        answer.set()
        reader, writer = await connect()
        writer.write(HEAD + b"\r\n")
        assert (await reader.read()).endswith(b"ok")
        writer.close()

    talk(conversation)


def test_of_one_address_those_that_ask_nothing_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    async def conversation(connect: Any, answer: asyncio.Event) -> None:
        async def connected() -> Any:
            reader, writer = await connect()
            writers.append(writer)
            await asyncio.sleep(0.05)
            return reader

        writers: list[asyncio.StreamWriter] = []
        busy, idle_one = await connected(), None
        writers[0].write(HEAD + b"\r\n")
        idle_one = await connected()
        third = await connected()
        assert await _rest(idle_one) == b""  # the oldest without a request
        writers[2].write(HEAD + b"\r\n")
        await asyncio.sleep(0.05)
        fourth = await connected()
        assert await _rest(fourth) == b""  # the others are being answered
        answer.set()
        for reader in (busy, third):
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        for writer in writers:
            writer.close()
        await asyncio.sleep(0.05)
        assert not idle._open

    monkeypatch.setattr(idle, "IDLE_S", 60)
    idle.hang_up_on_idlers(2)
    talk(conversation)


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


def test_a_proxy_brings_everybodys_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    async def conversation(connect: Any, answer: asyncio.Event) -> None:
        answer.set()
        opened = [await connect() for _ in range(idle.MOST_EACH + 2)]
        for reader, writer in opened[-2:]:
            writer.write(HEAD + b"\r\n")
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        for _, writer in opened:
            writer.close()

    monkeypatch.setattr(idle, "IDLE_S", 60)
    monkeypatch.setattr(idle, "MOST_EACH", 2)
    idle.hang_up_on_idlers(None)
    talk(conversation)


@pytest.mark.parametrize(
    ("piece", "answered"), [(1, False), (idle.CRUMB - 1, False), (idle.CRUMB, True), (100_000, True)]
)
def test_a_body_does_not_come_in_crumbs(piece: int, answered: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def conversation(connect: Any, answer: asyncio.Event) -> None:
        reader, writer = await connect()
        writer.write(b"POST" + HEAD[3:] + b"transfer-encoding: chunked\r\n\r\n")
        one = b"%x\r\n%s\r\n" % (piece, b"x" * piece)
        for _ in range(11):
            writer.write(one)
        await writer.drain()
        await asyncio.sleep(0.05)
        answer.set()
        writer.write(b"0\r\n\r\n")
        said = (await reader.read(12))[9:]
        assert said == (b"200" if answered else b"400")
        writer.close()

    monkeypatch.setattr(idle, "IDLE_S", 60)
    monkeypatch.setattr(idle, "MOST_CRUMBS", 10)
    talk(conversation)
