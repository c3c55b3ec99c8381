"""One descent at one size: G := G - dJ/dG, by Adam or L-BFGS, with G kept in [0, 1]."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from apps.style.descent.costs import Memory
from apps.style.descent.lbfgs import LBFGS
from apps.style.descent.objective import Objective
from apps.style.options import Options

FINAL_RATE = 0.25  # Adam's step at the end of a size, relative to its first: the last strokes are fine
BETAS = (0.9, 0.99)  # of Adam; 0.999 remembers a thousand steps, and a size has fewer


class Descent:
    """G and the optimizer's memory. A gradient that is not finite counts as 0; nothing waits for the device."""

    def __init__(self, pixels: Tensor, options: Options) -> None:
        """``pixels`` (1, 3, H, W) in [0, 1]."""
        self._rate = options.rate
        self._parameter = pixels.detach().clone(memory_format=torch.contiguous_format).requires_grad_(True)
        self._lbfgs = LBFGS(self._parameter) if options.optimizer == "lbfgs" else None
        self._adam = torch.optim.Adam([self._parameter], lr=options.rate, betas=BETAS)

    def memory(self) -> Memory:
        """G and what the optimizer remembers, as plain values: what ``recalled`` goes on from."""
        own = {"pixels": self.pixels.cpu().numpy().copy()}
        if self._lbfgs is not None:
            return own | self._lbfgs.memory()
        adam = self._adam.state.get(self._parameter, {})
        return own | {name: one.detach().cpu().numpy().copy() for name, one in adam.items()}

    @classmethod
    def recalled(cls, memory: Memory, options: Options, device: torch.device) -> Descent:
        """The descent that ``memory`` is of, bit for bit; of G alone, a new one from there."""
        made = cls(torch.from_numpy(memory["pixels"]).to(device), options)
        rest = {name: one for name, one in memory.items() if name != "pixels"}
        if rest and made._lbfgs is not None:
            made._lbfgs = LBFGS.recalled(rest, device)
        elif rest:
            state = {name: torch.from_numpy(np.array(one)) for name, one in rest.items()}
            # Adam counts its steps on the CPU
            made._adam.state[made._parameter] = {k: v if k == "step" else v.to(device) for k, v in state.items()}
        return made

    @property
    def pixels(self) -> Tensor:
        """G (1, 3, H, W) in [0, 1]."""
        return self._parameter.detach()

    def step(self, objective: Objective, share: float, watch: Callable[[], None] | None = None) -> Tensor:
        """One iteration; ``share`` is how much of this size's schedule is done, 0 to 1.

        ``watch`` is called between the forward and the backward pass, when memory use peaks.

        Returns:
            The costs of G as it was before the iteration, on the device: the second result of ``Objective``.
        """
        value, costs = objective(self._parameter)
        if watch is not None:
            watch()
        (gradient,) = torch.autograd.grad(value, self._parameter)
        torch.nan_to_num_(gradient, nan=0.0, posinf=0.0, neginf=0.0)
        with torch.no_grad():
            if self._lbfgs is not None:
                self._lbfgs.advance(value, gradient)
                self._parameter.copy_(self._lbfgs.point)
            else:
                self._adam.param_groups[0]["lr"] = self._rate * FINAL_RATE**share
                self._parameter.grad = gradient
                self._adam.step()
                self._parameter.clamp_(0, 1)
        return costs
