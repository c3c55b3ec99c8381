"""A lock that shows when somebody has to wait for it: whether a lock holds can then be tested without luck."""

from __future__ import annotations

import threading


class WatchedLock:
    """Used in place of a ``threading.Lock`` in ``with`` statements."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.contended = threading.Event()  # set once somebody had to wait

    def __enter__(self) -> bool:
        if not self._lock.acquire(blocking=False):
            self.contended.set()
            self._lock.acquire()
        return True

    def __exit__(self, *_: object) -> None:
        self._lock.release()
