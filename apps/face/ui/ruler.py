"""The distance ruler: one pair's distance on the axis of everybody else's, as SVG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import escape
from numpy.typing import NDArray

from apps.face.decision.matching import Calibration, Uncalibrated

_BINS = 44  # of the histograms
_WIDTH, _HEIGHT = 640, 106  # of the drawing
_BASE, _TOP = _HEIGHT - 18, 24  # the axis, and the top of the tallest bar
_LEGEND = (
    '<p class="cf-legend"><span class="cf-t-same">▇ measured pairs of one person</span> '
    '<span class="cf-t-diff">▇ of different people</span> <span>axis: plain distance ‖f(x₁) − f(x₂)‖</span></p>'
)
_UNMEASURED = (
    '<p class="cf-legend">axis: plain distance ‖f(x₁) − f(x₂)‖; nobody else\'s distances were measured with this '
    "encoder</p>"
)


def densities(known: Calibration, bins: int = _BINS) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Shares of same and of different pairs per bin of distance, and the axis' end: from the measured error curves."""
    beyond = np.flatnonzero(known.far >= 0.999)
    end = float(known.thresholds[beyond[0]] if len(beyond) else known.thresholds[-1])
    edges = np.linspace(0, end, bins + 1)
    same = np.diff(1 - np.interp(edges, known.thresholds, known.frr, left=1.0))
    different = np.diff(np.interp(edges, known.thresholds, known.far, left=0.0))
    return np.maximum(same, 0), np.maximum(different, 0), end


def ruler(known: Calibration | Uncalibrated, tau: float, distances: Sequence[tuple[str, float]] = ()) -> str:
    """Distances on the axis of everybody else's: histograms of measured pairs, tau, and a needle per distance."""
    end = max(reach(known), tau * 1.05, *(value * 1.05 for _, value in distances)) or 1.0
    shapes = [
        "" if isinstance(known, Uncalibrated) else _histograms(known, end),
        f'<path class="cf-axis" d="M0 {_BASE}H{_WIDTH}"/>',
        *(_tick(value / end, f"{value:.1f}") for value in np.arange(0, end, 0.2)),
        _threshold(tau, end),
        *(_needle(name, value, tau, end) for name, value in distances),
    ]
    told = "; ".join(f"{name} {value:.3f}" for name, value in distances)
    words = f"{f'Distance {told}; ' if told else ''}threshold {tau:.3f}"
    return (
        f'<svg class="cf-ruler" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(words)}">'
        f"{''.join(shapes)}</svg>{_UNMEASURED if isinstance(known, Uncalibrated) else _LEGEND}"
    )


def reach(known: Calibration | Uncalibrated) -> float:
    """Where the axis ends: where nearly all measured pairs of two people are, or where unit vectors can be at all."""
    return 2.0 if isinstance(known, Uncalibrated) else densities(known)[2]


def _histograms(known: Calibration, end: float) -> str:
    same, different, measured = densities(known)
    scale = (_BASE - _TOP) / max(same.max(), different.max(), 1e-9)
    return "".join(
        _bars(kind, shares, measured / end, scale) for kind, shares in (("cf-h-same", same), ("cf-h-diff", different))
    )


def _at(share: float) -> float:
    return min(max(share, 0.0), 1.0) * _WIDTH


def _bars(kind: str, shares: NDArray[np.float64], span: float, scale: float) -> str:
    wide = _at(span / _BINS)
    return "".join(
        f'<rect class="{kind}" x="{i * wide:.1f}" y="{_BASE - share * scale:.1f}" width="{wide - 0.6:.1f}" '
        f'height="{share * scale:.1f}"/>'
        for i, share in enumerate(shares)
        if share > 0
    )


def _tick(share: float, text: str) -> str:
    anchor = "start" if share == 0 else "middle"
    return f'<text class="cf-t" x="{_at(share):.1f}" y="{_HEIGHT - 4}" text-anchor="{anchor}">{text}</text>'


def _threshold(tau: float, end: float) -> str:
    x = _at(tau / end)
    side, shift = ("end", -5) if x > _WIDTH * 0.85 else ("start", 5)
    return (
        f'<g class="cf-tau"><path d="M{x:.1f} {_TOP - 18}V{_BASE + 4}"/>'
        f'<text x="{x + shift:.1f}" y="{_TOP - 11}" text-anchor="{side}">τ = {tau:.3f}</text></g>'
    )


def _needle(name: str, value: float, tau: float, end: float) -> str:
    x = _at(value / end)
    side, shift = ("start", 9) if x < _WIDTH * 0.8 else ("end", -9)
    kind = "cf-is-same" if value <= tau else "cf-is-diff"
    return (
        f'<g class="cf-needle {kind}"><path d="M{x:.1f} {_BASE}V{_TOP - 6}"/><circle cx="{x:.1f}" cy="{_TOP - 6}" '
        f'r="5"/><text x="{x + shift:.1f}" y="{_TOP - 2}" text-anchor="{side}">{escape(name)} {value:.3f}</text></g>'
    )
