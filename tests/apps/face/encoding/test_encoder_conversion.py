"""The bundled encoder is dlib's: the converter against dlib itself, the shards against the converter."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from apps.face.encoding.convert import PACKAGE, convert, find_source
from apps.face.encoding.dlib_format import Reader, read_face_resnet
from apps.face.encoding.encoders import find_encoder
from apps.face.encoding.resnet import FaceResNet, load
from apps.face.photo.pipeline import find_faces
from shared.errors import HashError, WeightsError
from shared.images import open_image
from shared.registry import find
from shared.weights import ensure

pytestmark = pytest.mark.slow  # trains, paints or starts programs

SAMPLES = Path(__file__).resolve().parents[4] / "apps" / "face" / "samples"
SPEC = find_encoder("resnet29-128d")

needs_source = pytest.mark.skipif(
    importlib.util.find_spec(PACKAGE) is None, reason="needs face-recognition-models 0.3.0, which only conversion uses"
)


@pytest.fixture(scope="module")
def chips() -> np.ndarray:
    """Chips of real faces as the pipeline cuts them, and noise."""
    found = [find_faces(open_image(path))[0] for path in sorted(SAMPLES.glob("*.jpg"))]
    views = [chip for face in found for chip in face.views(SPEC)]
    noise = np.random.default_rng(0).integers(0, 256, (2, 150, 150, 3), dtype=np.uint8)
    return np.stack([*views, *noise])


def encode(network: torch.nn.Module, chips: np.ndarray) -> np.ndarray:
    """What the network itself says, in float32."""
    x = torch.from_numpy(chips).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        return network((x - torch.tensor(SPEC.mean).view(1, 3, 1, 1)) / SPEC.scale).numpy()


@needs_source
def test_the_converted_network_says_what_dlib_says(chips: np.ndarray) -> None:
    dlib = pytest.importorskip("dlib", reason="needs dlib-bin, which only this test uses")
    original = dlib.face_recognition_model_v1(str(find_source()))
    expected = np.array([list(original.compute_face_descriptor(chip)) for chip in chips])
    assert np.abs(encode(read_face_resnet(find_source()), chips) - expected).max() < 1e-5


@needs_source
def test_half_precision_moves_distances_by_less_than_a_thousandth(chips: np.ndarray) -> None:
    exact, stored = (encode(network, chips) for network in (read_face_resnet(find_source()), load(_bundled())))
    pairs = np.triu_indices(len(chips), 1)
    distances = [np.linalg.norm(rows[pairs[0]] - rows[pairs[1]], axis=1) for rows in (exact, stored)]
    assert np.abs(distances[0] - distances[1]).max() < 1e-3


@needs_source
def test_conversion_makes_the_bundled_bytes(tmp_path: Path) -> None:
    made = convert(tmp_path)
    assert [(file.sha256, file.size) for file in made] == [(file.sha256, file.size) for file in _record().files]
    assert all(file.size < 10_000_000 for file in made)


def test_the_network_has_the_published_number_of_parameters() -> None:
    assert sum(parameter.numel() for parameter in FaceResNet().parameters()) == 5_607_488


@needs_source
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_file_that_is_cut_short_is_refused(tmp_path: Path, share: float) -> None:
    data = find_source().read_bytes()
    short = tmp_path / "short.dat"
    short.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(WeightsError):
        read_face_resnet(short)


@needs_source
def test_only_the_known_file_is_converted(tmp_path: Path) -> None:
    other = tmp_path / "other.dat"
    other.write_bytes(find_source().read_bytes()[:-1] + b"\x00\x00")
    with pytest.raises(HashError, match="SHA-256"):
        convert(tmp_path, other)


@pytest.mark.parametrize(
    ("data", "value"), [(b"\x01\x7f", 127), (b"\x02\x00\x01", 256), (b"\x81\x05", -5), (b"\x00", 0)]
)
def test_integers_of_dlib(data: bytes, value: int) -> None:
    assert Reader(data).integer() == value


def _record():
    return find("resnet29-128d", "face")


def _bundled() -> tuple[Path, ...]:
    return ensure(_record())
