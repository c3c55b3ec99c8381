"""Latent vectors from a seed, and pictures from latent vectors: the same seed always gives the same picture.

A vector's 64 numbers depend only on the seed and on the picture's place, and the network always runs on blocks of one
shape, so that the number of pictures does not change a single bit of any of them. The truncation trick (Brock et
al. 2019) is done by the inverse of the truncated normal's distribution: moving the limit moves each picture smoothly
instead of replacing it by another.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from apps.gan.choices import FULL
from apps.gan.players.data import DIGITS, SIDE, to_pictures
from apps.gan.players.networks import Discriminator, Generator, Z
from shared.errors import OptionError

BLOCK = 16  # pictures per run of the network


def latents(seed: int, count: int, *, truncation: float = FULL) -> Tensor:
    """Latent vectors float32 (count, Z): normal, cut at ± ``truncation`` (``FULL``: not cut)."""
    random = torch.Generator().manual_seed(seed)
    uniform = torch.rand(count, Z, generator=random, dtype=torch.float64)
    kept = 1.0 if truncation >= FULL else math.erf(truncation / math.sqrt(2))
    return (math.sqrt(2) * torch.erfinv((2 * uniform - 1) * kept)).clamp(-6, 6).float()


@torch.no_grad()
def paint(generator: Generator, z: Tensor, y: Tensor | None = None) -> Tensor:
    """Pictures of latent vectors (N, Z) and, if there are classes, int64 (N,): uint8 (N, 28, 28)."""
    device = next(generator.parameters()).device
    pictures = []
    for start in range(0, len(z), BLOCK):
        block = _padded(z[start : start + BLOCK])
        classes = None if y is None else _padded(y[start : start + BLOCK]).to(device)
        pictures.append(to_pictures(generator(block.to(device), classes)))
    return torch.cat(pictures)[: len(z)] if pictures else torch.zeros(0, SIDE, SIDE, dtype=torch.uint8)


@torch.no_grad()
def verdicts(discriminator: Discriminator, x: Tensor, y: Tensor | None = None) -> Tensor:
    """D's scores of pictures (N, 1, 28, 28) in [-1, 1] and their classes (N,): float32 (N,), above 0 is "real"."""
    device = next(discriminator.parameters()).device
    scores = []
    for start in range(0, len(x), BLOCK):
        block = _padded(x[start : start + BLOCK])
        classes = None if y is None else _padded(y[start : start + BLOCK]).to(device)
        scores.append(discriminator(block.to(device), classes).float().cpu())
    return torch.cat(scores)[: len(x)] if scores else torch.zeros(0)


def linear(a: Tensor, b: Tensor, steps: int) -> Tensor:
    """``steps`` points on the straight line from (Z,) ``a`` to ``b``, both ends included: (steps, Z)."""
    t = torch.linspace(0, 1, steps).unsqueeze(1)
    return torch.where(t == 1, b, a + t * (b - a))


def spherical(a: Tensor, b: Tensor, steps: int) -> Tensor:
    """``steps`` points on the arc from ``a`` to ``b`` (Shoemake 1985), both ends included: (steps, Z).

    In 64 dimensions normal vectors lie near a sphere of radius 8; the straight line cuts through its inside, where
    the generator has hardly been trained. Direction and length change evenly. Between parallel vectors: the line.
    """
    unit_a, unit_b = a / a.norm().clamp_min(1e-9), b / b.norm().clamp_min(1e-9)
    angle = torch.arccos((unit_a @ unit_b).clamp(-1, 1))
    if torch.sin(angle) < 1e-4:
        return linear(a, b, steps)
    t = torch.linspace(0, 1, steps).unsqueeze(1)
    direction = (torch.sin((1 - t) * angle) * unit_a + torch.sin(t * angle) * unit_b) / torch.sin(angle)
    walked = direction * (a.norm() * (1 - t) + b.norm() * t)
    return torch.where(t == 0, a, torch.where(t == 1, b, walked))


PATHS = {"spherical": spherical, "linear": linear}


def classes_for(generator: Generator, count: int, digit: int | None) -> Tensor | None:
    """The classes of ``count`` pictures: ``digit``, or 0 to 9 in turn; ``None`` for a generator without classes.

    Raises:
        OptionError: ``digit`` is given, and the generator has no classes.
    """
    if generator.classes == 0:
        if digit is not None:
            raise OptionError("a conditional generator, to choose a digit", "one without classes", "Use cgan-digits.")
        return None
    return torch.arange(count) % DIGITS if digit is None else torch.full((count,), digit)


def _padded(block: Tensor) -> Tensor:
    """``block`` (N, ...) filled up with zeros to ``BLOCK`` rows."""
    return torch.cat((block, block.new_zeros(BLOCK - len(block), *block.shape[1:])))
