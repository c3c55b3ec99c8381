"""Finding faces: against facenet-pytorch's own cascade, and where that one fails."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from apps.face.photo import detector, mtcnn
from apps.face.photo.detection import Detection
from apps.face.photo.detector import detect
from apps.face.photo.mtcnn import Candidates, _cut, _halve, _square, _suppress, cascade
from shared.images import open_image
from shared.model_cache import model_cache
from shared.registry import find

SAMPLES = Path(__file__).resolve().parents[4] / "apps" / "face" / "samples"
NAMES = ("biden", "collins", "obama", "obama2")


@pytest.fixture(scope="module")
def photos() -> dict[str, Image.Image]:
    return {name: open_image(SAMPLES / f"{name}.jpg") for name in NAMES}


@pytest.fixture(scope="module")
def found(photos: dict[str, Image.Image]) -> dict[str, list[Detection]]:
    return {name: detect(photo) for name, photo in photos.items()}


def eyes_apart(face: Detection) -> float:
    return float(np.hypot(*(face.landmarks[1] - face.landmarks[0])))


@pytest.mark.parametrize("size", [(6, 8), (7, 8), (6, 9), (7, 9), (1, 5)])
def test_halving_is_the_average_pool(size: tuple[int, int]) -> None:
    x = torch.rand(1, 3, *size)
    theirs = torch.nn.functional.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False)
    assert torch.allclose(_halve(x), theirs, atol=1e-6)


def test_a_live_picture_is_searched_for_large_faces_only(photos: dict[str, Image.Image]) -> None:
    photo = photos["obama"]
    far_away = Image.new("RGB", (1000, 1000), "grey")
    far_away.paste(photo.resize((photo.width // 4, photo.height // 4)), (300, 300))
    assert len(detect(far_away)) == 1
    assert detect(far_away, fine=False, harder=False) == []
    assert detect(photo, fine=False, harder=False)[0].landmarks == pytest.approx(detect(photo)[0].landmarks, abs=2.0)


def test_faces_of_a_film_are_followed_without_a_search(
    photos: dict[str, Image.Image], found: dict[str, list[Detection]], monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = photos["obama"]
    moved = Image.new("RGB", photo.size, "grey")
    moved.paste(photo, (6, -4))
    searched = detect(moved, fine=False, harder=False)
    searches: list[object] = []
    monkeypatch.setattr(detector, "_search", lambda *_, **__: searches.append(1) or [])
    (followed,) = detect(moved, fine=False, harder=False, near=found["obama"])
    assert not searches
    assert followed.landmarks == pytest.approx(searched[0].landmarks, abs=4.0)
    assert followed.box == pytest.approx(np.add(found["obama"][0].box, (6, -4, 6, -4)), abs=3.0)
    assert detect(Image.new("RGB", photo.size, "grey"), fine=False, harder=False, near=found["obama"]) == []
    assert searches == [1]  # whoever has gone is looked for


def test_the_second_pass_moves_the_landmarks_a_little_and_not_the_box(
    photos: dict[str, Image.Image], found: dict[str, list[Detection]]
) -> None:
    first, second = detect(photos["obama"], second_pass=False, harder=False)[0], found["obama"][0]
    moved = np.abs(first.landmarks - second.landmarks).max()
    assert first.box == second.box
    assert 0 < moved < 0.1 * eyes_apart(second)


@pytest.mark.parametrize("name", NAMES)
def test_the_cascade_finds_what_facenet_pytorch_finds(photos: dict[str, Image.Image], name: str) -> None:
    from facenet_pytorch import MTCNN

    photo = photos[name]
    boxes, scores, points = MTCNN(min_face_size=40).detect(photo, landmarks=True)
    best = int(np.argmax(scores.astype(float)))
    with model_cache().lease(find("detector", "face")) as network, torch.inference_mode():
        pixels = torch.from_numpy(np.array(photo)).permute(2, 0, 1)[None].float()
        ours = cascade(network, pixels, 40)
    size = float(boxes[best][3] - boxes[best][1])
    assert np.abs(ours.boxes[0].numpy() - boxes[best].astype(float)).max() < 0.05 * size
    assert np.abs(ours.landmarks[0].numpy() - points[best].astype(float)).max() < 0.03 * size


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_has_one_sure_face_with_its_landmarks_in_order(
    found: dict[str, list[Detection]], name: str
) -> None:
    (face,) = found[name]
    left, right, nose, mouth_left, mouth_right = face.landmarks
    assert face.confidence > 0.99
    assert left[0] < nose[0] < right[0]
    assert mouth_left[0] < mouth_right[0]
    assert max(left[1], right[1]) < nose[1] < min(mouth_left[1], mouth_right[1])


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("name", NAMES)
def test_a_photo_on_its_side_or_head_is_turned(
    photos: dict[str, Image.Image], found: dict[str, list[Detection]], name: str, turns: int
) -> None:
    photo, upright = photos[name], found[name][0]
    turned = detect(Image.fromarray(np.rot90(np.asarray(photo), turns)))[0]
    centre = np.array(photo.size) / 2
    back = upright.landmarks - centre
    for _ in range(turns):  # anticlockwise with y down: (x, y) -> (y, -x)
        back = np.stack([back[:, 1], -back[:, 0]], 1)
    size = photo.size if turns == 2 else photo.size[::-1]
    assert np.abs(turned.landmarks - (back + np.array(size) / 2)).max() < 0.1 * eyes_apart(upright)


def test_a_tight_crop_on_its_head_is_turned(photos: dict[str, Image.Image], found: dict[str, list[Detection]]) -> None:
    for name in NAMES:
        face = found[name][0]
        left, top, right, bottom = (round(value) for value in face.box)
        room = (right - left) // 3
        crop = photos[name].crop((max(left - room, 0), max(top - room, 0), right + room, bottom + room))
        (turned,) = detect(crop.transpose(Image.Transpose.ROTATE_180))
        eyes = turned.landmarks[1] - turned.landmarks[0]
        assert eyes[0] < -0.8 * np.hypot(*eyes)  # its left eye, as an upright face shows it, is on the right


def test_a_photo_with_people_upright_and_on_their_head_has_each_as_they_are(photos: dict[str, Image.Image]) -> None:
    sheet = Image.new("RGB", (1200, 500), (120, 120, 120))
    wanted = {}
    for i, (name, turned) in enumerate((("collins", False), ("obama", True), ("biden", False), ("obama2", True))):
        part = photos[name].copy()
        part.thumbnail((280, 480))
        sheet.paste(part.transpose(Image.Transpose.ROTATE_180) if turned else part, (10 + 295 * i, 10))
        wanted[i] = turned
    for every in (False, True):
        faces = detect(sheet, every=every)
        seen = {int(face.landmarks[:, 0].mean() // 297): face.landmarks[1, 0] < face.landmarks[0, 0] for face in faces}
        assert seen == wanted
        assert len(faces) == 4


def test_a_face_is_turned_only_where_its_own_landmarks_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """What half covered faces do: likelier on their head at first, less likely once they are cut by those landmarks."""
    upright = torch.tensor([[60.0, 60.0], [90.0, 60.0], [75.0, 80.0], [62.0, 95.0], [88.0, 95.0]]) / 3
    for again, turned in ((9.0, True), (3.9, False)):
        odds = iter([[4.0, -1.0, 4.3, -1.0], [again, -2.0, 1.0, -2.0]])

        def place(*_: object, odds: Iterator[list[float]] = odds) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
            log = torch.tensor(next(odds))
            return upright.expand(4, 5, 2), log.sigmoid(), log

        monkeypatch.setattr(detector, "place_landmarks", place)
        face = Detection(box=(20, 20, 130, 130), landmarks=3.0 * upright.double().numpy(), confidence=0.9)
        (made,) = detector._precise(torch.nn.Conv2d(1, 1, 1), Image.new("RGB", (150, 150)), [face])
        assert (made.landmarks[1, 0] < made.landmarks[0, 0]) == turned


def near_face(photos: dict[str, Image.Image], found: dict[str, list[Detection]], width: float) -> Image.Image:
    """A cut with one face of this width in pixels."""
    left, top, right, bottom = found["collins"][0].box
    near = photos["collins"].crop((int(left) - 30, int(top) - 20, int(right) + 30, int(bottom) + 20))
    scale = width / (right - left)
    return near.resize((int(near.width * scale), int(near.height * scale)))


def selfie(photos: dict[str, Image.Image], found: dict[str, list[Detection]], share: float) -> Image.Image:
    """One near face, its width ``share`` of the shorter side, and three far behind it."""
    sheet = Image.new("RGB", (1200, 900), (110, 130, 120))
    for i, name in enumerate(("obama", "biden", "obama2")):
        left, top, right, bottom = found[name][0].box
        room = 0.4 * (right - left)
        far = photos[name].crop((int(left - room), int(top - room), int(right + room), int(bottom + room)))
        far.thumbnail((80, 80))
        sheet.paste(far, (120 + 400 * i, 20))
    near = near_face(photos, found, share * 900)
    sheet.paste(near, (600 - near.width // 2, 160))
    return sheet


@pytest.mark.parametrize("share", [0.36, 0.48, 0.6])
def test_every_face_of_a_selfie_is_found_whoever_is_near(
    photos: dict[str, Image.Image], found: dict[str, list[Detection]], share: float
) -> None:
    photo = selfie(photos, found, share)
    assert len(detect(photo, every=True)) == 4
    assert len(detect(photo)) == 1  # a portrait: nobody else is looked for


@pytest.mark.parametrize("edge", ["left", "right", "top"])
def test_faces_that_the_edge_cuts_are_found_beside_others(
    photos: dict[str, Image.Image], found: dict[str, list[Detection]], edge: str
) -> None:
    sheet = Image.new("RGB", (900, 700), (90, 100, 110))
    near = near_face(photos, found, 280)
    sheet.paste(near, (450 - near.width // 2, 260))
    left, top, right, bottom = found["obama"][0].box
    wide, high = right - left, bottom - top
    cut = {"left": (left + 0.3 * wide, 0, 10000, 10000), "right": (0, 0, right - 0.3 * wide, 10000)}
    cut["top"] = (0, top + 0.25 * high, 10000, 10000)
    box = [max(int(value), 0) for value in cut[edge]]
    part = photos["obama"].crop((box[0], box[1], min(box[2], photos["obama"].width), min(box[3], int(bottom + 20))))
    part = part.resize((round(part.width * 58 / wide), round(part.height * 58 / wide)))
    place = {"left": (0, 40), "right": (900 - part.width, 40), "top": (20, 0)}[edge]
    sheet.paste(part, place)
    assert len(detect(sheet, every=True)) == 2
    assert len(detect(sheet)) == 1  # a portrait: nobody else is looked for


def test_every_face_is_looked_for_in_a_frame_of_the_edge_s_own_pixels(
    photos: dict[str, Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, asked = photos["collins"], []
    searched = detector.cascade
    monkeypatch.setattr(detector, "cascade", lambda *how: asked.append((how[1].shape, how[2])) or searched(*how))
    (plain,) = detect(photo, second_pass=False, harder=False)
    (framed,) = detect(photo, every=True, second_pass=False, harder=False)
    assert framed.box == pytest.approx(plain.box, abs=0.06 * (plain.box[2] - plain.box[0]))
    sides, framed_sides = (np.array(shape[2:]) for shape, _ in (asked[0], asked[-1]))
    assert (framed_sides - sides).tolist() == [2 * int(detector.MARGIN * max(sides))] * 2
    assert asked[-1][1] == detector.FINEST < detector.COARSE * min(sides)


def test_boxes_and_landmarks_are_in_pixels_of_the_photo() -> None:
    points = torch.arange(10.0).reshape(1, 5, 2)
    found = Candidates(boxes=torch.tensor([[4.0, 6.0, 14.0, 16.0]]), scores=torch.tensor([0.75]), landmarks=points)
    (as_seen,), (moved,) = detector._detections(found, 2.0), detector._detections(found, 2.0, shift=3.0)
    assert (as_seen.box, as_seen.confidence) == ((8.0, 12.0, 28.0, 32.0), 0.75)
    assert moved.box == (2.0, 6.0, 22.0, 26.0)
    assert (as_seen.landmarks == 2 * points[0].numpy()).all()
    assert (moved.landmarks == 2 * (points[0].numpy() - 3)).all()


def test_what_falls_apart_by_its_own_landmarks_is_no_face(monkeypatch: pytest.MonkeyPatch) -> None:
    """A spoon, in a harder try: sure once, and not again."""
    points = torch.tensor([[[60.0, 60.0], [90.0, 60.0], [75.0, 80.0], [62.0, 95.0], [88.0, 95.0]]])
    spoon = Candidates(boxes=torch.tensor([[40.0, 40.0, 110.0, 110.0]]), scores=torch.tensor([0.9]), landmarks=points)
    monkeypatch.setattr(detector, "cascade", lambda *_: spoon)
    looks: list[float] = []

    def place(*_: object) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        looks.append((0.3, 0.93, 0.4)[len(looks) % 3] if len(looks) < 3 else 0.3)
        log = torch.tensor([looks[-1], 0.01, 0.01, 0.01]).logit()
        return (points / 2).expand(4, 5, 2), log.sigmoid(), log

    monkeypatch.setattr(detector, "place_landmarks", place)
    assert detect(Image.new("RGB", (150, 150))) == []
    assert looks[:3] == [0.3, 0.93, 0.4]


def test_the_mirror_image_has_the_mirrored_face(
    photos: dict[str, Image.Image], found: dict[str, list[Detection]]
) -> None:
    photo, face = photos["obama"], found["obama"][0]
    mirrored = detect(ImageOps.mirror(photo))[0]
    expected = detector._mirror(mirrored, photo.width)
    assert np.abs(expected.landmarks - face.landmarks).max() < 0.08 * eyes_apart(face)
    assert detector._mirror(expected, photo.width).box == pytest.approx(mirrored.box)


def test_a_tight_crop_has_the_same_landmarks_as_the_whole_photo(
    photos: dict[str, Image.Image], found: dict[str, list[Detection]]
) -> None:
    face = found["obama"][0]
    left, top, right, bottom = (round(value) for value in face.box)
    (tight,) = detect(photos["obama"].crop((left, top + 10, right, bottom - 10)))
    assert np.abs(tight.landmarks + np.array([left, top + 10]) - face.landmarks).max() < 0.1 * eyes_apart(face)


def test_landmarks_scale_with_a_large_photo(
    photos: dict[str, Image.Image], found: dict[str, list[Detection]], monkeypatch: pytest.MonkeyPatch
) -> None:
    sides = []
    pixels = detector._pixels
    monkeypatch.setattr(detector, "_pixels", lambda *a: sides.append((made := pixels(*a))[0].shape) or made)
    photo, face = photos["collins"], found["collins"][0]
    large = detect(photo.resize((photo.width * 6, photo.height * 6)))[0]
    assert max(sides[0][2:]) <= detector.LONGEST
    assert np.abs(large.landmarks / 6 - face.landmarks).max() < 0.06 * eyes_apart(face)


def test_all_faces_of_a_group_are_found_the_largest_first(photos: dict[str, Image.Image]) -> None:
    sheet = Image.new("RGB", (1600, 700), (90, 110, 130))
    for i, (name, side) in enumerate((("collins", 260), ("obama", 400), ("biden", 320))):
        part = photos[name].copy()
        part.thumbnail((side, side))
        sheet.paste(part, (40 + 520 * i, 120))
    faces = detect(sheet)
    assert len(faces) == 3
    assert [face.area for face in faces] == sorted((face.area for face in faces), reverse=True)


@pytest.mark.parametrize("size", [(1, 1), (15, 200), (200, 3), (16, 16), (19, 40), (3000, 20)])
def test_tiny_and_thin_pictures_have_no_face_and_raise_nothing(size: tuple[int, int]) -> None:
    assert detect(Image.new("RGB", size, (120, 100, 90))) == []


@pytest.mark.parametrize("kind", ["black", "noise", "blobs"])
def test_nothing_is_found_where_nobody_is(kind: str) -> None:
    rng = np.random.default_rng(0)
    pictures = {
        "black": Image.new("RGB", (300, 200)),
        "noise": Image.fromarray(rng.integers(0, 256, (240, 320, 3), dtype=np.uint8)),
        "blobs": Image.fromarray(rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)).resize((320, 240)),
    }
    assert detect(pictures[kind]) == []


def test_a_small_face_is_found(photos: dict[str, Image.Image]) -> None:
    small = photos["collins"].copy()
    small.thumbnail((128, 128))
    assert len(detect(small)) == 1


@pytest.mark.parametrize(
    ("confidences", "found"),
    [
        ([0.8], [0.8]),  # sure: nothing else is tried
        ([0.79, 0.8, 0.5], [0.8]),  # a harder try is sure, and no accident: taken, and the last one
        ([0.79, *[0.799] * 7], [0.79]),  # no harder try is sure: what was found first stays
        ([0.79, *[0.9, 0.49] * 7], [0.79]),  # each is sure once, and then falls apart
        ([0.5, *[0.3] * 7], [0.5]),
        ([0.49, *[0.3] * 7], []),
    ],
)
def test_harder_tries_are_made_until_one_is_sure_and_only_then(
    confidences: list[float], found: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    points = torch.tensor([[[60.0, 60.0], [90.0, 60.0], [75.0, 80.0], [62.0, 95.0], [88.0, 95.0]]])
    one = Candidates(boxes=torch.tensor([[40.0, 40.0, 110.0, 110.0]]), scores=torch.tensor([0.9]), landmarks=points)
    monkeypatch.setattr(detector, "cascade", lambda *_: one)
    left = iter(confidences)

    def place(*_: object) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        log = torch.tensor([next(left), 0.01, 0.01, 0.01]).logit()
        return (points / 2).expand(4, 5, 2), log.sigmoid(), log

    monkeypatch.setattr(detector, "place_landmarks", place)
    faces = detect(Image.new("RGB", (150, 150)))
    assert [face.confidence for face in faces] == pytest.approx(found)
    assert next(left, None) is None


def seen_at(*box: float, eyes: tuple[float, float] = (1.0, 0.0), confidence: float = 0.9) -> Detection:
    """A find in ``box`` whose right eye, as seen, lies ``eyes`` from the left one."""
    points = np.array([[0, 0], eyes, [2, 1], [0, 3], [3, 3]]) + box[:2]
    return Detection(box=box, landmarks=points, confidence=confidence)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("other", "share"),
    [((5, 0, 15, 10), 0.5), ((2, 2, 4, 4), 1.0), ((-90, -90, 90, 90), 1.0), ((10, 0, 20, 10), 0.0),
     ((9, 20, 12, 30), 0.0), ((5, 5, 15, 15), 0.25), ((0, 8, 40, 9), 0.25)],
)  # fmt: skip
def test_overlap_is_the_share_of_the_smaller_box(other: tuple[float, ...], share: float) -> None:
    one, two = seen_at(0, 0, 10, 10), seen_at(*other)
    assert detector._overlap(one, two) == detector._overlap(two, one) == pytest.approx(share)
    assert detector._joined([one], [two]) == ([one] if share > 0.5 else [one, two])


def test_a_photo_is_turned_the_ways_in_which_its_sure_faces_lie() -> None:
    upright, left, down, right = ((1.0, 0.1), (0.1, -1.0), (-1.0, 0.1), (-0.1, 1.0))  # y points down
    faces = [seen_at(0, 0, 9, 9, eyes=eyes) for eyes in (upright, right, right, left, down)]
    assert detector._turns(faces[:1]) == []
    assert detector._turns(faces[:3]) == [1]
    assert detector._turns(faces) == [1, 2, 3]
    assert detector._turns([seen_at(0, 0, 9, 9, eyes=right, confidence=0.79)]) == []
    assert detector._turns([seen_at(0, 0, 9, 9, eyes=right, confidence=0.8)]) == [1]


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_face_of_a_turned_photo_lies_where_its_pixels_came_from(turns: int) -> None:
    photo = np.arange(40 * 60).reshape(40, 60)  # each pixel is its own number
    turned = np.rot90(photo, turns)
    found = seen_at(5, 7, 17, 30)
    back = detector._turn_back(found, (60, 40), turns)

    def pixel(points: np.ndarray, picture: np.ndarray) -> list[int]:
        return [int(picture[int(y + 0.5), int(x + 0.5)]) for x, y in points]

    middles = found.landmarks + 0.5  # of pixels; edges lie between them
    again = detector._turn_back(replace(found, landmarks=middles), (60, 40), turns)
    assert pixel(again.landmarks - 0.5, photo) == pixel(found.landmarks, turned)
    left, top, right, bottom = map(int, back.box)
    assert sorted(photo[top:bottom, left:right].ravel()) == sorted(turned[7:30, 5:17].ravel())


def test_a_mirrored_face_keeps_left_on_the_left() -> None:
    found = Detection(box=(10, 20, 40, 70), landmarks=np.arange(10.0).reshape(5, 2), confidence=0.7)
    made = detector._mirror(found, 100)
    assert (made.box, made.confidence) == ((60, 20, 90, 70), 0.7)
    assert made.landmarks.tolist() == [[98, 3], [100, 1], [96, 5], [92, 9], [94, 7]]
    again = detector._mirror(made, 100)
    assert (again.box, again.landmarks.tolist()) == (found.box, found.landmarks.tolist())


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[int, ...], float, object]]:
    """What the cascade, which finds nobody, is given: height and width, the smallest face, thresholds."""
    asked: list[tuple[tuple[int, ...], float, object]] = []
    nobody = Candidates(boxes=torch.zeros(0, 4), scores=torch.zeros(0), landmarks=torch.zeros(0, 5, 2))

    def look(_: object, pixels: torch.Tensor, smallest: float, thresholds: object = None) -> Candidates:
        asked.append((tuple(pixels.shape[2:]), smallest, thresholds))
        return nobody

    monkeypatch.setattr(detector, "cascade", look)
    return asked


def test_where_nobody_is_found_all_tries_are_made_each_in_its_own_way(searches: list[object]) -> None:
    assert detect(Image.new("RGB", (640, 480))) == []
    half = (480 + 640, 640 + 640)  # with half of the longer side all round
    assert searches == [
        ((480, 640), 60.0, None),
        ((480, 640), 20.0, None),  # small faces
        ((800, 960), 60.0, None),  # the edge goes on, by a quarter of the longer side
        ((640, 480), 60.0, None),  # turned
        ((640, 480), 60.0, None),
        ((480, 640), 60.0, None),
        ((800, 960), pytest.approx(480 / 7), detector.LOW),
        (half, pytest.approx(0.186 * 480), detector.LOW),
        ((800, 960), pytest.approx(480 / 7), detector.LOW),
    ]


@pytest.mark.parametrize(
    ("size", "how", "wanted"),
    [
        ((160, 160), {}, [((160, 160), 20.0)]),  # no smaller face could be found
        ((200, 160), {}, [((160, 200), 20.0)]),
        ((184, 184), {}, [((184, 184), 23.0), ((184, 184), 20.0)]),
        ((640, 480), {"fine": False}, [((240, 320), 30.0)]),
        ((2048, 1024), {}, [((512, 1024), 64.0), ((512, 1024), 32.0)]),
        ((640, 480), {"every": True}, [((800, 960), 20.0)]),
        ((1024, 160), {"every": True}, [((160 + 512, 1024 + 512), 20.0)]),
        ((640, 480), {"every": True, "fine": False}, [((800, 960), 20.0)]),
    ],
)
def test_a_photo_is_searched_as_finely_as_was_asked(
    size: tuple[int, int], how: dict[str, bool], wanted: list[object], searches: list[tuple[object, ...]]
) -> None:
    assert detect(Image.new("RGB", size), harder=False, **how) == []
    assert [(shape, smallest) for shape, smallest, _ in searches] == wanted


def test_of_a_box_in_a_box_the_surer_stays() -> None:
    boxes = torch.tensor([[0.0, 0, 100, 100], [20, 20, 60, 60], [200, 0, 300, 100]])
    assert _suppress(boxes, torch.tensor([0.9, 0.95, 0.8]), 0.7).tolist() == [1, 2]
    assert _suppress(boxes[:0], torch.zeros(0), 0.7).tolist() == []


def test_squares_keep_centre_and_longer_side() -> None:
    assert _square(torch.tensor([[0.0, 10, 10, 50]])).tolist() == [[-15.0, 10.0, 25.0, 50.0]]


@pytest.mark.parametrize("box", [(0, 5, 10, 25), (-8, -4, 6, 10), (25, 0, 45, 20)])
def test_beyond_the_edge_a_crop_goes_on_as_the_edge_does(box: tuple[int, ...]) -> None:
    wide, boxes = torch.ones(1, 3, 10, 30), torch.tensor([box]).float()
    assert torch.allclose(_cut(wide, boxes, 12), torch.ones(1, 3, 12, 12))
    assert torch.allclose(_cut(wide.transpose(2, 3), boxes[:, [1, 0, 3, 2]], 12), torch.ones(1, 3, 12, 12))


@pytest.mark.parametrize("width", [10.0, 24.0, 50.0, 97.0, 200.0])
def test_a_crop_of_a_slope_is_a_slope(width: float) -> None:
    """Whichever halving it is cut from, a pixel has the value in the middle of what it covers."""
    y, x = torch.meshgrid(torch.arange(240.0), torch.arange(320.0), indexing="ij")
    levels = [torch.stack((x, y, 2 * x - y))[None]]
    boxes = torch.tensor([[30.5, 20.25, 30.5 + width, 20.25 + width], [100.0, 12.0, 100.0 + width, 12.0 + width]])
    crops = mtcnn._crop(levels, boxes, 24)
    middles = (torch.arange(24) + 0.5) / 24 * width - 0.5  # a pixel's value stands at its centre
    for crop, box in zip(crops, boxes, strict=True):
        right, down = box[0] + middles, box[1] + middles
        assert torch.allclose(crop[0], right.expand(24, 24), atol=1e-3)
        assert torch.allclose(crop[1], down[:, None].expand(24, 24), atol=1e-3)
        assert torch.allclose(crop[2], 2 * right - down[:, None], atol=1e-3)
    assert len(levels) == 1 + max(int(np.log2(width / 48)), 0)


@pytest.mark.parametrize("smallest", [12.0, 24.0])
def test_what_is_proposed_lies_where_the_first_network_saw_it(smallest: float) -> None:
    sizes: list[tuple[int, ...]] = []

    def pnet(level: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        sizes.append(tuple(level.shape[2:]))
        rows, columns = (max((side - 12) // 2 + 1, 1) for side in level.shape[2:])
        shifts, scores = torch.zeros(1, 4, rows, columns), torch.zeros(1, 2, rows, columns)
        if len(sizes) == 1:
            scores[0, 1, 5, 9], scores[0, 1, 20, 30] = 0.6, 0.59
            shifts[0, :, 5, 9] = torch.tensor([-0.25, 0.0, 0.25, 0.0])
        return shifts, scores

    found = mtcnn._propose(SimpleNamespace(pnet=pnet), torch.zeros(1, 3, 120, 160), smallest, 0.6)  # type: ignore[arg-type]
    across, down = 160 / sizes[0][1], 120 / sizes[0][0]
    left, top, width, height = 18 * across, 10 * down, 12 * across, 12 * down
    middle = left + width / 2, top + height / 2
    half = 1.5 * width / 2  # a quarter more on both sides, and as high as it is wide
    wanted = [middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half]
    assert found.tolist() == [pytest.approx(wanted, rel=1e-5)]
    assert sizes[0] == (int(120 * 12 / smallest + 1), int(160 * 12 / smallest + 1))
    assert all(b[0] == pytest.approx(0.709 * a[0], abs=2) for a, b in itertools.pairwise(sizes))
    assert 12 <= sizes[-1][0] < 12 / 0.709 + 2


def test_the_cascade_sees_pixels_from_minus_one_to_one(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Tensor] = []
    monkeypatch.setattr(mtcnn, "_propose", lambda _, x, *__: seen.append(x) or x.new_zeros(0, 4))
    pixels = torch.tensor([0.0, 127.5, 255.0]).reshape(1, 3, 1, 1).expand(1, 3, 20, 20)
    assert len(cascade(torch.nn.Identity(), pixels, 12).boxes) == 0
    assert seen[0][0, :, 0, 0].tolist() == pytest.approx([-1, 0, 1], abs=0.01)
