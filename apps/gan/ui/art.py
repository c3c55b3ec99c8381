"""Endless art: a window of a plane without end, blended, as a tile, as a film, and the patches it learned from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
from PIL import Image

from apps.gan.art.choices import ARTS, CELL, FAR, FRAMES_HZ, LARGEST, NO_SECOND, SMALLEST
from apps.gan.art.wish import Wish
from apps.gan.drawing.tiles import animated, in_rows
from apps.gan.ui.common import LATEST, REDRAW, film, heading, kept_file, reseed_button, seed_input
from apps.gan.ui.rooms import arts
from apps.markup import Markup, h, joined, note, url_of
from apps.sharing import share
from apps.ui import HEAVY, LIGHT, PRIVATE, SENDS, guard, keep_result
from shared.images import data_url

_STEPS = {"←": (-1, 0), "→": (1, 0), "↑": (0, -1), "↓": (0, 1)}
_WAYS = {"←": "left", "→": "right", "↑": "up", "↓": "down"}


def panel() -> None:
    """Lay out the panel."""
    seen = heading(
        "use",
        "A picture without end",
        "Each generator has seen patches of one single picture. It is convolutional from noise to colour, so that it "
        "paints any window of an endless plane, and two windows that meet fit together to the pixel.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=300):
            knobs = _knobs()
        with gr.Column(scale=2, min_width=320):
            out = gr.Image(
                label="The window",
                format="png",
                show_label=False,
                interactive=False,
                buttons=["download", "fullscreen"],
                elem_id="art-window",
                elem_classes=SENDS,
            )
            with gr.Row(elem_id="art-walk", elem_classes="ch-arrows"):
                for arrow in _STEPS:
                    _walk_button(arrow, knobs)
            tile = gr.HTML(label="As a background", elem_id="art-tile")
    inputs = list(knobs.values())
    triggers: list[Any] = [seen.expand, *(one.change for one in inputs)]
    gr.on(triggers, guard(endless_art), inputs, [out, tile], api_name="endless_art", **LATEST, **REDRAW)
    _film(inputs)
    _nearest(inputs)
    _endpoints(knobs)


def _knobs() -> dict[str, Any]:
    names = [(title, name) for name, title in ARTS.items()]
    picture = gr.Dropdown(names, value="mosaic", label="Learned from", elem_id="art-picture")
    seed = seed_input(info="Another seed, another plane.")
    reseed_button(seed, label="Another plane")
    second = gr.Dropdown([("nothing", NO_SECOND), *names], value=NO_SECOND, label="Blended with")
    amount = gr.Slider(0, 1, value=0.5, step=0.05, label="How much of it")
    across = gr.Checkbox(True, label="From left to right")
    with gr.Accordion("Where, how large, as a tile", open=False):
        with gr.Row():
            x, y = (
                gr.Number(0, label=label, minimum=-FAR, maximum=FAR, step=CELL, precision=0, min_width=110)
                for label in ("Across, in pixels", "Down, in pixels")
            )
        with gr.Row():
            width, height = (
                gr.Slider(SMALLEST, LARGEST, value=512, step=CELL, label=label, min_width=110)
                for label in ("Width", "Height")
            )
        wraps = gr.Checkbox(label="A tile: left continues right, top continues bottom")
    share(picture=picture, seed=seed, x=x, y=y, width=width, height=height)
    share(tile=wraps, second=second, amount=amount, across=across)
    return {
        "picture": picture,
        "seed": seed,
        "x": x,
        "y": y,
        "width": width,
        "height": height,
        "wraps": wraps,
        "second": second,
        "share": amount,
        "across": across,
    }


def _walk_button(arrow: str, knobs: dict[str, Any]) -> None:
    button = gr.Button(f"{arrow} {_WAYS[arrow]}", size="sm", min_width=70)
    right, down = _STEPS[arrow]

    def walk(x: float, y: float, width: float, height: float) -> tuple[int, int]:
        return _gone(x, right, width), _gone(y, down, height)

    inputs = [knobs[name] for name in ("x", "y", "width", "height")]
    button.click(guard(walk), inputs, inputs[:2], **LIGHT, **PRIVATE)


def _gone(place: float, way: int, side: float) -> int:
    """Half a window further, as far as the plane is counted."""
    return max(-FAR, min(FAR, int(place or 0) + way * (int(side) // (2 * CELL)) * CELL))


def endless_art(
    picture: str = "mosaic",
    seed: int = 0,
    x: int = 0,
    y: int = 0,
    width: int = 512,
    height: int = 512,
    wraps: bool = False,
    second: str = NO_SECOND,
    share: float = 0.5,
    across: bool = True,
) -> tuple[Image.Image, Markup]:
    """Paint a window of an endless picture.

    Args:
        picture: mosaic, swirls or woodcut: what the generator learned from.
        seed: of the plane; the same seed gives the same plane.
        x: pixels from the plane's middle to the window's left edge, rounded to cells of 16 pixels.
        y: ... to its upper edge.
        width: pixels, 64 to 1024, in cells of 16.
        height: pixels, likewise.
        wraps: whether the window is a tile: its left edge continues its right one, its top its bottom.
        second: another picture's generator that is mixed in, or none.
        share: of the second one, 0 to 1.
        across: whether its share grows from nothing at the left edge to ``share`` at the right one.

    Returns:
        The window; the same as a background of tiles, if it is one.
    """
    wish = Wish(picture, seed, x, y, width, height, wraps, second, share, across)
    painted = arts.painting(wish)
    keep_result("gan/endless-art", {"window.png": (painted, "The window.")}, settings=_settings(wish))
    return painted, _background(painted) if wraps else note("")


def endless_film(
    picture: str = "mosaic", seed: int = 0, x: int = 0, y: int = 0, second: str = NO_SECOND, share: float = 0.5
) -> Iterator[str | None]:
    """Make a film of an endless picture: once around a circle of planes, so that it ends where it began.

    Args:
        picture: mosaic, swirls or woodcut: what the generator learned from.
        seed: of the plane.
        x: pixels from the plane's middle to the window's left edge.
        y: ... to its upper edge.
        second: another picture's generator that is mixed in from left to right, or none.
        share: of the second one at the right edge, 0 to 1.

    Returns:
        An animated WebP of 320 x 320 pixels; nothing until it is painted.
    """
    frames = []
    for frame in arts.film(Wish(picture, seed, x, y, second=second, share=share)):
        frames.append(frame)
        yield None
    yield kept_file("endless.webp", animated(frames, rate_hz=FRAMES_HZ, lossless=False))


def nearest_patches(
    picture: str = "mosaic", seed: int = 0, x: int = 0, y: int = 0
) -> tuple[Image.Image, dict[str, Any]]:
    """Look for the patches of a picture that are nearest to patches of endless art: does the generator copy?

    Args:
        picture: mosaic, swirls or woodcut: what the generator learned from.
        seed: of the plane, and of the choice of patches.
        x: pixels from the plane's middle to the left edge of the window that they are taken from.
        y: ... to its upper edge.

    Returns:
        Six patches of 32 x 32 pixels, under each the nearest one of the picture; a dictionary: distances (root mean
        square differences, 0 to 1; 0 is a copy).
    """
    pairs = arts.nearest(Wish(picture, seed, x, y))
    beside = in_rows([pair.made for pair in pairs], [pair.nearest for pair in pairs])
    return beside, {"distances": [round(pair.distance, 4) for pair in pairs]}


def _endpoints(knobs: dict[str, Any]) -> None:
    """/endless_film and /nearest_patches, whose own components no visitor sees."""
    plane = [knobs[name] for name in ("picture", "seed", "x", "y")]
    with gr.Row(visible=False):
        moving, beside = gr.File(label="The film"), gr.Image(label="Patches", format="png")
        numbers = gr.JSON(label="As numbers")
        make, look = gr.Button("Film"), gr.Button("Look")
    blended = [*plane, knobs["second"], knobs["share"]]
    make.click(guard(endless_film), blended, moving, api_name="endless_film", **HEAVY)
    look.click(guard(nearest_patches), plane, [beside, numbers], api_name="nearest_patches", **REDRAW)


def _settings(wish: Wish) -> dict[str, Any]:
    """A wish by the names of the controls."""
    others = {"name": "picture", "wraps": "tile", "share": "amount"}
    return {others.get(name, name): value for name, value in vars(wish).items()}


def _background(tile: Image.Image) -> Markup:
    style = f"background-image:url({data_url(tile)});background-size:{tile.width // 3}px"
    return h.div(class_="art-tiles", style=style, role="img", aria_label="The tile, repeated without a seam")


def _film(inputs: list[Any]) -> None:
    heading("use", "It moves", "Once around a circle of planes: the film ends where it began.")
    with gr.Row():
        go = gr.Button("Make the film", variant="primary", min_width=120)
        stop = gr.Button("Stop", min_width=90)
    out = gr.HTML(label="The film", elem_id="art-film", elem_classes=SENDS)
    filming = go.click(guard(_film_of), inputs, out, **HEAVY, **PRIVATE)
    stop.click(None, None, None, cancels=[filming], **PRIVATE)


def _film_of(
    picture: str, seed: float, x: float, y: float, width: float, height: float, wraps: bool, second: str, share: float,
    across: bool,
) -> Iterator[Markup]:  # fmt: skip
    frames = []
    wish = Wish(picture, seed, x, y, width, height, wraps, second, share, across)
    for frame in arts.film(wish):
        frames.append(frame)
        yield note("{} of the film’s pictures are painted.", len(frames))
    moving = animated(frames, rate_hz=FRAMES_HZ, lossless=False)
    keep_result("gan/endless-art", {"endless.webp": (moving, "Once around.")}, part="film", settings=_settings(wish))
    address = url_of(moving, "image/webp")
    shown = film(address, data_url(frames[0]), alt="the picture, morphing in a loop", size=frames[0].size)
    link = h.a("Download the film (WebP)", class_="gan-webp", download="endless.webp", href=address)
    yield joined([shown, h.p(link)])


def _nearest(inputs: list[Any]) -> None:
    heading(
        "inside",
        "Does it copy?",
        "Six patches of the window, of 32 pixels, and under each the patch of its picture that is nearest to it.",
    )
    go = gr.Button("Look for the nearest patches")
    out = gr.HTML(label="Patches and their nearest", elem_id="art-nearest", elem_classes=SENDS)
    go.click(guard(_nearest_of), inputs, out, **REDRAW, **PRIVATE)


def _nearest_of(
    picture: str, seed: float, x: float, y: float, width: float, height: float, wraps: bool, second: str, share: float,
    across: bool,
) -> Markup:  # fmt: skip
    wish = Wish(picture, seed, x, y, width, height, wraps, second, share, across)
    pairs = arts.nearest(wish)
    beside = in_rows([pair.made for pair in pairs], [pair.nearest for pair in pairs])
    about = "Painted, and below each the nearest patch of the picture."
    keep_result("gan/endless-art", {"nearest.png": (beside, about)}, part="nearest", settings=_settings(wish))
    figures = [
        h.figure(
            h.img(src=data_url(pair.made, lossless=True), alt="A painted patch", width=96, height=96),
            h.img(src=data_url(pair.nearest, lossless=True), alt="The nearest patch", width=96, height=96),
            h.figcaption(f"{pair.distance:.2f} apart"),
        )
        for pair in pairs
    ]
    explained = note(
        "Above: painted. Below: the nearest patch of the picture. Distance: root mean square, 0 to 1; 0 is a copy."
    )
    return joined([h.div(figures, class_="art-pairs"), explained])
