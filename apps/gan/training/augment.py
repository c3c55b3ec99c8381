"""Does a GAN help a classifier that has few examples? Measured, whatever the answer.

For n real digits per class, a conditional GAN is trained on these 10 n digits only. Then the same small classifier is
trained four times, on the unchanged digits, with small random distortions, with half of every batch generated, and with
both, and measured on MNIST's test split. Everything is repeated with other digits and other seeds. The GAN sees nothing
that the classifier does not see: whatever it adds, it has made from the same digits.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from apps.gan.choices import ARMS, SIZES
from apps.gan.drawing.sampling import latents, paint
from apps.gan.players.data import DIGITS, Digits, distort, to_input
from apps.gan.players.judge import Judge, read
from apps.gan.players.networks import Generator
from apps.gan.training.train import PLANS, Game, train

_POOL = 2_000  # generated digits
_T95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}  # Student's t, two-sided 95 %, by number of repeats


@dataclass(frozen=True)
class Trial:
    """One classifier, trained and measured."""

    n: int  # real digits per class
    arm: str
    seed: int
    accuracy: float  # on the test split


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long everything is trained."""

    gan_steps: int = 500
    classifier_steps: int = 300
    repeats: int = 3
    batch_size: int = 64


def trials(train_split: Digits, test: Digits, *, budget: Budget, done: list[Trial]) -> Iterator[Trial]:
    """Every trial that is not in ``done``, one at a time, the small n first."""
    known = {(trial.n, trial.arm, trial.seed) for trial in done}
    for n in SIZES:
        for seed in range(budget.repeats):
            missing = [arm for arm in ARMS if (n, arm, seed) not in known]
            if not missing:
                continue
            few = some_per_class(train_split, n, seed=seed)
            made = generated(few, steps=budget.gan_steps, seed=seed) if {"gan", "both"} & set(missing) else None
            for arm in missing:
                model = classifier(few, made if arm in ("gan", "both") else None, arm=arm, budget=budget, seed=seed)
                right = (read(model, test.images)[0].argmax(dim=1) == test.labels).float().mean().item()
                yield Trial(n, arm, seed, round(right, 5))


def some_per_class(digits: Digits, n: int, *, seed: int) -> Digits:
    """``n`` random digits of every class."""
    random = torch.Generator().manual_seed(seed)
    index = []
    for digit in range(DIGITS):
        own = (digits.labels == digit).nonzero().squeeze(1)
        index.append(own[torch.randperm(len(own), generator=random)[:n]])
    return digits.take(torch.cat(index))


def generated(few: Digits, *, steps: int, seed: int) -> Digits:
    """``_POOL`` digits by a conditional GAN that is trained only on ``few``."""
    plan = replace(PLANS["cgan-digits"], steps=steps, seed=seed)
    game = Game(plan, torch.device("cpu"))
    for _ in train(game, few):
        pass
    average: Generator = game.average
    y = torch.arange(_POOL) % DIGITS
    return Digits(paint(average, latents(seed, _POOL), y), y)


def classifier(few: Digits, made: Digits | None, *, arm: str, budget: Budget, seed: int) -> Judge:
    """A classifier trained on ``few``; if there is ``made``, half of each batch comes from it."""
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    model = Judge().train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.02)
    steps = budget.classifier_steps
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-3, total_steps=steps)
    for _ in range(steps):
        share = budget.batch_size if made is None else budget.batch_size // 2
        parts = [few.take(torch.randint(len(few), (share,), generator=random))]
        if made is not None:
            parts.append(made.take(torch.randint(len(made), (budget.batch_size - share,), generator=random)))
        x = to_input(torch.cat([part.images for part in parts]))
        if arm in ("classical", "both"):
            x = distort(x, random)
        loss = F.cross_entropy(model(x), torch.cat([part.labels for part in parts]))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


def summary(found: list[Trial], budget: Budget) -> dict[str, Any]:
    """Means with Student's 95 % intervals over the repeats, per n and arm, and the trials themselves."""
    rows = []
    for n in SIZES:
        for arm in ARMS:
            values = [trial.accuracy for trial in found if (trial.n, trial.arm) == (n, arm)]
            if values:
                spread = statistics.stdev(values) if len(values) > 1 else math.nan
                reach = _T95.get(len(values), 1.96) * spread / math.sqrt(len(values))
                mean = round(statistics.mean(values), 5)
                interval = None if math.isnan(reach) else [round(mean - reach, 5), round(min(1.0, mean + reach), 5)]
                rows.append({"n": n, "arm": arm, "accuracy": mean, "interval": interval, "repeats": len(values)})
    return {
        "data": "n digits per class of MNIST's training split; read on the 10,000 test digits",
        "command": "python -m apps.gan augment --data ../shared/data",
        "budget": asdict(budget),
        "rows": rows,
        "trials": [asdict(trial) for trial in found],
    }


def load_trials(path: Path) -> list[Trial]:
    """The trials in the summary at ``path``; none if there is no such file."""
    if not path.exists():
        return []
    return [Trial(**trial) for trial in json.loads(path.read_text(encoding="utf-8"))["trials"]]
