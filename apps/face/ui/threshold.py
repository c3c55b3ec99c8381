"""The threshold explorer: false accepts against false rejects, and what becomes of them among K people.

Every drag is answered in the browser (``threshold.js``) from the measured curves; no request is made.
"""

from __future__ import annotations

import functools
import json
import math
from pathlib import Path
from string import Template

import gradio as gr
from markupsafe import escape

from apps.face.decision.error_curves import payload
from apps.face.encoding.encoders import DEFAULT_ENCODER
from apps.face.ui.draw import message
from apps.face.ui.state import calibration_of, encoder_id, gallery_of, visitor
from shared.errors import HubError, WeightsError


def build() -> gr.HTML:
    """Lay out the sub-tab; returns the explorer, which is filled anew when its tab is opened."""
    script = (Path(__file__).parent / "page" / "threshold.js").read_text(encoding="utf-8")
    return gr.HTML(
        _first(), js_on_load=script, apply_default_css=False, elem_classes="cf-panel", elem_id="face-threshold"
    )


def explorer(encoder: str, tau: float, request: gr.Request) -> str:
    """The explorer with this visitor's own pairs in the histogram."""
    pairs = [pair.distance for pair in visitor(request).pairs if pair.encoder == encoder]
    people = gallery_of(request).index(encoder_id(encoder)).people
    return _html(encoder, tau, pairs, people)


def _first() -> str:
    try:
        return _html(DEFAULT_ENCODER, calibration_of(DEFAULT_ENCODER).threshold, [], 0)
    except HubError as error:
        return message(str(error), "warn")


def _html(encoder: str, tau: float, pairs: list[float], people: int) -> str:
    try:
        known = calibration_of(encoder)
    except WeightsError as error:
        return message(str(error), "warn")
    data = payload(known, tau, pairs, people=people)
    own = "Each needle is a pair of your own." if pairs else "Compare two photos: yours become needles."
    return _template().substitute(
        data=escape(json.dumps(data)),
        end=f"{max(data['tau'][-1], tau):.3f}",
        tau=f"{tau:.3f}",
        k=f"{math.log10(people) if people > 1 else 2:.2f}",
        own=own,
        eer=f"{100 * data['eer']:.2g} %",
        eer_tau=f"{data['eer_tau']:.3f}",
        data_title=escape(known.data),
        n=f"{known.n_different:,}",
    )


@functools.lru_cache(maxsize=1)
def _template() -> Template:
    return Template((Path(__file__).parent / "page" / "threshold.html").read_text(encoding="utf-8"))
