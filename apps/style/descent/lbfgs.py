"""L-BFGS for pictures: bounded to [0, 1], with short steps, and without ever waiting for the device.

Nocedal 1980; Liu & Nocedal 1989, the two-loop recursion. ``torch.optim.LBFGS`` was tried first: without a line search
its first full step overshoots (J rises a hundredfold before it falls), its line search doubles the evaluations, and
each of its steps reads numbers back from the accelerator. Here the step is bounded instead; a G worse than twice the
best is undone and the memory of curvature with it; every decision is a ``torch.where`` on the device.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import torch
from torch import Tensor

from apps.style.descent.costs import Memory

HISTORY = 10  # pairs of steps and gradient changes that are remembered
LONGEST = 0.06  # root mean square of a step; black to white is 1
FIRST = 0.01  # the same for a step without memory of curvature
DIVERGED = 2.0  # times the best value
_CURVED = 1e-10  # the least cosine between step and change of gradient that counts as upward curvature


class LBFGS:
    """One descent. ``advance(value, gradient)`` moves the point; values and gradients come from the caller."""

    def __init__(self, point: Tensor) -> None:
        """``point``: any shape, values in [0, 1]; it is not changed."""
        self.point = point.detach().clone()
        self._best = self.point.clone()
        self._best_gradient = torch.zeros_like(self.point)
        self._best_value = torch.full((), float("inf"), device=point.device)
        self._last: tuple[Tensor, Tensor] | None = None  # point and gradient of the step before
        self._pairs: deque[tuple[Tensor, Tensor, Tensor]] = deque(maxlen=HISTORY)  # s, y, 1 / (y s) or 0
        self._scale = torch.zeros((), device=point.device)  # of the first guess at the inverse Hessian; 0: no memory

    def advance(self, value: Tensor, gradient: Tensor) -> None:
        """Take a step from the point where ``value`` and ``gradient`` were measured."""
        value = value.detach().to(self._best_value.dtype)
        if self._last is not None:
            self._remember(*self._last, gradient)
        diverged = ~(value <= DIVERGED * self._best_value)  # true for a value that is NaN
        better = value < self._best_value
        self._best = torch.where(better, self.point, self._best)
        self._best_gradient = torch.where(better, gradient, self._best_gradient)
        self._best_value = torch.where(better, value, self._best_value)
        point = torch.where(diverged, self._best, self.point)
        gradient = torch.where(diverged, self._best_gradient, gradient)
        self._forget(diverged)
        step = self._direction(gradient)
        self._last = (point, gradient)
        self.point = (point + step).clamp(0, 1)

    def memory(self) -> Memory:
        """Everything that it knows, as plain values: what ``recalled`` goes on from."""
        kept = {"point": self.point, "best": self._best, "best_gradient": self._best_gradient,
                "best_value": self._best_value, "scale": self._scale}  # fmt: skip
        last = dict(zip(("last_point", "last_gradient"), self._last or (), strict=False))
        pairs = {f"{part}{n}": one for n, pair in enumerate(self._pairs) for part, one in zip("syr", pair, strict=True)}
        return {name: one.cpu().numpy().copy() for name, one in (kept | last | pairs).items()}

    @classmethod
    def recalled(cls, memory: Memory, device: torch.device) -> LBFGS:
        """The descent that ``memory`` is of, bit for bit."""
        known = {name: torch.from_numpy(np.array(one)).to(device) for name, one in memory.items()}
        made = cls(known["point"])
        made._best, made._best_gradient = known["best"], known["best_gradient"]
        made._best_value, made._scale = known["best_value"], known["scale"]
        if "last_point" in known:
            made._last = known["last_point"], known["last_gradient"]
        pairs = [(known[f"s{n}"], known[f"y{n}"], known[f"r{n}"]) for n in range(HISTORY) if f"s{n}" in known]
        made._pairs.extend(pairs)
        return made

    def _remember(self, before: Tensor, gradient_before: Tensor, gradient: Tensor) -> None:
        """Keep the pair of the step just taken; one without upward curvature gets no weight."""
        s, y = self.point - before, gradient - gradient_before
        ys, yy = _dot(y, s), _dot(y, y)
        curved = ys > _CURVED * (yy * _dot(s, s)).sqrt()
        zero = torch.zeros_like(ys)
        self._pairs.append((s, y, torch.where(curved, 1.0 / ys, zero)))
        self._scale = torch.where(curved, ys / yy, self._scale)

    def _forget(self, when: Tensor) -> None:
        zero = torch.zeros_like(self._scale)
        self._pairs = deque(((s, y, torch.where(when, zero, rho)) for s, y, rho in self._pairs), maxlen=HISTORY)
        self._scale = torch.where(when, zero, self._scale)

    def _direction(self, gradient: Tensor) -> Tensor:
        """- H gradient by the two-loop recursion, no longer than allowed."""
        q = gradient
        alphas = []
        for s, y, rho in reversed(self._pairs):
            alpha = rho * _dot(s, q)
            q = q - alpha * y
            alphas.append(alpha)
        remembers = self._scale > 0
        q = torch.where(remembers, self._scale, torch.ones_like(self._scale)) * q
        for (s, y, rho), alpha in zip(self._pairs, reversed(alphas), strict=True):
            q = q + (alpha - rho * _dot(y, q)) * s
        length = q.square().mean().sqrt().clamp_min(1e-30)
        short = torch.where(remembers, torch.clamp(LONGEST / length, max=1.0), FIRST / length)
        return -short * q


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return torch.dot(a.flatten(), b.flatten())
