"""Which browser sessions have somebody at the other end now.

A session's name is made up by the client, so a name alone proves nothing and costs nothing. Somebody is there while a
stream of that session is open: the page's heartbeat, or the answers of a call. Only they get work done, and what is
kept for them gives way last.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator

MOST_PER_ADDRESS = 120  # sessions that one address may have at a time: a class behind one router
MOST_STREAMS = 6  # of one session: its heartbeat, its answers, and those that a phone has lost and not yet closed


class Attendance:
    """Open streams, counted per session and per address. All methods may be called from any thread."""

    def __init__(self, most_per_address: int = MOST_PER_ADDRESS, most_streams: int = MOST_STREAMS) -> None:
        self._most = most_per_address
        self._most_streams = most_streams
        self._streams: Counter[str] = Counter()  # of a session
        self._sessions: dict[str, Counter[str]] = {}  # address -> its streams of each session
        self._lock = threading.Lock()

    def enter(self, session: str, address: str) -> bool:
        """Count one more stream of ``session``; ``False`` if it or ``address`` has too many."""
        with self._lock:
            here = self._sessions.setdefault(address, Counter())
            if (session not in here and len(here) >= self._most) or here[session] >= self._most_streams:
                return False
            here[session] += 1
            self._streams[session] += 1
            return True

    def leave(self, session: str, address: str) -> None:
        """One stream of ``session`` has ended."""
        with self._lock:
            here = self._sessions.get(address, Counter())
            for counter in (here, self._streams):
                counter[session] -= 1
                if counter[session] <= 0:
                    del counter[session]
            if not here:
                self._sessions.pop(address, None)

    def there(self, session: str | None) -> bool:
        """Whether a stream of ``session`` is open now."""
        return session in self._streams

    def sessions(self) -> int:
        """How many sessions have a stream open."""
        return len(self._streams)

    @contextlib.contextmanager
    def stream(self, session: str, address: str) -> Iterator[bool]:
        """Count a stream as long as the block runs; gives whether it may run."""
        if not self.enter(session, address):
            yield False
            return
        try:
            yield True
        finally:
            self.leave(session, address)


ATTENDANCE = Attendance()
