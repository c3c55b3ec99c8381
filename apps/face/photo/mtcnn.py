"""The cascade of MTCNN (Zhang et al. 2016, arXiv 1604.02878) with the three networks of facenet-pytorch.

P-Net slides over a pyramid of the photo and proposes squares, R-Net refuses most of them, O-Net decides and places five
landmarks. Networks and weights are facenet-pytorch's; the cascade is our own, because that package's gives
no landmarks in a known box, fails on photos under 20 pixels and in bfloat16, resamples the full photo for every level,
and squeezes a crop that reaches over the photo's edge: the landmarks of tight portraits move by a tenth of the face.
Here one batched ``roi_align`` cuts the crops of all candidates (an average where it shrinks; outside the photo its edge
goes on), and the pyramid is built level from level.

Boxes are (left, top, right, bottom) in pixels of the tensor, edges rather than pixel centres; landmarks are x, y.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
from torch import Tensor, nn
from torchvision.ops import nms, roi_align

# The numbers below, and those of the overlaps, are facenet-pytorch's.
CELL, STRIDE = 12, 2  # pixels that one output of P-Net sees, and the step between outputs
FACTOR = 0.709  # between levels of the pyramid: half the area
REFINE, OUTPUT = 24, 48  # pixels of the inputs of R-Net and O-Net
MEAN, SCALE = 127.5, 128.0


class Mtcnn(nn.Module):
    """P-Net, R-Net and O-Net."""

    def __init__(self) -> None:
        super().__init__()
        self.pnet, self.rnet, self.onet = PNet(pretrained=False), RNet(pretrained=False), ONet(pretrained=False)


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """The least confidence that a candidate needs to pass each network."""

    propose: float = 0.6
    refine: float = 0.7
    output: float = 0.7


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """What a stage lets through: N boxes, best first within a stage, with landmarks after the last one."""

    boxes: Tensor  # N 4
    scores: Tensor  # N
    landmarks: Tensor  # N 5 2


def load(paths: Sequence[Path]) -> nn.Module:
    """The networks with the weights of the files pnet.pt, rnet.pt and onet.pt, float32, in evaluation mode."""
    network = Mtcnn()
    for path in paths:
        getattr(network, path.stem).load_state_dict(
            torch.load(path, map_location="cpu", weights_only=True), strict=True
        )
    return network.eval().to(memory_format=torch.channels_last)


def cascade(network: nn.Module, pixels: Tensor, smallest: float, thresholds: Thresholds | None = None) -> Candidates:
    """The faces in ``pixels`` (1 3 H W, RGB 0..255, float) that are at least ``smallest`` pixels high and wide."""
    limits = thresholds or Thresholds()
    x = (pixels - MEAN) / SCALE
    levels = [x]  # the photo, halved again and again as far as the crops need it
    boxes = _propose(network, x, smallest, limits.propose)
    if len(boxes):
        boxes = _refine(network, levels, boxes, limits.refine)
    if not len(boxes):
        return Candidates(boxes=x.new_zeros(0, 4), scores=x.new_zeros(0), landmarks=x.new_zeros(0, 5, 2))
    return _output(network, levels, boxes, limits.output)


def place_landmarks(network: nn.Module, crops: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """O-Net on ``crops`` of one face each (N 3 48 48, RGB 0..255).

    Landmarks N 5 2 in crop pixels, confidence N, and its log odds N, which still differ where the confidence is 1.
    """
    _, landmarks, scores = network.onet((crops - MEAN) / SCALE)  # type: ignore[operator]
    log = scores.clamp(min=1e-30).log()
    return landmarks.view(-1, 2, 5).transpose(1, 2) * OUTPUT, scores[:, 1], log[:, 1] - log[:, 0]


def _propose(network: nn.Module, x: Tensor, smallest: float, threshold: float) -> Tensor:
    H, W = x.shape[2:]
    scale = min(CELL / smallest, 4.0)
    level, found, confidences = x, [], []
    while min(H, W) * scale >= CELL:
        level = F.interpolate(level, size=(int(H * scale + 1), int(W * scale + 1)), mode="area").contiguous(
            memory_format=torch.channels_last
        )
        shifts, scores = network.pnet(level)  # type: ignore[operator]  # 1 4 h w, 1 2 h w
        at = (scores[0, 1] >= threshold).nonzero()  # n 2: row, column
        score = scores[0, 1][at[:, 0], at[:, 1]]
        corner = STRIDE * at.flip(1)
        # the level's sides are rounded up, so each axis has its own scale
        size = x.new_tensor([W / level.shape[3], H / level.shape[2]])
        boxes = torch.cat([corner * size, (corner + CELL) * size], 1)
        boxes = _shift(boxes, shifts[0][:, at[:, 0], at[:, 1]].T)
        kept = nms(boxes, score, 0.5)
        found.append(boxes[kept])
        confidences.append(score[kept])
        scale *= FACTOR
    if not found:
        return x.new_zeros(0, 4)
    boxes = torch.cat(found)
    return _square(boxes[nms(boxes, torch.cat(confidences), 0.7)])


def _refine(network: nn.Module, levels: list[Tensor], boxes: Tensor, threshold: float) -> Tensor:
    shifts, scores = network.rnet(_crop(levels, boxes, REFINE))  # type: ignore[operator]
    passed = scores[:, 1] > threshold
    boxes, shifts, score = boxes[passed], shifts[passed], scores[passed, 1]
    kept = nms(boxes, score, 0.7)
    return _square(_shift(boxes[kept], shifts[kept]))


def _output(network: nn.Module, levels: list[Tensor], boxes: Tensor, threshold: float) -> Candidates:
    shifts, points, scores = network.onet(_crop(levels, boxes, OUTPUT))  # type: ignore[operator]
    passed = scores[:, 1] > threshold
    boxes, shifts, score = boxes[passed], shifts[passed], scores[passed, 1]
    size = (boxes[:, 2:] - boxes[:, :2])[:, None]  # n 1 2
    landmarks = boxes[:, None, :2] + points[passed].view(-1, 2, 5).transpose(1, 2) * size
    boxes = _shift(boxes, shifts)
    kept = _suppress(boxes, score, 0.7)
    return Candidates(boxes=boxes[kept], scores=score[kept], landmarks=landmarks[kept])


def _crop(levels: list[Tensor], boxes: Tensor, side: int) -> Tensor:
    """The squares ``boxes`` of the photo ``levels[0]`` as N 3 side side; outside the photo its edge goes on.

    Large squares are cut from the photo halved as often as leaves them twice ``side``: four samples per pixel are then
    an average over all that the pixel covers, at a hundredth of the time. ``levels`` grows by the halvings needed.
    """
    halvings = (boxes[:, 2] - boxes[:, 0]).div(2 * side).log2().floor().clamp(min=0)
    crops = levels[0].new_empty(len(boxes), 3, side, side)
    for n in halvings.unique().tolist():
        while len(levels) <= n and min(levels[-1].shape[2:]) > 1:
            levels.append(_halve(levels[-1]))
        done = min(int(n), len(levels) - 1)
        chosen = halvings == n
        crops[chosen] = _cut(levels[done], boxes[chosen] / 2**done, side)
    return crops.contiguous(memory_format=torch.channels_last)


def _halve(x: Tensor) -> Tensor:
    """``x`` at half the height and width, rounded up: means of 2 x 2 pixels; an odd last row or column stands alone.

    Strided sums take a quarter of the time of ``avg_pool2d`` on one thread.
    """
    H, W = x.shape[2:]
    x = F.pad(x, (0, W % 2, 0, H % 2), mode="replicate") if H % 2 or W % 2 else x
    rows = x[:, :, ::2] + x[:, :, 1::2]
    return (rows[..., ::2] + rows[..., 1::2]) / 4


def _cut(x: Tensor, boxes: Tensor, side: int) -> Tensor:
    beyond = torch.cat([-boxes[:, :2], boxes[:, 2:] - boxes.new_tensor([x.shape[3], x.shape[2]])])
    margin = max(int(beyond.max().ceil()), 0)
    padded = F.pad(x, (margin,) * 4, mode="replicate")
    crops: Tensor = roi_align(padded, [boxes + margin], side, sampling_ratio=2, aligned=True)
    return crops


def _shift(boxes: Tensor, shifts: Tensor) -> Tensor:
    """``boxes`` moved by the networks' regression: each edge by its share of the box's side."""
    size = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
    return boxes + shifts * size


def _square(boxes: Tensor) -> Tensor:
    """The squares with the boxes' centres and longer sides."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).amax(1, keepdim=True) / 2
    return torch.cat([centre - half, centre + half], 1)


def _suppress(boxes: Tensor, scores: Tensor, threshold: float) -> Tensor:
    """Indices of the boxes to keep, best first; overlap is a share of the smaller box, so a box in a box goes."""
    order = scores.argsort(descending=True)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    kept: list[int] = []
    for i in order.tolist():
        others = boxes[kept]
        corner = torch.maximum(others[:, :2], boxes[i, :2])
        overlap = (torch.minimum(others[:, 2:], boxes[i, 2:]) - corner).clamp(min=0).prod(1)
        if not bool((overlap / torch.minimum(area[kept], area[i]) > threshold).any()):
            kept.append(i)
    return torch.tensor(kept, dtype=torch.long, device=boxes.device)
