"""Downloads that hold nobody up: in the running hub a missing file is fetched by one thread of its own.

Whoever needs the network meanwhile learns how far it is, at once, and frees their place for others. A command that
needs a file waits for it, as before.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from shared.errors import DownloadError, WeightsError
from shared.weights.files import Report

_REMEMBERED_S = 60.0  # for which a failure stands, so that a host that does not answer is not asked by every visitor
_MOST_WAITING = 8  # downloads that run at a time; a further one is refused


@dataclass
class _Download:
    name: str
    done: int = 0  # bytes
    total: int = 0
    ended: float | None = None
    future: Future[None] = field(default_factory=Future)


class Downloads:
    """What is being downloaded, by the name of the record. All methods may be called from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._running: dict[str, _Download] = {}
        self._lock = threading.Lock()
        self._thread: ThreadPoolExecutor | None = None
        self.on = False  # whether this process is a hub; set when it starts

    def start(self, name: str, total: int, fetch: Callable[[Report], object]) -> None:
        """Fetch what ``name`` needs in the background, unless that is under way, and say how far it is.

        Args:
            name: of the record.
            total: bytes to come.
            fetch: does it, in the thread of the downloads; it is handed a function to report to.

        Raises:
            DownloadError: always while it is under way: how far it is, and to try again.
            WeightsError: it failed a moment ago, in the words of that failure.
        """
        with self._lock:
            known = self._running.get(name)
            if known is not None and known.ended is not None:
                failure = known.future.exception()
                if isinstance(failure, WeightsError) and self._clock() - known.ended < _REMEMBERED_S:
                    raise failure
                known = None  # long ago, or it came and was lost again
            if known is None:
                if sum(one.ended is None for one in self._running.values()) >= _MOST_WAITING:
                    raise DownloadError(name, "too many downloads under way", "Try again in a few minutes.")
                known = self._running[name] = _Download(name, total=total)
                self._submit(known, fetch)
            mega = (known.done / 1e6, known.total / 1e6)
        raise DownloadError(
            "",
            f"the network {name} is being downloaded, {mega[0]:.0f} of {mega[1]:.0f} MB so far",
            "Try again in a moment; what is bundled works meanwhile.",
        )

    def _submit(self, download: _Download, fetch: Callable[[Report], object]) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="downloads")

        def report(_: str, done: int, __: int) -> None:
            download.done = done

        def work() -> None:
            try:
                fetch(report)
            finally:
                download.ended = self._clock()

        download.future = self._thread.submit(work)


DOWNLOADS = Downloads()
