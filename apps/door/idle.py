"""Connections on which no request comes are closed.

uvicorn waits for the head of a request for as long as something of it arrives now and then: whoever opens thousands of
connections and sends a letter a minute on each would keep everybody else out.

After an answer, on the other hand, uvicorn hangs up within 5 s, just when a visitor who has looked at it asks for the
next one: that request meets a closed door. Here the connection stays until it is found idle.
"""

from __future__ import annotations

import contextlib
import importlib
from typing import Any

IDLE_S = 30.0  # until a connection is looked at again; the head of a request takes a phone a second at most
KEPT_S = 2 * IDLE_S  # after an answer: longer than it takes to be found idle

_BUSY = object()
_SERVERS = (("h11_impl", "H11Protocol"), ("httptools_impl", "HttpToolsProtocol"))  # uvicorn takes what is installed


def hang_up_on_idlers() -> None:
    """Make every server of this process close a connection that was without a request the last time and still is."""
    for module, name in _SERVERS:
        with contextlib.suppress(ImportError):
            protocol: Any = getattr(importlib.import_module(f"uvicorn.protocols.http.{module}"), name)
            if not hasattr(protocol, "watched"):
                protocol.watched = protocol.connection_made
                protocol.connection_made = _connection_made


def _connection_made(connection: Any, transport: Any) -> None:
    connection.watched(transport)
    connection.timeout_keep_alive = KEPT_S
    was_idle = None  # the request whose answer was over the last time; at first there is none, and nothing to be over

    def look() -> None:
        nonlocal was_idle
        if transport.is_closing() or transport.get_protocol() is not connection:
            return
        cycle = connection.cycle
        idle = cycle is None or cycle.response_complete
        if idle and cycle is was_idle:
            transport.close()
            return
        was_idle = cycle if idle else _BUSY
        connection.loop.call_later(IDLE_S, look)

    connection.loop.call_later(IDLE_S, look)
