"""Who a visitor is, which files are theirs, and how much of the disk they use.

A visitor is known by a cookie that the hub has signed, so that a client can neither guess nor make up somebody else's;
a client without one (a script) is known by its address.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COOKIE = "convhub-visitor"
NO_ROOM = "Your files on this hub have reached their limit. Close the page, and open it again later."
_SECRETS = [secrets.token_bytes(32)]  # the last one signs
FOLDER = 8_192  # bytes of the disk that each file takes besides its own: its folder, and the rest of its last block
_DEEPEST = 40  # nested lists and objects of a request that are looked through


def sign_with(secret: str) -> None:
    """Sign the visitors' cookies so that other hubs with the same ``secret`` know them."""
    _SECRETS[:] = [hashlib.sha256(b"visitors " + secret.encode()).digest()]


def new_cookie() -> str:
    """The value of the cookie of a visitor who has none."""
    name = secrets.token_urlsafe(12)
    return f"{name}.{_signature(name)}"


def visitor_of(cookie: str | None, address: str) -> str:
    """The visitor's name: from the cookie if the hub has signed it, or else from the address."""
    name, _, signature = (cookie or "").rpartition(".")
    if name and hmac.compare_digest(signature.encode(), _signature(name).encode()):
        return f"cookie {name}"
    return f"address {address}"


def _signature(name: str) -> str:
    return hmac.new(_SECRETS[-1], name.encode(), hashlib.sha256).hexdigest()


@dataclass
class _File:
    size: int
    since: float
    owners: set[str] = field(default_factory=set)


class Files:
    """Which files the hub has written for whom. All methods may be called from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = self._most_each = sys.maxsize
        self._clock = clock
        self._files: dict[str, _File] = {}
        self._public: set[str] = set()
        self._lock = threading.Lock()

    def allow(self, most: int, *, largest: int) -> None:
        """Let all files together hold ``most`` bytes and one visitor's an eighth of it, at least one of ``largest``."""
        self._most, self._most_each = most, max(most // 8, int(largest * 1.1))

    def give(self, visitor: str, paths: Iterable[str]) -> None:
        """Note that ``paths`` were uploaded by, or made for, ``visitor``; each must exist."""
        for path in paths:
            with suppress(OSError, ValueError):  # gone already, or no path at all
                size = Path(path).stat().st_size + FOLDER
                with self._lock:
                    file = self._files.setdefault(path, _File(size, self._clock()))
                    file.owners.add(visitor)
                    file.since = self._clock()

    def publish(self, paths: Iterable[str]) -> None:
        """Let everybody read ``paths``: what the page itself shows."""
        with self._lock:
            self._public.update(paths)

    def owns(self, visitor: str, path: str) -> bool:
        """Whether ``path`` was uploaded by, or made for, ``visitor``. The disk is not asked."""
        with self._lock:
            file = self._files.get(path)
            return file is not None and visitor in file.owners

    def may_read(self, visitor: str, path: str) -> bool:
        """Whether ``visitor`` may fetch ``path``."""
        return path in self._public or self.owns(visitor, path)

    def bytes_of(self, visitor: str) -> int:
        """What the visitor's files hold on the disk."""
        with self._lock:
            return sum(file.size for file in self._files.values() if visitor in file.owners)

    def bytes_of_all(self) -> int:
        """What all visitors' files hold on the disk."""
        with self._lock:
            return sum(file.size for file in self._files.values())

    def left(self, visitor: str) -> int:
        """How many bytes ``visitor`` may still send."""
        return min(self._most_each - self.bytes_of(visitor), self._most - self.bytes_of_all())

    def forget_gone(self) -> None:
        """Count no file any more that has been deleted."""
        with self._lock:
            known = {path: file.since for path, file in self._files.items()}
        gone = [path for path in known if not Path(path).is_file()]
        with self._lock:
            for path in gone:
                if path in self._files and self._files[path].since == known[path]:  # not sent again meanwhile
                    del self._files[path]

    def owners(self) -> set[str]:
        """Everybody who has a file here."""
        with self._lock:
            return set().union(*(file.owners for file in self._files.values()))

    def drop_visitor(self, visitor: str) -> list[str]:
        """Take everything away from ``visitor``; the files that now belong to nobody."""
        with self._lock:
            for file in self._files.values():
                file.owners.discard(visitor)
            return self._take({path for path, file in self._files.items() if not file.owners})

    def drop_older(self, seconds: float) -> list[str]:
        """Forget the files that were last given out ``seconds`` ago or longer; which."""
        with self._lock:
            limit = self._clock() - seconds
            return self._take({path for path, file in self._files.items() if file.since <= limit})

    def _take(self, paths: set[str]) -> list[str]:
        for path in paths:
            del self._files[path]
        return sorted(paths - self._public)


FILES = Files()


class UnreadableRequestError(ValueError):
    """What a request carries is nested more deeply than anything the page sends."""


def parts(value: Any) -> Iterator[Any]:
    """``value`` and everything inside it, at any depth.

    Raises:
        UnreadableRequestError: it is nested too deeply.
    """
    left = [(value, 0)]
    while left:
        one, depth = left.pop()
        if depth > _DEEPEST:
            raise UnreadableRequestError
        yield one
        inside = one.values() if isinstance(one, dict) else one if isinstance(one, list | tuple) else ()
        left.extend((inner, depth + 1) for inner in inside)


def file_objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside ``value`` that names a file: one with a "path" or a "url".

    Raises:
        UnreadableRequestError: ``value`` is nested too deeply.
    """
    for one in parts(value):
        if isinstance(one, dict) and (isinstance(one.get("path"), str) or isinstance(one.get("url"), str)):
            yield one
