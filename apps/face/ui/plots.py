"""Small drawings of the triplet explorer, as SVG: the regions on a line, counts as a bar, curves, the cloud of
encodings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import escape
from numpy.typing import NDArray

from apps.face.triplets.loss import EASY, HARD, SEMI_HARD, Triplet
from shared.plots import PALETTE

_ZONES = {HARD: "cf-z-hard", SEMI_HARD: "cf-z-semi", EASY: "cf-z-easy"}
_POINTS = 300  # of a curve


def number_line(one: Triplet) -> str:
    """Where N may lie: hard up to d(A, P), semi-hard up to the margin beyond it, then easy; and where it is."""
    width, height, base = 640, 92, 52
    end = max(one.d_ap + one.margin, one.d_an) * 1.15 + 0.05
    borders = (0.0, one.d_ap, one.d_ap + one.margin, end)
    x = [value / end * width for value in borders]
    zones = "".join(
        f'<rect class="{_ZONES[name]}" x="{low:.1f}" y="30" width="{max(high - low, 0):.1f}" height="{base - 30}"/>'
        + (f'<text x="{(low + high) / 2:.1f}" y="45" text-anchor="middle">{name}</text>' if high - low > 60 else "")
        for name, low, high in zip(_ZONES, x, x[1:], strict=False)
    )
    marks = "".join(
        f'<path class="cf-mark" d="M{at:.1f} 24V{base + 6}"/><text x="{at:.1f}" y="{base + 20 + drop}" '
        f'text-anchor="{_anchor(at, width)}">{words}</text>'
        for at, words, drop in (
            (x[1], f"‖A − P‖² = {one.d_ap:.3f}", 0),
            (x[2], f"‖A − P‖² + α = {one.d_ap + one.margin:.3f}", 16),
        )
    )
    here = one.d_an / end * width
    words = f"{one.region}: d(A, N) = {one.d_an:.3f}, d(A, P) = {one.d_ap:.3f}, margin {one.margin:.2f}"
    return (
        f'<svg class="cf-line-plot" viewBox="0 0 {width} {height}" role="img" aria-label="{words}">{zones}{marks}'
        f'<circle cx="{here:.1f}" cy="{(30 + base) / 2}" r="9" class="cf-n"/><text x="{here:.1f}" y="18" '
        f'text-anchor="{_anchor(here, width)}" class="cf-strong">N: ‖A − N‖² = {one.d_an:.3f}</text></svg>'
    )


def _anchor(at: float, width: float) -> str:
    return "start" if at < width * 0.15 else "end" if at > width * 0.75 else "middle"


def regions_bar(counts: Mapping[str, int]) -> str:
    """How many triplets are hard, semi-hard and easy, as one bar."""
    total = max(sum(counts.values()), 1)
    parts = "".join(
        f'<span class="{_ZONES[name]}" style="flex:{max(counts[name] / total, 0.001):.4f}" title="{name}: '
        f'{counts[name]:,}">'
        f"</span>"
        for name in _ZONES
    )
    legend = "".join(f'<span><i class="{_ZONES[name]}"></i>{name}: <b>{counts[name]:,}</b></span>' for name in _ZONES)
    return f'<div class="cf-regions" aria-hidden="true">{parts}</div><p class="cf-regions-legend">{legend}</p>'


def spark(x: Sequence[float], y: Sequence[float], label: str) -> str:
    """A small curve that starts at 0."""
    width, height = 420, 78
    pick = np.unique(np.linspace(0, len(x) - 1, min(len(x), _POINTS)).astype(int))
    across, up = max(float(x[-1]), 1e-9), max(float(max(y)), 1e-9)
    points = " ".join(
        f"{float(x[i]) / across * width:.1f},{height - 2 - float(y[i]) / up * (height - 8):.1f}" for i in pick
    )
    return (
        f'<svg class="cf-spark" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}: from '
        f"{y[0]:,.4g} to "
        f'{y[-1]:,.4g}"><path class="cf-axis" d="M0 {height - 2}H{width}"/><polyline class="cf-line" '
        f'points="{points}"/>'
        f'<text class="cf-t" x="2" y="11">{up:,.4g}</text></svg>'
    )


def cloud(points: NDArray[np.float64], person: NDArray[np.int64], names: Sequence[str], limit: float) -> str:
    """The encodings as dots with a letter per person; the frame reaches from -limit to limit."""
    side = 330
    at = np.clip(points / limit, -1.04, 1.04) * (side / 2 - 12) + side / 2
    dots = "".join(
        f'<g><circle cx="{px:.1f}" cy="{side - py:.1f}" r="8" fill="{PALETTE[who % len(PALETTE)]}"/>'
        f'<text x="{px:.1f}" y="{side - py + 3.5:.1f}" text-anchor="middle">{_letter(int(who))}</text></g>'
        for (px, py), who in zip(at, person, strict=True)
    )
    legend = "".join(
        f'<span><i style="background:{PALETTE[i % len(PALETTE)]}">{_letter(i)}</i><bdi>{escape(name)}</bdi></span>'
        for i, name in enumerate(names[:24])
    )
    middle = side / 2
    return (
        f'<svg class="cf-cloud" viewBox="0 0 {side} {side}" role="img" aria-label="{len(points)} encodings of '
        f"{len(names)} "
        f'people in two dimensions"><path class="cf-grid" d="M{middle} 0V{side}M0 {middle}H{side}"/>{dots}</svg>'
        f'<p class="cf-cloud-legend">{legend}</p>'
    )


def _letter(person: int) -> str:
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[person % 26]
