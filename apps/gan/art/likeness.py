"""Which patch of a picture is nearest to a given one: does a generator copy?

Distance is the root mean square difference of the pixels, 0..1. Axis letters: N patches, S pixels along their side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

PATCH = 32  # pixels along a side
_AT_ONCE = 32  # patches looked for; with a picture of 256 x 256 that is 6 MB of distances
_Pixels = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


@dataclass(frozen=True)
class Nearest:
    """For each patch the corner (row, column) of the nearest one of the picture, and their distance."""

    corners: np.ndarray  # (N, 2)
    distances: np.ndarray  # (N,)


class Patches:
    """All patches of a picture, whatever pixel they begin at."""

    def __init__(self, picture: Image.Image) -> None:
        """``picture``: at least ``PATCH`` pixels high and wide."""
        self.pixels = pixels_of(picture)
        self._x = torch.from_numpy(self.pixels).permute(2, 0, 1)[None].contiguous()
        self._squares = F.avg_pool2d(self._x.square().sum(dim=1, keepdim=True), PATCH, stride=1) * PATCH**2

    def at(self, corner: np.ndarray) -> _Pixels:
        """The patch (S, S, 3) that begins at a corner."""
        row, column = corner
        return self.pixels[row : row + PATCH, column : column + PATCH]

    def nearest(self, patches: _Pixels, *, apart_from: np.ndarray | None = None) -> Nearest:
        """The nearest patch of the picture for each of ``patches`` (N, S, S, 3).

        ``apart_from``: corners (N, 2) of the patches, if they are of this picture; what overlaps them does not count.
        """
        wanted = torch.from_numpy(np.ascontiguousarray(patches)).permute(0, 3, 1, 2).contiguous()
        own = [None] * len(wanted) if apart_from is None else apart_from.tolist()
        found = [self._of(part, own[at * _AT_ONCE :]) for at, part in enumerate(wanted.split(_AT_ONCE))]
        return Nearest(np.concatenate([one.corners for one in found]), np.concatenate([one.distances for one in found]))

    @torch.inference_mode()
    def _of(self, wanted: Tensor, own: list[list[int] | None]) -> Nearest:
        products = F.conv2d(self._x, wanted)[0]  # each patch against every place
        far = self._squares[0] + wanted.square().sum(dim=(1, 2, 3))[:, None, None] - 2 * products
        for places, corner in zip(far, own, strict=False):
            if corner is not None:
                row, column = corner
                places[max(0, row - PATCH + 1) : row + PATCH, max(0, column - PATCH + 1) : column + PATCH] = torch.inf
        least, where = far.flatten(1).min(dim=1)
        corners = np.stack(np.unravel_index(where.numpy(), far.shape[1:]), axis=1)
        return Nearest(corners, (least.clamp_min(0) / wanted[0].numel()).sqrt().numpy())


def pixels_of(picture: Image.Image) -> _Pixels:
    """``picture`` as float32 (H, W, 3), 0..1."""
    return np.asarray(picture.convert("RGB"), np.float32) / np.float32(255)
