"""A class that goes through a lesson: the step, whether pages follow, the answers, and who is there.

All of it is in this process, behind one lock, and bounded; names of people are nowhere: a visitor is the number of a
cookie (``apps/door/visitors.py``). With several pages of a hub, one of them keeps the class (``deploy/haproxy.py``).
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from apps.lessons import Lesson, Lessons, Step
from shared.errors import InputError, check_whole

MOST_ANSWERS = 1_000  # to one question
MOST_OF_ADDRESS = 200  # of them from one address, which a class behind one router shares
_MOST_HERE = 2_000  # visitors who are counted
_HERE_S = 20.0  # after its last sign of life a page is gone
_ALONE_S = 1800.0  # without a sign of life of the teacher, a class is over
_TEACHER_S = 12 * 3600.0  # that a password holds
_MOST_TEACHERS = 20  # browsers


class NotTeacherError(InputError):
    """Only the teacher may do this."""


@dataclass
class _Question:
    """What was answered to the question of one step."""

    chosen: dict[str, int] = field(default_factory=dict)  # visitor -> number of the choice, from 1
    of_address: Counter[str] = field(default_factory=Counter)
    revealed: bool = False

    def counts(self, choices: int) -> list[int]:
        found = Counter(self.chosen.values())
        return [found[number] for number in range(1, choices + 1)]


@dataclass
class _Class:
    """A lesson under way."""

    lesson: Lesson
    began: float
    key: str = field(default_factory=lambda: secrets.token_hex(4))  # another class: pages follow it, left or not
    at: int = 0
    since: float = 0.0  # when this step began
    leads: bool = False
    turn: int = 0  # grows when pages have to go somewhere
    questions: dict[int, _Question] = field(default_factory=dict)

    @property
    def step(self) -> Step:
        return self.lesson.steps[self.at]

    @property
    def question(self) -> _Question:
        return self.questions.setdefault(self.at, _Question())


class Classroom:
    """The class of a hub, if one is on. All methods may be called from any thread."""

    def __init__(self, lessons: Lessons, clock: Callable[[], float] = time.monotonic) -> None:
        """Nobody is there; ``lessons`` can be given."""
        self.lessons = lessons
        self._clock = clock
        self._lock = threading.Lock()
        self._teachers: OrderedDict[str, float] = OrderedDict()  # visitor -> until when
        self._here: OrderedDict[str, tuple[float, bool]] = OrderedDict()  # visitor -> seen when, whether it follows
        self._class: _Class | None = None
        self._seen = 0.0  # when a teacher was there last
        self._era = secrets.token_hex(4)  # another one after each reset: pages of the class before start over

    def admit(self, visitor: str) -> None:
        """``visitor`` has given the teacher's password.

        Raises:
            InputError: the browser takes no cookie: its address may be that of the class, too.
        """
        if not visitor.startswith("cookie "):
            raise InputError("a browser that takes the hub's cookie", "none", "Allow cookies for this hub.")
        with self._lock:
            self._teachers[visitor] = self._clock() + _TEACHER_S
            self._teachers.move_to_end(visitor)
            while len(self._teachers) > _MOST_TEACHERS:
                self._teachers.popitem(last=False)

    def is_teacher(self, visitor: str) -> bool:
        """Whether ``visitor`` has given the password, and not too long ago."""
        with self._lock:
            return self._teaches(visitor)

    def check_teacher(self, visitor: str) -> None:
        """Refuse everybody else.

        Raises:
            NotTeacherError: ``visitor`` is not the teacher.
        """
        if not self.is_teacher(visitor):
            raise NotTeacherError("the teacher's password", "none", "Give it on this page first.")

    def now(self, visitor: str, *, follows: bool | None = None) -> dict[str, Any]:
        """What the page of ``visitor`` has to show, as plain values.

        ``follows``: whether that page follows the teacher; ``None`` from one that is none of the class's.
        """
        with self._lock:
            now, teaches = self._clock(), self._teaches(visitor)
            going = self._current(now)
            if teaches:
                self._seen = now
            if going is None:
                return {"teacher": teaches, "on": False, "era": self._era}
            if not teaches and follows is not None:
                self._note_here(visitor, now, follows)
            answer = {
                "teacher": teaches,
                "on": True,
                "era": self._era,
                "key": going.key,
                "turn": going.turn,
                "lesson": going.lesson.name,
                "step": going.at + 1,
                "of": len(going.lesson.steps),
                "link": going.step.link,
                "leads": going.leads,
                "question": _question(going, visitor, teaches),
            }
            return answer | self._for_teacher(going, now) if teaches else answer

    def step(self, lesson: object, number: object) -> None:
        """Go to a step, by its number from 1; a lesson that is not on begins.

        Raises:
            OptionError: there is no such lesson or step.
        """
        wanted = self.lessons.lesson(lesson)
        at = check_whole(number, "The step", low=1, high=len(wanted.steps)) - 1
        with self._lock:
            now = self._clock()
            going = self._current(now)
            self._seen = now
            if going is None or going.lesson is not wanted:
                going = self._class = _Class(lesson=wanted, began=now)
            if going.at != at or not going.since:
                going.at, going.since = at, now
                going.turn += going.leads

    def lead(self, on: bool) -> None:
        """Have the class's pages follow, or let them go.

        Raises:
            InputError: no class is on.
        """
        with self._lock:
            going = self._needed()
            going.leads = on
            going.turn += on

    def reveal(self) -> None:
        """Show everybody the right answer to this step's question; from now on no answer changes.

        Raises:
            InputError: no class is on, or nothing is asked.
        """
        with self._lock:
            going = self._needed()
            if not going.step.choices:
                raise InputError("", "This step has no answers to choose from", "Go to one that has.")
            going.question.revealed = True

    def end(self) -> None:
        """The class is over: its pages are let go, its answers are gone."""
        with self._lock:
            self._class = None
            self._here.clear()

    def reset(self) -> None:
        """The next class comes: as ``end``, and pages that the class before left open start over."""
        self.end()
        with self._lock:
            self._era = secrets.token_hex(4)

    def is_on(self) -> bool:
        """Whether a class is on."""
        with self._lock:
            return self._current(self._clock()) is not None

    def answer(self, visitor: str, address: str, step: object, choice: object) -> None:
        """Take the answer of ``visitor`` to the question of a step; until it is revealed, another one replaces it.

        Raises:
            InputError: that step is not on, is revealed, or has no such choice, or there are too many answers.
        """
        with self._lock:
            going = self._needed()
            choices = len(going.step.choices)
            if isinstance(step, bool) or step != going.at + 1 or not choices:
                raise InputError("", "This question is over", "Look at the next one.")
            number = check_whole(choice, "The answer", low=1, high=choices)
            question = going.question
            if question.revealed:
                raise InputError("", "The answer has been revealed", "Look at the next question.")
            if visitor not in question.chosen:
                if len(question.chosen) >= MOST_ANSWERS or question.of_address[address] >= MOST_OF_ADDRESS:
                    raise InputError("", "There are too many answers already", "Say yours to the class.")
                question.of_address[address] += 1
            question.chosen[visitor] = number

    def is_given(self, lesson: Lesson) -> bool:
        """Whether a class is going through ``lesson`` now."""
        with self._lock:
            going = self._current(self._clock())
            return going is not None and going.lesson is lesson

    def _teaches(self, visitor: str) -> bool:
        return self._teachers.get(visitor, 0.0) > self._clock()

    def _current(self, now: float) -> _Class | None:
        if self._class is not None and now - self._seen > _ALONE_S:
            self._class = None
        return self._class

    def _needed(self) -> _Class:
        going = self._current(self._clock())
        if going is None:
            raise InputError("", "No class is on", "Wait until the teacher begins.")
        return going

    def _note_here(self, visitor: str, now: float, follows: bool) -> None:
        self._here[visitor] = now, follows
        self._here.move_to_end(visitor)
        while self._here and (len(self._here) > _MOST_HERE or now - next(iter(self._here.values()))[0] > _HERE_S):
            self._here.popitem(last=False)

    def _for_teacher(self, going: _Class, now: float) -> dict[str, Any]:
        here = [follows for seen, follows in self._here.values() if now - seen <= _HERE_S]
        return {
            "here": len(here),
            "following": sum(here) if going.leads else 0,
            "elapsed": round(now - going.began, 1),  # s
            "on_step": round(now - going.since, 1),  # s
        }


def _question(going: _Class, visitor: str, teaches: bool) -> dict[str, Any] | None:
    """The question of this step; its counts are the teacher's until it is revealed, and then everybody's."""
    step, question = going.step, going.question
    if not step.choices:
        return None
    answer: dict[str, Any] = {"ask": step.ask, "choices": step.choices, "mine": question.chosen.get(visitor, 0)}
    if question.revealed or teaches:
        answer |= {"counts": question.counts(len(step.choices))}
    if question.revealed:
        answer |= {"right": step.right, "watch": step.watch}
    return answer
