"""The face tab: verify, recognise, enrol; then what lies behind the answers, and how good they are.

One encoder and one threshold serve the whole tab. Moving the threshold redraws the answers from known distances:
no network runs.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.context import Context

from apps.face import measured
from apps.face.decision.matching import find_calibration
from apps.face.encoding.encoders import DEFAULT_ENCODER, ENCODERS, find_encoder
from apps.face.ui import api, enrol, logistic, recognise, siamese, threshold, triplets, verify
from apps.face.ui.draw import panel
from apps.face.ui.ruler import axis_end
from apps.face.ui.state import class_gallery, class_path, leave, usable, visitor
from apps.markup import Markup, message, page_function, prose, style
from apps.ui import HEAVY, LIGHT, PRIVATE, QUICK, guard, section
from shared.errors import HubError, WeightsError
from shared.registry import find
from shared.weights import ensure

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
    enrol_samples = gr.Button("Enrol 3 sample people", size="sm", min_width=90, elem_id="face-samples", render=False)
    with gr.Tabs(elem_id="face-tabs"):
        with gr.Tab("Verify", id="verify"):
            verdict = verify.build(encoder, tau)
        with gr.Tab("Recognise", id="recognise"):
            who = recognise.build(encoder, tau, enrol_samples)
        with gr.Tab("Enrol / forget", id="enrol") as enrol_tab:
            people = enrol.build(encoder, owner, enrol_samples)
        with gr.Tab("Siamese view", id="siamese") as siamese_tab:
            section("inside", "Two photos, one network", "Both photos go through the same f with the same weights.")
            twins = siamese.build(encoder)
        with gr.Tab("Threshold", id="threshold") as threshold_tab:
            section("inside", "What the threshold trades", "Drag τ: false accepts against false rejects.")
            explorer = threshold.build()
        with gr.Tab("Triplets", id="triplets") as triplets_tab:
            section(
                "inside",
                "How encoders are trained",
                "The triplet loss on your photos. (The bundled encoder learned from pairs.)",
            )
            margin, triplet, census = triplets.build(encoder, owner)
        with gr.Tab("Logistic head", id="head") as head_tab:
            section(
                "inside", "Verification as binary classification", "A logistic regression on what two encodings share."
            )
            kind, head = logistic.build(encoder, tau)
        with gr.Tab("Measured", id="measured") as measured_tab:
            section("measure", "How good it is, and for whom", "Error rates with intervals, and speed.")
            figures = panel(measured.figures_html(DEFAULT_ENCODER), elem_id="face-measured")
            section("measure", "One face among K")
            panel(measured.speed_html(), elem_id="face-speed")
    api.build()

    drag: dict[str, Any] = {**LIGHT, **PRIVATE, "trigger_mode": "always_last"}
    tau.change(guard(_redraw), [encoder, tau], [verdict, who], **drag)
    inside = [encoder, tau, margin, owner, kind], [twins, explorer, triplet, census, head, figures]
    encoder.select(guard(_on_encoder), encoder, [encoder, tau], **HEAVY, **PRIVATE).then(
        guard(_redraw), [encoder, tau], [verdict, who], **QUICK, **PRIVATE
    ).then(guard(_look_inside), *inside, **QUICK, **PRIVATE)
    people.change(guard(recognise.redraw), [encoder, tau], who, **LIGHT, **PRIVATE)
    siamese_tab.select(guard(siamese.siamese), encoder, twins, **QUICK, **PRIVATE)
    threshold_tab.select(guard(threshold.explorer), [encoder, tau], explorer, **LIGHT, **PRIVATE)
    triplets_tab.select(guard(triplets.opened), [encoder, margin, owner], [triplet, census], **QUICK, **PRIVATE)
    head_tab.select(guard(logistic.head_html), [encoder, tau, kind], head, **LIGHT, **PRIVATE)
    measured_tab.select(guard(measured.figures_html), encoder, figures, **LIGHT, **PRIVATE)
    listed: dict[str, Any] = {**enrol.IN_TURN, **PRIVATE}
    enrol_tab.select(guard(enrol.people_html), owner, people, **listed)
    page.load(None, None, owner, js=page_function(__file__, "owner.js")).then(
        guard(enrol.people_html), owner, people, **listed
    )
    page.unload(leave)


def _range(encoder: str) -> dict[str, Any]:
    """The threshold slider for ``encoder``: as far as its measured distances reach."""
    try:
        known = find_calibration(encoder)
    except HubError:
        return {"minimum": 0.0, "maximum": 1.5, "value": 0.6}
    end = max(axis_end(known), known.threshold)
    return {"minimum": 0.0, "maximum": round(end, 2), "value": round(known.threshold, 3)}


def _on_encoder(encoder: str) -> tuple[Any, Any]:
    """The encoder's own threshold; if it is not available, the bundled one stays, with the reason."""

    try:
        ensure(find(find_encoder(encoder).name, "face"))
    except WeightsError as error:
        gr.Warning(str(prose("This encoder is not available here yet. {}", str(error))), duration=12)
        encoder = DEFAULT_ENCODER
    return gr.update(value=encoder), gr.update(**_range(encoder))


def _redraw(encoder: str, tau: float, request: gr.Request) -> tuple[Markup, Markup]:
    return verify.redraw(encoder, tau, request), recognise.redraw(encoder, tau, request)


def _look_inside(
    encoder: str, tau: float, margin: float, owner: str, kind: str, request: gr.Request
) -> tuple[Markup, ...]:
    """Every view that explains, with another encoder: a triplet of the old one would not do."""
    visitor(request).triplet = None
    return (
        siamese.siamese(encoder, request),
        threshold.explorer(encoder, tau, request),
        *triplets.opened(encoder, margin, owner, request),
        logistic.head_html(encoder, tau, kind, request),
        measured.figures_html(encoder),
    )
