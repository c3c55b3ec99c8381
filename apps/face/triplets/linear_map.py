"""Learn with the triplet loss, live: a small linear map on top of frozen encodings, trained in seconds on a CPU.

The map takes an encoding x (D) to g(x) = W x (E numbers) and is trained so that L(A, P, N) falls on the gallery's own
triplets, mined again in every step as ``mining.MINERS`` does. It is no better face encoder than what it stands on, and
is not meant to be: it shows what the loss does to a cloud of points, what mining changes, and why the margin is
there. With the margin 0 the constant g = 0 has no loss, and nothing stops W from shrinking towards it: the collapse.

E = 2 by default, so that the drawing shows the encodings themselves and no projection of them; more are drawn by
their two principal axes. Gradients are the closed form of ``triplet``; the optimizer is Adam (Kingma and Ba 2015).
numpy only.

Axis letters: N photos, T triplets, D numbers of an encoding, E numbers that the map gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apps.face.triplets.loss import DEFAULT_MARGIN, check_margin, gradients, losses
from apps.face.triplets.mining import MINERS, Triplets, census, check_gallery, mine
from shared.errors import check_choice, check_number, check_whole

Matrix = NDArray[np.float64]
COLLAPSED = 0.01  # mean length of g(x), as a share of the length at the start, below which the map has collapsed
_BETAS, _EPSILON = (0.9, 0.999), 1e-8  # of Adam


@dataclass(frozen=True, kw_only=True)
class Training:
    """How the map is trained."""

    margin: float = DEFAULT_MARGIN  # alpha
    mining: str = "semi-hard"  # a key of mining.MINERS
    steps: int = 300
    rate: float = 0.02  # of Adam
    decay: float = 1.0  # share of W that a step takes away, as a multiple of the rate
    numbers: int = 2  # E
    seed: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Step:
    """The state after so many updates."""

    step: int  # 0 is the map as it was drawn
    loss: float  # mean over the triplets mined for this state
    with_loss: int  # how many of the gallery's triplets still have a loss
    total: int  # how many triplets the gallery has
    points: Matrix  # (N, 2), the encodings as drawn
    length: float  # mean ||g(x)||
    collapsed: bool  # all encodings have shrunk to one point at 0


def check_training(training: Training) -> Training:
    """``training`` if it can be run.

    Raises:
        OptionError: a value outside its table or range.
    """
    check_margin(training.margin)
    check_choice(training.mining, MINERS, "The mining")
    check_whole(training.steps, "The number of steps", low=1, high=5_000)
    check_number(training.rate, "The learning rate", low=1e-5, high=1.0)
    check_number(training.decay, "The weight decay", low=0.0, high=10.0)
    check_whole(training.numbers, "The numbers that the map gives", low=2, high=64)
    check_whole(training.seed, "The seed", low=0, high=2**31)
    return training


def train(encodings: ArrayLike, person: ArrayLike, training: Training, *, every: int = 5) -> Iterator[Step]:
    """Train a map on ``encodings`` (N, D) of ``person`` (N,); yields the start, every ``every`` steps, and the end.

    Raises:
        OptionError: an unusable option.
        InputError: the gallery has no triplet.
    """
    check_training(training)
    x, who = check_gallery(encodings, person)
    x = x - x.mean(0)  # a shift changes no triplet, and the drawing is centred
    x /= np.sqrt((x * x).sum(1).mean()) or 1.0  # unit mean square length, so that one margin suits every encoder
    rng = np.random.default_rng(training.seed)
    W = rng.normal(0, np.sqrt(1 / training.numbers), (x.shape[1], training.numbers))  # keeps lengths on average
    first, second = np.zeros_like(W), np.zeros_like(W)
    axes, start = None, 0.0
    for step in range(training.steps + 1):
        g = x @ W  # N E
        triplets = mine(training.mining, g, who, seed=training.seed + step)
        if step == 0:
            start = mean_length(g)
        if step % every == 0 or step == training.steps:
            axes = principal_axes(g, axes)
            yield _state(step, g, who, triplets, training, axes, start)
        gradient = x.T @ gradient_of(g, triplets, training.margin)  # D E
        first = _BETAS[0] * first + (1 - _BETAS[0]) * gradient
        second = _BETAS[1] * second + (1 - _BETAS[1]) * gradient**2
        unbiased = first / (1 - _BETAS[0] ** (step + 1)), second / (1 - _BETAS[1] ** (step + 1))
        W = W - training.rate * (unbiased[0] / (np.sqrt(unbiased[1]) + _EPSILON) + training.decay * W)


def gradient_of(g: Matrix, triplets: Triplets, margin: float) -> Matrix:
    """The gradient of the mean loss with respect to the encodings ``g`` (N, E)."""
    found = np.zeros_like(g)
    a, p, n = triplets.anchor, triplets.positive, triplets.negative
    for row, part in zip((a, p, n), gradients(g[a], g[p], g[n], margin), strict=True):
        np.add.at(found, row, part / max(len(triplets), 1))
    return found


def mean_loss(g: Matrix, triplets: Triplets, margin: float) -> float:
    """The mean loss over ``triplets`` of the encodings ``g`` (N, E)."""
    return float(losses(g[triplets.anchor], g[triplets.positive], g[triplets.negative], margin).mean())


def mean_length(g: Matrix) -> float:
    """The mean of ||g(x)||."""
    return float(np.sqrt((g * g).sum(1)).mean())


def principal_axes(g: Matrix, before: Matrix | None = None) -> Matrix:
    """The two axes (E, 2) that ``g`` (N, E) is drawn along: the plane itself where E = 2, else its principal axes.

    The signs follow the axes ``before``, so that a drawing does not flip from one step to the next.
    """
    if g.shape[1] == 2:
        return np.eye(2)
    centred = g - g.mean(0)
    _, _, rows = np.linalg.svd(centred, full_matrices=False)
    axes: Matrix = np.zeros((g.shape[1], 2))
    axes[:, : min(2, len(rows))] = rows[:2].T
    if before is not None:
        signs = np.sign((axes * before).sum(0))
        axes = axes * np.where(signs == 0, 1, signs)
    return axes


def _state(
    step: int, g: Matrix, who: NDArray[np.int64], triplets: Triplets, training: Training, axes: Matrix, start: float
) -> Step:
    counted = census(g, who, training.margin)
    length = mean_length(g)
    return Step(
        step=step,
        loss=mean_loss(g, triplets, training.margin),
        with_loss=counted.with_loss,
        total=counted.total,
        points=g @ axes,
        length=length,
        collapsed=length < COLLAPSED * start,
    )
