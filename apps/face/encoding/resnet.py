"""dlib's face ResNet as a torch module: a 29-layer residual network, 150 x 150 RGB -> 128 numbers.

Network and weights: Davis King, dlib_face_recognition_resnet_model_v1 (CC0); He et al. 2015 with half the filters and
a few layers left out, trained with a hinge loss over pairs so that two photos of one person lie within 0.6. dlib's
affine layers (frozen batch normalisation) are folded into the convolutions before them by ``dlib_format``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shared.weights import filled, read_tensors

STEM = 32  # filters of the first convolution
# filters and stride of the residual blocks, in order
BLOCKS = (
    *((32, 1),) * 3,
    (64, 2),
    *((64, 1),) * 3,
    (128, 2),
    *((128, 1),) * 2,
    (256, 2),
    *((256, 1),) * 2,
    (256, 2),
)
DIMENSION = 128


class Block(nn.Module):
    """Residual block of two 3 x 3 convolutions.

    As in dlib, a stride-2 block pads nothing and its shortcut is a 2 x 2 average pool; where branch and shortcut differ
    in channels, height or width, the smaller is padded with zeros at the end before they are added.
    """

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.first = nn.Conv2d(n_in, n_out, 3, stride, 0 if stride > 1 else 1)
        self.second = nn.Conv2d(n_out, n_out, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """B C H W -> B n_out H' W'."""
        branch = self.second(F.relu(self.first(x)))
        if self.stride > 1:
            x = F.avg_pool2d(x, 2, 2)
        if x.shape != branch.shape:
            C, H, W = (max(pair) for pair in zip(x.shape[1:], branch.shape[1:], strict=True))
            x, branch = _grow(x, C, H, W), _grow(branch, C, H, W)
        return F.relu(x + branch)


class FaceResNet(nn.Module):
    """Chips B 3 150 150, already scaled, -> encodings B 128, not normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, STEM, 7, 2, 0)
        widths = (STEM, *(n for n, _ in BLOCKS))
        self.blocks = nn.Sequential(
            *(Block(n_in, n_out, stride) for n_in, (n_out, stride) in zip(widths[:-1], BLOCKS, strict=True))
        )
        self.encoding = nn.Linear(BLOCKS[-1][0], DIMENSION, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """B 3 150 150 -> B 128."""
        x = F.max_pool2d(F.relu(self.stem(x)), 3, 2)  # B 32 35 35
        x = self.blocks(x)  # B 256 3 3
        encodings: Tensor = self.encoding(x.mean((2, 3)))
        return encodings

    def convolutions(self) -> list[nn.Conv2d]:
        """All convolutions from input to output."""
        return [module for module in self.modules() if isinstance(module, nn.Conv2d)]


def load(paths: Sequence[Path]) -> nn.Module:
    """The network with the weights in the safetensors shards at ``paths``: float32, channels last, evaluation mode."""
    return filled(FaceResNet(), read_tensors(paths)).to(memory_format=torch.channels_last)


def _grow(x: Tensor, C: int, H: int, W: int) -> Tensor:
    if x.shape[1:] == (C, H, W):
        return x
    return F.pad(x, (0, W - x.shape[3], 0, H - x.shape[2], 0, C - x.shape[1]))
