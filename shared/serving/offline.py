"""``--offline``, enforced: from the moment it is asked for, this process opens no connection to another machine."""

from __future__ import annotations

import ipaddress
import socket
import sys
from typing import Any

_NAMES = {"localhost", "", "0.0.0.0", "::", None}


def forbid_connections(also: tuple[str, ...] = ()) -> None:
    """Refuse, for the rest of the process, every connection to another machine and every question to a name server.

    Python calls an audit hook before either happens, in whatever library; the hook cannot be taken away again.

    Args:
        also: names or addresses that stay allowed, as the one that the hub listens on.
    """
    allowed = _NAMES | set(also)

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" or event == "socket.sendto":
            address = arguments[1]
            if isinstance(address, tuple) and not _own(address[0], allowed):
                raise OSError(f"this hub is offline: no connection to {address[0]}")
        elif event in ("socket.getaddrinfo", "socket.gethostbyname") and not _own(arguments[0], allowed):
            raise socket.gaierror(socket.EAI_NONAME, "this hub is offline: it asks no name server")

    sys.addaudithook(watch)


def _own(host: object, allowed: set[Any]) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in allowed:
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False
