"""The EKG tab's figures: what was measured, on whom, and how the same network looks when patients are mixed."""

from __future__ import annotations

from typing import Any

import gradio as gr

from apps.ekg.pictures import confusion_html, reliability_svg, table_html
from apps.ui import section

_SHOWN = "NSVFQ"


def build() -> None:
    """Lay out the figures; they are read from ``weights/ekg/`` when the page is built."""
    from shared.errors import HubError
    from shared.registry import measured, records

    section("measure", "How good is it, on patients it never saw?")
    known = records("ekg")
    try:
        figures = measured(known[0]) if known else {}
    except HubError as error:
        gr.Markdown(f"The figures are not here: {error}")
        return
    if figures:
        gr.HTML(measure_html(figures), elem_id="ekg-measure")


def measure_html(figures: dict[str, Any]) -> str:
    """All figures as tables."""
    by_patient, by_beat = figures["by_patient"], figures["by_beat"]
    low, high = by_patient["interval_95_over_patients"]["accuracy"]
    f1_low, f1_high = by_patient["interval_95_over_patients"]["macro_f1_nsv"]
    always = by_patient["always_n"]
    head = (
        f"<p>{figures['about']}</p><p><b>Accuracy {by_patient['accuracy']:.1%}</b> (95 % over patients {low:.1%} to "
        f"{high:.1%}), macro-F1 of N, S, V <b>{by_patient['macro_f1_nsv']:.3f}</b> ({f1_low:.3f} to {f1_high:.3f}), "
        f"{by_patient['n_beats']:,} beats of {by_patient['n_records']} patients. Always answering N: "
        f"{always['accuracy']:.1%}, {always['macro_f1_nsv']:.3f}.</p>"
    )
    pair = (
        '<div class="ekg-pair">'
        + _scores(by_patient, "By patient, judged by a network that never saw him")
        + _scores(by_beat, "Beats mixed, the patient's other beats were seen")
        + confusion_html(by_patient["confusion"], "By patient")
        + confusion_html(by_beat["confusion"], "Beats mixed")
        + "</div><p>The right-hand figures are those that many papers report. They say how well a network remembers 22 "
        "people; nothing about the next one.</p>"
    )
    return f"{head}{pair}<div class='ekg-pair'>{_folds(by_patient)}{_calibration(by_patient)}{_others(figures)}</div>"


def _scores(result: dict[str, Any], caption: str) -> str:
    rows = [
        (
            letter,
            *(f"{result['per_class'][letter][name]:.1%}" for name in ("se", "ppv", "f1")),
            f"{result['per_class'][letter]['support']:,}",
        )
        for letter in _SHOWN
    ]
    return table_html(
        ("class", "Se", "PPV", "F1", "beats"),
        rows,
        f"{caption}: accuracy {result['accuracy']:.1%}, macro-F1 {result['macro_f1_nsv']:.3f}",
    )


def _folds(result: dict[str, Any]) -> str:
    rows = [
        (
            ", ".join(fold["records"]),
            f"{fold['accuracy']:.1%}",
            f"{fold['macro_f1_nsv']:.3f}",
            *(f"{fold[name]:.0%}" for name in ("S_se", "S_ppv", "V_se", "V_ppv")),
        )
        for fold in result["folds"]
    ]
    return table_html(
        ("patients left out", "accuracy", "macro-F1", "S Se", "S PPV", "V Se", "V PPV"), rows, "Fold by fold"
    )


def _calibration(result: dict[str, Any]) -> str:
    calibration = result["calibration"]
    rows = [(f"{row['confidence']:.2f}", f"{row['accuracy']:.2f}", f"{row['n']:,}") for row in calibration["bins"]]
    caption = f"Calibration: when it says 0.9, is it right nine times in ten? Expected error {calibration['ece']:.3f}"
    return (
        f"<div>{table_html(('says', 'is right', 'beats'), rows, caption)}{reliability_svg(calibration['bins'])}</div>"
    )


def _choices(rows: list[dict[str, Any]]) -> str:
    """Every choice left out or changed; the difference in macro-F1 has an interval over patients."""
    cells = []
    for row in rows:
        low, high = row["difference_interval_95"]
        worst, best = min(row["macro_f1_of_folds"]), max(row["macro_f1_of_folds"])
        cells.append(
            (
                row["name"],
                f"{row['accuracy']:.1%}",
                f"{row['macro_f1_nsv']:.3f}",
                f"{worst:.2f} to {best:.2f}",
                f"{row['S_f1']:.3f}",
                f"{row['V_f1']:.3f}",
                f"{row['difference']:+.3f} ({low:+.3f} to {high:+.3f})" if row["group"] else "",
            )
        )
    return table_html(
        ("choice", "accuracy", "macro-F1", "in the folds", "F1 of S", "F1 of V", "difference (95 %)"),
        cells,
        "What each choice is worth: left out or changed, in short trainings, by patient",
    )


def _others(figures: dict[str, Any]) -> str:
    parts = []
    if "ablation" in figures:
        parts.append(_choices(figures["ablation"]))
    if "adapted" in figures:
        rows = [
            (name, f"{row['accuracy']:.1%}", f"{row['macro_f1_nsv']:.3f}", f"{row['per_class']['S']['f1']:.3f}")
            for name, row in (("as it is", figures["by_patient"]), ("adapted", figures["adapted"]))
        ]
        caption = f"Adapted to each patient from his first {figures['adapted']['minutes']:g} minutes, without labels"
        parts.append(table_html(("network", "accuracy", "macro-F1", "F1 of S"), rows, caption))
    if "detectors" in figures:
        rows = [
            (name, f"{row['se']:.2%}", f"{row['ppv']:.2%}", f"{row['n_beats']:,}")
            for name, row in figures["detectors"].items()
        ]
        parts.append(
            table_html(
                ("beat detector", "Se", "PPV", "beats"),
                rows,
                "Finding the beats, on the 22 patients of DS1 (within 150 ms)",
            )
        )
    return "".join(parts)
