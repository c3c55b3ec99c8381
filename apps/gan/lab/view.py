"""The game in the plane as inline SVG: D's opinion, points of both kinds, arrows; the losses beside it. No torch."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

SIZE = 460  # units of the square sheet
_CURVE = 180  # units of the losses' height
_REAL = np.array([0, 114, 178])  # where D says real: blue
_FAKE = np.array([213, 94, 0])  # where D says fake: vermilion
_LONGEST = 0.16  # of the sheet's unit: an arrow of median pull is a third of this
_POINTS = 240  # of a loss curve


def svg(frame: Any) -> str:
    """``frame`` (``toy2d.Frame``) as HTML: the sheet, and both losses beside it, or below where there is no room."""
    field = f'<image href="{field_url(frame.field)}" width="{SIZE}" height="{SIZE}" preserveAspectRatio="none"/>'
    dots = "".join(f"M{x - 4:.1f} {y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0" for x, y in _places(frame.real))
    triangles = "".join(f"M{x} {y - 5:.1f}l4.6 8h-9.2z" for x, y in _places(frame.fake))
    points = f'<path class="real" d="{dots}"/><path class="fake" d="{triangles}"/>'  # one node each: cheap to redraw
    y = SIZE + 18
    marks = (
        f'<circle class="real" cx="8" cy="{y}" r="5"/><text x="18" y="{y + 5}">real</text>'
        f'<path class="fake" d="M68 {y - 6}l5 9h-10z"/><text x="80" y="{y + 5}">fake</text>'
        f'<path class="pull" d="M130 {y}h20l-5 -4m5 4l-5 4"/>'
        f'<text x="156" y="{y + 5}">where G’s loss pulls a fake</text>'
    )
    label = f"Round {frame.rounds}: {len(frame.real)} real and {len(frame.fake)} generated points on the sheet"
    return (
        f'<div class="lab-both"><svg class="lab" viewBox="0 0 {SIZE} {SIZE + 28}" role="img" aria-label="{label}">'
        f'<rect class="ground" width="{SIZE}" height="{SIZE}"/>{field}{arrows(frame.fake, frame.pull)}{points}'
        f'<rect class="frame" width="{SIZE}" height="{SIZE}"/>{marks}</svg>'
        f'<svg class="lab" viewBox="0 0 {SIZE} {_CURVE + 26}" role="img" aria-label="Losses of both players">'
        f"{curves(frame.losses_d, frame.losses_g)}</svg></div>"
    )


def field_url(field: np.ndarray[Any, np.dtype[np.float32]]) -> str:
    """D's opinion (F, F), 0..1, as a small PNG: blue where "real", vermilion where "fake", clear where unsure."""
    sure = np.clip(np.abs(field - 0.5) * 2, 0, 1)
    colour = np.where((field >= 0.5)[..., None], _REAL, _FAKE)
    pixels = np.concatenate((colour, (sure * 150)[..., None]), axis=2).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(buffer, format="PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def arrows(
    points: np.ndarray[Any, np.dtype[np.float32]], pull: np.ndarray[Any, np.dtype[np.float32]], *, most: int = 80
) -> str:
    """An arrow at each of the first ``most`` points (N, 2) along ``pull`` (N, 2); long pulls are cut."""
    length = np.linalg.norm(pull[:most], axis=1, keepdims=True)
    typical = float(np.median(length)) or 1.0
    shown = np.minimum(length / typical / 3, 1.0) * _LONGEST
    ends = points[:most] + pull[:most] / np.maximum(length, 1e-12) * shown
    lines = []
    for (x, y), (u, v) in zip(_places(points[:most]), _places(ends), strict=True):
        a, b = u - x, v - y
        norm = max((a * a + b * b) ** 0.5, 1e-6)
        a, b = a / norm * 4, b / norm * 4  # the head
        lines.append(f"M{x} {y}L{u} {v}l{-a - b:.1f} {-b + a:.1f}M{u} {v}l{-a + b:.1f} {-b - a:.1f}")
    return f'<path class="pull" d="{"".join(lines)}"/>'


def curves(losses_d: Sequence[float], losses_g: Sequence[float]) -> str:
    """Both losses over their updates, on one scale, with their last values in words."""
    series = {"d": _thin(losses_d), "g": _thin(losses_g)}
    every = np.concatenate([np.asarray(values) for values in series.values()]) if losses_d or losses_g else np.zeros(1)
    low, high = float(np.quantile(every, 0.01)), float(np.quantile(every, 0.99))
    span = max(high - low, 1e-6)
    parts = [f'<rect class="frame" width="{SIZE}" height="{_CURVE}"/>']
    for name, values in series.items():
        if len(values) > 1:
            x = np.linspace(0, SIZE, len(values))
            y = _CURVE - 4 - (np.clip(values, low, high) - low) / span * (_CURVE - 8)
            points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
            parts.append(f'<polyline class="{name}" points="{points}"/>')
    last = [f"{who}’s loss {values[-1]:.2f}" for who, values in (("D", losses_d), ("G", losses_g)) if values]
    told = " (solid) · ".join(last) + (" (dashed)" if len(last) == 2 else "")
    parts.append(f'<text x="2" y="{_CURVE + 18}">{told or "no update yet"}</text>')
    return "".join(parts)


def _thin(values: Sequence[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """At most ``_POINTS`` values, each the mean of its stretch."""
    array = np.asarray(values, dtype=float)
    if len(array) <= _POINTS:
        return array
    return np.array([part.mean() for part in np.array_split(array, _POINTS)])


def _places(points: np.ndarray[Any, np.dtype[np.float32]]) -> list[tuple[float, float]]:
    """Points of the sheet in SVG units, kept near the frame."""
    at = (np.clip(points, -1.04, 1.04) * (1, -1) + 1) / 2 * SIZE
    return [(round(float(x), 1), round(float(y), 1)) for x, y in at]
