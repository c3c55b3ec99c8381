"""Connections on which no request comes are closed, and those on which one comes in crumbs; one address has so many.

uvicorn waits for the head of a request for as long as something of it arrives now and then: whoever opens thousands of
connections and sends a letter a minute on each would keep everybody else out.

After an answer, on the other hand, uvicorn hangs up within 5 s, just when a visitor who has looked at it asks for the
next one: that request meets a closed door. Here the connection stays until it is found idle.

A body may come in pieces of a length that its sender chooses. Of pieces of one byte, h11 reads 15,000 a second while
everybody waits; programs send pieces of some thousand bytes, browsers none at all.
"""

from __future__ import annotations

import contextlib
import importlib
from typing import Any

import h11

IDLE_S = 30.0  # until a connection is looked at again; the head of a request takes a phone a second at most
KEPT_S = 2 * IDLE_S  # after an answer: longer than it takes to be found idle
MOST_EACH = 800  # connections of one address; a class of 100 behind one router has at most 6 each
MOST_CRUMBS = 1000  # pieces of a body, beyond which they must be ...
CRUMB = 256  # ... this long on average, bytes

_BUSY = object()
_SERVERS = (("h11_impl", "H11Protocol"), ("httptools_impl", "HttpToolsProtocol"))  # uvicorn takes what is installed


_open: dict[str, dict[Any, None]] = {}  # address -> its connections, the oldest first


def hang_up_on_idlers(most_each: int | None = MOST_EACH) -> None:
    """Make every server of this process close a connection that was without a request the last time and still is.

    ``most_each``: how many connections one address may have; ``None`` where a proxy brings everybody's.
    """
    for module, name in _SERVERS:
        with contextlib.suppress(ImportError):
            protocol: Any = getattr(importlib.import_module(f"uvicorn.protocols.http.{module}"), name)
            protocol.most_each = most_each
            if not hasattr(protocol, "watched"):
                protocol.watched = protocol.connection_made
                protocol.connection_made = _connection_made
                protocol.watched_lost = protocol.connection_lost
                protocol.connection_lost = _connection_lost


def _connection_lost(connection: Any, error: Exception | None) -> None:
    others = _open.get(_address(connection), {})
    others.pop(connection, None)
    if not others:
        _open.pop(_address(connection), None)
    connection.watched_lost(error)


def _address(connection: Any) -> str:
    return str((connection.client or ("unknown",))[0])


def _is_idle(connection: Any) -> bool:
    """Whether no request has come whole, or the answer to the last one is over."""
    return connection.cycle is None or connection.cycle.response_complete


def _refuse_crumbs(connection: Any) -> None:
    """Make h11 take a body in too many too short pieces for one that is none. (httptools reads them in C.)"""
    if not hasattr(connection, "conn"):
        return
    next_event = connection.conn.next_event
    pieces = size = 0

    def next_event_of_some_length() -> Any:
        nonlocal pieces, size
        event = next_event()
        if isinstance(event, h11.Request):
            pieces = size = 0
        elif isinstance(event, h11.Data):
            pieces += event.chunk_end
            size += len(event.data)
            if pieces > MOST_CRUMBS and size < pieces * CRUMB:
                raise h11.RemoteProtocolError("a body in crumbs")
        return event

    connection.conn.next_event = next_event_of_some_length


def _connection_made(connection: Any, transport: Any) -> None:
    connection.watched(transport)
    others = _open.setdefault(_address(connection), {})
    others[connection] = None
    if connection.most_each is not None and len(others) > connection.most_each:
        # whoever shares the address with somebody who leaves hundreds open gets in
        over = next((one for one in others if one is not connection and _is_idle(one)), connection)
        over.transport.abort()
        others.pop(over)
        if over is connection:
            return
    _refuse_crumbs(connection)
    connection.timeout_keep_alive = KEPT_S
    was_idle = None  # the request whose answer was over the last time; at first there is none, and nothing to be over

    def look() -> None:
        nonlocal was_idle
        if transport.is_closing() or transport.get_protocol() is not connection:
            return
        cycle, idle = connection.cycle, _is_idle(connection)
        if idle and cycle is was_idle:
            transport.close()
            return
        was_idle = cycle if idle else _BUSY
        connection.loop.call_later(IDLE_S, look)

    connection.loop.call_later(IDLE_S, look)
