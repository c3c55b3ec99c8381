"""From text to layers: the little language of the explorer, and the same as JSON.

Input: the axes and then the channels, ``14x14x3``. Layers, one after the other, separated by ``;`` or line breaks::

    5x5x3,16                   a convolution: 16 filters of 5 by 5 on 3 channels
    5x5,16 s2 p1 d2 g4         the channels may be left out; stride, padding, dilation, groups; s2x1 per axis
    5x5,16 same nobias         padding by name, and no biases
    maxpool 2x2                pooling; the stride is the window unless s... says otherwise; ceil rounds up
    avgpool 2x2 s2
    pad 1                      a row and a column of zeros behind, as a residual block may need
    transposed 4x4,64 s2 p1    a transposed convolution; op1 is output padding
    fc 120                     a fully connected layer on the flattened input

As JSON: a list of objects with the keys of ``FIELDS``. A ``*`` or ``->`` between layers is read as ``;``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from apps.conv.shapes import (
    KINDS,
    LARGEST_AXIS,
    LARGEST_CHANNELS,
    LARGEST_STEP,
    LARGEST_VALUES,
    MOST_LAYERS,
    PADDINGS,
    WEIGHTLESS,
    Kind,
    Layer,
    Shape,
)
from shared.errors import OptionError, check_choice, check_whole, quoted

MOST_AXES = 3
LONGEST_TEXT = 10_000  # characters of one description
FIELDS = ("kind", "filter", "filters", "stride", "padding", "dilation", "groups", "bias", "ceil", "output_padding")
EXAMPLE = "Write for example 5x5x3,16 s2 p1; maxpool 2x2; fc 10."
_WORDS = {"conv": "conv", "pool": "maxpool", "max": "maxpool", "avg": "avgpool", "dense": "fc", "linear": "fc"}
_KEYED = re.compile(r"(?P<key>[a-z_]+?)=?(?P<value>\d[\dx]*)")
_KEYS = {"s": "stride", "stride": "stride", "p": "padding", "pad": "padding", "padding": "padding"}
_KEYS |= {"d": "dilation", "dilation": "dilation", "g": "groups", "groups": "groups"}
_KEYS |= {"op": "output_padding", "output_padding": "output_padding"}
_LAYER = re.compile(
    r"(?:(?P<kind>[a-z]+)\s+)?(?P<filter>\d[\dx]*)?\s*(?:,\s*(?P<filters>\d+))?(?P<rest>(?:\s+[a-z].*)?)"
)


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """What a convolution that does not say otherwise gets: text as a visitor types it."""

    stride: str = "1"
    padding: str = "valid"
    dilation: str = "1"


def _clean(text: object, what: str) -> str:
    if not isinstance(text, str):
        raise OptionError(f"{what} as text", quoted(text), EXAMPLE)
    if len(text) > LONGEST_TEXT:
        raise OptionError(f"{what}, at most {LONGEST_TEXT:,} characters", f"{len(text):,}", "Shorten it.")
    return re.sub(r"\s*[×✕X]\s*|(?<=\d)\s*x\s*(?=\d)", "x", text).strip().lower()


def _sizes(text: str, what: str, *, low: int, high: int) -> tuple[int, ...]:
    parts = text.split("x")
    if not 1 <= len(parts) <= MOST_AXES + 1:
        raise OptionError(f"{what}, with 1 to {MOST_AXES} axes", quoted(text), "Leave some out.")
    return tuple(check_whole(part or "nothing", what, low=low, high=high) for part in parts)


def read_input(text: object) -> Shape:
    """The shape that ``text`` describes, the channels last: ``14x14x3``.

    Raises:
        OptionError: it is no such text, or its sizes are out of range.
    """
    clean = _clean(text, "the input")
    if not re.fullmatch(r"\d+(x\d+){1,3}", clean):
        raise OptionError(
            "the input, as 1 to 3 sizes and the channels",
            quoted(text),
            "Write for example 14x14x3, or 360x1 for a signal.",
        )
    *axes, channels = clean.split("x")
    shape = Shape(
        tuple(check_whole(n, "the size of an axis", low=1, high=LARGEST_AXIS) for n in axes),
        check_whole(channels, "the number of channels", low=1, high=LARGEST_CHANNELS),
    )
    if shape.values > LARGEST_VALUES:
        raise OptionError(f"an input of at most {LARGEST_VALUES:,} values", str(shape), "Choose smaller sizes.")
    return shape


def read_layers(description: object, shape: Shape, defaults: Defaults | None = None) -> tuple[Layer, ...]:
    """The layers that ``description`` (text, JSON text, or the list itself) puts on an input of ``shape``.

    Raises:
        OptionError: it cannot be read; the message says which layer, and what was expected there.
    """
    defaults = defaults or Defaults()
    if isinstance(description, str) and description.lstrip().startswith("["):
        if len(description) > LONGEST_TEXT:
            raise OptionError(
                f"the layers, at most {LONGEST_TEXT:,} characters", f"{len(description):,}", "Shorten them."
            )
        try:
            description = json.loads(description)
        except (ValueError, RecursionError) as error:
            raise OptionError("the layers, as text or valid JSON", quoted(description), EXAMPLE) from error
    entries: Sequence[object]
    if isinstance(description, list | tuple):
        entries = description
    else:
        text = re.sub(r"->|→|\*|\n", ";", _clean(description, "the list of layers"))
        entries = [part.strip() for part in text.split(";") if part.strip()]
    if not 1 <= len(entries) <= MOST_LAYERS:
        raise OptionError(f"1 to {MOST_LAYERS} layers", str(len(entries)), EXAMPLE)
    layers: list[Layer] = []
    channels = shape.channels
    for number, entry in enumerate(entries, 1):
        fields: dict[str, object] = {}
        try:
            fields = dict(entry) if isinstance(entry, Mapping) else _fields(entry)
            layer = _layer(fields, axes=len(shape.axes), channels=channels, defaults=defaults)
        except OptionError as error:
            remedy = f"{_without_channels(shape, fields)}{error.remedy}" if not layers else error.remedy
            raise OptionError(f"layer {number}: {error.needed}", error.found, remedy) from error
        channels = layer.filters or channels
        layers.append(layer)
    return tuple(layers)


def _without_channels(shape: Shape, fields: Mapping[str, object]) -> str:
    """What to write if ``shape`` is a picture whose channels were left out; empty if it does not look like one."""
    one_more = len(shape.axes) == 1 and shape.channels > 4 and re.fullmatch(r"\d+x\d+", str(fields.get("filter", "")))
    meant = f"{shape}x1"
    return (
        f"{shape} is {shape.axes[0]} samples of {shape.channels} channels; a picture is {meant}. " if one_more else ""
    )


def _fields(entry: object) -> dict[str, object]:
    """One layer's text as the fields of its JSON form, values still text."""
    text = _clean(entry, "a layer")
    match = _LAYER.fullmatch(text)
    if match is None or not (match["kind"] or match["filter"]):
        raise OptionError("a filter size, the number of filters, and options if you like", quoted(entry), EXAMPLE)
    kind = _WORDS.get(match["kind"] or "conv", match["kind"] or "conv")
    fields: dict[str, object] = {"kind": kind}
    if match["filter"]:
        fields["filters" if kind == "fc" else "filter"] = match["filter"]
    if match["filters"]:
        fields["filters"] = match["filters"]
    for word in match["rest"].split():
        keyed = _KEYED.fullmatch(word)
        if word in PADDINGS:
            fields["padding"] = word
        elif word in ("nobias", "ceil"):
            fields["bias" if word == "nobias" else "ceil"] = word == "ceil"
        elif keyed and keyed["key"] in _KEYS:
            fields[_KEYS[keyed["key"]]] = keyed["value"]
        else:
            known = f"s, p, d, g, op with a number, {', '.join(PADDINGS)}, nobias, ceil"
            raise OptionError(f"an option of a layer, one of {known}", quoted(word), EXAMPLE)
    return fields


def _layer(fields: Mapping[str, object], *, axes: int, channels: int, defaults: Defaults) -> Layer:
    """The layer of checked ``fields`` on an input with ``axes`` axes and ``channels`` channels."""
    for key in fields:
        check_choice(key, FIELDS, "a key of a layer")
    kind = cast(Kind, check_choice(fields.get("kind", "conv"), KINDS, "the kind of a layer"))
    bias, ceil = fields.get("bias", True), fields.get("ceil", False)
    if not (isinstance(bias, bool) and isinstance(ceil, bool)):
        raise OptionError("true or false for bias and ceil", quoted((bias, ceil)), "Write true or false.")
    if kind == "fc":
        filters = check_whole(fields.get("filters", "nothing"), "the number of outputs", low=1, high=LARGEST_CHANNELS)
        return Layer(kind=kind, filters=filters, bias=bias)
    weightless = kind in WEIGHTLESS
    more = _per_axis(fields.get("output_padding", "0"), "the output padding", axes, low=0)
    window = _window(fields.get("filter", "nothing"), axes, channels)
    filters = 0
    if weightless:
        if fields.get("filters"):
            raise OptionError(
                f"no filters for {KINDS[kind].lower()}, which keeps the channels",
                quoted(fields["filters"]),
                "Leave them out.",
            )
    else:
        filters = check_whole(fields.get("filters", "nothing"), "the number of filters", low=1, high=LARGEST_CHANNELS)
    stride = fields.get("stride", window if weightless else defaults.stride)
    return Layer(
        kind=kind,
        filter=window,
        filters=filters,
        stride=_per_axis(stride, "the stride", axes, low=1),
        padding=_padding(fields.get("padding", "valid" if weightless else defaults.padding), axes),
        dilation=_per_axis(
            fields.get("dilation", "1" if weightless else defaults.dilation), "the dilation", axes, low=1
        ),
        groups=check_whole(fields.get("groups", 1), "the number of groups", low=1, high=LARGEST_CHANNELS),
        bias=bias,
        ceil=ceil and weightless,
        output_padding=more if any(more) else (),
    )


def _numbers(value: object, what: str, *, low: int) -> tuple[int, ...]:
    if isinstance(value, list | tuple):
        return tuple(check_whole(number, what, low=low, high=LARGEST_STEP) for number in value)
    return _sizes(str(value), what, low=low, high=LARGEST_STEP)


def _window(value: object, axes: int, channels: int) -> tuple[int, ...]:
    """The filter's size along each axis; the channels may stand behind it and must then be the input's."""
    numbers = _numbers(value, "the size of the filter", low=1)
    if len(numbers) == axes + 1:
        if numbers[-1] != channels:
            raise OptionError(
                f"a filter with the {channels} channels of its input",
                f"{'x'.join(str(n) for n in numbers)} with {numbers[-1]}",
                f"Write {'x'.join(str(n) for n in (*numbers[:-1], channels))}.",
            )
        return numbers[:-1]
    if len(numbers) == 1:
        return numbers * axes
    if len(numbers) != axes:
        raise OptionError(
            f"a filter with {axes} sizes, and the channels if you like", "x".join(str(n) for n in numbers), EXAMPLE
        )
    return numbers


def _per_axis(value: object, what: str, axes: int, *, low: int) -> tuple[int, ...]:
    numbers = _numbers(value, what, low=low)
    if len(numbers) == 1:
        return numbers * axes
    if len(numbers) != axes:
        raise OptionError(f"{what}, 1 number or {axes}, one per axis", quoted(value), "Write for example s2.")
    return numbers


def _padding(value: object, axes: int) -> Literal["valid", "same"] | tuple[int, ...]:
    if isinstance(value, str) and not value[:1].isdigit():
        return cast(Literal["valid", "same"], check_choice(value.strip().lower(), PADDINGS, "the padding"))
    return _per_axis(value, "the padding", axes, low=0)
