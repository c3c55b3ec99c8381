"""What a layer does to the shape of its input: sizes, parameters and multiplications, in one, two and three dimensions.

Pure arithmetic, without torch; ``check.py`` asks torch the same questions. Shapes are written as they are drawn, the
axes first and the channels last: ``14x14x3`` is a picture of 14 by 14 pixels with 3 channels. The formula is the one of
Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (arXiv 1603.07285), with dilation and output
padding. Left out: padding other than zeros, anything with two inputs (residual blocks).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from shared.errors import OptionError, check_choice, quoted

LARGEST_AXIS = 1_000_000  # samples, pixels or slices along one axis
LARGEST_CHANNELS = 65_536  # channels of a shape, filters of a layer, outputs of a fully connected layer
LARGEST_STEP = 10_000  # stride, dilation, padding and filter size along one axis
LARGEST_VALUES = 10**12  # values in one shape
MOST_LAYERS = 100

Kind = Literal["conv", "transposed", "maxpool", "avgpool", "pad", "fc"]
KINDS: dict[str, str] = {
    "conv": "Convolution",
    "transposed": "Transposed convolution",
    "maxpool": "Max pooling",
    "avgpool": "Average pooling",
    "pad": "Zero padding at the end",
    "fc": "Fully connected",
}
WEIGHTLESS = ("maxpool", "avgpool", "pad")  # kinds that keep the channels and have nothing to learn
PADDINGS: dict[str, str] = {
    "valid": "no padding: the filter stays inside the input",
    "same": "d(f - 1) zeros in all, the odd one behind: with stride 1 the output is as large as the input",
}


@dataclass(frozen=True)
class Shape:
    """A shape: the size along each axis, then the channels. No axes: a plain vector of ``channels`` numbers."""

    axes: tuple[int, ...]
    channels: int

    def __str__(self) -> str:
        return "x".join(str(n) for n in (*self.axes, self.channels))

    @property
    def values(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.axes) * self.channels

    def listed(self) -> list[int]:
        """The axes and then the channels, for JSON."""
        return [*self.axes, self.channels]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer, apart from its input. Tuples have one entry per axis of the input."""

    kind: Kind = "conv"
    filter: tuple[int, ...] = ()  # size f along each axis, of pad the zeros behind; () for fc
    filters: int = 0  # number of filters, or outputs of fc; 0 for pooling, which keeps the channels
    stride: tuple[int, ...] = ()
    padding: Literal["valid", "same"] | tuple[int, ...] = "valid"
    dilation: tuple[int, ...] = ()
    groups: int = 1
    bias: bool = True
    ceil: bool = False  # pooling: count the last window that hangs over the edge
    output_padding: tuple[int, ...] = ()  # transposed: values more behind the output; () is none
    name: str = field(default="", compare=False)  # what a network calls it


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one layer makes of its input."""

    layer: Layer
    before: Shape
    after: Shape
    formulas: tuple[str, ...]  # one per axis, with its numbers; for fc one line
    weights: int  # parameters without the biases
    biases: int
    multiplications: int  # those with padded zeros included; 0 for max pooling, which compares

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return self.weights + self.biases


def pads(layer: Layer, axis: int) -> tuple[int, int]:
    """Zeros before and behind the input along ``axis``; of an odd ``same`` the larger part is behind, as in torch."""
    if layer.padding == "valid":
        return 0, 0
    if layer.padding == "same":
        total = layer.dilation[axis] * (layer.filter[axis] - 1)
        return total // 2, total - total // 2
    number = layer.padding[axis]
    return number, number


def size_after(layer: Layer, n: int, axis: int) -> tuple[int, str]:
    """The output's size along ``axis`` for an input of size ``n`` there, and the formula with its numbers.

    Raises:
        OptionError: the output would have no place: the filter is larger than the padded input.
    """
    f, s, d = layer.filter[axis], layer.stride[axis], layer.dilation[axis]
    if layer.kind == "pad":
        return n + f, f"{n} + {f} = {n + f}"
    before, behind = pads(layer, axis)
    p = f"2·{before}" if before == behind else f"{before} + {behind}"
    if layer.kind == "transposed":
        more = layer.output_padding[axis] if layer.output_padding else 0
        size = (n - 1) * s - before - behind + d * (f - 1) + 1 + more
        text = f"({n} − 1)·{s} − {p} + {d}·({f} − 1) + 1{f' + {more}' if more else ''} = {size}"
        if size < 1:
            raise OptionError("at least 1 value along each axis after a transposed convolution", text, "Pad less.")
        return size, text
    room = n + before + behind - d * (f - 1) - 1
    if room < 0:
        raise OptionError(
            "a filter that fits into the padded input",
            f"a filter that spans {d * (f - 1) + 1} on {n + before + behind} (axis {axis + 1})",
            "Choose a smaller filter or dilation, or more padding.",
        )
    if not layer.ceil:
        size = room // s + 1
        return size, f"⌊({n} + {p} − {d}·({f} − 1) − 1) / {s}⌋ + 1 = {size}"
    size, dropped = -(-room // s) + 1, ""
    if (size - 1) * s >= n + before:  # a window that would start behind the input does not count
        size, dropped = size - 1, " − 1"
    return size, f"⌈({n} + {p} − {d}·({f} − 1) − 1) / {s}⌉ + 1{dropped} = {size}"


def _check_pooling(layer: Layer, shape: Shape) -> None:
    if layer.kind == "avgpool" and any(d != 1 for d in layer.dilation):
        raise OptionError(
            "dilation 1 for average pooling", f"dilation {layer.dilation}", "Use maxpool, or leave it out."
        )
    if layer.ceil and layer.padding == "same":
        raise OptionError("padding given as a number, with ceil", "same", "Write for example p1, or leave out ceil.")
    wide = any(f > n for f, n in zip(layer.filter, shape.axes, strict=True))
    if layer.kind == "avgpool" and len(shape.axes) == 3 and wide:
        raise OptionError(
            "a window no larger than the unpadded input, for average pooling in three dimensions (torch's rule)",
            f"a window of {layer.filter} on {shape}",
            "Choose a smaller window.",
        )
    for axis, f in enumerate(layer.filter):
        if max(pads(layer, axis)) > f // 2:
            raise OptionError(
                "padding of at most half the window, for pooling",
                f"padding {max(pads(layer, axis))} for a window of {f}",
                "Pad less, or pool over a larger window.",
            )


def _check_zeros(layer: Layer) -> None:
    plain = layer.stride == layer.filter and layer.padding == "valid" and not layer.ceil
    if not plain or any(d != 1 for d in layer.dilation):
        raise OptionError("a number alone, for zero padding at the end", "options", "Write for example pad 1.")


def _check_output_padding(layer: Layer) -> None:
    if any(layer.output_padding) and layer.kind != "transposed":
        raise OptionError("output padding of transposed convolutions only", KINDS[layer.kind].lower(), "Leave it out.")
    for more, s, d in zip(layer.output_padding, layer.stride, layer.dilation, strict=False):
        if more >= max(s, d):
            needed = "output padding below the stride or the dilation: more sizes than these do not lead to one input"
            raise OptionError(needed, f"{more} with stride {s} and dilation {d}", "Write for example s2 op1.")


def _check_convolution(layer: Layer, channels: int) -> None:
    _check_output_padding(layer)
    if layer.filters < 1:
        raise OptionError("a convolution with at least 1 filter", str(layer.filters), "Write for example 5x5,16.")
    if channels % layer.groups or layer.filters % layer.groups:
        raise OptionError(
            "groups that divide the channels and the filters",
            f"{layer.groups} groups for {channels} channels and {layer.filters} filters",
            "Choose a common divisor.",
        )


def _connect(layer: Layer, shape: Shape) -> Step:
    """A fully connected layer on the flattened input."""
    if shape.axes:
        text = f"{'·'.join(str(n) for n in shape.listed())} = {shape.values} values → {layer.filters}"
    else:
        text = f"{shape.channels} values → {layer.filters}"
    weights = shape.values * layer.filters
    return Step(
        layer=layer,
        before=shape,
        after=Shape((), layer.filters),
        formulas=(text,),
        weights=weights,
        biases=layer.filters if layer.bias else 0,
        multiplications=weights,
    )


def step(layer: Layer, shape: Shape) -> Step:
    """What ``layer`` makes of an input of ``shape``.

    Raises:
        OptionError: the layer does not fit the input.
    """
    check_choice(layer.kind, KINDS, "the kind of a layer")
    if layer.kind == "fc":
        return _connect(layer, shape)
    if not shape.axes:
        raise OptionError(
            f"an input with axes, for {KINDS[layer.kind].lower()}",
            f"{shape}, a plain vector",
            "Put fully connected layers last.",
        )
    if len(layer.filter) != len(shape.axes):
        raise OptionError(
            f"a filter with {len(shape.axes)} axes, like the input {shape}", f"{len(layer.filter)}", "Match them."
        )
    weightless = layer.kind in WEIGHTLESS
    if layer.kind == "pad":
        _check_zeros(layer)
    elif weightless:
        _check_pooling(layer, shape)
    else:
        _check_convolution(layer, shape.channels)
    sizes = [size_after(layer, n, axis) for axis, n in enumerate(shape.axes)]
    after = Shape(tuple(size for size, _ in sizes), shape.channels if weightless else layer.filters)
    if after.values > LARGEST_VALUES:
        raise OptionError(f"at most {LARGEST_VALUES:,} values in a shape", f"{after}", "Choose smaller sizes.")
    per_value = 0 if weightless else math.prod(layer.filter) * (shape.channels // layer.groups)
    places = math.prod(shape.axes if layer.kind == "transposed" else after.axes)
    return Step(
        layer=layer,
        before=shape,
        after=after,
        formulas=tuple(text for _, text in sizes),
        weights=0 if weightless else per_value * layer.filters,
        biases=layer.filters if layer.bias and not weightless else 0,
        multiplications=0 if weightless else places * per_value * layer.filters,
    )


def stack(shape: Shape, layers: Sequence[Layer]) -> tuple[Step, ...]:
    """The steps of ``layers``, one after the other, on an input of ``shape``.

    Raises:
        OptionError: too many layers, or one does not fit its input; the message says which.
    """
    if not 1 <= len(layers) <= MOST_LAYERS:
        raise OptionError(f"1 to {MOST_LAYERS} layers", str(len(layers)), "Leave some out.")
    steps: list[Step] = []
    for number, layer in enumerate(layers, 1):
        try:
            steps.append(step(layer, steps[-1].after if steps else shape))
        except OptionError as error:
            where = f"layer {number}: {error.needed}"
            raise OptionError(where, error.found or quoted(layer.kind), error.remedy) from error
    return tuple(steps)
