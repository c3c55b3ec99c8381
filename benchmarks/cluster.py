"""A course on two pages, two workers and one database, while one after the other of them is broken.

    python -m benchmarks.cluster [--visitors 40] [--minutes 4] [--pause 4] [--json] [--keep weights/hub/cluster.json]

Everything runs on this machine: HAProxy before two pages, a Ray cluster, PostgreSQL. The visitors are those of
``benchmarks.load``: every fourth paints, the others ask for everything else, enrol people in the class's gallery as
well, and look at each answer. In the middle a page is killed (-9), a worker is killed, every connection to the
database is cut, HAProxy reads its configuration again. A visitor whose call fails opens the page again, as a browser
does by itself.

Counted: answers; calls that failed, for each of the four; enrolments that were acknowledged and are not in the
database (0). Four more visitors ask for something light over and over again, half of them on either page: how long it
took from each blow until each of those who met an error had a right answer again, and the longest wait of any. Then,
without blows: answers per minute of visitors who do not pause, with one worker of one core and with two. On two cores
the pages, the database and the visitors themselves share the machine with the workers.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.load import Visitor, together
from benchmarks.load.__main__ import BIDEN, OBAMA, QUICK, STYLE
from tools.cluster import Course, missing

BLOWS: dict[str, Callable[[Course], None]] = {
    "a page is killed": Course.kill_page,
    "a worker is killed": Course.kill_worker,
    "the database's connections are cut": Course.cut_database,
    "HAProxy is reloaded": Course.reload_front,
}
_PAINTERS = 4  # every fourth visitor paints
_AGAIN_S = 0.5  # between two tries to open the page
_LAST_TRIES = 20
_OTHERS = {name: ask for name, ask in QUICK.items() if name not in ("enroll", "identify a stranger")}
_WATCH = ("conv_shapes", "verify")  # what the watchers ask
_WATCHERS = 4
_WATCH_S = 0.3
_STEADY = ("sample_digits", "verify", "interpolate", "conv_shapes")  # whose answers per minute are counted


@dataclass(frozen=True)
class Moment:
    """One call that ended."""

    at_s: float  # since the beginning
    who: int
    what: str
    took_s: float
    error: str = ""


@dataclass
class Record:
    """What everybody saw; many threads add to it."""

    began: float = field(default_factory=time.monotonic)
    moments: list[Moment] = field(default_factory=list)
    enrolled: set[str] = field(default_factory=set)  # acknowledged
    blows: list[tuple[float, str]] = field(default_factory=list)

    def now(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.began


class Student:
    """One visitor, who opens the page again when it fails."""

    def __init__(self, url: str, number: int, record: Record) -> None:
        self.url, self.number, self.record = url, number, record
        self.chance = random.Random(number)
        self._names = itertools.count()
        self._visitor: Visitor | None = None

    def study(self, end_s: float, pause_s: float, only: tuple[str, ...] = ()) -> None:
        """One thing after the other until ``end_s``."""
        time.sleep(self.chance.uniform(0, pause_s))
        while self.record.now() < end_s:
            if only or self.number % _PAINTERS:
                name = self.chance.choice(only or (*_OTHERS, "enroll", "enroll"))
                self._ask(name, self._enroll if name == "enroll" else _OTHERS[name])
            else:
                self._ask("stylize", _paint)
            time.sleep(self.chance.uniform(0.5, 1.5) * pause_s)
        for _ in range(_LAST_TRIES):  # nobody leaves on an error
            if self._visitor is None:
                self._ask("conv_shapes", _OTHERS["conv_shapes"])

    def _ask(self, name: str, ask: Callable[[Visitor], bool]) -> None:
        begun, error = self.record.now(), ""
        try:
            if self._visitor is None:
                self._visitor = Visitor(self.url)
            if not ask(self._visitor):
                error = "a wrong answer"
        except Exception as failed:  # noqa: BLE001 - whatever a visitor meets is counted
            error, self._visitor = f"{type(failed).__name__} {failed}"[:200], None
            time.sleep(_AGAIN_S)
        now = self.record.now()
        self.record.moments.append(Moment(now, self.number, name, now - begun, error))

    def _enroll(self, visitor: Visitor) -> bool:
        name = f"Person {self.number}-{next(self._names)}"
        answer = visitor.predict(random.choice((OBAMA, BIDEN)), name, api_name="/enroll")
        self.record.enrolled.add(name)
        return bool(answer["name"] == name)


def _paint(visitor: Visitor) -> bool:
    answer = None
    with visitor.calling(STYLE / "cat.jpg", STYLE / "woodcut.jpg", 192, 40, api_name="/stylize") as steps:
        for answer in steps:  # noqa: B007 - the last one
            pass
    return bool(answer and answer[-1] is not None)


def blows(course: Course, visitors: int, seconds: float, pause_s: float) -> Record:
    """A lesson in which everything is broken once, at even distances."""
    for name in BLOWS:  # networks are loaded, before anybody counts
        Student(course.url, 1, Record())._ask(name, _OTHERS["verify"])
    record = Record()
    students = [Student(course.url, number, record) for number in range(visitors)]
    watchers = [Student(course.url, visitors + number, record) for number in range(_WATCHERS)]

    def strike() -> None:
        for number, (name, blow) in enumerate(BLOWS.items(), 1):
            time.sleep(max(0.0, number * seconds / (len(BLOWS) + 1) - record.now()))
            record.blows.append((record.now(), name))
            with contextlib.suppress(StopIteration, ValueError):  # nobody is there to be struck
                blow(course)

    works: list[Callable[[], object]] = [strike]
    works += [lambda one=one: one.study(seconds, pause_s) for one in students]  # type: ignore[misc]
    works += [lambda one=one: one.study(seconds, _WATCH_S, _WATCH) for one in watchers]  # type: ignore[misc]
    together(works)
    return record


def steady(course: Course, visitors: int, seconds: float) -> float:
    """Answers per minute of visitors who do not pause."""
    warm = Student(course.url, 1, Record())
    for name in _STEADY:
        warm._ask(name, _OTHERS[name])
    record = Record()
    students = [Student(course.url, number, record) for number in range(visitors)]
    together([lambda one=one: one.study(seconds, 0.0, _STEADY) for one in students])  # type: ignore[misc]
    return 60 * sum(not one.error for one in record.moments) / record.now()


def figures(record: Record, visitors: int, there: set[str]) -> dict[str, Any]:
    """What is printed; from number ``visitors`` on they are watchers; ``there``: the names in the database."""
    right = sorted((one for one in record.moments if not one.error), key=lambda one: one.at_s)
    wrong = [one for one in record.moments if one.error]
    ends = [at for at, _ in record.blows[1:]] + [float("inf")]
    found: dict[str, Any] = {}
    for (at, name), end in zip(record.blows, ends, strict=True):
        hit = [one for one in wrong if at <= one.at_s < end]
        again = [
            min((one.at_s for one in right if one.who == who and one.at_s > at), default=float("inf")) - at
            for who in {one.who for one in hit if one.who >= visitors}
        ]
        waits = [one.took_s for one in right if one.who >= visitors and at < one.at_s < end]
        found[name] = {
            "failed": len(hit),
            "visitors": len({one.who for one in hit}),
            "recovered_s": round(max(again, default=0.0), 2),
            "longest_wait_s": round(max(waits, default=0.0), 2),
            "errors": sorted({one.error[:120] for one in hit})[:4],
        }
    return {
        "answers": len(right),
        "failed": len(wrong),
        "failed_otherwise": sum(one.at_s < record.blows[0][0] for one in wrong),
        "enrolments": len(record.enrolled),
        "enrolments_lost": len(record.enrolled - there),
        "blows": found,
    }


def main() -> None:
    """Hold the lesson and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--pause", type=float, default=4.0, metavar="SECONDS")
    parser.add_argument(
        "--steady", type=float, default=30.0, metavar="SECONDS", help="for one and for two workers; 0: neither"
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", type=Path, metavar="FILE")
    options = parser.parse_args()
    if missing():
        raise SystemExit(f"needs {missing()}")
    rates = {}
    with Course() as course:
        record = blows(course, options.visitors, 60 * options.minutes, options.pause)
        found = figures(record, options.visitors, course.names())
        if options.steady:
            rates["2"] = steady(course, 8, options.steady)
    if options.steady:
        with Course(workers=1) as course:
            rates["1"] = steady(course, 8, options.steady)
    found |= {
        "visitors": options.visitors,
        "minutes": options.minutes,
        "answers_per_minute": {workers: round(rate, 1) for workers, rate in sorted(rates.items())},
        "load_average": max(map(float, Path("/proc/loadavg").read_text().split()[:3])),
        "command": "python -m benchmarks.cluster",
    }
    if options.keep:
        options.keep.parent.mkdir(exist_ok=True)
        options.keep.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1)) if options.json else _print(found)


def _print(found: dict[str, Any]) -> None:
    print(f"{found['answers']} answers, {found['failed']} calls failed, {found['failed_otherwise']} before any blow")
    print(f"{found['enrolments']} enrolments acknowledged, {found['enrolments_lost']} lost")
    for name, one in found["blows"].items():
        print(f"{name:>36}: {one['failed']} failed for {one['visitors']} visitors, back after "
              f"{one['recovered_s']:.1f} s, the longest wait was {one['longest_wait_s']:.1f} s")  # fmt: skip
    for workers, rate in found["answers_per_minute"].items():
        print(f"{workers} workers of one core: {rate:.0f} answers per minute")


if __name__ == "__main__":
    main()
