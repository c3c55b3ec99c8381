"""What the panels show: escaped, in agreement with the numbers, in words too."""

from __future__ import annotations

import base64
import io
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from apps.face.gallery.bulk import Prepared, Ready, Skipped
from apps.face.gallery.gallery import MemoryGallery, thumbnail
from apps.face.photo.pipeline import Face
from apps.face.triplets.loss import of_distances
from apps.face.triplets.variations import variations
from apps.face.ui import answers, bulk, logistic, siamese, state, triplets
from apps.face.ui.draw import boxed, likely, plural
from apps.face.ui.people import people_cards
from apps.face.ui.plots import cloud, number_line, regions_bar
from apps.face.ui.siamese import bars
from apps.face.ui.state import Followed, Shot, advice
from apps.measured import percent
from shared import registry
from shared.errors import ImageError, InputError, OptionError
from shared.serving.later import Later

HOSTILE = "<img src=x onerror=alert(1)>\"'&"


def face(left: float, size: float, *, nose: float = 0.5) -> Face:
    eyes = [[left + size * 0.3, 30.0], [left + size * 0.7, 30.0]]
    points = [*eyes, [left + size * (0.3 + 0.4 * nose), 50.0], [left + 5, 70.0], [left + 15, 70.0]]
    chip = np.zeros((150, 150, 3), np.uint8)
    return Face(
        box=(left, 10, left + size, 10 + size),
        landmarks=np.array(points),
        confidence=0.99,
        chip=chip,
        crop=np.zeros((160, 160, 3), np.uint8),
    )


def shot(*faces: Face, name: str = "Photo 1") -> Shot:
    return Shot(size=(400, 200), preview="data:image/jpeg;base64,AA==", faces=faces, detect_s=0.1, name=name)


def test_boxes_lie_where_the_faces_are() -> None:
    html = boxed(shot(face(100, 80)), "a")
    assert "left:25.00%;top:5.00%;width:20.00%;height:40.00%" in html
    assert "<button" not in html  # one face: nothing to choose
    assert html.count("cf-dot") == 5
    outside = boxed(shot(face(-20, 80)), "a")
    assert "left:0.00%;" in outside
    assert "width:15.00%" in outside


def test_several_faces_are_buttons_that_say_what_they_do() -> None:
    two = shot(face(0, 80), face(200, 60))
    two.choose(2)
    html = boxed(two, "b")
    assert html.count("<button") == 2
    assert 'aria-label="Photo 1: take face 2"' in html
    assert html.index('aria-pressed="false"') < html.index('aria-pressed="true"')
    for number in (0, 3):
        with pytest.raises(OptionError, match="photo 1"):
            two.choose(number)
    two.choose(1)
    assert two.chosen == 0


def test_a_page_that_stays_open_all_day_keeps_the_latest_pairs_and_trainings() -> None:
    who = state.Visitor()
    for number in range(300):
        who.pairs.append(state.Pair("e", float(number)))
        who.runs.append(state.TrainedMap("hard", 0.2, number, 0, 0, 1.0))
    assert [pair.distance for pair in who.pairs] == list(range(100, 300))
    assert [run.numbers for run in who.runs] == list(range(292, 300))


def test_names_are_escaped_everywhere() -> None:
    gallery = MemoryGallery()
    gallery.enroll(HOSTILE, np.ones(4), encoder="e", thumbnail=b"t", owner="me")
    assert "<img src=x" not in people_cards(gallery.photos("me"), shared=True)
    assert "<img src=x" not in people_cards(gallery.photos("you"), shared=True)
    assert "<img src=x" not in boxed(shot(face(0, 50)), "a", {0: HOSTILE})
    assert "<img src=x" not in cloud(np.zeros((1, 2)), np.array([0]), [HOSTILE], 1.0)


def test_only_ones_own_can_be_forgotten() -> None:
    gallery = MemoryGallery()
    gallery.enroll("Anna", np.ones(4), encoder="e", thumbnail=b"t", owner="me")
    gallery.enroll("Anna", np.zeros(4), encoder="e", thumbnail=b"t", owner="me")
    mine, theirs = people_cards(gallery.photos("me"), shared=True), people_cards(gallery.photos("you"), shared=True)
    assert 'data-act="forget" data-name="Anna"' in mine
    assert mine.count('data-act="forget-photo"') == 2
    assert "data-act" not in theirs
    assert "somebody else" in theirs
    assert "1 person, 2 photos" in mine


def test_a_class_is_shown_before_it_is_enrolled_whatever_its_files_are_called() -> None:
    def ready(person: str, path: str) -> Ready:
        return Ready(path=path, person=person, encoding=np.zeros(4, np.float32), thumbnail=b"jpeg")

    photos = (ready("Ada", "Ada/1.jpg"), ready("Ada", "Ada/2.jpg"), ready(HOSTILE, f"{HOSTILE}/1.jpg"))
    prepared = Prepared(
        photos=photos,
        skipped=(Skipped(path=HOSTILE, reason="not a picture"),),
        source="the folders",
        doubts=(f"{HOSTILE} does not look like the other photos of Ada",),
        guessed="cp850",
    )
    shown = str(bulk.preview_html(prepared))
    assert "3 photos of 2 people, named after the folders; 1 file left out. Nobody is enrolled yet." in shown
    assert "Ada · 2" in shown
    assert "read as cp850" in shown
    assert "<img src=x" not in shown


def test_faces_that_were_not_looked_up_are_told() -> None:
    some = tuple(face(i, 100) for i in range(2))
    shot = Shot(size=(900, 600), preview="", faces=some, detect_s=0.1, left_out=3)
    assert answers.left_out(shot) == "This photo shows 5 faces: only the 2 largest were looked up."
    assert answers.left_out(Shot(size=(900, 600), preview="", faces=some, detect_s=0.1)) == ""


def test_hard_faces_come_with_a_caution() -> None:
    assert advice(face(0, 100)) == ""
    assert "pixels wide" in advice(face(0, 39))
    assert advice(face(0, 40)) == ""
    for turned, frontal in ((0.14, 0.16), (0.86, 0.84)):
        assert "side" in advice(face(0, 100, nose=turned))
        assert advice(face(0, 100, nose=frontal)) == ""


@pytest.mark.parametrize(
    ("share", "n", "words"),
    [
        (0.5, 0, "50.0 %"),
        (0.00123, 0, "0.12 %"),
        (1.0, 0, "100 %"),
        (0.0, 0, "0 %"),
        (0.0, 840, "under 0.12 %"),
        (0.0, 1_104_052, "under 0.000091 %"),
    ],
)
def test_rates_for_people(share: float, n: int, words: str) -> None:
    assert percent(share, n=n) == words


def test_plurals() -> None:
    assert [plural(1, "photo"), plural(2, "photo"), plural(3, "person", "people")] == [
        "1 photo",
        "2 photos",
        "3 people",
    ]


def test_the_number_line_puts_n_into_its_region() -> None:
    for d_an, region in ((0.1, "hard"), (0.5, "semi-hard"), (0.9, "easy")):
        drawn = number_line(of_distances(0.4, d_an, 0.2))
        assert f'aria-label="{region}: d(A, N) = {d_an:.3f}' in drawn
    assert "nan" not in number_line(of_distances(0.0, 0.0, 0.0))


def test_counts_and_curves_are_given_in_words() -> None:
    assert "semi-hard: <b>1,234</b>" in regions_bar({"hard": 0, "semi-hard": 1234, "easy": 5})
    assert bars(np.array([0.5, -1.0]), 1.0, "f").count("<rect") == 2


def test_variations_are_alike_but_never_equal_and_repeat() -> None:
    chip = np.random.default_rng(0).integers(0, 255, (150, 150, 3), np.uint8)
    made = variations(chip, 9, seed=4)
    assert len({one.tobytes() for one in made}) == 9
    assert all(one.shape == chip.shape and one.dtype == np.uint8 for one in made)
    assert (made[0] == chip).all()
    assert all((a == b).all() for a, b in zip(made, variations(chip, 9, seed=4), strict=True))
    with pytest.raises(OptionError):
        variations(chip, 0)


def test_thumbnails_are_jpegs() -> None:
    assert Image.open(io.BytesIO(thumbnail(Image.new("RGB", (9, 9))))).format == "JPEG"


HEAD = {
    "weights": [-2.0, 1.0],
    "bias": 3.0,
    "n_fitted": 100,
    "n_judged": 40,
    "accuracy": 0.98,
    "accuracy_std": 0.01,
    "auc": 0.99,
    "ece": 0.02,
    "log_loss": 0.06,
    "reliability": [{"predicted": 0.1, "observed": 0.0, "n": 20}, {"predicted": 0.9, "observed": 1.0, "n": 20}],
}


def test_the_heads_sum_is_the_formula() -> None:
    codes = np.array([0.5, 0.2]), np.array([0.1, 0.5])  # |difference| = 0.4, 0.3
    html = logistic.pair_html(codes, HEAD, "absolute", {"same": True, "probability": 0.9})
    logit = -2.0 * 0.4 + 1.0 * 0.3 + 3.0
    assert f"σ({logit:+.3f})" in html
    assert f">{1 / (1 + np.exp(-logit)):.4f}</b>" in html
    assert "They agree" in html
    assert "They disagree" in logistic.pair_html(codes, HEAD, "absolute", {"same": False, "probability": 0.1})


@pytest.mark.parametrize(
    ("accuracy", "words"), [(0.98, "does not beat"), (0.99, "does not beat"), (0.9, "worse than"), (1.0, "beats the")]
)
def test_the_verdict_on_the_head_follows_the_figures(accuracy: float, words: str) -> None:
    plain = {"accuracy": 0.985, "accuracy_std": 0.01}
    assert words in logistic.verdict_on_figures(plain, HEAD | {"accuracy": accuracy}, {"ece": 0.01})
    assert "the head is the better" in logistic.verdict_on_figures(plain, HEAD, {"ece": 0.05})
    assert "plain distance is the better" in logistic.verdict_on_figures(plain, HEAD, {"ece": 0.01})


def test_views_that_explain_a_pair_begin_with_the_samples() -> None:
    who = state.Visitor()
    first, second = siamese.pair_of(who)
    assert siamese.pair_of(who)[0] is first  # looked at once
    assert "two sample photos" in str(siamese.sample_note(who))
    who.shots |= {"a": second, "b": first}
    assert siamese.pair_of(who) == (second, first)
    assert siamese.sample_note(who) is None


def test_other_weights_or_another_preprocessing_are_another_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    known = state.encoder_id("resnet29-128d")
    assert known.startswith("face/resnet29-128d@")
    record = registry.find("resnet29-128d", "face")
    changed = replace(record, preprocessing=record.preprocessing + " mirrored")
    monkeypatch.setattr(state, "find", lambda name, task: changed)
    assert state.encoder_id("resnet29-128d") != known


def test_probabilities_are_never_certain() -> None:
    assert [likely(p) for p in (1.0, 0.99953, 0.97, 0.0)] == ["over 99.9 %", "over 99.9 %", "97.0 %", "under 0.1 %"]


@dataclass
class Clock:
    """Time that passes when the test says so."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> tuple[Clock, Later]:
    clock = Clock()
    later = Later(clock, in_thread=False)
    monkeypatch.setattr(state, "LATER", later)
    return clock, later


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """gradio's folder of what was sent."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    (tmp_path / "gradio" / "ab").mkdir(parents=True)
    return tmp_path / "gradio" / "ab"


def test_an_upload_is_deleted_two_minutes_after_it_has_been_read(
    uploads: Path, tmp_path: Path, clock: tuple[Clock, Later]
) -> None:
    time, later = clock
    upload, own = uploads / "photo.jpg", tmp_path / "photo.jpg"
    for path in (upload, own):
        path.write_bytes(b"not a picture")
        with pytest.raises(ImageError):
            state.read_photo(str(path))
    time.now = 119.0
    later.do_due()
    assert upload.exists()
    time.now = 120.0
    later.do_due()
    assert not upload.exists()
    assert own.exists()  # not gradio's, so not ours to delete


def test_an_upload_that_was_sent_again_meanwhile_stays(uploads: Path, clock: tuple[Clock, Later]) -> None:
    upload = uploads / "photo.jpg"
    upload.write_bytes(b"a picture")
    state.discard(upload)
    ahead = time.time() + 60
    os.utime(upload, (ahead, ahead))
    clock[0].now = 121.0
    clock[1].do_due()
    assert upload.exists()


def test_only_what_gradio_keeps_is_an_upload(uploads: Path, tmp_path: Path) -> None:
    secret = tmp_path / "gradio-secrets" / "x.jpg"
    secret.parent.mkdir()
    secret.write_bytes(b"s")
    (uploads / "link.jpg").symlink_to(secret)
    for name in ("photo.jpg", "1.jpg"):
        (uploads / name).write_bytes(b"x")
    assert state.is_upload(uploads / "photo.jpg")
    for path in (secret, uploads / ".." / ".." / "gradio-secrets" / "x.jpg", uploads / "link.jpg", uploads.parent):
        assert not state.is_upload(path)
        with pytest.raises(InputError, match="not uploaded on this page"):
            bulk.sent_files([{"name": "Ada/1.jpg", "path": str(uploads / "1.jpg")}, {"name": "x", "path": str(path)}])
    sent = bulk.sent_files([{"name": "Ada/1.jpg", "path": str(uploads / "1.jpg")}])
    assert sent == [("Ada/1.jpg", uploads / "1.jpg")]


@pytest.mark.parametrize("seed", range(8))
def test_the_triplet_that_is_shown_is_of_the_kind_that_was_mined(seed: int) -> None:
    cost = np.array([0.0, 0.3, 0.05, 0.0, 0.2])  # easy, hard, semi-hard, easy, and at the edge
    assert triplets.to_show("semi-hard", cost, 0.2, seed) == 2
    assert triplets.to_show("hardest", cost, 0.2, seed) == 1
    assert triplets.to_show("random", cost, 0.2, seed) == seed % 5
    assert triplets.to_show("semi-hard", np.zeros(3), 0.0, seed) == seed % 3  # none: any


def test_in_a_film_faces_are_looked_for_in_every_fifth_picture_and_at_every_new_size() -> None:
    film = Followed()
    seen = [face(0, 100)]
    looked = []
    for _ in range(11):
        looked.append(not film.near((640, 480)))
        film.saw(seen, (640, 480))  # type: ignore[arg-type]
    assert [i for i, searched in enumerate(looked) if searched] == [0, 5, 10]
    assert film.near((640, 480)) == seen
    assert film.near((480, 640)) == ()


def test_a_photo_with_a_face_is_answered_with_its_chip() -> None:
    assert answers.photo_answer(shot())["chip"] is None
    two = shot(face(0, 80), face(200, 60))
    two.choose(2)
    found = answers.photo_answer(two)
    assert found["chip"].startswith("data:image/jpeg;base64,")
    assert (found["size"], found["chosen"], found["detect_seconds"]) == ([400, 200], 2, 0.1)
    assert [(one["number"], one["box"], one["confidence"]) for one in found["faces"]] == [
        (1, [0, 10, 80, 90], 0.99),
        (2, [200, 10, 260, 70], 0.99),
    ]


class Seen(SimpleNamespace):
    """The rooms' pipeline, with faces that a test chose; it notes how they were looked for."""

    def load_detector(self) -> None:
        self.asked.append("detector")

    def locate_faces(self, image: Image.Image, **how: object) -> list[Face]:
        self.asked.append(how)
        return self.faces


def reading(monkeypatch: pytest.MonkeyPatch, *faces: Face) -> Seen:
    seen = Seen(faces=list(faces), asked=[])
    monkeypatch.setattr(state, "pipeline", seen)
    monkeypatch.setattr(state, "cut_faces", lambda image, found, *, quick: [replace(one, zoomed=()) for one in found])
    return seen


def test_a_photo_is_read_as_thoroughly_as_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = reading(monkeypatch, face(0, 80))
    photo = Image.new("RGB", (1200, 300))
    read = state.read_photo(photo)
    assert seen.asked == ["detector", {"every": False, "quick": False, "near": ()}]
    assert (read.size, read.name, read.left_out, len(read.faces)) == ((1200, 300), "The photo", 0, 1)
    with Image.open(io.BytesIO(base64.b64decode(read.preview.partition(",")[2]))) as preview:
        assert preview.size == (560, 140)
    assert read.detect_s >= 0
    state.read_photo(photo, every=True, quick=True)
    assert seen.asked[-1] == {"every": True, "quick": True, "near": ()}
    film = Followed()
    state.read_photo(photo, follow=film)
    assert film.near((1200, 300)) == seen.faces
    state.read_photo(photo, follow=film)
    assert seen.asked[-1] == {"every": False, "quick": False, "near": seen.faces}


def test_of_a_crowd_the_first_hundred_are_kept_and_the_others_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    reading(monkeypatch, *(face(i, 50) for i in range(103)))
    read = state.read_photo(Image.new("RGB", (400, 300)), "The class")
    assert (len(read.faces), read.left_out, read.name) == (100, 3, "The class")


def test_a_photo_without_a_face_is_an_error_only_where_one_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    reading(monkeypatch)
    photo = Image.new("RGB", (400, 300))
    assert state.read_photo(photo, need=False).faces == ()
    with pytest.raises(ImageError, match="photo 2, showing a face"):
        state.read_photo(photo, "Photo 2")
    with pytest.raises(ImageError, match=r"photo 2.*Found: none"):
        state.read_photo(None, "Photo 2")
    with pytest.raises(InputError, match=r"photo 1.*Found: none"):
        state.Visitor().shot("a", "Photo 1")


def test_messages_of_ours_are_shown_and_bugs_are_not_hidden() -> None:
    def refused() -> None:
        raise InputError("a name", "none", "Write one.")

    assert state.usable(lambda: 1) == ""
    assert "a name" in state.usable(refused)
    with pytest.raises(ZeroDivisionError):
        state.usable(lambda: 1 // 0)


def test_a_page_that_was_closed_is_forgotten_after_three_minutes(clock: tuple[Clock, Later]) -> None:
    request = SimpleNamespace(session_hash="a page")
    who = state.visitor(request)  # type: ignore[arg-type]
    state.leave(request)  # type: ignore[arg-type]
    assert clock[1].do_due() == 180
    assert state.visitor(request) is who  # type: ignore[arg-type]
