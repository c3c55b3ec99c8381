"""The commands of endless art: painted, trained, bundled, painted with one's own; targets are checked before work."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from apps.gan.__main__ import main
from apps.gan.art import evaluate, requests
from apps.gan.art.likeness import PATCH
from apps.gan.art.networks import Texture
from apps.gan.art.paint import paint
from apps.gan.art.pictures import load_picture
from apps.gan.art.plane import Window
from apps.gan.art.requests import nearest, painting
from apps.gan.art.wish import Wish
from shared.errors import HubError, InputError, WeightsError
from shared.weights import read_tensors, write_shards

pytestmark = pytest.mark.usefixtures("untrained")


def test_a_window_is_written_and_told(
    tmp_path: Path, untrained: dict[str, Texture], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a.png"
    sizes = ["--width", "96", "--height", "64", "--x", "-32"]
    main(["art", "woodcut", "--out", str(out), *sizes, "--seed", "5", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told.pop("files") == [str(out)]
    plain = {"second": None, "share": None, "wraps": False, "film": False}
    assert told == {"picture": "woodcut", "seed": 5, "x": -32, "y": 0, "width": 96, "height": 64, **plain}
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
        ["art", "--out", "x.png", "--second", "monet"],
        ["art", "--out", "x.png", "--second", "woodcut", "--share", "nan"],
        ["art", "--out", "x.png", "--film"],
        ["art-nearest", "monet", "--out", "x.png"],
        ["art-nearest", "--out", "x.txt"],
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


def test_a_blend_and_its_film_are_those_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "FRAMES", 3)
    wish = Wish("mosaic", 4, width=96, height=64, second="woodcut", share=0.8)
    blend = ["--seed", "4", "--width", "96", "--height", "64", "--second", "woodcut", "--share", "0.8"]
    for more, across in (([], True), (["--even"], False)):
        main(["art", "--out", str(tmp_path / "a.png"), *blend, *more])
        with Image.open(tmp_path / "a.png") as painted:
            assert painted.tobytes() == painting(replace(wish, across=across)).tobytes()
    main(["art", "--out", str(tmp_path / "a.webp"), *blend, "--film"])
    with Image.open(tmp_path / "a.webp") as moving:
        assert (moving.n_frames, moving.size) == (3, (96, 64))  # type: ignore[attr-defined]


def test_patches_are_written_above_their_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "near.png"
    main(["art-nearest", "swirls", "--out", str(out), "--seed", "2", "--x", "-32", "--json"])
    pairs = nearest(Wish("swirls", 2, x=-32))
    told = json.loads(capsys.readouterr().out)
    assert told["distances"] == pytest.approx([pair.distance for pair in pairs], abs=1e-4)
    with Image.open(out) as sheet:
        assert sheet.size == (6 * PATCH, 2 * PATCH)
        assert sheet.crop((PATCH, PATCH, 2 * PATCH, 2 * PATCH)).tobytes() == pairs[1].nearest.tobytes()


def test_a_folder_belongs_to_one_picture(tmp_path: Path) -> None:
    """Else the second training would go on with the first one's generator, or end at once."""
    main(["art-train", "mosaic", "--folder", str(tmp_path), "--steps", "1"])
    with pytest.raises(InputError, match="another picture"):
        main(["art-train", "woodcut", "--folder", str(tmp_path), "--steps", "1"])
    (tmp_path / "state.pt").write_bytes(b"no checkpoint")
    for arguments in (["art-train", "mosaic"], ["art-bundle", "--out", str(tmp_path / "x.safetensors")]):
        with pytest.raises(InputError, match="damaged"):
            main([*arguments, "--folder", str(tmp_path)])


def test_weights_of_something_else_are_refused(tmp_path: Path) -> None:
    for number, names in enumerate((["x"], ["layers.5.weight"], ["layers.0.weight", "x"])):
        write_shards({name: torch.zeros(4, 16, 3, 3) for name in names}, tmp_path, f"other{number}")
        with pytest.raises(WeightsError, match="something else"):
            main(["art", "--out", str(tmp_path / "x.png"), "--weights", str(tmp_path / f"other{number}.safetensors")])


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
