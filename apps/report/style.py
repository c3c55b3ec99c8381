"""Style transfer: its speed beside the textbook's, its memory, what it survives, and the costs of a run."""

from __future__ import annotations

import streamlit as st

from apps.report.figures import Figures, plain, sources
from apps.report.parts import Tile, as_stored, chart, heading, missing, table, tiles

_TRANSFER = "python -m apps.style transfer CONTENT STYLE --out PNG --json"
_TILES = {
    "J": "Cost J",
    "J_content": "Content cost",
    "J_style": "Style cost",
    "seconds_per_iteration": "Seconds per iteration",
    "peak_bytes": "Peak memory (bytes)",
}


def show() -> None:
    """The section."""
    st.header("Style transfer")
    found = list(sources("style"))
    if not found:
        missing("Style transfer figures", _TRANSFER)
    for source in found:
        figures = heading(source, _TRANSFER)
        if figures is None:
            continue
        _speed(figures)
        _limits(figures)
        _costs(figures)
        as_stored(source, figures)


def _speed(figures: Figures) -> None:
    """Every variant's time per iteration, and how many times faster than the textbook it is, by picture size."""
    from shared import plots

    sizes = figures.below("sizes")
    if sizes is None:
        return
    rows, ratios = [], {}
    for size in sizes.data:
        variants = sizes.below(size)
        for name in variants.data if variants is not None else ():
            seconds, faster = sizes.number(size, name, "seconds"), sizes.number(size, name, "times_faster")
            wall = sizes.number(size, name, "wall_times_faster")
            row = {"picture": f"{size} px", "variant": name, "processor seconds per iteration": plain(seconds)}
            rows.append(row | {"times faster": plain(faster, 2), "by the clock": plain(wall, 2)})
            if faster is not None:
                ratios[f"{name}, {size} px"] = faster
    table(rows)
    if ratios:
        chart(plots.bars(ratios, x_title="", y_title="times the textbook's speed", height=300))
    where = [figures.text("device"), figures.text("measure"), figures.text("command")]
    st.caption("; ".join(words for words in where if words))


def _limits(figures: Figures) -> None:
    """The most memory a run took, and the extreme settings that were tried."""
    peaks, finite = figures.below("peak_gb"), figures.below("finite")
    if peaks is not None:
        size = plain(figures.number("size"), 0)
        found = [(name, peaks.number(name)) for name in peaks.data]
        tiles([Tile(f"Peak memory at {size} px, {name}", f"{plain(value, 2)} GB") for name, value in found])
    if finite is not None:
        st.caption(f"{plain(figures.number('iterations'), 0)} iterations each; were all costs and pixels finite?")
        table([{"settings": name, "finite": "yes" if finite.get(name) is True else "no"} for name in finite.data])


def _last(figures: Figures, key: str) -> tuple[float | None, str]:
    """The last value of a cost that is stored as first and last, or the value itself."""
    pair = figures.numbers(key)
    if pair is not None and len(pair) >= 2:
        return pair[-1], f"at first {plain(pair[0])}"
    return figures.number(key), ""


def _costs(figures: Figures) -> None:
    from shared import plots

    known = [(label, *_last(figures, key)) for key, label in _TILES.items() if figures.get(key) is not None]
    if known:
        tiles([Tile(label, plain(value), note) for label, value, note in known])
    curves = {key: values for key in figures.data if (values := figures.numbers(key)) is not None and len(values) > 2}
    for key, values in curves.items():
        chart(plots.lines({key: values}, x_title="iteration", y_title=key, title=key))
