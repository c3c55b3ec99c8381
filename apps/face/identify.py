"""Who is in a photo, asked on the command line: a folder of photos is the gallery, nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from apps.face.decision.error_curves import pooling
from apps.face.decision.matching import check_threshold, find_calibration
from apps.face.encoding.encoders import DEFAULT_ENCODER, find_encoder
from apps.face.gallery.bulk import Report, enroll_all, list_folder
from apps.face.gallery.gallery import CLASS_LIMITS, MemoryGallery, thumbnail
from apps.face.gallery.index import Identification, repeated
from apps.face.photo.pipeline import Face, encode, find_face, find_faces, no_face
from shared.errors import InputError, check_whole
from shared.images import open_image

_OWNER = "command line"


@dataclass(frozen=True, kw_only=True)
class Identified:
    """Every face of a photo with its ranking."""

    faces: tuple[Face, ...]  # the photo's subject first, then the largest
    answers: tuple[Identification, ...]  # one per face
    threshold: float  # tau, plain distance
    people: int  # K of the gallery
    gallery: Report  # how the folder was read, and what of it could not be used

    @property
    def repeated(self) -> list[str]:
        """A sentence for each name that several faces got."""
        return repeated([answer.winner.person if answer.winner else None for answer in self.answers])

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "faces": [
                {
                    "box": list(face.box),
                    "confidence": face.confidence,
                    "winner": answer.winner.person if answer.winner else None,
                    "candidates": [vars(candidate) for candidate in answer.candidates],
                }
                for face, answer in zip(self.faces, self.answers, strict=True)
            ],
            "threshold": self.threshold,
            "people": self.people,
            "repeated": self.repeated,
            "names_from": self.gallery.source,
            "doubts": list(self.gallery.doubts),
            "skipped": [vars(skipped) for skipped in self.gallery.skipped],
        }


def identify_photo(
    image: Path,
    gallery: Path,
    encoder: str = DEFAULT_ENCODER,
    *,
    threshold: object = None,
    top: object = 5,
) -> Identified:
    """Rank the people of the folder ``gallery`` for every face in the photo ``image``.

    Raises:
        HubError: a file, an option or the weights cannot be used, the photo shows no face, or the gallery nobody.
    """
    name = find_encoder(encoder).name
    calibrated = find_calibration(name)
    tau = calibrated.threshold if threshold is None else check_threshold(threshold)
    k = check_whole(top, "The number of candidates", low=1, high=10_000)
    photo = open_image(image, image.name)
    people = MemoryGallery(CLASS_LIMITS)
    report = _enroll(people, gallery, name, calibrated.threshold)
    faces = find_faces(photo, every=True)
    if not faces:
        raise no_face(image.name, photo.size)
    index = people.index(name)
    if not index.people:
        raise InputError(f"photos of people as NAME/photo.jpg in {gallery}", "no usable face", "Add photos.")
    together = pooling(calibrated)  # several photos of a person answer as one, as on the page
    answers = tuple(index.identify(probe, tau, k, **together) for probe in encode(faces, name))
    return Identified(faces=tuple(faces), answers=answers, threshold=tau, people=index.people, gallery=report)


def _enroll(people: MemoryGallery, folder: Path, encoder: str, tau: float) -> Report:

    def encode_file(data: bytes) -> tuple[NDArray[Any], bytes]:
        face = find_face(open_image(data))
        return encode([face], encoder)[0], thumbnail(Image.fromarray(face.chip))

    report = Report(added=0, people=(), skipped=())
    for step in enroll_all(list_folder(folder), people, encode_file, encoder=encoder, owner=_OWNER, tau=tau):
        if isinstance(step, Report):
            report = step
    return report
