"""Two players on a sheet of paper: a GAN on points of the plane, the reference of what the page plays.

The idea of watching the game in two dimensions is GAN Lab's (Kahng et al. 2018). The page plays it in the visitor's
browser, in plain JavaScript (``ui/page/lab_network.js``, ``lab_game.js``) with derivatives written by hand; here torch
derives them, in float64 and from the same random numbers, and a test holds the page to this. Units: the sheet is
[-1, 1] x [-1, 1].
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from apps.gan.choices import SEEDS
from apps.gan.lab.dice import SAMPLERS, Array, Dice
from apps.gan.lab.rules import DRAWN, GAUSSIAN, MOST_UPDATES, NOISES, OPTIMIZERS, SHAPES, Rules
from apps.gan.players.losses import LOSSES, gradient_penalty, r1_penalty
from shared.errors import InputError, check_choice, check_number, check_whole

FIELD = 30  # D's opinion is asked on a grid of FIELD x FIELD points
SHOWN = 160  # points of each kind in a frame
CELLS = 16  # along a side of the grid on which divergences are measured
MEASURED = 1_000  # points of each kind for them
_PENALTY = 0.1  # weight of the gradient penalty; 10, made for pictures, freezes a game on so small a sheet
_JITTER = 0.01  # of the points of a drawing
_SLOPE = 0.2  # of the leaky rectifiers, below 0
_WEIGHTS_G, _WEIGHTS_D, _PLAY, _SHOWN, _MEASURE = range(5)  # purposes of the dice


@dataclass(frozen=True)
class Frame:
    """The game at one moment. Arrays are float64."""

    rounds: int
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


def check_rules(rules: Rules) -> Rules:
    """``rules`` if all of them are in range, else an ``OptionError``."""
    check_choice(rules.shape, SHAPES, "The distribution")
    check_choice(rules.noise, NOISES, "The noise")
    check_choice(rules.loss, LOSSES, "The loss")
    for player in ("d", "g"):
        name = player.upper()
        check_choice(getattr(rules, f"optimizer_{player}"), OPTIMIZERS, f"{name}'s optimizer")
        check_number(getattr(rules, f"lr_{player}"), f"{name}'s learning rate", low=0, high=1)
        check_whole(getattr(rules, f"{player}_updates"), f"{name}'s updates in a round", low=0, high=MOST_UPDATES)
    check_number(rules.r1, "The R1 penalty", low=0, high=100)
    check_whole(rules.seed, "The seed", low=0, high=SEEDS)
    return rules


class Lab:
    """A game in two dimensions.

    Args:
        rules: how the game is played.
        points: the drawing (N, 2), if ``rules.shape`` is ``DRAWN``.
    """

    def __init__(self, rules: Rules, points: Array | None = None) -> None:
        self.rules = check_rules(rules)
        if rules.shape == DRAWN and points is None:
            raise InputError("", "Nothing has been drawn yet", "Draw some strokes first.")
        self._points = points
        self.g = _network(NOISES[rules.noise][1], rules.hidden_g, 2, Dice(rules.seed, _WEIGHTS_G))
        self.d = _network(2, rules.hidden_d, 1, Dice(rules.seed, _WEIGHTS_D))
        self._optimizer_g = _optimizer(self.g, rules.optimizer_g, rules.lr_g)
        self._optimizer_d = _optimizer(self.d, rules.optimizer_d, rules.lr_d)
        self._play = Dice(rules.seed, _PLAY)
        self.rounds, self._losses_d, self._losses_g = 0, list[float](), list[float]()
        shown = Dice(rules.seed, _SHOWN)
        self._shown_real, self._shown_z = self.sample(SHOWN, shown), self.noise(SHOWN, shown)

    def sample(self, n: int, dice: Dice | None = None) -> Tensor:
        """Real points (n, 2)."""
        dice = dice or self._play
        if self._points is not None and self.rules.shape == DRAWN:
            chosen = np.floor(dice.uniform(n) * len(self._points)).astype(np.int64)
            return torch.from_numpy(self._points[chosen] + _JITTER * dice.normal_pairs(n))
        return torch.from_numpy(SAMPLERS[self.rules.shape](n, dice))

    def noise(self, n: int, dice: Dice | None = None) -> Tensor:
        """Latent points (n, Z)."""
        dice, Z = dice or self._play, NOISES[self.rules.noise][1]
        uniform = self.rules.noise.startswith("uniform")
        drawn = dice.uniform(n * Z) * 2 - 1 if uniform else GAUSSIAN * dice.normal(n * Z)
        return torch.from_numpy(drawn.reshape(n, Z))

    def score(self, points: Tensor) -> Tensor:
        """D's scores of (n, 2) points: (n,)."""
        out: Tensor = self.d(points).squeeze(1)
        return out

    def step_d(self) -> float:
        """One update of D; its loss before the update, without the penalties."""
        n, loss = self.rules.batch, LOSSES[self.rules.loss]
        real = self.sample(n)
        with torch.no_grad():
            fake = self.g(self.noise(n))
        shown = cost = loss.d(self.score(real), self.score(fake))
        if loss.penalty:
            mix = torch.from_numpy(self._play.uniform(n))[:, None]
            cost = cost + _PENALTY * gradient_penalty(self.score, real, fake, mix)
        if self.rules.r1:
            cost = cost + 0.5 * self.rules.r1 * r1_penalty(self.score, real)
        _descend(self._optimizer_d, cost)
        self._losses_d.append(shown.item())
        return self._losses_d[-1]

    def step_g(self) -> float:
        """One update of G; its loss before the update."""
        cost = LOSSES[self.rules.loss].g(self.score(self.g(self.noise(self.rules.batch))))
        _descend(self._optimizer_g, cost)
        self._losses_g.append(cost.item())
        return self._losses_g[-1]

    def round(self) -> None:
        """``d_updates`` of D, then ``g_updates`` of G."""
        for _ in range(self.rules.d_updates):
            self.step_d()
        for _ in range(self.rules.g_updates):
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

    def frame(self) -> Frame:
        """The game now."""
        loss = LOSSES[self.rules.loss]
        with torch.no_grad():
            fake = self.g(self._shown_z)
            axis = torch.linspace(-1, 1, FIELD, dtype=torch.float64)
            y, x = torch.meshgrid(-axis, axis, indexing="ij")
            field = loss.realness(self.score(torch.stack((x, y), dim=2).view(-1, 2))).view(FIELD, FIELD)
        fake.requires_grad_(True)
        (slope,) = torch.autograd.grad(loss.g(self.score(fake)) * len(fake), fake)
        return Frame(
            rounds=self.rounds,
            real=self._shown_real.numpy(),
            fake=fake.detach().numpy(),
            pull=-slope.numpy(),
            field=field.numpy(),
            losses_d=tuple(self._losses_d),
            losses_g=tuple(self._losses_g),
        )

    def divergences(self) -> tuple[float, float]:
        """Kullback-Leibler and Jensen-Shannon divergence of fresh real points and fakes: see ``divergences``."""
        dice = Dice(self.rules.seed, _MEASURE)
        real, z = self.sample(MEASURED, dice), self.noise(MEASURED, dice)
        with torch.no_grad():
            return divergences(real.numpy(), self.g(z).numpy())


def divergences(real: Array, fake: Array) -> tuple[float, float]:
    """KL(real, fake) and JS in bits, of (N, 2) points counted on a grid of CELLS x CELLS.

    Half a point is added to every cell, so that KL is finite; what lies outside the sheet counts at its
    edge.
    """
    P, Q = _shares(real), _shares(fake)
    middle = (P + Q) / 2
    return _relative_entropy(P, Q), (_relative_entropy(P, middle) + _relative_entropy(Q, middle)) / 2


def covered(frame: Frame, *, near: float = 0.12) -> float:
    """Share of the real points with a fake closer than ``near``: low if modes are missed."""
    gaps = np.linalg.norm(frame.real[:, None] - frame.fake[None], axis=2).min(axis=1)
    return float((gaps < near).mean())


def _shares(points: Array) -> Array:
    cells = np.clip(np.floor((points + 1) / 2 * CELLS), 0, CELLS - 1).astype(np.int64)
    counts = np.bincount(cells[:, 1] * CELLS + cells[:, 0], minlength=CELLS**2) + 0.5
    shares: Array = counts / counts.sum()
    return shares


def _relative_entropy(P: Array, Q: Array) -> float:
    return float((P * np.log2(P / Q)).sum())


def _network(inputs: int, hidden: tuple[int, ...], outputs: int, dice: Dice) -> nn.Sequential:
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise((inputs, *hidden, outputs)):
        linear = nn.Linear(n_in, n_out, dtype=torch.float64)
        with torch.no_grad():
            drawn = math.sqrt(2 / n_in) * dice.normal(n_out * n_in).reshape(n_out, n_in)
            linear.weight.copy_(torch.from_numpy(drawn))
            linear.bias.zero_()
        layers += [linear, nn.LeakyReLU(_SLOPE)]
    return nn.Sequential(*layers[:-1])


def _optimizer(network: nn.Module, kind: str, rate: float) -> torch.optim.Optimizer:
    if kind == "sgd":
        return torch.optim.SGD(network.parameters(), lr=rate)
    return torch.optim.Adam(network.parameters(), lr=rate, betas=(0.5, 0.99))


def _descend(optimizer: torch.optim.Optimizer, cost: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    cost.backward()
    optimizer.step()
