"""What the hub costs next to other programs: torch's threads as they come against as the hub sets them, in one run.

    python -m benchmarks.neighbours [--rounds 4] [--busy 3] [--spin 1000 3000 ...] [--json]

Three pieces of work: an iteration of the style optimizer at 256 pixels, a face (found and encoded), a heartbeat through
the twelve networks. Each is timed in turns by processes that differ in how long their threads wait awake, first as the
machine is, then next to ``--busy`` processes that never rest. Printed per piece: quiet, the hub's setting against
torch's own (the aim is at most 1.05); busy against quiet (at most 4). The figures for a quiet machine need one.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

from shared.threads import settings as thread_settings

ROOT = Path(__file__).resolve().parent.parent
_OURS = {"OMP_", "GOMP_", "KMP_"}
_AS_IT_COMES, _AS_SET = "as it comes", "as the hub sets it"
_REST = "while True: pass"
_EACH_S = 1.0  # that one piece is repeated per round, on a quiet machine
_BUSY_TIMES = 3  # of one piece per round, next to others

Times = dict[str, list[float]]  # piece of work -> seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--busy", type=int, default=3, metavar="PROCESSES")
    parser.add_argument("--spin", type=int, nargs="*", default=[], metavar="COUNT", help="further values to try")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        _work()
        return
    settings: dict[str, dict[str, str]] = {_AS_IT_COMES: {}, _AS_SET: thread_settings()}
    settings |= {f"spin {count}": {"GOMP_SPINCOUNT": str(count)} for count in options.spin}
    found = _measure(settings, options.rounds, options.busy)
    print(json.dumps(found, indent=1)) if options.json else _print(found, options.busy)


def _measure(settings: dict[str, dict[str, str]], rounds: int, busy: int) -> dict[str, dict[str, dict[str, float]]]:
    """Setting -> piece -> seconds "quiet" and "busy", medians."""
    with contextlib.ExitStack() as workers:
        asked = {name: workers.enter_context(_worker(chosen)) for name, chosen in settings.items()}
        quiet: dict[str, Times] = {name: {} for name in asked}
        beside: dict[str, Times] = {name: {} for name in asked}
        for _ in range(rounds):
            for name, worker in asked.items():
                _add(quiet[name], worker(0))
        with _neighbours(busy):
            for number in range(rounds):
                for name, worker in asked.items():
                    if name != _AS_IT_COMES or number == 0:  # it can take forty times as long
                        _add(beside[name], worker(_BUSY_TIMES))
    return {
        name: {
            piece: {"quiet": statistics.median(times), "busy": statistics.median(beside[name][piece])}
            for piece, times in quiet[name].items()
        }
        for name in asked
    }


def _add(times: Times, more: Times) -> None:
    for piece, seconds in more.items():
        times.setdefault(piece, []).extend(seconds)


@contextlib.contextmanager
def _worker(chosen: dict[str, str]) -> Iterator[Callable[[int], Times]]:
    """A process with ``chosen`` in its environment, as a function: how often each piece is done -> their seconds."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(tuple(_OURS))} | chosen
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.neighbours", "--worker"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    say, hear = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)

    def ask(times: int) -> Times:
        say.write(f"{times}\n")
        say.flush()
        answer: Times = json.loads(hear.readline())
        return answer

    try:
        hear.readline()  # it has loaded its networks
        yield ask
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def _neighbours(count: int) -> Iterator[None]:
    others = [subprocess.Popen([sys.executable, "-c", _REST]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def _work() -> None:
    """Answer each line, a number of times (0: as often as a second holds), with the seconds of every piece."""
    pieces = {"an iteration": _iteration(), "a face": _face(), "a heartbeat": _heartbeat()}
    for piece in pieces.values():
        piece()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(json.dumps({name: _timed(piece, int(line)) for name, piece in pieces.items()}) + "\n")
        sys.stdout.flush()


def _timed(piece: Callable[[], object], times: int) -> list[float]:
    taken: list[float] = []
    while len(taken) < (times or 2) or (not times and sum(taken) < _EACH_S):
        begun = time.perf_counter()
        piece()
        taken.append(time.perf_counter() - begun)
    return taken


def _iteration() -> Callable[[], object]:
    import torch

    from apps.style.descent.descent import Descent
    from apps.style.descent.objective import Objective
    from apps.style.options import Options
    from apps.style.vgg.backbones import BACKBONES
    from apps.style.vgg.features import fastest_dtype
    from apps.style.vgg.network import VGG
    from shared.model_cache import load_model

    options = Options()
    picture = torch.rand(1, 3, 192, 256, generator=torch.Generator().manual_seed(0))
    network = cast("VGG", load_model(BACKBONES[options.backbone].record).requires_grad_(False))
    objective = Objective(network, options, picture, picture.flip(3), dtype=fastest_dtype(picture.device))
    descent = Descent(picture, options)
    return lambda: descent.step(objective, 0.0)


def _face() -> Callable[[], object]:
    from apps.face.photo.pipeline import encode, find_face
    from shared.images import open_image

    photo = open_image(ROOT / "apps" / "face" / "samples" / "obama.jpg")
    return lambda: encode([find_face(photo)])


def _heartbeat() -> Callable[[], object]:
    from apps.ekg.answers.classify import classified, probabilities_of
    from apps.ekg.network.weights import MODEL
    from apps.ekg.samples import SAMPLES, open_sample
    from shared.model_cache import load_model
    from shared.registry import find

    network = load_model(find(MODEL)).eval()
    with open_sample(next(iter(SAMPLES))) as recording:
        windows, features = classified(recording, network).inputs.of(0, 1)
    return lambda: probabilities_of(network, windows, features)


def _print(found: dict[str, dict[str, dict[str, float]]], busy: int) -> None:
    print(f"{'':20} {'':12} {'quiet':>9} {'against it':>11} {f'beside {busy}':>9} {'against quiet':>14}")
    for name, pieces in found.items():
        for piece, seconds in pieces.items():
            quiet, loud = seconds["quiet"], seconds["busy"]
            against = quiet / found[_AS_IT_COMES][piece]["quiet"]
            print(
                f"{name:20} {piece:12} {1000 * quiet:>6.1f} ms {against:>10.2f}x {1000 * loud:>6.0f} ms "
                f"{loud / quiet:>13.1f}x"
            )


if __name__ == "__main__":
    main()
