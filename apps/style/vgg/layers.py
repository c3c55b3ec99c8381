"""The layers of the VGG networks by name, and the geometry of their units.

Simonyan & Zisserman 2015, arXiv 1409.1556: blocks of 3 x 3 convolutions (padding 1) with ReLU, a 2 x 2 pooling after
each block. ``conv2_1`` is the first convolution of the second block, ``relu2_1`` its output with everything below zero
set to zero, ``pool2`` the end of the block. The receptive field follows from the recurrence of Dumoulin & Visin 2016,
arXiv 1603.07285, section 2: a layer with kernel k and stride s makes the field (k - 1) jumps larger and the jump s
times as large. This module does not import torch: the page reads its choices from it while it is being built.

Left out: the last pooling and the classifier, where no style or content layer lies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.errors import OptionError, named, quoted

Kind = Literal["conv", "relu", "pool"]
KERNEL = 3  # of the convolutions, with padding 1
BLOCK_CHANNELS = (64, 128, 256, 512, 512)


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer and the geometry of its units, in pixels of the input picture."""

    name: str  # conv3_2, relu3_2, pool3
    kind: Kind
    block: int  # 1 to 5
    channels: int  # nC
    jump: int  # pixels between the centres of neighbouring units
    field: int  # side of the receptive field
    centre: float  # of the unit in row 0 and column 0; 0.0 is the middle of the first pixel

    def size(self, height: int, width: int) -> tuple[int, int]:
        """``(nH, nW)`` for a picture of ``height`` x ``width``; pooling drops an odd last row or column."""
        return height // self.jump, width // self.jump

    def window(self, row: int, column: int) -> tuple[float, float, float, float]:
        """The receptive field of one unit: top, left, bottom, right in pixel edges, possibly outside the picture.

        Pixel i reaches from i to i + 1, so that the field of a unit of ``conv1_1`` at row 0 is -1 to 2.
        """
        half = self.field / 2
        y = self.centre + row * self.jump + 0.5
        x = self.centre + column * self.jump + 0.5
        return y - half, x - half, y + half, x + half


def vgg_layers(convolutions: Sequence[int]) -> tuple[Layer, ...]:
    """The layers of a VGG network with that many convolutions per block, in order: (2, 2, 3, 3, 3) is VGG-16."""
    layers: list[Layer] = []
    jump, field, centre = 1, 1, 0.0
    last = len(convolutions)
    for block, count in enumerate(convolutions, start=1):
        channels = BLOCK_CHANNELS[block - 1]
        for index in range(1, count + 1):
            field += (KERNEL - 1) * jump
            for kind in ("conv", "relu"):
                name = f"{kind}{block}_{index}"
                layers.append(_layer(name, kind, block, channels, jump=jump, field=field, centre=centre))
        if block < last:
            field += jump
            centre += jump / 2
            jump *= 2
            layers.append(_layer(f"pool{block}", "pool", block, channels, jump=jump, field=field, centre=centre))
    return tuple(layers)


def _layer(name: str, kind: Kind, block: int, channels: int, *, jump: int, field: int, centre: float) -> Layer:
    return Layer(name=name, kind=kind, block=block, channels=channels, jump=jump, field=field, centre=centre)


VGG16 = vgg_layers((2, 2, 3, 3, 3))
VGG19 = vgg_layers((2, 2, 4, 4, 4))


def find_layer(layers: Iterable[Layer], name: object, what: str = "A layer") -> Layer:
    """The layer called ``name``.

    Raises:
        OptionError: there is none of that name; the message lists the names.
    """
    table = {layer.name: layer for layer in layers}
    if isinstance(name, str) and name in table:
        return table[name]
    blocks = ", ".join(key for key in table if not key.startswith("conv"))
    raise OptionError(f"{named(what)}, one of {blocks}, or conv for relu", quoted(name), "Choose one of these.")


def deepest(layers: Sequence[Layer], names: Iterable[str]) -> int:
    """The index in ``layers`` of the deepest of ``names``; -1 where ``names`` is empty."""
    wanted = set(names)
    return max((index for index, layer in enumerate(layers) if layer.name in wanted), default=-1)


def multiply_adds(layers: Sequence[Layer], height: int, width: int, depth: int) -> int:
    """Multiplications of one forward pass through ``layers[: depth + 1]`` at ``height`` x ``width``."""
    total, channels = 0, 3
    for layer in layers[: depth + 1]:
        if layer.kind == "conv":
            rows, columns = layer.size(height, width)
            total += rows * columns * layer.channels * channels * KERNEL * KERNEL
            channels = layer.channels
    return total
