"""What the two players minimise: the losses that the page and the training offer, and the two penalties.

Their names and titles are in ``choices.LOSSES``. Every loss is a pair of functions of D's scores s (logits; WGAN: the
critic's values). The discriminator minimises ``d(real, fake)``, the generator ``g(fake)``. Goodfellow et al. 2014
give the first two, Mao et al. 2017 the third, Arjovsky et al. 2017 with Gulrajani et al. 2017 the last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

Score = Callable[[Tensor], Tensor]  # pictures or points (B, ...) -> scores (B,)


@dataclass(frozen=True)
class Loss:
    """One pair of costs. ``real`` and ``fake`` are scores (B,)."""

    d: Callable[[Tensor, Tensor], Tensor]  # (real, fake) -> scalar
    g: Callable[[Tensor], Tensor]  # (fake,) -> scalar
    realness: Callable[[Tensor], Tensor]  # scores -> how real D finds them, 0..1, for the drawing
    penalty: bool = False  # whether D also pays the gradient penalty


def _bce_d(real: Tensor, fake: Tensor) -> Tensor:
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def _around_the_mean(scores: Tensor) -> Tensor:
    """A critic's values have no zero of their own: what is above their mean is drawn as real."""
    return torch.sigmoid(scores - scores.mean())


LOSSES: dict[str, Loss] = {
    "non-saturating": Loss(
        _bce_d,
        lambda fake: F.softplus(-fake).mean(),
        torch.sigmoid,
    ),
    "minimax": Loss(
        _bce_d,
        lambda fake: -F.softplus(fake).mean(),
        torch.sigmoid,
    ),
    "least-squares": Loss(
        lambda real, fake: 0.5 * ((real - 1).square().mean() + fake.square().mean()),
        lambda fake: 0.5 * (fake - 1).square().mean(),
        lambda scores: scores.clamp(0, 1),
    ),
    "wasserstein": Loss(
        lambda real, fake: fake.mean() - real.mean(),
        lambda fake: -fake.mean(),
        _around_the_mean,
        penalty=True,
    ),
}


def gradient_penalty(score: Score, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """Gulrajani's penalty: mean of (|∇ D(x)| - 1)² at points ``mix`` of the way from fake to real.

    Args:
        score: the critic.
        real: (B, ...).
        fake: (B, ...), detached.
        mix: (B, 1, ...), 0..1.
    """
    between = torch.lerp(fake, real, mix).requires_grad_(True)
    (slope,) = torch.autograd.grad(score(between).sum(), between, create_graph=True)
    penalty: Tensor = (slope.flatten(1).norm(dim=1) - 1).square().mean()
    return penalty


def r1_penalty(score: Score, real: Tensor) -> Tensor:
    """Mescheder's R1: mean of |∇ D(x)|² at real pictures, which keeps D from growing steep around the data."""
    real = real.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(score(real).sum(), real, create_graph=True)
    penalty: Tensor = slope.flatten(1).square().sum(dim=1).mean()
    return penalty
