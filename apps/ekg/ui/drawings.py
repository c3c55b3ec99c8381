"""Drawings of the EKG tab as markup in the page's own colours; no gradio, no torch.

Every colour is a CSS variable of the hub, so the drawings follow light and dark; every meaning that a colour has is
also written.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from apps.charts import numbers, points
from apps.ekg.aami import CLASSES, LETTERS
from apps.markup import Content, Markup, details, h, joined, prose, svg
from shared.images import data_url

if TYPE_CHECKING:
    from apps.ekg.answers.classify import Classified
    from apps.ekg.answers.explain import Explained, LayerView
    from apps.ekg.answers.rhythm import Rhythm

DISCLAIMER = prose(
    '<b class="ekg-not">Not a medical device.</b> For teaching only: never use it to judge anybody\'s heart.'
)
_MEANINGS = {
    "Heart rate": "over all intervals",
    "Slowest – fastest": "beats per minute over eight intervals in a row",
    "SDNN · RMSSD": "spread of the intervals between normal beats, and of their differences from one to the next",
    "Longest interval": "between two beats",
    "Pauses over 2 s": "longer intervals in which the line is quiet; where it is not, the interval could not be read",
    "Couplets S · V": "exactly two ectopic beats in a row",
    "Runs of 3+ S · V": "three and more ectopic beats in a row",
    "Longest run S · V": "beats",
    "Bi- · trigeminy": "stretches in which every second, every third beat is ventricular",
}
SHORT_NAMES = dict(
    zip(LETTERS, ("normal", "supraventricular", "ventricular", "fusion", "not classifiable"), strict=True)
)
_W, _H = 640, 200  # of a drawing, in its own units
_MS = 8.0  # per sample
_NIGHT, _BRIGHT = np.array([10.0, 16, 40]), np.array([120.0, 255, 205])  # RGB of no activation and of the largest


def colours_css() -> str:
    """The classes' colours as the variables ``--ekg-N`` ... of the style sheet, for light and for dark."""
    light = "".join(f"--ekg-{item.letter}:{item.colour};" for item in CLASSES)
    night = "".join(f"--ekg-{item.letter}:{item.colour_dark};" for item in CLASSES)
    return f":root{{{light}}} .dark{{{night}}}"


def summary_html(found: Classified, rhythm: Rhythm, title: str) -> Markup:
    """Rate, counts and rhythm of a classified recording, and its warnings."""
    unread = h.small(f"{rhythm.unreadable} unreadable") if rhythm.unreadable else None
    cells: dict[str, Content] = {
        "Heart rate": f"{_number(rhythm.mean_bpm)} / min",
        "Slowest – fastest": f"{_number(rhythm.slowest_bpm)} – {_number(rhythm.fastest_bpm)}",
        "SDNN · RMSSD": f"{_number(rhythm.sdnn_ms)} · {_number(rhythm.rmssd_ms)} ms",
        "Longest interval": f"{_number(rhythm.longest_pause_s, 2)} s",
        "Pauses over 2 s": (rhythm.pauses, " ", unread),
        "Couplets S · V": f"{rhythm.couplets['S']} · {rhythm.couplets['V']}",
        "Runs of 3+ S · V": f"{rhythm.runs['S']} · {rhythm.runs['V']}",
        "Longest run S · V": f"{rhythm.longest_run['S']} · {rhythm.longest_run['V']}",
        "Bi- · trigeminy": f"{rhythm.bigeminy} · {rhythm.trigeminy}",
    }
    words = [f"lead {found.prepared.lead}", _clock(rhythm.duration_s), f"{rhythm.n_beats:,} beats"]
    if found.annotated is not None:
        same = int(np.sum(found.annotated == found.classes))
        words.append(f"as annotated: {same:,} ({same / len(found.classes):.1%})")
    return h.div(
        h.p(h.b(title), f" {' · '.join(words)}", class_="ekg-title"),
        h.div((_class_chip(item.letter, item.name, rhythm) for item in CLASSES), class_="ekg-chips"),
        h.dl(h.div(h.dt(name), h.dd(value), title=_MEANINGS[name]) for name, value in cells.items()),
        h.ul((h.li(warning) for warning in found.warnings), class_="ekg-notes") if found.warnings else None,
        class_="ekg-summary",
    )


def _class_chip(letter: str, name: str, rhythm: Rhythm) -> Markup:
    count, share = h.b(f"{rhythm.counts[letter]:,}"), h.small(f"{rhythm.burden[letter]:.1%}")
    words = joined((h.b(letter), SHORT_NAMES[letter], count, share), " ")
    return h.span(words, class_="ekg-chip", style=f"border-color:var(--ekg-{letter})", title=name)


def bars_html(rows: Iterable[tuple[str, Sequence[float]]]) -> Markup:
    """Probabilities of N S V F (Q) as bars with their numbers; one group per row."""

    def bar(letter: str, value: float) -> Markup:
        length = h.i(style=f"width:{100 * value:.1f}%;background:var(--ekg-{letter})")
        return h.div(h.span(letter), length, h.em(f"{value:.3f}"), class_="ekg-bar-row")

    groups = (
        h.div(
            h.h4(title),
            (bar(item.letter, value) for item, value in zip(CLASSES, values, strict=False)),
            class_="ekg-bars",
        )
        for title, values in rows
    )
    return h.div(groups, class_="ekg-bar-groups")


def beat_svg(found: Explained) -> Markup:
    """The beat over its patient's reference, shaded where the answer depends on the signal."""
    low = float(min(found.signal.min(), found.reference.min())) - 0.1
    high = float(max(found.signal.max(), found.reference.max())) + 0.1
    step = _W / (len(found.signal) - 1)
    shade = (
        h.rect(x=n * step - step / 2, y=0, width=step + 0.4, height=_H, fill="var(--ch-orange)", opacity=0.75 * value)
        for n, value in enumerate(found.saliency.tolist())
        if value > 0.03
    )
    ticks = (
        h.text(f"{ms:+d} ms", x=(56 + ms / _MS) * step, y=_H - 4, class_="ekg-tick") for ms in (-400, -200, 0, 200, 400)
    )
    summary = "The beat (solid), the patient's reference beat (dashed), shaded where the answer depends on the signal"
    drawing = _svg(
        (
            shade,
            _line(found.reference, low, high, "var(--ch-muted)", 1.2, dash="4 3"),
            _line(found.signal, low, high, "var(--ch-ink)", 2),
            ticks,
        ),
        summary,
    )
    rows = (
        (f"{(n - 56) * _MS:+.0f}", f"{own:.2f}", f"{usual:.2f}", f"{weight:.2f}")
        for n, (own, usual, weight) in enumerate(zip(found.signal, found.reference, found.saliency, strict=True))
    )
    return h.div(drawing, numbers(("ms", "beat", "reference", "matters"), rows, summary))


def slide_svg(signal: npt.NDArray[Any], sums: npt.NDArray[Any], taps: npt.NDArray[Any], position: int) -> Markup:
    """The first layer's filter at one position over the beat, and the sums of all positions below."""
    low, high = float(signal.min()) - 0.1, float(signal.max()) + 0.1
    step = _W / (len(signal) - 1)
    first = position * 2 - len(taps) // 2
    box = h.rect(x=first * step, y=2, width=(len(taps) - 1) * step, height=_H - 4, class_="ekg-box")
    scale = float(np.abs(taps).max()) or 1.0
    stems = (
        h.line(
            x1=(first + n) * step,
            x2=(first + n) * step,
            y1=_H / 2,
            y2=_H / 2 - 70 * value / scale,
            stroke=f"var(--ch-{'blue' if value >= 0 else 'red'})",
            stroke_width=3,
        )
        for n, value in enumerate(taps.tolist())
    )
    upper = _svg((box, _line(signal, low, high, "var(--ch-ink)", 2), stems), "The filter's weights over the beat")
    span = max(float(np.abs(sums).max()), 1e-6) * 1.1
    height = _H / 2 - _H / 2 * float(sums[position]) / span
    dot = h.circle(cx=position * _W / (len(sums) - 1), cy=height, r=5, fill="var(--ch-orange)")
    zero = h.line(x1=0, x2=_W, y1=_H / 2, y2=_H / 2, stroke="var(--ch-line)")
    lower = _svg((zero, _line(sums, -span, span, "var(--ch-blue)", 2), dot), "The sum at every position")
    words = caption(f"Sum at this position: {float(sums[position]):+.3f}")
    summary = f"The sum at {len(sums)} positions, from {float(sums.min()):+.2f} to {float(sums.max()):+.2f}"
    rows = ((at, f"{value:+.3f}") for at, value in enumerate(sums.tolist()))
    below = numbers(("position", "sum"), rows, summary)
    return h.div(h.div(upper), h.div(lower, words, below), class_="ch-pair")


def caption(*content: Content) -> Markup:
    """A quiet line over or under a drawing."""
    return h.p(*content, class_="ekg-caption")


def layers_html(layers: Sequence[LayerView], input_shape: tuple[int, int]) -> Markup:
    """The activations of every layer as a picture, with their shapes."""
    words = caption(f"input: {input_shape[0]} channels × {input_shape[1]} samples")
    return h.div(words, map(_layer, layers), class_="ekg-layers")


def _layer(layer: LayerView) -> Markup:
    from PIL import Image

    values = layer.activations
    top = float(values.max()) or 1.0
    shares = np.sqrt(np.clip(values / top, 0, 1))[..., None]  # the root lifts what is weak out of the dark
    pixels = (_NIGHT + shares * (_BRIGHT - _NIGHT)).astype(np.uint8)
    picture = h.img(
        src=data_url(Image.fromarray(pixels), lossless=True),
        alt=f"Activations of {layer.name}: rows are its filters, columns time",
    )
    words = (
        f"{layer.name}: {values.shape[0]} filters × {values.shape[1]} positions, largest {top:.2f}, "
        f"{np.mean(values > 0):.0%} above 0"
    )
    return h.figure(picture, h.figcaption(words), class_="ekg-layer")


def features_html(features: Sequence[tuple[str, float]]) -> Markup:
    """The numbers that go into the network with the shape, as a folded table."""
    rows = (h.tr(h.td(name), h.td(f"{value:+.2f}")) for name, value in features)
    return details(f"{len(features)} numbers next to the shape", h.table(rows), class_="ekg-features")


def _svg(body: Content, label: str) -> Markup:
    return svg(body, size=(_W, _H), label=label, class_="ekg-svg")


def _line(values: npt.NDArray[Any], low: float, high: float, colour: str, width: float, *, dash: str = "") -> Markup:
    step = _W / (len(values) - 1)
    places = points((n * step for n in range(len(values))), (_H - _H * (float(v) - low) / (high - low) for v in values))
    return h.polyline(points=places, fill="none", stroke=colour, stroke_width=width, stroke_dasharray=dash or None)


def _number(value: float, digits: int = 0) -> str:
    return f"{value:,.{digits}f}" if math.isfinite(value) else "–"


def _clock(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
