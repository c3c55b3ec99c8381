"""EKG: per class, by patient against beats mixed, folds, calibration, and what each part of the network is worth."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from apps.report.figures import Figures, percent, plain, sources, span
from apps.report.parts import Tile, as_stored, beside, chart, heading, missing, table, tiles, told_apart

_KEYS = ("by_patient", "accuracy", "detectors")  # a file with one of them holds figures
_EVALUATE = "python -m apps.ekg evaluate --data DIR --records 101,106"
_CLASSES = ("N", "S", "V", "F", "Q")


def show() -> None:
    """The section."""
    st.header("EKG")
    found, others = told_apart(sources("ekg"), _KEYS)
    if not found:
        missing("EKG figures", _EVALUATE)
    for source in found:
        figures = heading(source, _EVALUATE)
        if figures is None:
            continue
        if about := figures.text("about"):
            st.write(about)
        by_patient = figures.below("by_patient") or figures
        _numbers(by_patient)
        _matrices(by_patient, figures.below("by_beat"))
        _classes(by_patient)
        left, right = st.columns(2)
        with left:
            _f1(by_patient)
        with right:
            _calibration(by_patient)
        _tables(figures, by_patient)
        as_stored(source, figures)
    beside(others)


def _numbers(result: Figures) -> None:
    beats, patients = result.number("n_beats"), result.number("n_records")
    n = f"{plain(beats, 0)} beats of {plain(patients, 0)} records" if beats and patients else ""
    between = result.below("interval_95_over_patients") or Figures({})
    always = result.below("always_n") or Figures({})
    score = result.number("macro_f1_nsv")
    f1 = between.interval("macro_f1_nsv")
    tiles(
        (
            Tile(
                "Accuracy", percent(result.number("accuracy")), f"{n}; {span(between.interval('accuracy'))} (patients)"
            ),
            Tile("Macro-F1 of N, S, V", plain(score), f"95 %: {f1[0]:.3f} to {f1[1]:.3f} (patients)" if f1 else ""),
            Tile(
                "Always answering N",
                percent(always.number("accuracy")),
                f"macro-F1 {plain(always.number('macro_f1_nsv'))}",
            ),
            Tile("Calibration error", plain(result.number("calibration", "ece")), "says 0.9, is right 9 times in 10?"),
        )
    )


def _classes(result: Figures) -> None:
    per_class = result.below("per_class")
    if per_class is None:
        missing("Figures per class", _EVALUATE)
        return
    between = result.below("interval_95_over_patients") or Figures({})
    rows = []
    for letter in _CLASSES:
        own = per_class.below(letter)
        if own is None:
            continue
        rows.append(
            {
                "class": letter,
                "sensitivity": percent(own.number("se")),
                "its interval": span(between.interval(f"{letter}_se")) or "—",
                "positive predictive value": percent(own.number("ppv")),
                "its interval ": span(between.interval(f"{letter}_ppv")) or "—",
                "F1": plain(own.number("f1")),
                "beats": plain(own.number("support"), 0),
            }
        )
    table(rows)


def _f1(result: Figures) -> None:
    from shared import plots

    per_class = result.below("per_class") or Figures({})
    values = {letter: own.number("f1") for letter in _CLASSES if (own := per_class.below(letter)) is not None}
    drawn = {letter: value for letter, value in values.items() if value is not None}
    if drawn:
        chart(plots.bars(drawn, x_title="class", y_title="F1", title="F1 per class"))


def _matrices(by_patient: Figures, by_beat: Figures | None) -> None:
    sides = [("By patient: no patient is in both halves", by_patient)]
    if by_beat is not None:
        sides.append(("Beats mixed: the network knows every patient", by_beat))
    for column, (title, result) in zip(st.columns(len(sides)), sides, strict=True):
        with column:
            _matrix(title, result)
    if by_beat is not None:
        st.caption("The second is what many papers report. It says how well a network remembers people it has seen.")


def _matrix(title: str, result: Figures) -> None:
    from shared import plots

    counts = result.matrix("confusion")
    if counts is None:
        missing(f"Confusion matrix, {title}", _EVALUATE)
        return
    names: Sequence[str] = result.get("classes") or ()
    if len(names) != len(counts):
        names = _CLASSES if len(counts) == len(_CLASSES) else [str(i) for i in range(len(counts))]
    drawn = plots.heatmap(
        counts,
        rows=[str(name) for name in names],
        columns=[str(name) for name in names],
        row_title="a person said",
        column_title="the network said",
        title=f"{title} ({percent(result.number('accuracy'))})",
        height=300,
    )
    chart(drawn)


def _calibration(result: Figures) -> None:
    from shared import plots

    bins = result.rows("calibration", "bins")
    points = [(one.number("confidence"), one.number("accuracy")) for one in bins]
    known = [(x, y) for x, y in points if x is not None and y is not None]
    if len(known) < 2:
        missing("Calibration", _EVALUATE)
        return
    says = [x for x, _ in known]
    drawn = plots.lines(
        {"measured": [y for _, y in known], "perfect": says},
        x=says,
        x_title="the network's confidence",
        y_title="share that is right",
        title="Calibration",
    )
    chart(drawn, "On the line “perfect”, a confidence of 0.9 is right nine times in ten.")


def _tables(figures: Figures, by_patient: Figures) -> None:
    folds = [
        {
            "patients left out": ", ".join(str(name) for name in one.get("records") or ()),
            "accuracy": percent(one.number("accuracy")),
            "macro-F1": plain(one.number("macro_f1_nsv")),
            **{
                key.replace("_", " ").replace("se", "Se").replace("ppv", "PPV"): percent(one.number(key))
                for key in _FOLD
            },
        }
        for one in by_patient.rows("folds")
    ]
    _optional("Fold by fold", folds)
    ablation = [
        {
            "network": one.text("name") or "?",
            "accuracy": percent(one.number("accuracy")),
            "macro-F1": plain(one.number("macro_f1_nsv")),
            "F1 of S": plain(one.number("S_f1")),
        }
        for one in figures.rows("ablation")
    ]
    _optional("What each part is worth, by patient", ablation)
    detectors = figures.below("detectors")
    found = [
        {
            "beat detector": name,
            "sensitivity": percent(one.number("se"), 2),
            "positive predictive value": percent(one.number("ppv"), 2),
            "beats": plain(one.number("n_beats"), 0),
        }
        for name in (detectors.data if detectors else {})
        if detectors is not None and (one := detectors.below(name)) is not None
    ]
    _optional("Finding the beats", found)


_FOLD = ("S_se", "S_ppv", "V_se", "V_ppv")


def _optional(title: str, rows: list[dict[str, str]]) -> None:
    if rows:
        st.markdown(f"**{title}**")
        table(rows)
