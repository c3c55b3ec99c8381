"""The second encoder, which is downloaded and has no calibration: what works without one, and what is not claimed.

Its file is not available here; a network of its shape with random weights stands in for it, in the cache folder where
the download would lie, under the registry's record with that file's hash.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from apps.face.__main__ import main
from apps.face.decision.error_curves import pooling
from apps.face.decision.matching import Calibration, Uncalibrated, calibration, decision_at, find_calibration
from apps.face.encoding.encoders import encode_views
from apps.face.gallery.gallery import MemoryGallery
from apps.face.ui import answers as ui_answers
from apps.face.ui import ruler as ui_ruler
from apps.face.ui import state as ui_state
from apps.face.ui.answers import advised, statement
from apps.face.ui.verify import panel_html
from shared.errors import HubError, WeightsError
from shared.model_cache import model_cache
from shared.registry import face, find
from shared.registry.types import Record, WeightFile

NAME = "facenet-vggface2"
SAMPLES = Path(__file__).parents[4] / "apps" / "face" / "samples"


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as the download would be: the encoder's tensors and the classifier's."""
    from facenet_pytorch.models.inception_resnet_v1 import InceptionResnetV1

    torch.manual_seed(0)
    state = InceptionResnetV1(pretrained=None, classify=False).state_dict()
    path = tmp_path_factory.mktemp("facenet") / "vggface2.pt"
    torch.save({**state, "logits.weight": torch.zeros(2, 512), "logits.bias": torch.zeros(2)}, path)
    return path


@pytest.fixture(scope="module")
def downloaded(stand_in: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, tuple[Record, ...]]]:
    """(a cache folder with the stand-in, the registry's records with its hash); the network is loaded once."""
    record, folder = find(NAME, "face"), tmp_path_factory.mktemp("cache")
    name = record.files[0].path
    file = WeightFile(path=name, sha256=hashlib.sha256(stand_in.read_bytes()).hexdigest(), size=stand_in.stat().st_size)
    (folder / "weights" / name).parent.mkdir(parents=True)
    (folder / "weights" / name).symlink_to(stand_in)
    model_cache().evict_idle()
    yield folder, tuple(replace(one, files=(file,)) if one is record else one for one in face.RECORDS)
    model_cache().evict_idle()


@pytest.fixture
def cached(downloaded: tuple[Path, tuple[Record, ...]], monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in, as if it had been downloaded."""
    folder, records = downloaded
    monkeypatch.setattr(face, "RECORDS", records)
    monkeypatch.setenv("CONVHUB_CACHE", str(folder))


def test_the_published_threshold_is_a_plain_distance_with_its_origin() -> None:
    found = find_calibration(NAME)
    assert isinstance(found, Uncalibrated)
    assert found.threshold**2 == pytest.approx(1.242)
    assert "Schroff" in found.source
    assert "1.242" in statement(found, found.threshold)
    assert found.remedy in statement(found, found.threshold)
    with pytest.raises(WeightsError, match="face calibrate"):
        calibration(NAME)


@pytest.mark.parametrize(("distance", "same"), [(1.0, True), (1.114, True), (1.115, False)])
def test_without_calibration_there_is_a_decision_and_nothing_more(distance: float, same: bool) -> None:
    decision = decision_at(distance**2, find_calibration(NAME))
    assert decision.same is same
    assert [decision.probability, decision.far, decision.frr, decision.prior, decision.likelihood_ratio] == [None] * 5


def test_several_photos_answer_without_a_measured_spread_and_no_threshold_is_advised() -> None:
    assert pooling(find_calibration(NAME)) == {"pool": "average"}
    assert pooling(find_calibration())["pool"] == "template"
    assert advised(find_calibration(NAME), 1.0, 1000) is None


def test_the_measured_figures_take_over_once_they_are_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from shared.settings import weights_dir

    figures = json.loads((weights_dir() / "face" / "resnet29-128d.json").read_text(encoding="utf-8"))
    (tmp_path / "face").mkdir()
    (tmp_path / "face" / f"{NAME}.json").write_text(json.dumps(figures | {"encoder": NAME}), encoding="utf-8")
    for module in ("apps.face.decision.matching", "shared.registry"):
        monkeypatch.setattr(f"{module}.weights_dir", lambda: tmp_path)
    assert isinstance(find_calibration(NAME), Calibration)


def test_what_is_missing_is_said_if_the_file_is_not_available(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVHUB_OFFLINE", "1")
    model_cache().evict_idle()
    with pytest.raises(HubError):
        encode_views([[np.zeros((160, 160, 3), np.uint8)]], NAME)


def test_folding_the_normalisations_changes_no_number(stand_in: Path) -> None:
    from facenet_pytorch.models.inception_resnet_v1 import InceptionResnetV1

    from apps.face.encoding.facenet import CLASSIFIER, load

    state = torch.load(stand_in, weights_only=True)
    plain = InceptionResnetV1(pretrained=None, classify=False).eval()
    plain.load_state_dict({name: tensor for name, tensor in state.items() if name not in CLASSIFIER})
    x = torch.randn(2, 3, 160, 160)
    with torch.inference_mode():
        assert torch.allclose(load([stand_in])(x), plain(x), atol=1e-5)


@pytest.mark.usefixtures("cached")
def test_the_command_line_verifies_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    pair = [str(SAMPLES / "obama.jpg"), str(SAMPLES / "obama2.jpg")]
    main(["verify", *pair, "--encoder", NAME, "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["threshold"] == pytest.approx(math.sqrt(1.242))
    assert answer["probability"] is None
    assert answer["far"] is None
    assert "Schroff" in answer["threshold_source"]
    main(["verify", *pair, "--encoder", NAME])
    told = capsys.readouterr().out
    assert "not calibrated" in told
    assert "apps.face calibrate" in told


@pytest.mark.usefixtures("cached")
def test_it_is_evaluated_and_calibrated_like_the_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"Obama_0001": "obama", "Obama_0002": "obama2", "Biden_0001": "biden", "Collins_0001": "collins"}
    folder = tmp_path / "images"
    folder.mkdir()
    for name, sample in files.items():
        Image.open(SAMPLES / f"{sample}.jpg").save(folder / f"{name}.jpg")
    fold = "Obama\t1\t2\nObama\t1\tBiden\t1\n"
    pairs = tmp_path / "pairs.txt"
    pairs.write_text(f"2\t1\n{fold}Obama\t2\t1\nCollins\t1\tBiden\t1\n", encoding="utf-8")
    main(["evaluate", "--images", str(folder), "--pairs", str(pairs), "--encoder", NAME, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["encoder"] == NAME
    assert found["n_pairs"] == 4
    assert found["undetected"] == 0
    assert 0 <= found["accuracy"] <= 1
    assert found["seconds_per_face"] > 0


@pytest.mark.usefixtures("cached")
def test_the_page_answers_and_says_what_it_does_not_know() -> None:
    who = ui_state.Visitor()
    for slot, name in (("a", "obama"), ("b", "biden")):
        who.shots[slot] = ui_state.read_photo((SAMPLES / f"{name}.jpg").read_bytes(), name)
    html = panel_html(who, NAME, 1.114)
    assert "not calibrated" in html
    assert "probability of one person" not in html
    assert "Schroff" in html
    assert "cf-h-same" not in ui_ruler.ruler(find_calibration(NAME), 1.114)
    answer = ui_answers.verify_answer(who.shots["a"], who.shots["b"], NAME, None)
    assert answer["probability"] is None


@pytest.mark.usefixtures("cached")
def test_a_gallery_never_mixes_its_encodings_with_the_other_encoder_s() -> None:
    shot = ui_state.read_photo((SAMPLES / "obama.jpg").read_bytes())
    gallery = MemoryGallery()
    for encoder, name in ((NAME, "Ada"), ("resnet29-128d", "Bob")):
        gallery.enroll(
            name,
            shot.encoding(encoder),
            encoder=ui_state.encoder_id(encoder),
            thumbnail=b"t",
            owner="me",
        )
    for encoder, name in ((NAME, "Ada"), ("resnet29-128d", "Bob")):
        answer = ui_answers.identify_answer(shot, gallery, encoder, None)
        assert answer["people"] == 1
        assert [face["name"] for face in answer["faces"]] == [name]
        assert (answer["stranger_chance"] is None) is (encoder == NAME)
