"""What this demo offers to others under ``shared.verifier``: the default encoder with its calibrated threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from apps.face.decision.matching import find_calibration
from apps.face.encoding.encoders import DEFAULT_ENCODER, encode_views, find_encoder
from apps.face.photo.alignment import chips
from apps.face.photo.pipeline import CHIP_SIDE, ZOOMS, prominence, views

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class FaceVerifier:
    """A ``shared.verifier.Verifier``."""

    title: str
    tau: float

    def landmarks(self, photo: Image.Image) -> Floats | None:
        """Of the face that ``photo`` (RGB) is about, (5, 2) pixels; ``None`` where none is found."""
        from apps.face.photo.detector import detect

        found = detect(photo, fine=True, harder=True)
        best = max(found, key=lambda face: prominence(face.box, photo.size), default=None)
        return None if best is None else best.landmarks

    def encodings(self, faces: Sequence[tuple[Image.Image, Floats]]) -> Floats:
        """Unit vectors (n, 128), the mean over the views of each face.

        Raises:
            WeightsError: the encoder's weights are not available.
        """
        cuts = [chips(photo, landmarks, CHIP_SIDE, (1.0, *ZOOMS)) for photo, landmarks in faces]
        return encode_views([views(each) for each in cuts]).astype(np.float64)


def verifier() -> FaceVerifier:
    """The verifier as it is calibrated.

    Raises:
        WeightsError: its figures are missing or damaged.
    """
    calibrated = find_calibration(DEFAULT_ENCODER)
    return FaceVerifier(title=find_encoder(DEFAULT_ENCODER).title, tau=calibrated.threshold)
