"""What a run leaves behind: frames, GIF, video, CSV, recipe, curves; and the samples it starts from."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from apps.style.options import Options, from_json
from apps.style.run.frames import MOST, Frames
from apps.style.run.recipe import costs_csv, other_pictures, painting, pixel_hash, recipe
from apps.style.run.transfer import Run
from apps.style.samples import EXAMPLE, SAMPLES, of_role
from tools.paint.__main__ import PICTURES, QUALITY, SEED

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


@pytest.mark.slow
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
    with Image.open(io.BytesIO(painting(run.picture, made, Path("g.png")))) as opened:
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


def test_a_frame_is_kept_at_512_pixels_and_given_back_as_a_jpeg() -> None:
    frames = Frames()
    data = frames.add(Image.new("RGB", (1024, 640), "teal"), 3)
    (kept,) = frames.kept()
    assert (kept.iteration, kept.data) == (3, data)
    assert data.startswith(b"\xff\xd8")
    assert kept.picture().size == (512, 320)


def test_a_gif_is_small_loops_for_ever_and_stays_on_its_last_picture() -> None:
    frames = Frames()
    for number in range(3):
        frames.add(Image.new("RGB", (600, 300), (80 * number, 0, 0)), number)
    with Image.open(io.BytesIO(frames.gif())) as gif:
        assert gif.size == (256, 128)
        assert gif.info["loop"] == 0
        times = []
        for number in range(3):
            gif.seek(number)
            times.append(gif.info["duration"])
    assert times[0] == times[1] == pytest.approx(1000 / 15, abs=10)  # GIF counts hundredths of a second
    assert times[2] == 1500


def test_the_hash_is_of_the_size_and_the_colours_only() -> None:
    wide, high = Image.new("RGB", (6, 4), "red"), Image.new("RGB", (4, 6), "red")
    assert wide.tobytes() == high.tobytes()
    assert pixel_hash(wide) != pixel_hash(high)
    assert pixel_hash(wide) == pixel_hash(wide.convert("RGBA"))
    assert pixel_hash(wide) != pixel_hash(Image.new("RGB", (6, 4), "#fe0000"))


def test_the_csv_of_no_iterations_is_its_heading() -> None:
    assert costs_csv([]) == "iteration,height,width,J,J_content,J_style,total_variation\n"


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


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_the_style_samples_are_what_the_program_paints(name: str) -> None:
    assert set(PICTURES) == {sample.name for sample in of_role("style")}
    made = PICTURES[name](np.random.default_rng([SEED, *name.encode()]))
    made.save(buffer := io.BytesIO(), "JPEG", quality=QUALITY, optimize=True)
    painted, shipped = (np.asarray(Image.open(file), dtype=float) for file in (buffer, SAMPLES[name].path))
    assert np.abs(painted - shipped).mean() < 1  # of 255: another library of JPEG
