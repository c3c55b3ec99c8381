"""A lock that says when somebody has to wait for it: with it a test of a lock neither sleeps nor hopes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

LONG_S = 60.0  # how long a test waits before it gives up


class WatchedLock:
    """Like ``threading.RLock``; ``contended`` is set as soon as a thread finds it taken."""

    def __init__(self) -> None:
        self.contended = threading.Event()
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            self.contended.set()
            self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()


def waits(lock: WatchedLock, inside: threading.Event, leave: threading.Event, first: Any, second: Any) -> bool:
    """Whether ``second`` has to wait for ``lock`` as long as ``first`` is inside; both have ended afterwards.

    ``first`` sets ``inside`` when it is in the middle of its work, and waits there for ``leave``.
    """
    lock.contended.clear()
    ended = threading.Event()
    failed: list[BaseException] = []

    def run(work: Callable[[], object], after: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed over to the test
            failed.append(error)
        finally:
            after()

    def over() -> None:
        ended.set()
        lock.contended.set()  # whoever came through without waiting ends the watch, too

    threads = [
        threading.Thread(target=run, args=(first, inside.set)),
        threading.Thread(target=run, args=(second, over)),
    ]
    threads[0].start()
    assert inside.wait(LONG_S)
    threads[1].start()
    assert lock.contended.wait(LONG_S)
    waited = not ended.is_set()
    leave.set()
    for thread in threads:
        thread.join(LONG_S)
        assert not thread.is_alive()
    if failed:
        raise failed[0]
    return waited
