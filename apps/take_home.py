"""The code behind a tab with a visitor's settings: a plain script and a Jupyter notebook that give the page's numbers.

The scripts are the files of ``lessons/code``: each runs as it stands, from the repository's folder, offline. They are
written in cells (``# %%``, as editors and jupytext read them); a notebook is the same cells. Only the values of the
assignments that stand for a control are replaced, by literals, so that nothing of a link can become code. A name with
an underscore at its end is that of a control whose own name Python uses: ``filter_``.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "lessons" / "code"
_FIRST = {"face": "verify", "style": "paint", "gan": "sample", "ekg": "one_beat", "conv": "see"}  # of a tab
_SAME = {  # sub-tabs whose numbers another script gives; in ``hub`` are those for every demo
    "face/enrol": "face/recognise",
    "face/measured": "hub/measured",
    "style/after": "style/paint",
    "style/grams": "style/paint",
    "style/measure": "hub/measured",
    "gan/measured": "hub/measured",
    "ekg/how-good-is-it": "hub/measured",
} | {f"{slug}/exercises": "hub/exercises" for slug in _FIRST}
_CELL, _TEXT = "# %%", "# %% [markdown]"


def code(path: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """What gives the numbers of the sub-tab ``path``, "gan/latent-walk", with ``values``: "gan-latent_walk", and it."""
    name, slug = name_for(path), path.partition("/")[0]
    return name.replace("hub/", f"{slug}-").replace("/", "-"), script(name, {"demo": slug, **values})


def name_for(path: str) -> str:
    """The script of the sub-tab ``path`` or of what it stands in, "gan/latent_walk"; a tab has its first one's."""
    slug, *rest = path.split("/")
    while rest:
        own = f"{slug}/{'_'.join(rest).replace('-', '_')}"
        name = _SAME.get("/".join((slug, *rest)), own)
        if name in scripts():
            return name
        rest.pop()
    return f"{slug}/{_FIRST[slug]}"


@lru_cache(maxsize=1)
def scripts() -> dict[str, str]:
    """The scripts by their names: "gan/latent_walk"."""
    found = sorted(FOLDER.glob("*/*.py"))
    return {f"{one.parent.name}/{one.stem}": one.read_text(encoding="utf-8") for one in found}


def script(name: str, values: Mapping[str, Any]) -> str:
    """The script ``name`` with ``values`` in place of those that it has; others than it has are left out."""
    lines = scripts()[name].splitlines(keepends=True)
    assigned = [node for node in ast.parse(scripts()[name]).body if isinstance(node, ast.Assign)]
    for node in reversed(assigned):
        target, old = node.targets[0], node.value
        control = target.id.rstrip("_") if isinstance(target, ast.Name) else ""
        if control in values and _is_literal(old) and old.end_lineno is not None:
            first, last = lines[old.lineno - 1], lines[old.end_lineno - 1]
            # columns of a syntax tree count bytes
            before = first.encode()[: old.col_offset].decode()
            after = last.encode()[old.end_col_offset :].decode()
            lines[old.lineno - 1 : old.end_lineno] = [before + _literal(values[control]) + after]
    return "".join(lines)


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # in double quotes; its escapes are Python's, too
    return f"[{', '.join(map(_literal, value))}]" if isinstance(value, list | tuple) else repr(value)


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def notebook(code: str) -> str:
    """``code``, a script in cells, as a Jupyter notebook (nbformat 4.5), JSON."""
    cells = [_cell(number, lines) for number, lines in enumerate(_cells(code))]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    whole = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, ensure_ascii=False, indent=1)


def _cells(code: str) -> list[tuple[str, list[str]]]:
    """Kind and lines of every cell; the script's first sentence is the first."""
    title, *rest = code.splitlines()
    cells = [("markdown", [title.strip('"')])]
    for line in rest:
        if line in (_CELL, _TEXT):
            cells.append(("markdown" if line == _TEXT else "code", []))
        elif line or cells[-1][0] == "code":
            kind, lines = cells[-1]
            lines.append(line.removeprefix("# ") if kind == "markdown" else line)
    return cells


def _cell(number: int, given: tuple[str, list[str]]) -> dict[str, Any]:
    kind, lines = given
    made = {"id": f"cell-{number}", "cell_type": kind, "metadata": {}, "source": "\n".join(lines).strip("\n")}
    return made | {"execution_count": None, "outputs": []} if kind == "code" else made
