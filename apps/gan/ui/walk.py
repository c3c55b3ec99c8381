"""Latent walk: from one z to another, along directions with a meaning, and arithmetic with z."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr
from gradio.processing_utils import save_file_to_cache
from gradio.utils import get_upload_folder
from PIL import Image

from apps.gan.choices import MOST_STEPS, REACH, WALKS, check_digit
from apps.gan.drawing.sliders import read_directions
from apps.gan.drawing.tiles import Pictures, Tile, animated, film, sheet, tiles
from apps.gan.ui.common import DIGIT_CHOICES, LATEST, REDRAW, heading, picture_output, reseed_button, seed_input
from apps.gan.ui.rooms import requests
from apps.markup import Markup, h, joined, note, url_of
from apps.sharing import share
from apps.ui import PRIVATE, SENDS, guard, keep_result
from shared.video import write_mp4

_SLIDERS = ("Slant", "Boldness", "Width", "Height")
_COLUMNS = 16
_RATE_HZ = 15  # pictures per second of the film


def panel() -> None:
    """Lay out the panel."""
    seen = heading("use", "From one digit to another", "Every point on the way is a digit: G has learned a continuum.")
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            with gr.Row():
                seed_a, digit_a = seed_input("From: seed", value=1, info=""), _digit("From: digit", "3")
            with gr.Row():
                seed_b, digit_b = seed_input("To: seed", value=2, info=""), _digit("To: digit", "8")
            kind = gr.Radio([(title, name) for name, title in WALKS.items()], value="spherical", label="Path of z")
            steps = gr.Slider(2, MOST_STEPS, value=32, step=1, label="Pictures on the way, both ends included")
            with gr.Row():
                reseed_button(seed_a, seed_b, label="Two new seeds")
                go = gr.Button("Walk", variant="primary")
        with gr.Column(scale=3):
            strip = picture_output("The walk, row by row")
            with gr.Row(equal_height=False):
                video = gr.Video(
                    label="The walk as a film, there and back",
                    interactive=False,
                    autoplay=True,
                    loop=True,
                    height=260,
                    buttons=["download"],
                    elem_classes="gan-movie",
                    min_width=260,
                )
                with gr.Column(min_width=220):
                    download = gr.HTML(label="The film as a picture")
    share(from_seed=seed_a, from_digit=digit_a, to_seed=seed_b, to_digit=digit_b, path=kind, steps=steps)
    gr.on(
        [go.click, kind.input, digit_a.input, digit_b.input, seed_b.change, seen.expand],
        guard(interpolate),
        [seed_a, seed_b, digit_a, digit_b, kind, steps],
        [strip, video, download],
        api_name="interpolate",
        **LATEST,
        **REDRAW,
    )
    _directions_panel()
    _arithmetic_panel()


def _directions_panel() -> None:
    seen = heading(
        "inside",
        "Directions of z with a meaning",
        "Found without labels: the directions along which G's first layer changes most (closed-form factorisation). "
        "The names come from measuring the pictures afterwards.",
    )
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            with gr.Row():
                seed, digit = seed_input(value=4, info=""), _digit("Digit", "4")
            sliders = [gr.Slider(-REACH, REACH, value=0, step=0.25, label=name) for name in _SLIDERS]
        with gr.Column(scale=2, min_width=320):
            out = gr.HTML(note("Move a slider."), label="The moved digit", elem_classes=SENDS)
    share(seed=seed, digit=digit, **_named(sliders))
    triggers = [seen.expand, seed.change, digit.input, *(slider.input for slider in sliders)]
    gr.on(triggers, guard(_moved), [seed, digit, *sliders], out, **LATEST, **REDRAW, **PRIVATE)


def _arithmetic_panel() -> None:
    seen = heading(
        "inside", "Arithmetic", "Take the z of one handwriting, subtract a second and add a third: A − B + C."
    )
    with gr.Row():
        a, b, c = (seed_input(f"{name}: seed", value=at, info="") for at, name in enumerate("ABC", start=5))
        digit = _digit("Digit", "2")
        reseed_button(a, b, c, label="Three new seeds")
    share(a=a, b=b, c=c, sum_digit=digit)
    out = gr.HTML(label="A, B, C and A − B + C", elem_classes=SENDS)
    triggers = [seen.expand, digit.input, a.change, b.change, c.change]
    gr.on(triggers, guard(_sum), [a, b, c, digit], out, **LATEST, **REDRAW, **PRIVATE)


def interpolate(
    seed_a: int = 1, seed_b: int = 2, digit_a: str = "3", digit_b: str = "8", kind: str = "spherical", steps: int = 32
) -> tuple[Image.Image, str, Markup]:
    """Walk through the latent space of the conditional generator, from one style and digit to another.

    Args:
        seed_a: style at the start.
        seed_b: style at the end.
        digit_a: digit at the start, 0 to 9.
        digit_b: digit at the end, 0 to 9; on the way the codes of both are mixed.
        kind: spherical or linear.
        steps: pictures on the way, both ends included, 2 to 64.

    Returns:
        The pictures on one sheet; the walk there and back as an mp4 video; the same as an animated WebP inside HTML.
    """
    pictures = requests.walk(
        seed_a=seed_a, seed_b=seed_b, digit_a=check_digit(digit_a), digit_b=check_digit(digit_b), kind=kind, steps=steps
    )
    strip = sheet(pictures, min(len(pictures), _COLUMNS), gap=0)
    video, moving, link = _film(pictures)
    settings = {"from_seed": seed_a, "to_seed": seed_b, "from_digit": digit_a, "to_digit": digit_b}
    keep_result(
        "gan/latent-walk",
        {"walk.png": (strip, "The walk, row by row."), "walk.webp": (moving, "The walk as a film, there and back.")},
        settings=settings | {"path": kind, "steps": steps},
    )
    return strip, video, link


def _film(pictures: Pictures) -> tuple[str, bytes, Markup]:
    """An mp4 in gradio's cache, which deletes it in time, the same as an animated WebP, and a link to that."""
    frames = film(pictures)
    with TemporaryDirectory() as folder:
        path = write_mp4(frames, Path(folder) / "walk.mp4", size=frames[0].size, rate_hz=_RATE_HZ)
        video = save_file_to_cache(path, cache_dir=get_upload_folder())
    moving = animated(frames, rate_hz=_RATE_HZ)
    address = url_of(moving, "image/webp")
    link = h.a("Download as an animated picture (WebP)", class_="gan-webp", download="walk.webp", href=address)
    length = note(f"{len(pictures)} pictures from start to end, {_RATE_HZ} a second, there and back.")
    return video, moving, joined([length, link])


def _moved(seed: int, digit: str, *amounts: float) -> Markup:
    pictures = requests.moved(seed=seed, digit=check_digit(digit), amounts=amounts)
    names = "; ".join(f"{slider}: {one.name}" for slider, one in zip(_SLIDERS, read_directions(), strict=True))
    _keep(
        "moved",
        pictures,
        "The digit, moved, and the same move for all ten.",
        _named(amounts) | {"seed": seed, "digit": digit},
    )
    large = tiles(pictures[:1], [Tile(f"The {digit}, moved")], width_px=220)
    small = tiles(pictures[1:], [Tile(at) for at in DIGIT_CHOICES], width_px=64)
    return joined([large, note("The same z, every digit:"), small, note(f"What each direction changes most: {names}.")])


def _sum(a: int, b: int, c: int, digit: str) -> Markup:
    pictures = requests.sum_of_styles(base=a, minus=b, plus=c, digit=check_digit(digit))
    _keep("sum", pictures, "A, B, C and A - B + C.", {"a": a, "b": b, "c": c, "sum_digit": digit})
    return tiles(pictures, [Tile(name) for name in ("A", "− B", "+ C", "= A − B + C")], width_px=120)


def _named(amounts: Iterable[Any]) -> dict[str, Any]:
    """The sliders' values, or the sliders, by their names in a link."""
    return {name.lower(): one for name, one in zip(_SLIDERS, amounts, strict=True)}


def _keep(part: str, pictures: Pictures, about: str, settings: dict[str, Any]) -> None:
    keep_result(
        "gan/latent-walk", {f"{part}.png": (sheet(pictures, len(pictures)), about)}, part=part, settings=settings
    )


def _digit(label: str, value: str) -> gr.Dropdown:
    return gr.Dropdown(DIGIT_CHOICES, value=value, label=label, min_width=90)
