"""The two sheets of day to night that a finger, a mouse or the keyboard works on: the globe and the continent."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from apps.gan.translation.choices import CLASSES, REGIONS
from apps.markup import Markup, h, joined, note, page_file, url_of

SHEET = 192  # pixels of the painted continent's side
_MAP = Path(__file__).resolve().parents[1] / "samples" / "earth" / "map.jpg"


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
    hint = note("Click a place on the map. Boxes: held out of the training.")
    return gr.HTML(
        place_of(*start),
        label="Map of the Earth",
        html_template=str(joined([sheet, hint])),
        js_on_load=page_file(__file__, "globe.js"),
        apply_default_css=False,
    )


def continent_pad() -> gr.HTML:
    """The sheet to paint land on; its "click" event carries ``drawing``, the sheet as a data URL of a PNG."""
    canvas = h.canvas(
        width=SHEET,
        height=SHEET,
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


def place_of(latitude: float | None, longitude: float | None) -> str:
    """The globe's value: latitude and longitude in degrees."""
    return f"{latitude or 0.0},{longitude or 0.0}"
