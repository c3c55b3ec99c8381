"""The store of what browser sessions own: one per session, found without being used, forgotten in time."""

from __future__ import annotations

import threading

import pytest

from shared.sessions import Sessions
from tests.locks import WatchedLock


def test_two_calls_at_once_get_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the first call makes what the session owns, a second one comes: it waits and makes nothing."""
    lock, made, found = WatchedLock(), [], []

    def make() -> object:
        made.append(object())
        if len(made) > 1:  # nothing kept the second call out
            lock.contended.set()
        else:
            second.start()
            assert lock.contended.wait(60)
        return made[-1]

    store = Sessions(make)
    monkeypatch.setattr(store, "_lock", lock)
    second = threading.Thread(target=lambda: found.append(store.get("a")))
    found.append(store.get("a"))
    second.join(60)
    assert len(made) == 1
    assert found == [made[0], made[0]]


def test_finding_is_not_using() -> None:
    now = 0.0
    store = Sessions(list, most=2, idle_s=10, clock=lambda: now)
    assert store.find("a") is None
    assert len(store) == 0
    owned = store.get("a")
    store.get("b")
    assert store.find("a") is owned
    store.get("c")  # "a" was used before "b"
    assert store.find("a") is None
    assert store.find("b") is not None
    now = 10.5
    assert store.find("b") is None
