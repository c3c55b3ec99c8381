"""What a handler is told keeps to its type hints."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, Literal

import pytest

from apps.door.type_hints import described, fits, hints_of

if TYPE_CHECKING:
    from apps.nowhere import Unknown  # type: ignore[import-not-found]


class Given:
    """What gradio puts in itself."""


ODD: tuple[Any, ...] = (None, True, 3, -0.5, math.nan, -math.inf, 10**400, "", "3", [], [1], ["x"], {}, {"a": 1})


@pytest.mark.parametrize(
    ("hint", "taken"),
    [
        (str, ["", "3"]),
        (float, [3, -0.5]),
        (int, [3]),
        (bool, [True]),
        (float | None, [None, 3, -0.5]),
        (str | None, [None, "", "3"]),
        (list[str], [[], ["x"]]),
        (list, [[], [1], ["x"]]),
        (dict[str, Any], [{}, {"a": 1}]),
        (Literal["3", "x"], ["3"]),
        (None, [None]),
    ],
)
def test_only_what_the_hint_says_fits(hint: Any, taken: list[Any]) -> None:
    assert [value for value in ODD if fits(value, hint)] == taken


def test_whole_numbers_may_come_as_floats() -> None:
    assert fits(3.0, int)
    assert not fits(3.5, int)


@pytest.mark.parametrize("hint", [Any, Given, tuple[int, int]])
def test_other_hints_take_everything(hint: Any) -> None:
    assert all(fits(value, hint) for value in ODD)


def test_hints_are_counted_without_what_gradio_puts_in() -> None:
    def handler(name: str, request: Given, size: float | None, hidden: Unknown, *rest: int, last: bool = True) -> None:
        """Takes all sorts."""

    def plain(one, other):  # type: ignore[no-untyped-def]
        """Says nothing."""

    assert hints_of(handler, 5, (Given,)) == (str, float | None, Any, int, int)
    assert hints_of(functools.wraps(handler)(lambda *values: values), 2, (Given,)) == (str, float | None)
    assert hints_of(functools.partial(handler, "x"), 1, (Given,)) == (float | None,)

    def maybe(request: Given | None, name: str) -> None:
        """May be called without a request."""

    assert hints_of(maybe, 1, (Given,)) == (str,)
    assert hints_of(plain, 2, (Given,)) == (Any, Any)
    assert hints_of(plain, 0, (Given,)) == ()


def test_hints_in_words() -> None:
    assert [described(hint) for hint in (str, float | None, list[str], int, Given)] == [
        "a text", "a number", "a list", "a whole number", "a value of its kind",
    ]  # fmt: skip
