"""Drawings of the EKG tab as HTML and SVG strings in the page's own colours; no gradio, no torch.

Every colour is a CSS variable of the hub, so the drawings follow light and dark; every meaning that a colour has is
also written.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from apps.ekg.aami import CLASSES, LETTERS

if TYPE_CHECKING:
    from apps.ekg.answers.classify import Classified
    from apps.ekg.answers.explain import Explained, LayerView
    from apps.ekg.answers.rhythm import Rhythm

DISCLAIMER = "<b class='ekg-not'>Not a medical device.</b> For teaching only: never use it to judge anybody's heart."
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


def summary_html(found: Classified, rhythm: Rhythm, title: str) -> str:
    """Rate, counts and rhythm of a classified recording, and its warnings."""
    unread = f" <small>{rhythm.unreadable} unreadable</small>" if rhythm.unreadable else ""
    cells = [
        ("Heart rate", f"{_number(rhythm.mean_bpm)} / min"),
        ("Slowest – fastest", f"{_number(rhythm.slowest_bpm)} – {_number(rhythm.fastest_bpm)}"),
        ("SDNN · RMSSD", f"{_number(rhythm.sdnn_ms)} · {_number(rhythm.rmssd_ms)} ms"),
        ("Longest interval", f"{_number(rhythm.longest_pause_s, 2)} s"),
        ("Pauses over 2 s", f"{rhythm.pauses}{unread}"),
        ("Couplets S · V", f"{rhythm.couplets['S']} · {rhythm.couplets['V']}"),
        ("Runs of 3+ S · V", f"{rhythm.runs['S']} · {rhythm.runs['V']}"),
        ("Longest run S · V", f"{rhythm.longest_run['S']} · {rhythm.longest_run['V']}"),
        ("Bi- · trigeminy", f"{rhythm.bigeminy} · {rhythm.trigeminy}"),
    ]
    tiles = "".join(f"<div title='{_MEANINGS[name]}'><dt>{name}</dt><dd>{value}</dd></div>" for name, value in cells)
    notes = "".join(f"<li>{html.escape(warning)}</li>" for warning in found.warnings)
    facts = [f"lead {html.escape(found.prepared.lead)}", _clock(rhythm.duration_s), f"{rhythm.n_beats:,} beats"]
    if found.annotated is not None:
        same = int(np.sum(found.annotated == found.classes))
        facts.append(f"as annotated: {same:,} ({same / len(found.classes):.1%})")
    counts = "".join(_class_chip(item.letter, item.name, rhythm) for item in CLASSES)
    return (
        f'<div class="ekg-summary"><p class="ekg-title"><b>{html.escape(title)}</b> {" · ".join(facts)}</p>'
        f'<div class="ekg-chips">{counts}</div><dl>{tiles}</dl>'
        f"{f'<ul class=ekg-notes>{notes}</ul>' if notes else ''}</div>"
    )


def _class_chip(letter: str, name: str, rhythm: Rhythm) -> str:
    return (
        f'<span class="ekg-chip" style="border-color:var(--ekg-{letter})" title="{html.escape(name)}"><b>{letter}</b> '
        f"{SHORT_NAMES[letter]} <b>{rhythm.counts[letter]:,}</b> <small>{rhythm.burden[letter]:.1%}</small></span>"
    )


def bars_html(rows: Iterable[tuple[str, Sequence[float]]]) -> str:
    """Probabilities of N S V F (Q) as bars with their numbers; one group per row."""
    groups = []
    for title, values in rows:
        bars = "".join(
            f'<div class="ekg-bar-row"><span>{item.letter}</span>'
            f'<i style="width:{100 * value:.1f}%;background:var(--ekg-{item.letter})"></i>'
            f"<em>{value:.3f}</em></div>"
            for item, value in zip(CLASSES, values, strict=False)
        )
        groups.append(f'<div class="ekg-bars"><h4>{html.escape(title)}</h4>{bars}</div>')
    return f'<div class="ekg-bar-groups">{"".join(groups)}</div>'


def beat_svg(found: Explained) -> str:
    """The beat over its patient's reference, shaded where the answer hangs on it."""
    low = float(min(found.signal.min(), found.reference.min())) - 0.1
    high = float(max(found.signal.max(), found.reference.max())) + 0.1
    step = _W / (len(found.signal) - 1)
    shade = "".join(
        f'<rect x="{n * step - step / 2:.1f}" y="0" width="{step + 0.4:.1f}" height="{_H}" fill="var(--ch-orange)" '
        f'opacity="{0.75 * value:.2f}"/>'
        for n, value in enumerate(found.saliency)
        if value > 0.03
    )
    ticks = "".join(
        f'<text x="{(56 + ms / _MS) * step:.0f}" y="{_H - 4}" class="ekg-tick">{ms:+d} ms</text>'
        for ms in (-400, -200, 0, 200, 400)
    )
    return _svg(
        f"{shade}{_line(found.reference, low, high, 'var(--ch-muted)', 1.2, dash='4 3')}"
        f"{_line(found.signal, low, high, 'var(--ch-ink)', 2)}{ticks}",
        "The beat (solid), the patient's reference beat (dashed), shaded where the answer depends on the signal",
    )


def slide_svg(signal: npt.NDArray[Any], sums: npt.NDArray[Any], taps: npt.NDArray[Any], position: int) -> str:
    """The first layer's filter at one position over the beat, and the sums of all positions below."""
    low, high = float(signal.min()) - 0.1, float(signal.max()) + 0.1
    step = _W / (len(signal) - 1)
    first = position * 2 - len(taps) // 2
    box = f'<rect x="{first * step:.1f}" y="2" width="{(len(taps) - 1) * step:.1f}" height="{_H - 4}" class="ekg-box"/>'
    scale = float(np.abs(taps).max()) or 1.0
    stems = "".join(
        f'<line x1="{(first + n) * step:.1f}" x2="{(first + n) * step:.1f}" '
        f'y1="{_H / 2:.0f}" y2="{_H / 2 - 70 * value / scale:.1f}" '
        f'stroke="var(--ch-{"blue" if value >= 0 else "red"})" stroke-width="3"/>'
        for n, value in enumerate(taps)
    )
    upper = _svg(box + _line(signal, low, high, "var(--ch-ink)", 2) + stems, "The filter's weights over the beat")
    span = max(float(np.abs(sums).max()), 1e-6) * 1.1
    dot_y = _H / 2 - _H / 2 * float(sums[position]) / span
    dot = f'<circle cx="{position * _W / (len(sums) - 1):.1f}" cy="{dot_y:.1f}" r="5" fill="var(--ch-orange)"/>'
    zero = f'<line x1="0" x2="{_W}" y1="{_H / 2}" y2="{_H / 2}" stroke="var(--ch-line)"/>'
    lower = _svg(zero + _line(sums, -span, span, "var(--ch-blue)", 2) + dot, "The sum at every position")
    caption = f"<p class='ekg-caption'>Sum at this position: {float(sums[position]):+.3f}</p>"
    return f'<div class="ekg-pair"><div>{upper}</div><div>{lower}{caption}</div></div>'


def layers_html(layers: Sequence[LayerView], input_shape: tuple[int, int]) -> str:
    """The activations of every layer as a picture, with their shapes."""
    from PIL import Image

    from shared.images import data_url

    blocks = [f"<p class='ekg-caption'>input: {input_shape[0]} channels × {input_shape[1]} samples</p>"]
    for layer in layers:
        values = layer.activations
        top = float(values.max()) or 1.0
        shares = np.sqrt(np.clip(values / top, 0, 1))[..., None]  # the root lifts what is weak out of the dark
        pixels = (_NIGHT + shares * (_BRIGHT - _NIGHT)).astype(np.uint8)
        picture = Image.fromarray(pixels)
        blocks.append(
            f'<figure class="ekg-layer"><img src="{data_url(picture, lossless=True)}" '
            f'alt="Activations of {layer.name}: rows are its filters, columns time"/>'
            f"<figcaption>{layer.name}: {values.shape[0]} filters × {values.shape[1]} positions, "
            f"largest {top:.2f}, {np.mean(values > 0):.0%} above 0</figcaption></figure>"
        )
    return f'<div class="ekg-layers">{"".join(blocks)}</div>'


def features_html(features: Sequence[tuple[str, float]]) -> str:
    """The numbers beside the shape, as a folded table."""
    rows = "".join(f"<tr><td>{html.escape(name)}</td><td>{value:+.2f}</td></tr>" for name, value in features)
    title = f"<summary>{len(features)} numbers beside the shape</summary>"
    return f'<details class="ekg-features">{title}<table>{rows}</table></details>'


def confusion_html(confusion: Sequence[Sequence[int]], title: str) -> str:
    """A confusion matrix with the share of each row behind its counts."""
    head = "".join(f"<th>{letter}</th>" for letter in LETTERS)
    rows = []
    for letter, row in zip(LETTERS, confusion, strict=True):
        total = max(1, sum(row))
        cells = "".join(f'<td style="--share:{100 * count / total:.1f}%">{count:,}</td>' for count in row)
        rows.append(f"<tr><th>{letter}</th>{cells}</tr>")
    return (
        f'<figure class="ekg-table ekg-confusion"><figcaption>{html.escape(title)}</figcaption><div><table><thead><tr>'
        f"<th>annotated ↓ network →</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></figure>"
    )


def table_html(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> str:
    """A plain table that scrolls in its own box below its caption; the first column is a heading."""
    top = "".join(f"<th>{html.escape(name)}</th>" for name in head)
    body = "".join(
        f"<tr><th>{html.escape(row[0])}</th>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row[1:])}</tr>"
        for row in rows
    )
    return (
        f'<figure class="ekg-table"><figcaption>{html.escape(caption)}</figcaption><div><table>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div></figure>"
    )


def patients_html(per_record: dict[str, dict[str, Any]]) -> str:
    """A bar per patient, the worst first: how many of his beats got another class than the cardiologists'."""
    worst = max(1 - row["accuracy"] for row in per_record.values()) or 1.0
    rows = "".join(
        f'<div class="ekg-bar-row"><span>{html.escape(name)}</span><i style="width:{100 * wrong / worst:.1f}%;'
        f'background:var(--ch-red)"></i><em>{wrong:.1%}</em></div>'
        for wrong, name in sorted(((1 - row["accuracy"], name) for name, row in per_record.items()), reverse=True)
    )
    return (
        f'<div class="ekg-patients"><p class="ekg-caption">Wrong beats of each patient, by the network that never saw '
        f"him: one number for all of them hides this.</p><div>{rows}</div></div>"
    )


def reliability_svg(bins: Sequence[dict[str, Any]]) -> str:
    """How often an answer was right against how sure it was; on the diagonal the two are the same."""
    side, edge = 200, 26
    dots = "".join(
        f'<circle cx="{edge + side * row["confidence"]:.1f}" cy="{side * (1 - row["accuracy"]) + 6:.1f}" '
        f'r="{3 + 1.4 * math.log10(row["n"]):.1f}" fill="var(--ch-blue)" opacity="0.75"><title>says '
        f"{row['confidence']:.2f}, right {row['accuracy']:.2f}, {row['n']:,} beats</title></circle>"
        for row in bins
    )
    return (
        f'<svg class="ekg-svg ekg-reliability" viewBox="0 -6 {side + edge + 12} {side + edge + 16}" role="img" '
        f'aria-label="Reliability diagram"><path d="M{edge} 6 V{side + 6} H{side + edge}" fill="none" '
        f'stroke="var(--ch-line)"/><path d="M{edge} {side + 6} L{side + edge} 6" stroke="var(--ch-muted)" '
        f'stroke-dasharray="4 3"/>{dots}<text x="{edge}" y="{side + edge}">says 0</text>'
        f'<text x="{side + edge - 4}" y="{side + edge}">1</text><text x="2" y="12">right 1</text></svg>'
    )


def _svg(body: str, label: str) -> str:
    return f'<svg viewBox="0 0 {_W} {_H}" class="ekg-svg" role="img" aria-label="{html.escape(label)}">{body}</svg>'


def _line(values: npt.NDArray[Any], low: float, high: float, colour: str, width: float, *, dash: str = "") -> str:
    step = _W / (len(values) - 1)
    points = " ".join(f"{n * step:.1f},{_H - _H * (float(v) - low) / (high - low):.1f}" for n, v in enumerate(values))
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"{dashes}/>'


def _number(value: float, digits: int = 0) -> str:
    return f"{value:,.{digits}f}" if math.isfinite(value) else "–"


def _clock(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
