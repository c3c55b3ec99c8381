"""Activations of chosen layers and their gradient, as fast as the device can compute them.

The same network as ``network.VGG``, run differently: cut after the deepest layer that is wanted, channels last, ReLU in
place, in bfloat16 if the device multiplies matrices in it, and with Winograd's sums in float32 on a CPU.
Activations in bfloat16 differ from float32's by one part in 250; the costs at the start and the end of a run are still
evaluated in float32.

With ``edge_goes_on`` the first convolution sees the picture's edge go on where the network has zeros, which are a grey
of their own: on white paper the border is an edge to it, and a line gets painted along it. One layer is enough.

What the backward pass does not need is not kept: the gradient of a fixed convolution or of an average needs no
activation. Layers are yielded one by one, so that the cost of one is computed before the next layer takes memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator
from typing import Any, cast
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function

from apps.style.vgg.layers import deepest
from apps.style.vgg.network import POOLINGS, VGG
from apps.style.vgg.winograd import FEWEST_CHANNELS, Kernels, WinogradConvolution, Workspace
from shared.device import bf16_is_fast

Operation = Callable[[Tensor], Tensor]
# All runs share them. Of VGG-16 to relu4_2: 170 MB of Winograd's kernels in float32, or 11 MB of weights in bfloat16.
_KERNELS: WeakKeyDictionary[nn.Module, Kernels] = WeakKeyDictionary()
_WEIGHTS: WeakKeyDictionary[nn.Module, dict[torch.dtype, tuple[Tensor, Tensor]]] = WeakKeyDictionary()


class Extractor:
    """``extractor(picture)`` gives the activations of the layers that it was made for, ``layers`` one by one."""

    def __init__(
        self,
        network: VGG,
        names: Collection[str],
        *,
        pooling: str,
        dtype: torch.dtype,
        edge_goes_on: bool = False,
    ) -> None:
        self._edge_goes_on = edge_goes_on
        self.dtype = dtype
        self._mean = network.mean
        pool = average if pooling == "average" else POOLINGS[pooling]
        self._plan: list[tuple[str | None, Operation]] = []  # the layer's name if it is wanted, and what it does
        workspace = Workspace()
        used = network.layers[: deepest(network.layers, names) + 1]
        for layer, following in itertools.zip_longest(used, used[1:]):
            wanted = layer.name if layer.name in names else None
            if layer.kind == "conv":
                rectified = wanted is None and following is not None  # its ReLU is computed along with it
                padding = 0 if edge_goes_on and not self._plan else 1
                operation = _convolution(network, layer.name, dtype, padding, rectified=rectified, workspace=workspace)
                self._plan.append((wanted, operation))
            elif layer.kind == "pool":
                self._plan.append((wanted, pool))
            elif self._plan[-1][0] is None:
                self._plan[-1] = (wanted, self._plan[-1][1])
            else:
                self._plan.append((wanted, F.relu))

    def __call__(self, picture: Tensor) -> dict[str, Tensor]:
        """The activations (1, nC, nH, nW) by layer for ``picture`` (1, 3, H, W), RGB in [0, 1], float32."""
        return dict(self.layers(picture))

    def layers(self, picture: Tensor) -> Iterator[tuple[str, Tensor]]:
        """The same in the order of the network; what the caller drops is freed before the next layer."""
        x = (picture - self._mean).to(self.dtype).contiguous(memory_format=torch.channels_last)
        if self._edge_goes_on:
            x = F.pad(x, (1, 1, 1, 1), mode="replicate")  # instead of the first convolution's own zeros
        for name, operation in self._plan:
            x = operation(x)
            if name is not None:
                yield name, x


class _Average(Function):
    """2 x 2 average pooling; torch's own keeps its input for the backward pass, only for its shape."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """``x`` (1, C, H, W) to (1, C, H / 2, W / 2)."""
        ctx.shape = x.shape
        return F.avg_pool2d(x, 2)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """A quarter of the gradient for each of the four; zero for an odd last row or column."""
        _, channels, height, width = ctx.shape
        quarter = (gradients[0] / 4)[0].permute(1, 2, 0)  # h w C
        rows, columns = quarter.shape[:2]
        spread = quarter.new_zeros(height, width, channels)
        blocks = spread[: 2 * rows, : 2 * columns].unflatten(0, (rows, 2)).unflatten(2, (columns, 2))  # h 2 w 2 C
        blocks.copy_(quarter[:, None, :, None])
        return spread.permute(2, 0, 1)[None]


def average(x: Tensor) -> Tensor:
    """2 x 2 average pooling of ``x`` (1, C, H, W)."""
    return cast("Tensor", _Average.apply(x))


def fastest_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 if convolutions in it run on matrix hardware of ``device``, else float32."""
    return torch.bfloat16 if bf16_is_fast(device) else torch.float32


def _convolution(
    network: VGG, name: str, dtype: torch.dtype, padding: int, *, rectified: bool, workspace: Workspace
) -> Operation:
    module = cast("nn.Conv2d", network.get_submodule(name))
    worth_it = min(module.weight.shape[:2]) >= FEWEST_CHANNELS and padding == 1
    if worth_it and dtype is torch.float32 and module.weight.device.type == "cpu":
        kernels = _KERNELS.setdefault(module, Kernels(module.weight))
        return WinogradConvolution(kernels, cast("Tensor", module.bias), rectified=rectified, workspace=workspace)
    weight, bias = _weights(module, dtype)
    if rectified:
        return lambda x: F.relu_(F.conv2d(x, weight, bias, padding=padding))
    return lambda x: F.conv2d(x, weight, bias, padding=padding)


def _weights(module: nn.Conv2d, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Weight, channels last, and bias of ``module`` in ``dtype``."""
    known = _WEIGHTS.setdefault(module, {})
    if dtype not in known:
        with torch.inference_mode(mode=False):  # they outlive the call that is the first to need them
            weight = module.weight.detach().to(dtype).contiguous(memory_format=torch.channels_last)
            known[dtype] = weight, cast("Tensor", module.bias).detach().to(dtype)
    return known[dtype]
