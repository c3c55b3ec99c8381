"""From a photo to faces, and from faces to encodings: the two calls that everything else in the face demo stands on.

faces = find_faces(open_image("class.jpg"))     # largest first
encodings = encode(faces)                       # float32 (n, 128), unit vectors
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from apps.face.encoding.encoders import (
    AVERAGES,
    DEFAULT_AVERAGE,
    DEFAULT_ENCODER,
    Chip,
    Encoder,
    Encodings,
    encode_views,
    find_encoder,
)
from apps.face.photo.alignment import chips, crop_box
from shared.errors import ImageError, check_choice, named

if TYPE_CHECKING:
    from apps.face.photo.detector import Detection

CHIP_SIDE = 150  # pixels, of resnet29-128d
ZOOMS = (0.88, 1.12)  # of the further cuts that are averaged into an encoding
CROP_SIDE = 160  # pixels, of facenet-vggface2
CROP_MARGIN = 14  # pixels of the crop that lie outside the box, both sides together


@dataclass(frozen=True, kw_only=True, eq=False)
class Face:
    """One face found in a photo; coordinates are pixels of that photo, x to the right, y down."""

    box: tuple[float, float, float, float]  # left, top, right, bottom; may reach outside the photo
    landmarks: NDArray[np.float64]  # (5, 2): left eye, right eye, nose, left and right corner of the mouth, as seen
    confidence: float  # 0..1, the detector's
    chip: Chip  # (150, 150, 3) RGB, upright: the input of resnet29-128d, and the picture to show
    crop: Chip  # (160, 160, 3) RGB, the box with a margin: the input of facenet-vggface2
    zoomed: tuple[Chip, ...] = ()  # the chip cut wider and tighter, for the mean that is the encoding

    @property
    def area(self) -> float:
        """Square pixels of the box."""
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])

    def views(self, encoder: Encoder) -> tuple[Chip, ...]:
        """The chips that ``encoder`` encodes this face from, the plain one first."""
        first: Chip = getattr(self, encoder.view)
        return (first, *self.zoomed) if encoder.view == "chip" else (first,)


def find_faces(image: Image.Image, *, limit: int | None = None, quick: bool = False) -> list[Face]:
    """All faces in ``image``, the largest first; an empty list where there is none.

    Args:
        image: an RGB photo of any size, upright as people see it (``shared.images.open_image`` sees to both).
        limit: at most so many faces, the largest.
        quick: only faces of an eighth of the shorter side and more, and no second tries: for live pictures, where the
            next one comes at once.
    """
    from apps.face.photo.detector import detect

    image = image if image.mode == "RGB" else image.convert("RGB")
    return [_face(image, found) for found in detect(image, fine=not quick, harder=not quick)[:limit]]


def _face(image: Image.Image, found: Detection) -> Face:

    chip, *zoomed = chips(image, found.landmarks, CHIP_SIDE, (1.0, *ZOOMS))
    return Face(
        box=found.box,
        landmarks=found.landmarks,
        confidence=found.confidence,
        chip=chip,
        crop=_crop(image, found.box, found.landmarks),
        zoomed=tuple(zoomed),
    )


def find_face(image: Image.Image, what: str = "The photo", *, central: bool = False) -> Face:
    """The largest face in ``image``; with ``central``, the one that ``centrality`` finds its subject.

    Raises:
        ImageError: there is no face.
    """
    faces = find_faces(image)
    if not faces:
        raise no_face(what, image.size)
    return max(faces, key=lambda face: centrality(face, image.size)) if central else faces[0]


def centrality(face: Face | Detection, size: tuple[int, int]) -> float:
    """How much speaks for ``face`` being the subject of a photo of ``size`` (width, height).

    Its area less twice the squared distance of its centre from the photo's, as facenet-pytorch weighs the photos of
    LFW, where other people stand next to and behind the subject.
    """
    x, y = (face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2
    return face.area - 2.0 * ((x - size[0] / 2) ** 2 + (y - size[1] / 2) ** 2)


def encode(
    faces: Sequence[Face | Chip], encoder: str = DEFAULT_ENCODER, *, average: str = DEFAULT_AVERAGE
) -> Encodings:
    """The encodings f(x) of ``faces`` by ``encoder``: unit vectors, float32 (n, D), in their order; one batch.

    Args:
        faces: found by ``find_faces``; or chips (uint8 arrays) that fit the encoder.
        encoder: a key of ``encoders.ENCODERS``. Encodings of different encoders must never be compared.
        average: a key of ``encoders.AVERAGES``: what is averaged into an encoding. "full" is the most accurate,
            "single" six times as fast; their encodings may be compared with each other.

    Raises:
        OptionError: no such encoder or average.
        InputError: a chip of another encoder.
        WeightsError: the encoder's weights are not available.
    """
    spec = find_encoder(encoder)
    flip, zoom = AVERAGES[check_choice(average, AVERAGES, "The average")]
    views = [face.views(spec) if isinstance(face, Face) else (face,) for face in faces]
    return encode_views([chips if zoom else chips[:1] for chips in views], spec.name, flip=flip)


def _crop(image: Image.Image, box: tuple[float, float, float, float], landmarks: NDArray[np.float64]) -> Chip:
    """The box and its margin, squeezed square as FaceNet was trained on; only faces lying on their side are turned."""

    eyes = landmarks[1] - landmarks[0]
    quarter_turns = round(float(np.degrees(np.arctan2(eyes[1], eyes[0]))) / 90) % 4
    cut = crop_box(image, box, CROP_SIDE, CROP_SIDE / (CROP_SIDE - CROP_MARGIN))
    return np.ascontiguousarray(np.rot90(cut, quarter_turns))


def no_face(what: str, size: tuple[int, int]) -> ImageError:
    """The photo shows no face that the detector can find: what to do about it."""
    if min(size) < 60:
        return ImageError(
            f"{named(what)}, showing a face at least 40 pixels wide",
            f"a picture of {size[0]} x {size[1]} pixels, too small to find one",
            "Choose a larger picture.",
        )
    return ImageError(
        f"{named(what)}, showing a face",
        "none that the detector can find",
        "Try a photo where the face is larger, upright, seen from the front, evenly lit and not covered.",
    )
