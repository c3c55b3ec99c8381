"""Day to night, a place on the globe: its night as painted next to the truth, for the page and for clients."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from apps.gan.drawing.tiles import in_rows
from apps.gan.translation.choices import REGIONS, objectives_at
from apps.gan.translation.nights import stages_in_numbers, stages_in_pictures
from apps.gan.ui.common import LATEST, REDRAW
from apps.gan.ui.rooms import nights
from apps.markup import Markup, h, joined, note, page_file, prose, url_of
from apps.results import table
from apps.sharing import share
from apps.ui import LIGHT, PRIVATE, QUICK, SENDS, guard, keep_result
from shared.errors import InputError, check_choice
from shared.images import data_url

_MAP = Path(__file__).resolve().parents[1] / "samples" / "earth" / "map.jpg"
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


def place(seen: gr.HTML, at: gr.Slider, seed: gr.Number, wait: Markup) -> None:
    """Lay out the globe and the night of a place; it is painted when the heading ``seen`` is on the screen first."""
    with gr.Row():
        with gr.Column(scale=2, min_width=320):
            globe = globe_pad(_START)
            with gr.Row():
                latitude = gr.Number(_START[0], label="Latitude", minimum=-90, maximum=90, min_width=90)
                longitude = gr.Number(_START[1], label="Longitude", minimum=-180, maximum=180, min_width=90)
            chosen = gr.Dropdown(list(_PLACES), value="Southern Brazil", label="Or a place by name")
            by_hand = gr.Checkbox(label="Show the network a painted map of the place instead of the photograph")
        with gr.Column(scale=3, min_width=320):
            out = gr.HTML(wait, label="The place by night", elem_id="night-place", elem_classes=SENDS)
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


def globe_pad(start: tuple[float, float]) -> gr.HTML:
    """The map of the Earth; "click" carries ``latitude`` and ``longitude``, the value is where the mark is."""
    boxes = [
        h.span(
            one.title,
            class_="night-held",
            style=f"left:{(one.west + 180) / 3.6:.2f}%;width:{(one.east - one.west) / 3.6:.2f}%;"
            f"top:{(90 - one.north) / 1.8:.2f}%;height:{(one.north - one.south) / 1.8:.2f}%",
        )
        for one in REGIONS.values()
    ]
    image = h.img(src=url_of(_MAP.read_bytes(), "image/jpeg"), alt="", draggable="false", width=1024, height=512)
    sheet = h.div(
        image,
        boxes,
        h.i(class_="night-mark"),
        class_="night-globe",
        tabindex=0,
        role="application",
        aria_label="Map of the Earth. Click a place, or move the mark with the arrow keys; with Shift in large steps.",
    )
    held = ", ".join(one.title for one in REGIONS.values())
    hint = note(f"Click a place on the map. Dashed boxes were held out of the training: {held}.")
    return gr.HTML(
        place_of(*start),
        label="Map of the Earth",
        html_template=str(joined([sheet, hint])),
        js_on_load=page_file(__file__, "globe.js"),
        apply_default_css=False,
    )


def place_of(latitude: float | None, longitude: float | None) -> str:
    """The globe's value: latitude and longitude in degrees."""
    return f"{latitude or 0.0},{longitude or 0.0}"


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
        (found.night, f"Painted: {objectives_at(at)}", f"{found.lights.lit_km2:,.0f} km² lit"),
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
    return joined([pictures_in_a_row(pictures), note(where, alike)])


def pictures_in_a_row(found: Sequence[tuple[Image.Image, str, str]]) -> Markup:
    """Pictures next to each other, each with a title and what is said in small print below it."""
    figures = [
        h.figure(
            h.img(src=data_url(picture), alt=title, width=picture.width, height=picture.height),
            h.figcaption(title, h.small(small) if small else None),
        )
        for picture, title, small in found
    ]
    return h.div(figures, class_="night-row")


def _named(name: str) -> tuple[float, float]:
    return _PLACES[check_choice(name, _PLACES, "The place")]


def _clicked(event: gr.EventData) -> tuple[float, float]:
    try:
        return float(event.latitude), float(event.longitude)
    except (TypeError, ValueError) as error:
        raise InputError("a latitude and a longitude in degrees", str(error), "Click a place on the map.") from error
