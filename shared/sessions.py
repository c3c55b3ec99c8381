"""Something private per browser session, forgotten with the session.

gradio's own ``State`` is copied deeply and is no place for galleries or locks; this store is keyed by the session's
hash instead. ``leave`` announces the end of a session; one whose end goes unnoticed is forgotten after a while
of idleness, and the store never holds more than a fixed number of them.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from shared.serving.attendance import ATTENDANCE

T = TypeVar("T")


class Clearable(Protocol):
    """A store that can be emptied."""

    def clear(self) -> None:
        """Forget everything, now."""


_STORES: weakref.WeakSet[Clearable] = weakref.WeakSet()


def empty_at_reset(store: Clearable) -> None:
    """Let ``forget_everybody`` empty ``store``, too, which holds what visitors have brought."""
    _STORES.add(store)


class Sessions(Generic[T]):
    """One ``T`` per session, made on first use. All methods may be called from any thread."""

    def __init__(
        self,
        make: Callable[[], T],
        *,
        most: int = 300,
        idle_s: float = 2 * 3600,
        grace_s: float = 120,
        there: Callable[[str], bool] = ATTENDANCE.there,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """An empty store.

        Args:
            make: makes what a new session owns.
            most: sessions kept; beyond them the one unused for longest is forgotten, those who are there last.
            idle_s: seconds after its last use that a session is forgotten.
            grace_s: seconds after ``leave``.
            there: whether somebody is at the other end of a session now.
            clock: seconds, for tests.
        """
        self._make = make
        self._most = most
        self._idle_s = idle_s
        self._grace_s = grace_s
        self._there = there
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, T]] = OrderedDict()
        self._left: dict[str, float] = {}  # session -> when it is forgotten unless it is back
        self._lock = threading.Lock()
        empty_at_reset(self)

    def get(self, session: str) -> T:
        """What ``session`` owns."""
        now = self._clock()
        with self._lock:
            self._sweep(now)
            self._left.pop(session, None)
            known = self._kept.pop(session, None)
            owned = self._make() if known is None else known[1]
            self._kept[session] = (now, owned)
            if len(self._kept) > self._most:
                del self._kept[self._least_needed(session)]
            return owned

    def _least_needed(self, new: str) -> str:
        """Who gives way: the one unused for longest of those who are gone, or else of all."""
        others = [session for session in self._kept if session != new]
        return next((session for session in others if not self._there(session)), others[0])

    def make_room(self, session: str, size: Callable[[T], int], most: int) -> None:
        """Forget others, the one unused for longest first, until by ``size`` all own at most ``most`` together."""
        with self._lock:
            owned = {name: size(own) for name, (_, own) in self._kept.items()}
            while len(self._kept) > 1 and sum(owned.values()) > most:
                gone = self._least_needed(session)
                del self._kept[gone], owned[gone]
                self._left.pop(gone, None)

    def find(self, session: str) -> T | None:
        """What ``session`` owns, or ``None`` if it owns nothing; this is not a use of it."""
        with self._lock:
            self._sweep(self._clock())
            known = self._kept.get(session)
            return None if known is None else known[1]

    def drop(self, session: str) -> None:
        """Forget ``session`` and everything that it owns, now."""
        with self._lock:
            self._kept.pop(session, None)
            self._left.pop(session, None)

    def clear(self) -> None:
        """Forget everybody, now."""
        with self._lock:
            self._kept.clear()
            self._left.clear()

    def leave(self, session: str) -> None:
        """The page of ``session`` was closed, or a phone went to sleep: forget it unless it is back soon."""
        with self._lock:
            if session in self._kept:
                self._left[session] = self._clock() + self._grace_s

    def __len__(self) -> int:
        with self._lock:
            self._sweep(self._clock())
            return len(self._kept)

    def sweep(self) -> None:
        """Forget every session whose time is over; any other call does that too."""
        with self._lock:
            self._sweep(self._clock())

    def _sweep(self, now: float) -> None:
        for session in [session for session, end in self._left.items() if now >= end]:
            del self._left[session]
            self._kept.pop(session, None)
        while self._kept:
            session, (used, _) = next(iter(self._kept.items()))
            if now - used <= self._idle_s:
                return
            del self._kept[session]
            self._left.pop(session, None)


def forget_everybody() -> None:
    """Empty every store of this process: the next class begins."""
    for store in list(_STORES):
        store.clear()
