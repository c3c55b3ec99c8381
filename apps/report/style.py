"""Style transfer: what is stored about costs and speed, drawn where it is a list, else as it is."""

from __future__ import annotations

import streamlit as st

from apps.report.figures import Figures, plain, sources
from apps.report.parts import Tile, as_stored, chart, heading, missing, tiles

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
        _costs(figures)
        as_stored(source, figures)


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
