"""The EKG tab's figures: what was measured, on whom, and how the same network looks when patients are mixed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from apps.ekg.ui.drawings import confusion_html, patients_html, reliability_svg, table_html
from apps.ui import section

_HEADLINES = {
    "Accuracy": "accuracy",
    "Macro-F1 of N, S, V": "macro_f1_nsv",
    "S found (Se)": "S_se",
    "S right (PPV)": "S_ppv",
    "V found (Se)": "V_se",
    "V right (PPV)": "V_ppv",
}


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
    """The one comparison that matters, and behind it everything else, folded."""
    by_patient, by_beat = figures["by_patient"], figures["by_beat"]
    return (
        f"<p class='ekg-lead'>{figures['about']}</p>{_comparison(by_patient, by_beat)}"
        "<p class='ekg-lead'><b>The same network twice.</b> Where beats are mixed, it has seen other beats of the very "
        f"patients it is judged on, and remembers {by_patient['n_records']} people: the 99 % of many papers. It says "
        f"nothing about the next patient; the left column does.{_bias(figures)}</p>"
        + _fold("Which class is taken for which", _confusions(by_patient, by_beat), shown=True)
        + _fold("Patient by patient", _patients(by_patient))
        + _fold("Is it as sure as it should be?", _calibration(by_patient))
        + _fold("What each choice is worth", _choices(figures.get("ablation", ()), figures.get("beside")))
        + _fold("Adapting to the patient, and finding the beats", _others(figures))
    )


def _bias(figures: dict[str, Any]) -> str:
    """What is left where not even the classes' bias was chosen on the patients it is judged on."""
    other = figures.get("bias_of_other_folds")
    if not other:
        return ""
    return (
        " One number per class, its bias, was chosen on all these patients; chosen without the patients it is judged "
        f"on, accuracy is {other['accuracy']:.1%} and macro-F1 {other['macro_f1_nsv']:.3f}."
    )


def _fold(title: str, body: str, *, shown: bool = False) -> str:
    if not body:
        return ""
    return f'<details class="ekg-fold"{" open" if shown else ""}><summary>{title}</summary><div>{body}</div></details>'


def _comparison(by_patient: dict[str, Any], by_beat: dict[str, Any]) -> str:
    """By patient, mixed and always N beside each other, a bar behind each figure."""
    always = {**by_patient["always_n"], "per_class": {}}
    intervals = by_patient["interval_95_over_patients"]
    rows = []
    for title, key in _HEADLINES.items():
        low, high = intervals[key]
        spread = f"<small>{_figure(key, low)} to {_figure(key, high)}</small>"
        cells = "".join(
            f'<td style="--share:{100 * value:.1f}%"><b>{_figure(key, value)}</b>{note}</td>'
            for value, note in (
                (_value(by_patient, key), spread),
                (_value(by_beat, key), ""),
                (_value(always, key), ""),
            )
        )
        rows.append(f"<tr><th>{title}</th>{cells}</tr>")
    heads = (
        f"by patient<small>{by_patient['n_beats']:,} beats of {by_patient['n_records']} patients it never saw; 95 % "
        f"over patients</small>",
        f"beats mixed<small>{by_beat['n_beats']:,} beats of patients it has seen</small>",
        "always N<small>answers N without looking</small>",
    )
    top = "".join(f"<th>{head}</th>" for head in heads)
    return (
        f'<figure class="ekg-table ekg-compared"><div><table><thead><tr><th></th>{top}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div></figure>"
    )


def _value(result: dict[str, Any], key: str) -> float:
    """A figure by the name of its interval: ``accuracy``, ``macro_f1_nsv``, ``S_se`` ..."""
    letter, _, name = key.partition("_")
    if letter in ("accuracy", "macro"):
        return float(result[key])
    return float(result["per_class"].get(letter, {}).get(name, 0.0))


def _figure(key: str, value: float) -> str:
    return f"{value:.3f}" if "f1" in key else f"{value:.1%}"


def _confusions(by_patient: dict[str, Any], by_beat: dict[str, Any]) -> str:
    return (
        f'<div class="ekg-pair">{confusion_html(by_patient["confusion"], "By patient")}'
        f"{confusion_html(by_beat['confusion'], 'Beats mixed')}</div>"
        "<p class='ekg-caption'>A row is what the cardiologists wrote, a column what the network answered; the shading "
        "is the share of the row.</p>"
    )


def _patients(result: dict[str, Any]) -> str:
    rows = [
        (
            ", ".join(fold["records"]),
            f"{fold['accuracy']:.1%}",
            f"{fold['macro_f1_nsv']:.3f}",
            *(f"{fold[name]:.0%}" for name in ("S_se", "S_ppv", "V_se", "V_ppv")),
        )
        for fold in result["folds"]
    ]
    heads = ("left out of training", "accuracy", "macro-F1", "S Se", "S PPV", "V Se", "V PPV")
    return patients_html(result["per_record"]) + table_html(heads, rows, "Fold by fold")


def _calibration(result: dict[str, Any]) -> str:
    calibration = result["calibration"]
    return (
        f'<div class="ekg-side">{reliability_svg(calibration["bins"])}<p>Each dot is a group of beats; its height is '
        "how often the answer was right, its place along the bottom how sure the network said it was. On the dashed "
        f"line the two agree. The mean distance from it is <b>{calibration['ece']:.3f}</b> (expected calibration "
        f"error, by patient). {_unsure(calibration['abnormal'])}</p></div>"
    )


def _unsure(abnormal: dict[str, Any]) -> str:
    """What the question marks on the strip mean, in figures."""
    below, above = abnormal["below"], abnormal["above"]
    return (
        f"An S, V or F below {abnormal['limit']:.0%} has a question mark on the strip: of {below['n']:,} such answers "
        f"{below['right']:.0%} were right, of the {above['n']:,} others {above['right']:.0%}."
    )


def _choices(rows: Sequence[dict[str, Any]], beside: dict[str, Any] | None) -> str:
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
    if not cells:
        return ""
    table = table_html(
        ("choice", "accuracy", "macro-F1", "in the folds", "F1 of S", "F1 of V", "difference (95 %)"),
        cells,
        "Left out or changed in the networks with convolutions, by patient, means of two seeds; "
        "an interval across 0 may be chance",
    )
    return table + _beside(beside)


def _beside(gain: dict[str, Any] | None) -> str:
    """What the networks of intervals and likenesses add to those with convolutions."""
    if gain is None:
        return ""
    low, high = gain["interval_95"]
    alone = ", ".join(f"{name} {value:.3f}" for name, value in gain["alone"].items())
    return (
        "<p class='ekg-caption'>Two kinds of network answer together. Each by itself, at its best bias: macro-F1 "
        f"{alone}; together {gain['together']:.3f}. The second kind adds {gain['macro_f1_gain']:.3f} (95 % over "
        f"patients {low:+.3f} to {high:+.3f}); another seed of the convolutions moves them by more.</p>"
    )


def _others(figures: dict[str, Any]) -> str:
    parts = []
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
        caption = "Beats found without annotations, on the 22 patients of DS1 (within 150 ms); gqrs is used"
        parts.append(table_html(("detector", "Se", "PPV", "beats"), rows, caption))
    return f'<div class="ekg-pair">{"".join(parts)}</div>' if parts else ""
