"""The report's page: one section at a time, chosen at the top or by ``?section=``."""

from __future__ import annotations

import streamlit as st

from apps.ekg import measured as ekg
from apps.report import demo, face, gan, library, overview, style

SECTIONS = {
    "overview": ("At a glance", overview.show),
    "face": ("Faces", face.show),
    "style": ("Style transfer", style.show),
    "gan": ("GANs", gan.show),
    "ekg": ("EKG", lambda: demo.show("ekg", "EKG", ekg.parts())),
    "cards": ("Model cards", library.show_cards),
    "benchmarks": ("Benchmarks", library.show_benchmarks),
}


def show() -> None:
    """Lay out the page."""
    st.set_page_config(page_title="ConvHub report", layout="wide")
    st.title("ConvHub: what was measured")
    st.caption("Read from the files in weights/. What is not in a file is not shown, and nothing is estimated.")
    asked = st.query_params.get("section", "overview")
    names = list(SECTIONS)
    chosen = st.radio(
        "Section",
        names,
        index=names.index(asked) if asked in names else 0,
        format_func=lambda name: SECTIONS[name][0],
        horizontal=True,
        key="section",
    )
    if asked != chosen:
        st.query_params["section"] = chosen
    SECTIONS[chosen][1]()
