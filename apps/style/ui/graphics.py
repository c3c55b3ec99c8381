"""What the tab draws, as HTML and SVG strings: live picture, cost curves, style matrices, tables.

Curves are drawn here and not by ``shared.plots`` because they are redrawn three times a second: an SVG of some
kilobytes swaps without a flicker. Colours are CSS variables of the page, so that dark mode works; every line also has
its own dash and its name at its end.
"""

from __future__ import annotations

import base64
import html
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from shared.images import png_bytes
from shared.progress import duration, thinned

if TYPE_CHECKING:
    from torch import Tensor

    from apps.style.descent.objective import Costs
    from apps.style.run.transfer import Result, Step

_WIDTH, _HEIGHT = 430, 220  # of the SVG's own units
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 108, 12, 28
_COLOURS = ("--ch-ink", "--ch-blue", "--ch-orange", "--ch-green", "--ch-red", "--ch-pink", "--ch-sky", "--ch-grey")
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "5 5", "1 3", "12 4", "3 6")
_POINTS = 240  # of a curve
_LOWEST = 1e-7  # of the largest value: what a logarithmic axis shows at most
_CHANNELS = 28  # rows of a style matrix that are drawn
_CELL = 4  # pixels


def jpeg_url(data: bytes) -> str:
    """A JPEG's bytes as a ``data:`` URL."""
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}"


def live(data: bytes, step: Step) -> str:
    """The picture as it is now, with a bar and the time that is left."""
    height, width = step.costs[-1].size if step.costs else (0, 0)
    left = "" if step.left_s is None or step.finished else f", about {duration(step.left_s)} left"
    text = f"Iteration {step.done} of {step.total} at {width} × {height} pixels, {duration(step.elapsed_s)}{left}"
    return framed(jpeg_url(data), text, step.done / max(1, step.total))


def framed(url: str, text: str, share: float) -> str:
    """A picture over a progress bar and a line of text."""
    return (
        f'<figure class="cs-live"><img src="{url}" alt="The generated picture G">'
        f'<div class="cs-bar" role="progressbar" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{100 * share:.0f}">'
        f'<span style="width:{100 * share:.1f}%"></span></div><figcaption>{html.escape(text)}</figcaption></figure>'
    )


def cost_curves(costs: Sequence[Costs], weights: Mapping[str, float], *, log: bool) -> str:
    """Two charts: J with its two parts, and lambda' J_style[l] of every layer.

    ``weights``: alpha, beta, and lambda' by layer, as ``Result`` has them.
    """
    shown = thinned(list(costs), _POINTS)
    if not shown:
        return '<p class="cs-note">The curves appear with the first iterations.</p>'
    x = [float(cost.iteration) for cost in shown]
    alpha, beta = weights["alpha"], weights["beta"]
    main = {
        "J": [cost.J for cost in shown],
        "α J content": [alpha * cost.content for cost in shown],
        "β J style": [beta * cost.style for cost in shown],
    }
    layers = {name: [cost.layers[name] for cost in shown] for name in shown[-1].layers}
    borders = [float(b.iteration) for a, b in itertools.pairwise(shown) if a.size != b.size]
    charts = chart(main, x, log=log, title="J(G) = α J content + β J style", marks=borders)
    if layers:
        charts += chart(layers, x, log=log, title="J style[l], layer by layer", marks=borders)
    note = " Dashed uprights: the picture grows." if borders else ""
    return f'<div class="cs-charts">{charts}</div><p class="cs-note">Iterations from left to right.{note}</p>'


def chart(
    series: Mapping[str, Sequence[float]], x: Sequence[float], *, log: bool, title: str, marks: Sequence[float] = ()
) -> str:
    """Lines over ``x`` as one SVG; values that a logarithmic axis cannot show leave a gap."""
    top = max((v for values in series.values() for v in values if math.isfinite(v)), default=1.0) or 1.0
    positive = [v for values in series.values() for v in values if v > top * _LOWEST]
    low, high = (math.log10(min(positive, default=top)), math.log10(top)) if log else (0.0, top)
    if high <= low:
        low, high = low - 0.5, high + 0.5
    inner_w, inner_h = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def px(value: float) -> float:
        return _LEFT + inner_w * (value - x[0]) / max(1e-9, x[-1] - x[0])

    def py(value: float) -> float:
        return _TOP + inner_h * (high - value) / (high - low)

    parts = [_axis(low, high, log, py)]
    parts += [
        f'<line x1="{px(mark):.1f}" x2="{px(mark):.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}" class="cs-mark"/>'
        for mark in marks
    ]
    ends: list[float] = []
    for index, (name, values) in enumerate(series.items()):
        colour, dash = _COLOURS[index % len(_COLOURS)], _DASHES[index % len(_DASHES)]
        points = [
            (px(a), py(math.log10(v) if log else v))
            for a, v in zip(x, values, strict=True)
            if math.isfinite(v) and (not log or v > top * _LOWEST)
        ]
        if not points:
            continue
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        parts.append(f'<polyline points="{path}" style="stroke:var({colour})" stroke-dasharray="{dash}"/>')
        y = _free(points[-1][1] + 4, ends)
        parts.append(
            f'<text x="{_WIDTH - _RIGHT + 6}" y="{y:.1f}" style="fill:var({colour})">{html.escape(name)} '
            f"{short(values[-1])}</text>"
        )
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 8}">{x[0]:.0f}</text>')
    parts.append(f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 8}" text-anchor="end">{x[-1]:.0f}</text>')
    label = html.escape(title)
    return (
        f'<figure class="cs-chart"><figcaption>{label}</figcaption><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{label}">{"".join(parts)}</svg></figure>'
    )


def _axis(low: float, high: float, log: bool, py: Callable[[float], float]) -> str:
    lines = []
    if log:
        step = max(1, math.ceil((high - low) / 5))
        ticks = [float(t) for t in range(math.ceil(low), math.floor(high) + 1, step)] or [low, high]
    else:
        ticks = [low + (high - low) * k / 4 for k in range(5)]
    for tick in ticks:
        y = py(tick)
        value = 10**tick if log else tick
        lines.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="cs-grid"/>')
        lines.append(f'<text x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{short(value)}</text>')
    return "".join(lines)


def _free(y: float, taken: list[float]) -> float:
    """``y`` moved away from the labels that are there."""
    y = min(_HEIGHT - _BOTTOM, max(_TOP + 8, y))
    for shift in (0, 13, -13, 26, -26, 39, -39, 52, -52, 65):
        if all(abs(y + shift - other) >= 12 for other in taken) and _TOP <= y + shift <= _HEIGHT - 2:
            y += shift
            break
    taken.append(y)
    return y


def short(value: float) -> str:
    """A cost for people: three digits and a power of ten."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "∞"
    if 100 <= abs(value) < 10_000:
        return f"{value:.0f}"
    if 0.01 <= abs(value) < 100:
        return f"{value:.3g}"
    mantissa, _, power = f"{value:.1e}".partition("e")
    return f"{mantissa}e{int(power)}"


def gram_table(grams: Mapping[str, Mapping[str, Tensor]]) -> str:
    """The style matrices of C, S and G side by side, layer by layer, for the channels that S uses most."""
    rows = []
    for name, style in grams.get("S", {}).items():
        matrices = {
            who: grams[who][name].float().cpu().numpy() for who in ("C", "S", "G") if name in grams.get(who, {})
        }
        order = np.argsort(np.diag(matrices["S"]))[::-1][:_CHANNELS]
        scale = float(np.sqrt(np.abs(matrices["S"][np.ix_(order, order)]).max())) or 1.0
        size = float(np.square(matrices["S"]).sum()) or 1.0
        cells = [f'<th scope="row">{name}<small>{style.shape[0]} × {style.shape[0]}</small></th>']
        for who in ("C", "S", "G"):
            if who not in matrices:
                cells.append("<td></td>")
                continue
            off = math.sqrt(float(np.square(matrices[who] - matrices["S"]).sum()) / size)
            picture = _matrix_url(matrices[who][np.ix_(order, order)], scale)
            words = "the target" if who == "S" else f"{off:.0%} away"
            cells.append(f'<td><img src="{picture}" alt="style matrix of {who}, {name}"><small>{words}</small></td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    if not rows:
        return '<p class="cs-note">The style matrices appear here as soon as a picture is being painted.</p>'
    head = "<tr><th></th><th>C, content</th><th>S, style</th><th>G, generated</th></tr>"
    return (
        f'<table class="cs-grams">{head}{"".join(rows)}</table><p class="cs-note">Entry (k, k′) sums a<sub>k</sub> '
        f"a<sub>k′</sub> over all positions: how often two channels fire together. Shown are the {_CHANNELS} channels "
        "that S uses most, strongest first; brightness is the square root. “Away” is ‖G(·) − G(S)‖ / ‖G(S)‖.</p>"
    )


def _matrix_url(matrix: np.ndarray, scale: float) -> str:
    level = np.clip(np.sqrt(np.abs(matrix)) / scale, 0, 1)
    colours = np.array([[10, 20, 45], [24, 84, 130], [62, 160, 150], [240, 200, 90], [255, 248, 225]], dtype=float)
    stops = np.linspace(0, 1, len(colours))
    rgb = np.stack([np.interp(level, stops, colours[:, channel]) for channel in range(3)], axis=-1).astype(np.uint8)
    big = Image.fromarray(rgb).resize((rgb.shape[1] * _CELL, rgb.shape[0] * _CELL), Image.Resampling.NEAREST)
    return f"data:image/png;base64,{base64.b64encode(png_bytes(big)).decode('ascii')}"


def cost_table(result: Result) -> str:
    """First and last exact costs with their weights: how J is put together."""
    first, last = result.first, result.last
    rows = [("J content", result.alpha, "α", first.content, last.content)]
    rows += [
        (f"J style[{name}]", result.beta * weight, "β λ′", first.layers[name], last.layers[name])
        for name, weight in result.lambdas.items()
    ]
    body = "".join(
        f'<tr><th scope="row">{label}</th><td>{short(a)}</td><td>{short(b)}</td><td>{symbol} = {short(weight)}</td>'
        f"<td>{short(weight * a)}</td><td>{short(weight * b)}</td></tr>"
        for label, weight, symbol, a, b in rows
    )
    return (
        '<table class="cs-costs"><tr><th></th><th>start</th><th>now</th><th>times</th><th>in J, start</th>'
        f"<th>in J, now</th></tr>{body}<tr class='cs-sum'><th scope='row'>J</th><td></td><td></td><td></td>"
        f"<td>{short(first.J)}</td><td>{short(last.J)}</td></tr></table>"
    )
