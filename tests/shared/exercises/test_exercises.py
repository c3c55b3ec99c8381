"""The mechanism of exercises: what is right, which mistake it was, and what a visitor may type."""

from __future__ import annotations

import random

import pytest

from shared.errors import InputError, OptionError
from shared.exercises import SEEDS, Exercise, Kind, Slip, exercise, until, written

SHAPES = Exercise(
    question="What?", answer="10x10x16", because="So.", slips=(Slip("9x9x16", "nine"), Slip("10x10x3", "depth"))
)
NUMBER = Exercise(
    question="How many?",
    answer=50.0,
    because="So.",
    unit="%",
    near=0.02,
    slips=(Slip(5.0, "ten"), Slip(50.5, "as good as right"), Slip(49.2, "a"), Slip(40.0, "b"), Slip(40.4, "c")),
)


def test_choices_are_in_an_order_that_tells_nothing() -> None:
    assert SHAPES.choices == ("9x9x16", "10x10x3", "10x10x16")
    assert [SHAPES.read(str(place)) for place in range(3)] == list(SHAPES.choices)
    assert NUMBER.choices == ()


def test_every_mistake_has_its_own_words() -> None:
    def why(one: Exercise, given: str | float) -> str | None:
        slip = one.slip_of(given)
        return slip and slip.why

    assert SHAPES.is_right("10x10x16")
    assert why(SHAPES, "10x10x16") is None
    assert why(SHAPES, "9x9x16") == "nine"
    assert why(NUMBER, 5.05) == "ten"
    assert why(NUMBER, 50.5) is None  # near enough to be right
    assert NUMBER.is_right(49.2)
    assert why(NUMBER, 40.1) == "b"  # the nearer of two
    assert why(NUMBER, 40.3) == "c"
    assert why(NUMBER, 77.0) is None
    assert not NUMBER.is_right(77.0)


@pytest.mark.parametrize(
    ("typed", "number"),
    [("61,706", 61706), ("61 706", 61706), ("0,5", 0.5), ("1,000,000.5", 1000000.5), (" −3 ", -3), ("2e3", 2000),
     ("50 %", 50), ("50%", 50), (".5", 0.5)],
)  # fmt: skip
def test_numbers_are_read_as_people_type_them(typed: str, number: float) -> None:
    assert NUMBER.read(typed) == number


@pytest.mark.parametrize("typed", ["", "  ", "many", "nan", "inf", "1e999", "0x10", "1" * 5000, "<b>", "5 km", "1;2"])
def test_anything_else_is_refused_in_words(typed: str) -> None:
    with pytest.raises(InputError, match=r"number|typed"):
        NUMBER.read(typed)


@pytest.mark.parametrize("typed", ["", "3", "-1", "1.0", "9" * 5000, "²", "9x9x16"])
def test_only_what_is_offered_can_be_chosen(typed: str) -> None:
    with pytest.raises(InputError, match="chosen"):
        SHAPES.read(typed)


def test_kind_and_seed_say_which_exercise_it_is() -> None:
    def make(dice: random.Random) -> Exercise:
        return Exercise(question="?", answer=float(dice.randrange(10**9)), because="")

    kinds = {"a": Kind("A", make), "b": Kind("B", make)}
    answers = {exercise(kinds, kind, seed).answer for kind in kinds for seed in (0, 1, SEEDS)}
    assert len(answers) == 6
    assert exercise(kinds, "a", 1) == exercise(kinds, "a", 1)
    for kind, seed in (("c", 1), ("a", SEEDS + 1), ("a", -1), ("a", 0.5)):
        with pytest.raises(OptionError):
            exercise(kinds, kind, seed)


def test_answers_are_written_for_people() -> None:
    assert [written(one) for one in (61706.0, 0.30321, 1234567.8, "9x9")] == ["61,706", "0.3032", "1,234,568", "9x9"]
    assert written(12.5, "%") == "12.5 %"


def test_dice_are_not_thrown_for_ever() -> None:
    dice = random.Random(0)
    assert until(lambda: dice.randrange(6), lambda n: n == 5) == 5
    with pytest.raises(ArithmeticError):
        until(lambda: 1, lambda n: n == 2)
