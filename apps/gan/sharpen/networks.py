"""The two networks that make a photo four times as large, as their papers describe them.

``RRDBNet`` is the generator of ESRGAN (Wang et al. 2018, arXiv 1809.00219), trained as Real-ESRGAN (Wang et al. 2021,
arXiv 2107.10833) to undo blur, noise and JPEG as well: dense blocks, three of which make a residual-in-residual dense
block, and 23 of those. It works at the size of the small picture and enlarges at the end. ``SRVGG`` is the small
sibling from the same paper's release: a plain stack of convolutions, the enlargement by sub-pixel convolution (Shi et
al. 2016, arXiv 1609.05158) on top of the small picture with every pixel repeated.

Axes: ``B`` pictures, ``C`` channels, ``H W`` pixels of the small picture. RGB in [0, 1] goes in; what comes out may
lie a little outside of [0, 1]. Left out: training, and the discriminator, which is not in the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shared.weights import filled, read_tensors

FACTOR = 4  # sides of the large picture over those of the small one
FEATURES = 64  # channels between the blocks
GROWTH = 32  # channels that each convolution of a dense block adds
DENSE = 5  # convolutions of a dense block
NESTED = 3  # dense blocks of a residual-in-residual dense block
BLOCKS = 23  # of these in RRDBNet, as Wang et al. 2021 have them
PLAIN = 16  # 3 x 3 convolutions of SRVGG between the first and the last
SLOPE = 0.2  # of the leaky ReLU
RESIDUAL = 0.2  # what a block's output counts next to its input


def convolution(channels: int, out: int) -> nn.Conv2d:
    """3 x 3, as large after as before."""
    return nn.Conv2d(channels, out, kernel_size=3, padding=1)


class DenseBlock(nn.Module):
    """Five convolutions, each of which sees the block's input and everything found since. (B, 64, H, W) stays so."""

    def __init__(self) -> None:
        super().__init__()
        outs = [GROWTH] * (DENSE - 1) + [FEATURES]
        self.convolutions = nn.ModuleList(convolution(FEATURES + i * GROWTH, out) for i, out in enumerate(outs))

    def change(self, x: Tensor) -> Tensor:
        """What the block adds to ``x`` (B, 64, H, W), not yet scaled."""
        *inner, last = self.convolutions
        seen = x
        for layer in inner:
            seen = torch.cat((seen, F.leaky_relu_(layer(seen), SLOPE)), dim=1)  # 96, 128, 160, 192 channels
        found: Tensor = last(seen)
        return found

    def forward(self, x: Tensor) -> Tensor:
        """(B, 64, H, W) -> (B, 64, H, W)."""
        return torch.add(x, self.change(x), alpha=RESIDUAL)


class RRDB(nn.Module):
    """Three dense blocks inside one residual connection. (B, 64, H, W) stays so."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.ModuleList(DenseBlock() for _ in range(NESTED))

    def forward(self, x: Tensor) -> Tensor:
        """(B, 64, H, W) -> (B, 64, H, W)."""
        y = x
        for block in self.dense:
            y = block(y)
        return torch.add(x, y, alpha=RESIDUAL)


class RRDBNet(nn.Module):
    """(B, 3, H, W) -> (B, 3, 4 H, 4 W), RGB in [0, 1]."""

    def __init__(self, *, blocks: int = BLOCKS) -> None:
        super().__init__()
        self.first = convolution(3, FEATURES)
        self.blocks = nn.ModuleList(RRDB() for _ in range(blocks))
        self.gather = convolution(FEATURES, FEATURES)
        self.up2 = convolution(FEATURES, FEATURES)
        self.up4 = convolution(FEATURES, FEATURES)
        self.refine = convolution(FEATURES, FEATURES)
        self.paint = convolution(FEATURES, 3)

    def forward(self, small: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 3, 4 H, 4 W)."""
        x = self.first(small)  # B 64 H W
        y = x
        for block in self.blocks:
            y = block(y)
        return self.enlarge(self.gather(y) + x)

    def enlarge(self, y: Tensor) -> Tensor:
        """What the blocks have found, (B, 64, H, W), as a picture (B, 3, 4 H, 4 W)."""
        for layer in (self.up2, self.up4):  # B 64 2H 2W, then B 64 4H 4W
            y = F.leaky_relu_(layer(F.interpolate(y, scale_factor=2.0, mode="nearest")), SLOPE)
        y = F.leaky_relu_(self.refine(y), SLOPE)
        painted: Tensor = self.paint(y)  # B 3 4H 4W
        return painted


class SRVGG(nn.Module):
    """(B, 3, H, W) -> (B, 3, 4 H, 4 W), RGB in [0, 1]; everything happens at the size of the small picture."""

    def __init__(self, *, plain: int = PLAIN) -> None:
        super().__init__()
        stack: list[nn.Module] = [convolution(3, FEATURES), nn.PReLU(FEATURES)]
        for _ in range(plain):
            stack += [convolution(FEATURES, FEATURES), nn.PReLU(FEATURES)]
        self.stack = nn.Sequential(*stack, convolution(FEATURES, 3 * FACTOR**2))

    def forward(self, small: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 3, 4 H, 4 W)."""
        detail = F.pixel_shuffle(self.stack(small), FACTOR)  # B 48 H W, then B 3 4H 4W
        return detail + F.interpolate(small, scale_factor=float(FACTOR), mode="nearest")


def load_rrdbnet(paths: Sequence[Path]) -> RRDBNet:
    """The large network with the weights in ``paths``: float32, CPU, eval; the registry's loader.

    Raises:
        WeightsError: they are not exactly its weights.
    """
    return filled(RRDBNet(), read_tensors(paths))


def load_srvgg(paths: Sequence[Path]) -> SRVGG:
    """The small network; see ``load_rrdbnet``."""
    return filled(SRVGG(), read_tensors(paths))


def layers_of(network: nn.Module) -> Iterator[tuple[str, nn.Conv2d | nn.PReLU]]:
    """Name and module of everything in ``network`` that carries weights, in the order in which a picture meets it."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.PReLU):
            yield name, module
