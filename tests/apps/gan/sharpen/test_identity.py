"""Whose face is it: the cut, the distances, and the real verifier on a real face."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from apps.gan.__main__ import main
from apps.gan.sharpen import identity as identities
from apps.gan.sharpen.identity import SIZES, cut_face, identity, identity_s
from apps.gan.sharpen.samples import FACE, sample_path
from apps.gan.ui.sharpen_face import same_person
from shared.cli import run
from shared.errors import ImageError
from shared.verifier import Floats, find_verifier

MARKS = np.array([[90.0, 80.0], [126.0, 80.0], [108.0, 100.0], [94.0, 120.0], [122.0, 120.0]])  # eyes 36 pixels apart


class Fake:
    """Says of each picture its mean level as an angle, and where the eyes are told to be."""

    title, tau = "a fake", 0.3

    def __init__(self, marks: Floats | None = MARKS) -> None:
        self.marks, self.asked = marks, []  # type: ignore[var-annotated]

    def landmarks(self, photo: Image.Image) -> Floats | None:
        return self.marks

    def encodings(self, faces: Sequence[tuple[Image.Image, Floats]]) -> Floats:
        self.asked += faces
        angles = [np.asarray(picture, float).mean() / 255 for picture, _ in faces]
        return np.array([[np.cos(angle), np.sin(angle)] for angle in angles])


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    verifier = Fake()
    monkeypatch.setattr(identities, "find_verifier", lambda: verifier)
    return verifier


def photo(level: int = 60) -> Image.Image:
    picture = Image.new("RGB", (220, 200), (level, level, level))
    ImageDraw.Draw(picture).rectangle((88, 78, 92, 82), fill="white")
    return picture


def test_the_cut_is_that_of_the_measured_photos() -> None:
    cut = cut_face(photo(), Fake(), "The photo", least=64)
    assert cut.picture.size == (100, 100)  # 36 pixels between the eyes are 0.36 of it
    assert cut.landmarks[1, 0] - cut.landmarks[0, 0] == pytest.approx(36)
    assert cut.landmarks.mean(axis=0) == pytest.approx([50, 59], abs=0.6)
    assert cut.picture.getpixel(tuple(int(at) for at in cut.landmarks[0])) == (255, 255, 255)  # still on the eye


def test_the_cut_stays_inside_the_photo_and_is_not_larger_than_theirs() -> None:
    corner = cut_face(photo(), Fake(MARKS - [70, 60]), "The photo", least=64)
    assert corner.picture.size == (100, 100)
    assert np.array_equal(corner.landmarks, MARKS - [70, 60])  # the photo's own corner, nothing beyond it
    large = cut_face(photo().resize((2200, 2000)), Fake(MARKS * 10), "The photo", least=64)
    assert large.picture.size == (350, 350)
    assert large.landmarks[1, 0] - large.landmarks[0, 0] == pytest.approx(126)


@pytest.mark.parametrize(("marks", "message"), [(None, "a face in the photo"), (MARKS / 4, "64 x 64 pixels or more")])
def test_a_photo_without_a_face_or_with_a_small_one_is_refused(marks: Any, message: str, fake: Fake) -> None:
    fake.marks = marks
    with pytest.raises(ImageError, match=message):
        next(identity(photo()))


def test_distances_are_to_the_untouched_face(fake: Fake) -> None:
    last = deque(identity(photo(), ways=("bicubic",), sizes=(16, 32)), maxlen=1)[0]
    assert (last.tau, last.encoder, last.other, last.untouched) == (0.3, "a fake", None, None)
    assert [(one.way, one.size) for one in last.answers] == [("bicubic", 16), ("bicubic", 32)]
    assert [one.picture.size for one in last.answers] == [(64, 64), (128, 128)]
    assert all(one.distance < 0.01 and one.same and one.found for one in last.answers)
    assert last.progress.fraction == 1
    scale = [marks[1, 0] - marks[0, 0] for _, marks in fake.asked[-2:]]
    assert scale == pytest.approx([36 * 0.64, 36 * 1.28])  # the untouched face's landmarks, where they are now


def test_distances_are_to_the_other_photo_where_there_is_one(fake: Fake) -> None:
    last = deque(identity(photo(60), photo(200), ways=("bicubic",), sizes=(32,)), maxlen=1)[0]
    assert last.untouched == pytest.approx(2 * np.sin(140 / 255 / 2), abs=0.01)
    assert last.answers[0].distance == pytest.approx(last.untouched, abs=0.01)
    assert not last.answers[0].same
    assert last.other is not None


def test_steps_tell_how_far_it_is(fake: Fake) -> None:
    steps = list(identity(photo(), ways=("bicubic", "small"), sizes=(8, 16)))
    done = [step.progress.fraction for step in steps]
    assert done == sorted(done)
    assert done[-1] == 1
    assert identity_s(("bicubic",)) == 0
    assert identity_s(("small",), (16, 32)) > identity_s(("small",), (16,)) > 0


def test_the_endpoint_and_the_command_give_the_same_numbers(
    fake: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "__kwdefaults__", {"ways": ("bicubic",), "sizes": (8, 16)})
    paths = [str(tmp_path / name) for name in ("face.png", "other.png")]
    for path, level in zip(paths, (60, 90), strict=True):
        photo(level).save(path)
    (asked,) = deque(same_person(*paths), maxlen=1)
    with pytest.raises(SystemExit) as end:
        run(main, ["same-person", paths[0], "--other", paths[1], "--json"])
    assert not end.value.code
    assert json.loads(capsys.readouterr().out) == asked
    apart = asked["untouched"]
    assert apart > 0
    assert asked["tau"] == fake.tau
    assert [(one["way"], one["size"], one["same"]) for one in asked["answers"]] == [
        ("bicubic", 8, asked["answers"][0]["distance"] <= 0.3),
        ("bicubic", 16, asked["answers"][1]["distance"] <= 0.3),
    ]
    assert [one["distance"] for one in asked["answers"]] == pytest.approx([apart, apart], abs=0.02)


def test_the_verifier_recognises_a_face_the_less_the_smaller_it_was() -> None:
    with Image.open(sample_path(FACE)) as opened:
        last = deque(identity(opened.convert("RGB"), ways=("bicubic",), sizes=(16, 64)), maxlen=1)[0]
    small, large = last.answers
    assert large.same
    assert large.distance < small.distance
    assert last.tau == find_verifier().tau
    assert max(SIZES) == 64
