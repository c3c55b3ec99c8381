"""The tab without a browser: cheap to build, documented endpoints, pictures and numbers that are right."""

from __future__ import annotations

import base64
import io
import json
import subprocess
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from apps.gan.drawing.real_digits import real_digits, some_real
from apps.gan.drawing.tiles import Tile, animated, film, ink, png_url, sheet, tiles
from apps.gan.ui.tab import build
from shared.registry import records

BUNDLED = {record.name for record in records("gan")}
needs_cgan = pytest.mark.skipif("gan/cgan-digits" not in BUNDLED, reason="cgan-digits is not bundled")
needs_dcgan = pytest.mark.skipif("gan/dcgan-snapshots" not in BUNDLED, reason="dcgan-digits is not bundled")


@pytest.fixture(scope="module")
def endpoints() -> dict[str, Any]:
    with gr.Blocks() as page:
        build()
    found: dict[str, Any] = page.get_api_info()["named_endpoints"]
    return found


def test_exactly_the_promised_endpoints_are_public_and_documented(endpoints: dict[str, Any]) -> None:
    assert set(endpoints) == {
        "/endless_art",
        "/endless_film",
        "/gan_lab",
        "/nearest_patches",
        "/night_of_place",
        "/night_stages",
        "/players_at_step",
        "/restore_photo",
        "/same_person",
        "/train_gan",
        "/sample_gan",
        "/sample_digits",
        "/interpolate",
        "/discriminate",
        "/translate",
        "/upscale",
    }
    for endpoint in endpoints.values():
        assert endpoint["description"]
        others = [one for one in endpoint["parameters"] if one["parameter_name"] != "photo"]
        assert all(parameter["parameter_has_default"] for parameter in others)


def test_real_digits_are_fifty_of_each() -> None:
    pictures, labels = real_digits()
    assert pictures.shape == (500, 28, 28)
    assert np.bincount(labels).tolist() == [50] * 10
    some, which = some_real(30, 4)
    again, _ = some_real(30, 4)
    assert np.array_equal(some, again)
    assert len({picture.tobytes() for picture in some}) == 30
    assert which.shape == (30,)


def test_tiles_are_the_pictures_and_escape_what_stands_below() -> None:
    picture = np.arange(784, dtype=np.int64).astype(np.uint8).reshape(28, 28)
    html = tiles(picture[None], [Tile("<b>", "a & b", ("fake",))])
    assert "&lt;b&gt;" in html
    assert "a &amp; b" in html
    assert "<b>" not in html
    data = base64.b64decode(png_url(picture).partition(",")[2])
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), picture)


def test_a_sheet_holds_every_picture_in_its_place() -> None:
    pictures = np.repeat(np.arange(1, 4, dtype=np.uint8), 28 * 28).reshape(3, 28, 28)
    pixels = np.asarray(sheet(pictures, 2, zoom=2, gap=1, ground=9))
    assert pixels.shape == (2 * (2 * 29 + 1), 2 * (2 * 29 + 1))
    assert [pixels[2, 2], pixels[2, 60], pixels[60, 2]] == [1, 2, 3]
    assert {int(pixels[60, 60]), int(pixels[0, 0]), int(pixels[-1, -1]), int(pixels[10, 58])} == {9}


def test_the_film_goes_there_and_back() -> None:
    pictures = np.stack([np.full((28, 28), at * 60, np.uint8) for at in range(4)])
    frames = film(pictures, zoom=2)
    assert [int(np.asarray(frame).mean()) for frame in frames] == [0, 60, 120, 180, 120, 60]
    moving = Image.open(io.BytesIO(animated(frames, rate_hz=15)))
    levels = []
    for at in range(moving.n_frames):  # type: ignore[attr-defined]
        moving.seek(at)
        levels.append(int(np.asarray(moving.convert("L")).mean()))
    assert levels == [0, 60, 120, 180, 120, 60]


@needs_cgan
def test_a_walk_comes_as_a_strip_an_mp4_and_a_webp() -> None:
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="needs the package imageio-ffmpeg")
    from apps.gan.ui.walk import interpolate

    strip, video, told = interpolate(steps=5)
    assert strip.size == (5 * 28 * 6, 28 * 6)
    _, seconds = imageio_ffmpeg.count_frames_and_secs(video)
    assert seconds == pytest.approx(8 / 15, abs=0.05)
    raw = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", video, "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    decoded = np.frombuffer(subprocess.run(raw, capture_output=True, check=True).stdout, np.uint8).reshape(-1, 224, 224)
    assert len(decoded) == 8  # 0 1 2 3 4 3 2 1
    shown = np.asarray(strip.convert("L"), dtype=float).reshape(28, 6, 5 * 28, 6).mean(axis=(1, 3))
    for at, part in enumerate((0, 1, 2, 3, 4, 3, 2, 1)):
        seen = decoded[at].reshape(28, 8, 28, 8).mean(axis=(1, 3))
        assert np.abs(seen - shown[:, part * 28 : (part + 1) * 28]).mean() < 8, at
    assert "image/webp" in told


@needs_cgan
def test_one_style_for_all_digits_of_a_number() -> None:
    from apps.gan.exhibits.requests import class_grid, write_number

    found = write_number("2 026", seed=3)
    assert found.digits == (2, 0, 2, 6)
    assert np.array_equal(found.pictures[0], found.pictures[2])
    column = class_grid(columns=2, seed=3).reshape(10, 2, 28, 28)[:, 0]
    assert np.abs(column[2].astype(int) - found.pictures[0].astype(int)).max() <= 1


@needs_cgan
def test_a_walk_begins_and_ends_where_it_says() -> None:
    import torch

    from apps.gan.drawing.sampling import latents, paint
    from apps.gan.exhibits.bundled import lease_generator
    from apps.gan.exhibits.requests import walk

    for kind in ("linear", "spherical"):
        found = walk(seed_a=1, seed_b=2, digit_a=3, digit_b=8, kind=kind, steps=7)
        with lease_generator("cgan-digits") as generator:
            z = torch.cat((latents(1, 1), latents(2, 1)))
            ends = paint(generator, z, torch.tensor([3, 8])).numpy()
        assert np.abs(found[[0, -1]].astype(int) - ends.astype(int)).max() <= 1


@needs_cgan
def test_the_first_direction_is_slant_and_the_sliders_move_it() -> None:
    import torch

    from apps.gan.drawing.directions import qualities
    from apps.gan.drawing.sliders import read_directions
    from apps.gan.exhibits.requests import moved

    first = read_directions()[0]
    assert first.name == "slant"
    assert np.linalg.norm(first.vector) == pytest.approx(1, abs=1e-4)
    slants = [
        qualities(torch.from_numpy(moved(seed=5, digit=4, amounts=(amount, 0, 0, 0))))[1:, 0].mean().item()
        for amount in (-3.0, 0.0, 3.0)
    ]
    assert slants[0] < slants[1] < slants[2]


def test_slant_and_width_of_drawn_bars() -> None:
    import torch

    from apps.gan.drawing.directions import qualities

    upright, leaning = np.zeros((2, 28, 28), np.uint8)
    for row in range(4, 24):
        upright[row, 13:15] = 255
        leaning[row, 13 + (14 - row) // 2 : 15 + (14 - row) // 2] = 255
    slant, bold, width, height = qualities(torch.from_numpy(np.stack((upright, leaning)))).T
    assert slant.tolist() == pytest.approx([0, 0.5], abs=0.02)
    assert bold[0] == pytest.approx(40 / 784, abs=1e-3)
    assert width[0] < width[1]
    assert height[0] == pytest.approx(height[1])


@needs_dcgan
def test_the_same_seed_deals_the_same_round_and_the_answer_counts() -> None:
    from apps.gan.ui.guess import discriminate

    numbers, html = discriminate(7, [])
    again, _ = discriminate(7, [])
    assert numbers == again
    fakes = [str(row["number"]) for row in numbers["round"] if row["truth"] == "fake"]
    right, _ = discriminate(7, fakes)
    assert right["score"]["you"] == 10
    assert 3 <= 10 - len(fakes) <= 7
    assert html.count("<figure") == 10


@needs_dcgan
def test_a_link_to_round_0_keeps_its_ticks_and_a_page_without_a_link_gets_any_other_round() -> None:
    from apps.gan.ui.guess import _deal

    assert _deal(0, ["3", "5"])[1:4:2] == (0, ["3", "5"])
    assert _deal(7, [])[1:4:2] == (7, [])
    assert _deal(0, [])[0] > 0
    assert _deal()[0] > 0


@needs_dcgan
def test_the_players_grow_and_their_story_is_told() -> None:
    from apps.gan.exhibits.requests import players_at
    from apps.gan.ui.players import _steps

    steps = _steps()
    assert steps[0] == 0
    assert steps == sorted(steps)
    first, last = players_at(0, seed=0, judged=64), players_at(steps[-1], seed=0, judged=64)
    assert first.pictures.std() < last.pictures.std()
    assert 0 < last.fake.mean() < last.real.mean() < 1


@needs_cgan
@pytest.mark.parametrize("digit", [0, 8])
def test_the_anatomy_ends_in_the_picture_and_counts_every_parameter(digit: int) -> None:
    from apps.gan.exhibits.anatomy import anatomy
    from apps.gan.exhibits.bundled import lease_discriminator, lease_generator
    from apps.gan.exhibits.requests import write_number

    found = anatomy("cgan-digits", seed=2, digit=digit)
    with lease_generator("cgan-digits") as generator, lease_discriminator("cgan-digits") as discriminator:
        counts = [sum(p.numel() for p in network.parameters()) for network in (generator, discriminator)]
    assert [sum(layer.parameters for layer in part) for part in (found.generator, found.discriminator)] == counts
    assert found.generator[-1].shape == (1, 28, 28)
    expected = write_number(str(digit), seed=2).pictures
    assert np.abs(found.picture.astype(int) - expected.astype(int)).max() <= 1


def test_a_drawing_is_read_from_its_strokes() -> None:
    drawn = ink("[[[0.25, 0.5], [0.75, 0.5]], [[0.5, 0.1]]]", brush=0.1, side=100)
    rows, columns = np.nonzero(drawn > 0.5)
    assert (columns.min(), columns.max()) == (20, 80)
    assert 9 <= (drawn[:, 40] > 0.5).sum() <= 12
    assert drawn[10, 50] == 1
    assert rows.min() == 5
    assert ink("[]", brush=0.1).max() == 0


@pytest.mark.parametrize(
    "text", ["{", "[1]", "[[[0.1]]]", '[[["a", 1]]]', "[[[NaN, 0.5]]]", json.dumps([[[0, 0]] * 30_000])]
)
def test_what_is_no_drawing_is_told(text: str) -> None:
    from shared.errors import InputError

    with pytest.raises(InputError):
        ink(text, brush=0.1)
