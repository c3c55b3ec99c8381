"""The hub's own networks as stacks: what torch really runs is watched, and the main path written down as text.

A network is called once on zeros under a dispatch mode that sees every convolution, pooling and matrix product. The
main path is the chain of those whose input has the shape of the last output; shortcuts of residual blocks and other
branches are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from apps.conv.describe import layer_text
from apps.conv.presets import ENTRANCES, Preset
from apps.conv.shapes import Kind, Layer, Shape, step
from shared.errors import OptionError, check_choice
from shared.model_cache import model_cache
from shared.registry import find

aten = torch.ops.aten


@dataclass
class _Seen:
    """One operation that torch ran: the shapes of its input and its output, and the layer it amounts to."""

    before: Shape
    after: Shape
    layer: Layer


def _shape(x: torch.Tensor) -> Shape:
    return Shape(tuple(x.shape[2:]), x.shape[1])


def _numbers(value: Any, axes: int, usual: tuple[int, ...]) -> tuple[int, ...]:
    numbers = tuple(int(n) for n in value) if value else usual
    return numbers * axes if len(numbers) == 1 else numbers


class Watcher(TorchDispatchMode):
    """Writes down every convolution, pooling and matrix product that runs inside it."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen: list[_Seen] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run ``func`` and note what it was."""
        out = func(*args, **(kwargs or {}))
        kind = func.overloadpacket
        if kind is aten.convolution:
            self._convolution(args, out)
        elif kind in (aten.max_pool2d_with_indices, aten.max_pool3d_with_indices):
            self._pooling("maxpool", args, out[0])
        elif kind in (aten.avg_pool2d, aten.avg_pool3d, aten._adaptive_avg_pool2d):
            self._pooling("avgpool", args, out)
        elif kind is aten.mean and len(args) > 1 and args[0].ndim > 2 and len(args[1]) == args[0].ndim - 2:
            x = args[0]
            whole = Layer(kind="avgpool", filter=_shape(x).axes, stride=_shape(x).axes, dilation=(1,) * (x.ndim - 2))
            self.seen.append(_Seen(_shape(x), Shape((1,) * (x.ndim - 2), x.shape[1]), whole))
        elif kind in (aten.addmm, aten.mm):
            x, weight = args[-2:]
            layer = Layer(kind="fc", filters=weight.shape[1], bias=kind is aten.addmm)
            self.seen.append(_Seen(Shape((), x.shape[1]), Shape((), weight.shape[1]), layer))
        return out

    def _convolution(self, args: Any, out: torch.Tensor) -> None:
        x, weight, bias, stride, padding, dilation, transposed, _, groups = args
        axes = x.ndim - 2
        layer = Layer(
            kind="transposed" if transposed else "conv",
            filter=tuple(weight.shape[2:]),
            filters=out.shape[1],
            stride=_numbers(stride, axes, (1,)),
            padding=_numbers(padding, axes, (0,)),
            dilation=_numbers(dilation, axes, (1,)),
            groups=groups,
            bias=bias is not None,
        )
        self.seen.append(_Seen(_shape(x), _shape(out), layer))

    def _pooling(self, kind: Kind, args: Any, out: torch.Tensor) -> None:
        x, window, *rest = args
        axes = x.ndim - 2
        stride = rest[0] if rest and rest[0] else window
        padding = rest[1] if len(rest) > 1 else None
        dilation = rest[2] if kind == "maxpool" and len(rest) > 2 else None
        layer = Layer(
            kind=kind,
            filter=_numbers(window, axes, (1,)),
            stride=_numbers(stride, axes, (1,)),
            padding=_numbers(padding, axes, (0,)),
            dilation=_numbers(dilation, axes, (1,)),
        )
        if _after(layer, _shape(x)) != _shape(out):
            layer = Layer(**(layer.__dict__ | {"ceil": True}))
        self.seen.append(_Seen(_shape(x), _shape(out), layer))


def _after(layer: Layer, shape: Shape) -> Shape | None:
    try:
        return step(layer, shape).after
    except OptionError:
        return None


def _flat(seen: _Seen) -> _Seen:
    """A pooling that torch ran on a signal as on a picture one pixel high, as what it is."""
    if len(seen.before.axes) != 2 or seen.before.axes[0] != 1 or seen.layer.kind not in ("maxpool", "avgpool"):
        return seen
    cut = {name: getattr(seen.layer, name)[1:] for name in ("filter", "stride", "padding", "dilation")}
    layer = Layer(**(seen.layer.__dict__ | cut))
    one = Shape(seen.before.axes[1:], seen.before.channels), Shape(seen.after.axes[1:], seen.after.channels)
    return _Seen(*one, layer)


def main_path(seen: Sequence[_Seen]) -> tuple[Shape, tuple[Layer, ...]]:
    """The first input with axes, and the layers from there on whose input is the output of the one before.

    Raises:
        OptionError: there is no convolution.
    """
    start: Shape | None = None
    current: Shape | None = None
    layers: list[Layer] = []
    for one in seen:
        if current is not None and len(current.axes) == 1:
            one = _flat(one)
        if current is None:
            if not one.before.axes:
                continue
            start = current = one.before
        fits = one.before == current or (one.layer.kind == "fc" and one.before.channels == current.values)
        if fits and _after(one.layer, current) == one.after:
            layers.append(one.layer)
            current = one.after
    if start is None:
        raise OptionError("a network of the hub has convolutions", "none", "Choose another network.")
    return start, tuple(layers)


def watched(model: torch.nn.Module, inputs: Sequence[torch.Tensor]) -> tuple[Shape, tuple[Layer, ...]]:
    """The main path of ``model`` called on ``inputs``."""
    watcher = Watcher()
    with torch.no_grad(), watcher:
        model(*inputs)
    return main_path(watcher.seen)


def network_preset(name: object) -> Preset:
    """The registered network ``name`` as a preset, read off one run of it.

    Raises:
        OptionError: it is not one of ``ENTRANCES``.
        WeightsError: its weights are not at hand.
    """
    entrance = ENTRANCES[check_choice(name, ENTRANCES, "the network")]
    record = find(str(name))
    with model_cache().lease(record) as model:
        device = next(model.parameters()).device
        inputs = [torch.zeros(1, *shape, device=device) for shape in entrance.inputs]
        if entrance.labelled:
            inputs.append(torch.zeros(1, dtype=torch.int64, device=device))
        shape, layers = watched(model, inputs)
    texts: list[str] = []
    now = shape
    for layer in layers:
        texts.append(layer_text(layer, now.channels))
        now = step(layer, now).after
    return Preset(title=record.title, input=str(shape), layers="; ".join(texts), note=entrance.note)
