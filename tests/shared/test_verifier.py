"""The face verifier that any demo may ask: what the faces demo offers is what the protocol promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from apps.face.decision.matching import calibration, distance
from apps.face.photo.pipeline import encode, find_face
from shared.verifier import PROVIDER, find_verifier

SAMPLES = Path(__file__).resolve().parents[2] / "apps/face/samples"


def test_it_answers_as_the_faces_tab_does() -> None:
    verifier = find_verifier()
    photos = [Image.open(SAMPLES / f"{name}.jpg").convert("RGB") for name in ("obama", "biden")]
    marks = [verifier.landmarks(photo) for photo in photos]
    assert all(found is not None and found.shape == (5, 2) for found in marks)
    codes = verifier.encodings([(photo, np.asarray(found)) for photo, found in zip(photos, marks, strict=True)])
    theirs = encode([find_face(photo) for photo in photos])
    assert np.linalg.norm(codes, axis=1) == pytest.approx([1, 1])
    assert distance(codes, theirs) == pytest.approx([0, 0], abs=0.01)
    assert np.linalg.norm(codes[0] - codes[1]) == pytest.approx(float(distance(*theirs)), abs=0.01)
    assert verifier.tau == calibration().threshold
    assert "ResNet" in verifier.title


def test_a_bystander_is_not_meant() -> None:
    verifier = find_verifier()
    with Image.open(SAMPLES / "obama.jpg") as opened:
        person = opened.convert("RGB").resize((240, 320))
    alone = verifier.landmarks(person)
    assert alone is not None
    crowd = Image.new("RGB", (480, 320), "grey")
    crowd.paste(person.resize((90, 120)), (10, 10))
    crowd.paste(person, (160, 0))
    assert verifier.landmarks(crowd) == pytest.approx(alone + np.array([160, 0]), abs=4)


def test_where_there_is_no_face_there_are_no_landmarks() -> None:
    assert find_verifier().landmarks(Image.new("RGB", (120, 90), "grey")) is None


def test_it_is_found_by_its_name() -> None:
    assert PROVIDER.startswith("apps.face.")
    assert type(find_verifier()).__name__ == "FaceVerifier"
