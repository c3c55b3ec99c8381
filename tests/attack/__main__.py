"""``python -m tests.attack``: start a hub on this machine, attack it, and say what became of it."""

from __future__ import annotations

import argparse
import collections
import sys
import tempfile
from collections.abc import Collection
from functools import partial
from pathlib import Path

from tests.attack.death import full_disk, killed_while_enrolling
from tests.attack.fuzz import Report, fuzz
from tests.attack.siege import PASSWORD, besiege
from tools.hub import Hub

SAMPLES = (50, 500, 1_000, 2_000, 4_000, 7_000)  # calls after which memory, threads and open files are told
WORST_S = 2.0  # that another visitor may wait
PARTS = ("calls", "files", "death")

say = partial(print, flush=True)


def main() -> int:
    """Attack and report; 1 if anything went wrong."""
    options = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    options.add_argument("--calls", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--part", choices=PARTS, action="append", help="only this part; can be given again")
    options.add_argument(
        "--only", action="append", help="of the files and sieges, the one of this name; can be given again"
    )
    chosen = options.parse_args()
    bad = 0
    for part in chosen.part or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            if part == "calls":
                bad += calls(Path(folder), chosen.calls, chosen.seed)
            elif part == "files":
                bad += files(Path(folder), chosen.only or ())
            else:
                bad += death(Path(folder), chosen.seed)
    return int(bad > 0)


def calls(folder: Path, number: int, seed: int) -> int:
    """Odd calls, and what the hub takes of the machine on the way; how much went wrong."""
    with Hub(folder) as hub:

        def watch(number: int) -> None:
            if number in SAMPLES:
                say("after {} calls: {:.0f} MB, {} threads, {} open files".format(number, *hub.resources()))

        report = fuzz(hub.url, number, seed, say=say, watch=watch)
        watch(number)
        tell(report)
        if not hub.alive or hub.tracebacks():
            say(f"the hub is {'alive' if hub.alive else 'DEAD'}; {hub.tracebacks()} tracebacks; the first:")
            say(hub.first_traceback())
        return len(report.faults) + hub.tracebacks() + (not hub.alive)


def tell(report: Report) -> None:
    """The figures of odd calls."""
    say(f"{report.calls} calls: {dict(report.answers)}")
    say(f"slowest: {report.slowest_s:.1f} s, {report.slowest[:200]}")
    kinds = collections.Counter(fault[:60] for fault in report.faults)
    for fault in report.faults[:60]:
        say("  ", fault)
    say(f"{len(report.faults)} faults of {len(kinds)} kinds")


def files(folder: Path, only: Collection[str]) -> int:
    """Hostile files and requests; how many kept another visitor waiting too long or went wrong."""
    with Hub(folder, "--teacher", PASSWORD) as hub:
        outcomes = besiege(hub.url, say, only)
        say("at the end: {:.0f} MB, {} threads, {} open files".format(*hub.resources()))
        slow = [one.name for one in outcomes if one.worst_s > WORST_S]
        wrong = [one.name for one in outcomes if {"neutral", "without a reason", "hangs"} & {*one.answers.values()}]
        say(f"{len(outcomes)} attacks; longer than {WORST_S} s for another visitor: {slow or 'none'}; "
            f"no true sentence: {wrong or 'none'}; {hub.tracebacks()} tracebacks")  # fmt: skip
        if hub.tracebacks():
            say(hub.first_traceback())
        return len(slow) + len(wrong) + hub.tracebacks() + (not hub.alive)


def death(folder: Path, seed: int) -> int:
    """kill -9 and a full disk; how much was lost or went wrong."""
    faults = killed_while_enrolling(folder, 5, seed, say) + full_disk(folder, say)
    for fault in faults:
        say("  ", fault)
    say(f"{len(faults)} faults")
    return len(faults)


if __name__ == "__main__":
    sys.exit(main())
