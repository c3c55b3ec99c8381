"""GAN Lab's picture: the sheet with D's opinion, points of both kinds and arrows; next to it the losses. No torch."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from apps.charts import Frame as Margins
from apps.charts import lines
from apps.markup import Markup, h, message, svg, url_of

if TYPE_CHECKING:
    from apps.gan.lab.game import Frame

SIZE = 460  # units of the square sheet
_LEGEND = 28  # units below it
_LOSSES = Margins(width=SIZE, height=206, left=44, right=92)
_POINTS = 180  # of a loss curve
_OUTLIERS = 0.01  # share of the losses at each end that may leave the chart, so that one spike does not flatten it
_REAL = np.array([0, 114, 178])  # blue
_FAKE = np.array([213, 94, 0])  # vermilion
_OPAQUE = 150  # of 255: how strongly the ground is coloured where D is certain
_LONGEST = 0.16  # of the sheet's unit; an arrow of the median pull is a third of this
_ARROWS = 80  # points with an arrow: more would hide the points
_HEAD = 4  # units of an arrow's head
_DIVERGED = (
    "The game has diverged: after round {} a loss or a weight is no longer a finite number, so nothing can be learnt "
    "from here on. Lower both learning rates (0.003 is a good start) or the updates of D per update of G, then press "
    "New game."
)
Array = np.ndarray[Any, np.dtype[np.float32]]


def picture(frame: Frame, *, paused: bool = False) -> Markup:
    """``frame`` as HTML: the sheet, and both losses next to it, or below if there is no room."""
    warning = message(_DIVERGED.format(frame.rounds), "warn") if frame.diverged else None
    begun = frame.updates_d or frame.updates_g  # before, there is nothing to draw
    curves = losses(frame.losses_d, frame.losses_g) if begun else None
    return h.div(warning, h.div(_sheet(frame, paused), curves, class_="lab-both"))


def _sheet(frame: Frame, paused: bool) -> Markup:
    dots = "".join(f"M{x - 4:.1f} {y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0" for x, y in _places(frame.real))
    drawn = [h.path(class_="real", d=dots)]  # one node for all points: cheap to redraw
    if not frame.diverged:
        triangles = "".join(f"M{x} {y - 5:.1f}l4.6 8h-9.2z" for x, y in _places(frame.fake))
        field = h.image(href=field_url(frame.field), width=SIZE, height=SIZE, preserveAspectRatio="none")
        arrows = h.path(class_="pull", d=arrow_path(frame.fake, frame.pull))
        drawn = [field, arrows, *drawn, h.path(class_="fake", d=triangles)]
    state = "diverged" if frame.diverged else "paused" if paused else ""
    return svg(
        h.rect(class_="ground", width=SIZE, height=SIZE),
        drawn,
        h.rect(class_="frame", width=SIZE, height=SIZE),
        _legend(SIZE + 18),
        size=(SIZE, SIZE + _LEGEND),
        label=f"Round {frame.rounds}{f', {state}' if state else ''}: "
        f"{len(frame.real)} real and {len(frame.fake)} generated points on the sheet",
        class_="lab",
    )


def _legend(y: float) -> tuple[Markup, ...]:
    return (
        h.circle(class_="real", cx=8, cy=y, r=5),
        h.text("real", x=18, y=y + 5),
        h.path(class_="fake", d=f"M68 {y - 6}l5 9h-10z"),
        h.text("fake", x=80, y=y + 5),
        h.path(class_="pull", d=f"M130 {y}h20l-5 -4m5 4l-5 4"),
        h.text("where G’s loss pulls a fake", x=156, y=y + 5),
    )


def field_url(field: Array) -> str:
    """D's opinion (F, F), 0..1, as a small PNG: blue where "real", vermilion where "fake", clear where uncertain."""
    certain = np.clip(np.abs(field - 0.5) * 2, 0, 1)
    colour = np.where((field >= 0.5)[..., None], _REAL, _FAKE)
    pixels = np.concatenate((colour, (certain * _OPAQUE)[..., None]), axis=2).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(buffer, format="PNG", compress_level=1)
    return url_of(buffer.getvalue(), "image/png")


def arrow_path(points: Array, pull: Array) -> str:
    """Arrows, as the ``d`` of a path, from the first points (N, 2) along ``pull`` (N, 2); long ones are shortened."""
    points, pull = points[:_ARROWS], pull[:_ARROWS]
    length = np.linalg.norm(pull, axis=1, keepdims=True)
    typical = float(np.median(length)) or 1.0
    shown = np.minimum(length / typical / 3, 1.0) * _LONGEST
    ends = points + pull / np.maximum(length, 1e-12) * shown
    arrows = []
    for (x, y), (end_x, end_y) in zip(_places(points), _places(ends), strict=True):
        across, down = end_x - x, end_y - y
        norm = max((across * across + down * down) ** 0.5, 1e-6)
        a, b = across / norm * _HEAD, down / norm * _HEAD
        arrows.append(f"M{x} {y}L{end_x} {end_y}l{-a - b:.1f} {-b + a:.1f}M{end_x} {end_y}l{-a + b:.1f} {-b - a:.1f}")
    return "".join(arrows)


def losses(losses_d: Sequence[float], losses_g: Sequence[float]) -> Markup:
    """Both losses over the course of the game, from its first update on the left to its latest on the right."""
    series = {f"{who}’s loss": thinned_means(values) for who, values in (("D", losses_d), ("G", losses_g))}
    every = np.concatenate(list(series.values()))
    finite = every[np.isfinite(every)]
    if len(finite):
        low, high = np.quantile(finite, (_OUTLIERS, 1 - _OUTLIERS))
        series = {name: np.clip(values, low, high) for name, values in series.items()}
    updates = max(len(losses_d), len(losses_g), 1)
    return lines(
        {name: values.tolist() for name, values in series.items()},
        x=np.linspace(1, updates, _POINTS).tolist(),
        title="Losses of both players, from the first update to the latest",
        low=None,
        frame=_LOSSES,
    )


def thinned_means(values: Sequence[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """``_POINTS`` values for a curve over the same width: means of stretches, or values repeated; empty stays empty."""
    array: np.ndarray[Any, np.dtype[np.float64]] = np.asarray(values, dtype=float)
    if not len(array):
        return array
    edges = np.linspace(0, len(array), _POINTS + 1)
    return np.array([array[int(low) : max(int(low) + 1, int(high))].mean() for low, high in pairwise(edges)])


def _places(points: Array) -> list[tuple[float, float]]:
    """Points of the sheet in SVG units, kept near the frame."""
    at = (np.clip(points, -1.04, 1.04) * (1, -1) + 1) / 2 * SIZE
    return [(round(float(x), 1), round(float(y), 1)) for x, y in at]
