"""Measured: how often the encoder errs, on whom, at which thresholds, and how fast one face is found among K."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import gradio as gr
from markupsafe import escape

from apps.face.decision.matching import Uncalibrated
from apps.face.encoding.encoders import DEFAULT_ENCODER, find_encoder
from apps.face.ui.answers import statement
from apps.face.ui.draw import message, panel, percent
from apps.face.ui.state import known_of
from apps.ui import HEAVY, PRIVATE, guard
from shared.errors import HubError
from shared.registry import find, measured
from shared.settings import weights_dir

_LIVE = (1_000, 10_000, 100_000, 1_000_000)  # people


def build() -> gr.HTML:
    """Lay out the sub-tab; returns the panel of figures, which follows the encoder."""
    figures = panel(_first(), elem_id="face-measured")
    gr.HTML("<h3>One face among K</h3>")
    speed = panel(_stored_speed(), elem_id="face-speed")
    with gr.Row():
        measure = gr.Button("Measure on this server now, up to K = 1,000,000", elem_id="face-measure-speed", scale=3)
        stop = gr.Button("Stop", variant="stop", scale=1, min_width=80)
    run = measure.click(guard(_measure_speed), None, speed, **HEAVY, **PRIVATE)
    stop.click(None, None, None, cancels=[run], **PRIVATE)
    return figures


def figures_html(encoder: str) -> str:
    """The figures of ``encoder`` as the registry has them."""
    record = find(find_encoder(encoder).name, "face")
    found = known_of(encoder)
    if isinstance(found, Uncalibrated):
        return message(f"{record.title}: {statement(found, found.threshold)}.", "warn")
    values = measured(record)
    one, data = values["evaluation"], values["data"]
    low, high = one["accuracy_interval"]
    tar_low, tar_high = one["tar_at_far_1e-3_interval"]
    cells = (
        (
            "Accuracy, LFW protocol",
            f"{percent(one['accuracy'])} ± {100 * one['accuracy_std']:.2f}",
            f"{one['folds']} folds, {one['n_pairs']:,} pairs; 95 % interval {100 * low:.2f} to {100 * high:.2f}",
        ),
        ("AUC", f"{one['auc']:.4f}", f"equal error rate {percent(one['eer'])}"),
        (
            "TAR at FAR 0.1 %",
            percent(one["tar_at_far_1e-3"]),
            f"95 % interval {100 * tar_low:.1f} to {100 * tar_high:.1f}",
        ),
        ("Faces not found", f"{one['undetected']} of {one['n_images']:,}", "counted as errors"),
    )
    facts = "".join(f"<div><dt>{label}</dt><dd>{value}<small>{note}</small></dd></div>" for label, value, note in cells)
    return (
        f'<dl class="cf-facts cf-rates">{facts}</dl><div class="cf-plots"><div>{_thresholds(values)}</div>'
        f'<div class="cf-lesson">{_for_whom(data)}<span>Made by <code>{escape(values["made_by"])}</code>, '
        f"{escape(values['date'])}. {escape(record.title)}. Licence of the weights: "
        f"{escape(record.licence)}.</span></div></div>{gains_html(find_encoder(encoder).name)}"
    )


def _first() -> str:
    try:
        return figures_html(DEFAULT_ENCODER)
    except HubError as error:
        return message(str(error), "warn")


def _thresholds(values: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td>{percent(row['far'])}</td><td>{row['threshold']:.3f}</td><td>{row['interval'][0]:.3f} – "
        f"{row['interval'][1]:.3f}</td><td>{percent(row['tar'])}</td><td>{100 * row['tar_interval'][0]:.1f} – "
        f"{100 * row['tar_interval'][1]:.1f}</td></tr>"
        for row in values["thresholds"]
    )
    return (
        '<table class="cf-table"><caption>Thresholds τ by false-accept rate, with 95 % '
        "intervals</caption><tr><th>FAR</th>"
        f"<th>τ</th><th>interval</th><th>true accepts</th><th>interval, %</th></tr>{rows}</table>"
        f'<p class="cf-statement">The page starts at τ = {values["threshold"]:.3f}, where '
        f"{percent(values['threshold_far'])} "
        f"of the pairs of two people are accepted. From {values['data']['pairs_same']:,} pairs of one person and "
        f"{values['data']['pairs_different']:,} of two; intervals are over people.</p>"
    )


def _for_whom(data: Mapping[str, Any]) -> str:
    return (
        f"<b>For whom these figures hold.</b> They were measured on {data['images']:,} photos of "
        f"{escape(data['title'])}. "
        f"They say little about children, about people whom such photos seldom show, "
        "or about other cameras. And error rates differ between groups of people: one widely used system scored 94.70 "
        "on Caucasian, 90.29 on African and 74.96 on East Asian faces in its authors' own published test. A threshold "
        "that is right for one group can be wrong for another. Decide nothing about a person with this page."
    )


def gains_html(encoder: str) -> str:
    """What each means of making ``encoder`` more accurate is worth and costs, where that was measured."""
    try:
        stored = json.loads((weights_dir() / "face" / "accuracy.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    if stored["encoder"] != encoder:
        return ""
    data = stored["data"]
    return (
        f'<h3>What each step is worth</h3><table class="cf-table cf-left cf-gains"><caption>One means added after the '
        f"other, on {data['pairs']:,} pairs of {data['images']:,} photos of {escape(data['title'])}. p: exact McNemar "
        "over the pairs that only one of the two ways gets right. TAR: all pairs of the photos at FAR 0.1 %, with the "
        f"95 % interval of the paired difference over people. Time: {escape(stored['machine'])}, photo to encoding. By "
        f"<code>{escape(stored['made_by'])}</code>, {escape(stored['date'])}</caption>"
        "<tr><th>step</th><th>accuracy, %</th><th>pairs won / lost</th><th>p</th><th>TAR gained, points</th>"
        f"<th>ms per face</th><th></th></tr>{''.join(_gain(row) for row in stored['rows'])}</table>"
        f"{_beside(stored['dlib']) if 'dlib' in stored else ''}"
    )


def _gain(row: Mapping[str, Any]) -> str:
    accuracy = f"{100 * row['accuracy']:.2f}"
    if not row["against"]:
        cells = [accuracy, "", "", "", f"{row['ms']:.0f}", "where it starts"]
    else:
        tar = ""
        if "tar_gain" in row:
            low, high = (100 * value for value in row["tar_gain_interval"])
            tar = f"{100 * row['tar_gain']:+.1f} ({low:+.1f} to {high:+.1f})"
        few = f", n = {row['n_pairs']:,}" if row["name"] == "several" else ""
        cells = [
            f"{100 * row['accuracy_before']:.2f} → {accuracy}{few}",
            f"{row['gained']} / {row['lost']}",
            f"{row['p']:.2g}",
            tar,
            f"{row['ms_before']:.0f} → {row['ms']:.0f}",
            "kept" if row["kept"] else "not kept",
        ]
    told = "".join(f"<td>{escape(cell)}</td>" for cell in (row["title"], *cells))
    return f"<tr{'' if row['kept'] else ' class=cf-out'}>{told}</tr>"


def _beside(peer: Mapping[str, Any]) -> str:
    return (
        '<p class="cf-statement"><b>Beside dlib’s own pipeline</b> (HOG detector, five landmarks, one chip, the same '
        f"network) on the same pairs: {100 * peer['accuracy']:.2f} against {100 * peer['accuracy_before']:.2f} %, "
        f"{peer['gained']} pairs right only here and {peer['lost']} only there (p = {peer['p']:.2g}); "
        f"{peer['ms']:.0f} against {peer['ms_before']:.0f} ms per face, {peer['ms'] / peer['ms_before']:.2f} times.</p>"
    )


def _stored_speed() -> str:
    try:
        stored = json.loads((weights_dir() / "face" / "search.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return message("Not measured yet on this machine.")
    return speed_html(stored["rows"], f"{stored['machine']}, {stored['date']}, by {stored['made_by']}")


def _measure_speed() -> Iterator[str]:
    from apps.face.evaluation.search_speed import measure

    rows: list[dict[str, Any]] = []
    for row in measure(_LIVE, repeats=3):
        rows.append({"people": row.people, "seconds": row.seconds, "naive_seconds": row.naive_seconds})
        yield speed_html(rows, "this server, just now")


def speed_html(rows: list[dict[str, Any]], where: str) -> str:
    """The time to find the five nearest of K, as bars and numbers."""
    longest = max(max(row["seconds"], row["naive_seconds"]) for row in rows)
    lines = "".join(
        f'<tr><td>{row["people"]:,}</td><td class="cf-wide"><i class="cf-ours" style="width:'
        f'{max(row["seconds"] / longest * 100, 0.4):.1f}%"></i><i class="cf-usual" style="width:'
        f'{max(row["naive_seconds"] / longest * 100, 0.4):.1f}%"></i></td><td>{_time(row["seconds"])}</td>'
        f"<td>{_time(row['naive_seconds'])}</td><td>{row['naive_seconds'] / row['seconds']:.1f} ×</td></tr>"
        for row in rows
    )
    return (
        '<table class="cf-table cf-speed"><caption>Exact search among K encodings of 128 numbers, in memory: '
        f"{escape(where)}"
        f'</caption><tr><th>K</th><th class="cf-wide"></th><th><span class="cf-k-one">■</span> this hub</th>'
        f'<th><span class="cf-k-two">■</span> subtract, square, sum, sort</th><th>ratio</th></tr>{lines}</table>'
        '<p class="cf-statement">‖p − g‖² = ‖p‖² + ‖g‖² − 2 p·g is one matrix product; the nearest are then measured '
        "again in double precision, so the ranking is exact.</p>"
    )


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.1f} ms"
