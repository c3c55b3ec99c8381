"""Upright chips: the similarity transform that takes five landmarks to a reference pose, and the cut.

The least-squares similarity is Umeyama's (1991). The reference pose is where MTCNN puts its landmarks on the chips that
dlib's own pipeline cuts, since the encoder was trained on those.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Landmarks = NDArray[np.float64]  # (5, 2) x, y in pixels: left eye, right eye, nose, left and right corner of the mouth
Matrix = NDArray[np.float64]  # (2, 3): photo -> chip

# pixels of a 150 px chip (median of MTCNN's landmarks on dlib's chips of the development people)
REFERENCE = np.array([(46.5, 38.9), (101.6, 39.3), (73.4, 72.9), (50.2, 101.1), (97.9, 101.8)])
REFERENCE_SIDE = 150


def similarity(source: Landmarks, target: Landmarks) -> Matrix:
    """The rotation, scale and shift (no mirror) with the least squared error from ``source`` to ``target``, (2, 3)."""
    centre_s, centre_t = source.mean(0), target.mean(0)
    s, t = source - centre_s, target - centre_t
    U, S, Vt = np.linalg.svd(t.T @ s)
    sign = np.array([1.0, np.sign(np.linalg.det(U @ Vt)) or 1.0])
    scale = (S * sign).sum() / max((s**2).sum(), 1e-12)
    R = scale * (U * sign) @ Vt
    return np.hstack([R, (centre_t - R @ centre_s)[:, None]])


def invert(matrix: Matrix) -> Matrix:
    """The transform back, (2, 3)."""
    inverse = np.linalg.inv(matrix[:, :2])
    return np.hstack([inverse, -(inverse @ matrix[:, 2:])])


def transform(matrix: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """``points`` (n, 2) taken through ``matrix``."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def reference(side: int, zoom: float = 1.0) -> Landmarks:
    """The reference pose in a chip of ``side`` pixels; ``zoom`` < 1 leaves more room around the face."""
    centre = REFERENCE_SIDE / 2
    return ((REFERENCE - centre) * zoom + centre) * (side / REFERENCE_SIDE)


def cut(image: Image.Image, matrix: Matrix, side: int) -> NDArray[np.uint8]:
    """The chip, uint8 (side, side, 3): its pixels taken bilinearly from ``image`` through ``matrix``; black outside.

    Where the chip is smaller than the face in the photo, the photo is first shrunk by area so that nothing aliases.
    """
    scale = float(np.hypot(*matrix[:, 0]))
    inverse = invert(matrix)
    # the part of the photo that the chip covers, so that a large photo is not touched as a whole
    corners = transform(inverse, np.array([(0, 0), (side, 0), (0, side), (side, side)], np.float64))
    left, top = np.floor(np.maximum(corners.min(0) - 2 / scale, 0)).astype(int)
    right, bottom = np.ceil(np.minimum(corners.max(0) + 2 / scale, image.size)).astype(int)
    if right <= left or bottom <= top:
        return np.zeros((side, side, 3), np.uint8)
    part = image.crop((int(left), int(top), int(right), int(bottom)))
    inverse = inverse - np.array([[0, 0, left], [0, 0, top]], np.float64)
    shrink = int(1 / scale)
    if shrink > 1:
        part = part.reduce(shrink)
        inverse = inverse / shrink
    data = tuple(float(value) for value in inverse.ravel())
    chip = part.transform((side, side), Image.Transform.AFFINE, data, Image.Resampling.BILINEAR)
    return np.asarray(chip, np.uint8)
