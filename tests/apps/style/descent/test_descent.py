"""One iteration of the descent, on any device."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from apps.style.descent.descent import BETAS, FINAL_RATE, Descent
from apps.style.descent.objective import Objective
from apps.style.options import Options
from apps.style.vgg.network import VGG


class _Read(TorchDispatchMode):
    """Notes every tensor whose value is asked for, which on a GPU waits until all work before it is done."""

    def __init__(self) -> None:
        super().__init__()
        self.tensors: list[torch.Tensor] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default):
            self.tensors.append(args[0])
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_no_iteration_waits_for_the_device(network: VGG, optimizer: str, dtype: torch.dtype) -> None:
    options = Options(optimizer=optimizer, smoothness=1.0)
    content, style = torch.rand(2, 1, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    objective = Objective(network, options, content, style, dtype=dtype)
    descent = Descent(content, options)
    descent.step(objective, 0.0)
    with _Read() as read:
        for share in (0.1, 0.2, 0.3):
            costs = descent.step(objective, share)
    counters = {state["step"].data_ptr() for state in descent._adam.state.values()}  # torch keeps them on the CPU
    assert [tensor for tensor in read.tensors if tensor.data_ptr() not in counters] == []
    assert len(costs) > 2


def bowl(lowest: float) -> Any:
    """An objective that is least at ``lowest``, and three times as steep to one side of each row."""

    def cost(point: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        value = ((point - lowest) ** 2 * torch.linspace(1, 3, point.shape[-1])).sum()
        return value, value.detach()[None]

    return cost


@pytest.mark.parametrize("lowest", [-0.5, 1.5])  # outside of the range
def test_adam_takes_torch_s_steps_ever_smaller_within_the_range(lowest: float) -> None:
    start = torch.rand(1, 3, 4, 5, generator=torch.Generator().manual_seed(1))
    objective = bowl(lowest)
    ours = Descent(start, Options(optimizer="adam", rate=0.1))
    theirs = start.clone().requires_grad_(True)
    adam = torch.optim.Adam([theirs], lr=0.1, betas=BETAS)
    looks: list[bool] = []
    for share in (0.0, 0.5, 1.0):
        costs = ours.step(objective, share, lambda: looks.append(True))
        value, own = objective(theirs)
        torch.testing.assert_close(costs, own)
        adam.param_groups[0]["lr"] = 0.1 * FINAL_RATE**share
        adam.zero_grad()
        value.backward()
        adam.step()
        theirs.data.clamp_(0, 1)
        torch.testing.assert_close(ours.pixels, theirs.detach())
    assert len(looks) == 3
    assert ours.pixels.min() == 0 if lowest < 0 else ours.pixels.max() == 1


@pytest.mark.parametrize("steps", [0, 1, 4])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_descent_goes_on_from_what_it_remembers(optimizer: str, steps: int) -> None:
    options, objective = Options(optimizer=optimizer), bowl(0.25)
    first = Descent(torch.rand(1, 3, 4, 5, generator=torch.Generator().manual_seed(2)), options)
    for _ in range(steps):
        first.step(objective, 0.2)
    memory = first.memory()
    again = Descent.recalled(memory, options, torch.device("cpu"))
    anew = Descent.recalled({"pixels": memory["pixels"]}, options, torch.device("cpu"))
    for one in (first, again, anew):
        one.step(objective, 0.4)
    assert memory["pixels"].tolist() != first.pixels.tolist()
    torch.testing.assert_close(again.pixels, first.pixels)
    assert (float((anew.pixels - first.pixels).abs().max()) > 1e-4) == (steps > 0)


def test_a_gradient_that_is_not_finite_moves_nothing() -> None:
    def broken(point: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        value = point[..., 0].sum() * float("inf") + 0 * point.sum()
        return value, value.detach()[None]

    start = torch.full((1, 3, 2, 2), 0.5)
    descent = Descent(start, Options(optimizer="adam"))
    never: Any = broken
    descent.step(never, 0.0)
    assert torch.equal(descent.pixels, start)
