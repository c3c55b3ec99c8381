"""Exercises about style transfer: Gram matrices, the costs and their weights, and what a unit can see.

Costs are those of the bundled network on the sample pictures, through the same functions as a painting.
"""

from __future__ import annotations

import functools
import random
from dataclasses import replace

import numpy as np
from PIL import Image

from apps.markup import Markup, h, table
from apps.style.descent.costs import Costs
from apps.style.options import Options
from apps.style.run.transfer import Run
from apps.style.samples import find_sample, of_role
from apps.style.vgg.layers import KERNEL, VGG16, Layer
from shared.exercises import Exercise, Kind, Slip, exercise, until

_SIZE = 64  # pixels of the longer side of a G whose costs are asked: some hundredths of a second
_PLAIN = Options(coarse_to_fine=False, size=_SIZE, iterations=1, precision="float32")
_FACTORS = (0.1, 2.0, 5.0, 10.0, 20.0)  # that a weight is multiplied by in a question
_SIZES = ((224, 224), (256, 192), (384, 256), (320, 320))  # of a picture, multiples of 32: each pooling halves them


def ask(kind: str, seed: int) -> Exercise:
    """The exercise of that kind and seed; raises ``OptionError`` if there is none."""
    return exercise(KINDS, kind, seed)


@functools.lru_cache(maxsize=32)
def _cost(content: str, style: str) -> Costs:
    """The costs of a G halfway between two samples, with all weights 1."""
    first, second = (
        Image.open(find_sample(name).path).convert("RGB").resize((_SIZE, _SIZE)) for name in (content, style)
    )
    return Run(first, second, _PLAIN).cost_of(Image.blend(first, second, 0.5))


def _pair(dice: random.Random) -> tuple[str, str]:
    content, style = (dice.choice(of_role(role)).name for role in ("content", "style"))
    return content, style


def _share(dice: random.Random) -> Exercise:
    content, style = _pair(dice)
    costs, factor = _cost(content, style), dice.choice(_FACTORS)
    # what the page writes is what one computes with
    c, s = (float(f"{value:.3g}") for value in (costs.content, costs.style))
    before = s / (c + s)
    after = replace(costs, style=factor * s, J=c + factor * s)
    share = 100 * after.style / after.J
    return Exercise(
        question=f"For G halfway between “{find_sample(content).title}” and “{find_sample(style).title}”, α·J_content "
        f"is {c:,.3g} and β·J_style {s:,.3g}: the style has {100 * before:.1f} % of J. Now β is {factor:g} times as "
        "large, for the same G. What share does the style have?",
        answer=share,
        unit="%",
        near=0.02,
        because=f"β·J_style becomes {factor * s:,.3g}, J becomes {after.J:,.3g}: {share:.1f} %. The nearer "
        "a share is to 100 %, the less its own weight changes it, which is why one tries powers of ten.",
        slips=(
            Slip(
                100 * before * factor,
                f"{factor:g} times the share forgets that J itself changes with β·J_style. A share stays below 100 %.",
            ),
            Slip(100 * before, "That is the share before: β multiplies J_style, even for the same G."),
            Slip(100 * (1 - share / 100), "That is what is left for the content."),
            Slip(
                100 * s / (factor * c + s),
                "That would be α times the factor: α weighs the content, β the style.",
            ),
        ),
    )


def _matrix(values: np.ndarray, title: str) -> Markup:
    return table((), [[f"{n:g}" for n in row] for row in values.tolist()], title=title, names_rows=False, stacks=False)


def _gram(dice: random.Random) -> Exercise:
    import torch  # the costs are torch's

    from apps.style.descent.losses import gram

    def draw() -> np.ndarray:
        return np.array([[[dice.randint(0, 4) for _ in range(2)] for _ in range(2)] for _ in range(2)], float)

    maps = until(draw, lambda one: bool((one[0] * one[1]).sum() > 0 and one[0].sum() * one[1].sum() > 0))
    matrix = gram(torch.from_numpy(maps)[None]).numpy()
    first, second = maps[0].ravel(), maps[1].ravel()
    products = " + ".join(f"{a:g}·{b:g}" for a, b in zip(first, second, strict=True))
    right = float(matrix[0, 1])
    return Exercise(
        question="Two channels of an activation, each 2x2. What is the style matrix’s entry G₁₂?",
        shown=h.div(_matrix(maps[0], "Channel 1"), _matrix(maps[1], "Channel 2"), class_="ch-several"),
        answer=right,
        because=f"{products} = {right:g}: the same place in both, multiplied, summed over all places. Large where both "
        "channels are active together, wherever that is.",
        slips=(
            Slip(float(matrix[0, 0]), "That is G₁₁, channel 1 with itself."),
            Slip(float(matrix[1, 1]), "That is G₂₂, channel 2 with itself."),
            Slip(right / maps[0].size, "It is a sum over the places, not their mean; J_style divides later."),
            Slip(float(first.sum() * second.sum()), "Multiply first, place by place, then add up."),
            Slip(float((maps[0] @ maps[1])[0, 0]), "Not rows times columns of the maps: place by place."),
            Slip(float((maps[0] @ maps[1]).sum()), "Not rows times columns of the maps: place by place."),
            Slip(float(np.abs(first - second).sum()), "Products, not differences."),
        ),
    )


def _layer(dice: random.Random) -> Layer:
    return dice.choice([one for one in VGG16 if one.kind == "relu" and one.block < 5])


def _numbers(dice: random.Random) -> Exercise:
    layer, (width, height) = _layer(dice), dice.choice(_SIZES)
    rows, columns = layer.size(height, width)
    channels = layer.channels
    places = rows * columns
    return Exercise(
        question=f"The layer {layer.name} of VGG-16 makes {columns}x{rows}x{channels} of a picture of "
        f"{width}x{height}. How many numbers are in its style matrix?",
        answer=float(channels**2),
        because=f"One for every pair of channels: {channels}² = {channels**2:,}, whatever the picture’s size. So it "
        "knows the texture but not the layout.",
        slips=(
            Slip(float(places * channels), "That is the activation itself. The matrix sums over all its places."),
            Slip(float(places**2), f"It compares channels, not places: {channels}x{channels}, not {places}x{places}."),
            Slip(float(channels), "That is its diagonal: each channel with itself. All pairs belong to it."),
            Slip(float(places), "The places are summed over; nothing of them is left."),
            Slip(
                float(channels * (channels + 1) // 2),
                "So many are different, since it is symmetric; the matrix has each pair twice.",
            ),
        ),
    )


def _field(dice: random.Random) -> Exercise:
    layer = _layer(dice)
    place = VGG16.index(layer)
    convolutions = sum(one.kind == "conv" for one in VGG16[: place + 1])
    pools = sum(one.kind == "pool" for one in VGG16[: place + 1])
    in_block = sum(one.kind == "conv" and one.block == layer.block for one in VGG16[: place + 1])
    steps = ", ".join(
        f"{one.name} {one.field}" for one in VGG16[: place + 1] if one.kind in ("conv", "pool") and one.field > 1
    )
    return Exercise(
        question=f"How many pixels wide is what one unit of {layer.name} of VGG-16 can see of the picture?",
        answer=float(layer.field),
        because=f"A 3x3 convolution adds 2 steps to the field, a pooling 1; after a pooling a step is twice as many "
        f"pixels: {steps}.",
        slips=(
            Slip(float(KERNEL), "That is what it sees of the layer before, whose units see further."),
            Slip(
                float(1 + 2 * convolutions),
                f"So it would be without poolings: {pools} of them make the steps {layer.jump} pixels long by now.",
            ),
            Slip(
                float(1 + 2 * convolutions + pools), "After a pooling every further step counts twice as many pixels."
            ),
            Slip(float(1 + 2 * in_block), "The blocks before count as well."),
            Slip(float(layer.jump), "That is how far neighbouring units are apart; their fields overlap."),
            Slip(float(layer.field**2), "That is the area. The question asks for the width."),
        ),
    )


def _one_layer(dice: random.Random) -> Exercise:
    import torch  # the costs are torch's

    from apps.style.descent.losses import style_cost

    rows, columns, channels = dice.randint(2, 6), dice.randint(2, 6), dice.choice((2, 3, 4))
    of_style, of_g = (
        np.array([[dice.randint(0, 9) * 10 for _ in range(channels)] for _ in range(channels)], float) for _ in range(2)
    )
    of_style, of_g = of_style + of_style.T, of_g + of_g.T
    places = rows * columns
    squares = float(((of_style - of_g) ** 2).sum())
    cost = float(style_cost(torch.from_numpy(of_style), torch.from_numpy(of_g), places))
    unit = 2 * places * channels
    return Exercise(
        question=f"A layer with {columns}x{rows} places and {channels} channels; the squared differences of the style "
        f"matrices of S and G add up to {squares:,.0f}. What is J_style of this layer?",
        answer=cost,
        near=0.01,
        because=f"{squares:,.0f} / (2·{rows}·{columns}·{channels})² = {squares:,.0f} / {unit**2:,} = {cost:.4g}.",
        slips=(
            Slip(squares / unit, "The divisor is squared: (2 nH nW nC)²."),
            Slip(squares / (places * channels) ** 2, "The 2 in (2 nH nW nC)² is missing: it makes a quarter of it."),
            Slip(squares / (4 * places * channels), "All of (2 nH nW nC) is squared, not the 2 alone."),
            Slip(squares / (2 * (places * channels) ** 2), "The 2 is squared as well."),
            Slip(
                squares / (2 * channels) ** 2,
                "The places nH nW belong in the divisor: the matrices are sums over them.",
            ),
            Slip(squares / (2 * places) ** 2, "The channels nC belong in the divisor."),
            Slip(squares, "That is before it is divided by (2 nH nW nC)²."),
        ),
    )


def _moved(dice: random.Random) -> Exercise:
    import torch  # the costs are torch's

    from apps.style.descent.losses import content_cost, gram, style_cost

    rows, columns, channels = dice.randint(3, 6), dice.randint(3, 6), dice.randint(3, 8)
    generator = np.random.default_rng(dice.randrange(2**32))
    before = generator.random((1, channels, rows, columns))
    moved = generator.permutation(before.reshape(channels, -1), axis=1).reshape(before.shape)
    turned = np.roll(before, 1, axis=1)  # every channel in the place of the next
    channels_moved = dice.random() < 0.4
    first, second = torch.from_numpy(before), torch.from_numpy(turned if channels_moved else moved)
    content = float(content_cost(first, second))
    style = float(style_cost(gram(first), gram(second), rows * columns))
    rise = {(True, False): "only J_content", (False, True): "only J_style", (True, True): "both"}
    words, right = (*rise.values(), "neither"), rise[content > 1e-9, style > 1e-9]
    what = (
        "Each channel of an activation takes the place of the next"
        if channels_moved
        else "The places of an activation are mixed at random, the same way in every channel"
    )
    why_style = (
        "Other channels are then active together: the style matrix has its rows and columns exchanged."
        if channels_moved
        else "The style matrix sums over all places, in whatever order: it does not change at all."
    )
    return Exercise(
        question=f"{what}. Which costs rise from 0?",
        answer=right,
        because=f"Computed for {columns}x{rows}x{channels} random numbers: J_content {content:.3g}, J_style "
        f"{0 if style < 1e-9 else style:.3g}. J_content compares number by number. {why_style}",
        slips=tuple(
            Slip(word, f"{why_style} J_content compares every number with the one at its own place and channel.")
            for word in words
            if word != right
        ),
    )


KINDS = {
    "share": Kind("What does β do?", _share),
    "gram": Kind("An entry of the style matrix", _gram),
    "size": Kind("How large is the style matrix?", _numbers),
    "field": Kind("What can a unit see?", _field),
    "layer": Kind("The cost of one layer", _one_layer),
    "moved": Kind("Everything moved", _moved),
}
