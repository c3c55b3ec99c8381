"""Small things to be done after a while, by one thread for all of them: deleting an upload, forgetting a session."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable, Hashable

log = logging.getLogger("convhub")


class Later:
    """Actions with a time. An action is short, and its errors go to the log."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, in_thread: bool = True) -> None:
        """Nothing to do yet; without ``in_thread`` only ``do_due`` does it, for tests."""
        self._clock = clock
        self._due: list[tuple[float, int, Hashable]] = []
        self._actions: dict[Hashable, tuple[int, Callable[[], object]]] = {}
        self._numbers = itertools.count()
        self._news = threading.Condition()
        self._in_thread = in_thread
        self._thread: threading.Thread | None = None

    def do(self, key: Hashable, seconds: float, action: Callable[[], object]) -> None:
        """Do ``action`` in ``seconds``; another one under the same ``key`` that has not been done is replaced."""
        with self._news:
            number = next(self._numbers)
            self._actions[key] = (number, action)
            heapq.heappush(self._due, (self._clock() + seconds, number, key))
            if self._in_thread and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="later", daemon=True)
                self._thread.start()
            self._news.notify()

    def every(self, key: Hashable, seconds: float, action: Callable[[], object]) -> None:
        """Do ``action`` every ``seconds`` from now on."""

        def again() -> None:
            self.do(key, seconds, again)
            action()

        self.do(key, seconds, again)

    def do_due(self) -> float | None:
        """Do what is due; seconds until the next action, ``None`` if there is none."""
        while True:
            with self._news:
                while self._due and self._actions.get(self._due[0][2], (-1,))[0] != self._due[0][1]:
                    heapq.heappop(self._due)  # replaced since
                if not self._due:
                    return None
                wait = self._due[0][0] - self._clock()
                if wait > 0:
                    return wait
                _, _, key = heapq.heappop(self._due)
                _, action = self._actions.pop(key)
            try:
                action()
            except Exception:
                log.exception("%s failed", key)

    def __len__(self) -> int:
        return len(self._actions)

    def _run(self) -> None:
        while True:
            wait = self.do_due()
            with self._news:
                self._news.wait(wait if self._due else None)


LATER = Later()
