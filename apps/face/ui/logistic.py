"""Verification as binary classification: the logistic head's probability beside the threshold's, coordinate by
coordinate.

Heads and figures come from the registry's measured file of the encoder; nothing is fitted here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
import numpy as np
from markupsafe import escape
from numpy.typing import NDArray

from apps.face.encoding.encoders import find_encoder
from apps.face.ui.answers import verify_answer
from apps.face.ui.draw import chip, likely, message, panel, percent
from apps.face.ui.siamese import bars, pair_of, stand_in
from apps.face.ui.state import calibration_of, visitor
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
    view = panel(message(_HINT), elem_id="face-head")
    kind.change(guard(head_html), [encoder, tau, kind], view, **LIGHT, **PRIVATE)
    return kind, view


def head_html(encoder: str, tau: float, kind: str, request: gr.Request) -> str:
    """The head's answer for the visitor's pair, and how good head and threshold are on people not used for fitting."""
    try:
        calibration_of(encoder)
    except WeightsError as error:
        return message(str(error), "warn")
    figures = measured(find(find_encoder(encoder).name, "face"))
    who = visitor(request)
    first, second = pair_of(who)
    answer = verify_answer(first, second, encoder, tau)
    codes = first.encoding(encoder), second.encoding(encoder)
    faces = f'<div class="cf-trio">{chip(first, "x₁")}{chip(second, "x₂")}</div>'
    return stand_in(who) + faces + _pair(codes, figures["heads"][kind], kind, answer) + _figures(figures, kind)


def _pair(
    codes: tuple[NDArray[Any], NDArray[Any]], head: Mapping[str, Any], kind: str, answer: Mapping[str, Any]
) -> str:
    from apps.face.decision.logistic import FEATURES, sigmoid

    phi = FEATURES[kind](*codes)
    weights = np.asarray(head["weights"], np.float64)
    parts = weights * phi
    logit = float(parts.sum() + head["bias"])
    probability = float(sigmoid(logit))
    verdict = "same" if probability >= 0.5 else "different"
    decided = "same" if answer["same"] else "different"
    agree = "They agree." if verdict == decided else "<b>They disagree: this pair is a close call.</b>"
    order = np.argsort(parts)
    picked = [*order[:_TOP], *order[::-1][: _TOP // 2]]
    rows = "".join(
        f"<tr><td>{i}</td><td>{phi[i]:.4f}</td><td>{weights[i]:+.2f}</td><td>{parts[i]:+.3f}</td></tr>" for i in picked
    )
    return (
        '<dl class="cf-facts cf-rates">'
        f"<div><dt>Logistic head: P(same)</dt><dd>{likely(probability)}<small>says {verdict}</small></dd></div>"
        f"<div><dt>Threshold τ: probability</dt><dd>{likely(answer['probability'])}<small>says "
        f"{decided}</small></dd></div>"
        f"<div><dt>Sum of the contributions</dt><dd>{parts.sum():+.2f}<small>difference pulls towards "
        "“different”</small>"
        f"</dd></div><div><dt>Bias b</dt><dd>{head['bias']:+.2f}<small>what identical encodings would "
        "get</small></dd></div></dl>"
        f'<p class="cf-formula">P(same) = σ(Σ wᵢ φᵢ + b) = σ({parts.sum():+.3f} {head["bias"]:+.3f}) = '
        f"σ({logit:+.3f}) = "
        f'<b class="cf-loss">{probability:.4f}</b>, φ = {FORMULAS[kind][0]}</p><p class="cf-statement">{agree}</p>'
        f'<figure class="cf-bars"><figcaption>Weights wᵢ, one per coordinate</figcaption>'
        f"{bars(weights, float(np.abs(weights).max()), 'weights of the head')}</figure>"
        '<figure class="cf-bars"><figcaption>Contributions wᵢ φᵢ for this pair: down speaks for '
        "“different”</figcaption>"
        f"{bars(parts, float(np.abs(parts).max()), 'contributions to the logit')}</figure>"
        f'<details><summary>The coordinates that weigh most</summary><table class="cf-table"><tr><th>coordinate</th>'
        f"<th>φ</th><th>w</th><th>w φ</th></tr>{rows}</table></details>"
    )


def _figures(figures: Mapping[str, Any], kind: str) -> str:
    plain, head, curve = figures["evaluation"], figures["heads"][kind], figures["probability"]
    rows = "".join(
        f"<tr><td>{name}</td><td>{percent(one['accuracy'])} ± "
        f"{100 * one['accuracy_std']:.1f}</td><td>{one['auc']:.4f}</td>"
        f"<td>{ece}</td><td>{loss}</td></tr>"
        for name, one, ece, loss in (
            (
                "plain threshold, probability from the distance",
                plain,
                f"{curve['ece']:.3f}",
                f"{curve['log_loss']:.3f}",
            ),
            (
                f"logistic head on {FORMULAS[kind][1]}",
                head,
                f"{head['ece']:.3f}",
                f"{head['log_loss']:.3f}",
            ),
        )
    )
    return (
        '<div class="cf-plots"><figure><figcaption>Is a probability of 80 % right 80 times in 100? Reliability on '
        "people not used for fitting; dots hold equally many "
        f"pairs</figcaption>{reliability({'distance': curve['reliability'], 'head': head['reliability']})}</figure>"
        f'<div class="cf-lesson"><b>What the head is good for.</b> {_verdict(plain, head, curve)}'
        '<table class="cf-table cf-left"><tr><th></th><th>accuracy (10 folds)</th><th>AUC</th><th>calibration '
        f"error</th><th>log loss</th></tr>{rows}</table><span>Fitted on {head['n_fitted']:,} pairs, judged on "
        f"{head['n_judged']:,} pairs of people that were held out. {escape(figures['data']['title'])}. Made by "
        f"<code>{escape(figures['made_by'])}</code>, {escape(figures['date'])}.</span></div></div>"
    )


def _verdict(plain: Mapping[str, Any], head: Mapping[str, Any], curve: Mapping[str, Any]) -> str:
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


def reliability(curves: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Observed share of same pairs over the predicted probability, one line per model; the diagonal is perfect."""
    width, height, left, bottom = 560, 330, 66, 34

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x * (width - left - 24), height - bottom - y * (height - bottom - 20)

    shapes = [f'<path class="cf-line cf-faint" d="M{at(0, 0)[0]} {at(0, 0)[1]}L{at(1, 1)[0]:.0f} {at(1, 1)[1]:.0f}"/>']
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = at(share, share)
        anchor, down = {0.0: ("start", 0), 1.0: ("end", 4)}.get(share, ("middle", 4))
        shapes.append(
            f'<text class="cf-t" x="{x:.0f}" y="{height - 18}" text-anchor="{anchor}">{100 * share:.0f} %</text>'
            f'<text class="cf-t" x="{left - 6}" y="{y + down:.0f}" text-anchor="end">{100 * share:.0f} %</text>'
        )
    for style, (name, rows) in zip(("cf-r-one", "cf-r-two"), curves.items(), strict=False):
        points = [at(row["predicted"], row["observed"]) for row in rows]
        shapes.append(f'<polyline class="{style}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>')
        shapes += [
            f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="4.5"><title>{name}: predicted '
            f"{row['predicted']:.3f}, "
            f"observed {row['observed']:.3f}, {row['n']} pairs</title></circle>"
            for (x, y), row in zip(points, rows, strict=True)
        ]
    legend = (
        '<p class="cf-legend"><span class="cf-k-one">● from the distance</span><span class="cf-k-two">● head</span></p>'
    )
    return (
        f'<svg class="cf-plot" viewBox="0 0 {width} {height}" role="img" aria-label="Reliability of the probabilities">'
        f'{"".join(shapes)}<text class="cf-t" x="{width - 8}" y="{height - 4}" text-anchor="end">predicted</text>'
        f'<text class="cf-t" x="{left + 10}" y="34">observed</text></svg>{legend}'
    )
