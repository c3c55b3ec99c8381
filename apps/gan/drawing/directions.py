"""Directions of z with a meaning, found without labels.

Closed-form factorisation (Shen & Zhou 2021): the directions along which the generator's first layer changes most are
the eigenvectors of AᵀA, A being the part of that layer which multiplies z. What each does is measured afterwards:
pictures are drawn with z moved to both sides, and slant, boldness, width and height are taken from their moments.
"""

from __future__ import annotations

import torch
from torch import Tensor

from apps.gan.choices import DIRECTIONS
from apps.gan.drawing.sampling import latents, paint
from apps.gan.drawing.sliders import Direction
from apps.gan.players.data import DIGITS
from apps.gan.players.networks import Generator, Z

_PROBES = 120  # pictures per side
_STEP = 2.0  # how far they are moved, in standard deviations of z
_CANDIDATES = 12  # factorised directions from which one per quality is chosen
_SIDE_EFFECTS = 0.3  # what a direction's other effects cost it, so that a slider changes one quality


def qualities(pictures: Tensor) -> Tensor:
    """Slant, boldness, width and height of uint8 (N, 28, 28), from the moments of the ink: float32 (N, 4).

    Slant is the shear that would make the digit upright (positive: it leans to the right), boldness the mean ink, width
    and height the standard deviations of the ink's columns and rows in pixels.
    """
    ink = pictures.float() / 255 + 1e-6
    mass = ink.sum(dim=(1, 2))
    at = torch.arange(pictures.shape[1]).float()
    columns, rows = ink.sum(dim=1) / mass[:, None], ink.sum(dim=2) / mass[:, None]  # (N, 28) each
    x, y = (columns @ at)[:, None] - at, (rows @ at)[:, None] - at  # offsets from the centre, (N, 28)
    var_x, var_y = (columns * x.square()).sum(1), (rows * y.square()).sum(1)
    covariance = torch.einsum("nij,ni,nj->n", ink, y, x) / mass
    return torch.stack((-covariance / var_y, ink.mean(dim=(1, 2)), var_x.sqrt(), var_y.sqrt()), dim=1)


def factorised(generator: Generator) -> Tensor:
    """All Z directions, unit length, the strongest first: (Z, Z), a direction per row."""
    A = generator.stem.weight[:, :Z].detach().float().cpu()
    vectors: Tensor = torch.linalg.eigh(A.T @ A).eigenvectors.T.flip(0)
    return vectors


@torch.no_grad()
def measure(generator: Generator, vector: Tensor, *, seed: int = 0) -> Direction:
    """What moving along (Z,) ``vector`` does to the pictures of ``generator``."""
    z = latents(seed, _PROBES)
    y = torch.arange(_PROBES) % DIGITS if generator.classes else None
    here = qualities(paint(generator, z, y))
    there, back = (qualities(paint(generator, z + side * _STEP * vector, y)) for side in (1, -1))
    effects = (there - back).mean(dim=0) / here.std(dim=0)
    return Direction(tuple(vector.tolist()), tuple(effects.tolist()))


def directions(generator: Generator) -> tuple[Direction, ...]:
    """One direction per quality: of the strongest factorised ones, the one that changes it most and the others least.

    The sign of each is chosen so that it increases its quality. Takes seconds: the bundled model's are kept in a file.
    """
    candidates = [measure(generator, vector) for vector in factorised(generator)[:_CANDIDATES]]
    chosen: list[Direction] = []
    for at in range(DIRECTIONS):
        left = [candidate for candidate in candidates if candidate not in chosen]
        chosen.append(
            max(left, key=lambda candidate: abs(candidate.effects[at]) - _SIDE_EFFECTS * _others(candidate, at))
        )
    return tuple(_increasing(direction, at) for at, direction in enumerate(chosen))


def _others(direction: Direction, at: int) -> float:
    return sum(abs(effect) for other, effect in enumerate(direction.effects) if other != at)


def _increasing(direction: Direction, at: int) -> Direction:
    sign = 1.0 if direction.effects[at] >= 0 else -1.0
    return Direction(tuple(sign * v for v in direction.vector), tuple(sign * e for e in direction.effects))
