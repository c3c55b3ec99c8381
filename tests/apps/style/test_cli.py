"""The command line as the design has it: files, JSON keys, exit statuses."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from apps.style import __main__ as cli
from apps.style.instant import commands
from apps.style.samples import SAMPLES
from shared.cli import run

pytestmark = pytest.mark.slow  # trains, paints or starts programs

QUICK = ["--size", "48", "--iterations", "3", "--one-size"]


def _call(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        run(cli.main, arguments)
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def _opened(path: Path) -> Image.Image:
    picture = Image.open(path)
    picture.load()
    return picture


def test_transfer_writes_what_was_asked_for(
    saved: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, costs, recipe = (tmp_path / name for name in ("g.png", "c.csv", "r.json"))
    arguments = [
        "transfer",
        *saved,
        "--out",
        str(out),
        "--costs",
        str(costs),
        "--recipe",
        str(recipe),
        "--json",
        *QUICK,
    ]
    arguments += ["--style-layers", "relu1_1=1,relu3_1=0.5", "--alpha", "2", "--beta", "5", "--seed", "3"]
    status, stdout, _ = _call(arguments, capsys)
    assert status == 0
    found = json.loads(stdout)
    assert {"J", "J_content", "J_style", "seconds_per_iteration", "peak_bytes", "layers", "seed"} <= found.keys()
    for number in (0, 1):
        assert found["J"][number] == pytest.approx(2 * found["J_content"][number] + 5 * found["J_style"][number])
    assert found["seed"] == 3
    assert set(found["layers"]) == {"relu1_1", "relu3_1"}
    assert _opened(out).size == (48, 40)
    assert len(costs.read_text().splitlines()) == 4
    replayed = tmp_path / "again.png"
    status, _, _ = _call(["transfer", *saved, "--out", str(replayed), "--replay", str(recipe)], capsys)
    assert status == 0
    assert _opened(replayed).tobytes() == _opened(out).tobytes()
    status, _, err = _call(["transfer", *saved[::-1], "--out", str(replayed), "--replay", str(recipe)], capsys)
    assert status == 0
    assert "not the content picture of the recipe" in err


def test_a_picture_is_written_as_its_name_says(
    saved: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["transfer", *saved, *QUICK], ["now", saved[0], "--style", "dusk", "--size", "64"]):
        out = tmp_path / "g.jpg"
        assert _call([*command, "--out", str(out)], capsys)[0] == 0
        assert _opened(out).format == "JPEG"


def test_what_is_transparent_stays_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logo, out = tmp_path / "logo.png", tmp_path / "g.png"
    drawn = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    drawn.paste((200, 40, 40, 255), (16, 16, 48, 48))
    drawn.save(logo)
    woodcut = str(SAMPLES["woodcut"].path)
    for command in (
        ["transfer", str(logo), woodcut, *QUICK],
        ["now", str(logo), "--style", "dusk", "--size", "64"],
    ):
        assert _call([*command, "--out", str(out)], capsys)[0] == 0
        painted = _opened(out)
        assert painted.mode == "RGBA"
        across = np.asarray(painted.getchannel("A"))[painted.height // 2]
        assert (across[0], across[len(across) // 2]) == (0, 255)


def _interrupting(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> None:
    """Press Ctrl-C when the first line of progress of ``module`` is written."""
    said: list[str] = []

    def say(text: str) -> None:
        if not said:
            signal.raise_signal(signal.SIGINT)
        said.append(text)

    monkeypatch.setattr(module, "say", say)


def test_ctrl_c_keeps_the_picture_so_far(
    saved: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, costs, recipe = (str(tmp_path / name) for name in ("g.png", "c.csv", "r.json"))
    more = ["--size", "48", "--iterations", "300", "--one-size", "--costs", costs, "--recipe", recipe, "--json"]
    with monkeypatch.context() as patched:
        patched.setattr(cli, "_SAY_EVERY_S", 0.0)  # a step is one iteration
        _interrupting(patched, cli)
        status, stdout, stderr = _call(["transfer", *saved, "--out", out, *more], capsys)
    assert status == 130
    assert f"Stopped after 1 of 300 iterations; the picture so far is in {out}." in stderr
    assert json.loads(stdout)["iterations"] == 1
    assert len(Path(costs).read_text().splitlines()) == 2
    again = tmp_path / "again.png"
    assert _call(["transfer", *saved, "--out", str(again), "--replay", recipe], capsys)[0] == 0
    assert _opened(again).tobytes() == _opened(Path(out)).tobytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--alpha", "0", "--beta", "0"], "alpha = 0"),
        (["--style-layers", "relu1_1=nan"], "relu1_1"),
        (["--style-layers", "relu7_1"], "relu7_1"),
        (["--content-layers", "edges"], "edges"),
        (["--init", "paint"], "content, noise, style"),
        (["--optimizer", "sgd"], "lbfgs, adam"),
        (["--size", "large"], "size"),
        (["--iterations", "-3"], "iterations"),
        (["--backbone", "resnet"], "vgg16-hed"),
        (["--preset", "monet"], "brush"),
        (["--unheard-of"], "unheard"),
    ],
)
def test_bad_input_is_one_line_and_status_two(
    saved: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    status, stdout, stderr = _call(["transfer", *saved, "--out", str(tmp_path / "g.png"), "--json", *arguments], capsys)
    assert (status, stdout) == (2, "")
    assert len(stderr.strip().splitlines()) == 1
    assert words in stderr


def test_missing_pictures_and_folders_are_refused(
    saved: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (
        ["transfer", "nowhere.png", saved[1], "--out", str(tmp_path / "g.png"), *QUICK],
        ["transfer", *saved, "--out", str(tmp_path / "no" / "g.png"), *QUICK],
        ["transfer", *saved, "--out", str(tmp_path / "g.png"), "--replay", "nowhere.json"],
    ):
        status, _, stderr = _call(arguments, capsys)
        assert status == 2
        assert len(stderr.strip().splitlines()) == 1


def test_a_contact_sheet_has_a_cell_per_pair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["sheet", "--out", str(tmp_path), "--size", "48", "--iterations", "2", "--presets", "brush"]
    status, stdout, _ = _call([*arguments, "--contents", "cat", "--styles", "woodcut,mosaic"], capsys)
    assert status == 0
    path = Path(stdout.strip())
    assert _opened(path).size == (72 + 2 * 256, 72 + 256)
    assert len(list(tmp_path.glob("brush-cat-*.jpg"))) == 2


def test_now_paints_in_one_pass(saved: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "now.png"
    arguments = ["now", saved[0], "--out", str(out), "--size", "64", "--json"]
    status, stdout, _ = _call([*arguments, "--style", "dusk"], capsys)
    found = json.loads(stdout)
    assert (status, found["style"], found["painter"]) == (0, "Dusk", "style/multistyle26")
    assert list(_opened(out).size) == found["size"] == [64, 53]
    named = _opened(out).tobytes()
    status, stdout, _ = _call([*arguments, "--style", saved[1]], capsys)
    assert (status, json.loads(stdout)["painter"]) == (0, "style/arbitrary-transform")
    assert _opened(out).tobytes() != named
    more = ["--style", "dusk", "--second", "deep-red", "--share", "1", "--strength", "0.5", "--keep-colours"]
    status, stdout, _ = _call([*arguments, *more], capsys)
    assert (status, json.loads(stdout)["style"]) == (0, "Deep red")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--style", "monet"], "starry-blue"),
        (["--style", "nowhere.png"], "starry-blue"),
        (["--style", "dusk", "--size", "2000"], "1,024"),
        (["--style", "dusk", "--strength", "much"], "strength"),
        (["--style", "dusk", "--second", "dusk", "--share", "7"], "share"),
        ([], "--style"),
    ],
)
def test_bad_input_to_now_is_one_line_and_status_two(
    saved: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    status, stdout, stderr = _call(["now", saved[0], "--out", str(tmp_path / "g.png"), "--json", *arguments], capsys)
    assert (status, stdout) == (2, "")
    assert len(stderr.strip().splitlines()) == 1
    assert words in stderr


def test_learn_writes_a_style_that_now_paints_with(
    saved: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.style.instant import learn

    monkeypatch.setattr(learn, "_TRIED", 1)  # of the contents that the first style is chosen by
    style, out = tmp_path / "mine.safetensors", tmp_path / "now.png"
    arguments = ["learn", saved[1], "--out", str(style), "--title", "Mine", "--steps", "1"]
    status, stdout, stderr = _call(arguments, capsys)
    assert (status, stdout) == (0, "")
    assert "1/1" in stderr
    assert style.stat().st_size < 4600
    status, stdout, _ = _call(
        ["now", saved[0], "--style", str(style), "--out", str(out), "--size", "64", "--json"], capsys
    )
    assert (status, json.loads(stdout)["style"]) == (0, "Mine")
    kept = style.read_bytes()
    monkeypatch.setattr(commands, "_SAY_EVERY", 1)
    _interrupting(monkeypatch, commands)
    status, _, stderr = _call([*arguments[:-1], "300"], capsys)
    assert status == 130
    assert "Stopped after 1 of 300 steps" in stderr
    assert style.read_bytes() == kept  # what was learned in one step, as before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--steps", "0"], "--steps"), (["--seed", "x"], "--seed"), (["--content", "-1"], "--content")],
)
def test_bad_input_to_learn_is_one_line_and_status_two(
    saved: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    status, _, stderr = _call(["learn", saved[1], "--out", str(tmp_path / "s.safetensors"), *arguments], capsys)
    assert status == 2
    assert len(stderr.strip().splitlines()) == 1
    assert words in stderr
