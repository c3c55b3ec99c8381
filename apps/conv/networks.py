"""The hub's own networks as stacks: what torch really runs is watched, and the main path written down as text.

A network is called once on zeros under a dispatch mode that sees every operation. The main path is the chain of
convolutions, poolings and matrix products each of which works on what the one before has made; shortcuts of residual
blocks and other branches work on something older, and are left out. The path ends where its next layer's input has
another shape than its last layer's output. Zeros that a residual block puts behind its map, so that it fits its
shortcut, are a layer here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakTensorKeyDictionary

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
    x: torch.Tensor  # what it worked on


def _shape(x: torch.Tensor) -> Shape:
    return Shape(tuple(x.shape[2:]), x.shape[1])


def _numbers(value: Any, axes: int, usual: tuple[int, ...]) -> tuple[int, ...]:
    numbers = tuple(int(n) for n in value) if value else usual
    return numbers * axes if len(numbers) == 1 else numbers


class Watcher(TorchDispatchMode):
    """Follows the main path of what runs inside it.

    Every tensor has an age: how many layers of the path it has passed through. A layer belongs to the path if it works
    on a tensor of the path's full length.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.start: Shape | None = None
        self.layers: list[Layer] = []
        self._current: Shape | None = None
        self._ended = False
        self._age = WeakTensorKeyDictionary()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run ``func`` and note what it was."""
        out = func(*args, **(kwargs or {}))
        ages = [self._age[x] for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor) and x in self._age]
        age = max(ages, default=0)
        seen = _layer_of(func.overloadpacket, args, out)
        if seen is not None and not self._ended and self._age.get(seen.x, 0) == len(self.layers):
            age = self._take(seen, age)
        for x in tree_leaves(out):
            if isinstance(x, torch.Tensor):
                self._age[x] = age
        return out

    def _take(self, seen: _Seen, age: int) -> int:
        """Put a layer on the path, if it fits there; the age of its output."""
        if self._current is None:
            if not seen.before.axes:
                return age  # the path begins with the first input that has axes
            self.start = self._current = seen.before
        if len(self._current.axes) == 1:
            seen = _flat(seen)
        fits = seen.before == self._current or (
            seen.layer.kind == "fc" and seen.before.channels == self._current.values
        )
        if not fits or _after(seen.layer, self._current) != seen.after:
            self._ended = True
            return age
        self.layers.append(seen.layer)
        self._current = seen.after
        return len(self.layers)


def _layer_of(kind: Any, args: Any, out: Any) -> _Seen | None:
    """The layer that one operation of torch amounts to, or ``None`` for all that is no layer."""
    if kind is aten.convolution:
        return _convolution(args, out)
    if kind in (aten.max_pool2d_with_indices, aten.max_pool3d_with_indices):
        return _pooling("maxpool", args, out[0])
    if kind in (aten.avg_pool2d, aten.avg_pool3d):
        return _pooling("avgpool", args, out)
    if kind is aten.constant_pad_nd:
        return _zeros(args, out)
    if kind is aten.mean and len(args) > 1 and args[0].ndim > 2 and len(args[1]) == args[0].ndim - 2:
        x = args[0]
        sizes, one = _shape(x).axes, (1,) * (x.ndim - 2)
        whole = Layer(kind="avgpool", filter=sizes, stride=sizes, dilation=one)
        return _Seen(_shape(x), Shape(one, x.shape[1]), whole, x)
    if kind in (aten.addmm, aten.mm):
        x, weight = args[-2:]
        layer = Layer(kind="fc", filters=weight.shape[1], bias=kind is aten.addmm)
        return _Seen(Shape((), x.shape[1]), Shape((), weight.shape[1]), layer, x)
    return None


def _convolution(args: Any, out: torch.Tensor) -> _Seen:
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
    return _Seen(_shape(x), _shape(out), layer, x)


def _pooling(kind: Kind, args: Any, out: torch.Tensor) -> _Seen:
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
        layer = replace(layer, ceil=True)
    return _Seen(_shape(x), _shape(out), layer, x)


def _zeros(args: Any, out: torch.Tensor) -> _Seen | None:
    """Zeros behind along every axis; any other padding is no layer here."""
    x, sizes = args[:2]
    before, behind = sizes[0::2], sizes[1::2][::-1]
    if len(behind) < x.ndim - 2 or any(before) or any(behind[: len(behind) - (x.ndim - 2)]):
        return None
    window = tuple(int(n) for n in behind[len(behind) - (x.ndim - 2) :])
    if min(window, default=0) < 1 or (len(args) > 2 and args[2]):
        return None
    return _Seen(
        _shape(x), _shape(out), Layer(kind="pad", filter=window, stride=window, dilation=(1,) * len(window)), x
    )


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
    before, after = (Shape(shape.axes[1:], shape.channels) for shape in (seen.before, seen.after))
    return replace(seen, before=before, after=after, layer=replace(seen.layer, **cut))


def watched(model: torch.nn.Module, inputs: Sequence[Any]) -> tuple[Shape, tuple[Layer, ...]]:
    """The main path of ``model`` called on ``inputs``: the first input with axes, and the layers from there on.

    Raises:
        OptionError: there is no convolution.
    """
    watcher = Watcher()
    with torch.no_grad(), watcher:
        model(*inputs)
    if watcher.start is None:
        raise OptionError("a network of the hub has convolutions", "none", "Choose another network.")
    return watcher.start, tuple(watcher.layers)


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
        inputs: list[Any] = [torch.zeros(1, *shape, device=device) for shape in entrance.inputs]
        if entrance.labelled:
            inputs.append(torch.zeros(1, dtype=torch.int64, device=device))
        if entrance.wanted:
            inputs.append((entrance.wanted,))
        shape, layers = watched(model, inputs)
    texts: list[str] = []
    now = shape
    for layer in layers:
        texts.append(layer_text(layer, now.channels))
        now = step(layer, now).after
    return Preset(title=record.title, input=str(shape), layers="; ".join(texts), note=entrance.note)
