"""Verification as binary classification: the logistic head's probability next to the threshold's, number by number.

Heads and figures come from the registry's measured file of the encoder; nothing is fitted here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from apps.charts import Bin, reliability
from apps.face.decision.logistic import FEATURES, Logistic
from apps.face.decision.matching import calibration
from apps.face.encoding.encoders import find_encoder
from apps.face.ui.answers import verify_answer
from apps.face.ui.draw import chip, likely, panel
from apps.face.ui.siamese import bars, coded, pair_of, sample_note
from apps.face.ui.state import visitor
from apps.markup import Fact, Markup, details, facts, h, joined, message, prose, table
from apps.measured import percent
from apps.sharing import share
from apps.ui import LIGHT, PRIVATE, guard
from shared.errors import WeightsError
from shared.registry import find, measured

FORMULAS = {
    "absolute": ("|f(x₁) − f(x₂)|", "absolute difference |f₁ − f₂|"),
    "chi_square": ("(f(x₁) − f(x₂))² / (|f(x₁)| + |f(x₂)|)", "chi-square (f₁ − f₂)² / (|f₁| + |f₂|)"),
}
_HINT = "Open this view to see a probability explained."
_TOP = 8  # coordinates in the list


def build(encoder: gr.Dropdown, tau: gr.Slider) -> tuple[gr.Radio, gr.HTML]:
    """Lay out the sub-tab; returns the choice of features and the panel, which is filled when the tab is opened."""
    kind = gr.Radio(
        [(title, name) for name, (_, title) in FORMULAS.items()],
        value="absolute",
        label="Features φ of a pair",
        elem_id="face-head-kind",
    )
    share(features=kind)
    view = panel(message(_HINT), elem_id="face-head")
    kind.change(guard(head_html), [encoder, tau, kind], view, **LIGHT, **PRIVATE)
    return kind, view


def head_html(encoder: str, tau: float, kind: str, request: gr.Request) -> Markup:
    """The head's answer for the visitor's pair, and how good head and threshold are on people not used for fitting."""
    try:
        calibration(encoder)
    except WeightsError as error:
        return message(str(error), "warn")
    figures = measured(find(find_encoder(encoder).name, "face"))
    who = visitor(request)
    first, second = pair_of(who)
    answer = verify_answer(first, second, encoder, tau)
    codes = first.encoding(encoder), second.encoding(encoder)
    faces = h.div(chip(first, "x₁"), chip(second, "x₂"), class_="cf-trio")
    head = figures["heads"][kind]
    return joined((sample_note(who), faces, pair_html(codes, head, kind, answer), _figures(figures, kind)))


def pair_html(
    codes: tuple[NDArray[Any], NDArray[Any]], head: Mapping[str, Any], kind: str, answer: Mapping[str, Any]
) -> Markup:
    """The head's probability for one pair, coordinate by coordinate, next to the threshold's ``answer``."""
    phi = FEATURES[kind](*codes)
    weights = np.asarray(head["weights"], np.float64)
    parts = weights * phi
    total, bias = float(parts.sum()), float(head["bias"])
    probability = float(Logistic(weights=weights, bias=bias).probability(phi))
    verdict = "same" if probability >= 0.5 else "different"
    decided = "same" if answer["same"] else "different"
    agree = "They agree." if verdict == decided else h.b("They disagree: this pair is a close call.")
    order = np.argsort(parts)
    picked = [*order[:_TOP], *order[::-1][: _TOP // 2]]
    rows = ((i, f"{phi[i]:.4f}", f"{weights[i]:+.2f}", f"{parts[i]:+.3f}") for i in picked)
    formula = prose(
        'P(same) = σ(Σ wᵢ φᵢ + b) = σ({:+.3f} {:+.3f}) = σ({:+.3f}) = <b class="cf-loss">{:.4f}</b>, φ = {}',
        total,
        bias,
        total + bias,
        probability,
        FORMULAS[kind][0],
    )
    four = (
        Fact("Logistic head: P(same)", likely(probability), f"says {verdict}"),
        Fact("Threshold τ: probability", likely(answer["probability"]), f"says {decided}"),
        Fact("Sum of the contributions", f"{total:+.2f}", "difference pulls towards “different”"),
        Fact("Bias b", f"{bias:+.2f}", "what identical encodings would get"),
    )
    speaks = "Contributions wᵢ φᵢ for this pair; bars pointing down speak for “different”"
    weigh = table(("coordinate", "φ", "w", "w φ"), rows, class_="cf-table")
    return joined(
        (
            facts(four, class_="cf-facts cf-rates"),
            h.p(formula, class_="cf-formula"),
            h.p(agree, class_="cf-statement"),
            coded("Weights wᵢ, one per coordinate", bars(weights, float(np.abs(weights).max()), "weights of the head")),
            coded(speaks, bars(parts, float(np.abs(parts).max()), "contributions to the logit")),
            details("The coordinates that weigh most", weigh),
        )
    )


def _figures(figures: Mapping[str, Any], kind: str) -> Markup:
    plain, head, curve = figures["evaluation"], figures["heads"][kind], figures["probability"]
    ways = (
        ("plain threshold, probability from the distance", plain, curve),
        (f"logistic head on {FORMULAS[kind][1]}", head, head),
    )
    rows = (
        (
            name,
            f"{percent(one['accuracy'])} ± {100 * one['accuracy_std']:.1f}",
            f"{one['auc']:.4f}",
            f"{probabilities['ece']:.3f}",
            f"{probabilities['log_loss']:.3f}",
        )
        for name, one, probabilities in ways
    )
    titles = ("", "accuracy (10 folds)", "AUC", "calibration error", "log loss")
    source = prose(
        "Fitted on {:,} pairs, judged on {:,} pairs of people that were held out. {}. Made by <code>{}</code>, {}.",
        head["n_fitted"],
        head["n_judged"],
        figures["data"]["title"],
        figures["made_by"],
        figures["date"],
    )
    models = {"from the distance": curve["reliability"], "head": head["reliability"]}
    question = "Is a probability of 80 % right 80 times in 100? Each dot holds equally many pairs of unseen people"
    return h.div(
        h.figure(
            h.figcaption(question),
            reliability({name: _bins(rows) for name, rows in models.items()}, unit="pairs"),
        ),
        h.div(
            h.b("What the head is good for."),
            " ",
            verdict_on_figures(plain, head, curve),
            table(titles, rows, class_="cf-table cf-left"),
            h.span(source),
            class_="cf-lesson",
        ),
        class_="cf-plots",
    )


def _bins(rows: Sequence[Mapping[str, Any]]) -> list[Bin]:
    return [Bin(row["predicted"], row["observed"], row["n"]) for row in rows]


def verdict_on_figures(plain: Mapping[str, Any], head: Mapping[str, Any], curve: Mapping[str, Any]) -> str:
    """What the figures say, in words, whichever way they fall."""
    gain = 100 * (head["accuracy"] - plain["accuracy"])
    spread = 100 * max(head["accuracy_std"], plain["accuracy_std"])
    if gain > spread:
        first = f"Here it beats the plain threshold by {gain:.1f} points."
    elif gain < -spread:
        first = f"Here it is {-gain:.1f} points worse than the plain threshold."
    else:
        first = (
            f"It does not beat the plain threshold: {gain:+.1f} points, within the spread of the folds ({spread:.1f})."
        )
    better = "the head" if head["ece"] < curve["ece"] else "the curve over the plain distance"
    return (
        f"{first} What it gives is a probability and, coordinate by coordinate, the reason for it. Of the two "
        f"probabilities, {better} is the better calibrated one (expected error {min(head['ece'], curve['ece']):.3f} "
        f"against {max(head['ece'], curve['ece']):.3f})."
    )
