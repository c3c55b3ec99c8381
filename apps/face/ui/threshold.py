"""The threshold explorer: false accepts against false rejects, and what becomes of them among K people.

Every drag is answered in the browser (``page/threshold.js``) from the measured curves; no request is made.
"""

from __future__ import annotations

import json
import math
from typing import Any

import gradio as gr

from apps.charts import numbers
from apps.face.decision.error_curves import payload
from apps.face.decision.matching import calibration
from apps.face.ui.answers import STRANGERS
from apps.face.ui.state import encoder_id, gallery_of, visitor
from apps.links import Whole
from apps.markup import Content, Markup, h, joined, message, page_file, prose
from apps.measured import percent
from apps.sharing import share_stage
from shared.errors import WeightsError

_DECADES = 6  # of K on its slider


def build() -> gr.HTML:
    """Lay out the sub-tab; returns the explorer, which is filled again whenever its tab is opened."""
    view = gr.HTML(
        message("Open this view to see what the threshold trades."),
        js_on_load=page_file(__file__, "threshold.js"),
        apply_default_css=False,
        elem_classes="cf-panel",
        elem_id="face-threshold",
    )
    share_stage(view, people=Whole(1, 10**_DECADES))
    return view


def explorer(encoder: str, tau: float, request: gr.Request) -> Markup:
    """The explorer with this visitor's own pairs in the histogram."""
    pairs = [pair.distance for pair in visitor(request).pairs if pair.encoder == encoder]
    people = gallery_of(request).index(encoder_id(encoder)).people
    return _html(encoder, tau, pairs, people)


def _html(encoder: str, tau: float, pairs: list[float], people: int) -> Markup:
    try:
        known = calibration(encoder)
    except WeightsError as error:
        return message(str(error), "warn")
    data = payload(known, tau, pairs, people=people) | {"strangers": STRANGERS}
    own = "Each marker is a pair of your own." if pairs else "Compare two photos and they appear here as markers."
    sliders = h.div(
        _slider("Threshold τ", "tau", max=f"{max(data['tau'][-1], tau):.3f}", step=0.001, value=f"{tau:.3f}"),
        _slider(
            "Enrolled people K", "k", max=_DECADES, step=0.02, value=f"{math.log10(people) if people > 1 else 2:.2f}"
        ),
        class_="cf-sliders",
    )
    return h.div(sliders, _rates(), _plots(data, own), data_curves=json.dumps(data))


def _slider(title: str, name: str, **limits: object) -> Markup:
    words = f"{title}, logarithmic" if name == "k" else title
    slider = h.input(class_=f"cf-{name}-input", type="range", min=0, aria_label=words, **limits)
    return h.label(f"{title} ", h.output(class_=f"cf-out-{name}"), slider)


def _rates() -> Markup:
    rates: dict[str, Content] = {
        "far": "False accepts (FAR): impostor pairs taken for one person",
        "frr": "False rejects (FRR): genuine pairs taken for two people",
        "acc": "Accuracy on as many pairs of each kind",
        "chance": prose("A stranger is taken for one of K: 1 − (1 − FAR)<sup>K</sup>"),
    }
    tiles = (h.div(h.dt(words), h.dd(class_=f"cf-out-{name}")) for name, words in rates.items())
    return h.dl(tiles, class_="ch-facts cf-facts cf-rates")


def _plots(data: dict[str, Any], own: str) -> Markup:
    choices = joined(
        (
            h.label(h.input(type="radio", name="cf-curve", value=kind, checked=kind == "roc"), f" {kind.upper()}")
            for kind in ("roc", "det")
        ),
        " ",
    )
    growth = "The chance that a stranger is taken for somebody, over K"
    return h.div(
        h.figure(h.figcaption("Distances of measured pairs. ", own), h.div(class_="cf-hist"), _histogram_numbers(data)),
        h.figure(h.figcaption(choices, " – the dot is τ"), h.div(class_="cf-roc"), _rates_numbers(data)),
        h.figure(h.figcaption(growth), h.div(class_="cf-growth"), _growth_numbers()),
        h.div(_lesson(data), class_="cf-lesson"),
        class_="cf-plots",
    )


def _histogram_numbers(data: dict[str, Any]) -> Markup:
    wide = data["tau"][-1] / len(data["same"])
    rows = [
        (f"from {at * wide:.2f}", percent(same), percent(different))
        for at, (same, different) in enumerate(zip(data["same"], data["different"], strict=True))
    ]
    summary = f"Shares of the measured pairs by their distance, in steps of {wide:.3f}."
    if data["pairs"]:
        summary += f" Your own: {', '.join(f'{pair:.3f}' for pair in data['pairs'][-10:])}."
    return numbers(("distance", "of one person", "of different people"), rows, summary)


def _rates_numbers(data: dict[str, Any]) -> Markup:
    summary = f"The two error rates are equal, {100 * data['eer']:.2g} %, at τ = {data['eer_tau']:.3f}."
    pairs = zip(data["tau"], data["far"], data["frr"], strict=True)
    rows = [(f"{tau:.3f}", percent(far), percent(frr)) for tau, far, frr in pairs]
    return numbers(("τ", "false accepts (FAR)", "false rejects (FRR)"), rows, summary)


def _growth_numbers() -> Markup:
    """The script fills in the chances: they follow the threshold."""
    summary = "The chance that a stranger is taken for one of K people, at the threshold above."
    rows = [(f"{10**power:,}", h.span(class_=f"cf-out-chance-{power}")) for power in range(_DECADES + 1)]
    return numbers(("K", "chance"), rows, summary)


def _lesson(data: dict[str, Any]) -> Markup:
    argument = prose(
        "<b>Why recognition needs a better verifier than verification does.</b> With K people enrolled a stranger is "
        "compared K times. A verifier that errs once in a hundred (FAR 1 %, grey line) takes a stranger for somebody "
        "with probability 1 − 0.99<sup>100</sup> = 63 % when K = 100. To keep that chance at {:.0f} % for the K chosen "
        'above, FAR has to be <b class="cf-out-need"></b> or less, at the cost of rejecting '
        '<b class="cf-out-miss"></b> of genuine pairs: ',
        100 * STRANGERS,
    )
    source = prose(
        "The two error rates are equal ({:.2g} %) at τ = {:.3f}. Measured on: {}; {n:,} pairs of different people, so "
        "rates below one in {n:,} cannot be distinguished from 0.",
        100 * data["eer"],
        data["eer_tau"],
        data["data"],
        n=data["n_different"],
    )
    independent = " The formula assumes independent comparisons; errors that come together make the chance smaller. "
    use = h.button(type="button", class_="cf-small cf-use")
    return joined((argument, use, independent, h.span(source)))
