"""The tables of weights in the two READMEs, made from the registry."""

from __future__ import annotations

from shared import registry


def weights_table() -> str:
    """A Markdown table, one row per record in the order of the registry."""
    rows = ["| name | what | size | where it comes from | licence |", "| --- | --- | ---: | --- | --- |"]
    for record in registry.records():
        card = f"[`{record.name}`](weights/{record.card})" if record.card else f"`{record.name}`"
        rows.append(f"| {card} | {record.title} | {record.size / 1e6:.1f} MB | {record.origin} | {record.licence} |")
    return "\n".join(rows) + "\n"


def licences_table() -> str:
    """A Markdown table of licences and sources, one row per record, with paths as seen from ``weights/``."""
    rows = ["| name | licence | source |", "| --- | --- | --- |"]
    for record in registry.records():
        card = f"[`{record.name}`]({record.card})" if record.card else f"`{record.name}`"
        rows.append(f"| {card} | {record.licence} | {record.source} |")
    return "\n".join(rows) + "\n"
