"""What the seam costs: functions called through a room of ``shared.engine`` against the same called directly, in turns.

    python -m benchmarks.engine [--rounds 200] [--ray] [--json]

In one process a call through a room is a look-up more; the aim is at most 1.02 times the direct call's time. Three
pieces of work, from the shortest the page asks for to a stream: 28 random layers checked by torch, 24 digits drawn and
judged, all 300 layers with a report for every 25. The figure is the median of the ratios of neighbouring pairs, whose
order changes from pair to pair; a call of nothing measures the look-up alone. With ``--ray`` the rooms' functions run
on the one worker of a Ray cluster on this machine: what a call and its answer cost on their way there and back.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from apps.conv import check, experiments
from apps.gan.exhibits import requests
from shared import engine
from shared.engine.cluster import Cluster

AIM = 1.02


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--ray", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.ray:
        os.environ["CONVHUB_OFFLINE"] = "1"
        engine.use(Cluster(None, least=1, most=1))
    dice = random.Random(0)
    steps = [experiments.random_step(dice) for _ in range(28)]
    rooms = {module: engine.room(module.__name__) for module in (check, requests, experiments)}
    work: dict[str, Callable[[dict[Any, Any]], object]] = {
        "28 layers": lambda at: list(at[check].verdicts(steps)),
        "24 digits": lambda at: at[requests].draw_samples("dcgan-digits", count=24, seed=1),
        "a stream of 12 reports": lambda at: list(at[experiments].agreement(seed=1)),
    }
    directly: dict[Any, Any] = {module: module for module in rooms}
    found = {name: _ratio(one, directly, rooms, max(10, options.rounds // 10)) for name, one in work.items()}
    found["look-up, microseconds"] = 1e6 * _lookup_s(200 if options.ray else 20_000)
    engine.current().close()
    if options.json:
        print(json.dumps(found, indent=1))
        return
    for name, value in found.items():
        aim = "" if options.ray or "look-up" in name else f"  (aim: {AIM})"
        print(f"{name:>24}  {value:.3f}{aim}")


def _ratio(
    work: Callable[[dict[Any, Any]], object], directly: dict[Any, Any], rooms: dict[Any, Any], rounds: int
) -> float:
    work(directly), work(rooms)
    ratios = []
    for number in range(rounds):
        order = (directly, rooms) if number % 2 else (rooms, directly)
        took = {}
        for at in order:
            begun = time.perf_counter()
            work(at)
            took[at is rooms] = time.perf_counter() - begun
        ratios.append(took[True] / took[False])
    return statistics.median(ratios)


def _lookup_s(calls: int) -> float:
    room = engine.room("time")
    begun = time.perf_counter()
    for _ in range(calls):
        room.monotonic()
    return (time.perf_counter() - begun) / calls


if __name__ == "__main__":
    main()
