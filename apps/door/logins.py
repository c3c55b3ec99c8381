"""``--auth`` on every route, guessing slowed down, and one visitor logged out at a time."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

_FREE = 4  # failures without a wait
_LONGEST_S = 30.0
_MOST = 10_000  # addresses remembered


class Guesses:
    """Failed log-ins per address: each one beyond the first few doubles the wait before the next may be tried."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()  # address -> failures, when the next may come
        self._lock = threading.Lock()

    def wait(self, address: str) -> float:
        """Seconds that ``address`` has to wait before its next try."""
        with self._lock:
            return max(0.0, self._failed.get(address, (0, 0.0))[1] - self._clock())

    def tried(self, address: str, *, right: bool) -> None:
        """A log-in was tried."""
        with self._lock:
            failures, _ = self._failed.pop(address, (0, 0.0))
            if right:
                return
            delay = min(_LONGEST_S, 2.0 ** (failures - _FREE)) if failures >= _FREE else 0.0
            self._failed[address] = (failures + 1, self._clock() + delay)
            while len(self._failed) > _MOST:
                self._failed.popitem(last=False)


class Tickets:
    """Who is logged in: gradio's own table of tokens, each the value of a cookie."""

    def __init__(self, app: Any, account: tuple[str, str]) -> None:
        self._app = app  # gradio's App
        self._account = account
        self._agent: str | None = None  # the token of clients that send the password with every request

    def names(self) -> tuple[str, str]:
        """The cookies that carry the token: over https, and without."""
        return f"access-token-{self._app.cookie_id}", f"access-token-unsecure-{self._app.cookie_id}"

    def token(self, cookies: dict[str, str]) -> str | None:
        """The token that lets these cookies in, or ``None``."""
        sent = (cookies.get(name) for name in self.names())
        return next((token for token in sent if token and token in self._app.tokens), None)

    def forget(self, cookies: dict[str, str]) -> None:
        """Log out whoever sent these cookies, and nobody else."""
        token = self.token(cookies)
        if token is not None:
            self._app.tokens.pop(token, None)

    def admit_agent(self, authorization: str | None) -> str | None:
        """The cookie for a client that sends user and password itself (HTTP Basic), or ``None`` if they are wrong."""
        if authorization is None or not _same_account(authorization, self._account):
            return None
        if self._agent not in self._app.tokens:
            self._agent = secrets.token_urlsafe(24)
            self._app.tokens[self._agent] = self._account[0]
        secure, plain = self.names()
        return f"{secure}={self._agent}; {plain}={self._agent}"


def _same_account(authorization: str, account: tuple[str, str]) -> bool:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        sent = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(sent, ":".join(account).encode())
