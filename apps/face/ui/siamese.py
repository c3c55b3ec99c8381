"""The siamese view: both photos through one network, number by number; the time of that, and what the network looks
at."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np
from markupsafe import escape
from numpy.typing import NDArray

from apps.face.encoding.encoders import find_encoder
from apps.face.samples import sample
from apps.face.ui.draw import chip, chip_url, message, panel, percent
from apps.face.ui.state import Shot, Visitor, look, visitor
from apps.ui import HEAVY, PRIVATE, guard

_HINT = "Open this view to see two photos taken apart."
_STAND_IN = "These are two sample photos. Compare two of your own under Verify, and they take their place."
_TOP = 12  # coordinates in the list
_WIDTH = 900  # of the bars' drawing


def build(encoder: gr.Dropdown) -> gr.HTML:
    """Lay out the sub-tab; returns its panel, which is filled when the tab is opened."""
    view = panel(message(_HINT), elem_id="face-siamese")
    with gr.Row():
        look = gr.Button("What does the network look at? Cover each chip bit by bit", elem_id="face-occlude", scale=3)
        stop = gr.Button("Stop", variant="stop", scale=1, min_width=80)
    maps = panel(elem_id="face-saliency")
    run = look.click(guard(occlusion), encoder, maps, **HEAVY, **PRIVATE)
    stop.click(None, None, None, cancels=[run], **PRIVATE)
    return view


def siamese(encoder: str, request: gr.Request) -> str:
    """Both encodings, their difference, and the time of encoding against looking up."""
    who = visitor(request)
    first, second = pair_of(who)
    a, b = first.encoding(encoder), second.encoding(encoder)
    forward, lookup = timing(first, second, encoder)
    return f"{stand_in(who)}{_network(first, second, a, b, encoder)}{_difference(a, b)}{_times(forward, lookup)}"


def pair_of(who: Visitor) -> tuple[Shot, Shot]:
    """The two photos under Verify; until both are there, two samples."""
    first, second = who.shots.get("a"), who.shots.get("b")
    return _sample_pair() if first is None or second is None else (first, second)


def stand_in(who: Visitor) -> str:
    """Where samples stand in for the visitor's photos, the line that says so."""
    return "" if {"a", "b"} <= who.shots.keys() else message(_STAND_IN)


@functools.lru_cache(maxsize=1)
def _sample_pair() -> tuple[Shot, Shot]:
    return look(sample("obama"), "Sample 1"), look(sample("obama2"), "Sample 2")


def timing(first: Shot, second: Shot, encoder: str) -> tuple[float, float]:
    """Seconds of two forward passes, and of reading two stored encodings and taking their distance: the best of 3 and
    50."""
    from apps.face.decision.matching import squared_distance
    from apps.face.photo.pipeline import encode

    def best(times: int, work: Any) -> float:
        taken = []
        for _ in range(times):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
        return min(taken)

    def look_up() -> None:
        squared_distance(first.encoding(encoder), second.encoding(encoder))

    chips = [shot.face.views(find_encoder(encoder))[0] for shot in (first, second)]
    return best(3, lambda: [encode([one], encoder, average="single") for one in chips]), best(50, look_up)


def _network(first: Shot, second: Shot, a: NDArray[np.float32], b: NDArray[np.float32], encoder: str) -> str:
    spec = find_encoder(encoder)
    largest = float(max(np.abs(a).max(), np.abs(b).max()))
    rows = "".join(
        f'<div class="cf-twin">{chip(shot, name)}<div class="cf-f"><b>f</b><span>the same {escape(spec.title)}, the '
        "same "
        f'weights</span></div><figure class="cf-bars"><figcaption>f({name}): {spec.dimension} numbers, length '
        f"‖f({name})‖ = "
        f"{float(np.linalg.norm(code)):.3f}</figcaption>{bars(code, largest, f'f({name})')}</figure></div>"
        for shot, code, name in ((first, a, "x₁"), (second, b, "x₂"))
    )
    return f'<div class="cf-siamese">{rows}</div>'


def bars(values: NDArray[Any], largest: float, label: str, *, signed: bool = True) -> str:
    """Numbers as bars, up and down from the middle where ``signed``, else up from the bottom; as SVG."""
    height, wide = 74, _WIDTH / len(values)
    zero = height / 2 if signed else height
    reach = zero / max(largest, 1e-12)
    shapes = []
    for i, value in enumerate(np.asarray(values, float)):
        kind = "cf-diffbar" if not signed else "cf-up" if value >= 0 else "cf-down"
        shapes.append(
            f'<rect class="{kind}" x="{i * wide:.2f}" y="{zero - max(value, 0) * reach:.2f}" '
            f'width="{max(wide - 0.8, 0.6):.2f}" height="{abs(value) * reach:.2f}"><title>{i}: '
            f"{value:+.4f}</title></rect>"
        )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" preserveAspectRatio="none" class="cf-code" role="img" '
        f'aria-label="{escape(label)} as {len(values)} bars"><path class="cf-axis" d="M0 '
        f'{zero}H{_WIDTH}"/>{"".join(shapes)}</svg>'
    )


def _difference(a: NDArray[np.float32], b: NDArray[np.float32]) -> str:
    parts = (a.astype(np.float64) - b) ** 2
    total = float(parts.sum())
    order = np.argsort(parts)[::-1][:_TOP]
    share = float(parts[order].sum()) / total if total else 0.0
    rows = "".join(
        f'<tr><td>{i}</td><td>{a[i]:+.4f}</td><td>{b[i]:+.4f}</td><td>{parts[i]:.5f}</td><td><i style="width:'
        f'{parts[i] / max(parts.max(), 1e-12) * 100:.0f}%"></i>{percent(parts[i] / total if total else 0.0)}</td></tr>'
        for i in order
    )
    return (
        f'<figure class="cf-bars"><figcaption>(f(x₁) − f(x₂))², coordinate by coordinate; their sum is d = {total:.4f}'
        f"</figcaption>{bars(parts, float(parts.max()), 'squared differences', signed=False)}</figure>"
        f"<details open><summary>The {len(order)} coordinates that contribute most: {percent(share)} of d</summary>"
        f'<table class="cf-table"><tr><th>coordinate</th><th>f(x₁)</th><th>f(x₂)</th><th>squared difference</th>'
        f"<th>share of d</th></tr>{rows}</table></details>"
    )


def _times(forward: float, lookup: float) -> str:
    return (
        f'<p class="cf-statement"><b>Encodings are computed once and stored.</b> Two forward passes take '
        f"<b>{forward * 1000:.1f} ms</b> on this machine now; reading two stored encodings and taking their distance "
        f"takes <b>{lookup * 1e6:.0f} µs</b>, {forward / lookup:,.0f} times less. So an enrolled person costs one "
        "pass, ever: that is what makes one-shot recognition of a large gallery cheap.</p>"
    )


def occlusion(encoder: str, request: gr.Request) -> Iterator[str]:
    """The occlusion maps of both chips for this pair, row by row."""
    from apps.face.encoding.saliency import occlude
    from apps.face.photo.pipeline import encode

    pair = pair_of(visitor(request))

    def single(chips: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return encode(chips, encoder, average="single")  # one pass per chip: a map takes hundreds

    spec = find_encoder(encoder)
    a, b = (shot.encoding(encoder).astype(np.float64) for shot in pair)
    pictures, whole = ["", ""], float(((a - b) ** 2).sum())
    for which, (shot, other) in enumerate((pair, pair[::-1])):
        chip_in, chip_other = (one.face.views(spec)[0] for one in (shot, other))
        steps = occlude(chip_in, single([chip_other])[0], single, colour=spec.mean)
        for step in steps:
            pictures[which] = _map(chip_in, step.importance, f"x{'₁₂'[which]}", step.rows)
            yield _maps(pictures, step.d_squared, whole)


def _map(chip_in: NDArray[np.uint8], importance: NDArray[np.float64], name: str, rows: int) -> str:
    from apps.face.encoding.saliency import overlay

    known = importance[np.isfinite(importance)]
    return (
        f'<figure><img src="{chip_url(overlay(chip_in, importance))}" alt="Occlusion map of {name}" width="240" '
        'height="240">'
        f"<figcaption>{name}: covering changes d by {known.min():+.3f} to {known.max():+.3f} "
        f"({rows} of {len(importance)} rows)</figcaption></figure>"
    )


def _maps(pictures: list[str], single: float, whole: float) -> str:
    averaged = (
        ""
        if abs(single - whole) < 1e-3
        else f" The maps use one pass per chip, where this pair has d = {single:.3f}; the verdict's d = {whole:.3f} "
        "compares means over mirrored and differently cut chips."
    )
    return (
        f'<div class="cf-maps">{"".join(pictures)}<p>A grey square slides over each chip, and the covered chip is '
        "encoded anew. "
        '<b class="cf-is-same">Green</b>: covering this place drives the two apart, so what is there makes them '
        "alike. "
        '<b class="cf-is-diff">Orange</b>: covering it brings them nearer, so there they differ. Each map is for '
        f"this one decision, scaled to its own largest value.{averaged}</p></div>"
    )
