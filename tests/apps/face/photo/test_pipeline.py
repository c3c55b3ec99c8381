"""From photos to encodings, both encoders, and the command line around them."""

from __future__ import annotations

import contextlib
import copy
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from apps.face import __main__ as command
from apps.face.decision.matching import distance
from apps.face.encoding import facenet
from apps.face.gallery.index import repeated
from apps.face.photo import detector
from apps.face.photo.pipeline import Face, encode, find_face, find_faces, locate_faces, prominence, views
from shared import cli
from shared.errors import ImageError, InputError, OptionError, WeightsError
from shared.images import open_image

SAMPLES = Path(__file__).resolve().parents[4] / "apps" / "face" / "samples"


def test_one_person_is_nearer_than_two_people(encodings: dict[str, np.ndarray]) -> None:
    same = float(distance(encodings["obama"], encodings["obama2"]))
    others = [float(distance(encodings[a], encodings[b])) for a in encodings for b in encodings if a[:5] != b[:5]]
    assert same < 0.35 < 0.45 < min(others)


def test_how_hard_faces_are_looked_for_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []
    monkeypatch.setattr(detector, "detect", lambda _, **how: asked.append(how) or [])
    photo = Image.new("L", (60, 40))
    assert find_faces(photo) == find_faces(photo, every=True) == locate_faces(photo, quick=True) == []
    assert [(how["fine"], how["every"], how["harder"]) for how in asked] == [
        (True, False, True),
        (True, True, True),
        (False, False, False),
    ]


def test_of_many_cuts_the_plain_one_and_every_other_one_are_mirrored() -> None:
    cuts = [np.full((2, 2, 3), [[[i], [10 * i]]], np.uint8) for i in range(1, 6)]  # left and right differ
    plain, *others = (cut[0, :, 0].tolist() for cut in views(cuts))
    assert plain == [1, 10]
    assert others == [[10, 1], [2, 20], [30, 3], [4, 40], [50, 5]]


def test_encodings_are_unit_vectors_and_do_not_depend_on_the_batch(
    faces: dict[str, Face], encodings: dict[str, np.ndarray]
) -> None:
    for name, face in faces.items():
        (alone,) = encode([face])
        assert alone.dtype == np.float32
        assert np.linalg.norm(alone) == pytest.approx(1, abs=1e-6)
        assert float(distance(alone, encodings[name])) < 0.01
    assert encode([]).shape == (0, 128)


def test_the_averages_stay_near_each_other(faces: dict[str, Face], encodings: dict[str, np.ndarray]) -> None:
    for average in ("single", "flip"):
        for one, full in zip(encode(list(faces.values()), average=average), encodings.values(), strict=True):
            assert float(distance(one, full)) < 0.2


def test_chips_of_another_encoder_are_refused(faces: dict[str, Face]) -> None:
    with pytest.raises(InputError, match="150"):
        encode([faces["obama"].crop])
    with pytest.raises(OptionError, match="facenet-vggface2"):
        encode([faces["obama"]], "eigenfaces")
    with pytest.raises(OptionError, match="single"):
        encode([faces["obama"]], average="all")


@pytest.mark.parametrize(
    ("size", "subject", "others"),
    [
        ((250, 250), (125, 125, 80), [(230, 60, 90), (125, 125, 20)]),  # LFW's: central, with somebody beside
        ((1200, 800), (300, 320, 220), [(600, 400, 50)]),  # at a third of the frame, a speck in the middle
        ((640, 400), (280, 146, 130), [(557, 334, 180)]),  # a passer-by, larger and cut by the corner
        ((800, 600), (400, 250, 110), [(800, 250, 200), (0, 300, 200)]),  # two that are half outside
        ((3000, 4000), (1500, 1300, 900), [(400, 700, 300)]),  # a portrait
        ((1600, 1200), (800, 1000, 420), [(250, 130, 90), (800, 130, 90), (1300, 130, 90)]),  # a selfie
    ],
)
def test_the_subject_is_large_and_central_and_whole(
    size: tuple[int, int], subject: tuple[int, int, int], others: list[tuple[int, int, int]]
) -> None:
    def weight(face: tuple[int, int, int]) -> float:
        x, y, side = face
        return prominence((x - side / 2, y - side / 2, x + side / 2, y + side / 2), size)

    assert max((*others, subject), key=weight) is subject


@pytest.fixture
def passer_by(faces: dict[str, Face], tmp_path: Path) -> Path:
    """A portrait of Collins with Biden, larger, cut by the corner."""
    photo = open_image(SAMPLES / "collins.jpg").resize((640, 640)).crop((0, 0, 640, 400))
    other = open_image(SAMPLES / "biden.jpg")
    left, top, right, bottom = faces["biden"].box
    scale = 150 / (right - left)
    wide, high = (round(scale * value) for value in (right - left, bottom - top))
    near = other.crop((int(left) - 15, int(top) - 15, int(right) + 15, int(bottom) + 15))
    near = near.resize((wide + round(30 * scale), high + round(30 * scale)))
    photo.paste(near, (640 - round(15 * scale + 0.95 * wide), 400 - round(15 * scale + 0.9 * high)))
    photo.save(tmp_path / "passer-by.png")
    return tmp_path / "passer-by.png"


def test_the_subject_comes_first_everywhere(
    passer_by: Path, capsys: pytest.CaptureFixture[str], encodings: dict[str, np.ndarray]
) -> None:
    found = find_faces(open_image(passer_by))
    assert len(found) == 2
    assert found[0].area < found[1].area
    assert float(distance(encode(found[:1])[0], encodings["collins"])) < 0.1
    code, out, _ = run(capsys, "verify", str(passer_by), str(SAMPLES / "collins.jpg"), "--json")
    answer = json.loads(out)
    assert (code, answer["same"], answer["faces"]) == (0, True, [2, 1])
    _, out, _ = run(capsys, "verify", str(passer_by), str(SAMPLES / "collins.jpg"))
    assert "passer-by.png shows 2 faces" in out
    gallery = passer_by.parent / "people" / "Eileen"
    gallery.mkdir(parents=True)
    shutil.copy(passer_by, gallery)
    _, out, _ = run(capsys, "identify", str(SAMPLES / "collins.jpg"), "--gallery", str(gallery.parent), "--json")
    assert json.loads(out)["faces"][0]["winner"] == "Eileen"


def test_two_people_on_their_head_are_two_people_and_one_is_one(encodings: dict[str, np.ndarray]) -> None:
    turned = {
        name: encode([find_face(open_image(SAMPLES / f"{name}.jpg").transpose(Image.Transpose.ROTATE_180))])[0]
        for name in ("obama", "collins", "biden")
    }
    for a, b in (("obama", "collins"), ("obama", "biden"), ("collins", "biden")):
        assert float(distance(turned[a], turned[b])) > 0.5
    for name, encoding in turned.items():
        assert float(distance(encoding, encodings[name])) < 0.1


def test_a_name_that_several_faces_get_is_told() -> None:
    assert repeated(["Ada", None, "Ben", None]) == []
    assert repeated(["Ada", "Ben", "Ada", None, "Ada"]) == [
        "Ada is the answer for faces 1, 3 and 5: at most one of them is right."
    ]


def test_no_face_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(ImageError, match="none that the detector can find"):
        find_face(Image.new("RGB", (200, 200)), "Photo A")
    assert find_faces(Image.new("L", (200, 200))) == []


@pytest.fixture(scope="module")
def vggface(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the tensors of the published one, drawn at random; its classifier of people included."""
    from facenet_pytorch.models.inception_resnet_v1 import InceptionResnetV1

    torch.manual_seed(0)
    state = InceptionResnetV1(pretrained=None, classify=False).state_dict()
    path = tmp_path_factory.mktemp("weights") / "vggface2.pt"
    torch.save(state | {"logits.weight": torch.zeros(8631, 512), "logits.bias": torch.zeros(8631)}, path)
    return path


def test_facenet_is_loaded_without_its_classifier_and_nothing_else_may_differ(vggface: Path, tmp_path: Path) -> None:
    network = facenet.load([vggface])
    with torch.inference_mode():
        encoded = network(torch.zeros(2, 3, 160, 160))
    assert encoded.shape == (2, 512)
    assert not network.training
    state = torch.load(vggface, weights_only=True)
    for changed in (state | {"more": torch.zeros(1)}, {name: t for name, t in state.items() if name != "last_bn.bias"}):
        torch.save(changed, tmp_path / "changed.pt")
        with pytest.raises(WeightsError, match="FaceNet"):
            facenet.load([tmp_path / "changed.pt"])


def test_facenet_encodes_its_own_crop(vggface: Path, faces: dict[str, Face], monkeypatch: pytest.MonkeyPatch) -> None:
    network = facenet.load([vggface])
    asked: list[str] = []

    def lease(record: object, *, dtype: torch.dtype | None) -> contextlib.AbstractContextManager[torch.nn.Module]:
        asked.append(record.name)  # type: ignore[attr-defined]
        return contextlib.nullcontext(copy.deepcopy(network).to(dtype))

    monkeypatch.setattr("apps.face.encoding.encoders.model_cache", lambda: SimpleNamespace(lease=lease))
    encoded = encode(list(faces.values()), "facenet-vggface2")
    assert asked == ["face/facenet-vggface2"]
    assert encoded.shape == (4, 512)
    assert np.allclose(np.linalg.norm(encoded, axis=1), 1, atol=1e-5)
    crop = torch.from_numpy(faces["biden"].crop.copy()).permute(2, 0, 1)[None].float()
    with torch.inference_mode():
        x = (crop - 127.5) / 128
        expected = torch.nn.functional.normalize(network(x) + network(x.flip(3)))[0].numpy()
    assert float(distance(expected, encoded[list(faces).index("biden")])) < 0.02


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        cli.run(command.main, arguments)
    out, err = capsys.readouterr()
    return int(end.value.code or 0), out, err


def test_verify_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "verify", str(SAMPLES / "obama.jpg"), str(SAMPLES / "obama2.jpg"), "--json")
    answer = json.loads(out)
    assert (code, answer["same"]) == (0, True)
    assert answer["probability"] >= 0.5
    code, out, _ = run(capsys, "verify", str(SAMPLES / "obama.jpg"), str(SAMPLES / "biden.jpg"))
    assert (code, out.splitlines()[0]) == (0, "different people")


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "nowhere.jpg", str(SAMPLES / "obama.jpg")),
        ("verify", str(SAMPLES / "README.md"), str(SAMPLES / "obama.jpg")),
        ("verify", str(SAMPLES / "obama.jpg"), str(SAMPLES / "obama.jpg"), "--threshold", "nan"),
        ("verify", str(SAMPLES / "obama.jpg"), str(SAMPLES / "obama.jpg"), "--encoder", "eigenfaces"),
        ("evaluate", "--images", "nowhere", "--pairs", str(SAMPLES / "README.md")),
        ("identify", str(SAMPLES / "obama.jpg"), "--gallery", "nowhere"),
        ("nonsense",),
    ],
)
def test_bad_input_exits_with_two_and_one_line(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1


def test_zero_is_a_threshold_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    photo = str(SAMPLES / "obama.jpg")
    _, out, _ = run(capsys, "verify", photo, str(SAMPLES / "obama2.jpg"), "--threshold", "0", "--json")
    assert (json.loads(out)["threshold"], json.loads(out)["same"]) == (0.0, False)


def test_identify_on_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name, photo in (("Barack Obama", "obama"), ("Joe Biden", "biden")):
        (tmp_path / name).mkdir()
        shutil.copy(SAMPLES / f"{photo}.jpg", tmp_path / name)
    (tmp_path / "Joe Biden" / "broken.jpg").write_bytes(b"no picture")
    probe = str(SAMPLES / "obama2.jpg")
    code, out, _ = run(capsys, "identify", probe, "--gallery", str(tmp_path), "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["faces"][0]["winner"] == "Barack Obama"
    assert [candidate["person"] for candidate in answer["faces"][0]["candidates"]] == ["Barack Obama", "Joe Biden"]
    assert [skipped["path"] for skipped in answer["skipped"]] == ["Joe Biden/broken.jpg"]
    _, out, _ = run(capsys, "identify", str(SAMPLES / "collins.jpg"), "--gallery", str(tmp_path), "--json")
    assert json.loads(out)["faces"][0]["winner"] is None


def test_evaluate_counts_undetected_photos_as_errors(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "O").mkdir()
    shutil.copy(SAMPLES / "obama.jpg", tmp_path / "O" / "O_0001.jpg")
    shutil.copy(SAMPLES / "obama2.jpg", tmp_path / "O_0002.jpg")
    shutil.copy(SAMPLES / "biden.jpg", tmp_path / "B_0001.jpg")
    Image.new("RGB", (120, 120)).save(tmp_path / "N_0001.jpg")
    lines = ["2\t1", "O\t1\t2", "O\t1\tB\t1", "O\t1\t2", "O\t2\tN\t1"]
    (tmp_path / "pairs.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, out, err = run(
        capsys, "evaluate", "--images", str(tmp_path), "--pairs", str(tmp_path / "pairs.txt"), "--json"
    )
    found = json.loads(out)
    assert code == 0
    assert "4 of 4" in err
    expected = {"accuracy": 0.75, "n_pairs": 4, "undetected": 1, "undetected_pairs": 1, "tar_at_far_1e-3": 1.0}
    assert {name: found[name] for name in expected} == expected
    assert {"accuracy_std", "auc", "eer", "threshold", "seconds_per_face"} <= found.keys()


@pytest.mark.data
@pytest.mark.slow
def test_accuracy_on_a_part_of_the_development_people(data_dir: Path, tmp_path: Path) -> None:
    from apps.face.evaluation.protocol import evaluate

    lines = (data_dir / "lfw_dev" / "pairs.txt").read_text().splitlines()[1:]
    part = ["2\t15", *lines[:15], *lines[84:99], *lines[168:183], *lines[252:267]]
    (tmp_path / "pairs.txt").write_text("\n".join(part) + "\n")
    steps = evaluate(data_dir / "lfw_dev" / "images", tmp_path / "pairs.txt")
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found = end.value
            break
    assert found.n_pairs == 60
    assert found.accuracy >= 0.9
    assert found.undetected <= 1
