"""A stack as HTML: the blocks drawn one after the other, and a table with the formula, the counts and torch's verdict.

Text goes through ``escape``; colours are the page's own variables, so that it is right in the dark too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from apps.conv.describe import layer_text
from apps.conv.shapes import KINDS, WEIGHTLESS, Shape, Step

if TYPE_CHECKING:
    from apps.conv.check import Verdict

_TALLEST, _DEEPEST = 74.0, 46.0  # px of the largest block in a figure
_SHORT = {"conv": "Conv", "transposed": "Transposed", "maxpool": "Max pool", "avgpool": "Avg pool"}
_SHORT |= {"pad": "Zeros", "fc": "Full"}
_LEAST = 5.0  # px of a side that is hardly there


def times(numbers: Sequence[int]) -> str:
    """``10×10×16``."""
    return "×".join(str(n) for n in numbers)


def crossed(text: str) -> str:
    """``text`` with the x between two numbers as a multiplication sign."""
    return re.sub(r"(?<=\d)x(?=\d)", "×", text)


def big(number: int) -> str:
    """``number`` with separators up to a million, then short: ``15.5 billion``."""
    for limit, word in ((10**12, "trillion"), (10**9, "billion"), (10**6, "million")):
        if number >= limit:
            return f"{number / limit:,.3g} {word}"
    return f"{number:,}"


def _side(size: int, largest: int, tallest: float) -> float:
    """A length in px that grows with the size's logarithm: networks span from 1 to 4096."""
    return _LEAST + (tallest - _LEAST) * math.log1p(size) / math.log1p(max(largest, 2))


def _polygon(points: Sequence[tuple[float, float]], css: str) -> str:
    return f'<polygon class="{css}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'


def _box(x: float, y: float, w: float, h: float, d: float) -> str:
    """A cuboid with its front face at (x, y), seen from the upper right."""
    dx, dy = d * 0.7, d * 0.45
    front = [(x, y + dy), (x + w, y + dy), (x + w, y + dy + h), (x, y + dy + h)]
    top = [(x, y + dy), (x + dx, y), (x + w + dx, y), (x + w, y + dy)]
    side = [(x + w, y + dy), (x + w + dx, y), (x + w + dx, y + h), (x + w, y + dy + h)]
    return _polygon(top, "cs-top") + _polygon(side, "cs-side") + _polygon(front, "cs-front")


def block(shape: Shape, largest: int, most_channels: int) -> str:
    """One shape as a drawing: a bar for a vector or a signal, a cuboid for a picture, a stack of cubes for a volume."""
    depth = _side(shape.channels, most_channels, _DEEPEST)
    if not shape.axes:
        w, h, d, copies = 12.0, _side(shape.channels, max(most_channels, largest), _TALLEST), 0.0, 1
    elif len(shape.axes) == 1:
        w, h, d, copies = _side(shape.axes[0], largest, _TALLEST * 1.4), 9.0, depth, 1
    elif len(shape.axes) == 2:
        w, h, d, copies = _side(shape.axes[1], largest, _TALLEST), _side(shape.axes[0], largest, _TALLEST), depth, 1
    else:
        deep, high, wide = (_side(n, largest, _TALLEST * 0.75) for n in shape.axes)
        w, h, d, copies = wide, high, deep, min(3, shape.channels)
    step = 6.0
    width, height = w + d * 0.7 + step * (copies - 1) + 2, h + d * 0.45 + step * (copies - 1) + 2
    drawn = "".join(_box(1 + step * i, 1 + step * (copies - 1 - i), w, h, d) for i in reversed(range(copies)))
    return (
        f'<svg width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.1f} {height:.1f}" aria-hidden="true">'
        f"{drawn}</svg>"
    )


def _arrow(step: Step) -> str:
    layer = step.layer
    text = crossed(layer_text(layer, step.before.channels)).removeprefix(f"{layer.kind} ")
    return (
        f'<li class="cs-arrow"><b>{_SHORT[layer.kind]}</b><span>{escape(text)}</span><i aria-hidden="true">⟶</i></li>'
    )


def drawing(steps: Sequence[Step]) -> str:
    """The blocks from input to output, an arrow with its layer between each two."""
    shapes = [steps[0].before, *(step.after for step in steps)]
    largest = max((n for shape in shapes for n in shape.axes), default=1)
    channels = max(shape.channels for shape in shapes)
    parts = []
    for number, shape in enumerate(shapes):
        word = "input" if number == 0 else "output" if number == len(shapes) - 1 else ""
        size = f"<b>{times(shape.listed())}</b><small>{word}</small>"
        parts.append(f'<li class="cs-block">{block(shape, largest, channels)}{size}</li>')
        if number < len(steps):
            parts.append(_arrow(steps[number]))
    return f'<ul class="cs-flow" tabindex="0" aria-label="The stack, from input to output">{"".join(parts)}</ul>'


def _mark(verdict: Verdict | None) -> str:
    if verdict is None:
        return '<span class="cs-wait">asking torch …</span>'
    if verdict.shape is None:
        return f'<span class="cs-no">✗ torch refuses this layer</span><small>{escape(verdict.refused[:120])}</small>'
    if not verdict.agrees:
        return f'<span class="cs-no">✗ torch: {times(verdict.shape.listed())}, {verdict.parameters:,} parameters</span>'
    ran = "shape only, too large to run here" if verdict.difference is None else "ran; one value redone by hand"
    return f'<span class="cs-yes">✓ torch: {times(verdict.shape.listed())}</span><small>{ran}</small>'


def _axis_names(step: Step) -> tuple[str, ...]:
    return {1: ("",), 2: ("height ", "width "), 3: ("depth ", "height ", "width ")}.get(len(step.formulas), ("",))


def _formulas(step: Step) -> str:
    if len(set(step.formulas)) == 1:
        return escape(step.formulas[0])
    return "<br>".join(
        f"<small>{name}</small>{escape(text)}" for name, text in zip(_axis_names(step), step.formulas, strict=True)
    )


def table(steps: Sequence[Step], verdicts: Sequence[Verdict | None]) -> str:
    """One row per layer; on a narrow screen one card per layer."""
    rows = "".join(
        f'<tr><th scope="row">{number}. {escape(step.layer.name or KINDS[step.layer.kind])}'
        f"<small>{escape(crossed(layer_text(step.layer, step.before.channels)))}</small></th>"
        f'<td data-head="size along each axis" class="cs-formula">{_formulas(step)}</td>'
        f'<td data-head="output"><b>{times(step.after.listed())}</b></td>'
        f'<td data-head="parameters">{step.parameters:,}<small>{_weights(step)}</small></td>'
        f'<td data-head="multiplications">{big(step.multiplications)}</td>'
        f'<td data-head="checked">{_mark(verdict)}</td></tr>'
        for number, (step, verdict) in enumerate(zip(steps, verdicts, strict=True), 1)
    )
    heads = "".join(
        f'<th scope="col">{head}</th>'
        for head in ("Layer", "⌊(n + 2p − d(f − 1) − 1) / s⌋ + 1", "Output", "Parameters", "Multiplications", "torch")
    )
    return f'<table class="cs-table"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _weights(step: Step) -> str:
    layer, bias = step.layer, f" + {step.biases:,}" if step.biases else ""
    if layer.kind == "fc":
        return f"{step.before.values:,}·{layer.filters:,}{bias}"
    if layer.kind in WEIGHTLESS:
        return "nothing to learn"
    return f"{'·'.join(str(f) for f in layer.filter)}·{step.before.channels // layer.groups}·{layer.filters:,}{bias}"


def summary(steps: Sequence[Step], verdicts: Sequence[Verdict | None]) -> str:
    """One line: input, output, totals, and whether torch agrees with every layer."""
    seen = [verdict for verdict in verdicts if verdict is not None]
    agreed = sum(verdict.agrees for verdict in seen)
    if len(seen) < len(steps):
        state = '<span class="cs-wait">asking torch …</span>'
    elif agreed == len(steps):
        state = f'<span class="cs-yes">✓ torch agrees on {agreed} of {len(steps)} layers</span>'
    else:
        state = f'<span class="cs-no">✗ torch agrees on {agreed} of {len(steps)} layers only</span>'
    parameters = sum(step.parameters for step in steps)
    products = sum(step.multiplications for step in steps)
    return (
        f'<p class="cs-sum"><b>{times(steps[0].before.listed())} → {times(steps[-1].after.listed())}</b>'
        f"<span><b>{big(parameters)}</b> parameters</span>"
        f"<span><b>{big(products)}</b> multiplications</span>{state}</p>"
    )


def page(steps: Sequence[Step], verdicts: Sequence[Verdict | None]) -> str:
    """The whole answer: summary, drawing, table. ``None`` stands for a verdict that is still to come."""
    return f'<div class="cs">{summary(steps, verdicts)}{drawing(steps)}{table(steps, verdicts)}</div>'
