"""Is a face that was made small and restored still the same person? Asked of the hub's own verifier.

A network that invents what is missing paints *a* face, and the fewer pixels it is given, the more of it is invented.
The face of a photo is cut out, made small to 16, 24, 32, 48 and 64 pixels a side and restored in every way, and the
verifier gives its distance to the untouched face or, if there is one, to another photo of the same person. The
restored face is encoded by the landmarks of the untouched one, so that the encoder alone is asked; whether the detector
still finds a face in it is said with it.

The cut is that of the photos on which ``benchmarks.gan_identity`` measured the same distances of many people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from PIL import Image

from apps.gan.sharpen.lesson import WAYS
from apps.gan.sharpen.options import FACTOR
from apps.gan.sharpen.steps import result, shrunk
from shared.errors import ImageError
from shared.progress import Progress
from shared.verifier import Floats, Verifier, find_verifier

SIZES = (16, 24, 32, 48, 64)  # pixels of a side of the small face
_EYES = 0.36  # between the eyes, in parts of the cut's side: the median of the measured photos
_ABOVE = 0.59  # the landmarks' middle, in parts of the cut's side from its top
_MOST_SIDE = 350  # pixels of the cut's side, as the measured photos have


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A face cut out of its photo."""

    picture: Image.Image  # square
    landmarks: Floats  # (5, 2) pixels of it


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One restored face, and what the verifier says of it."""

    way: str  # a key of UPSCALERS
    size: int  # pixels of a side that it was made of
    picture: Image.Image
    distance: float  # of its encoding to the reference's
    same: bool  # distance <= tau
    found: bool  # the detector finds a face in it


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What is known so far."""

    face: Image.Image  # untouched
    other: Image.Image | None  # the reference's face where it is of another photo
    untouched: float | None  # distance of the two untouched faces, where there are two
    tau: float
    encoder: str  # for people
    answers: tuple[Answer, ...] = ()
    progress: Progress = field(default_factory=lambda: Progress(done=0, total=1))

    def numbers(self) -> dict[str, Any]:
        """Everything but the pictures, as plain values: encoder, tau, untouched, answers."""
        return {
            "encoder": self.encoder,
            "tau": self.tau,
            "untouched": self.untouched,
            "answers": [
                {"way": one.way, "size": one.size, "distance": one.distance, "same": one.same, "found": one.found}
                for one in self.answers
            ],
        }


def identity(
    photo: Image.Image, other: Image.Image | None = None, *, ways: Sequence[str] = WAYS, sizes: Sequence[int] = SIZES
) -> Iterator[Identity]:
    """Restore the face that ``photo`` (RGB) is about from every one of ``sizes``, and compare.

    Args:
        photo: with a face.
        other: another photo of the same person; without it the untouched face is the reference.
        ways: keys of ``UPSCALERS``.
        sizes: pixels of a side.

    Raises:
        ImageError: no face, or one with fewer pixels than the largest of ``sizes``.
        OptionError, ResourceError, WeightsError: see ``upscale`` and ``find_verifier``.
    """
    from apps.gan.sharpen.upscale import upscale

    verifier = find_verifier()
    face = cut_face(photo, verifier, "The photo", least=max(sizes))
    reference = face if other is None else cut_face(other, verifier, "The other photo", least=max(sizes))
    codes = verifier.encodings([(cut.picture, cut.landmarks) for cut in (face, reference)])
    now = Identity(
        face=face.picture,
        other=None if other is None else reference.picture,
        untouched=None if other is None else float(np.linalg.norm(codes[0] - codes[1])),
        tau=verifier.tau,
        encoder=verifier.title,
    )
    yield now
    total = len(ways) * sum(size**2 for size in sizes)
    done = 0
    for way, size in ((way, size) for way in ways for size in sizes):
        for step in upscale(shrunk(face.picture, (size, size)), model=way):
            part = done + step.progress.fraction * size**2
            yield replace(now, progress=Progress(done=round(part), total=total, text=f"{size} pixels, {way}"))
        done += size**2
        answer = _judged(result(step), face, codes[1], verifier, way, size)
        now = replace(now, answers=(*now.answers, answer), progress=Progress(done=done, total=total))
        yield now


def identity_s(ways: Sequence[str] = WAYS, sizes: Sequence[int] = SIZES) -> float:
    """About how many seconds the restoring takes on this machine."""
    from apps.gan.sharpen.upscale import estimate_s

    return sum(estimate_s((size, size), way) for way in ways for size in sizes)


def cut_face(photo: Image.Image, verifier: Verifier, what: str, *, least: int) -> Cut:
    """The face that ``photo`` is about, as close as the measured photos show theirs.

    Raises:
        ImageError: no face is found, or its cut has a side under ``least`` pixels.
    """
    landmarks = verifier.landmarks(photo)
    if landmarks is None:
        raise ImageError(
            f"a face in {what[0].lower()}{what[1:]}", "none that the detector can find", "Choose another photo."
        )
    side = min(round(float(np.linalg.norm(landmarks[1] - landmarks[0])) / _EYES), *photo.size)
    if side < least:
        raise ImageError(
            f"a face of {least} x {least} pixels or more", f"one of {side} x {side}", "Choose a closer photo."
        )
    middle = landmarks.mean(axis=0)
    corner = [round(float(at)) for at in (middle[0] - side / 2, middle[1] - _ABOVE * side)]
    left, top = (min(max(0, at), length - side) for at, length in zip(corner, photo.size, strict=True))
    picture = photo.crop((left, top, left + side, top + side))
    kept = min(side, _MOST_SIDE)
    moved = (landmarks - np.array([left, top])) * (kept / side)
    return Cut(picture=picture if kept == side else shrunk(picture, (kept, kept)), landmarks=moved)


def _judged(picture: Image.Image, face: Cut, reference: Floats, verifier: Verifier, way: str, size: int) -> Answer:
    landmarks = face.landmarks * (size * FACTOR / face.picture.width)
    distance = float(np.linalg.norm(verifier.encodings([(picture, landmarks)])[0] - reference))
    return Answer(
        way=way,
        size=size,
        picture=picture,
        distance=distance,
        same=distance <= verifier.tau,
        found=verifier.landmarks(picture) is not None,
    )
