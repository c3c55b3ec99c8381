"""Training a generator on the patches of one picture: a game like every other, resumable to the last step.

Non-saturating loss, R1 penalty every eighth step, Adam without momentum, a running average of the generator. A step
depends on the weights, the seed and its own number alone. A second picture may begin from the generator of a first
(``begin``): it learns faster, and generators that share an ancestor can be mixed.
"""

from __future__ import annotations

import copy
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from apps.gan.art.choices import CELL
from apps.gan.art.networks import MARGIN, NOISE, Judge, Texture
from apps.gan.players.judge import blend
from apps.gan.players.losses import LOSSES, r1_penalty
from apps.gan.training.train import Players, descend, reading, save
from shared.errors import InputError
from shared.progress import Progress

_LOSS = LOSSES["non-saturating"]
_CELLS = 6  # along a side of a training patch: 96 pixels
_LIKENESS = 1.0  # weight of the statistics of what D's layers see, against the verdicts
_R1, _R1_EVERY = 1.0, 8  # weight of the gradient penalty (Mescheder et al. 2018), and steps from one to the next


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long, on how much, how fast."""

    steps: int = 4_000
    batch: int = 4  # patches
    lr: float = 1.5e-3
    cool_down: float = 0.4  # the last share of the steps, over which the rates fall to a tenth
    memory: float = 0.995  # of the averaged generator, per step
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class ArtProgress(Progress):
    """How far a training is, with the losses of its latest step."""

    loss_d: float
    loss_g: float

    def __str__(self) -> str:
        players = f"loss of D {self.loss_d:.3f}, of G {self.loss_g:.3f}"
        return f"step {self.done:,} of {self.total:,}, {self.elapsed_s:.0f} s: {players}"


class ArtGame(Players):
    """Both players, their optimizers and the averaged generator.

    Args:
        picture: (3, H, W) in [-1, 1], at least 96 pixels a side.
        plan: see there.
    """

    def __init__(self, picture: Tensor, plan: Plan) -> None:
        torch.manual_seed(plan.seed)
        self.picture, self.plan, self.step = picture, plan, 0
        self.mark = f"{zlib.crc32(picture.numpy().tobytes()):08x}"  # of the picture, in the checkpoints
        self.g, self.d = Texture(), Judge()
        self.average = copy.deepcopy(self.g).requires_grad_(False)
        self.adam_g = torch.optim.Adam(self.g.parameters(), lr=plan.lr, betas=(0.0, 0.99))
        self.adam_d = torch.optim.Adam(self.d.parameters(), lr=plan.lr, betas=(0.0, 0.99))

    def begin(self, tensors: dict[str, Tensor]) -> None:
        """Start with the weights of another picture's generator."""
        for model in (self.g, self.average):
            model.load_state_dict({name: value.float() for name, value in tensors.items()})

    def play(self) -> tuple[float, float]:
        """One update of each; the losses of D and of G before them."""
        random = torch.Generator().manual_seed(self.plan.seed * 1_000_003 + self.step)
        self._set_rates()
        real = crops(self.picture, self.plan.batch, CELL * _CELLS, random)
        fake = self.g(draw_noise(self.plan.batch, _CELLS, random))
        cost = loss_d = _LOSS.d(self.d(real)[0], self.d(fake.detach())[0])
        if self.step % _R1_EVERY == 0:
            cost = cost + 0.5 * _R1 * _R1_EVERY * r1_penalty(lambda x: self.d(x)[0].mean(dim=1), real)
        descend(self.adam_d, cost)
        self.d.requires_grad_(False)
        with torch.no_grad():
            _, wanted = self.d(real)
        scores, seen = self.d(fake)
        loss_g = _LOSS.g(scores) + _LIKENESS * likeness(wanted, seen)
        descend(self.adam_g, loss_g)
        self.d.requires_grad_(True)
        self.step += 1
        blend(self.average, self.g, decay=min(self.plan.memory, (1 + self.step) / (10 + self.step)))
        return loss_d.item(), loss_g.item()

    def _set_rates(self) -> None:
        begin = self.plan.steps * (1 - self.plan.cool_down)
        gone = max(0.0, self.step - begin) / max(1.0, self.plan.steps - begin)
        for adam in (self.adam_g, self.adam_d):
            for group in adam.param_groups:
                group["lr"] = self.plan.lr * (1 - 0.9 * min(1.0, gone))

    def state(self) -> dict[str, Any]:
        """Everything that resuming needs, the picture's mark among it."""
        return {"picture": self.mark, **super().state()}


def likeness(wanted: list[Tensor], seen: list[Tensor]) -> Tensor:
    """How far mean and spread of each channel are from those of real patches, in its own spread (Salimans et al. 2016,
    feature matching): without it G paints what fools D best and forgets the picture's other colours."""
    far = []
    for real, fake in zip(wanted, seen, strict=True):
        (mean, spread), (mean_f, spread_f) = _moments(real), _moments(fake)
        far.append((((mean - mean_f) / spread).abs() + (spread_f / spread - 1).abs()).mean())
    return torch.stack(far).mean()


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    return x.mean(dim=(0, 2, 3)), x.std(dim=(0, 2, 3)) + 0.05


def crops(picture: Tensor, count: int, side: int, random: torch.Generator) -> Tensor:
    """Patches (count, 3, side, side) from anywhere in ``picture`` (3, H, W)."""
    rows = torch.randint(picture.shape[1] - side + 1, (count,), generator=random).tolist()
    columns = torch.randint(picture.shape[2] - side + 1, (count,), generator=random).tolist()
    return torch.stack([picture[:, y : y + side, x : x + side] for y, x in zip(rows, columns, strict=True)])


def draw_noise(count: int, cells: int, random: torch.Generator) -> list[Tensor]:
    """Fresh noise for ``count`` patches of ``cells`` x ``cells``, on every grid."""
    sides = [cells * 2**at + 2 * MARGIN for at in range(len(NOISE))]
    return [
        torch.randn(count, channels, side, side, generator=random) for channels, side in zip(NOISE, sides, strict=True)
    ]


def run(game: ArtGame, folder: Path, *, every: int = 50) -> Iterator[ArtProgress]:
    """Train to the plan's end; a checkpoint ``state.pt`` in ``folder`` after ``every`` steps, continued if there.

    Raises:
        InputError: the checkpoint is damaged, or of another picture.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path, begun = folder / "state.pt", time.monotonic()
    if path.exists():
        with reading(path):
            state = torch.load(path, weights_only=True)
            if state.get("picture", game.mark) != game.mark:
                needed = f"a run of the same picture in {folder}"
                raise InputError(needed, "one of another picture", "Name another --folder.")
            game.restore(state)
    while game.step < game.plan.steps:
        loss_d, loss_g = game.play()
        if game.step % every == 0 or game.step == game.plan.steps:
            save(game.state(), path)
            passed = time.monotonic() - begun
            yield ArtProgress(done=game.step, total=game.plan.steps, elapsed_s=passed, loss_d=loss_d, loss_g=loss_g)
