"""The configuration of HAProxy in front of several pages of the hub.

What a page keeps of its visitors is in its process: their session, their place in the queue, the stream of answers. So
a browser stays with one page, by a cookie, not by its address: a whole class may have one. The page with the fewest
connections takes the next browser. One that does not answer /healthz gets nobody; its browsers go on with another.
What a class does together (``/class/``: who leads, the answers) is kept by one page for all: the first that answers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.errors import OptionError, quoted

COOKIE = "HUB"
MOST_CONNECTIONS = 4000  # of all; each page takes a share
_PER_PAGE = 1000
_ADDRESS = re.compile(r"[A-Za-z0-9_.-]+:\d{1,5}|\[[0-9a-f:]+\]:\d{1,5}")
_TEMPLATE = """\
# Made by python -m deploy haproxy; HAProxy 2.4 or newer.
global
    log stdout format raw local0 notice
    maxconn {most}{socket}

defaults
    mode http
    log global
    option httplog
    option forwardfor            # the hub takes the last address, which is the one that is added here
    option redispatch            # a page that is gone: try another one
    retries 2
    timeout connect 3s
    timeout http-request 20s
    timeout queue 30s
    timeout client 1h            # streams of answers, and heartbeats, stay open
    timeout server 1h
    timeout http-keep-alive 30s
    timeout check 8s             # a busy page is not a dead one; a dead one refuses at once

frontend hub
    bind {listen}{tls}
    http-request set-header X-Forwarded-Proto {scheme}
    http-request del-header X-Forwarded-Host{redirect}
    use_backend class if {{ path_beg /class/ }}
    default_backend pages

backend class
    option httpchk
    http-check send meth GET uri /healthz hdr Host localhost
    http-check expect status 200
    default-server check inter 2s fall 2 rise 1 maxconn {per_page}
{class_servers}

backend pages
    balance leastconn
    cookie {cookie} insert indirect nocache httponly{secure} attr "SameSite={same_site}"
    option httpchk
    http-check send meth GET uri /healthz hdr Host localhost
    http-check expect status 200
    default-server check inter 2s fall 2 rise 1 maxconn {per_page} on-marked-down shutdown-sessions
{servers}
"""


@dataclass(frozen=True, kw_only=True)
class Front:
    """What stands before the pages."""

    listen: str = "*:8080"
    pages: tuple[str, ...] = ()  # HOST:PORT of each
    certificate: Path | None = None  # PEM with its key; without one there is no TLS
    admin: Path | None = None  # a socket for whoever runs it: draining a page

    def text(self) -> str:
        """The configuration.

        Raises:
            OptionError: an address that is none, or no page.
        """
        check_addresses(self.pages, "pages")
        check_addresses((self.listen.replace("*", "0.0.0.0"),), "--listen")
        secure = self.certificate is not None
        servers = (f"    server page{number} {at} cookie page{number}" for number, at in enumerate(self.pages, 1))
        backups = (f"    server page{n} {at}{' backup' * (n > 1)}" for n, at in enumerate(self.pages, 1))
        return _TEMPLATE.format(
            class_servers="\n".join(backups),
            most=MOST_CONNECTIONS,
            per_page=_PER_PAGE,
            cookie=COOKIE,
            listen=self.listen,
            tls=f" ssl crt {self.certificate} alpn h2,http/1.1" if secure else "",
            scheme="https" if secure else "http",
            redirect="\n    http-response set-header Strict-Transport-Security max-age=31536000" if secure else "",
            secure=" secure" if secure else "",
            same_site="None" if secure else "Lax",
            socket=f"\n    stats socket {self.admin} mode 600 level admin" if self.admin else "",
            servers="\n".join(servers),
        )


def check_addresses(addresses: Sequence[str], what: str) -> None:
    """Whether all of ``addresses`` are HOST:PORT.

    Raises:
        OptionError: one is not, or there is none.
    """
    wrong = next((one for one in addresses if not _ADDRESS.fullmatch(one)), None)
    if wrong is not None or not addresses:
        raise OptionError(f"HOST:PORT for {what}", quoted(wrong or ""), "Write for example 10.0.0.5:7860.")
