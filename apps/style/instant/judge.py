"""What a painting costs while the painter is taught a style: the optimizer's costs, and one for the colours.

::

    L = weight ||a(C) - a(G)||^2 / ||a(C)||^2                            a: activation of one deep layer
      + sum_l lambda_l ||g_l(S) - g_l(G)||^2 / ||g_l(S)||^2              g: style matrix, divided by the positions
      + colour (||(m(S) - m(G)) / 0.1||^2 / 3 + ||c(S) - c(G)||^2 / ||c(S)||^2)
      + smoothness TV(G)                                                 m, c: mean and covariance of R, G and B

The first two and the last are those of ``descent.objective`` with units "target". The third is not: style matrices are
ruled by what is everywhere in a picture, and with them alone the paintings had one colour (judged by eye).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from apps.style.descent import losses
from apps.style.vgg.features import Extractor
from apps.style.vgg.network import VGG

_COLOUR_UNIT = 0.1  # of the range from black to white: a mean that is off by this costs as much as no style at all


def _lambdas() -> dict[str, float]:
    return {"relu1_1": 1.0, "relu2_1": 1.0, "relu3_1": 1.0, "relu4_1": 1.0}


@dataclass(frozen=True, kw_only=True)
class Weights:
    """The constants of L."""

    content_layer: str = "relu3_3"
    content: float = 1.0
    lambdas: Mapping[str, float] = field(default_factory=_lambdas)
    colour: float = 1.0
    smoothness: float = 0.3


class Judge:
    """L of a painting, against one style picture."""

    def __init__(self, network: VGG, style: Tensor, weights: Weights, dtype: torch.dtype) -> None:
        """``style`` (1, 3, H, W), RGB in [0, 1]; ``dtype``: what the network computes in."""
        self._weights = weights
        names = {weights.content_layer, *weights.lambdas}
        self._whole = Extractor(network, names, pooling="average", dtype=dtype)
        self._part = Extractor(network, {weights.content_layer}, pooling="average", dtype=dtype)
        with torch.no_grad():
            found = self._whole(style)
            self._style = {name: mean_gram(found[name]) for name in weights.lambdas}
            self._colours = colours(style)

    def target(self, content: Tensor) -> Tensor:
        """What the deep layer says of ``content`` (1, 3, H, W)."""
        with torch.no_grad():
            return self._part(content)[self._weights.content_layer].float()

    def __call__(self, painted: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """L of ``painted`` (1, 3, H, W), and (2,) its parts for the content and for the style, unweighted."""
        weights = self._weights
        content, style = painted.new_zeros(()), painted.new_zeros(())
        for name, found in self._whole.layers(painted):
            if name == weights.content_layer:
                content = _relative(found.float(), target)
            if name in self._style:
                style = style + weights.lambdas[name] * _relative(mean_gram(found), self._style[name])
        (mean, covariance), (wanted_mean, wanted_covariance) = colours(painted), self._colours
        colour = ((mean - wanted_mean) / _COLOUR_UNIT).square().mean() + _relative(covariance, wanted_covariance)
        variation = losses.total_variation(painted)
        total = weights.content * content + style + weights.colour * colour + weights.smoothness * variation
        return total, torch.stack([content, style]).detach()


def mean_gram(activation: Tensor) -> Tensor:
    """The style matrix (nC, nC) per position, so that pictures of different sizes compare."""
    return losses.gram(activation) / (activation.shape[2] * activation.shape[3])


def colours(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (3,) and covariance (3, 3) of the colours of ``picture`` (1, 3, H, W)."""
    pixels = picture[0].flatten(1)  # 3 H*W
    mean = pixels.mean(dim=1)
    centred = pixels - mean[:, None]
    return mean, centred @ centred.t() / pixels.shape[1]


def _relative(found: Tensor, wanted: Tensor) -> Tensor:
    return (found - wanted).square().sum() / wanted.square().sum().clamp_min(1e-8)
