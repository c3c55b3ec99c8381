"""The picture that a unit wants to see: activation maximisation, from noise, small first.

Erhan et al. 2009, "Visualizing Higher-Layer Features of a Deep Network"; Olah et al. 2017, "Feature Visualization", for
the random shifts of every step and for the sizes from coarse to fine, which keep high frequencies out, and
for decorrelated colours. Left out: their Fourier parametrisation.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from apps.style.canvas import to_picture
from apps.style.descent import losses
from apps.style.samples import of_role
from apps.style.units.answers import Dream, unit_layer
from apps.style.vgg.backbones import BACKBONES
from apps.style.vgg.features import Extractor, fastest_dtype
from apps.style.vgg.network import VGG
from shared.device import pick_device
from shared.errors import check_whole
from shared.images import open_image
from shared.model_cache import model_cache

SIDES = (64, 112, 160)  # pixels, from coarse to fine
_RATE = 0.06  # step for a gradient of standard deviation 1, so that every unit moves at the same pace
_MOMENTUM = 0.6  # of the ascent
_SHIFT = 8  # pixels, the largest random shift
_SMOOTHNESS = 6.0  # weight of the total variation; the activation counts in standard deviations of its layer
_PALENESS = 1.0  # weight of the mean square before the sigmoid: without it every colour saturates
_SHARE = 0.15  # of a map's places count, the most excited ones: a selective unit is silent elsewhere
_NOISE = 0.05  # standard deviation of the start, before the sigmoid: nearly even grey


def maximise(
    backbone: str, layer: str, unit: int, *, iterations: int = 90, seed: int = 0, every: int = 6
) -> Iterator[Dream]:
    """Change noise so that it excites ``unit`` of ``layer`` ever more; a step every ``every`` iterations.

    Raises:
        OptionError: no such layer or unit.
        WeightsError: the network's weights are not available.
    """
    found = unit_layer(BACKBONES[backbone], layer)
    unit = check_whole(unit, f"The unit of {layer}", low=0, high=found.channels - 1)
    device = pick_device()
    random = torch.Generator().manual_seed(seed)
    axes = _colour_axes().to(device)
    hidden = (_NOISE * torch.randn(1, 3, SIDES[0], SIDES[0], generator=random)).to(device)
    done = 0
    before_relu = layer.replace("relu", "conv")  # a silent unit has a gradient there, and none after its ReLU
    with model_cache().lease(BACKBONES[backbone].record, device) as network:
        extractor = Extractor(cast("VGG", network), [before_relu], pooling="average", dtype=fastest_dtype(device))
        for number, side in enumerate(SIDES):
            hidden = F.interpolate(hidden, size=(side, side), mode="bicubic", align_corners=False)
            climb = _Climb(extractor, before_relu, unit, hidden, axes, random)
            last = iterations * (number + 1) // len(SIDES)
            while done < last:
                activation = climb.step()
                done += 1
                if done % every == 0 or done == last:
                    picture = to_picture(climb.picture().detach())
                    yield Dream(done=done, total=iterations, picture=picture, activation=float(activation))
            hidden = climb.hidden.detach()


class _Climb:
    """Gradient ascent at one size, on colour axes that natural pictures use independently of each other."""

    def __init__(
        self, extractor: Extractor, layer: str, unit: int, hidden: Tensor, axes: Tensor, random: torch.Generator
    ) -> None:
        self.hidden = hidden.detach().clone().requires_grad_(True)
        self._extractor, self._layer, self._unit = extractor, layer, unit
        self._axes, self._random = axes, random
        self._optimizer = torch.optim.SGD([self.hidden], lr=_RATE, momentum=_MOMENTUM)

    def picture(self) -> Tensor:
        """(1, 3, H, W), RGB in [0, 1]."""
        return torch.sigmoid(torch.einsum("rk,bkhw->brhw", self._axes, self.hidden))

    def step(self) -> Tensor:
        """One iteration; returns the unit's mean activation before it, after the ReLU."""
        down, across = torch.randint(-_SHIFT, _SHIFT + 1, (2,), generator=self._random).tolist()
        self._optimizer.zero_grad(set_to_none=True)
        picture = self.picture()
        activations = self._extractor(torch.roll(picture, shifts=(down, across), dims=(2, 3)))[self._layer].float()
        own = activations[0, self._unit].flatten()
        excited = own.topk(max(1, int(_SHARE * own.numel()))).values.mean() / (activations.detach().std() + 1e-6)
        value = _SMOOTHNESS * losses.total_variation(picture) + _PALENESS * self.hidden.square().mean() - excited
        value.backward()
        gradient = self.hidden.grad
        if gradient is not None:  # a little blur: single pixels excite a unit but show nothing
            blurred = _blurred(gradient)
            self.hidden.grad = blurred / (blurred.std() + 1e-12)
        self._optimizer.step()
        return F.relu(own).mean().detach()


def _blurred(x: Tensor) -> Tensor:
    """(1, 2, 1) / 4 down and across: removes the finest stripes and changes the sign of no frequency."""
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    return F.avg_pool2d(F.avg_pool2d(padded, 2, stride=1), 2, stride=1)


@functools.lru_cache(maxsize=1)
def _colour_axes() -> Tensor:
    """(3, 3): the square root of the colours' covariance in the sample photos, its largest row of length 4."""
    pixels = []
    for sample in of_role("content"):
        small = open_image(sample.path).resize((64, 64))
        pixels.append(np.asarray(small, dtype=float).reshape(-1, 3) / 255)
    values, vectors = np.linalg.eigh(np.cov(np.concatenate(pixels).T))
    axes = vectors @ np.diag(np.sqrt(values))
    return torch.from_numpy(axes * (4 / np.linalg.norm(axes, axis=1).max())).float()
