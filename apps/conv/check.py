"""Asks torch what it makes of a stack, and compares: shapes, parameters, multiplications, and values.

Every layer runs on torch's meta device, which computes shapes without numbers, under torch's own counter of
operations; small layers also run on real numbers, and one value of the output is computed again as the sum of products
in one window.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from apps.conv.results import Verdict
from apps.conv.shapes import WEIGHTLESS, Layer, Shape, Step, pads

REAL_MULTIPLICATIONS = 3_000_000  # a layer up to this many also runs on real numbers
REAL_VALUES = 1_000_000  # ... if it has at most this many inputs, outputs and parameters
REAL_WINDOW = 4_096  # ... and a window of at most this many places
TOLERANCE = 1e-9  # float64, values of order one: far above rounding, far below an error

_MODULES: dict[tuple[str, int], Any] = {
    ("conv", 1): nn.Conv1d,
    ("conv", 2): nn.Conv2d,
    ("conv", 3): nn.Conv3d,
    ("transposed", 1): nn.ConvTranspose1d,
    ("transposed", 2): nn.ConvTranspose2d,
    ("transposed", 3): nn.ConvTranspose3d,
    ("maxpool", 1): nn.MaxPool1d,
    ("maxpool", 2): nn.MaxPool2d,
    ("maxpool", 3): nn.MaxPool3d,
    ("avgpool", 1): nn.AvgPool1d,
    ("avgpool", 2): nn.AvgPool2d,
    ("avgpool", 3): nn.AvgPool3d,
    ("pad", 1): nn.ConstantPad1d,
    ("pad", 2): nn.ConstantPad2d,
    ("pad", 3): nn.ConstantPad3d,
}


class Padded(nn.Module):
    """A layer behind padding that differs before and behind, as ``same`` needs for even filters."""

    def __init__(self, sizes: list[int], layer: nn.Module, *, value: float) -> None:
        super().__init__()
        self.sizes = sizes  # torch's order: last axis first, before and behind
        self.layer = layer
        self.value = value  # 0, or for max pooling -inf, which no maximum takes

    def forward(self, x: Tensor) -> Tensor:
        """``x`` (B, C, axes) padded and given to the layer."""
        out: Tensor = self.layer(F.pad(x, self.sizes, value=self.value))
        return out


def module_of(layer: Layer, shape: Shape, *, device: str, dtype: torch.dtype = torch.float64) -> nn.Module:
    """torch's own module for ``layer`` on an input of ``shape``."""
    if layer.kind == "fc":
        linear = nn.Linear(shape.values, layer.filters, bias=layer.bias, device=device, dtype=dtype)
        return nn.Sequential(nn.Flatten(), linear)
    make = _MODULES[layer.kind, len(shape.axes)]
    if layer.kind == "pad":
        zeros: nn.Module = make([n for behind in reversed(layer.filter) for n in (0, behind)], 0.0)
        return zeros
    both = [pads(layer, axis) for axis in range(len(shape.axes))]
    even = all(before == behind for before, behind in both)
    options: dict[str, Any] = {"stride": layer.stride, "padding": tuple(p for p, _ in both) if even else 0}
    if layer.kind == "maxpool":
        made: nn.Module = make(layer.filter, dilation=layer.dilation, ceil_mode=layer.ceil, **options)
    elif layer.kind == "avgpool":
        made = make(layer.filter, ceil_mode=layer.ceil, **options)
    else:
        options |= {"dilation": layer.dilation, "groups": layer.groups, "bias": layer.bias}
        if layer.kind == "transposed":
            options["output_padding"] = layer.output_padding or 0
        made = make(shape.channels, layer.filters, layer.filter, device=device, dtype=dtype, **options)
    if even:
        return made
    value = -math.inf if layer.kind == "maxpool" else 0.0
    return Padded([n for pair in reversed(both) for n in pair], made, value=value)


def _shape_of(x: Tensor) -> Shape:
    return Shape(tuple(x.shape[2:]), x.shape[1])


def _input(step: Step, device: str) -> Tensor:
    return torch.empty(1, step.before.channels, *step.before.axes, device=device, dtype=torch.float64)


class _NoModules:
    """In place of torch's record of modules, which hooks into all of the process, networks of other visitors too."""

    parents = ("Global",)

    def __enter__(self) -> None:
        """Hook into nothing."""

    def __exit__(self) -> None:
        """Nothing to undo; torch calls it without arguments."""


def check(step: Step) -> Verdict:
    """torch's verdict on ``step``."""
    layer = step.layer
    module = module_of(layer, step.before, device="meta").requires_grad_(False)
    counter = FlopCounterMode(display=False)
    vars(counter)["mod_tracker"] = _NoModules()
    parameters = sum(weight.numel() for weight in module.parameters())
    try:
        with counter:
            out = module(_input(step, "meta"))
    except RuntimeError as error:  # how torch refuses sizes that it does not support
        return Verdict(
            shape=None, parameters=parameters, multiplications=None, difference=None, agrees=False, refused=str(error)
        )
    multiplications = (
        None if layer.kind in WEIGHTLESS else counter.get_total_flops() // 2
    )  # torch counts the additions too
    difference = _difference(step) if _is_small(step) else None
    agrees = (
        _shape_of(out) == step.after
        and parameters == step.parameters
        and multiplications in (None, step.multiplications)
        and (difference is None or difference <= TOLERANCE)
    )
    return Verdict(
        shape=_shape_of(out),
        parameters=parameters,
        multiplications=multiplications,
        difference=difference,
        agrees=agrees,
    )


def verdicts(steps: Sequence[Step]) -> Iterator[Verdict]:
    """torch's verdict on one step after the other."""
    for one in steps:
        yield check(one)


def _is_small(step: Step) -> bool:
    return (
        step.multiplications <= REAL_MULTIPLICATIONS
        and max(step.before.values, step.after.values, step.parameters) <= REAL_VALUES
        and math.prod(step.layer.filter) <= REAL_WINDOW
        and step.layer.kind != "transposed"
    )


def _difference(step: Step) -> float:
    """How far one output value of torch, on random numbers, is from the same value computed by hand."""
    random = torch.Generator().manual_seed(0)
    x = torch.randn(1, step.before.channels, *step.before.axes, dtype=torch.float64, generator=random)
    module = module_of(step.layer, step.before, device="cpu").requires_grad_(False)
    for weight in module.parameters():
        weight.copy_(torch.randn(weight.shape, dtype=weight.dtype, generator=random))
    out = module(x)[0].numpy()
    place = np.unravel_index(int(torch.randint(out.size, (), generator=random)), out.shape)
    weights = [weight.numpy() for weight in module.parameters()]
    torchs, ours = float(out[place]), by_hand(step.layer, x[0].numpy(), weights, tuple(int(i) for i in place))
    return 0.0 if torchs == ours else abs(torchs - ours)  # both may be -inf


def by_hand(layer: Layer, x: np.ndarray, weights: Sequence[np.ndarray], place: tuple[int, ...]) -> float:
    """One value of the output: the sum of the products in one window, the definition itself.

    Args:
        layer: not a transposed convolution.
        x: the input (C, axes).
        weights: the module's weight and bias, or nothing where nothing is learned.
        place: the output value's channel and position.
    """
    channel, *position = place
    bias = float(weights[1][channel]) if len(weights) > 1 else 0.0
    if layer.kind == "fc":
        return float(np.dot(weights[0][channel], x.reshape(-1))) + bias
    if layer.kind == "pad":
        return float(x[place]) if all(i < n for i, n in zip(position, x.shape[1:], strict=True)) else 0.0
    pooling = layer.kind in ("maxpool", "avgpool")
    group = channel // (layer.filters // layer.groups) if not pooling else 0
    size = x.shape[0] // layer.groups
    own = slice(group * size, (group + 1) * size)  # the input channels of the output channel's group
    values: list[float] = []
    total = 0.0
    for offset in np.ndindex(*layer.filter):
        at = [
            i * s + k * d - pads(layer, axis)[0]
            for axis, (i, s, k, d) in enumerate(zip(position, layer.stride, offset, layer.dilation, strict=True))
        ]
        if any(not 0 <= i < n for i, n in zip(at, x.shape[1:], strict=True)):
            continue  # a padded zero
        if pooling:
            values.append(float(x[(channel, *at)]))
            continue
        total += float(np.dot(x[(own, *at)], weights[0][(channel, slice(None), *offset)]))
    if layer.kind == "maxpool":
        return max(values, default=-math.inf)  # a dilated window may lie in the padding alone
    if layer.kind == "avgpool":
        return sum(values) / _divisor(layer, position, x.shape[1:])
    return total + bias


def _divisor(layer: Layer, position: Sequence[int], sizes: Sequence[int]) -> int:
    """Average pooling divides by the window's size, padded zeros included, what hangs over the padding excluded."""
    spans = []
    for axis, (i, n) in enumerate(zip(position, sizes, strict=True)):
        before, behind = pads(layer, axis)
        start = i * layer.stride[axis] - before
        spans.append(min(start + layer.filter[axis], n + behind) - start)
    return math.prod(spans)
