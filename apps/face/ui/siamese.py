"""The siamese view: both photos through one network, number by number; its time, and what the network looks at."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from apps.charts import numbers
from apps.face.decision.matching import squared_distance
from apps.face.encoding.encoders import find_encoder
from apps.face.encoding.saliency import occlude, overlay
from apps.face.samples import sample
from apps.face.ui.draw import chip, chip_url, panel
from apps.face.ui.rooms import pipeline
from apps.face.ui.state import Shot, Visitor, read_photo, visitor
from apps.markup import Markup, h, joined, message, prose, table
from apps.measured import percent
from apps.ui import HEAVY, PRIVATE, guard

_HINT = "Open this view to compare two photos number by number."
_SAMPLES = "These are two sample photos. Compare two of your own under Verify, and they take their place."
_TOP = 12  # coordinates in the list
_WIDTH = 900  # of the bars' drawing


def build(encoder: gr.Dropdown) -> gr.HTML:
    """Lay out the sub-tab; returns its panel, which is filled when the tab is opened."""
    view = panel(message(_HINT), elem_id="face-siamese")
    with gr.Row():
        cover = gr.Button("What does the network look at? Cover each chip bit by bit", elem_id="face-occlude", scale=3)
        stop = gr.Button("Stop", variant="stop", scale=1, min_width=80)
    maps = panel(elem_id="face-saliency")
    run = cover.click(guard(occlusion), encoder, maps, **HEAVY, **PRIVATE)
    stop.click(None, None, None, cancels=[run], **PRIVATE)
    return view


def siamese(encoder: str, request: gr.Request) -> Markup:
    """Both encodings, their difference, and the time of encoding against looking up."""
    who = visitor(request)
    first, second = pair_of(who)
    a, b = first.encoding(encoder), second.encoding(encoder)
    forward, lookup = timing(first, second, encoder)
    return joined(
        (sample_note(who), _network(first, second, a, b, encoder), _difference(a, b), _times(forward, lookup))
    )


def pair_of(who: Visitor) -> tuple[Shot, Shot]:
    """The two photos under Verify; until both are there, two samples."""
    first, second = who.shots.get("a"), who.shots.get("b")
    return _sample_pair() if first is None or second is None else (first, second)


def sample_note(who: Visitor) -> Markup | None:
    """The line that says so, as long as samples take the place of the visitor's photos."""
    return None if {"a", "b"} <= who.shots.keys() else message(_SAMPLES)


@functools.lru_cache(maxsize=1)
def _sample_pair() -> tuple[Shot, Shot]:
    return read_photo(sample("obama"), "Sample 1"), read_photo(sample("obama2"), "Sample 2")


def timing(first: Shot, second: Shot, encoder: str) -> tuple[float, float]:
    """Seconds of two forward passes (best of 3), and of two stored encodings and their distance (best of 50)."""

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
    return best(3, lambda: [pipeline.encode([one], encoder, average="single") for one in chips]), best(50, look_up)


def _network(first: Shot, second: Shot, a: NDArray[np.float32], b: NDArray[np.float32], encoder: str) -> Markup:
    spec = find_encoder(encoder)
    largest = float(max(np.abs(a).max(), np.abs(b).max()))
    same = h.div(h.b("f"), h.span(f"the same {spec.title}, the same weights"), class_="cf-f")

    def twin(shot: Shot, code: NDArray[np.float32], name: str) -> Markup:
        length = float(np.linalg.norm(code))
        words = f"f({name}): {spec.dimension} numbers, length ‖f({name})‖ = {length:.3f}"
        return h.div(chip(shot, name), same, coded(words, bars(code, largest, f"f({name})")), class_="cf-twin")

    return h.div(twin(first, a, "x₁"), twin(second, b, "x₂"), class_="cf-siamese")


def coded(words: str, drawing: Markup) -> Markup:
    """Bars with what they stand for above them."""
    return h.figure(h.figcaption(words), drawing, class_="cf-bars")


def bars(values: NDArray[Any], largest: float, label: str, *, signed: bool = True) -> Markup:
    """Numbers as bars, up and down from the middle if ``signed``, else up from the bottom; as SVG."""
    height, wide = 74, _WIDTH / len(values)
    zero = height / 2 if signed else height
    scale = zero / max(largest, 1e-12)
    shapes = (
        h.rect(
            h.title(f"{i}: {value:+.4f}"),
            class_="cf-diffbar" if not signed else "cf-up" if value >= 0 else "cf-down",
            x=i * wide,
            y=zero - max(value, 0) * scale,
            width=max(wide - 0.8, 0.6),
            height=abs(value) * scale,
        )
        for i, value in enumerate(np.asarray(values, float).tolist())
    )
    drawing = h.svg(
        h.path(class_="cf-axis", d=f"M0 {zero}H{_WIDTH}"),
        shapes,
        viewBox=f"0 0 {_WIDTH} {height}",
        preserveAspectRatio="none",
        class_="cf-code",
        role="img",
        aria_label=f"{label} as {len(values)} bars",
    )
    summary = f"{len(values)} numbers from {float(values.min()):+.4f} to {float(values.max()):+.4f}."
    return joined(
        (drawing, numbers(("coordinate", label), ((i, f"{value:+.4f}") for i, value in enumerate(values)), summary))
    )


def _difference(a: NDArray[np.float32], b: NDArray[np.float32]) -> Markup:
    parts = (a.astype(np.float64) - b) ** 2
    total = float(parts.sum())
    order = np.argsort(parts)[::-1][:_TOP]
    share = float(parts[order].sum()) / total if total else 0.0
    rows = (
        (
            i,
            f"{a[i]:+.4f}",
            f"{b[i]:+.4f}",
            f"{parts[i]:.5f}",
            (
                h.i(style=f"width:{parts[i] / max(parts.max(), 1e-12) * 100:.0f}%"),
                percent(parts[i] / total if total else 0.0),
            ),
        )
        for i in order
    )
    head = ("coordinate", "f(x₁)", "f(x₂)", "squared difference", "share of d")
    words = f"(f(x₁) − f(x₂))², coordinate by coordinate; their sum is d = {total:.4f}"
    most = f"The {len(order)} coordinates that contribute most: {percent(share)} of d"
    return joined(
        (
            coded(words, bars(parts, float(parts.max()), "squared differences", signed=False)),
            h.details(h.summary(most), table(head, rows, class_="cf-table"), open=True),
        )
    )


def _times(forward: float, lookup: float) -> Markup:
    return h.p(
        prose(
            "<b>Encodings are computed once and stored.</b> Two forward passes take <b>{:.1f} ms</b> on this machine "
            "now; reading two stored encodings and taking their distance takes <b>{:.0f} µs</b>, {:,.0f} times less. "
            "So an enrolled person costs one pass, ever: that is what makes one-shot recognition in a large gallery "
            "cheap.",
            forward * 1000,
            lookup * 1e6,
            forward / lookup,
        ),
        class_="cf-statement",
    )


def occlusion(encoder: str, request: gr.Request) -> Iterator[Markup]:
    """The occlusion maps of both chips for this pair, row by row."""

    pair = pair_of(visitor(request))

    def single(chips: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return pipeline.encode(chips, encoder, average="single")  # one pass per chip: a map takes hundreds

    spec = find_encoder(encoder)
    a, b = (shot.encoding(encoder).astype(np.float64) for shot in pair)
    pictures, full = [Markup(), Markup()], float(((a - b) ** 2).sum())
    for which, (shot, other) in enumerate((pair, pair[::-1])):
        chip_in, chip_other = (one.face.views(spec)[0] for one in (shot, other))
        steps = occlude(chip_in, single([chip_other])[0], single, colour=spec.mean)
        for step in steps:
            pictures[which] = _map(chip_in, step.importance, f"x{'₁₂'[which]}", step.rows)
            yield _maps(pictures, step.d_squared, full)


def _map(chip_in: NDArray[np.uint8], importance: NDArray[np.float64], name: str, rows: int) -> Markup:

    known = importance[np.isfinite(importance)]
    picture = h.img(src=chip_url(overlay(chip_in, importance)), alt=f"Occlusion map of {name}", width=240, height=240)
    words = f"{name}: covering changes d by {known.min():+.3f} to {known.max():+.3f} ({rows} of {len(importance)} rows)"
    return h.figure(picture, h.figcaption(words))


def _maps(pictures: list[Markup], single: float, full: float) -> Markup:
    averaged = (
        None
        if abs(single - full) < 1e-3
        else f" The maps use one pass per chip, which gives d = {single:.3f} for this pair; the verdict's d = "
        f"{full:.3f} compares means over mirrored and differently cut chips."
    )
    words = prose(
        "A grey square slides over each chip, and the covered chip is encoded again. "
        '<b class="cf-is-same">Green</b>: covering this place drives the two apart, so what is there makes them alike. '
        '<b class="cf-is-diff">Orange</b>: covering it brings them closer, so there they differ. Each map is for this '
        "one decision, scaled to its own largest value."
    )
    return h.div(pictures, h.p(words, averaged), class_="cf-maps")
