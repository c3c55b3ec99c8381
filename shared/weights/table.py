"""The README's table of weights, written from the registry between two comments, so that it cannot drift."""

from __future__ import annotations

import re
from pathlib import Path

from shared import registry
from shared.registry.types import Bundled, HubFile, InPackage, Record, Release

_BLOCK = re.compile(r"(<!-- weights:[^>]*-->\n).*?(<!-- /weights -->)", re.DOTALL)


def readme() -> Path:
    """The README of this repository."""
    return Path(__file__).resolve().parent.parent.parent / "README.md"


def weights_table() -> str:
    """A Markdown table, one row per record in the order of the registry."""
    rows = ["| name | what | size | where it comes from | licence |", "| --- | --- | ---: | --- | --- |"]
    for record in registry.records():
        card = f"[`{record.name}`](weights/{record.card})" if record.card else f"`{record.name}`"
        rows.append(f"| {card} | {record.title} | {record.size / 1e6:.1f} MB | {_origin(record)} | {record.licence} |")
    return "\n".join(rows) + "\n"


def with_table(text: str) -> str:
    """``text`` with the block between the two comments replaced by the table of now.

    Raises:
        ValueError: the comments are not there.
    """
    if not _BLOCK.search(text):
        raise ValueError("no <!-- weights: ... --> and <!-- /weights --> in the text")
    return _BLOCK.sub(lambda match: f"{match[1]}{weights_table()}{match[2]}", text)


def _origin(record: Record) -> str:
    origin = record.origin
    if isinstance(origin, Bundled):
        return f"bundled; `{origin.made_by}`"
    if isinstance(origin, InPackage):
        return f"in the package `{origin.package}`"
    if isinstance(origin, HubFile):
        return f"downloaded on demand: `{origin.repo}` on the hub"
    if isinstance(origin, Release):
        return "downloaded on demand: release file" + (f", mirror `{origin.mirror.repo}`" if origin.mirror else "")
    raise TypeError(f"unknown origin {origin!r}")
