"""The answer of ``/conv_shapes``: one stack, what each layer makes of it, and what torch says, as plain JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from apps.conv.parse import Defaults, read_input, read_layers
from apps.conv.shapes import KINDS, WEIGHTLESS, Layer, Shape, Step, pads, stack
from shared.errors import one_line

_LONGEST_REASON = 200  # characters of torch's own words
_FEW_CHANNELS = 4  # colours, at most with transparency: an axis is longer

if TYPE_CHECKING:
    from apps.conv.results import Verdict


def read_stack(shape: str, layers: str, defaults: Defaults | None = None) -> tuple[Step, ...]:
    """The steps of the stack that the two texts describe.

    Raises:
        OptionError: one of them cannot be read, or a layer does not fit its input.
    """
    start = read_input(shape)
    return stack(start, read_layers(layers, start, defaults))


def layer_text(layer: Layer, channels: int) -> str:
    """``layer`` in the explorer's language, in full: ``5x5x3,16 s2 p1``."""
    if layer.kind == "fc":
        return f"fc {layer.filters}" + ("" if layer.bias else " nobias")
    weightless = layer.kind in WEIGHTLESS
    words: list[str] = [] if layer.kind == "conv" else [layer.kind]
    window = "x".join(str(n) for n in layer.filter)
    words.append(window if weightless else f"{window}x{channels},{layer.filters}")
    usual = layer.filter if weightless else (1,) * len(layer.filter)
    words += [f"s{_short(layer.stride)}"] if layer.stride != usual else []
    if layer.padding == "same":
        words.append("same")
    elif layer.padding != "valid" and any(layer.padding):
        words.append(f"p{_short(layer.padding)}")
    words += [f"op{_short(layer.output_padding)}"] if layer.output_padding else []
    words += [f"d{_short(layer.dilation)}"] if any(d != 1 for d in layer.dilation) else []
    words += [f"g{layer.groups}"] if layer.groups != 1 else []
    words += ["ceil"] if layer.ceil else []
    words += ["nobias"] if not (layer.bias or weightless) else []
    return " ".join(words)


def _short(numbers: Sequence[int]) -> str:
    return str(numbers[0]) if len(set(numbers)) == 1 else "x".join(str(n) for n in numbers)


def note_on(shape: Shape) -> str:
    """A word on an input that looks as if its channels were written first; empty otherwise."""
    first, *rest = shape.listed()
    if len(rest) < 2 or first > _FEW_CHANNELS or min(rest) <= _FEW_CHANNELS:
        return ""
    meant = "x".join(str(n) for n in (*rest, first))
    return (
        f"{shape} was read with {shape.channels} channels: they stand last here. With {first} channels write {meant}."
    )


def notes_on(step: Step) -> tuple[str, ...]:
    """What is to be known of a layer beyond its sizes, one sentence each."""
    layer, found = step.layer, []
    if any("⌉ + 1 − 1" in formula for formula in step.formulas):
        found.append("− 1: the last window would start beyond the end of the input and is not counted.")
    if layer.padding == "same" and any(s > 1 for s in layer.stride):
        ours = _short_pairs([pads(layer, axis) for axis in range(len(layer.filter))])
        every = zip(step.before.axes, layer.filter, layer.stride, layer.dilation, strict=True)
        theirs = _short_pairs([_keras(n, f, s, d) for n, f, s, d in every])
        asked = f'torch has no padding="same" with a stride, so it was given {ours} zeros.'
        found.append(asked + ("" if ours == theirs else f" Keras pads {theirs}: the same size, other values."))
    return tuple(found)


def _keras(n: int, f: int, s: int, d: int) -> tuple[int, int]:
    """Zeros before and behind ``n`` values that Keras adds for ``same``: only as many as the last window needs."""
    total = max((-(-n // s) - 1) * s + d * (f - 1) + 1 - n, 0)
    return total // 2, total - total // 2


def _short_pairs(pairs: Sequence[tuple[int, int]]) -> str:
    """Zeros before and behind along each axis, said once if they are the same along all."""
    return " by ".join(f"{before} + {behind}" for before, behind in dict.fromkeys(pairs))


def _step(step: Step) -> dict[str, Any]:
    layer = step.layer
    return {
        "kind": layer.kind,
        "title": layer.name or KINDS[layer.kind],
        "text": layer_text(layer, step.before.channels),
        "input": step.before.listed(),
        "filter": list(layer.filter),
        "stride": list(layer.stride),
        "padding": [list(pads(layer, axis)) for axis in range(len(layer.filter))],
        "dilation": list(layer.dilation),
        "output_padding": list(layer.output_padding or (0,) * len(layer.filter)),
        "output": step.after.listed(),
        "notes": list(notes_on(step)),
        "formula": list(step.formulas),
        "parameters": step.parameters,
        "multiplications": step.multiplications,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "output": verdict.shape.listed() if verdict.shape else None,
        "parameters": verdict.parameters,
        "multiplications": verdict.multiplications,
        "difference": verdict.difference,
        "agrees": verdict.agrees,
        "refused": one_line(verdict.refused)[:_LONGEST_REASON],
    }


def answer(steps: Sequence[Step], verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """The stack as JSON: shapes are lists, the axes first and the channels last."""
    layers = [_step(step) | {"torch": _verdict(verdict)} for step, verdict in zip(steps, verdicts, strict=True)]
    return {
        "input": steps[0].before.listed(),
        "note": note_on(steps[0].before),
        "output": steps[-1].after.listed(),
        "layers": layers,
        "parameters": sum(step.parameters for step in steps),
        "multiplications": sum(step.multiplications for step in steps),
        "agrees": all(layer["torch"]["agrees"] for layer in layers),
    }
