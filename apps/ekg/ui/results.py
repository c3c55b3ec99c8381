"""Classified recordings that visitors look at: kept on the server under a token, the oldest dropped first.

A page cannot hold a ``Classified`` (gradio copies what a session keeps), so it holds a token that nobody can guess.
``shared.sessions`` keeps a number of things, one per session; here a session has several results (the recording and
its disturbed versions) and they differ in size a thousandfold, so the limit is one of bytes.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.errors import RecordError

if TYPE_CHECKING:
    from apps.ekg.answers.classify import Classified

_LIMIT_BYTES = 500_000_000  # a day's recording is about 180 MB, five minutes are 1


class ResultStore:
    """A thread-safe store of results, limited in bytes."""

    def __init__(self, limit: int = _LIMIT_BYTES) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Classified] = OrderedDict()

    def keep(self, found: Classified) -> str:
        """Keep ``found``; the token to ask for it with."""
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._kept[token] = found
            while len(self._kept) > 1 and sum(map(size_of, self._kept.values())) > self._limit:
                self._kept.popitem(last=False)
        return token

    def get(self, token: str | None) -> Classified:
        """The result of ``token``.

        Raises:
            RecordError: there is none, or it was dropped for newer ones.
        """
        with self._lock:
            found = self._kept.get(token or "")
            if found is None:
                raise RecordError("", "This result has expired", "Classify the recording again.")
            self._kept.move_to_end(token or "")
            return found


def size_of(found: Classified) -> int:
    """Bytes that keeping ``found`` costs."""
    prepared, inputs = found.prepared, found.inputs
    floats = (prepared.plain_mv, prepared.filtered_mv, found.beats.windows, inputs.reference.local, inputs.rhythm)
    return prepared.usable.nbytes + sum(array.nbytes for array in (*floats, found.probabilities))


@lru_cache(maxsize=1)
def result_store() -> ResultStore:
    """The hub's one store."""
    return ResultStore()
