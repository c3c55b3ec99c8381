"""The first page of the report: every headline figure in one table."""

from __future__ import annotations

from dataclasses import astuple

import streamlit as st

from apps.report.headlines import headlines
from apps.report.parts import missing, table


def show() -> None:
    """The section."""
    st.header("At a glance")
    rows = headlines()
    if not rows:
        missing("Every figure")
        return
    titles = ("demo", "measured", "figure", "95 % interval", "on")
    table([dict(zip(titles, astuple(row), strict=True)) for row in rows])
    st.caption("The README's table is made from the same rows.")
