"""Verification as binary classification: logistic regression on what two encodings have in common.

The course's last layer of a siamese network: P(same) = sigmoid(w . phi(f1, f2) + b), with phi = |f1 - f2| or the
chi-square phi = (f1 - f2)² / (|f1| + |f2|), coordinate by coordinate (Taigman et al. 2014). Fitted by Newton's method
with an L2 penalty on w; both kinds of pairs weigh one half, so that the probability assumes as many same as different.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
_STEPS, _TOLERANCE = 50, 1e-9  # of Newton at most, and the gain per pair at which it has converged
_TINY = 1e-9  # keeps the chi-square of two zeros at zero


def absolute(a: ArrayLike, b: ArrayLike) -> Floats:
    """|f1 - f2| per coordinate, (..., D)."""
    return np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64))


def chi_square(a: ArrayLike, b: ArrayLike) -> Floats:
    """(f1 - f2)² / (|f1| + |f2|) per coordinate, (..., D); 0 where both are 0."""
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return (first - second) ** 2 / (np.abs(first) + np.abs(second) + _TINY)


FEATURES: dict[str, Callable[[ArrayLike, ArrayLike], Floats]] = {"absolute": absolute, "chi_square": chi_square}


@dataclass(frozen=True, kw_only=True, eq=False)
class Logistic:
    """A fitted logistic regression."""

    weights: Floats  # (D,)
    bias: float

    def logit(self, features: Floats) -> Floats:
        """Log odds of same, (...,) for features (..., D)."""
        return np.asarray(features @ self.weights + self.bias)

    def probability(self, features: Floats) -> Floats:
        """P(same), (...,)."""
        from scipy.special import expit

        return np.asarray(expit(self.logit(features)))


def fit(features: Floats, same: NDArray[np.bool_], weights: Floats | None = None, *, penalty: float = 0.0) -> Logistic:
    """The regression that maximises the weighted likelihood less ``penalty`` / 2 ||w||².

    Args:
        features: (n, D).
        same: (n,).
        weights: (n,) how much each pair counts within its kind; each kind is scaled to one half of n.
        penalty: of the L2 norm of w, on the scale of a sum over n pairs; the bias is free.
    """
    from scipy.special import expit

    n = len(same)
    mass = np.ones(n) if weights is None else np.asarray(weights, np.float64)
    mass = np.where(same, mass / mass[same].sum(), mass / mass[~same].sum()) * (n / 2)
    X = np.hstack([features, np.ones((n, 1))])
    ridge = np.full(X.shape[1], penalty + 1e-9 * n)
    ridge[-1] = 0.0
    theta = np.zeros(X.shape[1])
    objective = _objective(X, same, mass, ridge, theta)
    for _ in range(_STEPS):
        p = expit(X @ theta)
        gradient = X.T @ (mass * (p - same)) + ridge * theta
        hessian = (X * (mass * p * (1 - p))[:, None]).T @ X + np.diag(ridge + 1e-12 * n)
        step = np.linalg.solve(hessian, gradient)
        scale = 1.0
        while (better := _objective(X, same, mass, ridge, theta - scale * step)) > objective and scale > 1e-6:
            scale /= 2
        theta, gain, objective = theta - scale * step, objective - better, better
        if gain < _TOLERANCE * n:
            break
    return Logistic(weights=theta[:-1], bias=float(theta[-1]))


def _objective(X: Floats, same: NDArray[np.bool_], mass: Floats, ridge: Floats, theta: Floats) -> float:
    z = X @ theta
    return float((mass * (np.logaddexp(0, z) - same * z)).sum() + (ridge * theta**2).sum() / 2)
