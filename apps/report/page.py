"""The report's page: one section at a time, chosen at the top or by ``?section=``."""

from __future__ import annotations

from dataclasses import astuple

import streamlit as st

from apps.ekg import measured as ekg
from apps.face import measured as face
from apps.gan import measured as gan
from apps.report import demo, library, machines
from apps.report.headlines import headlines
from apps.style import measured as style


def overview() -> None:
    """The first section: every headline figure in one table."""
    st.header("At a glance")
    rows = headlines()
    if not rows:
        st.info("No figures: nothing was measured yet.", icon=":material/hourglass_empty:")
        return
    titles = ("demo", "measured", "figure", "95 % interval", "on")
    st.dataframe([dict(zip(titles, astuple(row), strict=True)) for row in rows], hide_index=True)
    st.caption("The README's table is made from the same rows.")


SECTIONS = {
    "overview": ("At a glance", overview),
    "face": ("Faces", lambda: demo.show("face", "Faces", face.chapters())),
    "style": ("Style transfer", lambda: demo.show("style", "Style transfer", style.chapters())),
    "gan": ("GANs", lambda: demo.show("gan", "GANs", (*gan.chapters(), *gan.of_panels()))),
    "ekg": ("EKG", lambda: demo.show("ekg", "EKG", ekg.chapters())),
    "machines": ("One machine and many", lambda: demo.show("hub", "One machine and many", machines.chapters())),
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
