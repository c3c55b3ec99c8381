"""Measured: how often the encoder errs, on whom, at which thresholds, and how fast one face is found among K."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import gradio as gr

from apps.face.decision.matching import Uncalibrated, find_calibration
from apps.face.encoding.encoders import DEFAULT_ENCODER, find_encoder
from apps.face.ui.answers import statement
from apps.face.ui.draw import panel, percent
from apps.markup import Fact, Markup, cell, facts, h, joined, message, prose, table
from shared.errors import HubError
from shared.registry import find, measured
from shared.settings import weights_dir


def build() -> gr.HTML:
    """Lay out the sub-tab; returns the panel of figures, which follows the encoder."""
    figures = panel(_first(), elem_id="face-measured")
    gr.HTML(h.h3("One face among K"))
    panel(speed_html(), elem_id="face-speed")
    return figures


def figures_html(encoder: str) -> Markup:
    """The figures of ``encoder`` as the registry has them."""
    record = find(find_encoder(encoder).name, "face")
    found = find_calibration(encoder)
    if isinstance(found, Uncalibrated):
        return message(f"{record.title}: {statement(found, found.threshold)}.", "warn")
    values = measured(record)
    one, data = values["evaluation"], values["data"]
    low, high = one["accuracy_interval"]
    tar_low, tar_high = one["tar_at_far_1e-3_interval"]
    accuracy = f"{one['folds']} folds, {one['n_pairs']:,} pairs; 95 % interval {100 * low:.2f} to {100 * high:.2f}"
    rates = (
        Fact("Accuracy, LFW protocol", f"{percent(one['accuracy'])} ± {100 * one['accuracy_std']:.2f}", accuracy),
        Fact("AUC", f"{one['auc']:.4f}", f"equal error rate {percent(one['eer'])}"),
        Fact(
            "TAR at FAR 0.1 %",
            percent(one["tar_at_far_1e-3"]),
            f"95 % interval {100 * tar_low:.1f} to {100 * tar_high:.1f}",
        ),
        Fact("Faces not found", f"{one['undetected']} of {one['n_images']:,}", "counted as errors"),
    )
    source = prose(
        "Made by <code>{}</code>, {}. {}. Licence of the weights: {}.",
        values["made_by"],
        values["date"],
        record.title,
        record.licence,
    )
    lesson = h.div(_for_whom(data), h.span(source), class_="cf-lesson")
    return joined(
        (
            facts(rates, class_="cf-facts cf-rates"),
            h.div(h.div(_thresholds(values)), lesson, class_="cf-plots"),
            gains_html(find_encoder(encoder).name),
        )
    )


def _first() -> Markup:
    try:
        return figures_html(DEFAULT_ENCODER)
    except HubError as error:
        return message(str(error), "warn")


def _thresholds(values: Mapping[str, Any]) -> Markup:
    rows = (
        (
            percent(row["far"]),
            f"{row['threshold']:.3f}",
            f"{row['interval'][0]:.3f} – {row['interval'][1]:.3f}",
            percent(row["tar"]),
            f"{100 * row['tar_interval'][0]:.1f} – {100 * row['tar_interval'][1]:.1f}",
        )
        for row in values["thresholds"]
    )
    starts = (
        f"The page starts at τ = {values['threshold']:.3f}, which accepts {percent(values['threshold_far'])} of the "
        f"impostor pairs. From {values['data']['pairs_same']:,} genuine and {values['data']['pairs_different']:,} "
        "impostor pairs; intervals are over people."
    )
    head = ("FAR", "τ", "interval", "true accepts", "interval, %")
    caption = "Thresholds τ by false-accept rate, with 95 % intervals"
    return joined((table(head, rows, caption=caption, class_="cf-table"), h.p(starts, class_="cf-statement")))


def _for_whom(data: Mapping[str, Any]) -> Markup:
    return prose(
        "<b>For whom these figures hold.</b> They were measured on {:,} photos of {}. They say little about children, "
        "about people whom such photos seldom show, or about other cameras. And error rates differ between groups of "
        "people: one widely used system scored 94.70 on Caucasian, 90.29 on African and 74.96 on East Asian faces in "
        "its authors' own published test. A threshold that is right for one group can be wrong for another. Decide "
        "nothing about a person with this page.",
        data["images"],
        data["title"],
    )


def gains_html(encoder: str) -> Markup | None:
    """What each step that makes ``encoder`` more accurate is worth and costs, if that was measured."""
    stored = _stored("accuracy.json")
    if stored is None or stored["encoder"] != encoder:
        return None
    data = stored["data"]
    caption = prose(
        "Each step added to the ones above it, on {:,} pairs of {:,} photos of {}. p: exact McNemar over the pairs "
        "that only one of the two ways gets right. TAR: all pairs of the photos at FAR 0.1 %, with the 95 % interval "
        "of the paired difference over people. Time: {}, photo to encoding. By <code>{}</code>, {}",
        data["pairs"],
        data["images"],
        data["title"],
        stored["machine"],
        stored["made_by"],
        stored["date"],
    )
    head = ("step", "accuracy, %", "pairs won / lost", "p", "TAR gained, points", "ms per face", "")
    rows = (_gain(row) for row in stored["rows"])
    return joined(
        (
            h.h3("What each step is worth"),
            table(head, rows, caption=caption, class_="cf-table cf-left cf-gains"),
            _against_dlib(stored["dlib"]) if "dlib" in stored else None,
        )
    )


def _gain(row: Mapping[str, Any]) -> Markup:
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
    return h.tr(cell(row["title"], head=True), map(cell, cells), class_=None if row["kept"] else "cf-out")


def _against_dlib(peer: Mapping[str, Any]) -> Markup:
    return h.p(
        prose(
            "<b>Against dlib’s own pipeline</b> (HOG detector, five landmarks, one chip, the same network) on the same "
            "pairs: {:.2f} against {:.2f} %, {} pairs right only here and {} only there (p = {:.2g}); {:.0f} against "
            "{:.0f} ms per face, {:.2f} times.",
            100 * peer["accuracy"],
            100 * peer["accuracy_before"],
            peer["gained"],
            peer["lost"],
            peer["p"],
            peer["ms"],
            peer["ms_before"],
            peer["ms"] / peer["ms_before"],
        ),
        class_="cf-statement",
    )


def _stored(name: str) -> dict[str, Any] | None:
    """A file of measured figures that belongs to no single network, or ``None``."""
    try:
        return dict(json.loads((weights_dir() / "face" / name).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def speed_html() -> Markup:
    """The time to find the five nearest of K, as bars and numbers, as it was measured for this release."""
    stored = _stored("search.json")
    if stored is None:
        return message("Not measured yet: python -m benchmarks.face_search.")
    longest = max(max(row["seconds"], row["naive_seconds"]) for row in stored["rows"])

    def bar(kind: str, seconds: float) -> Markup:
        return h.i(class_=kind, style=f"width:{max(seconds / longest * 100, 0.4):.1f}%")

    rows = (
        (
            f"{row['people']:,}",
            cell(bar("cf-ours", row["seconds"]), bar("cf-usual", row["naive_seconds"]), class_="cf-wide"),
            _time(row["seconds"]),
            _time(row["naive_seconds"]),
            f"{row['naive_seconds'] / row['seconds']:.1f} ×",
        )
        for row in stored["rows"]
    )
    head = (
        "K",
        cell(class_="cf-wide"),
        (h.span("■", class_="cf-k-one"), " this hub"),
        (h.span("■", class_="cf-k-two"), " subtract, square, sum, sort"),
        "ratio",
    )
    where = f"{stored['machine']}, {stored['date']}, by {stored['made_by']}"
    caption = f"Exact search among K encodings of 128 numbers, in memory: {where}"
    why = (
        "‖p − g‖² = ‖p‖² + ‖g‖² − 2 p·g is one matrix product; the nearest are then measured again in double "
        "precision, so the ranking is exact."
    )
    return joined((table(head, rows, caption=caption, class_="cf-table cf-speed"), h.p(why, class_="cf-statement")))


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.1f} ms"
