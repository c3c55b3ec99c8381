"""Latent walk: from one z to another, along directions that mean something, and arithmetic with z."""

from __future__ import annotations

import gradio as gr
from PIL import Image

from apps.gan.choices import MOST_STEPS, REACH, WALKS
from apps.gan.pictures import Tile, moving, note, tiles
from apps.gan.ui_shared import QUICK, dice, picture_output, seed_input, sheet
from apps.ui import PRIVATE, guard, section

_DIGITS = [str(digit) for digit in range(10)]
_SLIDERS = ("Slant", "Boldness", "Width", "Height")
_COLUMNS = 16


def panel() -> None:
    """Lay out the panel."""
    section("use", "From one digit to another", "Every point on the way is a digit, too: G has learnt a continuum.")
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            with gr.Row():
                seed_a, digit_a = seed_input("From: seed", value=1, info=""), _digit("From: digit", "3")
            with gr.Row():
                seed_b, digit_b = seed_input("To: seed", value=2, info=""), _digit("To: digit", "8")
            kind = gr.Radio([(title, name) for name, title in WALKS.items()], value="spherical", label="Path of z")
            steps = gr.Slider(2, MOST_STEPS, value=32, step=1, label="Pictures on the way, both ends included")
            with gr.Row():
                dice(seed_a, seed_b, label="Two other seeds")
                go = gr.Button("Walk", variant="primary")
        with gr.Column(scale=3):
            strip = picture_output("The walk, row by row")
            film = gr.HTML(note("The same as a film, there and back."), label="Film")
    walk_inputs = [seed_a, seed_b, digit_a, digit_b, kind, steps]
    go.click(guard(interpolate), walk_inputs, [strip, film], api_name="interpolate", **QUICK)
    kind.input(guard(interpolate), walk_inputs, [strip, film], **QUICK, **PRIVATE)
    _directions_panel()
    _arithmetic_panel()


def _directions_panel() -> None:
    section(
        "inside",
        "Directions of z that mean something",
        "Found without labels: the directions along which G's first layer changes most (closed-form factorisation). "
        "The names were measured afterwards on the pictures.",
    )
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            with gr.Row():
                seed, digit = seed_input(value=4, info=""), _digit("Digit", "4")
            sliders = [gr.Slider(-REACH, REACH, value=0, step=0.25, label=name) for name in _SLIDERS]
            show = gr.Button("Show", variant="primary")
        out = gr.HTML(note("Move a slider."), label="The moved digit")
    for event in (show.click, seed.change, digit.input, *(slider.release for slider in sliders)):
        event(guard(_moved), [seed, digit, *sliders], out, **QUICK, **PRIVATE)


def _arithmetic_panel() -> None:
    section("inside", "Arithmetic", "Take one hand's z, subtract another's, add a third's: A − B + C.")
    with gr.Row():
        a, b, c = (seed_input(f"{name}: seed", value=at, info="") for at, name in enumerate("ABC", start=5))
        digit = _digit("Digit", "2")
        reckon = gr.Button("Reckon", variant="primary")
    out = gr.HTML(label="A, B, C and A − B + C")
    reckon.click(guard(_sum), [a, b, c, digit], out, **QUICK, **PRIVATE)


def interpolate(
    seed_a: int = 1, seed_b: int = 2, digit_a: str = "3", digit_b: str = "8", kind: str = "spherical", steps: int = 32
) -> tuple[Image.Image, str]:
    """Walk through the latent space of the conditional generator, from one style and digit to another.

    Args:
        seed_a: style at the start.
        seed_b: style at the end.
        digit_a: digit at the start, 0 to 9.
        digit_b: digit at the end, 0 to 9; the class's code is mixed on the way.
        kind: spherical or linear.
        steps: pictures on the way, both ends included, 2 to 64.

    Returns:
        The pictures on one sheet, and as an animated picture inside HTML.
    """
    from apps.gan.scenes import walk

    pictures = walk(
        seed_a=seed_a, seed_b=seed_b, digit_a=_whole(digit_a), digit_b=_whole(digit_b), kind=kind, steps=steps
    )
    return sheet(pictures, min(len(pictures), _COLUMNS), gap=0), moving(pictures)


def _moved(seed: int, digit: str, *amounts: float) -> str:
    from apps.gan.directions import read_directions
    from apps.gan.scenes import moved

    pictures = moved(seed=seed, digit=_whole(digit), amounts=amounts)
    names = "; ".join(f"{slider}: {one.name}" for slider, one in zip(_SLIDERS, read_directions(), strict=True))
    large = tiles(pictures[:1], [Tile(f"The {digit}, moved")], width_px=200).replace("1fr", "220px")
    small = tiles(pictures[1:], [Tile(f"{at}") for at in range(10)], width_px=64)
    return large + note("The same z, every digit:") + small + note(f"What each direction changes most: {names}.")


def _sum(a: int, b: int, c: int, digit: str) -> str:
    from apps.gan.scenes import sum_of_styles

    pictures = sum_of_styles(base=a, minus=b, plus=c, digit=_whole(digit))
    return tiles(pictures, [Tile(name) for name in ("A", "− B", "+ C", "= A − B + C")], width_px=120)


def _digit(label: str, value: str) -> gr.Dropdown:
    return gr.Dropdown(_DIGITS, value=value, label=label, min_width=90)


def _whole(digit: object) -> int:
    from apps.gan.sampling import check_digit

    return check_digit(digit)
