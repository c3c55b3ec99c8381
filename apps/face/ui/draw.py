"""The face tab's own pictures, as HTML strings: boxed photos, chips, messages.

Faces travel inside the page as data: URLs and never as files of gradio's cache, which anybody could fetch who knows
the address. Everything a visitor typed is escaped here. Buttons carry ``data-act`` and more; ``CLICKS`` hands them to
Python.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import gradio as gr
import numpy as np
from markupsafe import escape
from numpy.typing import NDArray

from apps.face.ui.state import Shot

# A click, or the keyboard on a button, triggers the panel's "click" event with the button's data-* attributes.
CLICKS = """element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-act]');
  if (button) trigger('click', {...button.dataset});
});"""


def panel(value: str = "", **options: Any) -> gr.HTML:
    """An output of ours: gradio's text styles off, buttons inside it alive."""
    classes = options.pop("elem_classes", "cf-panel")
    return gr.HTML(value, js_on_load=CLICKS, apply_default_css=False, elem_classes=classes, **options)


def jpeg_url(data: bytes) -> str:
    """A thumbnail's bytes as a data: URL."""
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}"


def chip_url(chip: NDArray[np.uint8]) -> str:
    """An aligned face (S, S, 3) as a data: URL."""
    from PIL import Image

    from shared.images import data_url

    return data_url(Image.fromarray(chip))


def percent(share: float, *, n: int = 0) -> str:
    """A rate for people: three significant digits; one that was never seen among ``n`` pairs is "under 1/n"."""
    if n and share * n < 0.5:
        return f"under {_digits(100 / n)} %"
    return f"{_digits(100 * share)} %"


def likely(probability: float) -> str:
    """A probability for people; never told as certain."""
    if probability > 0.999:
        return "over 99.9 %"
    return "under 0.1 %" if probability < 0.001 else percent(probability)


def _digits(value: float) -> str:
    if value >= 99.95 or value == 0:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2g}"


def plural(count: int, one: str, many: str = "") -> str:
    """ "1 photo", "3 photos"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def message(text: str, kind: str = "hint") -> str:
    """A line for the visitor: ``hint``, ``warn`` or ``good``; ``text`` is escaped."""
    return f'<p class="cf-message cf-{kind}" role="status">{escape(text)}</p>'


def boxed(shot: Shot, slot: str, labels: Mapping[int, str] | None = None, *, choose: bool = True) -> str:
    """The photo with a numbered box on every face; with ``choose`` the boxes are buttons where there are several."""
    width, height = shot.size
    marks = []
    several = choose and len(shot.faces) > 1
    for i, face in enumerate(shot.faces):
        left, top, right, bottom = face.box
        x, y = max(left, 0) / width * 100, max(top, 0) / height * 100
        w, h = min(right, width) / width * 100 - x, min(bottom, height) / height * 100 - y
        text = labels[i] if labels and i in labels else (str(i + 1) if len(shot.faces) > 1 else "")
        tag = f'<span class="cf-tag">{escape(text)}</span>' if text else ""
        place = f'style="left:{x:.2f}%;top:{y:.2f}%;width:{w:.2f}%;height:{h:.2f}%"'
        state = (" cf-on" if i == shot.chosen or not choose else "") + (" cf-right" if x + w > 75 else "")
        if several:
            marks.append(
                f'<button type="button" class="cf-box{state}" {place} data-act="choose" data-slot="{slot}" '
                f'data-face="{i + 1}" aria-pressed="{str(i == shot.chosen).lower()}" '
                f'aria-label="{escape(shot.name)}: take face {i + 1}">{tag}</button>'
            )
        else:
            marks.append(f'<span class="cf-box{state}" {place}>{tag}</span>')
        marks += [
            f'<i class="cf-dot" style="left:{px / width * 100:.2f}%;top:{py / height * 100:.2f}%"></i>'
            for px, py in face.landmarks
        ]
    count, name = plural(len(shot.faces), "face"), escape(shot.name)
    hint = " – click the one you mean" if several else ""
    return (
        f'<figure class="cf-photo"><div class="cf-frame"><img src="{shot.preview}" alt="{name}, {count} found">'
        f"{''.join(marks)}</div><figcaption>{name}: {count} in {shot.detect_s * 1000:.0f} "
        f"ms{hint}</figcaption></figure>"
    )


def chip(shot: Shot, text: str) -> str:
    """The chosen face as the network sees it."""
    return (
        f'<figure class="cf-chip"><img src="{chip_url(shot.face.chip)}" alt="Aligned face of {escape(shot.name)}" '
        f'width="150" height="150"><figcaption>{escape(text)}</figcaption></figure>'
    )
