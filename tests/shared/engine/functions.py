"""A room for the tests of the engine: functions that a page calls and a worker runs."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from shared.errors import InputError, StoreError
from shared.serving.turns import TURNS, current_call

GATE = threading.Event()  # a test opens it
ENDED: list[str] = []


def add(a: int, b: int = 0) -> int:
    return a + b


def twice(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return values * 2


def refuse(kind: str) -> int:
    if kind == "input":
        raise InputError("a number", "none", "Type one.")
    if kind == "sentence":
        raise StoreError("", "The gallery is away", "Come back later.")
    raise KeyError(kind)


def count(n: int) -> Iterator[int]:
    try:
        yield from range(n)
    finally:
        ENDED.append("count")


def count_slowly() -> Iterator[int]:
    """Steps until somebody stops it."""
    number = 0
    try:
        while True:
            yield number
            number += 1
            time.sleep(0.005)
    finally:
        ENDED.append("slow")


def count_noted() -> Iterator[int]:
    """Steps without end; each is noted as it is computed."""
    for number in itertools.count():
        ENDED.append(str(number))
        yield number


def one_long_step() -> int:
    """A step in which others have turns, until its call is dropped."""
    try:
        while not GATE.wait(0.005):
            TURNS.breathe()
    finally:
        ENDED.append("long")
    return 1


def is_long() -> bool:
    call = current_call()
    return call is not None and call.long


class Walk:
    """A first argument that notes how far its call is."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.at: list[int] = []
        self._told = 0

    def noted(self) -> list[int]:
        new, self._told = self.at[self._told :], len(self.at)
        return new

    def note(self, noted: object) -> None:
        assert isinstance(noted, list)
        self.at += noted

    def __getstate__(self) -> dict[str, Any]:
        return {"total": self.total, "at": self.at, "_told": len(self.at)}


def walk(way: Walk) -> Iterator[int]:
    while len(way.at) < way.total:
        way.at.append(len(way.at))
        yield way.at[-1]
        time.sleep(0.005)


def where() -> int:
    return os.getpid()
