"""The commands of endless art: painted, trained, bundled, painted with one's own; targets are checked before work."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from apps.gan.__main__ import main
from apps.gan.art import evaluate
from apps.gan.art.networks import Texture
from apps.gan.art.paint import paint
from apps.gan.art.pictures import load_picture
from apps.gan.art.plane import Window
from shared.errors import HubError, InputError
from shared.weights import read_tensors

pytestmark = pytest.mark.usefixtures("untrained")


def test_a_window_is_written_and_told(
    tmp_path: Path, untrained: dict[str, Texture], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a.png"
    sizes = ["--width", "96", "--height", "64", "--x", "-32"]
    main(["art", "woodcut", "--out", str(out), *sizes, "--seed", "5", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told.pop("files") == [str(out)]
    assert told == {"picture": "woodcut", "seed": 5, "x": -32, "y": 0, "width": 96, "height": 64, "wraps": False}
    expected = paint(untrained["woodcut"], Window(column=-2, rows=4, columns=6), 5)
    with Image.open(out) as painted:
        assert np.array_equal(np.asarray(painted), np.asarray(expected))


def test_one_s_own_picture_is_trained_interrupted_continued_and_painted(tmp_path: Path) -> None:
    own, run, file, out = (tmp_path / name for name in ("own.png", "run", "own.safetensors", "own.jpg"))
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (260, 300, 3), dtype=np.uint8)).save(own)
    for steps in ("1", "2"):
        main(["art-train", str(own), "--folder", str(run), "--steps", steps])
    main(["art-bundle", "--folder", str(run), "--out", str(file)])
    main(["art", "--weights", str(file), "--out", str(out), "--width", "64", "--height", "64"])
    with Image.open(out) as painted:
        assert painted.size == (64, 64)
    state = torch.load(run / "state.pt", weights_only=True)
    assert state["step"] == 2
    assert set(read_tensors([file])) == set(state["average"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["art", "monet", "--out", "x.png"],
        ["art", "--out", "nowhere/x.png"],
        ["art", "--out", "x.png", "--width", "9000"],
        ["art", "--out", "x.png", "--weights", "missing.safetensors"],
        ["art-train", "missing.png"],
        ["art-bundle", "--folder", "missing", "--out", "x.safetensors"],
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HubError):
        main(arguments)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_picture_too_small_for_a_patch_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (200, 300)).save(tmp_path / "small.png")
    with pytest.raises(InputError, match="256"):
        main(["art-train", str(tmp_path / "small.png"), "--folder", str(tmp_path / "run")])


def test_a_generator_that_copies_is_found_out(monkeypatch: pytest.MonkeyPatch, untrained: dict[str, Texture]) -> None:
    copy = Image.fromarray(np.tile(np.asarray(load_picture("mosaic")), (2, 2, 1)))
    monkeypatch.setattr(evaluate, "_window", lambda model, random: copy)
    monkeypatch.setattr(evaluate, "_QUERIES", 40)
    monkeypatch.setattr(evaluate, "_RESAMPLES", 5)
    monkeypatch.setattr(evaluate, "_blocks", lambda vgg, pixels: _Blocks(pixels))
    monkeypatch.setattr(evaluate, "distance", lambda a, b, *_: abs(a.mean - b.mean))
    *rows, stored = evaluate.evaluate({"mosaic": untrained["mosaic"]}, None, command="test")  # type: ignore[arg-type]
    nearest = {row["method"]: row["nearest"][0] for row in rows}
    assert nearest["gan"] < 0.5 < min(nearest["tiles"], nearest["spectrum"], nearest["colour"])
    assert all(low <= value <= high for row in rows for value, low, high in [row["nearest"]])
    assert stored["rows"] == rows


class _Blocks:
    """Features that are the mean colour."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.mean = float(pixels.mean())
        self.count = np.ones(4)
