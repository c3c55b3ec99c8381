"""Upright chips: the similarity transform that takes five landmarks to a reference pose, and the cut.

The least-squares similarity is Umeyama's (1991). The reference pose is where our landmarks lie, in the median, on the
chips that dlib's own pipeline cuts from the development people: the encoder was trained on such chips.

Coordinates are pixels from the picture's left and upper edge: the centre of the first pixel is (0.5, 0.5).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Points = NDArray[np.float64]  # (n, 2) x, y
Landmarks = NDArray[np.float64]  # (5, 2): left eye, right eye, nose, left and right corner of the mouth, as seen
Matrix = NDArray[np.float64]  # (2, 3): photo -> chip

REFERENCE = np.array([(48.0, 46.0), (101.8, 45.7), (74.5, 78.9), (51.9, 104.8), (98.3, 105.1)])
REFERENCE_SIDE = 150  # pixels of the chip whose coordinates REFERENCE has


def similarity(source: Landmarks, target: Landmarks) -> Matrix:
    """The rotation, scale and shift (no mirror) with the least squared error from ``source`` to ``target``, (2, 3)."""
    centre_s, centre_t = source.mean(0), target.mean(0)
    s, t = source - centre_s, target - centre_t
    U, S, Vt = np.linalg.svd(t.T @ s)
    sign = np.array([1.0, 1.0 if np.linalg.det(U @ Vt) >= 0 else -1.0])
    scale = (S * sign).sum() / max((s**2).sum(), 1e-12)
    R = scale * (U * sign) @ Vt
    return np.hstack([R, (centre_t - R @ centre_s)[:, None]])


def invert(matrix: Matrix) -> Matrix:
    """The transform back, (2, 3)."""
    inverse = np.linalg.inv(matrix[:, :2])
    return np.hstack([inverse, -(inverse @ matrix[:, 2:])])


def transform(matrix: Matrix, points: Points) -> Points:
    """``points`` (n, 2) taken through ``matrix``."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def pose(side: int, zoom: float = 1.0) -> Landmarks:
    """Where the landmarks belong in a chip of ``side`` pixels; ``zoom`` below 1 leaves more room around the face."""
    centre = REFERENCE_SIDE / 2
    return ((REFERENCE - centre) * zoom + centre) * (side / REFERENCE_SIDE)


def chips(image: Image.Image, landmarks: Landmarks, side: int, zooms: Sequence[float]) -> list[NDArray[np.uint8]]:
    """Upright chips of the face with these ``landmarks``, one per zoom (see ``pose``): uint8 (side, side, 3) each."""
    return cuts(image, [similarity(landmarks, pose(side, zoom)) for zoom in zooms], side)


def cut(image: Image.Image, matrix: Matrix, side: int) -> NDArray[np.uint8]:
    """The one square that ``matrix`` takes from ``image``; see ``cuts``."""
    return cuts(image, [matrix], side)[0]


def cuts(image: Image.Image, matrices: Sequence[Matrix], side: int) -> list[NDArray[np.uint8]]:
    """The squares of ``side`` pixels that ``matrices`` take from ``image``: uint8 (side, side, 3) each.

    Pixels are taken bilinearly, from the photo shrunk by a whole number first where the chip is much smaller, so that
    nothing aliases. Outside the photo its edge goes on.
    """
    inverses = [invert(matrix) for matrix in matrices]
    scales = [float(np.hypot(*inverse[:, 0])) for inverse in inverses]  # pixels of the photo per pixel of the chip
    # only the part that the chips cover is touched, however large the photo is
    square = np.array([(0, 0), (side, 0), (0, side), (side, side)], np.float64)
    corners = np.concatenate([transform(inverse, square) for inverse in inverses])
    room = 2 * max(scales) + 2
    left, top = (int(value) for value in np.floor(corners.min(0) - room))
    right, bottom = (int(value) for value in np.ceil(corners.max(0) + room))
    shrunk = {1: _crop(image, left, top, right, bottom)}
    taken = []
    for inverse, scale in zip(inverses, scales, strict=True):
        shrink = max(int(scale), 1)
        if shrink not in shrunk:
            shrunk[shrink] = shrunk[1].reduce(shrink)
        data = tuple(float(value) for value in ((inverse - [[0, 0, left], [0, 0, top]]) / shrink).ravel())
        square_cut = shrunk[shrink].transform((side, side), Image.Transform.AFFINE, data, Image.Resampling.BILINEAR)
        taken.append(np.asarray(square_cut, np.uint8))
    return taken


def crop_box(image: Image.Image, box: tuple[float, float, float, float], side: int, grow: float) -> NDArray[np.uint8]:
    """``box`` (left, top, right, bottom), ``grow`` times as wide and high, resized to uint8 (side, side, 3)."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    half_w, half_h = grow * max(box[2] - box[0], 1) / 2, grow * max(box[3] - box[1], 1) / 2
    left, top, right, bottom = round(x - half_w), round(y - half_h), round(x + half_w), round(y + half_h)
    part = _crop(image, left, top, max(right, left + 1), max(bottom, top + 1))
    return np.asarray(part.resize((side, side), Image.Resampling.BILINEAR), np.uint8)


def _crop(image: Image.Image, left: int, top: int, right: int, bottom: int) -> Image.Image:
    """A crop that may reach over the photo's edge, which then goes on."""
    W, H = image.size
    # a square far outside would be all edge; the clamp bounds its memory, not its content
    inside = (min(max(left, 0), W - 1), min(max(top, 0), H - 1), max(min(right, W), 1), max(min(bottom, H), 1))
    if inside == (left, top, right, bottom):
        return image.crop(inside)
    pixels = np.asarray(image.crop(inside))
    pads = ((inside[1] - top, bottom - inside[3]), (inside[0] - left, right - inside[2]), (0, 0))
    return Image.fromarray(np.pad(pixels, [(max(a, 0), max(b, 0)) for a, b in pads], mode="edge"))
