"""The bundled networks: what they claim, and what the command line says of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from apps.gan.__main__ import main
from apps.gan.choices import GENERATORS
from apps.gan.drawing.sampling import latents, paint
from apps.gan.exhibits.bundled import lease_generator, lease_judge
from apps.gan.players.data import load_mnist
from apps.gan.players.judge import read
from apps.gan.training.commands import sample
from shared.cli import run
from shared.errors import InputError, OptionError
from shared.registry import measured, records
from shared.settings import weights_dir

pytestmark = pytest.mark.slow  # trains, paints or starts programs

BUNDLED = [record.name.partition("/")[2] for record in records("gan")]
there = [name for name in GENERATORS if name in BUNDLED]


def _cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "apps.gan", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.data
def test_the_judge_reads_as_well_as_its_card_says(data_dir: Path) -> None:
    test = load_mnist(data_dir, "test")
    with lease_judge() as judge:
        right = (read(judge, test.images)[0].argmax(dim=1) == test.labels).float().mean().item()
    claimed: dict[str, Any] = json.loads((weights_dir() / "gan" / "judge-digits.json").read_text(encoding="utf-8"))
    assert right >= 0.994
    assert right == pytest.approx(claimed["test_accuracy"], abs=2e-4)


@pytest.mark.skipif("cgan-digits" not in BUNDLED, reason="cgan-digits is not bundled")
def test_the_class_asked_for_is_the_class_drawn() -> None:
    y = torch.arange(500) % 10
    z = latents(11, 50).repeat_interleave(10, 0)  # the same z for all ten digits
    with lease_generator("cgan-digits") as generator, lease_judge() as judge:
        seen = read(judge, paint(generator, z, y))[0].argmax(dim=1)
    assert (seen == y).float().mean() > 0.97


@pytest.mark.parametrize("name", there)
def test_a_generator_has_a_card_and_figures_that_hold(name: str) -> None:
    (record,) = (record for record in records("gan") if record.name == f"gan/{name}")
    figures = measured(record)
    assert figures["n"] == 10_000
    assert figures["fid"] > 0
    assert record.card is not None
    assert "python -m apps.gan" in (weights_dir() / record.card).read_text(encoding="utf-8")


@pytest.mark.skipif("cgan-digits" not in BUNDLED, reason="cgan-digits is not bundled")
def test_the_command_line_writes_what_it_promises(tmp_path: Path) -> None:
    done = _cli("sample", "--digit", "7", "--count", "5", "--seed", "3", "--npz", str(tmp_path / "a.npz"), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["labels"] == [7] * 5
    with np.load(tmp_path / "a.npz") as written:
        images, labels = written["images"], written["labels"]
    assert (images.shape, images.dtype, labels.dtype) == ((5, 28, 28), np.uint8, np.int64)
    with lease_generator("cgan-digits") as generator:
        expected = paint(generator, latents(3, 5), torch.full((5,), 7))
    assert np.abs(images.astype(int) - expected.numpy().astype(int)).max() <= 1


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.png", "PNG"), ("a", "PNG"), ("a.GIF", "GIF"), ("a.webp", "WEBP"), ("a.bmp", "BMP"), ("a.tif", "TIFF"),
     ("a.jpg", "JPEG")],
)  # fmt: skip
def test_a_sheet_has_the_format_that_its_name_ends_with(tmp_path: Path, name: str, kind: str) -> None:
    found = sample(
        "dcgan-digits",
        digit=None,
        count="12",
        seed="0",
        truncation="4",
        out=tmp_path / name,
        archive=tmp_path / "b.npz",
    )
    assert found["files"] == [str(tmp_path / name), str(tmp_path / "b.npz")]
    with Image.open(tmp_path / name) as picture, np.load(tmp_path / "b.npz") as written:
        assert picture.format == kind
        pixels = np.asarray(picture.convert("L")).astype(int)
        images = written["images"].astype(int)
    assert pixels.shape == (2 * 112, 10 * 112)
    assert np.abs(pixels[112::4, 112::4][:28, :28] - images[11]).max() <= (30 if kind == "JPEG" else 0)
    assert pixels[112:, 2 * 112 + 16 :].max() <= (30 if kind == "JPEG" else 0)


def test_a_sheet_of_no_known_format_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"\.png"):
        sample("dcgan-digits", digit=None, count="1", seed="0", truncation="4", out=tmp_path / "a.svg")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="folder"):
        sample("dcgan-digits", digit=None, count="1", seed="0", truncation="4", out=tmp_path / "no" / "a.png")


@pytest.mark.parametrize(
    "arguments",
    [
        ("sample", "--model", "vae"),
        ("sample", "--seed", "-1"),
        ("sample", "--count", "1000000"),
        ("sample", "--truncation", "nan"),
        ("sample", "--digit", "12"),
        ("sample", "--model", "dcgan-digits", "--digit", "1"),
        ("sample", "--out", "x.svg"),
        ("evaluate", "--data", "/nowhere"),
        ("evaluate", "--n", "3"),
        ("train", "--steps", "0"),
        ("fly",),
    ],
)
def test_bad_input_is_one_line_and_exit_2(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(main, arguments)
    told = capsys.readouterr()
    assert ended.value.code == 2
    assert told.out == ""
    assert told.err.count("\n") == 1
