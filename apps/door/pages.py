"""The page itself, made once: the same for everybody who opens the hub under the same name.

gradio writes page and description again for each visitor, up to an eighth of a second of everybody's time: a class that
opens the hub together waits for one another. Packed, both are a tenth as long. The page differs by the tab that the
address asks for: what stands in that one is described at once (apps/on_demand.py).
"""

from __future__ import annotations

import asyncio
import contextvars
import gzip
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

_Message = MutableMapping[str, Any]
_App = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]],
    Awaitable[None],
]
Key = tuple[str, ...]

ASKED: contextvars.ContextVar[str] = contextvars.ContextVar("asked", default="")  # the tab that the address asks for
LATER = "/"  # after its name: it comes later, with the values that the address has for its controls (apps/sharing.py)
_PLAIN = {"tab", "embed", "lesson", "step", "present"}  # what an address may say without
KEPT = ("/", "/config", "/config/")
LOCKED = "locked"  # in the key of a page for whoever has yet to log in
_INFO, _INFO_ENDS = b"window.gradio_api_info = ", b";</script>"  # gradio writes all endpoints into the page, too
_MOST = 64  # kept at most: any number is a name of the machine
_LONGEST_QUERY = 4_000  # bytes that are looked at
_MOST_FIELDS = 100  # of a query; a link of ours has far fewer
_WORTH_PACKING = 1_000  # bytes


@dataclass
class _Made:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    packed: bytes = b""  # empty until it is packed, and where that would not be shorter

    def pack(self) -> None:
        packed = gzip.compress(self.body, 6) if len(self.body) >= _WORTH_PACKING else b""
        self.packed = packed if len(packed) < len(self.body) else b""


class Pages:
    """Answers that were given before, and one at a time being made."""

    def __init__(self, tabs: Iterable[str] = ()) -> None:
        """Pages of a hub with ``tabs``, in their order."""
        self._tabs = tuple(tabs)
        self._made: OrderedDict[Key, _Made] = OrderedDict()
        self._making = asyncio.Lock()
        self._packing: asyncio.Task[None] | None = None  # the latest, kept from the garbage collection

    async def answer(
        self, app: _App, scope: MutableMapping[str, Any], send: Callable[[_Message], Awaitable[None]], key: Key
    ) -> None:
        """Answer ``scope``, a request for one of ``KEPT``, as ``app`` does; ``key`` is all that its answer depends on.

        Of the query, ``app`` learns no more than which tab of the hub it asks for, in ``ASKED``.
        """
        tab = self._asked(scope["query_string"])
        key = (tab, *key)
        made = self._made.get(key)
        if made is None:
            async with self._making:
                ASKED.set(tab)
                made = self._made.get(key) or await self._make(app, scope, key)
        accepted = next((value for name, value in scope["headers"] if name == b"accept-encoding"), b"")
        packed = made.packed and b"gzip" in accepted
        body = made.packed if packed else made.body
        headers = [*made.headers, (b"content-length", str(len(body)).encode()), (b"vary", b"Accept-Encoding")]
        if packed:
            headers.append((b"content-encoding", b"gzip"))
        await send({"type": "http.response.start", "status": made.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _asked(self, query: bytes) -> str:
        fields = query[:_LONGEST_QUERY].decode("ascii", "replace").split("&")
        found = parse_qs("&".join(fields[:_MOST_FIELDS]))
        path = found.get("tab", [""])[0]
        tab = path.partition("/")[0]
        if tab not in self._tabs:  # the first one then says so
            return next((one + LATER for one in self._tabs if path), "")
        plain = path == tab and found.keys() <= _PLAIN and len(fields) <= _MOST_FIELDS
        return tab if plain else tab + LATER

    async def _make(self, app: _App, scope: MutableMapping[str, Any], key: Key) -> _Made:
        status, headers, body = 500, [], bytearray()

        async def nothing() -> _Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def keep(message: _Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message.get("headers", ()))
            else:
                body.extend(message.get("body", b""))

        plain = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        await app({**scope, "method": "GET", "query_string": b"", "headers": plain}, nothing, keep)
        headers = [pair for pair in headers if pair[0].lower() not in (b"content-length", b"vary")]
        made = _Made(status, headers, _without_info(bytes(body)) if LOCKED in key else bytes(body))
        if status == 200 and not any(name.lower() == b"set-cookie" for name, _ in headers):
            self._made[key] = made
            while len(self._made) > _MOST:
                self._made.popitem(last=False)
            self._packing = asyncio.create_task(asyncio.to_thread(made.pack))  # whoever came first does not wait for it
        return made


def _without_info(page: bytes) -> bytes:
    """``page`` without what the hub can do and where its samples lie."""
    before, mark, rest = page.partition(_INFO)
    return before + mark + b"null" + rest[rest.find(_INFO_ENDS) :] if _INFO_ENDS in rest else page
