"""How a class gets in: the hub's address as other machines see it, large, and as a QR code for phones.

segno draws the code: pure Python, no further packages, SVG that scales to a projector.
"""

from __future__ import annotations

import html
import io
import ipaddress
import socket
from urllib.parse import urlsplit

import psutil


def join_address(seen_as: str) -> str:
    """The address to give to the class, from the address under which the teacher's own browser sees the hub.

    A name or an address that others can reach is kept; "localhost" and the like are replaced by this machine's
    address in the local network, where it has one.
    """
    parts = urlsplit(seen_as)
    if not _is_loopback(parts.hostname or ""):
        return f"{parts.scheme}://{parts.netloc}/"
    host = next(iter(local_addresses()), parts.hostname or "localhost")
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}/"


def local_addresses() -> list[str]:
    """This machine's IPv4 addresses in local networks, those of home and school networks first; opens no socket."""
    found = [
        address.address
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family == socket.AF_INET and not _is_loopback(address.address)
    ]
    return sorted(found, key=lambda text: (ipaddress.ip_address(text).is_link_local, not text.startswith("192.168.")))


def join_html(address: str) -> str:
    """The address as text and as a QR code."""
    import segno

    svg = io.BytesIO()
    segno.make(address, error="m").save(
        svg, kind="svg", omitsize=True, border=2, dark="#000", light="#fff", xmldecl=False
    )
    text = html.escape(address)
    return (
        f'<div class="ch-join"><div role="img" aria-label="QR code of {text}">{svg.getvalue().decode()}</div>'
        f'<p><a href="{text}">{text}</a><br>Same network as this machine; a webcam needs https or localhost, so phones '
        "take photos through the file picker.</p></div>"
    )


def _is_loopback(host: str) -> bool:
    if host in ("", "localhost", "0.0.0.0"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
