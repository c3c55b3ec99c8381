"""Small drawings of the triplet explorer: the regions on a line, counts as a bar, the cloud of encodings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from apps.charts import numbers
from apps.face.triplets.loss import EASY, HARD, SEMI_HARD, Triplet
from apps.markup import Markup, h, joined, svg

_ZONES = {HARD: "cf-z-hard", SEMI_HARD: "cf-z-semi", EASY: "cf-z-easy"}
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#C9B700", "#8A8A8A")  # Okabe-Ito
_NAMED = 24  # people in the legend of the cloud


def number_line(one: Triplet) -> Markup:
    """Where N may lie: hard up to d(A, P), semi-hard up to the margin beyond it, then easy; and where it is."""
    width, height, base = 640, 92, 52
    end = max(one.d_ap + one.margin, one.d_an) * 1.15 + 0.05
    borders = [value / end * width for value in (0.0, one.d_ap, one.d_ap + one.margin, end)]
    zones = [
        (
            h.rect(class_=zone, x=low, y=30, width=max(high - low, 0), height=base - 30),
            h.text(name, x=(low + high) / 2, y=45, text_anchor="middle") if high - low > 60 else None,
        )
        for (name, zone), low, high in zip(_ZONES.items(), borders, borders[1:], strict=False)
    ]
    marks = [
        (
            h.path(class_="cf-mark", d=f"M{at:.1f} 24V{base + 6}"),
            h.text(words, x=at, y=base + 20 + drop, text_anchor=_anchor(at, width)),
        )
        for at, words, drop in (
            (borders[1], f"‖A − P‖² = {one.d_ap:.3f}", 0),
            (borders[2], f"‖A − P‖² + α = {one.d_ap + one.margin:.3f}", 16),
        )
    ]
    here = one.d_an / end * width
    negative = f"N: ‖A − N‖² = {one.d_an:.3f}"
    summary = f"{one.region}: d(A, N) = {one.d_an:.3f}, d(A, P) = {one.d_ap:.3f}, margin {one.margin:.2f}"
    drawing = svg(
        zones,
        marks,
        h.circle(cx=here, cy=(30 + base) / 2, r=9, class_="cf-n"),
        h.text(negative, x=here, y=18, text_anchor=_anchor(here, width), class_="cf-strong"),
        size=(width, height),
        label=summary,
        class_="cf-line-plot",
    )
    places = ("‖A − P‖²", one.d_ap), ("‖A − P‖² + α", one.d_ap + one.margin), ("‖A − N‖²", one.d_an)
    return joined((drawing, numbers(("", "squared distance"), [(name, f"{at:.4f}") for name, at in places], summary)))


def _anchor(at: float, width: float) -> str:
    return "start" if at < width * 0.15 else "end" if at > width * 0.75 else "middle"


def regions_bar(counts: Mapping[str, int]) -> Markup:
    """How many triplets are hard, semi-hard and easy, as one bar."""
    total = max(sum(counts.values()), 1)
    parts = (
        h.span(class_=zone, style=f"flex:{max(counts[name] / total, 0.001):.4f}", title=f"{name}: {counts[name]:,}")
        for name, zone in _ZONES.items()
    )
    legend = (h.span(h.i(class_=zone), f"{name}: ", h.b(f"{counts[name]:,}")) for name, zone in _ZONES.items())
    bar = h.div(parts, class_="cf-regions", aria_hidden="true")
    return joined((bar, h.p(legend, class_="cf-regions-legend")))


def cloud(points: NDArray[np.float64], person: NDArray[np.int64], names: Sequence[str], limit: float) -> Markup:
    """The encodings as dots with a letter per person; the frame reaches from -limit to limit."""
    side, middle = 330, 165
    at = np.clip(points / limit, -1.04, 1.04) * (middle - 12) + middle
    dots = (
        h.g(
            h.circle(cx=x, cy=side - y, r=8, fill=PALETTE[who % len(PALETTE)]),
            h.text(_letter(who), x=x, y=side - y + 3.5, text_anchor="middle"),
        )
        for (x, y), who in zip(at.tolist(), person.tolist(), strict=True)
    )
    legend = (
        h.span(h.i(_letter(who), style=f"background:{PALETTE[who % len(PALETTE)]}"), h.bdi(name))
        for who, name in enumerate(names[:_NAMED])
    )
    summary = f"{len(points)} encodings of {len(names)} people in two dimensions"
    rows = ((h.bdi(names[who]), f"{x:+.4f}", f"{y:+.4f}") for (x, y), who in zip(points, person, strict=True))
    drawing = svg(
        h.path(class_="cf-grid", d=f"M{middle} 0V{side}M0 {middle}H{side}"),
        dots,
        size=(side, side),
        label=summary,
        class_="cf-cloud",
    )
    below = numbers(("person", "first", "second"), rows, summary)
    return joined((drawing, h.p(legend, class_="cf-cloud-legend"), below))


def _letter(person: int) -> str:
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[person % 26]
