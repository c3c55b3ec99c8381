"""``--auth`` on every route, the teacher's password, guessing slowed down, and one visitor logged out at a time."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from typing import Any

from shared import settings
from shared.errors import InputError

_FREE = 4  # failures without a wait
_LONGEST_S = 30.0  # that anybody waits: who mistypes in class loses no lesson, and 2,880 guesses a day find nothing
_MOST = 10_000  # addresses, and returned tickets, remembered
TICKET = "convhub-ticket"  # the cookie of who has logged in, where several hubs stand behind one name
HOLDS_S = 12 * 3600  # that a ticket is good for: a school day


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


TEACHERS_GUESSES = Guesses()  # one for all places that ask for the teacher's password


def check_teacher(password: object, address: str) -> None:
    """Whether ``password``, sent from ``address``, is that of ``--teacher``.

    Raises:
        InputError: it is not, there is none, or the last wrong one was a moment ago.
    """
    wait = TEACHERS_GUESSES.wait(address)
    if wait:
        raise InputError("", "Too many wrong passwords", f"Wait {int(wait) + 1} s.")
    wanted = settings.current().teacher or ""
    right = bool(wanted) and hmac.compare_digest(str(password).encode("utf-8", "replace"), wanted.encode())
    TEACHERS_GUESSES.tried(address, right=right)
    if not right:
        raise InputError("the teacher's password", "another one", "Ask whoever started this hub.")


class Tickets:
    """Who is logged in: gradio's own table of tokens, each the value of a cookie."""

    def __init__(
        self, app: Any, account: tuple[str, str], secret: str | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._app = app  # gradio's App
        self._account = account
        self._agent: str | None = None  # the token of clients that send the password with every request
        # another password makes another key: who knows only the old one is out
        self._key = None if secret is None else hmac.digest(secret.encode(), ":".join(account).encode(), "sha256")
        self._clock = clock
        self._returned: OrderedDict[str, None] = OrderedDict()  # tickets of those who have logged out here

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
        if (ticket := cookies.get(TICKET)) and self._holds(ticket):
            self._returned[ticket] = None
            while len(self._returned) > _MOST:
                self._returned.popitem(last=False)

    def issue(self) -> str | None:
        """A ticket for somebody who has just logged in, which hubs with the same secret take; ``None`` without one."""
        if self._key is None:
            return None
        text = f"{secrets.token_urlsafe(9)}.{int(self._clock()) + HOLDS_S}"
        return f"{text}.{self._signed(text)}"

    def admit(self, scope: MutableMapping[str, Any], cookies: dict[str, str]) -> dict[str, str]:
        """``cookies``, and those of gradio's for whoever holds a ticket; ``scope`` gets them too."""
        ticket = cookies.get(TICKET)
        if ticket is None or self.token(cookies) is not None or not self._holds(ticket):
            return cookies
        token = f"ticket-{ticket}"
        self._app.tokens[token] = self._account[0]
        known = cookies | dict.fromkeys(self.names(), token)
        sent = "; ".join(f"{name}={value}" for name, value in known.items()).encode("latin-1")
        scope["headers"] = [*(one for one in scope["headers"] if one[0] != b"cookie"), (b"cookie", sent)]
        return known

    def _holds(self, ticket: str) -> bool:
        text, _, signature = ticket.rpartition(".")
        until = text.rpartition(".")[2]
        return (
            self._key is not None
            and hmac.compare_digest(signature.encode(), self._signed(text).encode())
            and until.isdecimal()
            and self._clock() < int(until)
            and ticket not in self._returned
        )

    def _signed(self, text: str) -> str:
        return hmac.new(self._key or b"", text.encode(), "sha256").hexdigest()

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
