"""The Earth as a visitor would paint it: every pixel one of six classes of land, each a flat colour.

A painted continent has neither fields nor the shades of a photograph, so the networks must know both kinds of picture.
Half of the training tiles are shown to them painted: the class of each pixel follows from its colour by day and from
the ground's height, borders are rounded off as a finger would round them, and every class gets its brush's colour. The
rules are ours, made by eye: "land" is whatever is nothing else.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from apps.gan.translation.choices import CLASSES

WATER, LAND, FOREST, DESERT, MOUNTAINS, ICE = range(len(CLASSES))
_HIGH = 95  # grey level of the height map above which all land counts as mountains
_RUGGED = 10.0  # ... or its standard deviation within ``_NEIGHBOURS`` pixels
_NEIGHBOURS = 7  # pixels of 20 km at the equator


def class_map(day: Tensor, height: Tensor) -> Tensor:
    """Classes uint8 (h, w) of a day map uint8 (h, w, 3) and a height map uint8 (h, w), 255 being the highest."""
    red, green, blue = day.float().unbind(dim=2)
    brightest, darkest = day.amax(dim=2).float(), day.amin(dim=2).float()
    tall = height.float()
    classes = torch.full(height.shape, LAND, dtype=torch.uint8)
    classes[(brightest < 46) & (green >= red)] = FOREST
    classes[((brightest > 105) & (red > 1.12 * green)) | (brightest > 130)] = DESERT
    classes[(tall > _HIGH) | (_deviation(tall) > _RUGGED)] = MOUNTAINS
    classes[darkest > 150] = ICE
    classes[blue > 1.15 * torch.maximum(red, green) + 2] = WATER
    return classes


def _deviation(values: Tensor) -> Tensor:
    """Standard deviation of (h, w) among the ``_NEIGHBOURS``² pixels around each."""

    def mean(x: Tensor) -> Tensor:
        return F.avg_pool2d(x[None, None], _NEIGHBOURS, 1, _NEIGHBOURS // 2, count_include_pad=False)[0, 0]

    return (mean(values.square()) - mean(values).square()).clamp_min(0).sqrt()


def palette() -> Tensor:
    """The brushes' colours, float32 (6, 3), 0..1."""
    return torch.tensor([kind.colour for kind in CLASSES.values()], dtype=torch.float32) / 255.0


def painted(classes: Tensor) -> Tensor:
    """Classes int64 (B, S, S) in their brushes' colours: float32 (B, 3, S, S), 0..1."""
    return palette()[classes].permute(0, 3, 1, 2)


def rounded(classes: Tensor, sigma: float) -> Tensor:
    """Classes int64 (B, S, S) with borders rounded off by a Gaussian of ``sigma`` pixels; unchanged at 0."""
    if sigma <= 0:
        return classes
    reach = int(3 * sigma + 0.5)
    bell = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma).square())
    bell = (bell / bell.sum()).expand(len(CLASSES), 1, 1, -1)
    shares = F.one_hot(classes, len(CLASSES)).permute(0, 3, 1, 2).float()
    for weight, pad in ((bell, (reach, reach, 0, 0)), (bell.transpose(2, 3), (0, 0, reach, reach))):
        shares = F.conv2d(F.pad(shares, pad, mode="replicate"), weight, groups=len(CLASSES))
    return shares.argmax(dim=1)


def classes_of(picture: Image.Image) -> Tensor:
    """The class whose brush is nearest in colour, for every pixel of an RGB picture: int64 (H, W)."""
    colours = torch.from_numpy(np.asarray(picture.convert("RGB")).astype(np.float32) / 255.0)
    return torch.cdist(colours.flatten(0, 1), palette()).argmin(dim=1).view(colours.shape[:2])
