"""Long work as a stream of steps: how far it is, and how often it is worth showing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

_Step = TypeVar("_Step")
REFRESH_S = 0.3  # s between two refreshes of a live picture or curve


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far long work is."""

    done: int
    total: int
    text: str = ""  # what is being done now
    elapsed_s: float = 0.0

    @property
    def fraction(self) -> float:
        """From 0 to 1."""
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0

    @property
    def left_s(self) -> float | None:
        """Seconds left at the pace so far, or ``None`` before the first step."""
        return self.elapsed_s * (self.total - self.done) / self.done if self.done > 0 else None


def paced(
    steps: Iterable[_Step], *, every_s: float = REFRESH_S, clock: Callable[[], float] = time.perf_counter
) -> Iterator[_Step]:
    """Of ``steps`` the first and the last, and at most one every ``every_s`` seconds between them: what a page redraws.

    Closing this generator closes ``steps``, so that a closed tab ends the work.
    """
    shown_at = -float("inf")
    held: list[_Step] = []
    source = iter(steps)
    try:
        for step in source:
            if clock() - shown_at >= every_s:
                shown_at = clock()
                held.clear()
                yield step
            else:
                held[:] = [step]
        yield from held
    finally:
        close = getattr(source, "close", None)
        if close is not None:
            close()


def thinned(values: list[_Step], most: int = 300) -> list[_Step]:
    """At most ``most`` of ``values``, evenly spaced, the first and the last among them: enough for a curve."""
    if len(values) <= most:
        return values
    last = len(values) - 1
    return [values[round(index * last / (most - 1))] for index in range(most)]


def duration(seconds: float) -> str:
    """``seconds`` for people: "0.4 s", "12 s", "3 min 20 s"."""
    if seconds < 9.95:  # what rounds to 10.0 is 10
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def estimate(seconds: float) -> str:
    """What will take about ``seconds``, for people."""
    return f"About {duration(max(0.1, seconds))} on this machine."
