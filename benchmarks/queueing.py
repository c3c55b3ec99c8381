"""What would a course of 2,000 feel, with 10, 100 or 1,000 workers? Simulated from service times that were measured.

    python -m benchmarks.queueing [--students 2000] [--think 20] [--paintings 0.03] [--measure] [--keep FILE] [--json]

Students think (exponentially, ``--think`` seconds on average) and ask; some of what they ask for are paintings. A call
goes to the worker with the fewest calls, which answers questions in the order in which they come and gives paintings
turns of half a second in between. That is the hub without what does not grow with the course: pages know the workers'
load only every two seconds, and HAProxy and the pages themselves are not in it. ``--measure`` times each kind of call
again, alone on this machine, as its one visitor sees it; else the times in the file are taken.

Printed: per number of workers how busy they are, the median and 95th percentile of what questions wait (not counting
their own work), how many times as long as alone a painting takes; and how many students each number of workers carries
until the 95th percentile is above 1.5 s. The code is checked against Erlang's formula and against the exact one for a
finite class in ``tests/benchmarks/test_queueing.py``.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import json
import math
import random
import statistics
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.load import Visitor
from benchmarks.load.__main__ import QUICK, STYLE, Tally, _timed
from tools.hub import ROOT, PassingHub

FILE = ROOT / "weights" / "hub" / "queueing.json"
WORKERS = (10, 20, 50, 100, 200, 500, 1000)
TURN_S = 0.5  # of a painting
AIM_S = 1.5  # that 95 % of the questions wait at most
_TIMES = 8  # that each kind of call is timed
_LASTS_S, _WARM_S = 600.0, 200.0


@dataclass(frozen=True, kw_only=True)
class Course:
    """Who asks for what."""

    students: int
    think_s: float  # mean
    questions_s: Sequence[float]  # times of service, one of them for each question
    paintings_s: Sequence[float] = (30.0,)
    paintings: float = 0.0  # share of what is asked for


@dataclass
class Felt:
    """What the students felt after the warm-up."""

    waits_s: list[float] = field(default_factory=list)  # of questions, their own work not counted
    stretch: list[float] = field(default_factory=list)  # of paintings: seconds over seconds alone
    busy_s: float = 0.0  # of all workers together
    answers: int = 0


@dataclass(eq=False)
class _Call:
    asked: float
    service: float
    left: float
    long: bool


class _Workers:
    """Who computes what; with ``central`` all take from one queue."""

    def __init__(self, count: int, central: bool) -> None:
        self.central = central
        self.questions: list[deque[_Call]] = [deque() for _ in range(1 if central else count)]
        self.long: list[deque[_Call]] = [deque() for _ in self.questions]
        self.idle = set(range(count))
        self._load = [0] * count
        self._levels: list[set[int]] = [set(range(count))]

    def place(self, call: _Call) -> int:
        """Put ``call`` into a queue: the worker that may begin it, if it is idle."""
        where = 0
        if not self.central:
            level = next(number for number, workers in enumerate(self._levels) if workers)
            where = next(iter(self._levels[level]))
            self._move(where, +1)
        (self.long if call.long else self.questions)[where].append(call)
        return next(iter(self.idle), -1) if self.central else where

    def next(self, worker: int) -> _Call | None:
        """What ``worker`` computes now: a question first, else a turn of a painting."""
        where = 0 if self.central else worker
        queue = self.questions[where] or self.long[where]
        return queue.popleft() if queue else None

    def done(self, worker: int, call: _Call) -> None:
        """A turn of ``call`` is over."""
        if call.left > 0:
            self.long[0 if self.central else worker].append(call)
        elif not self.central:
            self._move(worker, -1)

    def _move(self, worker: int, by: int) -> None:
        self._levels[self._load[worker]].discard(worker)
        self._load[worker] += by
        while len(self._levels) <= self._load[worker]:
            self._levels.append(set())
        self._levels[self._load[worker]].add(worker)


def simulate(
    course: Course, workers: int, *, lasts_s: float = _LASTS_S, warm_s: float = _WARM_S, seed: int = 0,
    central: bool = False, exponential: bool = False,
) -> Felt:  # fmt: skip
    """``lasts_s`` seconds of ``course`` after a warm-up.

    Args:
        course: who asks for what.
        workers: how many compute.
        lasts_s: seconds that are counted.
        warm_s: seconds before that.
        seed: of everything that is by chance.
        central: one queue for all workers, as in Erlang's formula.
        exponential: times of service are exponential, with the mean of those given.
    """
    dice, felt, order = random.Random(seed), Felt(), itertools.count()
    crew = _Workers(workers, central)
    events: list[tuple[float, int, int, _Call | None]] = []  # when, in order, the worker (-1: a student asks), its turn
    mean_s = statistics.fmean(course.questions_s)

    def think(now: float) -> None:
        heapq.heappush(events, (now + dice.expovariate(1 / course.think_s), next(order), -1, None))

    def begin(worker: int, now: float) -> None:
        call = crew.next(worker)
        if call is None:
            crew.idle.add(worker)
            return
        crew.idle.discard(worker)
        turn = min(call.left, TURN_S) if call.long else call.left
        call.left -= turn
        if now > warm_s:
            felt.busy_s += turn
        heapq.heappush(events, (now + turn, next(order), worker, call))

    for _ in range(course.students):
        think(0.0)
    while events[0][0] < warm_s + lasts_s:
        now, _, worker, call = heapq.heappop(events)
        if call is None:
            long = dice.random() < course.paintings
            service = dice.choice(course.paintings_s if long else course.questions_s)
            service = dice.expovariate(1 / mean_s) if exponential and not long else service
            free = crew.place(_Call(now, service, service, long))
            if free in crew.idle:
                begin(free, now)
            continue
        crew.done(worker, call)
        if call.left <= 0:
            if now > warm_s:
                felt.answers += 1
                took = now - call.asked
                felt.stretch.append(took / call.service) if call.long else felt.waits_s.append(took - call.service)
            think(now)
        begin(worker, now)
    return felt


def erlang_c(servers: int, offered: float) -> float:
    """The chance that a call has to wait, M/M/c: ``offered`` calls arrive per mean time of service (A. K. Erlang 1917).

    Raises:
        ValueError: more is offered than the servers can do.
    """
    if offered >= servers:
        raise ValueError("the queue grows without end")
    blocked = 1.0  # Erlang's B, by its recurrence
    for number in range(1, servers + 1):
        blocked = offered * blocked / (number + offered * blocked)
    return servers * blocked / (servers - offered * (1 - blocked))


def finite_wait(students: int, servers: int, think_s: float, service_s: float) -> float:
    """Mean wait of a call, M/M/c//N: exact where thinking and service are exponential and all share one queue."""
    logs = [0.0]
    for number in range(students):
        working = min(number + 1, servers)
        logs.append(logs[-1] + math.log((students - number) * service_s / (think_s * working)))
    top = max(logs)
    weights = [math.exp(one - top) for one in logs]
    waiting = sum(max(0, number - servers) * weight for number, weight in enumerate(weights))
    rate = sum((students - number) / think_s * weight for number, weight in enumerate(weights))
    return waiting / rate


def carried(course: Course, workers: int) -> int:
    """How many students so many workers carry until 95 % of the questions wait ``AIM_S`` at most, to a twentieth."""
    low, high = 1, 200 * workers

    def holds(students: int) -> bool:
        asked = Course(**{**vars(course), "students": students})
        return _percentile(simulate(asked, workers, lasts_s=300, warm_s=150).waits_s, 0.95) <= AIM_S

    while high > 1.05 * low + 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def measured() -> Iterator[tuple[str, list[float]]]:
    """Seconds of each kind of call, alone on this machine, after one that loads the networks."""
    with PassingHub() as hub:
        visitor = Visitor(hub.url)
        for name, ask in {**QUICK, "stylize": _paint}.items():
            _timed(name, ask, visitor, Tally())
            tally = Tally()
            for _ in range(2 if name == "stylize" else _TIMES):
                _timed(name, ask, visitor, tally)
            if tally.errors:
                raise RuntimeError(tally.errors[0])
            yield name, [round(one, 4) for one in tally.seconds[name]]


def _paint(visitor: Visitor) -> bool:
    return visitor.predict(STYLE / "cat.jpg", STYLE / "woodcut.jpg", 256, 60, api_name="/stylize") is not None


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=2000)
    parser.add_argument("--think", type=float, default=20.0, metavar="SECONDS")
    parser.add_argument("--paintings", type=float, default=0.03, metavar="SHARE")
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--keep", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    services: dict[str, list[float]] = dict(measured()) if options.measure else json.loads(FILE.read_text())["services"]
    course = Course(
        students=options.students,
        think_s=options.think,
        questions_s=[one for name, each in services.items() if name != "stylize" for one in each],
        paintings_s=services["stylize"],
        paintings=options.paintings,
    )
    found: dict[str, Any] = {
        "students": course.students,
        "think_s": course.think_s,
        "paintings": course.paintings,
        "aim_s": AIM_S,
        "workers": {str(count): _row(simulate(course, count), count) for count in WORKERS},
        "carried": {str(count): carried(course, count) for count in (10, 100)},
        "services": services,
        "command": "python -m benchmarks.queueing",
    }
    if options.keep:
        options.keep.parent.mkdir(exist_ok=True)
        options.keep.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1)) if options.json else _print(found)


def _row(felt: Felt, workers: int) -> dict[str, float | None]:
    return {
        "busy": round(felt.busy_s / (workers * _LASTS_S), 3),
        "median_s": round(_percentile(felt.waits_s, 0.5), 3),
        "p95_s": round(_percentile(felt.waits_s, 0.95), 3),
        "stretch": round(_percentile(felt.stretch, 0.5), 2) if felt.stretch else None,
        "answers_per_s": round(felt.answers / _LASTS_S, 2),
    }


def _print(found: dict[str, Any]) -> None:
    print(f"{found['students']} students\n{'workers':>8} {'busy':>6} {'median':>9} {'p95':>9} {'paintings':>10}")
    for count, row in found["workers"].items():
        waits = f"{row['median_s']:>7.2f} s {row['p95_s']:>7.2f} s"
        print(f"{count:>8} {row['busy']:>6.0%} {waits} {row['stretch'] or 0:>8.1f} ×")
    for count, students in found["carried"].items():
        print(f"{count} workers carry {students} students")


if __name__ == "__main__":
    main()
