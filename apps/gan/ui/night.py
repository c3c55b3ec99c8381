"""Day to night, from space: a place on the globe next to the truth, a painted continent, a picture of one's own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import gradio as gr
from PIL import Image

from apps.gan.choices import SEEDS
from apps.gan.drawing.tiles import in_rows
from apps.gan.translation.choices import OBJECTIVES, checked_painting
from apps.gan.translation.nights import stages_in_numbers, stages_in_pictures
from apps.gan.ui.common import LATEST, REDRAW, heading, seed_input
from apps.gan.ui.night_pads import continent_pad, globe_pad, place_of
from apps.gan.ui.rooms import nights
from apps.markup import Markup, h, joined, note, prose
from apps.results import as_json, table
from apps.sharing import share
from apps.ui import LIGHT, PRIVATE, QUICK, SENDS, guard, keep_result, photo_input
from shared.errors import InputError, check_choice
from shared.images import as_sent, data_url

_PLACES: dict[str, tuple[float, float]] = {  # latitude and longitude in degrees
    "Southern Brazil": (-23.5, -47.5),
    "Buenos Aires and the pampas": (-34.0, -61.0),
    "Chile and the Andes": (-32.0, -68.0),
    "South-east Australia": (-34.5, 147.0),
    "Western Australia": (-29.0, 119.0),
    "The Nile and the Red Sea": (27.0, 33.0),
    "Western Europe": (48.5, 4.0),
    "Northern India": (26.0, 79.0),
    "Japan and Korea": (36.0, 133.0),
}
_START = _PLACES["Southern Brazil"]
_KNOBS = {value / 2: title for value, title in enumerate(one.title for one in OBJECTIVES.values())}
_WAIT = note("The first night is being painted.")
_EMPTY = ""


def panel() -> None:
    """Lay out the panel."""
    seen = heading(
        "use",
        "Day to night, from space",
        "pix2pix: the generator's input is the Earth by day, its output the same land by night. South America, "
        "Australia and southern Africa were held out of the training: there it has never seen a light.",
    )
    at, seed, again = _knobs()
    _globe(seen, at, seed)
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


def _globe(seen: gr.HTML, at: gr.Slider, seed: gr.Number) -> None:
    with gr.Row():
        with gr.Column(scale=2, min_width=320):
            globe = globe_pad(_START)
            with gr.Row():
                latitude = gr.Number(_START[0], label="Latitude", minimum=-90, maximum=90, min_width=90)
                longitude = gr.Number(_START[1], label="Longitude", minimum=-180, maximum=180, min_width=90)
            chosen = gr.Dropdown(list(_PLACES), value="Southern Brazil", label="Or a place by name")
            by_hand = gr.Checkbox(label="Show the network a painted map of the place instead of the photograph")
        with gr.Column(scale=3, min_width=320):
            out = gr.HTML(_WAIT, label="The place by night", elem_id="night-place", elem_classes=SENDS)
    inputs = [latitude, longitude, at, seed, by_hand]
    globe.click(guard(_clicked), None, [latitude, longitude], **LIGHT, **PRIVATE)
    chosen.input(guard(_named), chosen, [latitude, longitude], **LIGHT, **PRIVATE)
    moved = gr.on([latitude.change, longitude.change], place_of, [latitude, longitude], globe, **LIGHT, **PRIVATE)
    share(at=at, seed=seed)
    share(latitude=latitude, longitude=longitude, painted=by_hand, then=[moved])
    triggers: list[Any] = [seen.expand, latitude.change, longitude.change, at.change, seed.change, by_hand.change]
    gr.on(triggers, guard(_place_by_night), inputs, out, **LATEST, **REDRAW, **PRIVATE)
    with gr.Row(visible=False):  # of /night_of_place and /night_stages
        night, truth = gr.Image(label="By night, painted", format="png"), gr.Image(label="The truth", format="png")
        numbers = gr.JSON(label="As numbers")
        ask, ask_stages = gr.Button("Ask"), gr.Button("Ask for the stages")
    ask.click(guard(night_of_place), inputs, [night, truth, numbers], api_name="night_of_place", **QUICK)
    ask_stages.click(
        guard(night_stages), [latitude, longitude, seed, by_hand], [night, numbers], api_name="night_stages", **QUICK
    )


def _continent(at: gr.Slider, seed: gr.Number) -> gr.State:
    seen = heading(
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
    del seen  # the sheet paints its first continent itself when it is first seen
    told = pad.click(guard(_taken), None, painting, **LIGHT, **PRIVATE)
    told.then(guard(_painting_by_night), [painting, at, seed], out, **REDRAW, **PRIVATE)
    gr.on([at.change, seed.change], guard(_painting_by_night), [painting, at, seed], out,
          **LATEST, **REDRAW, **PRIVATE)  # fmt: skip
    return painting


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
    told = {"light": round(found.lights.mean, 5), "lit": round(found.lights.lit, 5), "lit_km2": found.lights.lit_km2}
    numbers = {"model": model, "seed": int(seed), **told}
    keep_result(
        "gan/day-to-night",
        {"night.png": (found.night, "Your picture by night."), "lights.json": (as_json(numbers), "Its lights.")},
        part="own picture",
        settings={"model": model, "by_hand": painted, "own_seed": seed},
    )
    return found.night, numbers


def night_of_place(
    latitude: float = _START[0], longitude: float = _START[1], at: float = 0.5, seed: int = 0, painted: bool = False
) -> tuple[Image.Image, Image.Image, dict[str, Any]]:
    """Paint the night of a place on the Earth with pix2pix, and compare it with the true one.

    Args:
        latitude: degrees, of the middle of 2,560 km.
        longitude: degrees.
        at: 0 for the network trained with L1 only, 0.5 for L1 and GAN, 1 for GAN only; between them weights are mixed.
        seed: of the noise; the same seed gives the same night.
        painted: whether the network sees a painted map of the place instead of the photograph.

    Returns:
        The night as painted; the true night; a dictionary: latitude, longitude, held_out (the region that no network
        was trained on, or null), lit_km2, true_lit_km2, correlation (of the lights on land, or null).
    """
    found = nights.night_of_place(latitude, longitude, at=at, seed=seed, by_hand=painted)
    return found.night, found.place.night, found.numbers()


def night_stages(
    latitude: float = _START[0], longitude: float = _START[1], seed: int = 0, painted: bool = False
) -> tuple[Image.Image, dict[str, Any]]:
    """Paint the night of a place on the Earth with pix2pix at each stage of its training, L1 alone first.

    Args:
        latitude: -90 to 90 degrees, of the middle of 2,560 km.
        longitude: -180 to 180 degrees.
        seed: 0 to 2,147,483,647, of the noise; the same seed gives the same nights.
        painted: whether the network sees a painted map of the place instead of the photograph.

    Returns:
        One row of pictures: the day, the night by each stage in turn, the true night; a dictionary: latitude,
        longitude, held_out (the region that no network was trained on, or null), true_lit_km2, stages (each with
        step, null for the bundled network; lit_km2; correlation of the lights on land, or null). At the first step the
        network was trained with L1 alone, from then on against D as well.
    """
    found = nights.stages_of_place(latitude, longitude, seed=seed, by_hand=painted)
    return in_rows(stages_in_pictures(found)), stages_in_numbers(found)


def _place_by_night(latitude: float, longitude: float, at: float, seed: float, by_hand: bool) -> Markup:
    found = nights.night_of_place(latitude, longitude, at=at, seed=seed, by_hand=by_hand)
    region = found.place.region
    where = (
        prose("<b>{}, held out</b>: no network was trained here.", region.title)
        if region
        else "The networks may have been trained here: the truth is no test."
    )
    alike = "" if found.likeness is None else f" Correlation of the lights on land: {found.likeness:.2f}."
    pictures = [
        (found.day, "By day", f"{found.day.width * 10:,} km wide"),
        (found.night, f"Painted: {_knob(at)}", f"{found.lights.lit_km2:,.0f} km² lit"),
        (found.place.night, "The truth", f"{found.place.true_lights.lit_km2:,.0f} km² lit"),
    ]
    lit = ("painted", found.lights.lit_km2), ("the truth", found.place.true_lights.lit_km2)
    keep_result(
        "gan/day-to-night",
        {
            "day.png": (found.day, "The place by day."),
            "night.png": (found.night, "... by night, painted."),
            "truth.png": (found.place.night, "... by night, as it is."),
            "lights.csv": (table(("night", "lit, in square kilometres"), lit), "How much of it is lit."),
        },
        settings={"latitude": latitude, "longitude": longitude, "at": at, "seed": seed, "painted": by_hand},
    )
    return joined([_pictures(pictures), note(where, alike)])


def _painting_by_night(painting: str, at: float, seed: float) -> Markup:
    if not painting:
        return _WAIT
    found = nights.night_of_painting(painting, at=at, seed=seed)
    files = {"day.png": (found.day, "Your continent."), "night.png": (found.night, "... by night.")}
    keep_result("gan/day-to-night", files, part="continent", settings={"at": at, "seed": seed})
    return _pictures([(found.night, f"By night: {_knob(at)}", f"{found.lights.lit_km2:,.0f} km² lit")])


def _stages_of(painting: str, seed: float) -> Markup:
    if not painting:
        raise InputError("", "Nothing was painted yet", "Paint a continent first.")
    day = nights.night_of_painting(painting, at=0.5, seed=seed).day
    found = nights.stages(day, seed=seed)
    start = found[0][0] or 0
    pictures = [(night, _stage(step, start), "") for step, night in found]
    return _pictures(pictures)


def _stage(step: int | None, start: int) -> str:
    if step is None:
        return "The bundled network"
    return f"After {step - start:,} steps against D" if step > start else f"Before: {start:,} steps with L1 alone"


def _pictures(found: Sequence[tuple[Image.Image, str, str]]) -> Markup:
    figures = [
        h.figure(
            h.img(src=data_url(picture), alt=title, width=picture.width, height=picture.height),
            h.figcaption(title, h.small(small) if small else None),
        )
        for picture, title, small in found
    ]
    return h.div(figures, class_="night-row")


def _knob(at: float) -> str:
    """The slider's place in words."""
    if at in _KNOBS:
        return _KNOBS[at]
    low = 0.0 if at < 0.5 else 0.5
    return f"{_KNOBS[low]} {1 - (at - low) * 2:.0%}, {_KNOBS[low + 0.5]} {(at - low) * 2:.0%}"


def _named(name: str) -> tuple[float, float]:
    return _PLACES[check_choice(name, _PLACES, "The place")]


def _clicked(event: gr.EventData) -> tuple[float, float]:
    try:
        return float(event.latitude), float(event.longitude)
    except (TypeError, ValueError) as error:
        raise InputError("a latitude and a longitude in degrees", str(error), "Click a place on the map.") from error


def _taken(event: gr.EventData) -> str:
    return checked_painting(str(event.drawing))


def _other_seed() -> int:
    return random.randrange(min(SEEDS, 1_000_000))
