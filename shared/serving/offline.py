"""``--offline``, enforced: from the moment it is asked for, this process opens no connection to another machine."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import sys
from typing import Any

_NAMES = {"localhost", "", "0.0.0.0", "::", None}


def forbid_connections(also: tuple[str, ...] = ()) -> None:
    """Refuse, for the rest of the process, every connection to another machine and every question to a name server.

    Python calls an audit hook before either happens, in whatever library; the hook cannot be taken away again.

    Args:
        also: names or addresses that stay allowed, as the one that the hub listens on, or those of a cluster.
    """
    allowed = _NAMES | set(also)
    names = [name for name in also if not (name in _NAMES or _is_address(name))]

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" or event == "socket.sendto":
            address = arguments[1]
            if isinstance(address, tuple) and not (_own(address[0], allowed) or _is_of(names, address[0])):
                raise OSError(f"this hub is offline: no connection to {address[0]}")
        elif event in ("socket.getaddrinfo", "socket.gethostbyname") and not _known(arguments[0], allowed):
            raise socket.gaierror(socket.EAI_NONAME, "this hub is offline: it asks no name server")

    sys.addaudithook(watch)


def _known(host: object, allowed: set[Any]) -> bool:
    """Whether no name server needs to be asked for ``host``, or may be."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    return host in allowed or _is_address(host)


def _own(address: object, allowed: set[Any]) -> bool:
    return address in allowed or (_is_address(address) and ipaddress.ip_address(_plain(address)).is_loopback)


def _is_of(names: list[str], address: str) -> bool:
    """Whether a name server gives ``address`` for one of ``names`` now: a machine may come back with another one."""
    for name in names:
        with contextlib.suppress(OSError):
            if address in {found[4][0] for found in socket.getaddrinfo(name, None)}:
                return True
    return False


def _is_address(host: object) -> bool:
    try:
        ipaddress.ip_address(_plain(host))
    except ValueError:
        return False
    return True


def _plain(host: object) -> str:
    return str(host).partition("%")[0]
