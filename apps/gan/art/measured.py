"""Endless art: patches of it against patches of its picture, compared with answers that cost nothing."""

from __future__ import annotations

from apps.markup import Markup, h, joined, note, prose, table
from apps.measured import Chapter, Figures, drawn, with_interval

ART = "gan/art.json"
_METHODS = {
    "gan": "Generator",
    "tiles": "Tiles of the picture at random",
    "spectrum": "Noise with the picture's spectrum",
    "colour": "Its mean colour",
}


def art_chapter() -> Chapter:
    """The chapter."""
    return Chapter(
        title="Endless art, patch by patch",
        text="Does it look like its picture, and does it copy?",
        body=drawn(ART, art_figures, "python -m apps.gan art-evaluate"),
    )


def art_figures(found: Figures) -> Markup:
    """The table of what ``apps.gan art-evaluate`` wrote."""
    rows = [
        (
            found["pictures"][row["picture"]] if row["method"] == "gan" else "",
            _METHODS[row["method"]],
            with_interval(*row["frechet"], form=",.0f"),
            with_interval(*row["nearest"], form=",.2f"),
        )
        for row in found["rows"]
    ]
    columns = ("", "", "Fréchet distance (lower is better)", "nearest patch (1: as the picture's own)")
    explained = prose(
        "Windows of {} pixels. Fréchet distance: {}. Nearest patch: the median distance of {:,} patches of {} pixels "
        "to the nearest patch of the picture, as a share of what the picture's own patches have to the nearest that "
        "does not overlap them; near 0 it copies, and what is smooth is near to everything. Small: 95 % intervals by "
        "bootstrap; those of the Fréchet distance lie high, because a resample has fewer different blocks. "
        "Command: {}.",
        found["side"],
        found["features"],
        found["queries"],
        found["patch"],
        h.code(found["command"]),
    )
    return joined([table(columns, rows, class_="gan-figures"), note(explained)])
