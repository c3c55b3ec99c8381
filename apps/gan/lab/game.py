"""Two players on a sheet of paper: a GAN on points of the plane, trained step by step while you watch.

The idea of watching the game in two dimensions is GAN Lab's (Kahng et al. 2018). Here both networks are small
perceptrons in torch, the losses are those of ``players/losses.py``, and a frozen ``Frame`` shows the game at one
moment: D's opinion as a field, points of both kinds, and the direction in which G's loss pulls each fake.
Left out: saving a game. Units: the sheet is [-1, 1] x [-1, 1].
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from apps.gan.lab.rules import DRAWN, SHAPES, Rules
from apps.gan.players.losses import LOSSES, gradient_penalty
from shared.errors import InputError, check_choice, check_number, check_whole

FIELD = 30  # D's opinion is asked on a grid of FIELD x FIELD points
SHOWN = 160  # points of each kind in a frame
FRAME_S = 0.1  # s from one live frame to the next
_BUSY = 0.7  # share of a frame in which rounds may begin
_PENALTY = 0.1  # weight of the gradient penalty; 10, made for pictures, freezes a game on so small a sheet
_LEAST_DRAWN = 20  # painted pixels: fewer make no distribution
Player = Literal["d", "g"]
Array = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


@dataclass(frozen=True)
class Frame:
    """The game at one moment. Arrays are float32."""

    rounds: int  # rounds played: d_per_g updates of D and one of G
    updates_d: int
    updates_g: int
    real: Array  # (SHOWN, 2)
    fake: Array  # (SHOWN, 2)
    pull: Array  # (SHOWN, 2): minus the gradient of G's loss at each fake, per point
    field: Array  # (FIELD, FIELD): how real D finds each place, 0..1; row 0 is y = 1, the top
    losses_d: tuple[float, ...]  # one per update of D, all of them
    losses_g: tuple[float, ...]

    @property
    def diverged(self) -> bool:
        """Whether something is no longer a finite number: the game is over, its weights have grown without bound."""
        latest = np.array([*self.losses_d[-1:], *self.losses_g[-1:]])
        return not all(np.isfinite(values).all() for values in (latest, self.fake, self.pull, self.field))


def ring(n: int, random: torch.Generator) -> Tensor:
    """Points on a circle: (n, 2)."""
    angle = torch.rand(n, generator=random) * 2 * math.pi
    radius = 0.65 + 0.03 * torch.randn(n, generator=random)
    return torch.stack((radius * angle.cos(), radius * angle.sin()), dim=1)


def gaussians(n: int, random: torch.Generator) -> Tensor:
    """Eight small clouds around the centre: (n, 2)."""
    angle = torch.randint(8, (n,), generator=random) * (math.pi / 4)
    centres = 0.65 * torch.stack((angle.cos(), angle.sin()), dim=1)
    return centres + 0.04 * torch.randn(n, 2, generator=random)


def spiral(n: int, random: torch.Generator) -> Tensor:
    """One and a half turns from the centre: (n, 2)."""
    t = torch.rand(n, generator=random).sqrt()
    angle, radius = t * 3 * math.pi, 0.1 + 0.7 * t
    return torch.stack((radius * angle.cos(), radius * angle.sin()), 1) + 0.02 * torch.randn(n, 2, generator=random)


def two_lines(n: int, random: torch.Generator) -> Tensor:
    """Two parallel slanted lines: (n, 2)."""
    t = torch.rand(n, generator=random) * 1.2 - 0.6
    side = torch.randint(2, (n,), generator=random) * 0.7 - 0.35
    return torch.stack((t, 0.4 * t + side), dim=1) + 0.02 * torch.randn(n, 2, generator=random)


_SAMPLERS: dict[str, Callable[[int, torch.Generator], Tensor]] = {
    "ring": ring,
    "gaussians": gaussians,
    "spiral": spiral,
    "two lines": two_lines,
}


def points_of(painted: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Tensor:
    """A drawing as a distribution: bool (H, W), row 0 on top -> the painted places (N, 2) on the sheet.

    Raises:
        InputError: hardly anything is painted.
    """
    rows, columns = np.nonzero(painted)
    if len(rows) < _LEAST_DRAWN:
        raise InputError("a drawing of some strokes", f"{len(rows)} painted pixels", "Draw, then press Play.")
    H, W = painted.shape
    places = np.stack(((columns + 0.5) / W * 2 - 1, 1 - (rows + 0.5) / H * 2), axis=1)
    return torch.from_numpy(places.astype(np.float32))


def check_rules(rules: Rules) -> Rules:
    """``rules`` if all of them are in range, else an ``OptionError``."""
    check_choice(rules.shape, SHAPES, "The distribution")
    check_choice(rules.loss, LOSSES, "The loss")
    check_number(rules.lr_d, "D's learning rate", low=0, high=1)
    check_number(rules.lr_g, "G's learning rate", low=0, high=1)
    check_whole(rules.d_per_g, "The updates of D per update of G", low=1, high=20)
    check_whole(rules.seed, "The seed", low=0, high=2**31 - 1)
    return rules


class Lab:
    """A game in two dimensions. Not shared between visitors.

    Args:
        rules: how the game is played.
        points: the drawing (N, 2), if ``rules.shape`` is ``DRAWN``.
    """

    def __init__(self, rules: Rules, points: Tensor | None = None) -> None:
        self.rules = check_rules(rules)
        if rules.shape == DRAWN and points is None:
            raise InputError("", "Nothing has been drawn yet", "Draw some strokes first.")
        self._points = points
        self._random = torch.Generator().manual_seed(rules.seed)
        self.g = _network(rules.noise, rules.hidden, 2, self._random)
        self.d = _network(2, rules.hidden, 1, self._random)
        self._sgd_g, self._sgd_d = _optimiser(self.g, rules, rules.lr_g), _optimiser(self.d, rules, rules.lr_d)
        self.rounds, self._losses_d, self._losses_g = 0, list[float](), list[float]()
        self._turn, self._halted = threading.Lock(), threading.Event()
        self._shown_real, self._shown_z = self.sample(SHOWN), self.noise(SHOWN)

    def change(self, rules: Rules) -> None:
        """Continue with other learning rates, another loss or ratio; what would need a new game (shape, seed) stays."""
        self.rules = check_rules(replace(rules, shape=self.rules.shape, seed=self.rules.seed, hidden=self.rules.hidden))
        for optimizer, rate in ((self._sgd_g, rules.lr_g), (self._sgd_d, rules.lr_d)):
            for group in optimizer.param_groups:
                group["lr"] = rate

    def sample(self, n: int) -> Tensor:
        """Real points (n, 2)."""
        if self._points is not None and self.rules.shape == DRAWN:
            chosen = torch.randint(len(self._points), (n,), generator=self._random)
            return self._points[chosen] + 0.01 * torch.randn(n, 2, generator=self._random)
        return _SAMPLERS[self.rules.shape](n, self._random)

    def noise(self, n: int) -> Tensor:
        """Latent points (n, noise)."""
        return torch.rand(n, self.rules.noise, generator=self._random) * 2 - 1

    def score(self, points: Tensor) -> Tensor:
        """D's scores of (n, 2) points: (n,)."""
        out: Tensor = self.d(points).squeeze(1)
        return out

    def step_d(self) -> float:
        """One update of D; its loss before the update."""
        real, loss = self.sample(self.rules.batch), LOSSES[self.rules.loss]
        with torch.no_grad():
            fake = self.g(self.noise(self.rules.batch))
        cost = loss.d(self.score(real), self.score(fake))
        if loss.penalty:
            mix = torch.rand(len(real), 1, generator=self._random)
            cost = cost + _PENALTY * gradient_penalty(self.score, real, fake, mix)
        self._losses_d.append(_descend(self._sgd_d, cost))
        return self._losses_d[-1]

    def step_g(self) -> float:
        """One update of G; its loss before the update."""
        cost = LOSSES[self.rules.loss].g(self.score(self.g(self.noise(self.rules.batch))))
        self._losses_g.append(_descend(self._sgd_g, cost))
        return self._losses_g[-1]

    def round(self) -> None:
        """``d_per_g`` updates of D, one of G."""
        for _ in range(self.rules.d_per_g):
            self.step_d()
        self.step_g()
        self.rounds += 1

    def play(self, rounds: int, *, per_frame: int) -> Iterator[Frame]:
        """Play ``rounds`` rounds, or until the game diverges: one frame after every ``per_frame`` of them."""
        for done in range(1, rounds + 1):
            self.round()
            if done % per_frame == 0 or done == rounds:
                frame = self.frame()
                yield frame
                if frame.diverged:
                    return

    def live(
        self,
        rounds: int,
        *,
        per_frame: int,
        frame_s: float = FRAME_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Iterator[Frame]:
        """Play ``rounds`` rounds, or until the game diverges, at a steady pace: a frame every ``frame_s``.

        A frame comes after at most ``per_frame`` rounds; on a slow machine after fewer, so that it is not late.
        """
        done = 0
        self._halted.clear()
        while done < rounds:
            began = clock()
            with self._turn:
                if self._halted.is_set():
                    return
                for _ in range(min(per_frame, rounds - done)):
                    self.round()
                    done += 1
                    if clock() - began > _BUSY * frame_s:
                        break
                frame = self.frame()
            yield frame
            if frame.diverged:
                return
            if (left := frame_s - (clock() - began)) > 0:
                sleep(left)

    def halt(self) -> Frame:
        """End ``live``, which may run in another thread; the game at that moment."""
        self._halted.set()
        with self._turn:
            return self.frame()

    def frame(self) -> Frame:
        """The game now."""
        loss = LOSSES[self.rules.loss]
        with torch.no_grad():
            fake = self.g(self._shown_z)
            axis = torch.linspace(-1, 1, FIELD)
            y, x = torch.meshgrid(-axis, axis, indexing="ij")
            field = loss.realness(self.score(torch.stack((x, y), dim=2).view(-1, 2))).view(FIELD, FIELD)
        fake.requires_grad_(True)
        (slope,) = torch.autograd.grad(loss.g(self.score(fake)) * len(fake), fake)
        return Frame(
            rounds=self.rounds,
            updates_d=len(self._losses_d),
            updates_g=len(self._losses_g),
            real=self._shown_real.numpy(),
            fake=fake.detach().numpy(),
            pull=-slope.numpy(),
            field=field.numpy(),
            losses_d=tuple(self._losses_d),
            losses_g=tuple(self._losses_g),
        )


def covered(frame: Frame, *, near: float = 0.12) -> float:
    """Share of the real points with a fake closer than ``near``: low if modes are missed."""
    gaps = np.linalg.norm(frame.real[:, None] - frame.fake[None], axis=2).min(axis=1)
    return float((gaps < near).mean())


def _network(inputs: int, hidden: tuple[int, ...], outputs: int, random: torch.Generator) -> nn.Sequential:
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise((inputs, *hidden, outputs)):
        linear = nn.Linear(n_in, n_out)
        with torch.no_grad():
            linear.weight.normal_(0, math.sqrt(2 / n_in), generator=random)
            linear.bias.zero_()
        layers += [linear, nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers[:-1])


def _optimiser(network: nn.Module, rules: Rules, rate: float) -> torch.optim.Optimizer:
    if rules.optimizer == "sgd":
        return torch.optim.SGD(network.parameters(), lr=rate)
    return torch.optim.Adam(network.parameters(), lr=rate, betas=(0.5, 0.99))


def _descend(optimizer: torch.optim.Optimizer, cost: Tensor) -> float:
    optimizer.zero_grad(set_to_none=True)
    cost.backward()
    optimizer.step()
    return cost.item()
