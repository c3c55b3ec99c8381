"""The sample photos' faces, found and encoded once for all tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from apps.face.photo.pipeline import Face, encode, find_face
from shared.images import open_image

SAMPLES = Path(__file__).resolve().parents[3] / "apps" / "face" / "samples"


@pytest.fixture(scope="session")
def faces() -> dict[str, Face]:
    return {path.stem: find_face(open_image(path)) for path in sorted(SAMPLES.glob("*.jpg"))}


@pytest.fixture(scope="session")
def encodings(faces: dict[str, Face]) -> dict[str, np.ndarray]:
    return dict(zip(faces, encode(list(faces.values())), strict=True))
