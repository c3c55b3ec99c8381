"""What every encoder has, and how exactly they compute."""

from __future__ import annotations

import numpy as np

from apps.face.decision.matching import distance
from apps.face.encoding.encoders import ENCODERS, encode_chips
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


def test_fast_arithmetic_moves_a_distance_by_less_than_a_hundredth(faces: dict[str, Face]) -> None:
    chips = [face.chip for face in faces.values()]
    fast, exact = encode_chips(chips), encode_chips(chips, exact=True)
    pairs = np.triu_indices(len(chips), 1)
    moved = distance(fast[pairs[0]], fast[pairs[1]]) - distance(exact[pairs[0]], exact[pairs[1]])
    assert np.abs(moved).max() < 0.01


def test_a_flipped_chip_has_the_same_encoding(faces: dict[str, Face]) -> None:
    chip = faces["collins"].chip
    one, other = encode_chips([chip, np.ascontiguousarray(chip[:, ::-1])], exact=True)
    assert float(distance(one, other)) < 1e-5
