"""Classified recordings that visitors look at: kept on the server under a token, the oldest dropped first.

A page cannot hold a ``Classified`` (gradio copies what a session keeps), so it holds a token that nobody can guess.
``shared.sessions`` keeps a number of things, one per session; here a session has several results (the recording and
its disturbed versions) and they differ in size a thousandfold, so there is a limit of bytes as well.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.errors import RecordError
from shared.serving.later import LATER
from shared.sessions import empty_at_reset

if TYPE_CHECKING:
    from apps.ekg.answers.classify import Classified

_LIMIT_BYTES = 500_000_000  # a day's recording is about 180 MB, five minutes are 1
_EACH = 3  # a session's results: the recording that it looks at and its latest disturbed versions
_GRACE_S = 120  # a phone that went to sleep may be back


class ResultStore:
    """A thread-safe store of results, limited in number for each session and in bytes for all."""

    def __init__(self, limit: int = _LIMIT_BYTES) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[str, Classified]] = OrderedDict()  # token -> whose, what
        empty_at_reset(self)

    def keep(self, found: Classified, owner: str) -> str:
        """Keep ``found`` for the session ``owner``; the token to ask for it with."""
        token = secrets.token_urlsafe(16)
        with self._lock:
            for old in self._of(owner)[: 1 - _EACH]:
                del self._kept[old]
            self._kept[token] = (owner, found)
            while len(self._kept) > 1 and sum(size_of(one) for _, one in self._kept.values()) > self._limit:
                self._kept.popitem(last=False)
        return token

    def get(self, token: str | None) -> Classified:
        """The result of ``token``.

        Raises:
            RecordError: there is none, or it was dropped for newer ones.
        """
        with self._lock:
            kept = self._kept.get(token or "")
            if kept is None:
                raise RecordError("", "This result has expired", "Classify the recording again.")
            self._kept.move_to_end(token or "")
            return kept[1]

    def drop(self, owner: str) -> None:
        """Forget the results of the session ``owner``."""
        with self._lock:
            for token in self._of(owner):
                del self._kept[token]

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)

    def _of(self, owner: str) -> list[str]:
        return [token for token, (whose, _) in self._kept.items() if whose == owner]


def leave(owner: str) -> None:
    """The page of the session ``owner`` was closed, or a phone went to sleep: forget its results after a while."""
    LATER.do(("ekg results", owner), _GRACE_S, lambda: result_store().drop(owner))


def size_of(found: Classified) -> int:
    """Bytes that keeping ``found`` costs."""
    prepared, inputs = found.prepared, found.inputs
    floats = (prepared.plain_mv, prepared.filtered_mv, found.beats.windows, inputs.reference.local, inputs.rhythm)
    return prepared.usable.nbytes + sum(array.nbytes for array in (*floats, found.probabilities))


@lru_cache(maxsize=1)
def result_store() -> ResultStore:
    """The hub's one store."""
    return ResultStore()
