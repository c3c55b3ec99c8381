"""Things done after a while: in time, once, the newest under a key, and errors cost nobody anything."""

from __future__ import annotations

import threading

import pytest

from shared.serving.later import Later


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_actions_are_done_when_they_are_due_and_once(clock: Clock) -> None:
    later, done = Later(clock, in_thread=False), list[str]()
    later.do("b", 20, lambda: done.append("b"))
    later.do("a", 10, lambda: done.append("a"))
    assert later.do_due() == 10
    clock.now = 19.0
    assert later.do_due() == 1
    assert done == ["a"]
    clock.now = 40.0
    assert later.do_due() is None
    assert done == ["a", "b"]
    assert len(later) == 0


def test_a_newer_action_replaces_the_older_under_its_key(clock: Clock) -> None:
    later, done = Later(clock, in_thread=False), list[str]()
    for n in range(1000):
        later.do("photo", 10, lambda n=n: done.append(f"{n}"))  # type: ignore[misc]
    assert len(later) == 1
    clock.now = 10.0
    later.do_due()
    assert done == ["999"]


def test_of_an_action_that_was_brought_forward_nothing_is_left(clock: Clock) -> None:
    later, done = Later(clock, in_thread=False), list[str]()
    later.do("other", 1, lambda: done.append("other"))
    later.do("photo", 100, lambda: done.append("late"))
    later.do("photo", 10, lambda: done.append("early"))
    clock.now = 10.0
    assert later.do_due() is None
    assert done == ["other", "early"]


def test_what_is_done_every_so_often_goes_on_after_an_error(clock: Clock) -> None:
    later, done = Later(clock, in_thread=False), list[float]()

    def stumble() -> None:
        done.append(clock.now)
        raise OSError("disk")

    later.every("round", 5, stumble)
    for second in range(1, 17):
        clock.now = float(second)
        later.do_due()
    assert done == [5, 10, 15]


def test_one_thread_does_them_all() -> None:
    later, before = Later(), threading.active_count()
    for n in range(5):
        later.do(n, 0.01, lambda: threads.append(threading.current_thread()))
    threads: list[threading.Thread] = []
    finished = threading.Event()
    later.do("end", 0.05, finished.set)
    assert finished.wait(60)
    assert len(set(threads)) == 1
    assert threads[0].daemon
    assert threading.active_count() == before + 1
