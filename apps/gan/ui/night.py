"""Day to night, from space: a place on the globe next to the truth, a painted continent, a picture of one's own."""

from __future__ import annotations

import random
from typing import Any

import gradio as gr
from PIL import Image

from apps.gan.choices import SEEDS
from apps.gan.translation.choices import CLASSES, OBJECTIVES, checked_painting, objectives_at
from apps.gan.ui.common import LATEST, REDRAW, heading, seed_input
from apps.gan.ui.night_globe import pictures_in_a_row, place
from apps.gan.ui.rooms import nights
from apps.markup import Markup, h, joined, note, page_file
from apps.results import as_json
from apps.sharing import share
from apps.ui import LIGHT, PRIVATE, QUICK, SENDS, guard, keep_result, photo_input
from shared.errors import InputError
from shared.images import as_sent

_WAIT = note("The first night is being painted.")
_EMPTY = ""
_SHEET = 192  # pixels of the painted continent's side


def panel() -> None:
    """Lay out the panel."""
    seen = heading(
        "use",
        "Day to night, from space",
        "pix2pix: the generator's input is the Earth by day, its output the same land by night. South America, "
        "Australia and southern Africa were held out of the training: there it has never seen a light.",
    )
    at, seed, again = _knobs()
    place(seen, at, seed, _WAIT)
    painted = _continent(at, seed)
    again.click(_other_seed, None, seed, **LIGHT, **PRIVATE)
    _stages(painted, seed)
    _own_picture()


def _knobs() -> tuple[gr.Slider, gr.Number, gr.Button]:
    with gr.Row():
        at = gr.Slider(
            0,
            1,
            value=0.5,
            step=0.05,
            label="Trained with: 0 L1 only · 0.5 L1 and GAN · 1 GAN only",
            info="L1 punishes every pixel that is off. The adversary punishes what does not look like a night. Between "
            "the three trained networks their weights are mixed.",
            elem_id="night-at",
            scale=3,
            min_width=300,
        )
        with gr.Column(scale=1, min_width=200):
            seed = seed_input(info="Of the noise: where the cities of flat land lie.")
            again = gr.Button("Other noise", size="sm", min_width=90)
    return at, seed, again


def _continent(at: gr.Slider, seed: gr.Number) -> gr.State:
    heading(  # its first event is not needed: the sheet paints its first continent itself when it is on the screen
        "use",
        "Paint a continent",
        "192 pixels of 10 km: half of Europe. The network was trained on painted maps of the Earth as well as on "
        "photographs. The keyboard paints too: arrow keys move the brush, the space bar sets it down.",
    )
    painting = gr.State(_EMPTY)
    with gr.Row():
        with gr.Column(scale=1, min_width=320):
            pad = continent_pad()
        with gr.Column(scale=1, min_width=320):
            out = gr.HTML(_WAIT, label="The continent by night", elem_id="night-continent", elem_classes=SENDS)
    taken = pad.click(guard(_taken), None, painting, **LIGHT, **PRIVATE)
    taken.then(guard(_painting_by_night), [painting, at, seed], out, **REDRAW, **PRIVATE)
    gr.on([at.change, seed.change], guard(_painting_by_night), [painting, at, seed], out,
          **LATEST, **REDRAW, **PRIVATE)  # fmt: skip
    return painting


def continent_pad() -> gr.HTML:
    """The sheet to paint land on; its "click" event carries ``drawing``, the sheet as a data URL of a PNG."""
    canvas = h.canvas(
        width=_SHEET,
        height=_SHEET,
        tabindex=0,
        role="application",
        aria_label="Sheet to paint a continent on. Arrow keys move the brush, the space bar paints, Z takes back.",
    )
    size = h.label(
        "Brush", h.input(type="range", min=2, max=40, value=14, class_="night-size", aria_label="Brush size")
    )
    return gr.HTML(
        None,
        label="Paint a continent",
        html_template=str(
            joined(
                [
                    h.div(_brushes(), class_="night-brushes", role="radiogroup", aria_label="Brush"),
                    h.div(canvas, h.i(class_="night-cursor", hidden=True), class_="night-sheet"),
                    h.div(
                        size,
                        h.button("Take back", type="button", data_do="undo"),
                        h.button("Open sea", type="button", data_do="sea"),
                        h.button("Another continent", type="button", data_do="new"),
                        class_="night-tools",
                    ),
                ]
            )
        ),
        js_on_load=page_file(__file__, "continent.js"),
        apply_default_css=False,
    )


def _brushes() -> list[Markup]:
    return [
        h.button(
            kind.title,
            type="button",
            role="radio",
            aria_checked="true" if name == "land" else "false",
            data_brush=f"rgb{kind.colour}",
            data_name=name,
            style=f"--brush:rgb{kind.colour}",
        )
        for name, kind in CLASSES.items()
    ]


def _stages(painting: gr.State, seed: gr.Number) -> None:
    heading(
        "inside",
        "How the lights came on",
        "The network of “L1 and GAN” at some steps of its training, given the continent above.",
    )
    show = gr.Button("Show the stages")
    out = gr.HTML(label="Stages of the training", elem_id="night-stages", elem_classes=SENDS)
    show.click(guard(_stages_of), [painting, seed], out, **REDRAW, **PRIVATE)


def _own_picture() -> None:
    heading("use", "A picture of your own", "Land from above by day, at best 10 km a pixel; or a painting of land.")
    with gr.Row():
        with gr.Column(scale=1, min_width=300):
            photo = photo_input("The picture by day", sources=["upload", "clipboard"], elem_id="night-photo")
            names = [(one.title, name) for name, one in OBJECTIVES.items()]
            model = gr.Radio(names, value="both", label="Trained with")
            by_hand = gr.Checkbox(label="It is painted: take the nearest brush for every pixel")
            seed = seed_input(info="Of the noise.")
            go = gr.Button("Turn day to night", variant="primary")
        with gr.Column(scale=2, min_width=300):
            night = gr.Image(
                label="By night",
                format="png",
                interactive=False,
                buttons=["download", "fullscreen"],
                elem_classes=SENDS,
            )
            numbers = gr.JSON(label="Lights")
    share(model=model, by_hand=by_hand, own_seed=seed)
    go.click(guard(translate), [photo, model, by_hand, seed], [night, numbers], api_name="translate", **QUICK)


def translate(
    photo: str | None = None, model: str = "both", painted: bool = False, seed: int = 0
) -> tuple[Image.Image, dict[str, Any]]:
    """Turn a picture of the Earth by day into its night with pix2pix.

    Args:
        photo: land from above by day, at best 10 km a pixel; its longer side is reduced to 512 pixels.
        model: both, l1 or gan: what the generator was trained with.
        painted: whether the picture is painted: every pixel becomes the colour of the nearest brush first.
        seed: of the noise; the same seed gives the same night.

    Returns:
        The night, as large as the reduced picture; the mean light, the share of lit pixels and their area in km².
    """
    if photo is None:
        raise InputError("", "No picture was given", "Choose one first.")
    found = nights.night_of_picture(as_sent(photo), model=model, by_hand=painted, seed=seed)
    lights = {"light": round(found.lights.mean, 5), "lit": round(found.lights.lit, 5), "lit_km2": found.lights.lit_km2}
    numbers = {"model": model, "seed": int(seed), **lights}
    keep_result(
        "gan/day-to-night",
        {"night.png": (found.night, "Your picture by night."), "lights.json": (as_json(numbers), "Its lights.")},
        part="own picture",
        settings={"model": model, "by_hand": painted, "own_seed": seed},
    )
    return found.night, numbers


def _painting_by_night(painting: str, at: float, seed: float) -> Markup:
    if not painting:
        return _WAIT
    found = nights.night_of_painting(painting, at=at, seed=seed)
    files = {"day.png": (found.day, "Your continent."), "night.png": (found.night, "... by night.")}
    keep_result("gan/day-to-night", files, part="continent", settings={"at": at, "seed": seed})
    return pictures_in_a_row([(found.night, f"By night: {objectives_at(at)}", f"{found.lights.lit_km2:,.0f} km² lit")])


def _stages_of(painting: str, seed: float) -> Markup:
    if not painting:
        raise InputError("", "Nothing was painted yet", "Paint a continent first.")
    day = nights.night_of_painting(painting, at=0.5, seed=seed).day
    found = nights.stages(day, seed=seed)
    start = found[0][0] or 0
    pictures = [(night, _stage(step, start), "") for step, night in found]
    return pictures_in_a_row(pictures)


def _stage(step: int | None, start: int) -> str:
    if step is None:
        return "The bundled network"
    return f"After {step - start:,} steps against D" if step > start else f"Before: {start:,} steps with L1 alone"


def _taken(event: gr.EventData) -> str:
    return checked_painting(str(event.drawing))


def _other_seed() -> int:
    return random.randrange(min(SEEDS, 1_000_000))
