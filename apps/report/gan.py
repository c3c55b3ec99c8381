"""GANs: does the judge read the digit that was asked for, how far from real digits, how varied, and no copies."""

from __future__ import annotations

import streamlit as st

from apps.report.figures import Figures, percent, plain, sources, span
from apps.report.parts import Tile, as_stored, beside, chart, heading, missing, tiles, told_apart

_KEYS = ("test_accuracy", "fid", "agreement")  # a file with one of them holds figures
_EVALUATE = "python -m apps.gan evaluate --model cgan-digits"


def show() -> None:
    """The section."""
    st.header("GANs")
    found, others = told_apart(sources("gan"), _KEYS)
    if not found:
        missing("GAN figures", _EVALUATE)
    for source in found:
        figures = heading(source, _EVALUATE)
        if figures is None:
            continue
        if figures.number("test_accuracy") is not None:
            _judge(figures)
        elif figures.number("fid") is not None or figures.number("agreement") is not None:
            _generator(figures)
        as_stored(source, figures)
    beside(others)


def _judge(figures: Figures) -> None:
    n = f"n = {plain(figures.number('n'), 0)}, {figures.text('data') or 'data not named'}"
    interval = span(figures.interval("test_accuracy_interval"), 2)
    tiles(
        (
            Tile("Digits read rightly", percent(figures.number("test_accuracy"), 2), f"{n}; {interval}"),
            Tile("Parameters", plain(figures.number("parameters"), 0)),
        )
    )


def _floor(figures: Figures, key: str, digits: int = 3, *, share: bool = False) -> str:
    floor = figures.number(key)
    if floor is None:
        return ""
    return f"real digits: {percent(floor, digits) if share else plain(floor, digits)}"


def _generator(figures: Figures) -> None:
    n = figures.number("n")
    agreement = f"n = {plain(n, 0)}; {span(figures.interval('agreement_interval'), 2)}"
    variety = figures.numbers("diversity")
    mean = sum(variety) / len(variety) if variety else None
    spread = f"{percent(min(variety), 0)} to {percent(max(variety), 0)} over the classes" if variety else ""
    asked = [Tile("Read as the digit asked for", percent(figures.number("agreement"), 2), agreement)]
    tiles(
        (
            *(asked if figures.get("read_as") is None or figures.get("agreement") is not None else ()),
            Tile("Fréchet distance (judge's features)", plain(figures.number("fid")), _floor(figures, "fid_floor")),
            Tile("Precision", percent(figures.number("precision")), _floor(figures, "precision_floor", 1, share=True)),
            Tile("Recall", percent(figures.number("recall")), _floor(figures, "recall_floor", 1, share=True)),
            Tile("Variety within a class", percent(mean, 0), spread),
            Tile("Copies of training digits", percent(figures.number("copies")), "closer than 99 % of test digits are"),
            Tile(
                "To the nearest training digit", plain(figures.number("nearest"), 1), _floor(figures, "nearest_real", 1)
            ),
            Tile("The judge's own accuracy", percent(figures.number("judge_accuracy"), 2)),
        )
    )
    left, right = st.columns(2)
    with left:
        _confusion(figures)
    with right:
        _digits(figures)


def _confusion(figures: Figures) -> None:
    from shared import plots

    counts = figures.matrix("confusion")
    if counts is None:
        st.caption("No classes, so no confusion matrix.")
        return
    names = [str(digit) for digit in range(len(counts))]
    drawn = plots.heatmap(
        counts,
        rows=names,
        columns=names,
        row_title="asked for",
        column_title="read",
        title="Asked and read",
        height=380,
    )
    chart(drawn)


def _digits(figures: Figures) -> None:
    from shared import plots

    each = figures.below("agreement_per_digit")
    if each is not None:
        values = {digit: value for digit in each.data if (value := each.number(digit)) is not None}
        if values:
            worst = min(values, key=lambda digit: values[digit])
            drawn = plots.bars(
                values, x_title="digit", y_title="agreement", title="Agreement by digit", highlight=worst, height=380
            )
            chart(drawn)
        return
    shares = figures.numbers("read_as")
    if shares:
        read = {str(digit): share for digit, share in enumerate(shares)}
        chart(plots.bars(read, x_title="read as", y_title="share of samples", title="What it draws", height=380))
