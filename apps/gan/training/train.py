"""Training the two players on MNIST: alternating steps, an averaged generator, checkpoints, snapshots.

One step is one update of the discriminator and one of the generator on a fresh batch. The loss is Goodfellow's
non-saturating one; the discriminator also pays the R1 penalty (Mescheder et al. 2018), every ``r1_every`` steps only
and scaled up to match (lazily, as StyleGAN2 does). Adam with betas (0, 0.99): momentum harms a game that runs in
circles. The averaged generator starts with a short memory, so that it soon forgets the random start. Left out: several
updates of D per update of G, label smoothing, instance noise, data augmentation: this game does not need them.
"""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from apps.gan.players.data import DIGITS, Digits, to_input
from apps.gan.players.judge import blend
from apps.gan.players.losses import LOSSES, r1_penalty
from apps.gan.players.networks import Discriminator, Generator, Z
from shared.device import bf16_is_fast
from shared.errors import InputError

_DAMAGE = (
    OSError, EOFError, RuntimeError, ValueError, TypeError, AttributeError, LookupError, pickle.UnpicklingError
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How one model is trained."""

    classes: int = 0  # 10: digits on demand
    steps: int = 8_000
    batch_size: int = 64
    lr_g: float = 1e-3
    lr_d: float = 1e-3
    betas: tuple[float, float] = (0.0, 0.99)
    r1: float = 0.3  # weight of the R1 penalty; 0: none
    r1_every: int = 16  # steps
    ema: float = 0.998  # memory of the averaged generator, per step
    cool_down: float = 0.4  # the last share of the steps, over which the learning rates fall to a twentieth
    loss: str = "non-saturating"
    g_per_d: int = 1  # updates of G per update of D
    start: int | None = None  # the step of the bundled DCGAN run whose snapshot is the start; None: from scratch
    g_widths: tuple[int, int, int] = (128, 64, 32)
    d_widths: tuple[int, int, int] = (48, 96, 128)
    d_hidden: int = 128
    seed: int = 0


_DCGAN = Plan(steps=8_000, g_widths=(96, 64, 16), d_widths=(32, 64, 128), d_hidden=64)
PLANS: dict[str, Plan] = {
    "dcgan-digits": _DCGAN,
    "cgan-digits": Plan(classes=DIGITS, steps=3_500),
    # The exhibit: a good game continues, but now G takes ten large steps while D takes a small one.
    "collapsed-digits": replace(
        _DCGAN,
        start=3_000,
        steps=200,
        batch_size=16,
        g_per_d=10,
        lr_g=2e-3,
        lr_d=2e-4,
        r1=0.0,
        ema=0.0,
        cool_down=0.0,
    ),
}


@dataclass(frozen=True)
class Scores:
    """One step of the game, as D scored it before its update."""

    step: int  # steps done
    loss_d: float
    loss_g: float
    fooled: float  # share of fakes that D called real
    caught: float  # share of real digits that D called real


_PARTS = ("g", "d", "average", "adam_g", "adam_d")


class Players:
    """Two networks that are trained against each other: what every such training of ours keeps and does alike.

    A subclass makes the ``_PARTS``: both players, their optimizers and the averaged generator.
    """

    step: int
    device = torch.device("cpu")
    bf16 = False

    def state(self) -> dict[str, Any]:
        """Everything that resuming needs: plain tensors, numbers and strings, which ``weights_only`` loads."""
        return {"step": self.step, **{part: getattr(self, part).state_dict() for part in _PARTS}}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue where ``state`` was taken."""
        self.step = int(state["step"])
        for part in _PARTS:
            getattr(self, part).load_state_dict(state[part])

    def _fast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)


def descend(optimizer: torch.optim.Optimizer, cost: Tensor) -> None:
    """One step down ``cost``."""
    optimizer.zero_grad(set_to_none=True)
    cost.backward()
    optimizer.step()


class Game(Players):
    """The two players, their optimizers and the averaged generator: everything that a checkpoint holds."""

    def __init__(self, plan: Plan, device: torch.device) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.device, self.step = plan, device, 0
        self.bf16 = bf16_is_fast(device)
        generator = Generator(classes=plan.classes, widths=plan.g_widths)
        discriminator = Discriminator(classes=plan.classes, widths=plan.d_widths, hidden=plan.d_hidden)
        self.g = generator.to(device).to(memory_format=torch.channels_last)
        self.d = discriminator.to(device).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.g).eval()
        self.adam_g = torch.optim.Adam(self.g.parameters(), lr=plan.lr_g, betas=plan.betas)
        self.adam_d = torch.optim.Adam(self.d.parameters(), lr=plan.lr_d, betas=plan.betas)
        self.random = torch.Generator().manual_seed(plan.seed)
        self.loss = LOSSES[plan.loss]

    def play(self, data: Digits) -> Scores:
        """One update of D, ``g_per_d`` of G."""
        B = self.plan.batch_size
        batch = data.take(torch.randint(len(data), (B,), generator=self.random))
        real = to_input(batch.images).to(self.device, memory_format=torch.channels_last)
        y = batch.labels.to(self.device) if self.plan.classes else None
        self._set_rates()
        self.g.train()
        with self._fast():
            fake = self.g(self.latents(B), y)
        d_loss, s_real, s_fake = self.update_d(real, fake.detach(), y)
        g_loss = [self.update_g(y) for _ in range(self.plan.g_per_d)][-1]
        self.step += 1
        blend(self.average, self.g, decay=min(self.plan.ema, (1 + self.step) / (10 + self.step)))
        return Scores(self.step, d_loss, g_loss, _share(s_fake), _share(s_real))

    def update_d(self, real: Tensor, fake: Tensor, y: Tensor | None) -> tuple[float, Tensor, Tensor]:
        """Step D on (B, 1, 28, 28) pictures; its loss and its scores of both before the step."""
        both = torch.cat((real, fake.to(real.dtype)))
        with self._fast():
            scores = self.d(both, None if y is None else torch.cat((y, y)))
        s_real, s_fake = scores.float().chunk(2)
        loss = self.loss.d(s_real, s_fake)
        cost = loss
        if self.plan.r1 and self.step % self.plan.r1_every == 0:
            cost = cost + 0.5 * self.plan.r1 * self.plan.r1_every * r1_penalty(lambda x: self.d(x, y), real)
        descend(self.adam_d, cost)
        return loss.item(), s_real.detach(), s_fake.detach()

    def update_g(self, y: Tensor | None) -> float:
        """Step G on fresh latent vectors; its loss before the step."""
        self.d.requires_grad_(False)
        with self._fast():
            scores = self.d(self.g(self.latents(self.plan.batch_size), y), y)
        loss = self.loss.g(scores.float())
        descend(self.adam_g, loss)
        self.d.requires_grad_(True)
        return loss.item()

    def latents(self, n: int) -> Tensor:
        """Fresh latent vectors (n, Z)."""
        return torch.randn(n, Z, generator=self.random).to(self.device)

    def start_from(self, generator: Generator, discriminator: Discriminator) -> None:
        """Copy the weights of both players, of the same sizes, before the first step."""
        for mine in (self.g, self.average):
            mine.load_state_dict(generator.state_dict())
        self.d.load_state_dict(discriminator.state_dict())

    def state(self) -> dict[str, Any]:
        """Everything that resuming needs, the stream of z among it."""
        return {"plan": dataclasses.asdict(self.plan), "random": self.random.get_state(), **super().state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue where ``state`` was taken."""
        super().restore(state)
        self.random.set_state(state["random"])

    def _set_rates(self) -> None:
        begin = self.plan.steps * (1 - self.plan.cool_down)
        progress = max(0.0, self.step - begin) / max(1.0, self.plan.steps - begin)
        factor = 1 - 0.95 * min(1.0, progress)
        for adam, lr in ((self.adam_g, self.plan.lr_g), (self.adam_d, self.plan.lr_d)):
            for group in adam.param_groups:
                group["lr"] = lr * factor


def _share(scores: Tensor) -> float:
    return (scores > 0).float().mean().item()


def train(game: Game, data: Digits) -> Iterator[Scores]:
    """Play from where ``game`` stands to its plan's last step."""
    while game.step < game.plan.steps:
        yield game.play(data)


def save(state: Mapping[Any, Any], path: Path) -> None:
    """Write a checkpoint under another name and rename it, so that a killed run leaves a complete one."""
    partial = path.with_suffix(".part")
    torch.save(state, partial)
    partial.replace(path)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Around what reads a checkpoint at ``path``: an ``InputError`` where it is damaged, or of another game."""
    try:
        yield
    except _DAMAGE as error:
        raise InputError(
            f"{path} as this command wrote it", "a damaged file, or one of another training", "Name another --folder."
        ) from error


def snapshot_steps(last: int, *, count: int = 12) -> tuple[int, ...]:
    """Steps at which a snapshot is kept: 0, then evenly spaced on a logarithmic axis from 10 to ``last``."""
    if last < 10:
        return tuple(range(last + 1))
    ratio = (last / 10) ** (1 / max(1, count - 2))
    return (0, *sorted({round(10 * ratio**i) for i in range(count - 1)}))


def to_half(model: nn.Module) -> dict[str, Tensor]:
    """The weights of ``model`` in float16 on the CPU, counters unchanged."""
    return {
        name: (value.half() if value.is_floating_point() else value).cpu().contiguous().clone()
        for name, value in model.state_dict().items()
    }
