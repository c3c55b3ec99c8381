"""What a visitor's own training comes to: how far its digits are from real ones after so many steps, over seeds.

    python -m benchmarks.gan_live [--data ../shared/data] [--seeds 3] [--write]

It is the training of "Train it yourself" and of ``python -m apps.gan train-live``, from its first step to the most
that one has. Samples of the generator as it plays against digits of MNIST's test split, in the judge's features, as
the bundled run is measured. ``--write`` puts the figures where the page shows them: weights/gan/train-live.json.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from apps.gan.drawing.sampling import latents, paint
from apps.gan.exhibits.bundled import lease_judge
from apps.gan.exhibits.measured import OWN
from apps.gan.players.data import load_mnist
from apps.gan.players.judge import Judge, read
from apps.gan.players.metrics import frechet_distance
from apps.gan.players.networks import generator_from
from apps.gan.training.live import begun
from apps.gan.training.own import MOST
from shared.settings import weights_dir

STEPS = (50, 100, 200, 400, 800, MOST)
N = 2_000  # samples, and real digits


def distances(seed: int, judge: Judge, real: Tensor) -> Iterator[float]:
    """The Fréchet distance to ``real`` (N, 128) after each of ``STEPS``."""
    training = begun(seed)
    for last in STEPS:
        deque(training.play(last - training.breath.steps), maxlen=0)
        players = torch.load(io.BytesIO(training.kept.game), weights_only=True)
        pictures = paint(generator_from(players["g"]), latents(seed, N))
        yield round(frechet_distance(read(judge, pictures)[1], real), 4)


def figures(data: Path, seeds: int) -> dict[str, Any]:
    """What ``exhibits.measured.own`` draws."""
    with lease_judge() as judge:
        real = read(judge, load_mnist(data, "test").images[:N])[1]
        found = []
        for seed in range(seeds):
            found.append(list(distances(seed, judge, real)))
            sys.stderr.write(f"seed {seed}: {found[-1]}\n")
    return {"n": N, "steps": STEPS, "fid": found, "command": "python -m benchmarks.gan_live"}


def main() -> None:
    """Measure and print, or write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    text = json.dumps(figures(options.data, options.seeds), indent=1) + "\n"
    if options.write:
        (weights_dir() / OWN).write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
