"""Our conditional GAN and the textbook one, on the same data, for the same processor time, by the same judge.

The textbook recipe is the one of most tutorials, written here from the paper (Mirza & Osindero 2014) with their usual
settings: both players fully connected, the class as an embedding next to the input, least-squares loss, Adam with rate
0.0002 and betas (0.5, 0.999), batches of 64, no averaging. Ours is `gan/cgan-digits` as bundled.

    python -m benchmarks.gan_textbook --data ../shared/data --out benchmarks/gan_textbook.json

The textbook's time is what ours cost: seconds per step of ours, measured in the same run, times its steps.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from apps.gan.exhibits.bundled import lease_generator, lease_judge
from apps.gan.players.data import DIGITS, SIDE, Digits, load_mnist, to_input
from apps.gan.players.judge import Judge
from apps.gan.players.losses import LOSSES
from apps.gan.players.networks import Generator, Z
from apps.gan.training.evaluate import Report, evaluate
from apps.gan.training.train import PLANS, Game

_BATCH = 64
_PROBE = 40  # steps of ours that are timed


class TextbookGenerator(nn.Module):
    """(B, Z), classes (B,) -> (B, 1, 28, 28) in [-1, 1], fully connected."""

    classes = DIGITS

    def __init__(self) -> None:
        super().__init__()
        self.code = nn.Embedding(DIGITS, DIGITS)
        layers: list[nn.Module] = [nn.Linear(Z + DIGITS, 128), nn.LeakyReLU(0.2)]
        for n_in, n_out in ((128, 256), (256, 512), (512, 1024)):
            layers += [nn.Linear(n_in, n_out), nn.BatchNorm1d(n_out), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers, nn.Linear(1024, SIDE * SIDE), nn.Tanh())

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """(B, Z), (B,) -> (B, 1, 28, 28)."""
        out: Tensor = self.body(torch.cat((z, self.code(y)), dim=1)).view(-1, 1, SIDE, SIDE)
        return out


class TextbookDiscriminator(nn.Module):
    """(B, 1, 28, 28), classes (B,) -> scores (B,), fully connected with dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.code = nn.Embedding(DIGITS, DIGITS)
        layers: list[nn.Module] = [nn.Linear(SIDE * SIDE + DIGITS, 512), nn.LeakyReLU(0.2)]
        for _ in range(2):
            layers += [nn.Linear(512, 512), nn.Dropout(0.4), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers, nn.Linear(512, 1))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """(B, 1, 28, 28), (B,) -> (B,)."""
        out: Tensor = self.body(torch.cat((x.flatten(1), self.code(y)), dim=1)).squeeze(1)
        return out


def our_cost(train: Digits) -> float:
    """Processor seconds that one step of ours takes: the median of ``_PROBE``."""
    game = Game(PLANS["cgan-digits"], torch.device("cpu"))
    times = []
    for _ in range(_PROBE):
        begun = time.process_time()
        game.play(train)
        times.append(time.process_time() - begun)
    return statistics.mean(times[4:])  # the mean: every sixteenth step carries the penalty


def train_textbook(train: Digits, seconds: float, *, seed: int = 0) -> tuple[TextbookGenerator, int]:
    """Play the textbook game for ``seconds`` of processor time; the generator and its steps."""
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    generator, discriminator, loss = TextbookGenerator(), TextbookDiscriminator(), LOSSES["least-squares"]
    adam_g, adam_d = (
        torch.optim.Adam(player.parameters(), lr=2e-4, betas=(0.5, 0.999)) for player in (generator, discriminator)
    )
    begun, steps = time.process_time(), 0
    while time.process_time() - begun < seconds:
        batch = train.take(torch.randint(len(train), (_BATCH,), generator=random))
        real, y = to_input(batch.images), batch.labels
        wanted = torch.randint(DIGITS, (_BATCH,), generator=random)
        fake = generator(torch.randn(_BATCH, Z, generator=random), wanted)
        _descend(adam_g, loss.g(discriminator(fake, wanted)))
        _descend(adam_d, loss.d(discriminator(real, y), discriminator(fake.detach(), wanted)))
        steps += 1
        if steps % 2_000 == 0:
            print(f"{steps:,} steps, {time.process_time() - begun:.0f} of {seconds:.0f} s", file=sys.stderr)
    return generator.eval(), steps


def _descend(optimizer: torch.optim.Optimizer, cost: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    cost.backward()
    optimizer.step()


def figures(generator: Generator, judge: Judge, train: Digits, test: Digits, name: str) -> dict[str, Any]:
    """What ``evaluate`` says of a generator."""
    report: Report | None = None
    for step in evaluate(generator, judge, train, test, model=name):
        report = step.report
    if report is None:
        raise RuntimeError("the evaluation ended without a report")
    return report.as_json()


def main() -> None:
    """Time ours, train the textbook's for as long, measure both, write one JSON."""
    parser = argparse.ArgumentParser(description="Our conditional GAN and the textbook one.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seconds", type=float, help="processor seconds for the textbook (default: what ours cost)")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    train, test = load_mnist(asked.data, "train"), load_mnist(asked.data, "test")
    seconds = asked.seconds or our_cost(train) * PLANS["cgan-digits"].steps
    textbook, steps = train_textbook(train, seconds)
    with lease_judge() as judge, lease_generator("cgan-digits") as ours:
        found: dict[str, Any] = {
            "seconds": round(seconds, 1),
            "textbook_steps": steps,
            "our_steps": PLANS["cgan-digits"].steps,
            "textbook": figures(cast("Generator", textbook), judge, train, test, "textbook"),
            "ours": figures(ours, judge, train, test, "cgan-digits"),
        }
    text = json.dumps(found, ensure_ascii=False)
    if asked.out is not None:
        asked.out.write_text(text + "\n", encoding="utf-8")
    for key in ("agreement", "fid", "precision", "recall", "diversity", "agreement_per_digit"):
        print(f"{key}: textbook {found['textbook'][key]}, ours {found['ours'][key]}")


if __name__ == "__main__":
    main()
