"""The face tab: verify, recognise, enrol; then what lies behind the answers, and how good they are.

One encoder and one threshold serve the whole tab. Moving the threshold redraws the answers from known distances:
no network runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr
from gradio.context import Context

from apps import exercises
from apps.face import measured
from apps.face.decision.matching import find_calibration
from apps.face.encoding.encoders import DEFAULT_ENCODER, ENCODERS, find_encoder
from apps.face.exercises import KINDS
from apps.face.ui import api, enrol, logistic, recognise, siamese, threshold, triplets, verify
from apps.face.ui.draw import panel
from apps.face.ui.ruler import axis_end
from apps.face.ui.state import class_gallery, class_path, leave, usable, visitor
from apps.markup import message, page_function, prose, style
from apps.on_demand import part
from apps.sharing import share
from apps.ui import HEAVY, LIGHT, PRIVATE, QUICK, guard, section
from shared.errors import HubError, WeightsError
from shared.registry import find
from shared.weights import ensure

# Sub-tabs that show what the encoder does. Each hears of another encoder, when it is loaded and its threshold is set,
# by a state of its own: parts of the page cannot share a trigger.
_VIEWS = ("siamese", "threshold", "triplets", "head", "measured")
_STEP = 0.001  # of the threshold slider, in plain distance; as in the threshold explorer


def build() -> None:
    """Lay out the tab inside the hub's page."""
    page: Any = Context.root_block
    gr.HTML(style(__file__, "face.css", "inside.css"), visible="hidden")
    path = class_path()
    if path is not None and (fault := usable(lambda: class_gallery(path))):
        gr.HTML(message(fault, "warn"))
    owner = gr.Textbox("", visible="hidden", elem_id="face-owner")
    with gr.Row(elem_classes="cf-controls"):
        tau = gr.Slider(
            **_range(DEFAULT_ENCODER),
            step=_STEP,
            label="Threshold τ: “same” means a plain distance of at most τ",
            elem_id="face-tau",
            scale=3,
            min_width=260,
        )
        encoder = gr.Dropdown(
            [(one.title, one.name) for one in ENCODERS.values()],
            value=DEFAULT_ENCODER,
            label="Encoder f",
            elem_id="face-encoder",
            scale=2,
            min_width=220,
        )
    ready = {name: gr.State(DEFAULT_ENCODER) for name in _VIEWS}
    with gr.Tabs(elem_id="face-tabs"):
        with gr.Tab("Verify", id="verify"):
            verdict = verify.build(encoder, tau)
        with gr.Tab("Recognise", id="recognise") as recognise_tab:
            who = recognise.build(encoder, tau, owner)
        with gr.Tab("Enrol / forget", id="enrol") as enrol_tab, part():
            people = enrol.build(encoder, owner)
        with gr.Tab("Siamese view", id="siamese") as siamese_tab, part():
            section("inside", "Two photos, one network", "Both photos go through the same f with the same weights.")
            twins = siamese.build(encoder)
        with gr.Tab("Threshold", id="threshold") as threshold_tab, part():
            section("inside", "What the threshold trades", "Drag τ: false accepts against false rejects.")
            explorer = threshold.build()
        with gr.Tab("Triplets", id="triplets") as triplets_tab, part():
            section(
                "inside",
                "How encoders are trained",
                "The triplet loss on your photos. (dlib's ResNet was trained on pairs, FaceNet as a classifier.)",
            )
            margin, triplet, census = triplets.build(encoder, owner)
        with gr.Tab("Logistic head", id="head") as head_tab, part():
            section(
                "inside", "Verification as binary classification", "A logistic regression on what two encodings share."
            )
            kind, head = logistic.build(encoder, tau)
        with gr.Tab("Measured", id="measured") as measured_tab, part():
            section("measure", "How good it is, and for whom", "Error rates with intervals, and speed.")
            figures = panel(measured.figures_html(DEFAULT_ENCODER), elem_id="face-measured")
            section("measure", "One face among K")
            panel(measured.speed_html(), elem_id="face-speed")
        with gr.Tab("Exercises", id="exercises"), part():
            exercises.build("apps.face.exercises", KINDS)
    api.build()

    drag: dict[str, Any] = {**LIGHT, **PRIVATE, "trigger_mode": "always_last"}
    now: dict[str, Any] = {**QUICK, **PRIVATE}
    switched = encoder.select(guard(_on_encoder), encoder, [encoder, tau, *ready.values()], **HEAVY, **PRIVATE)
    moved = []
    for redrawn, answer in ((verify.redraw, verdict), (recognise.redraw, who)):
        moved.append(tau.change(guard(redrawn), [encoder, tau], answer, **drag))
        switched.then(guard(redrawn), [encoder, tau], answer, **now)
    share(encoder=encoder, tau=tau, leader="encoder", fit=_fit, then=moved)
    recognise_tab.select(guard(recognise.redraw), [encoder, tau], who, **LIGHT, **PRIVATE)
    enrol_tab.select(guard(enrol.people_html), owner, people, **enrol.IN_TURN, **PRIVATE)
    views = (
        ("siamese", siamese_tab, siamese.siamese, [encoder], [twins], QUICK),
        ("threshold", threshold_tab, threshold.explorer, [encoder, tau], [explorer], LIGHT),
        ("triplets", triplets_tab, triplets.opened, [encoder, margin, owner], [triplet, census], QUICK),
        ("head", head_tab, logistic.head_html, [encoder, tau, kind], [head], LIGHT),
        ("measured", measured_tab, measured.figures_html, [encoder], [figures], LIGHT),
    )
    for name, opened, view, asked, shown, lane in views:
        gr.on([opened.select, ready[name].change], guard(view), asked, shown, **lane, **PRIVATE)
    page.load(None, None, owner, js=page_function(__file__, "owner.js"))
    page.unload(leave)


def _range(encoder: str) -> dict[str, Any]:
    """The threshold slider for ``encoder``: as far as its measured distances reach."""
    try:
        known = find_calibration(encoder)
    except HubError:
        return {"minimum": 0.0, "maximum": 1.5, "value": 0.6}
    end = max(axis_end(known), known.threshold)
    return {"minimum": 0.0, "maximum": round(end, 2), "value": round(known.threshold, 3)}


def _fit(asked: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The threshold slider for the encoder of a link."""
    return {"tau": _range(asked["encoder"])} if "encoder" in asked else {}


def _on_encoder(encoder: str, request: gr.Request) -> tuple[Any, ...]:
    """The encoder's own threshold; if it is not available, the bundled one stays, with the reason."""
    try:
        ensure(find(find_encoder(encoder).name, "face"))
    except WeightsError as error:
        gr.Warning(str(prose("This encoder is not available here yet. {}", str(error))), duration=12)
        encoder = DEFAULT_ENCODER
    visitor(request).triplet = None  # the other encoder's would not do
    return gr.update(value=encoder), gr.update(**_range(encoder)), *(encoder for _ in _VIEWS)
