"""How a class gets in: the hub's address as other machines see it, large, and as a QR code for phones.

segno computes the code: pure Python, no further packages.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

import psutil

from apps.markup import Markup, h, svg

_QUIET = 2  # modules of white around the code


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


TRUST = (  # by an address, what to do on a phone
    "So that a phone trusts this hub, and gives its camera: open {0}ca.crt on it, past the warning. iPhone: allow the "
    "download, install the profile under Settings, General, VPN & Device Management, and switch “ConvHub on this "
    "machine” on under General, About, Certificate Trust Settings. Android: Settings, Security, More, Install from "
    "storage, CA certificate. Once per phone; remove it there after the course."
)


def join_html(address: str, *, own: bool = False) -> Markup:
    """The address as text and as a QR code; ``own``: served with a certificate that the hub made itself."""
    import segno

    code = segno.make(address, error="m")
    dark = (
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(code.matrix_iter(border=_QUIET))
        for x, module in enumerate(row)
        if module
    )
    side = code.symbol_size(border=_QUIET)[0]
    picture = svg(
        h.rect(width=side, height=side, fill="#fff"),
        h.path(d="".join(dark), fill="#000"),
        size=(side, side),
        label=f"QR code of {address}",
    )
    words = (
        "Same network as this machine; a webcam needs https or localhost, so phones take photos with the file picker."
    )
    if address.startswith("https:"):
        words = f"Same network as this machine. {TRUST.format(address) if own else ''}"
    return h.div(picture, h.p(h.a(address, href=address), h.br(), words), class_="ch-join")


def address_code(address: str) -> str:
    """The QR code of ``address`` as a ``data:`` URL of a picture, black on white."""
    import segno

    return str(segno.make(address, error="m").svg_data_uri(border=_QUIET, light="#fff"))


def _is_loopback(host: str) -> bool:
    if host in ("", "localhost", "0.0.0.0"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
