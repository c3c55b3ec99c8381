"""What a run leaves behind: frames, GIF, video, CSV, recipe, curves; and the samples it starts from."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from apps.style.descent.objective import Costs
from apps.style.options import Options, from_json
from apps.style.run.frames import MOST, Frames
from apps.style.run.recipe import costs_csv, other_pictures, pixel_hash, png_with, recipe
from apps.style.run.transfer import Run
from apps.style.samples import EXAMPLE, SAMPLES, of_role
from apps.style.ui import graphics
from tools.paint.__main__ import PAINTERS, SEED

TINY = Options(size=48, iterations=4, init="noise", precision="float32")


@pytest.fixture(scope="module")
def run(content: Image.Image, style: Image.Image) -> Run:
    made = Run(content, style, TINY)
    list(made.steps(every_s=0.0))
    return made


def test_a_recipe_replays_to_the_same_picture(run: Run, content: Image.Image, style: Image.Image) -> None:
    written = json.loads(json.dumps(recipe(run, {"content": "cat", "style": "woodcut"})))
    again = Run(content, style, from_json(written))
    list(again.steps())
    assert pixel_hash(again.picture) == written["result"]["sha256"]
    assert written["content"]["sample"] == "cat"
    assert written["content"]["sha256"] == pixel_hash(content)


def test_a_replay_notices_other_pictures(run: Run, content: Image.Image, style: Image.Image) -> None:
    text = json.dumps(recipe(run, {}))
    assert other_pictures(text, run) == ()
    assert other_pictures(text, Run(style, content, TINY)) == ("content", "style")
    assert other_pictures(text, Run(content.rotate(180), None, dataclasses.replace(TINY, beta=0.0))) == ("content",)
    assert other_pictures('{"content": {"sample": "cat"}, "style": null}', run) == ()


def test_a_stopped_and_extended_run_replays_too(content: Image.Image, style: Image.Image) -> None:
    first = Run(content, style, TINY)
    list(first.steps())
    first.extend(5)
    steps = first.steps(every_s=0.0)
    for _ in range(3):
        next(steps)
    steps.close()  # type: ignore[attr-defined]
    again = Run(content, style, from_json(recipe(first, {})))
    list(again.steps())
    assert again.done == first.done == 7
    assert pixel_hash(again.picture) == pixel_hash(first.picture)


def test_the_png_carries_its_recipe(run: Run) -> None:
    made = recipe(run, {})
    with Image.open(io.BytesIO(png_with(run.picture, made))) as opened:
        assert isinstance(opened.info["recipe"], str)
        assert from_json(opened.info["recipe"]) == run.options
        assert np.array_equal(np.asarray(opened), np.asarray(run.picture))


def test_the_csv_has_every_iteration(run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(costs_csv(run.costs))))
    assert [int(row["iteration"]) for row in rows] == [1, 2, 3, 4]
    for row in rows:
        total = run.options.alpha * float(row["J_content"]) + run.options.beta * float(row["J_style"])
        assert float(row["J"]) == pytest.approx(total, rel=1e-5)


def _frames(count: int) -> Frames:
    made = Frames()
    for number in range(count):
        made.add(Image.new("RGB", (64, 47), (number * 37 % 256, 80, 80)), number + 1)
    return made


def test_frames_are_thinned_evenly_and_keep_the_last() -> None:
    frames = _frames(1000).kept()
    assert len(frames) <= MOST + 1
    assert frames[0].iteration == 1
    assert frames[-1].iteration == 1000
    steps = {b.iteration - a.iteration for a, b in itertools.pairwise(frames)}
    assert max(steps) <= 16


def test_a_gif_has_the_frames() -> None:
    with Image.open(io.BytesIO(_frames(7).gif())) as gif:
        assert getattr(gif, "n_frames", 1) == 7
        assert gif.size == (64, 46)


def test_a_video_can_be_read_back(tmp_path: Path) -> None:
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="needs the package imageio-ffmpeg")
    path = _frames(9).video(tmp_path / "v.mp4")
    assert b"avc1" in path.read_bytes()  # H.264, which every browser plays
    frames, seconds = imageio_ffmpeg.count_frames_and_secs(str(path))
    assert frames >= 9
    assert seconds == pytest.approx(frames / 15, abs=0.2)


def test_curves_are_well_formed_and_show_every_series(run: Run) -> None:
    from xml.etree import ElementTree

    weights = {"alpha": run.options.alpha, "beta": run.options.beta}
    for log in (True, False):
        text = graphics.cost_curves(run.costs, weights, log=log)
        for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
            tree = ElementTree.fromstring(svg)
            for line in tree.iter("polyline"):
                numbers = [float(n) for point in line.attrib["points"].split() for n in point.split(",")]
                assert all(map(math.isfinite, numbers))
        assert all(name in text for name in run.options.style_layers)


@pytest.mark.parametrize("values", [[0.0, 0.0], [1e-30, 1e30], [float("inf"), 1.0], [5.0]])
def test_any_costs_can_be_drawn(values: list[float]) -> None:
    for log in (True, False):
        costs = [
            Costs(iteration=n, size=(8, 8), J=value, content=value, style=0.0, layers={"relu1_1": value}, variation=0.0)
            for n, value in enumerate(values, 1)
        ]
        text = graphics.cost_curves(costs, {"alpha": 1.0, "beta": 1.0}, log=log)
        assert "nan" not in text


def test_style_matrices_say_how_far_they_are(run: Run, content: Image.Image) -> None:
    again = Run(content, Image.open(SAMPLES["woodcut"].path).convert("RGB"), dataclasses.replace(TINY, iterations=2))
    step = list(again.steps())[-1]
    text = graphics.gram_table(step.grams)
    assert text.count("<img") == 3 * len(again.options.style_layers)
    assert "the target" in text
    assert "% away" in text


def test_every_sample_is_there_and_small() -> None:
    assert len(of_role("content")) >= 6
    assert len(of_role("style")) >= 6
    for sample in SAMPLES.values():
        with Image.open(sample.path) as picture, Image.open(sample.thumb) as thumb:
            assert max(picture.size) <= 512
            assert thumb.size == (112, 112)
        assert sample.path.stat().st_size < 200_000


def test_samples_are_declared_in_the_readme() -> None:
    text = (SAMPLES["cat"].path.parent / "README.md").read_text(encoding="utf-8")
    assert all(f"`{sample.path.name}`" in text for sample in SAMPLES.values())
    assert f"`{EXAMPLE[2].name}`" in text
    assert f"--contents {EXAMPLE[0]} --styles {EXAMPLE[1]}" in text
    with Image.open(EXAMPLE[2]) as example:
        assert max(example.size) == 320
    assert EXAMPLE[2].stat().st_size < 60_000  # it is part of the page


@pytest.mark.parametrize("name", ["woodcut", "circles"])
def test_painters_paint_the_shipped_pictures(name: str) -> None:
    assert set(PAINTERS) == {sample.name for sample in of_role("style")}
    made = PAINTERS[name](np.random.default_rng([SEED, *name.encode()]))
    shipped: Any = np.asarray(Image.open(SAMPLES[name].path), dtype=float)
    assert np.abs(np.asarray(made, dtype=float) - shipped).mean() < 6  # of 255: JPEG
