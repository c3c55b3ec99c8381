"""The triplet loss of FaceNet (Schroff, Kalenichenko, Philbin 2015, equation 2), its gradient, and its three regions.

    L(A, P, N) = max(||f(A) - f(P)||² - ||f(A) - f(N)||² + alpha, 0)

A is the anchor, P another photo of the same person, N a photo of somebody else, alpha the margin. Axis letters: B
triplets, D numbers of an encoding. Distances are squared, as in the paper.

An equal distance counts as the worse region: N exactly as near as P is hard, N exactly at the margin is easy (its
loss is 0). That a constant f has the loss max(alpha, 0), and so is a perfect answer when alpha is 0, is why the
margin is there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apps.face.decision.matching import squared_distance
from shared.errors import check_number

EASY, SEMI_HARD, HARD = "easy", "semi-hard", "hard"
REGIONS: dict[str, str] = {
    EASY: "N is further than P by the margin or more: no loss, nothing to learn",
    SEMI_HARD: "N is further than P, but by less than the margin",
    HARD: "N is as near as P, or nearer",
}
DEFAULT_MARGIN = 0.2  # FaceNet's alpha, for unit vectors
LARGEST_MARGIN = 4.0  # the largest squared distance of unit vectors


@dataclass(frozen=True, kw_only=True)
class Triplet:
    """One triplet measured."""

    d_ap: float  # ||f(A) - f(P)||²
    d_an: float  # ||f(A) - f(N)||²
    margin: float  # alpha
    loss: float
    region: str  # a key of REGIONS


def check_margin(margin: object) -> float:
    """``margin`` as a float; 0 is allowed, to see the collapse.

    Raises:
        OptionError: no finite number from 0 to ``LARGEST_MARGIN``.
    """
    return check_number(margin, "The margin alpha", low=0.0, high=LARGEST_MARGIN)


def losses(anchor: ArrayLike, positive: ArrayLike, negative: ArrayLike, margin: float) -> NDArray[np.float64]:
    """L of B triplets (B, D), or of one (D,): float64 (B,), or a scalar array."""
    return np.maximum(squared_distance(anchor, positive) + margin - squared_distance(anchor, negative), 0.0)


def gradients(
    anchor: ArrayLike, positive: ArrayLike, negative: ArrayLike, margin: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """dL/df(A), dL/df(P), dL/df(N) of each triplet, each (B, D) or (D,).

    Where the loss is above 0: 2 (N - P), 2 (P - A) and 2 (A - N); elsewhere 0. They sum to 0: a shift of all three
    changes nothing.
    """
    A, P, N = (np.asarray(one, np.float64) for one in (anchor, positive, negative))
    active = (losses(A, P, N, margin) > 0)[..., None]
    return 2 * (N - P) * active, 2 * (P - A) * active, 2 * (A - N) * active


def region(d_ap: float, d_an: float, margin: float) -> str:
    """The region of a triplet with these squared distances: a key of ``REGIONS``."""
    if d_an >= d_ap + margin:
        return EASY
    return HARD if d_an <= d_ap else SEMI_HARD


def measure(anchor: ArrayLike, positive: ArrayLike, negative: ArrayLike, margin: object = DEFAULT_MARGIN) -> Triplet:
    """One triplet of encodings (D,), measured.

    Raises:
        OptionError: an unusable margin.
        InputError: encodings that cannot be compared.
    """
    alpha = check_margin(margin)
    d_ap, d_an = float(squared_distance(anchor, positive)), float(squared_distance(anchor, negative))
    return of_distances(d_ap, d_an, alpha)


def of_distances(d_ap: float, d_an: float, margin: float) -> Triplet:
    """The triplet of squared distances that are known already: what the margin slider calls."""
    return Triplet(
        d_ap=d_ap, d_an=d_an, margin=margin, loss=max(d_ap + margin - d_an, 0.0), region=region(d_ap, d_an, margin)
    )
