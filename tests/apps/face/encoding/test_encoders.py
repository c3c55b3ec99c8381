"""What every encoder has, and how exactly they compute."""

from __future__ import annotations

import numpy as np
import pytest

from apps.face.decision.matching import distance
from apps.face.encoding import encoders
from apps.face.encoding.encoders import ENCODERS, encode_views, mirrored
from apps.face.photo.pipeline import Face
from apps.face.ui import api
from shared.registry import find, records


def test_every_record_has_an_encoder_and_every_encoder_a_record(faces: dict[str, Face]) -> None:
    (face, *_) = faces.values()
    assert {f"face/{name}" for name in ENCODERS} == {one.name for one in records("face")} - {"face/detector"}
    for name, spec in ENCODERS.items():
        assert find(name, "face").name == f"face/{name}"
        assert spec.name == name
        assert getattr(face, spec.cut).shape == (spec.side, spec.side, 3)
        assert find(name, "face").measured or find(name, "face").published_threshold
        for endpoint in (api.verify, api.identify, api.enroll, api.triplet):
            assert f'"{name}"' in (endpoint.__doc__ or "")


def test_fast_arithmetic_moves_a_distance_by_less_than_a_hundredth(
    faces: dict[str, Face], monkeypatch: pytest.MonkeyPatch
) -> None:
    chips = [[face.chip, mirrored(face.chip)] for face in faces.values()]
    fast = encode_views(chips)
    monkeypatch.setattr(encoders, "_fast_dtype", lambda: None)
    exact = encode_views(chips)
    pairs = np.triu_indices(len(chips), 1)
    moved = distance(fast[pairs[0]], fast[pairs[1]]) - distance(exact[pairs[0]], exact[pairs[1]])
    assert np.abs(moved).max() < 0.01


def test_a_flipped_chip_has_the_same_encoding(faces: dict[str, Face]) -> None:
    views = [faces["collins"].chip, mirrored(faces["collins"].chip)]
    one, other = encode_views([views, views[::-1]])
    assert float(distance(one, other)) < 1e-5
