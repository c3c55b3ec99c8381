"""MTCNN (Zhang et al. 2016) with facenet-pytorch's networks: faces and landmarks, made precise on the upright crop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
from facenet_pytorch.models.utils.detect_face import detect_face
from PIL import Image
from torch import nn

from apps.face.alignment import cut, invert, reference, similarity, transform
from shared.registry import find

if TYPE_CHECKING:
    from apps.face.pipeline import Face


class Mtcnn(nn.Module):
    """The three networks of the cascade."""

    def __init__(self) -> None:
        super().__init__()
        self.pnet, self.rnet, self.onet = PNet(pretrained=False), RNet(pretrained=False), ONet(pretrained=False)


def load(paths: Sequence[Path]) -> nn.Module:
    """The cascade with the weights of the files pnet.pt, rnet.pt, onet.pt."""
    network = Mtcnn()
    for path in paths:
        getattr(network, path.stem).load_state_dict(torch.load(path, weights_only=True), strict=True)
    return network.eval()


def detect(image: Image.Image) -> list[Face]:
    """The faces of an RGB ``image``, the largest first."""
    from apps.face.pipeline import Face
    from shared.model_cache import model_cache

    with model_cache().lease(find("detector", "face")) as network, torch.inference_mode():
        found = []
        for *box, confidence, points in _cascade(network, image, min(image.size) / 10):
            matrix = similarity(points, reference(300, 0.8))
            upright = Image.fromarray(cut(image, matrix, 300))
            again = _cascade(network, upright, 60)
            if again:
                points = transform(invert(matrix), max(again, key=lambda row: row[4])[5])
            found.append(
                Face(
                    box=(float(box[0]), float(box[1]), float(box[2]), float(box[3])),
                    landmarks=points,
                    confidence=float(confidence),
                    chip=cut(image, similarity(points, reference(150)), 150),
                    crop=cut(image, similarity(points, reference(160, 0.8)), 160),
                )
            )
    return sorted(found, key=lambda face: -face.area)


def _cascade(network: Any, image: Image.Image, smallest: float) -> list[tuple[Any, ...]]:
    if min(image.size) < 20:
        return []
    device = next(network.parameters()).device
    boxes, points = detect_face(
        image, max(smallest, 20), network.pnet, network.rnet, network.onet, [0.6, 0.7, 0.7], 0.709, device
    )
    return [(*box[:5], np.asarray(p, np.float64)) for box, p in zip(boxes[0], points[0], strict=True)]
