"""Exercises: predict, commit, then see. A question whose answer the hub computes, and what lies behind each mistake.

A demo's room ``exercises`` is a table of kinds, each with a function that makes an exercise from dice: the same kind
and seed give the same exercise everywhere, so that a link, a class or a test can repeat it. The right answer and the
wrong ones of known mistakes are computed from the same numbers; where a mistake happens to lead to the right answer,
it is none. ``apps/exercises.py`` is the page.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from shared.errors import InputError, check_choice, check_whole, quoted

SEEDS = 999_999  # the largest
_LONGEST = 40  # characters of a typed number
_TRIES = 20_000  # to throw what makes a good exercise; a few do
_EQUAL = 1e-9  # numbers that differ by no more, relatively, are one
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(?!\d)")  # 61,706; but 0,5 is a half, as half the world writes it
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d{1,3})?", re.IGNORECASE)

Drawn = TypeVar("Drawn")
Answer = str | float  # a choice, in the words in which it is offered, or a number


@dataclass(frozen=True)
class Slip:
    """A wrong answer, and the mistake that leads to it."""

    answer: Answer
    why: str  # sentences, with this exercise's numbers


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One question with its answer."""

    question: str
    answer: Answer  # a text: chosen among the slips' answers; a number: typed
    because: str  # sentences, with this exercise's numbers
    slips: tuple[Slip, ...] = ()
    shown: str = ""  # what the question is about: markup from apps/markup.py
    unit: str = ""  # of a number
    near: float = 0.0  # how far from the answer, relatively, a number may be

    @property
    def choices(self) -> tuple[str, ...]:
        """What to choose from, in the order of the alphabet; nothing where a number is to be typed."""
        if not isinstance(self.answer, str):
            return ()
        return tuple(sorted({self.answer, *(str(slip.answer) for slip in self.slips)}, key=_natural))

    def is_right(self, given: Answer) -> bool:
        """Whether ``given`` is the answer."""
        return self._is(given, self.answer)

    def slip_of(self, given: Answer) -> Slip | None:
        """The mistake that leads to ``given``, if it is a known one: of several the nearest, of equals the first."""
        if self.is_right(given):
            return None
        fitting = [slip for slip in self.slips if self._is(given, slip.answer)]
        return min(fitting, key=lambda slip: _apart(given, slip.answer), default=None)

    def _is(self, given: Answer, answer: Answer) -> bool:
        if isinstance(answer, str) or isinstance(given, str):
            return given == answer
        return abs(given - answer) <= max(self.near, _EQUAL) * max(abs(answer), 1e-12)

    def read(self, text: str) -> Answer:
        """What a visitor chose (the place among ``choices``) or typed.

        Raises:
            InputError: nothing, or no number.
        """
        given = text.strip()
        if choices := self.choices:
            if given.isdecimal() and len(given) < _LONGEST and int(given) < len(choices):
                return choices[int(given)]
            raise InputError("", "Nothing was chosen yet", "Choose an answer first.")
        plain = re.sub(r"\s", "", given[: 2 * _LONGEST].replace("−", "-"))
        plain = plain.replace(",", "" if _THOUSANDS.match(plain) else ".")
        unit = self.unit.replace(" ", "")
        plain = plain.removesuffix(unit) if unit else plain
        if len(plain) <= _LONGEST and _NUMBER.fullmatch(plain) and math.isfinite(float(plain)):
            return float(plain)
        raise InputError("", "Nothing was typed yet" if not given else f"{quoted(given, 20)} is no number", "Type one.")


@dataclass(frozen=True)
class Kind:
    """One kind of exercise."""

    title: str  # on its button
    make: Callable[[random.Random], Exercise]


def exercise(kinds: Mapping[str, Kind], kind: object, seed: object) -> Exercise:
    """The exercise of that kind and seed.

    Raises:
        OptionError: there is no such kind, or the seed is out of its range.
    """
    name = check_choice(kind, kinds, "The kind of exercise")
    number = check_whole(seed, "The exercise's number", low=0, high=SEEDS)
    return kinds[name].make(random.Random(f"{name} {number}"))


def until(make: Callable[[], Drawn], fits: Callable[[Drawn], bool]) -> Drawn:
    """The first of what ``make`` throws that ``fits``.

    Raises:
        ArithmeticError: none of thousands did: a mistake of ours.
    """
    for _ in range(_TRIES):
        made = make()
        if fits(made):
            return made
    raise ArithmeticError("no exercise of this kind can be made")


def written(answer: Answer, unit: str = "") -> str:
    """An answer for people: up to four digits behind whole numbers of any size."""
    if isinstance(answer, str):
        return answer
    text = f"{answer:,.0f}" if float(answer).is_integer() or abs(answer) >= 10_000 else f"{answer:.4g}"
    return f"{text} {unit}".rstrip()


def _apart(one: Answer, other: Answer) -> float:
    return 0.0 if isinstance(one, str) or isinstance(other, str) else abs(one - other)


def _natural(text: str) -> list[tuple[int, str]]:
    """So that 9x9 comes before 10x10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text)]
