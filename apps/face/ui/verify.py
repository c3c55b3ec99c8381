"""Verify: are these two photos of one person? Moving the threshold afterwards decides again without any network."""

from __future__ import annotations

from typing import Any

import gradio as gr
from PIL import Image

from apps.face.decision.matching import find_calibration
from apps.face.encoding.encoders import DEFAULT_ENCODER
from apps.face.samples import sample, sample_picture
from apps.face.ui.answers import Json, verify_answer, without_pictures
from apps.face.ui.draw import boxed, chip, likely, panel
from apps.face.ui.ruler import ruler
from apps.face.ui.state import PHOTO, Pair, Shot, Visitor, advice, read_photo, visitor
from apps.markup import Fact, Markup, facts, h, joined, message, prose
from apps.measured import percent
from apps.results import as_json, later, table
from apps.ui import PRIVATE, QUICK, guard, keep_result, photo_input
from shared.errors import HubError, InputError
from shared.images import png_bytes

_NAMES = {"a": "Photo 1", "b": "Photo 2"}
_HINT = "Choose two photos, or click a pair of samples: the answer appears here."
_PAIRS = (("Same person?", "obama", "obama2"), ("Two people?", "obama", "biden"), ("And these?", "collins", "biden"))


def build(encoder: gr.Dropdown, tau: gr.Slider) -> gr.HTML:
    """Lay out the sub-tab; returns its answer panel, which the shared threshold redraws."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=330):
            with gr.Row():
                photos = {
                    slot: photo_input(name, height=230, min_width=150, elem_id=f"face-verify-{slot}", format="png")
                    for slot, name in _NAMES.items()
                }
            with gr.Row(elem_classes="cf-samples"):
                buttons = [gr.Button(text, size="sm", min_width=90) for text, _, _ in _PAIRS]
            compare = gr.Button("Compare", variant="primary", elem_id="face-compare")
        with gr.Column(scale=7, min_width=330):
            answer = panel(_first_look(), elem_id="face-verdict")
    asked = [encoder, tau]
    for slot, photo in photos.items():
        gr.on([photo.input, photo.clear], _on_photo(slot), [photo, *asked], answer, **PHOTO)
    for button, (_, first, second) in zip(buttons, _PAIRS, strict=True):
        button.click(_on_sample(first, second), asked, [*photos.values(), answer], **QUICK, **PRIVATE)
    compare.click(guard(_compare), asked, answer, **QUICK, **PRIVATE)
    answer.click(guard(_choose), asked, answer, **QUICK, **PRIVATE)
    return answer


def _first_look() -> Markup:
    """The panel before any photo: the axis that answers will stand on."""
    try:
        known = find_calibration(DEFAULT_ENCODER)
    except HubError as error:
        return message(str(error), "warn")
    return joined((message(_HINT), ruler(known, known.threshold)))


def redraw(encoder: str, tau: float, request: gr.Request) -> Markup:
    """The panel for what is on the page now: what the threshold slider calls. The encodings are known already."""
    return panel_html(visitor(request), encoder, tau)


def _on_photo(slot: str) -> Any:
    def arrived(photo: str | None, encoder: str, tau: float, request: gr.Request) -> Markup:
        who = visitor(request)
        who.shots.pop(slot, None)
        if photo is None:
            return panel_html(who, encoder, tau)
        try:
            who.shots[slot] = read_photo(photo, _NAMES[slot])
            return _answered(who, encoder, tau)
        except HubError as error:
            return joined((message(str(error), "warn"), _left(who)))

    return guard(arrived)


def _on_sample(first: str, second: str) -> Any:
    def chosen(encoder: str, tau: float, request: gr.Request) -> tuple[Any, Any, Markup]:
        who = visitor(request)
        for slot, name in (("a", first), ("b", second)):
            who.shots[slot] = read_photo(sample(name), _NAMES[slot])
        return sample_picture(first), sample_picture(second), _answered(who, encoder, tau)

    return guard(chosen)


def _compare(encoder: str, tau: float, request: gr.Request) -> Markup:
    who = visitor(request)
    for slot, name in _NAMES.items():
        who.shot(slot, name)
    return _answered(who, encoder, tau)


def _choose(encoder: str, tau: float, request: gr.Request, event: gr.EventData) -> Markup:
    who = visitor(request)
    slot = str(event.slot)
    who.shot(slot, _NAMES.get(slot, "The photo")).choose(event.face)
    return _answered(who, encoder, tau)


def _answered(who: Visitor, encoder: str, tau: float) -> Markup:
    """The panel; a pair that is compared for the first time is remembered for the threshold explorer."""
    if len({"a", "b"} & who.shots.keys()) == 2:
        answer = verify_answer(who.shots["a"], who.shots["b"], encoder, tau)
        pair = Pair(encoder, answer["distance"])
        if pair not in who.pairs:
            who.pairs.append(pair)
    return panel_html(who, encoder, tau)


def panel_html(who: Visitor, encoder: str, tau: float) -> Markup:
    """The answer for the photos in the visitor's slots, or what is still missing."""
    first, second = who.shots.get("a"), who.shots.get("b")
    if first is None or second is None:
        hint = message(_HINT if first is second else "Now the other photo.")
        return joined((hint, _left(who), ruler(find_calibration(encoder), tau)))
    answer = verify_answer(first, second, encoder, tau)
    _take_home(who, encoder, tau)
    minus = h.span("‖ − ‖", class_="cf-vs", aria_hidden="true")
    pair = h.div(boxed(first, "a"), chip(first, "x₁"), minus, chip(second, "x₂"), boxed(second, "b"), class_="cf-pair")
    return joined(
        (
            pair,
            _verdict(answer),
            ruler(find_calibration(encoder), tau, [("d", answer["distance"])]),
            _facts(answer),
            _cautions(first, second),
            h.p(answer["statement"], class_="cf-statement"),
        )
    )


def _take_home(who: Visitor, encoder: str, tau: float) -> None:
    """What the answer is about, as long as the visitor leaves both photos there."""

    def shots(who: Visitor) -> tuple[Shot, Shot]:
        if len({"a", "b"} & who.shots.keys()) < 2:
            raise InputError("", "A photo was taken away", "Choose both again.")
        return who.shots["a"], who.shots["b"]

    def verdict(who: Visitor) -> str:
        return as_json(without_pictures(verify_answer(*shots(who), encoder, tau)))

    def encodings(who: Visitor) -> str:
        both = (shot.encoding(encoder).tolist() for shot in shots(who))
        return table(("coordinate", "f(x1)", "f(x2)"), ((i, *xs) for i, xs in enumerate(zip(*both, strict=True), 1)))

    def pairs(who: Visitor) -> str:
        return table(("encoder", "distance"), ((pair.encoder, pair.distance) for pair in who.pairs))

    keep_result(
        "face/verify",
        {
            "verdict.json": (later(who, verdict), "The verdict."),
            "encodings.csv": (later(who, encodings), "What is compared: the encodings of both faces."),
            "face-1.png": (later(who, lambda one: _png(shots(one)[0])), "The first face, as the network sees it."),
            "face-2.png": (later(who, lambda one: _png(shots(one)[1])), "The second one."),
            "pairs.csv": (later(who, pairs), "The distances of all pairs that you compared in this session."),
        },
        settings={"encoder": encoder, "tau": tau},
    )


def _png(shot: Shot) -> bytes:
    return png_bytes(Image.fromarray(shot.face.chip))


def _left(who: Visitor) -> Markup:
    return joined(boxed(who.shots[slot], slot) for slot in _NAMES if slot in who.shots)


def _verdict(answer: Json) -> Markup:
    kind, icon, words = ("same", "✓", "Same person") if answer["same"] else ("diff", "✕", "Different people")
    sign = "≤" if answer["same"] else ">"
    chance = answer["probability"]
    sure = "not calibrated" if chance is None else prose("probability of one person <b>{}</b>", likely(chance))
    return h.div(
        h.b(icon, class_="cf-icon", aria_hidden="true"),
        h.strong(words),
        h.span(f"distance {answer['distance']:.3f} {sign} τ = {answer['threshold']:.3f}; ", sure),
        class_=f"cf-verdict cf-is-{kind}",
        role="status",
        data_same="true" if answer["same"] else "false",
    )


def _facts(answer: Json) -> Markup:
    tau, ratio = f"{answer['threshold']:.3f}", answer["likelihood_ratio"]
    items = [
        Fact("Squared distance d = ‖f(x₁) − f(x₂)‖²", f"{answer['d_squared']:.4f}"),
        Fact("Plain distance ‖f(x₁) − f(x₂)‖", f"{answer['distance']:.4f}", "this is compared with τ"),
    ]
    if ratio is None:
        items.append(Fact("Threshold τ", tau, "published for another network"))
    else:
        evidence = f"{_times(ratio)} likelier for one person" if ratio >= 1 else f"{_times(1 / ratio)} likelier for two"
        items.append(Fact("Evidence of the distance alone", evidence))
        items.append(Fact("Threshold τ", tau, f"right if {percent(answer['prior'])} of pairs are one person"))
    return facts(items, class_="cf-facts")


def _times(ratio: float) -> str:
    return "over 1,000,000 ×" if ratio > 1e6 else f"{ratio:,.0f} ×" if ratio >= 10 else f"{ratio:.1f} ×"


def _cautions(*shots: Shot) -> Markup:
    return joined(message(f"{shot.name}: {text}", "warn") for shot in shots if (text := advice(shot.face)))
