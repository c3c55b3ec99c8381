"""Every registered network with its model card, and the speed measurements."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import streamlit as st

from shared.registry import records
from shared.registry.types import Bundled, InPackage, Record
from shared.settings import weights_dir


def _where(record_is_here: bool, bundled: bool, packaged: bool) -> str:
    if bundled:
        return "bundled, here" if record_is_here else "bundled, but missing here"
    return "inside an installed package" if packaged else "downloaded when first used"


def card(record: Record) -> str | None:
    """The text of the record's model card, or ``None`` if it has none or the file is missing."""
    try:
        return (weights_dir() / str(record.card)).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


def is_here(record: Record) -> bool:
    """Whether every file of ``record`` lies in the bundle with the declared size."""
    files = [(weights_dir() / file.path, file.size) for file in record.files]
    return all(path.is_file() and path.stat().st_size == size for path, size in files)


def show_cards() -> None:
    """The section "Model cards": the registry as a table, and each card as written."""
    st.header("Model cards")
    every = records()
    st.dataframe(
        [
            {
                "network": record.name,
                "what": record.title,
                "MB": f"{record.size / 1e6:.2f}",
                "licence": record.licence,
                "where": _where(
                    is_here(record), isinstance(record.origin, Bundled), isinstance(record.origin, InPackage)
                ),
                "card": "yes" if card(record) else "not written yet",
            }
            for record in every
        ],
        hide_index=True,
    )
    chosen = st.selectbox("Network", [record.name for record in every], key="card")
    record = next(one for one in every if one.name == chosen)
    st.markdown(f"**{record.title}** · {record.licence}")
    st.caption(f"Source: {record.source}")
    text = card(record)
    st.markdown(text or "This network has no model card yet.")
    with st.expander("What the registry says"):
        st.json(
            {
                "files": [{"path": f.path, "sha256": f.sha256, "size": f.size} for f in record.files],
                "loader": record.loader,
                "preprocessing": record.preprocessing,
                "output": record.output,
                "labels": list(record.labels),
            }
        )


def benchmarks_dir() -> Path:
    """The folder of the speed measurements."""
    return Path(__file__).resolve().parent.parent.parent / "benchmarks"


def show_benchmarks() -> None:
    """The section "Benchmarks": what each script measures, and where its figures are."""
    st.header("Benchmarks")
    st.write(
        "Speed depends on the machine and on what else it does, so the scripts measure two things in turns in one run "
        "and print their ratio. `make bench` runs those that need no data."
    )
    scripts = sorted(path for path in benchmarks_dir().rglob("*.py") if not path.name.startswith("_"))
    for path in scripts:
        st.subheader(path.stem.replace("_", " "))
        try:
            said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, SyntaxError):
            said = None
        st.write(said or "The script says nothing about itself.")
        name = ".".join(path.relative_to(benchmarks_dir()).with_suffix("").parts)
        file = weights_dir() / Path(*re.split(r"[._]", name, maxsplit=1)).with_suffix(".json")
        stored = next((one for one in (file, file.with_stem(file.stem.replace("_", "-"))) if one.is_file()), None)
        if stored is not None:
            where = stored.relative_to(weights_dir()).as_posix()
            st.caption(f"Its figures are stored in `weights/{where}` and shown in that demo's section.")
        else:
            st.caption(f"It prints its figures: `python -m benchmarks.{name}` on your machine.")
