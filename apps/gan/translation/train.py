"""Training one translator: alternating steps of the PatchGAN and the U-Net, or of the U-Net alone.

The cost of the generator is Isola's: ``l1`` times the mean absolute difference plus ``gan`` times the adversarial cost
of its patches (``choices.OBJECTIVES``). As in the paper Adam's first beta is 0.5, the discriminator's cost is halved,
the learning rate is constant over the first half of the steps and falls to 0 over the second, and dropout is the only
noise. Departures, with ``networks`` and ``draws``: all three objectives start from the same generator, trained with L1
alone for a while (as Ledig et al. 2017 begin SRGAN), so that nothing but the objective distinguishes them and the
discriminator never wins against noise; several tiles in a batch, small tiles first and large ones last, the
discriminator learning about three times as fast, and a running average of the generator, which is what is shown and
bundled.

A step depends on the weights, the seed and its own number alone: a run that continues from a checkpoint does what it
would have done without the interruption, to the last bit on the same machine.
"""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from apps.gan.players.judge import blend
from apps.gan.players.losses import LOSSES
from apps.gan.training.train import Players, descend
from apps.gan.translation.choices import OBJECTIVES, Objective
from apps.gan.translation.draws import Batch, mixed_seed
from apps.gan.translation.networks import PATCH_WIDTHS, WIDTHS, PatchGAN, UNet, noise
from shared.device import bf16_is_fast

_LOSS = LOSSES["non-saturating"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How the three generators are trained, all alike but for their objective."""

    steps: int = 5_000
    start: int = 500  # of them with L1 alone: all three go on from the same weights
    sides: tuple[int, int] = (64, 128)  # pixels of a tile, small tiles first
    batches: tuple[int, int] = (8, 2)  # tiles
    small_share: float = 1 / 2  # of the steps, with small tiles
    lr_l1: float = 3e-4  # of a generator without an adversary; constant for half the steps, then falling to 0
    lr_g: float = 1.5e-4  # of one with an adversary
    lr_d: float = 4e-4
    betas: tuple[float, float] = (0.5, 0.999)
    memory: float = 0.998  # of the averaged generator, per step
    widths: tuple[int, ...] = WIDTHS
    patch_widths: tuple[int, ...] = PATCH_WIDTHS
    seed: int = 0

    def is_small(self, step: int) -> bool:
        """Whether step ``step`` (from 0) is played on small tiles."""
        return step < self.small_share * self.steps

    def slowed(self, step: int) -> float:
        """The share of the learning rates that is left at step ``step`` (from 0)."""
        return min(1.0, 2 * (1 - step / self.steps))


@dataclass(frozen=True)
class Scores:
    """One step, before its updates. Without an adversary the last three are 0."""

    step: int  # steps done
    l1: float  # mean absolute difference, in [-1, 1] units
    loss_d: float
    fooled: float  # share of patches of fakes that D called real
    caught: float  # share of patches of true pictures that D called real


class Game(Players):
    """A generator, its adversary and everything that a checkpoint needs."""

    def __init__(self, objective: str, plan: Plan, device: torch.device) -> None:
        torch.manual_seed(plan.seed)
        self.objective: Objective = OBJECTIVES[objective]
        self.name, self.plan, self.device, self.step = objective, plan, device, 0
        self.lr_g = plan.lr_g if self.objective.gan else plan.lr_l1
        self.bf16 = bf16_is_fast(device)
        self.g = UNet(widths=plan.widths).to(device).to(memory_format=torch.channels_last)
        self.d = PatchGAN(widths=plan.patch_widths).to(device).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.g).eval().requires_grad_(False)
        self.adam_g = torch.optim.Adam(self.g.parameters(), lr=self.lr_g, betas=plan.betas)
        self.adam_d = torch.optim.Adam(self.d.parameters(), lr=plan.lr_d, betas=plan.betas)

    def play(self, batch: Batch) -> Scores:
        """One update of the discriminator, if there is one, and one of the generator."""
        random = torch.Generator().manual_seed(mixed_seed(self.plan.seed, self.step))
        for adam, lr in ((self.adam_g, self.lr_g), (self.adam_d, self.plan.lr_d)):
            for group in adam.param_groups:
                group["lr"] = lr * self.plan.slowed(self.step)
        day, night = (x.to(self.device, memory_format=torch.channels_last) for x in (batch.day, batch.night))
        dice = noise(day, random).to(self.device, memory_format=torch.channels_last)
        with self._fast():
            fake = self.g(day, dice)
        fake = fake.float()
        loss_d, fooled, caught = self._update_d(day, night, fake.detach()) if self.objective.gan else (0.0, 0.0, 0.0)
        l1 = (fake - night).abs().mean()
        cost = self.objective.l1 * l1
        if self.objective.gan:
            self.d.requires_grad_(False)
            with self._fast():
                scores = self.d(day, fake)
            cost = cost + self.objective.gan * _LOSS.g(scores.float())
        descend(self.adam_g, cost)
        self.d.requires_grad_(True)
        self.step += 1
        blend(self.average, self.g, decay=min(self.plan.memory, (1 + self.step) / (10 + self.step)))
        return Scores(self.step, l1.item(), loss_d, fooled, caught)

    def _update_d(self, day: Tensor, night: Tensor, fake: Tensor) -> tuple[float, float, float]:
        with self._fast():
            scores = self.d(torch.cat((day, day)), torch.cat((night, fake)))
        real, false = scores.float().chunk(2)
        loss = 0.5 * _LOSS.d(real, false)
        descend(self.adam_d, loss)
        return loss.item(), (false > 0).float().mean().item(), (real > 0).float().mean().item()

    def state(self) -> dict[str, Any]:
        """Everything that resuming needs, the objective and the plan among it."""
        return {"name": self.name, "plan": dataclasses.asdict(self.plan), **super().state()}

    def begin_from(self, state: dict[str, Any]) -> None:
        """Begin with the generator of another game's ``state`` and its step; Adam and the adversary are new."""
        self.step = int(state["step"])
        self.g.load_state_dict(state["g"])
        self.average.load_state_dict(state["average"])
