"""Finds the faces of a photo and their landmarks: MTCNN, as often and as finely as the photo needs.

A portrait is found in the first, coarse search; unless it fills a good part of the photo, or ``every`` face is wanted,
the photo is searched again for small ones. Only where nothing sure is found are the harder tries made: the photo with
its edge carried on around it (tight crops), then turned by a quarter or upside down, then with lower thresholds and
mirrored. The cost is bounded: the cascade sees at most ``LONGEST`` pixels a side; chips are cut from the photo itself.

The landmarks of the first search are coarse and were found on a tilted face. O-Net places them again on the upright
face, and its confidence there decides. MTCNN was trained on upright faces, but now and then it accepts one on its head
or its side, with the eyes where the mouth is, and is sure of it. So O-Net sees every find four times, turned by
quarters: the face is upright where it is surest. Where that is not the way it was found, the landmarks are placed
again, and the photo is searched once more turned like this face: the others in it are likely to lie as it does. What
looks like a face once but not when it is cut by its own new landmarks (a spoon) is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor, nn

from apps.face.photo.alignment import REFERENCE, Matrix, Points, cut, invert, similarity, transform
from apps.face.photo.detection import Detection
from apps.face.photo.mtcnn import OUTPUT, Candidates, Thresholds, cascade, place_landmarks
from shared.model_cache import model_cache
from shared.registry import find

LONGEST = 1024  # pixels of the longer side that the cascade sees
LIVE = 320  # the same where no small faces are looked for; an eighth of the shorter side is then some 30 pixels
LEAST = 16  # pixels of the shorter side; nothing is found in smaller pictures
PORTRAIT = 1 / 3  # of the shorter side: with a face this large, no small ones are looked for
COARSE = 1 / 8  # of the shorter side: the smallest face of the first search
FINE = 1 / 32  # of the longer side: the smallest face of the second
MARGIN = 0.25  # of the longer side: how far the edge is carried on for faces that it cuts
SAME = 0.5  # of the smaller box inside the other, from which two finds are one face
FINEST = 20.0  # pixels, as the cascade sees them
# Confidence on the upright face from which nothing else is tried, and which the harder tries need. The one false find
# in 28 pictures without people, a motorcycle's lamps, has 0.76 (weights/face/detector.md).
SURE = 0.8
KEPT = 0.5  # confidence below which a find is dropped
# O-Net sees the square of this half side around this centre, in pixels of the 150 px chip
FRAME_CENTRE, FRAME_HALF = (75.0, 65.0), 70.0


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One way of searching a photo in which nothing sure has been found yet."""

    margin: float = 0.0  # of the longer side, added all round with the edge carried on
    smallest: float = COARSE  # of the shorter side
    mirrored: bool = False
    quarter_turns: int = 0  # anticlockwise
    thresholds: Thresholds | None = None  # None: the usual ones


LOW = Thresholds(propose=0.5, refine=0.5, output=0.5)
# Chosen on the four development photos whose face the usual search misses: margins, and smallest faces that put the
# levels of the pyramid elsewhere (1 / 7 and 0.186 of the shorter side instead of 1 / 8).
HARDER = (
    Attempt(margin=MARGIN),
    *(Attempt(quarter_turns=turns) for turns in (1, 3, 2)),
    # what the networks miss they often find at another level of the pyramid, or in the mirror image
    Attempt(margin=0.25, smallest=1 / 7, thresholds=LOW),
    Attempt(margin=0.5, smallest=0.186, thresholds=LOW, mirrored=True),
    Attempt(margin=0.25, smallest=1 / 7, thresholds=LOW, mirrored=True),
)


def detect(
    image: Image.Image,
    *,
    fine: bool = True,
    every: bool = False,
    second_pass: bool = True,
    harder: bool = True,
    near: Sequence[Detection] = (),
) -> list[Detection]:
    """The faces in the RGB photo ``image``, the largest first; none where the detector sees none.

    Without ``fine`` no faces under ``COARSE`` are looked for, in at most ``LIVE`` pixels a side; with ``every`` small
    ones and those cut by the photo's edge are looked for next to a large one, too. Without ``second_pass`` faces and
    landmarks are those of the first search, without ``harder`` nothing else is tried where that is unsure. ``near`` are
    the faces of the picture just before, in a film: where O-Net still sees every one of them, nothing is searched, at a
    quarter of the time.
    """
    if min(image.size) < LEAST:
        return []
    with model_cache().lease(find("detector", "face")) as network, torch.inference_mode():
        if near and (followed := _followed(network, image, near)):
            return followed
        found = _search(network, image, fine=fine, every=every)
        if second_pass:
            found = _precise(network, image, found)
            for turns in _turns(found):
                found = _joined(_try(network, image, Attempt(margin=MARGIN, quarter_turns=turns)), found)
        for attempt in HARDER if harder else ():
            if _surest(found) >= SURE:
                break
            found = max(found, _try(network, image, attempt), key=_surest)
    return sorted(found, key=lambda face: -face.area)


def _search(network: nn.Module, image: Image.Image, *, fine: bool, every: bool = False) -> list[Detection]:
    """The coarse search and, where ``fine`` and unless it finds a portrait, the fine one; ``every``: see ``detect``."""
    pixels, scale = _pixels(network, image, LONGEST if fine or every else LIVE)
    shorter, longer = sorted(pixels.shape[2:])
    coarse, finer = max(FINEST, COARSE * shorter), max(FINEST, FINE * longer)
    if every:
        margin = int(MARGIN * longer)
        padded = torch.nn.functional.pad(pixels, (margin,) * 4, mode="replicate")
        return _detections(cascade(network, padded, min(coarse, finer)), scale, shift=margin)
    found = _detections(cascade(network, pixels, coarse), scale)
    largest = max((face.box[2] - face.box[0] for face in found), default=0.0) / scale
    if not fine or largest >= PORTRAIT * shorter or finer >= 0.9 * coarse:
        return found
    return _detections(cascade(network, pixels, finer), scale)


def _followed(network: nn.Module, image: Image.Image, near: Sequence[Detection]) -> list[Detection]:
    """The faces ``near`` where they are now, the largest first; none of them where one is not surely there."""
    now = [views[0].face for views in _sides(network, image, list(near))]
    if min(face.confidence for face in now) < SURE:
        return []
    shifts = [new.landmarks.mean(0) - old.landmarks.mean(0) for new, old in zip(now, near, strict=True)]
    moved = [replace(face, box=_four(np.add(face.box, [*by, *by]))) for face, by in zip(now, shifts, strict=True)]
    return sorted(moved, key=lambda face: -face.area)


def _try(network: nn.Module, image: Image.Image, attempt: Attempt) -> list[Detection]:
    """What ``attempt`` finds, in pixels of ``image``."""
    turned = Image.fromarray(np.rot90(np.asarray(image), attempt.quarter_turns)) if attempt.quarter_turns else image
    turned = ImageOps.mirror(turned) if attempt.mirrored else turned
    pixels, scale = _pixels(network, turned)
    margin = int(attempt.margin * max(pixels.shape[2:]))
    padded = torch.nn.functional.pad(pixels, (margin,) * 4, mode="replicate")
    smallest = max(FINEST, attempt.smallest * min(pixels.shape[2:]))
    found = _detections(cascade(network, padded, smallest, attempt.thresholds), scale, shift=margin)
    found = [face for face in _precise(network, turned, found) if face.confidence >= SURE]
    # seen once more, by its own landmarks: what only looks like a face falls apart
    again = _sides(network, turned, found)
    found = [face for face, views in zip(found, again, strict=True) if views[0].face.confidence >= KEPT]
    if attempt.mirrored:
        found = [_mirror(face, turned.width) for face in found]
    return [_turn_back(face, image.size, attempt.quarter_turns) for face in found]


def _pixels(network: nn.Module, image: Image.Image, longest: int = LONGEST) -> tuple[Tensor, float]:
    """The photo as the cascade sees it, 1 3 H W in 0..255, and how many of the photo's pixels one of its pixels is."""
    scale = max(max(image.size) / longest, 1.0)
    if scale > 1:
        size = (max(round(image.width / scale), 1), max(round(image.height / scale), 1))
        image = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    device = next(network.parameters()).device
    pixels = torch.from_numpy(np.array(image)).to(device)  # H W 3
    return pixels.permute(2, 0, 1)[None].float().contiguous(), scale  # channels apart: halved in a tenth of the time


def _detections(candidates: Candidates, scale: float, shift: float = 0.0) -> list[Detection]:
    boxes = (candidates.boxes - shift).cpu().numpy().astype(np.float64) * scale
    landmarks = (candidates.landmarks - shift).cpu().numpy().astype(np.float64) * scale
    return [
        Detection(box=_four(box), landmarks=points, confidence=float(score))
        for box, points, score in zip(boxes, landmarks, candidates.scores.cpu().numpy(), strict=True)
    ]


def _precise(network: nn.Module, image: Image.Image, faces: list[Detection]) -> list[Detection]:
    """Those of ``faces`` that O-Net believes in once they are upright, with the landmarks that it places there."""
    sides = _sides(network, image, faces)
    chosen = [views[0] for views in sides]
    turned = [i for i, views in enumerate(sides) if max(views, key=_odds) is not views[0]]
    again = _sides(network, image, [max(sides[i], key=_odds).face for i in turned])
    for i, views in zip(turned, again, strict=True):
        # a face half covered can look likelier on its head; by its own landmarks it does not
        if max(views, key=_odds) is views[0] and views[0].odds > chosen[i].odds:
            chosen[i] = views[0]
    return [view.face for view in chosen if view.face.confidence >= KEPT]


@dataclass(frozen=True)
class _View:
    """What O-Net sees in a face that is turned one way."""

    face: Detection  # with the landmarks and the confidence of this view
    odds: float  # log odds that it is one


def _odds(view: _View) -> float:
    return view.odds


def _sides(network: nn.Module, image: Image.Image, faces: list[Detection]) -> list[list[_View]]:
    """Each face as it was found, then turned anticlockwise by one, two and three quarters."""
    if not faces:
        return []
    target = (REFERENCE - FRAME_CENTRE + FRAME_HALF) * (OUTPUT / FRAME_HALF)  # in a frame of twice O-Net's input
    matrices: list[Matrix] = [similarity(face.landmarks, target) for face in faces]
    frames = np.stack([cut(image, matrix, 2 * OUTPUT) for matrix in matrices])  # n 96 96 3
    device = next(network.parameters()).device
    crops = torch.nn.functional.avg_pool2d(torch.from_numpy(frames).to(device).permute(0, 3, 1, 2).float(), 2)
    turned = torch.stack([crops.rot90(turns, (2, 3)) for turns in range(4)], 1).flatten(0, 1)  # 4n 3 48 48
    points, scores, odds = place_landmarks(network, turned.contiguous(memory_format=torch.channels_last))
    placed = 2 * points.cpu().numpy().astype(np.float64).reshape(-1, 4, 5, 2)
    seen = zip(faces, matrices, placed, scores.view(-1, 4).tolist(), odds.view(-1, 4).tolist(), strict=True)
    return [
        [
            _View(
                replace(
                    face,
                    landmarks=transform(invert(matrix), _unturned(spots[turns], turns, 2 * OUTPUT)),
                    confidence=score[turns],
                ),
                odds[turns],
            )
            for turns in range(4)
        ]
        for face, matrix, spots, score, odds in seen
    ]


def _unturned(points: Points, turns: int, side: float) -> Points:
    """Where ``points`` of a square of ``side`` lay before it was turned anticlockwise by ``turns`` quarters."""
    for _ in range(turns):
        points = np.stack([side - points[:, 1], points[:, 0]], 1)
    return points


def _turns(faces: list[Detection]) -> list[int]:
    """The quarter turns, anticlockwise, that would make some sure one of ``faces`` upright; without none."""
    eyes = [face.landmarks[1] - face.landmarks[0] for face in faces if face.confidence >= SURE]
    return sorted({round(float(np.degrees(np.arctan2(y, x))) / 90) % 4 for x, y in eyes} - {0})


def _joined(first: list[Detection], second: list[Detection]) -> list[Detection]:
    """``first``, and those of ``second`` that are none of them."""
    new = [face for face in second if all(_overlap(face, known) <= SAME for known in first)]
    return first + new


def _overlap(a: Detection, b: Detection) -> float:
    """The share of the smaller box that lies in the other."""
    width = min(a.box[2], b.box[2]) - max(a.box[0], b.box[0])
    height = min(a.box[3], b.box[3]) - max(a.box[1], b.box[1])
    return max(width, 0.0) * max(height, 0.0) / max(min(a.area, b.area), 1e-9)


def _surest(faces: list[Detection]) -> float:
    return max((face.confidence for face in faces), default=0.0)


def _mirror(face: Detection, width: int) -> Detection:
    """A face found in the mirror image of a photo ``width`` pixels wide: left and right change places."""
    left, top, right, bottom = face.box
    points = face.landmarks[[1, 0, 2, 4, 3]] * (-1.0, 1.0) + (width, 0.0)
    return replace(face, box=(width - right, top, width - left, bottom), landmarks=points)


def _turn_back(face: Detection, size: tuple[int, int], quarter_turns: int) -> Detection:
    """A face found in the photo turned anticlockwise, in pixels of the photo of ``size`` (width, height)."""
    corners = np.array(face.box).reshape(2, 2)
    points = np.vstack([face.landmarks, corners])
    W, H = size
    for turn in range(quarter_turns, 0, -1):
        width = W if turn % 2 else H  # of the picture before this turn
        points = _unturned(points, 1, width)
    low, high = points[5:].min(0), points[5:].max(0)
    return replace(face, landmarks=points[:5], box=_four(np.concatenate([low, high])))


def _four(values: NDArray[np.float64]) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(value) for value in values)
    return left, top, right, bottom
