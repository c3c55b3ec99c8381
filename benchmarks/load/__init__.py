"""Clients that a hub takes for visitors with browsers of their own."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Callable, Iterable

from gradio_client import Client

WAIT_S = 900.0  # that one answer may take


def visitor(url: str) -> Client:
    """A client with a cookie of its own: a browser, as far as the hub knows."""
    with urllib.request.urlopen(url, timeout=WAIT_S) as page:
        name, _, value = (page.headers.get("set-cookie") or "").partition(";")[0].partition("=")
    return Client(url, verbose=False, httpx_kwargs={"timeout": WAIT_S, "cookies": {name: value} if name else {}})


def together(works: Iterable[Callable[[], object]]) -> None:
    """Do all ``works`` at once, each in a thread; returns when the last is done."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
