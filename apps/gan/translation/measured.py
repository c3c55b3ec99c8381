"""Day to night: the translators on continents that they never saw, compared with answers that cost nothing."""

from __future__ import annotations

from apps.markup import Content, Markup, h, joined, note, prose, table
from apps.measured import Chapter, Figures, drawn, with_interval

NIGHT = "gan/night.json"
_NONE = "—"
_TITLES = {"l1": "L1 only", "both": "L1 and GAN", "gan": "GAN only"}
_COLUMNS = {  # key of the figures: the heading
    "l1": "L1 (lower is better)",
    "correlation_cells": "correlation of light, cells of 60 km",
    "correlation": "... pixels of 10 km",
    "amount": "light, true = 1",
    "frechet": "Fréchet distance (lower is better)",
}


def night_chapter() -> Chapter:
    """The chapter."""
    return Chapter(
        title="Day to night, where no network was trained",
        text="South America and Australia, whole: three trained networks and answers that cost nothing.",
        body=drawn(NIGHT, night_figures, "python -m apps.gan translate-evaluate"),
    )


def night_figures(found: Figures) -> Markup:
    """The table of what ``apps.gan translate-evaluate`` wrote."""
    rows = [(_name(row), *(_cell(row[key]) for key in _COLUMNS)) for row in found["rows"]]
    explained = prose(
        "{}: {:,} blocks, {:,} pixels of land. Small: 95 % intervals by bootstrap over blocks. L1: mean absolute "
        "difference of the brightened pictures, 0 to 1. Light: what is redder than moonlit ground. Fréchet distance: "
        "{}; not comparable with other networks' features. In L1 a night without lamps is hard to beat, because most "
        "land is dark. Command: {}.",
        found["data"][:1].upper() + found["data"][1:],
        found["n_blocks"],
        found["n_pixels"],
        found["frechet"],
        h.code(found["command"]),
    )
    return joined([table(("", *_COLUMNS.values()), rows, class_="gan-figures"), note(explained)])


def _name(row: Figures) -> str:
    title = _TITLES.get(row["method"], str(row["method"]))
    return f"{title}, from painted land" if row["input"] == "painted" else title


def _cell(figure: list[float] | None) -> Content:
    if figure is None:
        return _NONE
    return with_interval(*figure, form=",.3f" if figure[0] < 10 else ",.0f")
