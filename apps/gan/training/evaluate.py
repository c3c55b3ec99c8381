"""One generator measured: what the judge reads, how far from real digits, how varied, and whether anything is a copy.

Everything is measured against MNIST's test split, which neither the generators nor the judge were trained on. Next to
each figure stands its floor: the same figure for real training digits, which no generator has to surpass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from apps.gan.drawing.sampling import latents, paint
from apps.gan.players.data import DIGITS, Digits
from apps.gan.players.judge import FEATURES, Judge, read
from apps.gan.players.metrics import (
    Manifolds,
    Share,
    confusion,
    diversity,
    frechet_distance,
    nearest,
    precision_recall,
    share,
    some_of,
)
from apps.gan.players.networks import Generator
from shared.progress import Progress

_FEATURES = f"the {FEATURES} penultimate activations of gan/judge-digits"
_ENOUGH = 10_000  # samples of the figures that are published
_NEAREST = 1_000  # samples whose nearest training digit is searched


@dataclass(frozen=True, kw_only=True)
class Report:
    """The figures of one generator, with their floors."""

    model: str
    n: int  # samples
    seed: int
    judge_accuracy: Share  # on the 10,000 test digits
    agreement: Share | None  # the judge reads the requested digit; None without classes
    agreement_per_digit: tuple[Share, ...] | None
    confusion: tuple[tuple[int, ...], ...] | None  # row: requested, column: read
    read_as: tuple[float, ...]  # share of samples read as 0, 1, ... 9
    fid: float  # Fréchet distance to the test split, in the judge's features
    fid_floor: float  # ... for as many real training digits
    manifolds: Manifolds
    manifolds_floor: Manifolds
    diversity: tuple[float, ...]  # mean distance within each class, over that of the test split's class
    nearest: float  # mean over samples: root mean square pixel difference to the nearest training digit, 0..255
    nearest_real: float  # ... for real test digits
    copies: float  # share of samples closer to a training digit than 99 % of the test digits are

    @property
    def note(self) -> str:
        """What to know about the distances of so few samples, or nothing."""
        if self.n <= FEATURES:
            return (
                f"{self.n} samples cannot determine a Gaussian in {FEATURES} dimensions: that takes at least "
                f"{FEATURES + 1}. fid and fid_floor say nothing; measure more samples."
            )
        if self.n < _ENOUGH:
            return "Fewer samples give a larger fid: compare it with its floor, and only with figures of the same n."
        return ""

    def as_json(self) -> dict[str, Any]:
        """Plain numbers, with the keys that the command line promises; ``note`` only if there is one."""
        flat = asdict(self)
        for key in ("judge_accuracy", "agreement"):
            one: Share | None = getattr(self, key)
            flat[key] = None if one is None else round(one.value, 5)
            flat[f"{key}_interval"] = None if one is None else [round(one.low, 5), round(one.high, 5)]
        if self.agreement_per_digit is not None:
            flat["agreement_per_digit"] = {str(d): round(s.value, 5) for d, s in enumerate(self.agreement_per_digit)}
        flat |= {"precision": self.manifolds.precision, "recall": self.manifolds.recall, "features": _FEATURES}
        flat |= {"precision_floor": self.manifolds_floor.precision, "recall_floor": self.manifolds_floor.recall}
        del flat["manifolds"], flat["manifolds_floor"]
        flat["data"] = "MNIST: samples against the 10,000 test digits, floors from as many training digits"
        flat["command"] = f"python -m apps.gan evaluate --model {self.model} --n {self.n} --seed {self.seed} --json"
        if self.note:
            flat["note"] = self.note
        return {key: _rounded(value) for key, value in flat.items()}


@dataclass(frozen=True, kw_only=True)
class EvaluationProgress(Progress):
    """What is being measured now; the last step carries the report."""

    report: Report | None = None


def evaluate(
    generator: Generator, judge: Judge, train: Digits, test: Digits, *, model: str, n: int = 10_000, seed: int = 0
) -> Iterator[EvaluationProgress]:
    """Measure ``n`` samples of ``generator``; if it has classes, all in turn.

    Args:
        generator: usually the averaged one.
        judge: reads the samples.
        train: real digits for the floors and for the search for copies.
        test: real digits that everything is compared with.
        model: its name, for the report.
        n: samples; also the number of training digits of the floors.
        seed: of the samples.
    """
    y = torch.arange(n) % DIGITS if generator.classes else None
    yield EvaluationProgress(done=0, total=4, text=f"drawing {n:,} samples")
    pictures = paint(generator, latents(seed, n), y)
    yield EvaluationProgress(done=1, total=4, text="reading them and real digits")
    chances, fake = read(judge, pictures)
    test_chances, real = read(judge, test.images)
    twin = read(judge, some_of(train, n).images)[1]
    seen = chances.argmax(dim=1)
    yield EvaluationProgress(done=2, total=4, text="comparing manifolds")
    manifolds, floor = precision_recall(real, fake), precision_recall(real, twin)
    yield EvaluationProgress(done=3, total=4, text="searching for copies")
    near = nearest(pictures[:_NEAREST], train.images).distance
    near_real = nearest(test.images[:_NEAREST], train.images).distance
    agrees = None if y is None else seen == y
    report = Report(
        model=model,
        n=n,
        seed=seed,
        judge_accuracy=share(test_chances.argmax(dim=1) == test.labels),
        agreement=None if agrees is None else share(agrees),
        agreement_per_digit=None if agrees is None else tuple(share(agrees[y == d]) for d in range(DIGITS)),
        confusion=None if y is None else tuple(tuple(row) for row in confusion(y, seen).tolist()),
        read_as=tuple((torch.bincount(seen, minlength=DIGITS) / n).tolist()),
        fid=frechet_distance(fake, real),
        fid_floor=frechet_distance(twin, real),
        manifolds=manifolds,
        manifolds_floor=floor,
        diversity=_relative_diversity(fake, seen if y is None else y, real, test.labels),
        nearest=near.mean().item(),
        nearest_real=near_real.mean().item(),
        copies=(near < near_real.quantile(0.01)).float().mean().item(),
    )
    yield EvaluationProgress(done=4, total=4, text="done", report=report)


def _relative_diversity(fake: Tensor, fake_labels: Tensor, real: Tensor, real_labels: Tensor) -> tuple[float, ...]:
    return tuple((diversity(fake, fake_labels) / diversity(real, real_labels)).nan_to_num(0).tolist())


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value
