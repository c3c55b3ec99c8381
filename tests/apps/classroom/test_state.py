"""A class: what the teacher decides, what students see and answer, and that all of it is bounded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from apps.classroom import state
from apps.classroom.state import Classroom, NotTeacherError
from apps.lessons import Lessons
from shared.errors import InputError, OptionError

STEP = '[[steps]]\nminutes = 2\nlink = "?tab={tab}"\ntitle = "A"\nsay = "B"\nask = "C?"\nwatch = "D"\n'
QUESTION = 'choices = ["one", "two", "three"]\nright = 2\n'
TEACHER, ANN, BOB = "cookie teacher", "cookie ann", "cookie bob"
HOME = "10.0.0.1"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lessons(tmp_path: Path) -> Lessons:
    step = STEP.replace("{tab}", "gan")
    (tmp_path / "week.toml").write_text(f'title = "The week"\n{step}{step}{QUESTION}{STEP.replace("{tab}", "conv")}')
    (tmp_path / "other.toml").write_text(f'title = "Another"\n{step}{QUESTION}')
    return Lessons(("gan", "conv"), tmp_path)


@pytest.fixture
def room(lessons: Lessons, clock: Clock) -> Classroom:
    found = Classroom(lessons, clock)
    found.admit(TEACHER)
    return found


def asked(room: Classroom, visitor: str) -> dict[str, Any]:
    question = room.now(visitor)["question"]
    assert question is not None
    return dict(question)


def test_nothing_is_on_until_the_teacher_begins(room: Classroom) -> None:
    era = room.now(ANN)["era"]
    assert room.now(ANN) == {"teacher": False, "on": False, "era": era}
    assert room.now(TEACHER) == {"teacher": True, "on": False, "era": era}
    for act in (room.reveal, lambda: room.lead(True), lambda: room.answer(ANN, HOME, 1, 1)):
        with pytest.raises(InputError, match="No class is on"):
            act()


def test_a_step_is_told_to_everybody(room: Classroom) -> None:
    room.step("week", 3)
    told = room.now(ANN)
    assert told | {"step": 3, "of": 3, "link": "?tab=conv", "leads": False, "question": None, "turn": 0} == told
    assert "elapsed" not in told


@pytest.mark.parametrize(
    ("lesson", "step"), [("nothing", 1), ("week", 0), ("week", 4), ("week", 1.5), (["a"], 1), (None, 1), ("week", {})]
)  # fmt: skip
def test_what_is_no_step_is_refused(room: Classroom, lesson: Any, step: Any) -> None:
    with pytest.raises(OptionError):
        room.step(lesson, step)
    assert not room.now(ANN)["on"]


def test_pages_are_sent_somewhere_only_while_they_are_led(room: Classroom) -> None:
    room.step("week", 1)
    room.step("week", 2)
    assert room.now(ANN)["turn"] == 0
    room.lead(True)
    first = room.now(ANN)
    assert (first["leads"], first["turn"]) == (True, 1)
    room.step("week", 2)  # it is there already: nobody is sent again
    assert room.now(ANN) == first
    room.step("week", 3)
    assert room.now(ANN)["turn"] == 2
    room.lead(False)
    room.step("week", 1)
    assert (room.now(ANN)["leads"], room.now(ANN)["turn"]) == (False, 2)


def test_another_class_is_not_mistaken_for_the_one_before(room: Classroom) -> None:
    room.step("week", 1)
    before = room.now(ANN)["key"]
    room.step("other", 1)
    assert room.now(ANN)["key"] != before
    room.end()
    assert not room.now(ANN)["on"]


def test_a_reset_leaves_nothing_of_the_class(room: Classroom) -> None:
    room.step("week", 2)
    room.lead(True)
    room.answer(ANN, HOME, 2, 1)
    room.now(ANN, follows=True)
    era = room.now(ANN)["era"]
    room.end()
    assert room.now(ANN)["era"] == era
    room.reset()
    assert room.now(ANN)["era"] != era
    room.step("week", 2)
    told = room.now(TEACHER)
    assert (told["question"]["counts"], told["here"], told["leads"]) == ([0, 0, 0], 0, False)


def test_answers_are_counted_once_per_visitor_and_may_change(room: Classroom) -> None:
    room.step("week", 2)
    room.answer(ANN, HOME, 2, 1)
    room.answer(BOB, HOME, 2, 3)
    room.answer(ANN, HOME, 2, 3)
    assert asked(room, TEACHER)["counts"] == [0, 0, 2]
    assert asked(room, ANN) == {"ask": "C?", "choices": ("one", "two", "three"), "mine": 3}
    assert asked(room, "cookie eve")["mine"] == 0


def test_the_answer_is_told_when_it_is_revealed_and_then_stands(room: Classroom) -> None:
    room.step("week", 2)
    room.answer(ANN, HOME, 2, 2)
    room.reveal()
    with pytest.raises(InputError, match="has been revealed"):
        room.answer(ANN, HOME, 2, 1)
    told = asked(room, BOB)
    assert (told["right"], told["watch"], told["counts"], told["mine"]) == (2, "D", [0, 1, 0], 0)
    room.step("week", 1)
    assert room.now(BOB)["question"] is None
    with pytest.raises(InputError, match="no answers"):
        room.reveal()
    room.step("week", 2)
    assert asked(room, ANN)["counts"] == [0, 1, 0]  # kept while the class goes back and forth


@pytest.mark.parametrize(
    ("step", "choice"), [(1, 1), (3, 1), (2, 0), (2, 4), (2, "x"), (2, None), (2, 1.5), (True, 1), ([2], 1)]
)
def test_what_is_no_answer_is_refused(room: Classroom, step: Any, choice: Any) -> None:
    room.step("week", 2)
    with pytest.raises(InputError):
        room.answer(ANN, HOME, step, choice)
    assert asked(room, TEACHER)["counts"] == [0, 0, 0]


def test_answers_are_bounded_for_an_address_and_in_all(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "MOST_OF_ADDRESS", 2)
    monkeypatch.setattr(state, "MOST_ANSWERS", 3)
    room.step("week", 2)
    room.answer(ANN, HOME, 2, 1)
    room.answer(BOB, HOME, 2, 1)
    with pytest.raises(InputError, match="too many"):
        room.answer("cookie eve", HOME, 2, 1)
    room.answer(BOB, HOME, 2, 2)  # a change is no further answer
    room.answer("cookie eve", "10.0.0.2", 2, 1)
    with pytest.raises(InputError, match="too many"):
        room.answer("cookie zoe", "10.0.0.3", 2, 1)
    assert asked(room, TEACHER)["counts"] == [2, 1, 0]


def test_the_teacher_sees_who_is_there_and_the_time(room: Classroom, clock: Clock) -> None:
    room.step("week", 1)
    room.lead(True)
    room.now(ANN, follows=True)
    room.now(BOB, follows=False)
    room.now("cookie zoe")  # looks whether a class is on
    clock.now += 5
    room.step("week", 2)
    clock.now += 3
    room.now(BOB, follows=False)
    told = room.now(TEACHER)
    assert (told["here"], told["following"], told["elapsed"], told["on_step"]) == (2, 1, 8.0, 3.0)
    room.lead(False)
    assert room.now(TEACHER)["following"] == 0
    clock.now += 15
    assert room.now(TEACHER)["here"] == 1  # Ann's page was closed


def test_visitors_who_are_counted_are_bounded(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "_MOST_HERE", 3)
    room.step("week", 1)
    for number in range(10):
        room.now(f"cookie {number}", follows=True)
    assert room.now(TEACHER)["here"] == 3


def test_a_class_whose_teacher_is_gone_is_over(room: Classroom, clock: Clock) -> None:
    room.step("week", 1)
    clock.now += 1700
    assert room.now(TEACHER)["on"]
    clock.now += 1700
    assert room.now(ANN)["on"]
    clock.now += 200
    assert not room.now(TEACHER)["on"]  # and looking for it does not bring it back
    room.step("week", 1)
    assert room.now(ANN)["on"]


def test_a_password_holds_for_one_browser_and_half_a_day(room: Classroom, clock: Clock) -> None:
    room.check_teacher(TEACHER)
    for other in (ANN, "cookie teacher ", ""):
        with pytest.raises(NotTeacherError):
            room.check_teacher(other)
    clock.now += 12 * 3600 + 1
    with pytest.raises(NotTeacherError):
        room.check_teacher(TEACHER)


def test_an_address_is_never_the_teacher(room: Classroom) -> None:
    with pytest.raises(InputError, match="cookie"):
        room.admit("address 10.0.0.1")
    assert not room.is_teacher("address 10.0.0.1")


def test_teachers_are_few(room: Classroom) -> None:
    for number in range(20):
        room.admit(f"cookie {number}")
    assert not room.is_teacher(TEACHER)
    assert room.is_teacher("cookie 0")
