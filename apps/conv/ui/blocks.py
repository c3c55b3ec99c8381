"""A stack as HTML: its blocks one after the other, and a table with the formula, the counts and torch's verdict."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from apps.charts import points
from apps.conv.describe import layer_text, note_on, notes_on
from apps.conv.shapes import KINDS, WEIGHTLESS, Shape, Step
from apps.markup import Content, Markup, cell, h, joined, number, table

if TYPE_CHECKING:
    from apps.conv.results import Verdict

_TALLEST, _DEEPEST = 74.0, 46.0  # px of the largest block in a figure
_SHORT = {"conv": "Conv", "transposed": "Transposed", "maxpool": "Max pool", "avgpool": "Avg pool"}
_SHORT |= {"pad": "Zeros", "fc": "Full"}
_APART = 6.0  # px between the copies of a volume
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


def _box(x: float, y: float, width: float, height: float, depth: float) -> Markup:
    """A cuboid with its front face at (x, y), seen from the upper right."""
    dx, dy = depth * 0.7, depth * 0.45
    right, below = x + width, y + dy + height
    top = [(x, y + dy), (x + dx, y), (right + dx, y), (right, y + dy)]
    side = [(right, y + dy), (right + dx, y), (right + dx, y + height), (right, below)]
    front = [(x, y + dy), (right, y + dy), (right, below), (x, below)]
    faces = {"cs-top": top, "cs-side": side, "cs-front": front}
    return joined(h.polygon(class_=face, points=points(*zip(*at, strict=True))) for face, at in faces.items())


def block(shape: Shape, largest: int, most_channels: int) -> Markup:
    """One shape as a drawing: a bar for a vector or a signal, a cuboid for a picture, a stack of cubes for a volume."""
    depth, copies = _side(shape.channels, most_channels, _DEEPEST), 1
    if not shape.axes:
        width, height, depth = 12.0, _side(shape.channels, max(most_channels, largest), _TALLEST), 0.0
    elif len(shape.axes) == 1:
        width, height = _side(shape.axes[0], largest, _TALLEST * 1.4), 9.0
    elif len(shape.axes) == 2:
        height, width = (_side(n, largest, _TALLEST) for n in shape.axes)
    else:
        depth, height, width = (_side(n, largest, _TALLEST * 0.75) for n in shape.axes)
        copies = min(3, shape.channels)
    shifts = [_APART * i for i in range(copies)]
    across, down = width + depth * 0.7 + shifts[-1] + 2, height + depth * 0.45 + shifts[-1] + 2
    drawn = [_box(1 + shift, 1 + shifts[-1] - shift, width, height, depth) for shift in reversed(shifts)]
    return h.svg(
        drawn,
        width=f"{across:.0f}",
        height=f"{down:.0f}",
        viewBox=f"0 0 {number(across)} {number(down)}",
        aria_hidden="true",
    )


def _arrow(step: Step) -> Markup:
    layer = step.layer
    text = crossed(layer_text(layer, step.before.channels)).removeprefix(f"{layer.kind} ")
    return h.li(h.b(_SHORT[layer.kind]), h.span(text), h.i("⟶", aria_hidden="true"), class_="cs-arrow")


def drawing(steps: Sequence[Step]) -> Markup:
    """The blocks from input to output, an arrow with its layer between each two."""
    shapes = [steps[0].before, *(step.after for step in steps)]
    largest = max((n for shape in shapes for n in shape.axes), default=1)
    channels = max(shape.channels for shape in shapes)
    words = {0: "input", len(shapes) - 1: "output"}
    parts = []
    for place, shape in enumerate(shapes):
        size = h.b(times(shape.listed())), h.small(words.get(place))
        parts.append(h.li(block(shape, largest, channels), size, class_="cs-block"))
        if place < len(steps):
            parts.append(_arrow(steps[place]))
    return h.ul(parts, class_="cs-flow", tabindex=0, aria_label="The stack, from input to output")


def _mark(verdict: Verdict | None) -> Content:
    if verdict is None:
        return h.span("asking torch …", class_="cs-wait")
    if verdict.shape is None:
        return h.span("✗ torch refuses this layer", class_="cs-no"), h.small(verdict.refused[:120])
    size = times(verdict.shape.listed())
    if not verdict.agrees:
        return h.span(f"✗ torch: {size}, {verdict.parameters:,} parameters", class_="cs-no")
    ran = "shape only, too large to run here" if verdict.difference is None else "ran; one value redone by hand"
    return h.span(f"✓ torch: {size}", class_="cs-yes"), h.small(ran)


def _axis_names(step: Step) -> tuple[str, ...]:
    return {1: ("",), 2: ("height ", "width "), 3: ("depth ", "height ", "width ")}.get(len(step.formulas), ("",))


def _formulas(step: Step) -> Content:
    if len(set(step.formulas)) == 1:
        return step.formulas[0], _notes(step)
    named = zip(_axis_names(step), step.formulas, strict=True)
    return joined(((h.small(name), text) for name, text in named), h.br()), _notes(step)


def _notes(step: Step) -> Content:
    return [h.small(note) for note in notes_on(step)]


_HEADS = ("Layer", "⌊(n + 2p − d(f − 1) − 1) / s⌋ + 1", "Output", "Parameters", "Multiplications", "torch")


def layers_table(steps: Sequence[Step], verdicts: Sequence[Verdict | None]) -> Markup:
    """One row per layer."""
    return table(
        _HEADS,
        (_row(place, step, verdict) for place, (step, verdict) in enumerate(zip(steps, verdicts, strict=True), 1)),
        class_="cs-table",
    )


def _row(place: int, step: Step, verdict: Verdict | None) -> Sequence[Content]:
    name = f"{place}. {step.layer.name or KINDS[step.layer.kind]}"
    return (
        (name, h.small(crossed(layer_text(step.layer, step.before.channels)))),
        cell(_formulas(step), class_="cs-formula"),
        h.b(times(step.after.listed())),
        (f"{step.parameters:,}", h.small(_weights(step))),
        big(step.multiplications),
        _mark(verdict),
    )


def _weights(step: Step) -> str:
    layer, bias = step.layer, f" + {step.biases:,}" if step.biases else ""
    if layer.kind == "fc":
        return f"{step.before.values:,}·{layer.filters:,}{bias}"
    if layer.kind in WEIGHTLESS:
        return "nothing to learn"
    return f"{'·'.join(str(f) for f in layer.filter)}·{step.before.channels // layer.groups}·{layer.filters:,}{bias}"


def summary(steps: Sequence[Step], verdicts: Sequence[Verdict | None]) -> Markup:
    """One line: input, output, totals, and whether torch agrees with every layer."""
    seen = [verdict for verdict in verdicts if verdict is not None]
    agreed = sum(verdict.agrees for verdict in seen)
    if len(seen) < len(steps):
        state = h.span("asking torch …", class_="cs-wait")
    elif agreed == len(steps):
        state = h.span(f"✓ torch agrees on {agreed} of {len(steps)} layers", class_="cs-yes")
    else:
        state = h.span(f"✗ torch agrees on {agreed} of {len(steps)} layers only", class_="cs-no")
    totals = {
        "parameters": sum(step.parameters for step in steps),
        "multiplications": sum(step.multiplications for step in steps),
    }
    note = note_on(steps[0].before)
    return h.p(
        h.b(f"{times(steps[0].before.listed())} → {times(steps[-1].after.listed())}"),
        (h.span(h.b(big(total)), f" {name}") for name, total in totals.items()),
        state,
        h.small(note) if note else "",
        class_="cs-sum",
    )


def page(steps: Sequence[Step], verdicts: Sequence[Verdict | None]) -> Markup:
    """All of it: summary, drawing, table. ``None`` stands for a verdict that is still to come."""
    return h.div(summary(steps, verdicts), drawing(steps), layers_table(steps, verdicts), class_="cs")
