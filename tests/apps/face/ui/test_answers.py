"""Answers as plain values, compared with what their numbers say; and a photo's encodings, each computed once."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from apps.face.decision.error_curves import spread, stranger_chance
from apps.face.decision.matching import Calibration, Uncalibrated, decide
from apps.face.gallery.gallery import MemoryGallery
from apps.face.measured import statement
from apps.face.photo.pipeline import Face
from apps.face.triplets.loss import of_distances
from apps.face.ui import answers, state
from apps.face.ui.state import Shot, encoder_id
from shared.errors import OptionError

ENCODER = "resnet29-128d"
TAUS = np.linspace(0.2, 1.4, 25)
KNOWN = Calibration(
    encoder=ENCODER,
    threshold=0.6,
    centre=0.62,
    slope=20.0,
    data="made-up people",
    n_different=1000,
    thresholds=TAUS,
    far=np.clip((TAUS - 0.4) / 0.8, 0, 1),
    frr=np.clip((0.9 - TAUS) / 0.6, 0, 1),
)
UNKNOWN = Uncalibrated(encoder=ENCODER, threshold=0.9, source="its paper")


def vector(at: float) -> np.ndarray:
    """A unit vector of the encoder's length, in a plane, at an angle."""
    made = np.zeros(128, np.float32)
    made[:2] = np.cos(at), np.sin(at)
    return made


def face(at: float) -> Face:
    """A face whose encoding is ``vector(at)``."""
    points = np.full((5, 2), 10 * at + 0.123)
    chip = np.zeros((150, 150, 3), np.uint8)
    return Face(box=(10 * at, 0.06, 10 * at + 40, 50), landmarks=points, confidence=0.98765, chip=chip, crop=chip[:160])


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str, str]]:
    """What went through the network: faces, encoder, average."""
    seen: list[tuple[int, str, str]] = []

    def encode(faces: list[Face], encoder: str, *, average: str) -> np.ndarray:
        seen.append((len(faces), encoder, average))
        return np.stack([vector(one.box[0] / 10) for one in faces])

    monkeypatch.setattr(state, "pipeline", SimpleNamespace(encode=encode))
    return seen


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> list[Calibration | Uncalibrated]:
    """The calibration that is found; a test may put another one in its place."""
    held: list[Calibration | Uncalibrated] = [KNOWN]
    monkeypatch.setattr(answers, "find_calibration", lambda encoder: held[0])
    return held


def shot(*at: float, **more: Any) -> Shot:
    return Shot(size=(400, 200), preview="", faces=tuple(map(face, at)), detect_s=0.123456, **more)


def test_an_encoding_is_computed_once_for_each_encoder(passes: list[tuple[int, str, str]]) -> None:
    photo = shot(0.0, 0.5, 1.0)
    photo.choose(2)
    np.testing.assert_array_equal(photo.encoding(ENCODER), vector(0.5))
    np.testing.assert_array_equal(photo.encoding(ENCODER, 0), vector(0.0))
    assert photo.encode_s > 0
    found = photo.encodings(ENCODER, [2, 1, 2])
    np.testing.assert_array_equal(found, [vector(1.0), vector(0.5), vector(1.0)])
    assert (found.dtype, found.shape) == (np.float32, (3, 128))
    assert passes == [(1, ENCODER, "full")] * 2 + [(2, ENCODER, "full")]  # the last one was missing twice
    photo.encodings(ENCODER)
    assert len(passes) == 3
    live = shot(0.0, 1.0)
    assert live.encodings(ENCODER, quick=True).shape == (2, 128)
    assert passes[-1] == (2, ENCODER, "single")
    assert shot().encodings(ENCODER).shape == (0, 128)


def test_a_photo_is_described_to_a_tenth_of_a_pixel() -> None:
    found = answers.photo_answer(shot(1.0))
    assert found["faces"] == [
        {"number": 1, "box": [10.0, 0.1, 50.0, 50.0], "landmarks": [[10.1, 10.1]] * 5, "confidence": 0.9877}
    ]
    assert (found["chosen"], found["detect_seconds"]) == (1, 0.1235)
    assert answers.without_pictures({"photo_a": found, "chip": "data:", "same": True}) == {
        "photo_a": {name: value for name, value in found.items() if name != "chip"}, "same": True
    }  # fmt: skip


@pytest.mark.parametrize(("apart", "threshold", "same"), [(0.3, None, True), (0.9, None, False), (0.9, 1.0, True)])
def test_two_photos_are_compared_by_their_chosen_faces(
    apart: float, threshold: float | None, same: bool, passes: list[Any], known: list[Any]
) -> None:
    first, second = shot(3.0, 0.0), shot(apart)
    first.choose(2)
    found = answers.verify_answer(first, second, ENCODER, threshold)
    wanted = decide(vector(0.0), vector(apart), ENCODER, threshold, calibrated=KNOWN)
    assert (found["same"], found["distance"]) == (same, pytest.approx(2 * np.sin(apart / 2), abs=1e-6))
    for name in ("d_squared", "threshold", "probability", "likelihood_ratio", "prior", "far", "frr", "far_data"):
        assert found[name] == getattr(wanted, name), name
    assert found["statement"] == statement(KNOWN, found["threshold"])
    assert (found["encoder"], found["photo_a"]["chosen"], len(found["photo_b"]["faces"])) == (ENCODER, 2, 1)


def test_an_unusable_threshold_is_refused_before_a_network_runs(passes: list[Any], known: list[Any]) -> None:
    for ask in (
        lambda: answers.verify_answer(shot(0.0), shot(0.1), ENCODER, float("nan")),
        lambda: answers.identify_answer(shot(0.0), MemoryGallery(), ENCODER, -1.0),
    ):
        with pytest.raises(OptionError, match="threshold"):
            ask()
    assert passes == []


PEOPLE = {"Ada": (0.0, 0.2), "Ben": (1.0,), "Cleo": (2.0, 2.1, 2.2)}  # name: angles of the enrolled photos


def enrolled() -> MemoryGallery:
    gallery = MemoryGallery()
    for name, photos in PEOPLE.items():
        for at in photos:
            gallery.enroll(name, vector(at), encoder=encoder_id(ENCODER), thumbnail=b"t", owner="me")
    return gallery


def test_everybody_on_a_photo_is_looked_up(passes: list[Any], known: list[Any]) -> None:
    found = answers.identify_answer(shot(1.1, 3.0, 0.9, left_out=2), enrolled(), ENCODER, None)
    assert [(one["number"], one["name"], one["recognised"]) for one in found["faces"]] == [
        (1, "Ben", True), (2, None, False), (3, "Ben", True)
    ]  # fmt: skip
    first = found["faces"][0]
    assert [(one["rank"], one["name"], one["photos"]) for one in first["candidates"]] == [
        (1, "Ben", 1), (2, "Ada", 2), (3, "Cleo", 3)
    ]  # fmt: skip
    for one in first["candidates"]:
        squared = [((vector(at) - vector(1.1)) ** 2).sum() for at in PEOPLE[one["name"]]]
        n, at = len(squared), float(np.mean(PEOPLE[one["name"]]))  # the template: their middle, at full length
        wanted = ((vector(at) - vector(1.1)) ** 2).sum() + (1 - 1 / n) * spread(KNOWN)
        assert one["d_squared"] == pytest.approx(wanted, abs=1e-5)
        assert one["distance"] == pytest.approx(one["d_squared"] ** 0.5)
        assert one["probability"] == decide([0.0], [one["distance"]], ENCODER, 0.6, calibrated=KNOWN).probability
    assert (first["distance"], first["confidence"]) == (first["candidates"][0]["distance"], 0.9877)
    assert (found["people"], found["photos"], found["threshold"]) == (3, 6, 0.6)
    assert found["stranger_chance"] == stranger_chance(found["far"], 3)
    assert found["far"] == KNOWN.far_at(0.6)
    assert found["advice"]["chance"] == 0.05
    assert found["repeated"] == ["Ben is the answer for faces 1 and 3: at most one of them is right."]
    assert found["left_out"].startswith("This photo shows 5 faces")
    assert (found["statement"], found["size"]) == (statement(KNOWN, 0.6), [400, 200])
    assert passes == [(3, ENCODER, "full")]
    few = answers.identify_answer(shot(1.1), enrolled(), ENCODER, 0.05, k=2, quick=True)
    assert [len(one["candidates"]) for one in few["faces"]] == [2]
    assert (few["faces"][0]["name"], few["threshold"]) == (None, 0.05)
    assert passes[-1] == (1, ENCODER, "single")


def test_without_measured_errors_there_is_a_ranking_and_no_rate(passes: list[Any], known: list[Any]) -> None:
    known[0] = UNKNOWN
    found = answers.identify_answer(shot(0.1), enrolled(), ENCODER, None)
    assert (found["far"], found["stranger_chance"], found["advice"]) == (None, None, None)
    best = found["faces"][0]["candidates"][0]
    squared = np.mean([((vector(at) - vector(0.1)) ** 2).sum() for at in PEOPLE["Ada"]])
    assert (best["name"], best["probability"]) == ("Ada", None)
    assert best["d_squared"] == pytest.approx(squared, abs=1e-6)  # the mean over the photos
    assert found["threshold"] == 0.9


def test_where_there_is_nobody_nobody_is_found(passes: list[Any], known: list[Any]) -> None:
    nobody = answers.identify_answer(shot(0.1), MemoryGallery(), ENCODER, None)["faces"][0]
    assert (nobody["name"], nobody["distance"], nobody["candidates"]) == (None, None, [])
    assert answers.identify_answer(shot(), enrolled(), ENCODER, None)["faces"] == []
    assert len(passes) == 1


def test_names_of_others_are_left_out() -> None:
    def one(name: str | None) -> dict[str, Any]:
        return {"name": name, "candidates": [{"name": "Ada", "rank": 1}, {"name": "Ben", "rank": 2}]}

    answer = {"faces": [one("Ada"), one(None)], "repeated": ["Ada is ..."], "people": 2}
    mine = answers.with_names_of({"Ada"}, answer)
    assert [face["name"] for face in mine["faces"]] == ["Ada", None]
    assert mine["faces"][0]["candidates"] == [{"name": "Ada", "rank": 1}, {"name": "somebody", "rank": 2}]
    assert (mine["repeated"], mine["people"]) == (["Ada is ..."], 2)
    other = answers.with_names_of({"Ben"}, answer)
    assert [face["name"] for face in other["faces"]] == ["somebody", None]
    assert other["repeated"] == []  # it would name somebody
    assert answer["faces"][0]["name"] == "Ada"  # as it was


def test_advice_keeps_to_the_chance_and_is_given_only_where_it_changes_something() -> None:
    assert answers.advised(UNKNOWN, 0.9, 100) is None
    assert answers.advised(KNOWN, 0.4, 100) is None  # nobody is accepted there
    assert answers.advised(replace(KNOWN, far=np.full(25, 0.05)), 0.6, 1) is None  # exactly as much as may be
    found = answers.advised(KNOWN, 1.0, 10)
    assert found is not None
    assert stranger_chance(found["far"], 10) <= 0.05
    assert (found["far"], found["frr"]) == (KNOWN.far_at(found["threshold"]), KNOWN.frr_at(found["threshold"]))


def test_a_triplet_has_its_numbers_in_the_formula() -> None:
    found = answers.triplet_answer(of_distances(0.5, 0.4, 0.2), ENCODER)
    assert found["formula"] == "max(0.5000 - 0.4000 + 0.2000, 0) = 0.3000"
    assert {name: found[name] for name in ("d_ap", "d_an", "margin", "region", "encoder")} == {
        "d_ap": 0.5, "d_an": 0.4, "margin": 0.2, "region": "hard", "encoder": ENCODER
    }  # fmt: skip
    assert found["loss"] == pytest.approx(0.3)


def test_a_gallery_is_listed_by_person() -> None:
    gallery = enrolled()
    gallery.enroll("Dan", vector(3.0), encoder=encoder_id(ENCODER), thumbnail=b"t", owner="you")
    listed = answers.gallery_answer(gallery, "me", shared=True)
    assert listed["gallery"] == "class"
    assert [(one["name"], one["photos"], one["mine"]) for one in listed["people"]] == [
        ("Ada", 2, True), ("Ben", 1, True), ("Cleo", 3, True), ("Dan", 1, False)
    ]  # fmt: skip
    assert answers.gallery_answer(MemoryGallery(), "me", shared=False) == {"gallery": "session", "people": []}
