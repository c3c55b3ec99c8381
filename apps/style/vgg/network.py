"""A VGG network whose layers are reached by name. Plain and float32; ``features`` has the fast ways to run it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from apps.style.vgg.layers import KERNEL, Layer, deepest


def _average(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 2)


def _maximum(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 2)


POOLINGS: dict[str, Callable[[Tensor], Tensor]] = {"average": _average, "max": _maximum}


class VGG(nn.Module):
    """The convolutions of a VGG network, without its classifier.

    Its parameters are called ``conv1_1.weight``, ``conv1_1.bias`` and so on; the buffer ``mean`` (3, 1, 1) is
    subtracted from the picture.
    """

    mean: Tensor

    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__()
        self.layers = tuple(layers)
        self.register_buffer("mean", torch.zeros(3, 1, 1))
        channels = 3
        for layer in self.layers:
            if layer.kind == "conv":
                self.add_module(layer.name, nn.Conv2d(channels, layer.channels, KERNEL, padding=1))
                channels = layer.channels

    def forward(self, picture: Tensor, wanted: Collection[str], *, pooling: str = "max") -> dict[str, Tensor]:
        """The activations of the ``wanted`` layers for ``picture`` (B, 3, H, W), RGB in [0, 1].

        Runs no further than the deepest of them. Each is (B, nC, nH, nW).
        """
        pool = POOLINGS[pooling]
        found: dict[str, Tensor] = {}
        x = picture - self.mean  # B 3 H W
        for layer in self.layers[: deepest(self.layers, wanted) + 1]:
            if layer.kind == "conv":
                x = self.get_submodule(layer.name)(x)
            elif layer.kind == "relu":
                x = F.relu(x)
            else:
                x = pool(x)  # B nC nH/2 nW/2
            if layer.name in wanted:
                found[layer.name] = x
        return found
