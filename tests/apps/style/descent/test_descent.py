"""One iteration of the descent, on any device."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from apps.style.descent.descent import Descent
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
