"""One demo in the report: its chapters as its tab shows them, and its files of figures as they are stored."""

from __future__ import annotations

import json
from collections.abc import Iterable

import streamlit as st

from apps.markup import base_style, h, joined
from apps.measured import Chapter
from shared.settings import weights_dir

# streamlit's own element for HTML leaves every SVG out
_SHOW = "export default ({ data, parentElement }) => { parentElement.innerHTML = data; };"


def show(slug: str, title: str, chapters: Iterable[Chapter]) -> None:
    """The section of the demo ``slug``."""
    st.header(title)
    draw = st.components.v2.component("chapter", js=_SHOW)
    look = "ch-report dark" if st.context.theme.type == "dark" else "ch-report"
    for chapter in chapters:
        st.subheader(chapter.title)
        if chapter.text:
            st.caption(chapter.text)
        draw(data=str(joined((base_style(), h.div(chapter.body, class_=look)))), key=f"{slug} {chapter.title}")
    for path in sorted((weights_dir() / slug).glob("*.json")):
        with st.expander(f"{path.name}, as stored"):
            text = path.read_text(encoding="utf-8")
            try:
                st.json(json.loads(text), expanded=False)
            except (ValueError, RecursionError) as error:
                st.warning(f"The file cannot be read: {error}", icon=":material/broken_image:")
