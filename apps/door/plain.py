"""Requests that are answered without gradio: what is asked, and the answer, as plain values."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

_Message = MutableMapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request that has passed the door."""

    method: str
    path: str
    query: str
    body: bytes
    visitor: str  # as apps/door/visitors.py knows them
    address: str
    hub: str  # the hub's address as this visitor sees it: "https://hub.example"
    takes_gzip: bool = False

    @classmethod
    def of(cls, scope: MutableMapping[str, Any], body: bytes, *, visitor: str, address: str) -> Asked:
        """The request of an ASGI ``scope``, whose X-Forwarded headers are a proxy's that the door knows."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        scheme = headers.get("x-forwarded-proto", scope["scheme"])
        return cls(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            body=body,
            visitor=visitor,
            address=address,
            hub=f"{scheme}://{headers.get('x-forwarded-host', headers.get('host', ''))}",
            takes_gzip="gzip" in headers.get("accept-encoding", ""),
        )


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is answered."""

    body: bytes
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=lambda: {"cache-control": "no-store"})

    async def send(self, send: Callable[[_Message], Awaitable[None]]) -> None:
        """Send it as ASGI wants it."""
        fields = {"content-type": self.kind, "content-length": str(len(self.body)), **self.headers}
        headers = [(name.encode(), value.encode()) for name, value in fields.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def as_json(value: Any, status: int = 200) -> Answer:
    """``value`` as an answer that no cache keeps."""
    return Answer(body=json.dumps(value, ensure_ascii=False).encode(), status=status)


def nothing_here(asked: Asked) -> Answer:
    """What is answered where nothing answers."""
    return as_json({"detail": "There is nothing here."}, 404)
