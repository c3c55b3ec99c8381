"""From a photo to faces, and from faces to encodings: the two calls that everything else in the face demo stands on.

faces = find_faces(open_image("class.jpg"))     # the photo's subject first, then the largest
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
    mirrored,
)
from apps.face.photo.alignment import chips, crop_box
from shared.errors import ImageError, check_choice, named
from shared.model_cache import model_cache
from shared.registry import find

if TYPE_CHECKING:
    from apps.face.photo.detection import Detection

CHIP_SIDE = 150  # pixels, of resnet29-128d
ZOOMS = (0.88, 1.12)  # of the further cuts that are averaged into an encoding
SUBJECT = 0.35  # half diagonals from the centre, over which the chance of being the subject falls to 1/e
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
        """The chips that ``encoder`` encodes this face from: the plain one, its mirror image, further cuts of it."""
        first: Chip = getattr(self, encoder.cut)
        return views((first, *self.zoomed) if encoder.cut == "chip" else (first,))


def views(cuts: Sequence[Chip]) -> tuple[Chip, ...]:
    """The views of a face to be averaged, of its ``cuts`` (the plain one, then one for each of ``ZOOMS``).

    The mirror image of the plain cut, and of every other one of the others: that of all takes half as long again and is
    no more accurate.
    """
    plain, *others = cuts
    return (plain, mirrored(plain), *(mirrored(cut) if i % 2 else cut for i, cut in enumerate(others)))


def find_faces(image: Image.Image, *, every: bool = False) -> list[Face]:
    """The faces in ``image``, its subject first, then the largest; an empty list if there is none.

    Args:
        image: an RGB photo of any size, upright as people see it (``shared.images.open_image`` sees to both). Faces
            that lie on their side or head are turned.
        every: also small faces behind a large one, and those that the edge cuts: for group photos.
    """
    return cut_faces(image, locate_faces(image, every=every))


def locate_faces(
    image: Image.Image, *, every: bool = False, quick: bool = False, near: Sequence[Detection] = ()
) -> list[Detection]:
    """As ``find_faces``, without cutting them out; ``near`` as of ``detect``.

    ``quick``: only faces of an eighth of the shorter side and more, and no second tries: for live pictures, where the
    next one comes at once.
    """
    from apps.face.photo.detector import detect

    found = detect(rgb(image), fine=not quick, every=every, harder=not quick, near=near)
    subject = max(found, key=lambda face: prominence(face.box, image.size), default=None)
    return sorted(found, key=lambda face: face is not subject)  # stable: the others stay the largest first


def load_detector() -> None:
    """Have the detector in memory, so that finding faces takes what it takes."""
    with model_cache().lease(find("detector", "face")):
        pass


def cut_faces(image: Image.Image, found: Sequence[Detection], *, quick: bool = False) -> list[Face]:
    """The faces that were ``found`` in ``image``, cut out as the encoders want them; ``quick`` without further cuts."""
    return [_face(rgb(image), one, () if quick else ZOOMS) for one in found]


def rgb(image: Image.Image) -> Image.Image:
    """``image`` as RGB, itself where it is."""
    return image if image.mode == "RGB" else image.convert("RGB")


def _face(image: Image.Image, found: Detection, zooms: Sequence[float]) -> Face:
    chip, *zoomed = chips(image, found.landmarks, CHIP_SIDE, (1.0, *zooms))
    return Face(
        box=found.box,
        landmarks=found.landmarks,
        confidence=found.confidence,
        chip=chip,
        crop=_crop(image, found.box, found.landmarks),
        zoomed=tuple(zoomed),
    )


def find_face(image: Image.Image, what: str = "The photo") -> Face:
    """The subject of ``image``: the face that ``prominence`` speaks for.

    Raises:
        ImageError: there is no face.
    """
    faces = find_faces(image)
    if not faces:
        raise no_face(what, image.size)
    return faces[0]


def prominence(box: tuple[float, float, float, float], size: tuple[int, int]) -> float:
    """How much speaks for the face in ``box`` being the subject of a photo of ``size`` (width, height).

    The area that the photo shows of it, times the square of the share that it shows, times a bell curve of its
    distance from the centre: a passer-by at the edge loses against a smaller face in the middle, a speck in the middle
    against a portrait a third from the edge. Page, commands, bulk enrolment and evaluation choose by this alone.
    """
    left, top, right, bottom = box
    width = max(min(right, size[0]) - max(left, 0.0), 0.0)
    height = max(min(bottom, size[1]) - max(top, 0.0), 0.0)
    shown = width * height / max((right - left) * (bottom - top), 1e-9)
    apart = np.hypot((left + right - size[0]) / 2, (top + bottom - size[1]) / 2) / (np.hypot(*size) / 2)
    return float(width * height * shown**2 * np.exp(-((apart / SUBJECT) ** 2)))


def encode(
    faces: Sequence[Face | Chip], encoder: str = DEFAULT_ENCODER, *, average: str = DEFAULT_AVERAGE
) -> Encodings:
    """The encodings f(x) of ``faces`` by ``encoder``: unit vectors, float32 (n, D), in their order; one batch.

    Args:
        faces: found by ``find_faces``; or chips (uint8 arrays) that fit the encoder.
        encoder: a key of ``encoders.ENCODERS``. Encodings of different encoders must never be compared.
        average: a key of ``encoders.AVERAGES``: how many views are averaged into an encoding. "full" is the most
            accurate, "single" four times as fast; their encodings may be compared with each other.

    Raises:
        OptionError: no such encoder or average.
        InputError: a chip of another encoder.
        WeightsError: the encoder's weights are not available.
    """
    spec = find_encoder(encoder)
    most = AVERAGES[check_choice(average, AVERAGES, "The average")]
    seen = [face.views(spec) if isinstance(face, Face) else views((face,)) for face in faces]
    return encode_views([chips[:most] for chips in seen], spec.name)


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
