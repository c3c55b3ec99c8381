"""Exercises about convolutions: shapes, parameters, multiplications, one sum by hand, and what a filter answers to.

Right and wrong answers come from ``shapes.py`` and ``check.py``: a mistake is the same question to them with one thing
left out.
"""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np

from apps.conv.filters import Filter, photo_filters
from apps.conv.scenes import PHOTOS, samples_dir
from apps.conv.shapes import Layer, Shape, Step, step
from apps.markup import Markup, h, joined, table
from shared.engine import room
from shared.exercises import Exercise, Kind, Slip, exercise, until
from shared.images import open_image

_LEVELS = 9  # grey levels of a piece of a photo, so that a sum can be done by hand
_PIECES: dict[str, tuple[tuple[int, ...], ...]] = {  # three by three pixels, dark 0 to light 9
    "light from left to right": ((0, 5, 9), (0, 5, 9), (0, 5, 9)),
    "light from right to left": ((9, 5, 0), (9, 5, 0), (9, 5, 0)),
    "light from top to bottom": ((0, 0, 0), (5, 5, 5), (9, 9, 9)),
    "light from bottom to top": ((9, 9, 9), (5, 5, 5), (0, 0, 0)),
    "one light pixel": ((0, 0, 0), (0, 9, 0), (0, 0, 0)),
    "one dark pixel": ((9, 9, 9), (9, 0, 9), (9, 9, 9)),
    "light all over": ((9, 9, 9), (9, 9, 9), (9, 9, 9)),
}


def ask(kind: str, seed: int) -> Exercise:
    """The exercise of that kind and seed; raises ``OptionError`` if there is none."""
    return exercise(KINDS, kind, seed)


def _convolution(dice: random.Random) -> Step:
    """A convolution with something to get wrong in it."""
    f = dice.choice((3, 5, 7))
    s, p = dice.choice((1, 2, 3)), dice.randint(1, f // 2)
    channels, filters = dice.choice((1, 3, 8, 16)), dice.choice((4, 6, 12, 32))
    n = dice.randint(2 * f, 40)
    return step(_layer(f, filters, s, p), Shape((n, n), channels))


def _layer(f: int, filters: int, s: int, p: int) -> Layer:
    return Layer(filter=(f, f), filters=filters, stride=(s, s), padding=(p, p), dilation=(1, 1))


def _in_words(one: Step) -> str:
    layer = one.layer
    f, s, p = layer.filter[0], layer.stride[0], layer.padding[0]
    return f"{layer.filters} filters of {f}x{f}, stride {s}, padding {p} on every side"


def _square(n: int, channels: int) -> str:
    return str(Shape((n, n), channels))


def _telling(dice: random.Random) -> Step:
    """A convolution of which the usual mistakes about padding lead to different sizes."""

    def tells(one: Step) -> bool:
        n, f, s, p = one.before.axes[0], one.layer.filter[0], one.layer.stride[0], int(one.layer.padding[0])
        return len({(n + zeros - f) // s for zeros in (0, p, 2 * p)}) == 3

    return until(lambda: _convolution(dice), tells)


def _shape(dice: random.Random) -> Exercise:
    one = _telling(dice)
    layer, n, channels = one.layer, one.before.axes[0], one.before.channels
    f, s, p = layer.filter[0], layer.stride[0], int(layer.padding[0])
    size, filters = one.after.axes[0], layer.filters
    unpadded = step(replace(layer, padding="valid"), one.before).after
    slips = (
        Slip(str(unpadded), f"That is the size without padding: with it, {n} becomes {n + 2 * p} first."),
        Slip(_square((n + p - f) // s + 1, filters), f"Padding {p} adds zeros on both sides: 2·{p}, not {p}."),
        Slip(
            str(step(replace(layer, stride=(1, 1)), one.before).after),
            f"That is stride 1. With stride {s} the filter moves on by {s} each time.",
        ),
        Slip(
            _square(size - 1, filters),
            "One is missing: the first place counts too, and the steps after it are one fewer than the places.",
        ),
        Slip(
            _square(size, channels),
            f"The depth of the output is the number of filters, {filters}. Every filter is as deep as the input "
            f"({channels}) and sums over that depth.",
        ),
        Slip(
            _square(-(-(n + 2 * p - f) // s) + 1, filters),
            "Round down: the last step would leave the padded input, and a filter stands inside it or not at all.",
        ),
    )
    return Exercise(
        question=f"An input of {one.before} meets {_in_words(one)}. What shape comes out?",
        answer=str(one.after),
        because=f"Along each axis {one.formulas[0]}; and one map per filter, so {one.after}.",
        slips=slips,
    )


def _transposed(dice: random.Random) -> Exercise:
    f, s = dice.choice(((2, 2), (3, 2), (4, 2), (4, 3), (5, 2), (5, 3)))
    p = dice.randint(1, max(1, (f - 1) // 2))
    n, channels, filters = dice.randint(5, 16), dice.choice((16, 32, 64)), dice.choice((3, 8, 24))
    layer = replace(_layer(f, filters, s, p), kind="transposed")
    one = step(layer, Shape((n, n), channels))
    size = one.after.axes[0]
    forth = max(1, (n + 2 * p - f) // s + 1)
    slips = (
        Slip(
            _square(forth, filters),
            f"That is a convolution, where the stride divides. A transposed convolution turns it round: the stride {s} "
            "multiplies, and the map grows.",
        ),
        Slip(
            str(step(replace(layer, padding=(0, 0)), one.before).after),
            f"The padding is missing: here it takes away {2 * p} along each axis.",
        ),
        Slip(
            _square(size + 4 * p, filters),
            f"Of a transposed convolution the padding takes away: −2·{p}, not +2·{p}.",
        ),
        Slip(
            _square(n * s, filters),
            f"{n}·{s} comes out only where f − 2p is the stride; here it is {f - 2 * p}, and the stride {s}.",
        ),
        Slip(_square(size, channels), f"The depth of the output is the number of filters, {filters}."),
    )
    return Exercise(
        question=f"A transposed convolution with {filters} filters of {f}x{f}, stride {s}, padding {p}, as in a "
        f"generator, meets {one.before}. What shape comes out?",
        answer=str(one.after),
        because=f"Along each axis {one.formulas[0]}: the reverse of a convolution from {size} to {n}.",
        slips=slips,
    )


def _parameters(dice: random.Random) -> Exercise:
    one = _convolution(dice)
    f, filters, channels = one.layer.filter[0], one.layer.filters, one.before.channels
    places = math.prod(one.after.axes)
    return Exercise(
        question=f"An input of {one.before} meets {_in_words(one)}, each with a bias. How many parameters are learned?",
        answer=float(one.parameters),
        because=f"({f}·{f}·{channels} + 1)·{filters} = {one.parameters:,}. Neither the size of the input nor stride "
        f"and padding matter: the same filters slide over all {places} places.",
        slips=(
            Slip(float(one.weights), f"The {filters} biases are missing: one per filter."),
            Slip(
                float((f * f + 1) * filters),
                f"Every filter is as deep as its input: {f}x{f}x{channels}, not {f}x{f}.",
            ),
            Slip(
                float(one.weights + 1),
                f"There is one bias per filter, {filters} in all, not one for the layer.",
            ),
            Slip(float(f * f * channels + 1), f"That is one filter. The layer has {filters}."),
            Slip(
                float(one.parameters * places),
                f"You counted it again for each of the {places} places. It is the same one: that is what makes a "
                "convolution cheap to learn.",
            ),
            Slip(float(one.multiplications), "Those are the multiplications, which do depend on the number of places."),
        ),
    )


def _multiplications(dice: random.Random) -> Exercise:
    one = _convolution(dice)
    f, filters, channels = one.layer.filter[0], one.layer.filters, one.before.channels
    size, n = one.after.axes[0], one.before.axes[0]
    per_place = f * f * channels * filters
    return Exercise(
        question=f"An input of {one.before} meets {_in_words(one)}. How many multiplications is that?",
        answer=float(one.multiplications),
        because=f"The output has {size}·{size} places; at each of them every one of {filters} filters multiplies "
        f"{f}·{f}·{channels} numbers: {size}·{size}·{per_place:,} = {one.multiplications:,}.",
        slips=(
            Slip(
                float(n * n * per_place),
                f"The filter stands at the places of the output, {size}x{size}, not at all {n}x{n} of the input.",
            ),
            Slip(
                float(size * size * f * f * filters),
                f"A filter is as deep as its input: it multiplies {f}·{f}·{channels} numbers, not {f}·{f}.",
            ),
            Slip(float(size * size * f * f * channels), f"That is one filter; there are {filters}."),
            Slip(float(per_place), f"That is one place; the output has {size}x{size} of them."),
            Slip(
                float(one.parameters),
                f"Those are the parameters. Each weight is used again at each of the {size}x{size} places.",
            ),
        ),
    )


def _small_filters() -> list[Filter]:
    """Those of three by three weights on one channel, small enough for the head."""
    return [one for one in photo_filters() if one.weights.shape == (1, 1, 3, 3)]


def _sum(weights: np.ndarray, piece: np.ndarray) -> float:
    """The output of a filter (3, 3) that stands on a piece (3, 3)."""
    by_hand = room("apps.conv.check").by_hand
    layer = replace(_layer(3, 1, 1, 0), padding="valid", bias=False)
    return float(by_hand(layer, piece[None].astype(float), [weights[None, None]], (0, 0, 0)))


def _numbers(values: np.ndarray, title: str) -> Markup:
    rows = [[f"{value:g}" for value in row] for row in values.tolist()]
    return table((), rows, title=title, names_rows=False, stacks=False)


def _piece(dice: random.Random) -> np.ndarray:
    """Three by three neighbouring pixels of a sample photo, not all alike, as grey levels."""
    grey = np.asarray(open_image(samples_dir() / f"{dice.choice(list(PHOTOS))}.png").convert("L"), float)
    levels = np.rint(grey / 255 * _LEVELS)
    places = range(grey.shape[0] - 2), range(grey.shape[1] - 2)

    def cut() -> np.ndarray:
        row, column = (dice.choice(among) for among in places)
        return levels[row : row + 3, column : column + 3]

    return until(cut, lambda piece: bool(np.ptp(piece) > _LEVELS / 3))


def _value(dice: random.Random) -> Exercise:
    chosen = dice.choice([one for one in _small_filters() if np.count_nonzero(one.weights) > 1])
    weights, piece = chosen.weights[0, 0], _piece(dice)
    total = _sum(weights, piece)
    products = ", ".join(f"{w:g}·{x:g}" for w, x in zip(weights.ravel(), piece.ravel(), strict=True) if w)
    turned = np.ascontiguousarray(weights[::-1, ::-1])
    return Exercise(
        question=f"The filter “{chosen.title}” stands on nine pixels of a photo (0 dark, 9 light). What comes out?",
        shown=h.div(_numbers(piece, "Nine pixels"), _numbers(weights, "The filter"), class_="ch-pair"),
        answer=total,
        because=f"The sum of the products {products} is {total:g}.",
        slips=(
            Slip(
                _sum(turned, piece),
                "You turned the filter round, as mathematics does. Networks use it as it is (cross-correlation).",
            ),
            Slip(_sum(np.ascontiguousarray(weights.T), piece), "Rows and columns are exchanged."),
            Slip(total / 9, "Do not divide: it is a sum, not a mean. A filter that averages has ninths in it."),
            Slip(_sum(np.abs(weights), piece), "Weights below zero are subtracted."),
            Slip(-total, "The sign is wrong: the weights below zero are subtracted, the others added."),
            Slip(float(weights[1, 1] * piece[1, 1]), "That is the middle alone; its eight neighbours count too."),
            Slip(max(total, 0.0), "That would be after a ReLU, which is a step of its own."),
        ),
    )


def _finds(dice: random.Random) -> Exercise:
    def draw() -> tuple[Filter, dict[str, float]]:
        one, names = dice.choice(_small_filters()), dice.sample(list(_PIECES), 4)
        return one, {name: _sum(one.weights[0, 0], np.array(_PIECES[name], float)) for name in names}

    chosen, sums = until(draw, lambda drawn: list(drawn[1].values()).count(max(drawn[1].values())) == 1)
    best, second = sorted(sums, key=lambda name: -sums[name])[:2]
    adds_up = float(chosen.weights.sum())

    def why(name: str) -> str:
        sentence = f"“{name}” comes to {sums[name]:g}."
        if name == "light all over" and not adds_up:
            return f"{sentence} The weights add up to 0, so even ground gives nothing, however light it is."
        if sums[name] < 0:
            return f"{sentence} There the weights below zero meet the light: it looks like the opposite of the filter."
        return f"{sentence} Lay the weights over the pixels, multiply and add."

    pieces = (_numbers(np.array(_PIECES[name], float), name) for name in sorted(sums))
    return Exercise(
        question="On which of these pieces of a picture (0 dark, 9 light) is the filter’s sum largest?",
        shown=h.div(_numbers(chosen.weights[0, 0], "The filter"), joined(pieces), class_="ch-several"),
        answer=best,
        because=f"It comes to {sums[best]:g} there, to {sums[second]:g} on the next best. A filter answers most where "
        f"the input looks like it. This one is called “{chosen.title}”.",
        slips=tuple(Slip(name, why(name)) for name in sums if name != best),
    )


KINDS = {
    "shape": Kind("What shape comes out?", _shape),
    "larger": Kind("How large does it grow?", _transposed),
    "parameters": Kind("How many parameters?", _parameters),
    "multiplications": Kind("How many multiplications?", _multiplications),
    "sum": Kind("What is the sum?", _value),
    "finds": Kind("What does the filter find?", _finds),
}
