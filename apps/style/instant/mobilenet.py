"""MobileNetV2 as the reader of a style: a picture in, 100 numbers out.

Sandler et al. 2018, arXiv 1801.04381, table 2, with batch normalisation folded into the convolutions; trained by Ghiasi
et al. 2017 (arXiv 1705.06830) together with the painter of any style. Left out: the classifier, whose place the 100
numbers take.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch.nn.functional as F
from torch import Tensor, nn

from apps.style.instant.networks import CODE

# (expansion t, channels c, blocks n, stride s of the first of them): table 2
_TABLE = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
_FIRST, _LAST = 32, 1280  # channels


class Block(nn.Module):
    """An inverted residual: widened 1 x 1, filtered 3 x 3 channel by channel, narrowed 1 x 1 without a ReLU."""

    def __init__(self, inputs: int, outputs: int, *, expansion: int, stride: int) -> None:
        super().__init__()
        inner = expansion * inputs
        self.expand = nn.Conv2d(inputs, inner, 1) if expansion > 1 else None
        self.depthwise = nn.Conv2d(inner, inner, 3, stride, groups=inner)
        self.project = nn.Conv2d(inner, outputs, 1)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C', H / stride, W / stride)."""
        inner = x if self.expand is None else F.relu6(self.expand(x))
        inner = F.relu6(self.depthwise(_bordered(inner, self.depthwise)))
        narrow: Tensor = self.project(inner)
        return x + narrow if self.adds else narrow


class StylePredictor(nn.Module):
    """``predictor(pictures)``: (B, 3, 256, 256), RGB in [0, 1], to the (B, 100) numbers that stand for their styles."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, _FIRST, 3, 2)
        self.blocks = nn.ModuleList(_blocks())
        self.last = nn.Conv2d(_TABLE[-1][1], _LAST, 1)
        self.code = nn.Linear(_LAST, CODE)

    def forward(self, pictures: Tensor) -> Tensor:
        """See the class."""
        x = F.relu6(self.first(_bordered(pictures, self.first)))  # B 32 128 128
        for block in self.blocks:
            x = block(x)  # B 320 8 8 at the end
        x = F.relu6(self.last(x))  # B 1280 8 8
        code: Tensor = self.code(x.mean(dim=(2, 3)))
        return code


def _blocks() -> Iterator[Block]:
    inputs = _FIRST
    for expansion, channels, count, stride in _TABLE:
        for index in range(count):
            yield Block(inputs, channels, expansion=expansion, stride=stride if index == 0 else 1)
            inputs = channels


def _bordered(x: Tensor, layer: nn.Conv2d) -> Tensor:
    """``x`` with the zeros that TensorFlow puts around it: at stride 2 and even sizes at the right and bottom only."""
    return F.pad(x, (0, 1, 0, 1) if layer.stride[0] == 2 else (1, 1, 1, 1))
