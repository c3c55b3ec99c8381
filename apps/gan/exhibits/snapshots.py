"""The two players as they were: snapshots of a run from step 0 to its end, bundled, reloaded and measured.

A file holds ``g.0000320.up14.weight`` and so on, in float16: the generator as it played (not the average) and the
discriminator that faced it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from apps.gan.drawing.sampling import latents, paint, verdicts
from apps.gan.players.data import Digits, to_input
from apps.gan.players.judge import Judge, read
from apps.gan.players.metrics import frechet_distance
from apps.gan.players.networks import Discriminator, Generator, discriminator_from, generator_from
from shared.weights import read_tensors

_DIGITS_OF_STEP = 7  # so that names sort by step
_POINTS = 200  # of the curves, at most
Pair = Mapping[str, Mapping[str, Tensor]]  # {"g": tensors, "d": tensors}


class Snapshots(nn.Module):
    """The players at each kept step. It is never called itself: use ``pair(step)``."""

    def __init__(self, pairs: Mapping[int, Pair]) -> None:
        super().__init__()
        self.steps = tuple(sorted(pairs))
        self.generators = nn.ModuleList(generator_from(dict(pairs[step]["g"])) for step in self.steps)
        self.discriminators = nn.ModuleList(discriminator_from(dict(pairs[step]["d"])) for step in self.steps)

    def pair(self, step: int) -> tuple[Generator, Discriminator]:
        """Generator and discriminator at ``step``, which is one of ``steps``."""
        at = self.steps.index(step)
        generator, discriminator = self.generators[at], self.discriminators[at]
        if not isinstance(generator, Generator) or not isinstance(discriminator, Discriminator):
            raise TypeError("a snapshot holds a generator and a discriminator")
        return generator, discriminator


@dataclass(frozen=True)
class SnapshotFigures:
    """The game at one snapshot, on new fakes and on test digits that neither player had seen."""

    step: int
    fooled: float  # share of fakes that D called real
    caught: float  # share of real digits that D called real
    fid: float  # of the generator as it played
    n: int  # fakes, and reals


def load_snapshots(paths: Sequence[Path]) -> Snapshots:
    """The snapshots in ``paths``: float32, CPU, eval."""
    pairs: dict[int, dict[str, dict[str, Tensor]]] = {}
    for name, tensor in read_tensors(paths).items():
        player, step, rest = name.split(".", 2)
        pairs.setdefault(int(step), {}).setdefault(player, {})[rest] = tensor
    return Snapshots(pairs).eval()


def flat(pairs: Mapping[int, Pair]) -> dict[str, Tensor]:
    """All tensors of the snapshots under one name each, in the order of steps."""
    return {
        f"{player}.{step:0{_DIGITS_OF_STEP}d}.{name}": tensor
        for step in sorted(pairs)
        for player in ("g", "d")
        for name, tensor in pairs[step][player].items()
    }


def measure_snapshots(snapshots: Snapshots, test: Digits, judge: Judge, *, n: int = 2_000) -> list[SnapshotFigures]:
    """The game at each snapshot, from ``n`` fakes and ``n`` test digits; for players without classes."""
    real, found = test.images[:n], []
    real_features = read(judge, real)[1]
    for step in snapshots.steps:
        generator, discriminator = snapshots.pair(step)
        fake = paint(generator, latents(step, n))
        fooled, caught = (
            (verdicts(discriminator, to_input(pictures)) > 0).float().mean().item() for pictures in (fake, real)
        )
        distance = frechet_distance(read(judge, fake)[1], real_features)
        found.append(SnapshotFigures(step, round(fooled, 4), round(caught, 4), round(distance, 4), n))
    return found


def run_summary(
    snapshots: Snapshots, curves: list[dict[str, float]], found: list[SnapshotFigures], seconds: float
) -> dict[str, Any]:
    """What the page shows next to the snapshots, as plain JSON; the curves thinned on a logarithmic axis."""
    steps = [point["step"] for point in curves]
    wanted = np.geomspace(1, steps[-1], _POINTS)
    kept = np.unique(np.searchsorted(steps, wanted).clip(max=len(steps) - 1))
    return {
        "steps": list(snapshots.steps),
        "seconds": round(seconds),
        "curves": [curves[at] for at in kept],
        "standings": [asdict(standing) for standing in found],
    }
