"""What visitors who come at once would gain if their pictures went through a network together: a batch, not a queue.

    python -m benchmarks.batching [--visitors 4] [--rounds 7] [--json]

Four calls that a class sends at the same moment: a face (found and encoded), 24 digits (drawn, judged, read), a photo
in one pass at 384 pixels, a recording of five minutes. Per call: the network for all visitors one after another against
once for all of them (median of neighbouring pairs, their order changing), which share of the call the network is, and
so what the whole call would gain: ``1 - (1 - share + share / ratio)``.

Counted in seconds of one core: where several visitors wait, the hub answers them side by side, one core each
(``shared/serving/turns.py``), so a batch would have to need fewer core seconds than they do. The aim is 15 % of a whole
call, below which it is not worth that the first of a class waits for the others.

Result, 4 visitors (8), AMD EPYC with AVX-512, torch 2.14, 9 rounds next to other work: a face +4 %
(+3 %), 24 digits -5 % (-6 %), a photo in one pass -48 % (-52 %: four pictures at once no longer fit into the cache),
heartbeats +2 % (-12 %). So nothing is batched across visitors. Left out: a GPU, where a batch of small inputs costs
little more than one; there is none on the machines of this project.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from apps.ekg.answers import served
from apps.ekg.answers.classify import probabilities_of
from apps.ekg.network.weights import leased
from apps.ekg.samples import open_sample
from apps.face.photo import pipeline
from apps.face.samples import sample_picture
from apps.gan.drawing.sampling import latents
from apps.gan.exhibits import requests
from apps.gan.exhibits.bundled import lease_generator
from apps.style import canvas
from apps.style.instant.paint import Wish, checked, paint_together
from apps.style.instant.style import find_any_style
from apps.style.samples import SAMPLES

AIM = 0.15
_DIGITS = 24
_SIDE = 384
_RECORDING = "208"


@dataclass(frozen=True)
class Work:
    """What one kind of call does."""

    call: Callable[[], object]  # for one visitor, from the photo or the seed to the answer
    network: Callable[[int], object]  # the network alone, with the inputs of that many visitors in one batch


def works() -> dict[str, Work]:
    """The four calls."""
    photo = sample_picture("obama")
    faces = pipeline.find_faces(photo)
    style = find_any_style("woodcut")
    wish = checked(Wish(content=canvas.open_content(SAMPLES["cat"].path), style=style, size=_SIDE))
    with open_sample(_RECORDING) as recording:
        inputs = served.classified(recording).inputs
        windows, features = inputs.of(0, len(inputs.beats.windows))

        def beats(visitors: int) -> object:
            with leased() as network:
                many = [np.concatenate([one] * visitors) for one in (windows, features)]
                return probabilities_of(network, *many)

        return {
            "a face": Work(lambda: pipeline.encode(pipeline.find_faces(photo)), lambda n: pipeline.encode(faces * n)),
            "24 digits": Work(lambda: requests.draw_samples("dcgan-digits", count=_DIGITS, seed=1, real=6), _digits),
            "a photo in one pass": Work(lambda: paint_together([wish]), lambda n: paint_together([wish] * n)),
            "five minutes of heartbeats": Work(lambda: served.classified(recording), beats),
        }


def _digits(visitors: int) -> object:
    with lease_generator("dcgan-digits") as generator, torch.no_grad():
        return generator(latents(1, _DIGITS).repeat(visitors, 1), None)


def _took(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def measured(work: Work, visitors: int, rounds: int) -> dict[str, float]:
    """Seconds of one call, the network's share of it, how many times as long a queue takes as a batch, and the gain."""

    def queue() -> None:
        for _ in range(visitors):
            work.network(1)

    ways: dict[str, Callable[[], object]] = {"queue": queue, "batch": lambda: work.network(visitors)}
    work.call(), ways["batch"]()  # networks are loaded, memory is there
    ratios, calls, alone = [], [], []
    for number in range(rounds):
        order = list(ways) if number % 2 else list(reversed(ways))
        took = {name: _took(ways[name]) for name in order}
        ratios.append(took["queue"] / took["batch"])
        calls.append(_took(work.call))
        alone.append(_took(lambda: work.network(1)))
    ratio = statistics.median(ratios)
    share = min(1.0, statistics.median(alone) / statistics.median(calls))
    return {"seconds": statistics.median(calls), "share": share, "ratio": ratio, "gain": share * (1 - 1 / ratio)}


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found: dict[str, Any] = {name: measured(one, options.visitors, options.rounds) for name, one in works().items()}
    if options.json:
        print(json.dumps(found, indent=1))
        return
    print(f"{'':>28} {'call':>9} {'network':>8} {'queue/batch':>12} {'gain':>6}   (aim: {AIM:.0%})")
    for name, row in found.items():
        print(f"{name:>28} {row['seconds']:>7.3f} s {row['share']:>8.0%} {row['ratio']:>12.2f} {row['gain']:>6.0%}")


if __name__ == "__main__":
    main()
