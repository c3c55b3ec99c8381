"""What only this tab draws: the live picture, the costs as curves and as a table, the style matrices."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from apps.charts import lines, short
from apps.markup import Markup, Row, cell, figure, h, joined, note, progress_bar, prose, table, url_of
from apps.style.run.worth import reached_after
from shared.images import data_url, jpeg_bytes
from shared.progress import duration

if TYPE_CHECKING:
    from apps.style.descent.costs import Costs
    from apps.style.run.transfer import Grams, Result, Step

_CHANNELS = 28  # rows of a style matrix that are drawn
_CELL = 4  # pixels
_PICTURES = {"C": "C, content", "S": "S, style", "G": "G, generated"}


def jpeg_url(data: bytes) -> str:
    """A JPEG's bytes as a ``data:`` URL."""
    return url_of(data, "image/jpeg")


def empty(text: str) -> Markup:
    """A frame that stands where a picture will be."""
    return h.div(text, class_="cs-empty")


def live(data: bytes, step: Step, *, others: int = 0) -> Markup:
    """The picture as it is now, with a bar, the time that is left, and how many others share the machine."""
    height, width = step.costs[-1].size if step.costs else (0, 0)
    left = "" if step.left_s is None or step.finished else f", about {duration(step.left_s)} left"
    text = f"Iteration {step.done} of {step.total} at {width} × {height} pixels, {duration(step.elapsed_s)}{left}"
    if others > 0 and not step.finished:
        text += f", taking turns with {others} other{'s' if others > 1 else ''}"
    return framed(jpeg_url(data), text, step.done / max(1, step.total))


def framed(url: str, text: str, share: float) -> Markup:
    """A picture over a progress bar and a line of text."""
    return figure((h.img(src=url, alt="The generated picture G"), progress_bar(share)), text, class_="cs-live")


def instant(picture: Image.Image, text: str) -> Markup:
    """The picture in one pass, while the optimizer is on its way."""
    return figure(h.img(src=jpeg_url(jpeg_bytes(picture)), alt="The picture in one pass"), text, class_="cs-live")


def cost_curves(
    costs: Sequence[Costs], weights: Mapping[str, float], *, log: bool, one_pass: Costs | None = None
) -> Markup:
    """Two charts: J with its two parts, and J_style[l] of every layer.

    Args:
        costs: of the iterations so far.
        weights: alpha and beta, as ``Result`` has them.
        log: a logarithmic axis.
        one_pass: what the picture in one pass costs, at the run's last size.
    """
    if not costs:
        return note("The curves appear with the first iterations.")
    x = [float(cost.iteration) for cost in costs]
    parts = {
        "J": [cost.J for cost in costs],
        "α J content": [weights["alpha"] * cost.content for cost in costs],
        "β J style": [weights["beta"] * cost.style for cost in costs],
    }
    if one_pass is not None:
        parts["one pass"] = [one_pass.J if cost.size == one_pass.size else math.nan for cost in costs]
    layers = {name: [cost.layers[name] for cost in costs] for name in costs[-1].layers}
    larger = [float(after.iteration) for before, after in itertools.pairwise(costs) if before.size != after.size]
    charts = [lines(parts, x, log=log, title="J(G) = α J content + β J style", marks=larger)]
    if layers:
        charts.append(lines(layers, x, log=log, title="J style[l], layer by layer", marks=larger))
    grows = " Dashed vertical lines: the picture is enlarged." if larger else ""
    words = note("Iterations from left to right.", grows)
    return joined((h.div(charts, class_="cs-charts"), words, _worth(costs, one_pass)))


def _worth(costs: Sequence[Costs], one_pass: Costs | None) -> Markup | None:
    """What the picture in one pass costs, and when the run has come down to it."""
    if one_pass is None:
        return None
    reached = reached_after(costs, one_pass)
    if reached is None:
        where = "this run has not come down to that yet."
    elif reached == 0:
        where = "this run starts there."
    else:
        where = f"this run has come down to that after {reached} iterations."
    return note(f"“one pass”: J of the picture in one pass is {short(one_pass.J)}; {where}")


def gram_table(grams: Grams) -> Markup:
    """The style matrices of C, S and G side by side, layer by layer, for the channels that are strongest in S."""
    if not grams.get("S"):
        return note("The style matrices appear here as soon as a picture is being painted.")
    rows = []
    for layer in grams["S"]:
        found = {who: grams[who][layer] for who in _PICTURES if layer in grams.get(who, {})}
        rows.append(_gram_row(layer, found))
    words = prose(
        "Entry (k, k′) sums a<sub>k</sub> a<sub>k′</sub> over all positions: how often two channels fire together. "
        "Shown are the {} channels that are strongest in S, in that order; brightness is the square root. “Away” is "
        "‖G(·) − G(S)‖ / ‖G(S)‖.",
        _CHANNELS,
    )
    return joined((table(["", *_PICTURES.values()], rows, class_="cs-grams", stacks=False), note(words)))


def _gram_row(layer: str, matrices: Mapping[str, np.ndarray]) -> list[Markup]:
    target = matrices["S"]
    order = np.argsort(np.diag(target))[::-1][:_CHANNELS]
    brightest = float(np.sqrt(np.abs(target[np.ix_(order, order)]).max())) or 1.0
    norm = float(np.square(target).sum()) or 1.0
    cells = [cell(layer, h.small(f"{len(target)} × {len(target)}"), head=True)]
    for who in _PICTURES:
        if who not in matrices:
            cells.append(cell())
            continue
        away = math.sqrt(float(np.square(matrices[who] - target).sum()) / norm)
        picture = _matrix_picture(matrices[who][np.ix_(order, order)], brightest)
        words = "the target" if who == "S" else f"{away:.0%} away"
        image = h.img(src=data_url(picture, lossless=True), alt=f"style matrix of {who}, {layer}")
        cells.append(cell(image, h.small(words)))
    return cells


def _matrix_picture(matrix: np.ndarray, brightest: float) -> Image.Image:
    level = np.clip(np.sqrt(np.abs(matrix)) / brightest, 0, 1)
    colours = np.array([[10, 20, 45], [24, 84, 130], [62, 160, 150], [240, 200, 90], [255, 248, 225]], dtype=float)
    stops = np.linspace(0, 1, len(colours))
    rgb = np.stack([np.interp(level, stops, colours[:, channel]) for channel in range(3)], axis=-1).astype(np.uint8)
    size = (rgb.shape[1] * _CELL, rgb.shape[0] * _CELL)
    return Image.fromarray(rgb).resize(size, Image.Resampling.NEAREST)


def cost_table(result: Result) -> Markup:
    """First and last exact costs with their weights: how J is put together."""
    first, last = result.first, result.last
    parts = [("J content", "α", result.alpha, first.content, last.content)]
    parts += [
        (f"J style[{name}]", "β λ′", result.beta * weight, first.layers[name], last.layers[name])
        for name, weight in result.lambdas.items()
    ]
    rows = [
        (name, short(a), short(b), f"{symbol} = {short(weight)}", short(weight * a), short(weight * b))
        for name, symbol, weight, a, b in parts
    ]
    total = "J", "", "", "", short(first.J), short(last.J)
    return table(
        ["", "start", "now", "times", "in J, start", "in J, now"],
        [*rows, Row(total, "cs-sum")],
        class_="cs-costs",
    )
