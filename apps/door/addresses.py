"""Under which names the hub answers, and whose pages may talk to it.

A page of somebody else's, open in a visitor's browser, can reach a hub on that visitor's own machine: by a name that
its owner points there (the ``Host`` header then carries that name), or across sites (``Origin``). Both are refused.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from urllib.parse import urlsplit

from shared.settings import Settings

_EMBEDDERS = ("https://huggingface.co", "https://*.hf.space")


def host_names(settings: Settings) -> frozenset[str]:
    """The names, in small letters, that the hub answers to; addresses in numbers need no list.

    A name that begins with a dot stands for everything that ends in it.
    """
    machine = socket.gethostname().lower()
    names = {"localhost", settings.host.lower(), machine, machine.partition(".")[0] + ".local", *settings.allow_host}
    if settings.share:
        names.add(".gradio.live")
    if os.environ.get("SPACE_ID"):
        names |= {".hf.space", *os.environ.get("SPACE_HOST", "").lower().split(",")}
    return frozenset(names - {""})


def host_is_ours(host: str | None, names: frozenset[str]) -> bool:
    """Whether a request with this ``Host`` header is meant for this hub.

    An address in numbers is: no name server can point it elsewhere.
    """
    name = _name_of(host or "")
    if name is None:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name in names or any(name.endswith(end) for end in names if end.startswith("."))
    return True


def origin_is_ours(origin: str, host: str) -> bool:
    """Whether the page at ``origin`` was served under ``host`` (both as their headers say, ports included)."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return False
    standard = {"http": ":80", "https": ":443"}[parts.scheme]
    return parts.netloc.lower().removesuffix(standard) == host.lower().removesuffix(standard)


def frame_ancestors() -> str:
    """Which pages may show the hub in a frame: its own, and those of the Spaces that embed it."""
    return " ".join(("frame-ancestors 'self'", *_EMBEDDERS))


def behind_proxy(settings: Settings) -> bool:
    """Whether a proxy that we know stands before the hub, whose X-Forwarded-* headers therefore count."""
    return bool(settings.share or settings.allow_host or os.environ.get("SPACE_ID"))


def _name_of(host: str) -> str | None:
    """The name or address of a ``Host`` header, without its port; ``None`` if it is none."""
    if any(mark in host for mark in "@/\\?#"):
        return None
    try:
        place = urlsplit(f"//{host}")
        return place.hostname if place.port is None or place.port else None  # a port that is none raises
    except ValueError:
        return None
