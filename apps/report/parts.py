"""Pieces that all sections share on the streamlit side: tiles, charts, tables, honest gaps, the rest of a file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from apps.report.figures import NOT_MEASURED, Figures, Source


@dataclass(frozen=True)
class Tile:
    """One figure with its small print: interval, number of cases, data set."""

    label: str
    value: str
    note: str = ""


def tiles(entries: Sequence[Tile], *, across: int = 4) -> None:
    """Figures side by side; on a phone one below the other."""
    for start in range(0, len(entries), across):
        row = entries[start : start + across]
        for column, tile in zip(st.columns(across), row, strict=False):
            with column:
                missing = tile.value == NOT_MEASURED
                st.metric(tile.label, "—" if missing else tile.value)
                st.caption(NOT_MEASURED if missing else tile.note or " ")


def chart(drawn: Any, caption: str = "") -> None:
    """An altair chart as wide as its column."""
    st.altair_chart(drawn, width="stretch")
    if caption:
        st.caption(caption)


def missing(what: str, command: str = "", *, state: str = NOT_MEASURED) -> None:
    """An empty state: what is not there, and the command that makes it."""
    made = f" The command is `{command}`." if command else ""
    st.info(f"{what}: {state}.{made}", icon=":material/hourglass_empty:")


def table(rows: Sequence[Mapping[str, Any]]) -> None:
    """A plain table, every row with the same keys."""
    import pandas as pd

    st.dataframe(pd.DataFrame([{key: str(value) for key, value in row.items()} for row in rows]), hide_index=True)


def heading(source: Source, command: str) -> Figures | None:
    """The title of one file of figures, and its figures; where there are none, the reason instead."""
    st.subheader(source.title)
    if source.figures is None and source.problem == NOT_MEASURED:
        missing(f"`{source.path.name}`", command)
    elif source.figures is None:
        st.warning(source.problem, icon=":material/broken_image:")
    return source.figures


def told_apart(found: Iterable[Source], keys: Collection[str]) -> tuple[list[Source], list[Source]]:
    """Files that hold one of the figures ``keys`` or cannot be read, and the others, which serve the demo itself."""
    figures: list[Source] = []
    others: list[Source] = []
    for source in found:
        known = source.figures is None or any(key in source.figures.data for key in keys)
        (figures if known else others).append(source)
    return figures, others


def beside(others: Sequence[Source]) -> None:
    """Files that hold no figures the section knows, folded away."""
    for source in others:
        if source.figures is not None:
            with st.expander(f"Also stored: {source.path.name}"):
                st.json(source.figures.data, expanded=False)


def as_stored(source: Source, figures: Figures) -> None:
    """What the section did not draw, and the whole file, folded away."""
    with st.expander(f"Everything in {source.path.name}, as stored"):
        rest = {key: value for key, value in figures.rest().items() if not isinstance(value, dict | list)}
        if rest:
            table([{"key": key, "value": value} for key, value in rest.items()])
        st.json(figures.data, expanded=False)
