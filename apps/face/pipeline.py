"""From a photo to faces, and from faces to encodings: the two calls that everything else in the face demo stands on.

faces = find_faces(open_image("class.jpg"))     # largest first
encodings = encode(faces)                       # float32 (n, 128)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from apps.face.encoders import DEFAULT_ENCODER, Chip, Encodings, encode_chips, find_encoder
from shared.errors import ImageError


@dataclass(frozen=True, kw_only=True, eq=False)
class Face:
    """One face found in a photo; coordinates are pixels of that photo, x to the right, y down."""

    box: tuple[float, float, float, float]  # left, top, right, bottom; may reach outside the photo
    landmarks: NDArray[np.float64]  # (5, 2): left eye, right eye, nose, left and right corner of the mouth, as seen
    confidence: float  # 0..1, the detector's
    chip: NDArray[np.uint8]  # (150, 150, 3) RGB, upright: the input of resnet29-128d, and the picture to show
    crop: NDArray[np.uint8]  # (160, 160, 3) RGB, upright, wider: the input of facenet-vggface2

    @property
    def area(self) -> float:
        """Square pixels of the box."""
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])


def find_faces(image: Image.Image, *, limit: int | None = None) -> list[Face]:
    """All faces in ``image``, the largest first; an empty list where there is none.

    Args:
        image: an RGB photo of any size, upright as people see it (``shared.images.open_image`` sees to both).
        limit: at most so many faces, the largest.
    """
    from apps.face.detector import detect

    if image.mode != "RGB":
        image = image.convert("RGB")
    return detect(image)[:limit]


def find_face(image: Image.Image, what: str = "The photo") -> Face:
    """The largest face in ``image``.

    Raises:
        ImageError: there is no face.
    """
    faces = find_faces(image, limit=1)
    if not faces:
        raise ImageError(
            f"{what} shows a face",
            "none that the detector can find",
            "Take one where the face is larger, sharper or seen from the front.",
        )
    return faces[0]


def encode(faces: Sequence[Face | Chip], encoder: str = DEFAULT_ENCODER) -> Encodings:
    """The encodings f(x) of ``faces`` by ``encoder``: float32 (n, D) in their order; one batch.

    ``faces`` may be chips (uint8 arrays) that fit the encoder. Encodings of different encoders must never be compared.

    Raises:
        OptionError: no such encoder.
        InputError: a chip of another encoder.
        WeightsError: the encoder's weights cannot be had.
    """
    view = find_encoder(encoder).view
    return encode_chips([getattr(face, view) if isinstance(face, Face) else face for face in faces], encoder)
