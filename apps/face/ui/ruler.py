"""The distance ruler: one pair's distance on the axis of everybody else's, as SVG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from apps.charts import numbers
from apps.face.decision.error_curves import histogram
from apps.face.decision.matching import Calibration, Uncalibrated
from apps.markup import Markup, h, joined, svg
from apps.measured import percent

_BINS = 44  # of the histograms
_COARSE = 16  # ... as numbers
_WIDTH, _HEIGHT = 640, 106  # of the drawing
_BASE, _TOP = _HEIGHT - 18, 24  # the axis, and the top of the tallest bar
_AXIS = "axis: plain distance ‖f(x₁) − f(x₂)‖"
_UNMEASURED = f"{_AXIS}; nobody else's distances were measured with this encoder"


def ruler(known: Calibration | Uncalibrated, tau: float, distances: Sequence[tuple[str, float]] = ()) -> Markup:
    """Distances on the axis of everybody else's: histograms of measured pairs, tau, and a marker per distance."""
    end = max(axis_end(known), tau * 1.05, *(value * 1.05 for _, value in distances)) or 1.0
    named = "; ".join(f"{name} {value:.3f}" for name, value in distances)
    summary = f"{f'Distance {named}; ' if named else ''}threshold {tau:.3f}"
    drawing = svg(
        None if isinstance(known, Uncalibrated) else _histograms(known, end),
        h.path(class_="cf-axis", d=f"M0 {_BASE}H{_WIDTH}"),
        (_tick(value / end, f"{value:.1f}") for value in np.arange(0, end, 0.2)),
        _threshold(tau, end),
        (_marker(name, value, tau, end) for name, value in distances),
        size=(_WIDTH, _HEIGHT),
        label=summary,
        class_="cf-ruler",
    )
    return joined((drawing, _legend(known), _numbers(known, summary, tau, distances)))


def _numbers(
    known: Calibration | Uncalibrated, summary: str, tau: float, distances: Sequence[tuple[str, float]]
) -> Markup:
    here = [(name, f"{value:.4f}") for name, value in (("τ", tau), *distances)]
    if isinstance(known, Uncalibrated):
        return numbers(("", "distance"), here, summary)
    same, different, end = histogram(known, _COARSE)
    bins = zip(np.linspace(0, end, _COARSE + 1).tolist(), same.tolist(), different.tolist(), strict=False)
    rows = ((f"from {low:.2f}", percent(one), percent(two)) for low, one, two in bins)
    return numbers(
        ("distance", "of one person", "of different people"), rows, f"{summary}. Shares of the measured pairs:"
    )


def _legend(known: Calibration | Uncalibrated) -> Markup:
    if isinstance(known, Uncalibrated):
        return h.p(_UNMEASURED, class_="cf-legend")
    keys = (
        h.span("▇ measured pairs of one person (genuine)", class_="cf-t-same"),
        h.span("▇ of different people (impostors)", class_="cf-t-diff"),
        h.span(_AXIS),
    )
    return h.p(joined(keys, " "), class_="cf-legend")


def axis_end(known: Calibration | Uncalibrated) -> float:
    """Where the axis ends: where nearly all measured pairs of two people are, or where unit vectors can be at all."""
    return 2.0 if isinstance(known, Uncalibrated) else histogram(known, _BINS)[2]


def _histograms(known: Calibration, end: float) -> Markup:
    same, different, measured = histogram(known, _BINS)
    scale = (_BASE - _TOP) / max(same.max(), different.max(), 1e-9)
    kinds = (("cf-h-same", same), ("cf-h-diff", different))
    return joined(_bars(kind, shares, measured / end, scale) for kind, shares in kinds)


def _at(share: float) -> float:
    return min(max(share, 0.0), 1.0) * _WIDTH


def _bars(kind: str, shares: NDArray[np.float64], span: float, scale: float) -> Markup:
    wide = _at(span / _BINS)
    return joined(
        h.rect(class_=kind, x=i * wide, y=_BASE - share * scale, width=wide - 0.6, height=share * scale)
        for i, share in enumerate(shares.tolist())
        if share > 0
    )


def _tick(share: float, text: str) -> Markup:
    return h.text(text, class_="cf-t", x=_at(share), y=_HEIGHT - 4, text_anchor="middle" if share else "start")


def _threshold(tau: float, end: float) -> Markup:
    x = _at(tau / end)
    side, shift = ("end", -5) if x > _WIDTH * 0.85 else ("start", 5)
    line = h.path(d=f"M{x:.1f} {_TOP - 18}V{_BASE + 4}")
    return h.g(line, h.text(f"τ = {tau:.3f}", x=x + shift, y=_TOP - 11, text_anchor=side), class_="cf-tau")


def _marker(name: str, value: float, tau: float, end: float) -> Markup:
    x = _at(value / end)
    side, shift = ("start", 9) if x < _WIDTH * 0.8 else ("end", -9)
    return h.g(
        h.path(d=f"M{x:.1f} {_BASE}V{_TOP - 6}"),
        h.circle(cx=x, cy=_TOP - 6, r=5),
        h.text(f"{name} {value:.3f}", x=x + shift, y=_TOP - 2, text_anchor=side),
        class_=f"cf-marker {'cf-is-same' if value <= tau else 'cf-is-diff'}",
    )
