"""Sharpen a photo, without a browser: what each step shows, what a wrong input says, the endpoint, the figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from apps.gan.sharpen import measured
from apps.gan.sharpen.identity import Answer, Identity
from apps.gan.sharpen.lesson import Lesson, Restored
from apps.gan.sharpen.measured import FACES, PHOTOS
from apps.gan.sharpen.options import TITLES
from apps.gan.sharpen.samples import SAMPLES, sample_path
from apps.gan.ui import sharpen, sharpen_face, sharpen_view
from apps.gan.ui.sharpen import ENLARGE, RESTORE, upscale
from apps.measured import stored
from shared.errors import OptionError
from shared.progress import Progress

SMALL = Image.new("RGB", (16, 12), "grey")
LARGE = Image.new("RGB", (64, 48), "grey")


@pytest.fixture
def photo(tmp_path: Path) -> str:
    path = tmp_path / "cat.png"
    with Image.open(sample_path("cat")) as cat:
        cat.convert("RGB").crop((130, 60, 154, 76)).save(path)
    return str(path)


def frames(html: str) -> list[str]:
    """The titles of the pictures under the lens."""
    return re.findall(r"<figcaption><b>([^<]*)</b>", html)


def restored(way: str, psnr: float, texture: float) -> Restored:
    return Restored(way=way, picture=LARGE, psnr_db=psnr, kept_db=40, seconds=0.1, distance=0.3, texture=texture)


def lesson(gan_db: float, gan_texture: float) -> Lesson:
    ways = restored("bicubic", 30, 0.04), restored("small", 29, 0.03), restored("gan", gan_db, gan_texture)
    return Lesson(original=LARGE, small=SMALL, restored=ways)


def test_the_small_network_needs_no_button() -> None:
    view, figures = sharpen._live(str(sample_path("coffee")), 24, RESTORE)
    assert frames(view) == ["Original, 96 × 64", "Made small, 24 × 16", "Bicubic", "Small network", "GAN"]
    assert view.count("gs-frame") == 4
    assert view.count("PSNR") == 2
    assert 'class="gs-wait"' in view
    assert "appear with the GAN" in figures
    expected = sharpen._expected(str(sample_path("coffee")), 24, RESTORE)
    assert "About" in expected
    assert "ransparent" not in expected


def test_the_gan_comes_last_with_its_figures() -> None:
    steps = list(sharpen._restore(str(sample_path("coffee")), 24, RESTORE))
    assert all('role="progressbar"' in told for _, told, _ in steps[:-1])
    view, told, figures = steps[-1]
    assert view.count("gs-frame") == 5
    assert "the GAN took" in told
    assert re.findall(r'<th scope="row">([^<]*)', figures) == ["Bicubic", "Small network", "GAN"] * 2  # and the chart's
    assert "gs-plane" in figures


def test_a_photo_is_enlarged_as_it_is(photo: str) -> None:
    view, _ = sharpen._live(photo, 24, ENLARGE)
    assert frames(view) == ["The photo, 24 × 16", "Bicubic", "Small network", "GAN"]
    assert "96 × 64" in view
    assert "PSNR" not in view  # there is no truth to compare with
    view, told, _ = list(sharpen._restore(photo, 24, ENLARGE))[-1]
    assert view.count("gs-frame") == 4
    assert 'download="gan-x4.png"' in view
    assert "the GAN took" in told
    assert "About" in sharpen._expected(photo, 24, ENLARGE)


def test_what_becomes_of_transparent_parts_is_said(tmp_path: Path) -> None:
    Image.new("RGBA", (64, 64), (255, 0, 0, 128)).save(tmp_path / "glass.png")
    assert "laid on white" in sharpen._expected(str(tmp_path / "glass.png"), 24, ENLARGE)


def test_slow_networks_wait_for_the_button(photo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.gan.sharpen.upscale.estimate_s", lambda size, way: 0 if way == "bicubic" else 3)
    view, _ = sharpen._live(photo, 24, ENLARGE)
    assert view.count("gs-frame") == 2
    assert view.count("gs-wait") == 2


def test_what_cannot_be_shown_is_said(tmp_path: Path) -> None:
    assert "Choose a photo" in sharpen._live(None, 24, RESTORE)[0]
    narrow, large = tmp_path / "narrow.png", tmp_path / "large.png"
    Image.new("RGB", (400, 20)).save(narrow)
    Image.new("RGB", (700, 700)).save(large)
    assert "32 x 32" in sharpen._live(str(narrow), 24, RESTORE)[0]
    assert "at most 262,144 pixels" in sharpen._live(str(large), 24, ENLARGE)[0]
    assert "<p" in sharpen._expected(str(large), 24, ENLARGE)
    for side, mode in ((8, RESTORE), (97, RESTORE), (24, "magic")):
        with pytest.raises(OptionError):
            list(sharpen._restore(str(large), side, mode))


@pytest.mark.parametrize(
    ("decibels", "texture", "words"),
    [(27, 0.01, ["3.0 dB further from", "nearer to the photo"]), (31, 0.05, ["1.0 dB nearer to", "further from"])],
)
def test_the_verdict_is_that_of_this_photo(decibels: float, texture: float, words: list[str]) -> None:
    html = sharpen_view.judged(lesson(decibels, texture))
    assert all(word in html for word in words)
    x = {title: float(at) for at, title in re.findall(r'<circle cx="([\d.]+)"[^>]*><title>([^<]*)', html)}
    y = {title: float(at) for at, title in re.findall(r'cy="([\d.]+)"[^>]*><title>([^<]*)', html)}
    assert (x["GAN"] < x["Bicubic"]) == (decibels < 30)
    assert (y["GAN"] > y["Bicubic"]) == (texture < 0.04)  # lower on the page


def test_work_without_a_name_is_told_without_a_colon() -> None:
    assert '<p class="ch-note">0%</p>' in sharpen_view.working(Progress(done=0, total=1))
    assert ">GAN: 50%<" in sharpen_view.working(Progress(done=1, total=2, text="GAN"))


def test_large_pictures_are_sent_as_jpeg() -> None:
    assert "image/png" in sharpen_view.framed(LARGE, "x", save="x.png")
    assert "image/jpeg" in sharpen_view.framed(Image.new("RGB", (600, 600)), "x")


def answers(found: dict[tuple[str, int], float], **more: Any) -> Identity:
    given = tuple(
        Answer(way=way, size=size, picture=LARGE, distance=d, same=d <= 0.4, found=size > 16)
        for (way, size), d in found.items()
    )
    return Identity(face=LARGE, tau=0.4, encoder="f", answers=given, **({"other": None, "untouched": None} | more))


def test_faces_stand_in_rows_with_their_verdicts() -> None:
    found = {(way, size): 0.5 if (way, size) == ("gan", 16) else 0.3 for way in TITLES for size in (16, 64)}
    html = sharpen_face.answers(answers(found))
    assert html.count("✓ same") == 5
    assert html.count("✕ two people") == 1
    assert html.count("no face in it") == 3
    assert "ch-lines" in html
    said = sharpen_face._said(answers(found))
    assert "Bicubic: from 16 pixels on; Small network: from 16 pixels on; GAN: from 64 pixels on" in said
    assert "GAN: at none" in sharpen_face._said(answers({("gan", 64): 0.9}))
    some = sharpen_face.answers(answers({("gan", 64): 0.3}, other=LARGE, untouched=0.25))
    assert "0.25 apart" in some
    assert "ch-lines" not in some  # not before all are there


def test_the_verifier_is_asked_with_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.gan.sharpen.identity.identity_s", lambda: 7.0)

    def asked(first: Image.Image, second: Image.Image | None) -> Iterator[Identity]:
        assert second is None
        yield answers({})
        yield answers({("gan", 64): 0.3}, progress=Progress(done=1, total=1))

    monkeypatch.setattr("apps.gan.sharpen.identity.identity", asked)
    steps = list(sharpen_face._ask(str(sample_path("astronaut")), None))
    assert "About 7.0 s" in steps[0][1]
    assert "The untouched face" in steps[1][0]
    assert "takes the restored face" in steps[-1][1]


def test_measured_figures_name_n_and_interval() -> None:
    photos, people = stored(PHOTOS), stored(FACES)
    assert photos is not None
    assert people is not None
    html = str(measured.photos().body)
    assert f"n = {photos['n']} photos" in html
    assert "95 % interval" in html
    html = str(measured.faces().body)
    assert f"n = {people['data']['people']} people" in html
    assert f"τ = {people['tau']:.3f}" in html
    assert html.count("ch-chart") == 2
    rows = people["ways"]["gan"]["rows"]
    assert [row["size"] for row in rows] == people["sizes"]
    for row in rows:
        low, high = row["accepted"]["interval"]
        assert low <= row["accepted"]["value"] <= high
        assert f"{row['accepted']['value']:.1%}" in html


def test_the_readme_has_both_ways_beside_each_other() -> None:
    rows = measured.headlines()
    assert len(rows) == 3
    assert rows[0].value.endswith(" dB")
    assert float(rows[1].value.split()[0]) > float(
        rows[2].value.split()[0]
    )  # bicubic's faces are recognised more often
    assert all(row.interval and row.data for row in rows)


def test_samples_are_there() -> None:
    for name in SAMPLES:
        with Image.open(sample_path(name)) as picture:
            assert max(picture.size) <= 512
    assert sharpen._on_sample(gr.EventData(None, {"sample": "cat"})) == str(sample_path("cat"))
    with pytest.raises(OptionError):
        sample_path("../digits")


def test_the_endpoint_answers_with_the_large_picture(photo: str) -> None:
    picture, numbers = upscale(photo, "small")
    assert picture.size == (96, 64)
    assert (numbers["model"], numbers["width"], numbers["from_height"]) == ("small", 96, 16)
    with pytest.raises(OptionError, match="gan, small, bicubic"):
        upscale(photo, "magic")


def test_clients_can_call_the_endpoint(hub_url: str, photo: str) -> None:
    client = Client(hub_url, verbose=False)
    large, numbers = client.predict(handle_file(photo), "bicubic", api_name="/upscale")
    with Image.open(large["path"] if isinstance(large, dict) else large) as picture:
        assert picture.size == (96, 64)
    assert numbers["seconds"] >= 0
    with pytest.raises(AppError, match="magic"):
        client.predict(handle_file(photo), "magic", api_name="/upscale")
    client.close()
