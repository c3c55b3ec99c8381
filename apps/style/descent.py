"""One descent at one size: G := G - dJ/dG, by Adam or L-BFGS, with G kept in [0, 1]."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor

from apps.style.objective import Objective
from apps.style.options import Options

FINAL_RATE = 0.25  # Adam's step at the end of a size, of its step at the beginning: the last strokes are fine
BETAS = (0.9, 0.99)
HISTORY = 10  # pairs that L-BFGS remembers
DIVERGED = 2.0  # times the best objective


class Descent:
    """G and the optimizer's memory of it.

    L-BFGS goes without a line search, one evaluation per iteration; when it runs away it starts afresh from the best G
    it has seen. A gradient that is not finite counts as 0. On an accelerator neither is looked at between previews,
    because looking would wait for it; L-BFGS waits for it by itself.
    """

    def __init__(self, pixels: Tensor, options: Options) -> None:
        """``pixels`` (1, 3, H, W) in [0, 1]."""
        self._options = options
        self._parameter = pixels.detach().clone(memory_format=torch.contiguous_format).requires_grad_(True)
        self._optimizer = self._fresh()
        self._best = float("inf")
        self._best_pixels = self._parameter.detach().clone() if options.optimizer == "lbfgs" else None

    @property
    def pixels(self) -> Tensor:
        """G (1, 3, H, W) in [0, 1]."""
        return self._parameter.detach()

    def step(self, objective: Objective, share: float) -> Tensor:
        """One iteration; ``share`` is how much of this size's iterations is done, 0 to 1 (beyond it: 1).

        Returns:
            The costs of G as it was before the iteration, on the device: the second result of ``Objective``.
        """
        if self._options.optimizer == "adam":
            costs = self._adam_step(objective, min(1.0, share))
        else:
            costs = self._lbfgs_step(objective)
        with torch.no_grad():
            self._parameter.clamp_(0, 1)
        return costs

    def _adam_step(self, objective: Objective, share: float) -> Tensor:
        self._optimizer.param_groups[0]["lr"] = self._options.rate * FINAL_RATE**share
        self._optimizer.zero_grad(set_to_none=False)
        value, costs = objective(self._parameter)
        value.backward()
        self._clean_gradient()
        self._optimizer.step()
        return costs

    def _lbfgs_step(self, objective: Objective) -> Tensor:
        seen: list[Tensor] = []
        before = self._parameter.detach().clone()

        def closure() -> Tensor:
            self._optimizer.zero_grad(set_to_none=False)
            value, costs = objective(self._parameter)
            value.backward()
            self._clean_gradient()
            seen[:] = [value.detach(), costs]
            return value

        self._optimizer.step(cast("Callable[[], float]", closure))
        value = float(seen[0])
        if value < self._best:
            self._best, self._best_pixels = value, before
        elif not value <= DIVERGED * self._best:  # NaN too
            self._restart()
        return seen[1]

    def _restart(self) -> None:
        with torch.no_grad():
            self._parameter.copy_(cast("Tensor", self._best_pixels))
        self._optimizer = self._fresh()

    def _clean_gradient(self) -> None:
        gradient = self._parameter.grad
        if gradient is not None:
            torch.nan_to_num_(gradient, nan=0.0, posinf=0.0, neginf=0.0)

    def _fresh(self) -> torch.optim.Optimizer:
        if self._options.optimizer == "adam":
            return torch.optim.Adam([self._parameter], lr=self._options.rate, betas=BETAS)
        return torch.optim.LBFGS(
            [self._parameter], lr=1.0, max_iter=1, history_size=HISTORY, tolerance_grad=0.0, tolerance_change=0.0
        )
