"""Something private per browser session, forgotten with the session.

gradio's own ``State`` is copied deeply and is no place for galleries or locks; this store is keyed by the session's
hash instead. The end of a session is told by ``drop``; a session whose end goes unnoticed is forgotten after a while
of idleness, and the store never holds more than a fixed number of them.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Sessions(Generic[T]):
    """One ``T`` per session, made on first use. All methods may be called from any thread."""

    def __init__(
        self,
        make: Callable[[], T],
        *,
        most: int = 300,
        idle_s: float = 2 * 3600,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """An empty store.

        Args:
            make: makes what a new session owns.
            most: sessions kept; beyond them the one unused for longest is forgotten.
            idle_s: seconds after its last use that a session is forgotten.
            clock: seconds, for tests.
        """
        self._make = make
        self._most = most
        self._idle_s = idle_s
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, T]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, session: str) -> T:
        """What ``session`` owns."""
        now = self._clock()
        with self._lock:
            self._sweep(now)
            known = self._kept.pop(session, None)
            owned = self._make() if known is None else known[1]
            self._kept[session] = (now, owned)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return owned

    def drop(self, session: str) -> None:
        """Forget ``session`` and everything that it owns."""
        with self._lock:
            self._kept.pop(session, None)

    def __len__(self) -> int:
        with self._lock:
            self._sweep(self._clock())
            return len(self._kept)

    def _sweep(self, now: float) -> None:
        while self._kept:
            session, (used, _) = next(iter(self._kept.items()))
            if now - used <= self._idle_s:
                return
            del self._kept[session]
