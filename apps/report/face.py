"""Faces: accuracy on pairs, the trade between false accepts and false rejects, and where the threshold lies."""

from __future__ import annotations

import streamlit as st

from apps.report.figures import Figures, percent, plain, sources, span, thinned, wilson
from apps.report.parts import Tile, as_stored, beside, chart, heading, missing, table, tiles, told_apart

_LEAST_FAR = 1e-4  # where the ROC's logarithmic axis begins
_KEYS = ("threshold", "accuracy", "curve", "evaluation")  # a file with one of them holds figures
_EVALUATE = "python -m apps.face evaluate --images DIR --pairs FILE"


def show() -> None:
    """The section."""
    st.header("Faces")
    found, others = told_apart(sources("face"), _KEYS)
    if not found:
        missing("Face figures", _EVALUATE)
    for source in found:
        figures = heading(source, _EVALUATE)
        if figures is None:
            continue
        _numbers(figures)
        _curves(figures)
        as_stored(source, figures)
    for source in others:
        if source.figures is not None:
            _steps(source.figures)
            _search(source.figures)
    beside(others)


def _numbers(figures: Figures) -> None:
    held = figures.below("evaluation") or figures  # where the file keeps a test apart from the calibration
    accuracy, n = held.number("accuracy"), held.number("n_pairs")
    spread, undetected = held.number("accuracy_std"), held.number("undetected")
    low_high = held.interval("accuracy_interval")
    if low_high is None and accuracy is not None and n:
        low_high = wilson(accuracy, n)
    folds = f"; standard deviation over folds {percent(spread, 2)}" if spread is not None else ""
    pairs = f"n = {n:,.0f} pairs; " if n else ""
    tar, seconds = held.number("tar_at_far_1e-3"), held.number("seconds_per_face")
    tiles(
        (
            Tile("Accuracy", percent(accuracy, 2), f"{pairs}{span(low_high, 2)}{folds}"),
            Tile("Area under the ROC", plain(held.number("auc"), 4)),
            Tile("Equal error rate", percent(held.number("eer"), 2)),
            Tile("Accepted at 1 false accept in 1,000", percent(tar, 2)),
            Tile("Threshold τ", plain(figures.number("threshold")), "distance of two encodings"),
            Tile("Pairs", plain(n, 0)),
            Tile("Photos without a face found", plain(undetected, 0)),
            *(() if seconds is None else (Tile("Time per face", f"{seconds * 1000:,.0f} ms", "on that machine"),)),
        )
    )
    if title := figures.text("data", "title"):
        same, different = figures.number("data", "pairs_same"), figures.number("data", "pairs_different")
        count = f" ({plain(same, 0)} pairs of one person, {plain(different, 0)} of two)" if same and different else ""
        st.caption(f"Threshold and curve: {title}{count}.")


def _steps(figures: Figures) -> None:
    """What every step of the pipeline is worth: accuracy before and after, paired, and its time."""
    rows = [row for row in figures.rows("rows") if row.number("accuracy") is not None]
    beside_dlib = figures.below("dlib")
    if not rows:
        return
    st.subheader("What each step is worth")
    table([_step(row) for row in [*rows, *([beside_dlib] if beside_dlib is not None else [])]])
    data, pairs = figures.text("data", "title"), figures.number("data", "pairs")
    st.caption(f"{plain(pairs, 0)} pairs of {data}; {figures.text('machine')}; {figures.text('made_by')}")


def _step(row: Figures) -> dict[str, str]:
    gained, lost, p = row.number("gained"), row.number("lost"), row.number("p")
    return {
        "step": row.text("title") or "",
        "kept": "yes" if row.get("kept") is True else "no",
        "accuracy before": "" if row.get("accuracy_before") is None else percent(row.number("accuracy_before"), 2),
        "after": percent(row.number("accuracy"), 2),
        "pairs won / lost": "" if gained is None or lost is None else f"{gained:.0f} / {lost:.0f}",
        "McNemar's p": "" if p is None else f"{p:.2g}",
        "ms per face": plain(row.number("ms"), 1),
    }


def _search(figures: Figures) -> None:
    """One face among K: the time of a search over the number of enrolled people, beside the plain way."""
    from shared import plots

    rows = [(row.number("people"), row.number("seconds"), row.number("naive_seconds")) for row in figures.rows("rows")]
    known = [(k, ours, naive) for k, ours, naive in rows if k and ours is not None and naive is not None]
    if not known:
        return
    st.subheader("One face among K")
    times = {
        "this hub": [1e3 * seconds for _, seconds, _ in known],
        "subtract, square, sum, sort": [1e3 * seconds for *_, seconds in known],
    }
    drawn = plots.lines(
        times,
        x=[k for k, *_ in known],
        x_title="enrolled people K (log)",
        y_title="ms",
        title="Time of a search",
        log_x=True,
        log=True,
    )
    chart(drawn, f"{figures.text('machine')}; {figures.text('made_by')}")


def _curves(figures: Figures) -> None:
    from shared import plots

    at, far, frr = (figures.numbers("curve", key) for key in ("threshold", "far", "frr"))
    if not (at and far and frr and len(at) == len(far) == len(frr)):
        missing("The error curves", "python -m apps.face calibrate")
        return
    threshold = figures.number("threshold")
    left, right = st.columns(2)
    with left:
        known = [i for i in range(len(far)) if far[i] >= _LEAST_FAR]
        kept = [known[i] for i in thinned(known)]
        accepts = [far[i] for i in kept]
        drawn = plots.lines(
            {"measured": [1 - frr[i] for i in kept], "guessing": accepts},
            x=accepts,
            x_title="false accepts (log)",
            y_title="true accepts",
            title="ROC",
            log_x=True,
            height=320,
        )
        chart(drawn, "How many photos of the same person are let in, against how many strangers are.")
    with right:
        kept = thinned(at)
        errors = {"false accepts": [far[i] for i in kept], "false rejects": [frr[i] for i in kept]}
        drawn = plots.lines(
            errors, x=[at[i] for i in kept], x_title="threshold", y_title="share", title="Both errors", height=320
        )
        chosen = f" The hub uses τ = {threshold:.3f}." if threshold is not None else ""
        chart(drawn, f"A larger threshold lets in more strangers and turns away fewer of the enrolled.{chosen}")
