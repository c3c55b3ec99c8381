"""Which of gradio's routes are open, what each may carry, and what the rest answer.

gradio serves more than this hub needs: monitoring, deep links, a proxy, an editor, files fetched from elsewhere. What
is not listed here does not exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "page",
    "call",
    "stream",
    "upload",
    "progress",
    "file",
    "login",
    "logout",
    "tools",
    "metrics",
    "class",
    "class work",
    "certificate",
]

_MB = 1_000_000
LARGEST_CALL = 8 * _MB  # bytes of a call's JSON: a webcam frame, never a file
LARGEST_FORM = 100_000
LARGEST_ANSWER = 2_000  # bytes of what a page of a class says
LARGEST_PICTURE = 1_500_000  # ... and of what it sends to the board
_SESSION = r"(?P<session>[A-Za-z0-9_-]{4,64})"


@dataclass(frozen=True)
class Route:
    """What may be asked under one kind of address."""

    pattern: re.Pattern[str]
    methods: tuple[str, ...]
    kind: Kind
    largest: int = 0  # bytes of the request's body
    open: bool = False  # without log-in


def _route(pattern: str, methods: str, kind: Kind, largest: int = 0, *, open: bool = False) -> Route:
    return Route(re.compile(pattern), tuple(methods.split()), kind, largest, open)


_API = "/gradio_api"
ROUTES: tuple[Route, ...] = (
    _route(r"/", "GET HEAD", "page", open=True),
    _route(r"/(static|assets|svelte)/[^\\]*", "GET", "page", open=True),
    _route(r"/(favicon\.ico|robots\.txt|manifest\.json|theme\.css|pwa_icon(/\d+)?)", "GET", "page", open=True),
    _route(rf"{_API}/(theme\.css|robots\.txt|app_id/?|startup-events|login_check/?)", "GET", "page", open=True),
    _route(r"/login/?", "POST", "login", LARGEST_FORM, open=True),
    _route(r"/logout", "GET", "logout"),
    _route(r"/config/?", "GET", "page"),
    _route(rf"{_API}/(info/?|openapi\.json|user/?|token/?|queue/status)", "GET", "page"),
    _route(rf"{_API}/heartbeat/{_SESSION}", "GET", "stream"),
    _route(rf"{_API}/queue/data", "GET", "stream"),
    _route(rf"{_API}/call/(v2/)?\w+/{_SESSION}", "GET", "stream"),
    _route(rf"{_API}/upload", "POST", "upload"),
    _route(rf"{_API}/upload_progress", "GET", "progress"),
    _route(rf"{_API}/file=.*", "GET HEAD", "file"),
    _route(rf"{_API}/(queue/join|(run|api|call|call/v2)/\w+/?|component_server/?)", "POST", "call", LARGEST_CALL),
    _route(rf"{_API}/stream/\w+(/close)?", "POST", "call", LARGEST_CALL),
    _route(rf"{_API}/(cancel|reset)/?", "POST", "call", LARGEST_FORM),
    _route(rf"{_API}/mcp(/.*)?", "GET HEAD POST DELETE", "tools", LARGEST_CALL),
    _route(r"/metrics", "GET", "metrics"),
    _route(r"/ca\.crt", "GET", "certificate", open=True),
    _route(
        r"/class/(now|notes|phone|board(/[0-9a-f]{16})?|lesson/[\w-]{1,60}|page/[0-9a-f]{12}/\w+\.(js|css))",
        "GET",
        "class",
    ),
    _route(r"/class/(teacher|step|lead|reveal|end|answer|remove)", "POST", "class", LARGEST_ANSWER),
    _route(r"/class/reset", "POST", "class work", LARGEST_ANSWER),
    _route(r"/class/board", "POST", "class work", LARGEST_PICTURE),
)


def find_route(path: str, method: str) -> Route | None:
    """The route that a request may take, or ``None``."""
    for route in ROUTES:
        if method in route.methods and route.pattern.fullmatch(path):
            return route
    return None
