"""Who is there: counted per stream, limited per address, and what is kept gives way in that order."""

from __future__ import annotations

from shared.serving.attendance import Attendance
from shared.sessions import Sessions


def test_a_session_is_there_while_one_of_its_streams_is_open() -> None:
    attendance = Attendance()
    assert not attendance.there("s")
    with attendance.stream("s", "a"):
        with attendance.stream("s", "a"):
            assert attendance.there("s")
        assert attendance.there("s")
    assert not attendance.there("s")


def test_one_address_has_a_limited_number_of_sessions_but_several_streams_of_each() -> None:
    attendance = Attendance(most_per_address=2)
    assert attendance.enter("one", "a")
    assert attendance.enter("two", "a")
    assert not attendance.enter("three", "a")
    assert not attendance.there("three")
    assert attendance.enter("two", "a")
    assert attendance.enter("three", "b")
    attendance.leave("one", "a")
    assert attendance.enter("four", "a")


def test_a_session_has_a_limited_number_of_streams() -> None:
    attendance = Attendance(most_streams=2)
    assert attendance.enter("s", "a")
    assert attendance.enter("s", "a")
    assert not attendance.enter("s", "a")
    assert attendance.enter("s", "b")  # who knows its name keeps nobody else out
    attendance.leave("s", "a")
    assert attendance.enter("s", "a")


def test_made_up_sessions_push_nobody_out_who_is_there() -> None:
    present = {"class 1", "class 2"}
    sessions = Sessions(list[str], most=4, there=present.__contains__)
    for name in sorted(present):
        sessions.get(name).append("Ada")
    for number in range(320):
        sessions.get(f"made up {number}")
    assert sessions.get("class 1") == ["Ada"]
    assert sessions.get("class 2") == ["Ada"]
    assert len(sessions) == 4


def test_where_all_are_there_the_one_unused_for_longest_gives_way() -> None:
    sessions = Sessions(list[str], most=2, there=lambda session: True)
    sessions.get("a").append("x")
    sessions.get("b").append("y")
    sessions.get("a")
    sessions.get("c")
    assert sessions.find("b") is None
    assert sessions.find("a") == ["x"]
