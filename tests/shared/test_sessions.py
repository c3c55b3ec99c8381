"""What a browser session owns: private, bounded, forgotten with it, and never made twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from shared import sessions as sessions_module
from shared.sessions import Sessions, forget_everybody
from tests.locks import LONG_S, WatchedLock, waits


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_sessions_are_private_and_the_one_unused_for_longest_goes() -> None:
    sessions = Sessions(list[str], most=2, clock=Clock())
    sessions.get("a").append("mine")
    sessions.get("b").append("theirs")
    assert sessions.get("a") == ["mine"]
    sessions.get("c").append("third")  # b, unused for longest, goes
    assert len(sessions) == 2
    assert (sessions.get("a"), sessions.get("c")) == (["mine"], ["third"])
    assert sessions.get("b") == []


def test_an_idle_session_is_forgotten_after_its_last_use() -> None:
    clock = Clock()
    sessions = Sessions(list[str], idle_s=10, clock=clock)
    sessions.get("idle").append("x")
    sessions.get("used").append("y")
    clock.now = 5.0
    sessions.get("used")
    clock.now = 10.0
    assert len(sessions) == 2  # not before
    clock.now = 10.1
    assert len(sessions) == 1
    assert sessions.get("used") == ["y"]
    assert sessions.get("idle") == []


def test_a_closed_page_has_a_moment_to_come_back() -> None:
    clock = Clock()
    sessions = Sessions(list[str], grace_s=60, clock=clock)
    sessions.get("phone").append("x")
    sessions.get("gone").append("y")
    for session in ("phone", "gone", "never seen"):
        sessions.leave(session)
    clock.now = 59.9
    assert len(sessions) == 2
    assert sessions.get("phone") == ["x"]  # the phone woke up
    clock.now = 60.0
    sessions.sweep()
    assert len(sessions) == 1
    clock.now = 1000.0
    assert sessions.get("phone") == ["x"]  # coming back counts for good


def test_what_is_dropped_is_gone_at_once() -> None:
    sessions = Sessions(list[str])
    sessions.get("a").append("x")
    sessions.drop("a")
    sessions.drop("never seen")
    assert len(sessions) == 0
    assert sessions.get("a") == []


CALLS: dict[str, Callable[[Sessions[list[str]]], object]] = {
    "get": lambda sessions: sessions.get("a"),
    "drop": lambda sessions: sessions.drop("a"),
    "leave": lambda sessions: sessions.leave("a"),
    "len": len,
    "sweep": lambda sessions: sessions.sweep(),
}


def test_everybody_is_forgotten_in_every_store() -> None:
    stores = [Sessions(dict), Sessions(dict)]
    for store in stores:
        store.get("ann")["photo"] = "a photo"
        store.get("bob")
        store.leave("bob")
    forget_everybody()
    assert [len(store) for store in stores] == [0, 0]
    assert stores[0].get("ann") == {}


@pytest.mark.parametrize("call", CALLS)
def test_nobody_comes_in_between_while_a_session_is_made(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = WatchedLock()
    monkeypatch.setattr(sessions_module, "threading", SimpleNamespace(Lock=lambda: lock))
    inside, leave = threading.Event(), threading.Event()
    made: list[list[str]] = []

    def make() -> list[str]:
        made.append([])
        inside.set()
        leave.wait(LONG_S)
        return made[-1]

    sessions = Sessions(make)
    assert waits(lock, inside, leave, lambda: sessions.get("a"), lambda: CALLS[call](sessions))
    assert len(made) == 1  # two requests of one page own the same


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


def test_others_give_way_where_all_own_too_much() -> None:
    there = {"b"}
    sessions = Sessions(list[str], clock=Clock(), there=there.__contains__)
    for name in "abcd":
        sessions.get(name).append(name * 10)
    sessions.make_room("d", lambda own: sum(map(len, own)), 20)
    assert [sessions.find(name) is not None for name in "abcd"] == [False, True, False, True]  # b is there
    sessions.make_room("d", lambda own: sum(map(len, own)), 5)
    assert [sessions.find(name) is not None for name in "abcd"] == [False, False, False, True]  # the last one stays
