"""Reads dlib's serialized face ResNet: the one file that the bundled encoder is converted from.

dlib writes an int as a length byte (its high bit is the sign) and so many little-endian bytes, a string as its length
and its bytes, a tensor as version 2, four extents and raw little-endian float32. Every layer begins with the name of
its type and version, here ``con_4`` (filters and biases in one tensor, then the geometry), ``affine_`` (gamma and
beta) and ``fc_2``. The reader walks these tags in file order and checks every extent, so a file of another network is
refused. Affine layers are folded into the convolution before them: y = gamma * (w x + b) + beta.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from apps.face.encoding.resnet import BLOCKS, DIMENSION, FaceResNet
from shared.errors import WeightsError

_TENSOR_VERSION = 2
_SIGN, _LENGTH = 0x80, 0x0F  # bits of an int's first byte


class Reader:
    """A cursor over the bytes of a dlib file."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def integer(self) -> int:
        """The int at the cursor."""
        if self.at >= len(self.data):
            raise WeightsError("more of the dlib file", f"its end at byte {self.at}", "Get the file again.")
        head = self.data[self.at]
        start, self.at = self.at + 1, self.at + 1 + (head & _LENGTH)
        value = int.from_bytes(self.data[start : self.at], "little")
        return -value if head & _SIGN else value

    def expect(self, what: str, *values: int) -> None:
        """Read as many ints as there are ``values`` and refuse any other."""
        got = tuple(self.integer() for _ in values)
        if got != values:
            raise WeightsError(
                f"{what}, {values}",
                f"{got} before byte {self.at}",
                "Check that it is dlib_face_recognition_resnet_model_v1.dat.",
            )

    def tensor(self, n: int, what: str) -> Tensor:
        """The tensor at the cursor, flat, of ``n`` numbers."""
        self.expect(f"the tensor version of {what}", _TENSOR_VERSION)
        extents = [self.integer() for _ in range(4)]
        if math.prod(extents) != n or self.at + 4 * n > len(self.data):
            raise WeightsError(f"{what}, {n:,} numbers", f"extents {extents} at byte {self.at}", "Get the file again.")
        values = np.frombuffer(self.data, "<f4", n, self.at)
        self.at += 4 * n
        return torch.from_numpy(values.astype(np.float32))

    def seek(self, layer: str) -> None:
        """Move just past the next type name ``layer``."""
        tag = bytes([1, len(layer)]) + layer.encode()
        found = self.data.find(tag, self.at)
        if found < 0:
            raise WeightsError(
                f"a layer {layer} after byte {self.at}",
                "none",
                "Check that it is dlib_face_recognition_resnet_model_v1.dat.",
            )
        self.at = found + len(tag)


def read_face_resnet(path: Path) -> FaceResNet:
    """The network of ``dlib_face_recognition_resnet_model_v1.dat``, float32, in evaluation mode.

    Raises:
        WeightsError: the file is not that network's, or is cut short.
    """
    reader, network = Reader(path.read_bytes()), FaceResNet()
    with torch.no_grad():
        for number, layer in enumerate(network.convolutions()):
            what = f"convolution {number}"
            reader.seek("con_4")
            n = layer.weight.numel()
            values = reader.tensor(n + layer.out_channels, what)
            size, stride, padding = layer.kernel_size[0], layer.stride[0], int(layer.padding[0])
            reader.expect(f"the geometry of {what}", layer.out_channels, size, size, stride, stride, padding, padding)
            reader.seek("affine_")
            gamma, beta = reader.tensor(2 * layer.out_channels, f"the affine layer of {what}").chunk(2)
            layer.weight.copy_(values[:n].view_as(layer.weight) * gamma.view(-1, 1, 1, 1))
            layer.bias.copy_(values[n:] * gamma + beta)  # type: ignore[union-attr]
        reader.seek("fc_2")
        width = BLOCKS[-1][0]
        reader.expect("the geometry of the last layer", DIMENSION, width)
        network.encoding.weight.copy_(reader.tensor(width * DIMENSION, "the last layer").view(width, DIMENSION).T)
    return network.eval()
