"""Classified recordings that visitors look at: kept on the server under a token, the oldest dropped first.

A page cannot hold a ``Classified`` (gradio copies what a session keeps), so it holds a token that nobody can guess.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from functools import lru_cache

from apps.ekg.answers.classify import Classified
from shared.errors import RecordError

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
                raise RecordError("A recording was classified before", "none, or one of long ago", "Classify it again.")
            self._kept.move_to_end(token or "")
            return found


def size_of(found: Classified) -> int:
    """Bytes that keeping ``found`` costs."""
    prepared, beats = found.prepared, found.beats
    arrays = (prepared.plain_mv, prepared.filtered_mv, prepared.usable, beats.windows, found.features)
    return sum(array.nbytes for array in (*arrays, found.reference.local, found.probabilities))


@lru_cache(maxsize=1)
def result_store() -> ResultStore:
    """The hub's one store."""
    return ResultStore()
