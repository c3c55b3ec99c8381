"""The face tab's own pictures, as markup: boxed photos, chips, rates in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from apps.face.ui.state import Shot
from apps.markup import Markup, h, joined, url_of
from apps.measured import percent
from apps.ui import CLICKS
from shared.images import data_url


def panel(value: str = "", **options: Any) -> gr.HTML:
    """An output of ours: gradio's text styles off, buttons inside it alive."""
    classes = options.pop("elem_classes", "cf-panel")
    return gr.HTML(value, js_on_load=CLICKS, apply_default_css=False, elem_classes=classes, **options)


def jpeg_url(data: bytes) -> str:
    """A thumbnail's bytes as a data: URL."""
    return url_of(data, "image/jpeg")


def chip_url(chip: NDArray[np.uint8]) -> str:
    """An aligned face (S, S, 3) as a data: URL."""

    return data_url(Image.fromarray(chip))


def likely(probability: float) -> str:
    """A probability for people; never shown as certain."""
    if probability > 0.999:
        return "over 99.9 %"
    return "under 0.1 %" if probability < 0.001 else percent(probability)


def plural(count: int, one: str, many: str = "") -> str:
    """ "1 photo", "3 photos"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def boxed(shot: Shot, slot: str, labels: Mapping[int, str] | None = None, *, choose: bool = True) -> Markup:
    """The photo with a numbered box on every face; with ``choose`` the boxes are buttons where there are several."""
    several = choose and len(shot.faces) > 1
    marks = [_box(shot, slot, i, labels or {}, choose=choose) for i in range(len(shot.faces))]
    count = plural(len(shot.faces), "face")
    hint = " – click the one you mean" if several else ""
    caption = f"{shot.name}: {count} in {shot.detect_s * 1000:.0f} ms{hint}"
    picture = h.img(src=shot.preview, alt=f"{shot.name}, {count} found")
    return h.figure(h.div(picture, marks, class_="cf-frame"), h.figcaption(caption), class_="cf-photo")


def _box(shot: Shot, slot: str, i: int, labels: Mapping[int, str], *, choose: bool) -> Markup:
    """The box and the five landmarks of face ``i``."""
    face, (width, height) = shot.faces[i], shot.size
    left, top, right, bottom = face.box
    x, y = max(left, 0) / width * 100, max(top, 0) / height * 100
    w, tall = min(right, width) / width * 100 - x, min(bottom, height) / height * 100 - y
    several = len(shot.faces) > 1
    text = labels.get(i, str(i + 1) if several else "")
    tag = h.span(text, class_="cf-tag") if text else None
    state = (" cf-on" if i == shot.chosen or not choose else "") + (" cf-right" if x + w > 75 else "")
    look = {"class_": f"cf-box{state}", "style": f"left:{x:.2f}%;top:{y:.2f}%;width:{w:.2f}%;height:{tall:.2f}%"}
    if choose and several:
        press: dict[str, object] = {"type": "button", "data_act": "choose", "data_slot": slot, "data_face": i + 1}
        pressed = "true" if i == shot.chosen else "false"
        box = h.button(tag, aria_pressed=pressed, aria_label=f"{shot.name}: take face {i + 1}", **press, **look)
    else:
        box = h.span(tag, **look)
    dots = (
        h.i(class_="cf-dot", style=f"left:{px / width * 100:.2f}%;top:{py / height * 100:.2f}%")
        for px, py in face.landmarks
    )
    return joined((box, dots))


def chip(shot: Shot, text: str) -> Markup:
    """The chosen face as the network sees it."""
    picture = h.img(src=chip_url(shot.face.chip), alt=f"Aligned face of {shot.name}", width=150, height=150)
    return h.figure(picture, h.figcaption(text), class_="cf-chip")
