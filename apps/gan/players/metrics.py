"""How good generated digits are, with intervals that show what may be luck.

* agreement: the share of pictures in which the judge reads the requested digit, with Wilson's interval;
* Fréchet distance (Heusel et al. 2017) between Gaussians fitted to the judge's 128 penultimate activations. The name
  FID belongs to Inception's features; with a digit judge's the numbers are on another scale, so every report also gives
  the floor, the distance between real training and real test digits;
* precision and recall (Kynkäänniemi et al. 2019): the share of fakes inside the real manifold, and the share of reals
  inside the fake one, manifolds being unions of balls that reach to the k-th neighbour;
* diversity: the mean distance between two pictures of the same class, against that of real digits;
* the nearest training digit of a sample, to show that samples are not copies.

Left out: the Inception score, which says nothing about missing variety inside a class.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from apps.gan.players.data import DIGITS, Digits

NEIGHBOURS = 3  # k of precision and recall, as in the paper
_CHUNK = 2_000  # rows of a distance matrix held at once


@dataclass(frozen=True)
class Share:
    """A share of ``n``, with Wilson's 95 % interval."""

    value: float
    n: int
    low: float
    high: float


@dataclass(frozen=True)
class Manifolds:
    """Precision and recall of fakes against reals, 0..1."""

    precision: float
    recall: float


@dataclass(frozen=True)
class Nearest:
    """The closest training pictures of some samples."""

    index: Tensor  # int64 (N,), into the training pictures
    distance: Tensor  # float32 (N,), root mean square difference of pixels, 0..255


def share(hits: Tensor) -> Share:
    """The share of true values in bool ``hits`` (N,), N > 0."""
    from scipy.stats import binomtest  # takes a second to import, and the page does not need it

    right, n = int(hits.sum()), hits.numel()
    interval = binomtest(right, n).proportion_ci(method="wilson")
    return Share(right / n, n, float(interval.low), float(interval.high))


def confusion(asked: Tensor, read: Tensor) -> Tensor:
    """Counts (10, 10): row = the requested digit, column = the digit read. int64."""
    return torch.bincount(asked * DIGITS + read, minlength=DIGITS**2).view(DIGITS, DIGITS)


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Squared Fréchet distance of the Gaussians fitted to features (N, D) and (M, D); N, M >= 2."""
    mean_a, mean_b = a.double().mean(dim=0), b.double().mean(dim=0)
    cov_a, cov_b = torch.cov(a.double().T), torch.cov(b.double().T)
    root_a = _root(cov_a)
    cross = torch.linalg.eigvalsh(root_a @ cov_b @ root_a).clamp_min(0).sqrt().sum()
    return float((mean_a - mean_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross)


def precision_recall(real: Tensor, fake: Tensor, *, k: int = NEIGHBOURS) -> Manifolds:
    """Precision and recall of features ``fake`` (M, D) against ``real`` (N, D); N, M > k."""
    return Manifolds(
        precision=_covered(fake, real, _radii(real, k)),
        recall=_covered(real, fake, _radii(fake, k)),
    )


def diversity(features: Tensor, labels: Tensor, *, pairs: int = 20_000, seed: int = 0) -> Tensor:
    """Mean distance between two different pictures of the same class, by class: features (N, D) -> (10,).

    ``pairs`` random pairs are drawn per class. A class with fewer than two pictures gives nan.
    """
    random = torch.Generator().manual_seed(seed)
    means = torch.full((DIGITS,), math.nan)
    for digit in range(DIGITS):
        own = features[labels == digit]
        if len(own) < 2:
            continue
        first = torch.randint(len(own), (pairs,), generator=random)
        other = (first + torch.randint(1, len(own), (pairs,), generator=random)) % len(own)
        means[digit] = (own[first] - own[other]).norm(dim=1).mean()
    return means


def nearest(images: Tensor, train: Tensor) -> Nearest:
    """The training picture closest to each of ``images``, pixel by pixel; uint8 (N, 28, 28) and (M, 28, 28)."""
    a, best, where = images.flatten(1).float(), torch.full((len(images),), math.inf), torch.zeros(len(images)).long()
    squares = a.square().sum(dim=1, keepdim=True)
    for start in range(0, len(train), _CHUNK):
        b = train[start : start + _CHUNK].flatten(1).float()
        distances = (squares + b.square().sum(dim=1) - 2 * a @ b.T).clamp_min(0)
        found, index = distances.min(dim=1)
        where = torch.where(found < best, index + start, where)
        best = torch.minimum(found, best)
    return Nearest(where, (best / a.shape[1]).sqrt())


def some_of(digits: Digits, n: int, *, seed: int = 0) -> Digits:
    """``n`` random pictures of ``digits`` without repetition."""
    order = torch.randperm(len(digits), generator=torch.Generator().manual_seed(seed))
    return digits.take(order[:n])


def _root(cov: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(cov)
    root: Tensor = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    return root


def _radii(points: Tensor, k: int) -> Tensor:
    """Distance from each of (N, D) points to its k-th neighbour, itself left out: (N,)."""
    parts = [torch.cdist(part, points).topk(k + 1, largest=False).values[:, -1] for part in points.split(_CHUNK)]
    return torch.cat(parts)


def _covered(points: Tensor, centres: Tensor, radii: Tensor) -> float:
    """Share of (N, D) points inside at least one ball around ``centres`` (M, D)."""
    inside = [(torch.cdist(part, centres) <= radii).any(dim=1) for part in points.split(_CHUNK)]
    return torch.cat(inside).float().mean().item()
