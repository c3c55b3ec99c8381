"""A web server of this machine that serves, and misbehaves, as a test tells it to."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Visit"], None]


class Visit(BaseHTTPRequestHandler):
    """One request; the behaviours below answer it."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.seen.append((self.command, self.path, self.headers.get("Range")))
        behaviour = self.server.script.pop(0) if self.server.script else self.server.behaviour
        behaviour(self)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    @property
    def start(self) -> int:
        """The first byte that the client asks for."""
        return int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])

    def answer(self, status: int, body: bytes = b"", **headers: Any) -> None:
        """Send ``status``, ``headers`` (underscores mean dashes) and ``body``; the length unless ``headers`` lie."""
        self.send_response(status)
        lengths = {} if "Content_Length" in headers or "Transfer_Encoding" in headers else {"Content_Length": len(body)}
        for name, value in (headers | lengths).items():
            if value is not None:
                self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
            self.wfile.flush()

    def hang_up(self) -> None:
        """Close the connection in mid-answer."""
        self.close_connection = True


class Server(ThreadingHTTPServer):
    """``behaviour`` answers every request, but those of ``script`` come first, one request each."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, behaviour: Behaviour, certificate: str | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.behaviour = behaviour
        self.script: list[Behaviour] = []
        self.seen: list[tuple[str, str, str | None]] = []  # method, path, Range
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
            self.scheme = "https"

    @property
    def url(self) -> str:
        """The address of a file of this server."""
        return f"{self.scheme}://127.0.0.1:{self.server_port}/model.bin"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what some tests are about."""


@contextmanager
def serve(behaviour: Behaviour, certificate: str | None = None) -> Iterator[Server]:
    """A running server."""
    with Server(behaviour, certificate) as server:
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def whole(data: bytes, pause_s: float = 0.0) -> Behaviour:
    """A good server: the file, or its rest where a Range asks for that; ``pause_s`` before the answer."""

    def answer(visit: Visit) -> None:
        time.sleep(pause_s)
        if visit.headers.get("Range"):
            rest = f"bytes {visit.start}-{len(data) - 1}/{len(data)}"
            visit.answer(206, data[visit.start :], Content_Range=rest)
        else:
            visit.answer(200, data)

    return answer


def cut(data: bytes, after: int) -> Behaviour:
    """Sends ``after`` bytes of what was asked for, announced as the whole, and hangs up."""

    def answer(visit: Visit) -> None:
        start = visit.start
        status, extra = (206, {"Content_Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}) if start else (200, {})
        visit.answer(status, data[start : start + after], Content_Length=len(data) - start, **extra)
        visit.hang_up()

    return answer


def stall(data: bytes, after: int, seconds: float) -> Behaviour:
    """Sends ``after`` bytes and then nothing for ``seconds``."""

    def answer(visit: Visit) -> None:
        cut(data, after)(visit)
        time.sleep(seconds)

    return answer


def status(code: int, **headers: Any) -> Behaviour:
    """Nothing but a status."""
    return lambda visit: visit.answer(code, b"sorry", **headers)


def body(data: bytes, code: int = 200, **headers: Any) -> Behaviour:
    """These bytes, whatever was asked for."""
    return lambda visit: visit.answer(code, data, **headers)


def hub(data: bytes, etag: str, commit: str = "a" * 40) -> Behaviour:
    """The hub's ``resolve`` addresses, as far as huggingface-hub asks for them."""

    def answer(visit: Visit) -> None:
        if "/resolve/" not in visit.path:
            visit.answer(404)
        else:
            visit.answer(200, data, X_Repo_Commit=commit, ETag=f'"{etag}"', Accept_Ranges="bytes")

    return answer
