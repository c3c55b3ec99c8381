"""As many connections as the system allows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from shared.serving.connections import WANTED, make_room

NO_END = -1


@pytest.mark.parametrize(
    ("soft", "hard", "asked"),
    [
        (256, NO_END, WANTED),
        (1024, 4096, 4096),
        (1024, 1_048_576, WANTED),
        (4096, 4096, None),
        (100_000, 1_048_576, None),
        (NO_END, NO_END, None),
    ],
)
def test_the_limit_is_raised_as_far_as_it_goes_and_never_lowered(soft: int, hard: int, asked: int | None) -> None:
    set_to: list[Any] = []
    limits = SimpleNamespace(
        RLIMIT_NOFILE=7,
        RLIM_INFINITY=NO_END,
        getrlimit=lambda _: (soft, hard),
        setrlimit=lambda _, pair: set_to.append(pair),
    )
    make_room(limits)
    assert set_to == ([] if asked is None else [(asked, hard)])


def test_a_system_that_refuses_is_left_as_it_is() -> None:
    def refuse(*_: object) -> None:
        raise ValueError("not allowed to raise maximum limit")

    make_room(SimpleNamespace(RLIMIT_NOFILE=7, RLIM_INFINITY=-1, getrlimit=lambda _: (256, 512), setrlimit=refuse))
