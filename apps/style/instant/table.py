"""The styles that have a name, as one table: the page, the command line and the thumbnails read it. Knows no torch.

A learned style comes from a style sample: ``apps/style/samples.py`` has the steps to add one. The painter's own 26 came
without names. These say what they look like, on a cat, an astronaut and a temple at
384 pixels (``python -m apps.style.instant.thumbnails --sheet`` paints them).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from apps.style.samples import of_role
from shared.errors import check_choice

_FOLDER = Path(__file__).resolve().parent / "style_thumbs"


@dataclass(frozen=True, kw_only=True)
class NamedStyle:
    """One style, by the name that the command line and the endpoint take."""

    name: str  # lower case, with hyphens
    title: str  # for people: what it looks like
    kind: Literal["known", "learned"]  # one of the painter's 26, or learned here from one of the sample pictures
    row: int  # of the painter's 26; -1 for a learned one

    @property
    def thumb(self) -> Path:
        """96 x 96 pixels of the cat in this style."""
        return _FOLDER / f"{self.name}.webp"


_TITLES = (  # in the order of the network's rows
    "Ochre and sky",
    "Yellow blocks",
    "Soft ink wash",
    "Bright dabs on black",
    "Crimson poster",
    "Warm oils",
    "Midnight dots",
    "Blue and gold glow",
    "Coloured pencil",
    "Slate and red dabs",
    "Embers",
    "Golden linocut",
    "Lilac mist",
    "Lime and teal",
    "Pale blue etching",
    "Pastel glass",
    "Blue crayon",
    "Woven red",
    "Sepia brush",
    "Starry blue",
    "Deep red",
    "Paper cut-outs",
    "Comic ink",
    "Dusk",
    "Blue woodblock",
    "Carved copper",
)


def _slug(title: str) -> str:
    return title.lower().replace(" ", "-")


KNOWN = tuple(NamedStyle(name=_slug(title), title=title, kind="known", row=row) for row, title in enumerate(_TITLES))
LEARNED: tuple[NamedStyle, ...] = tuple(
    NamedStyle(name=sample.name, title=sample.title, kind="learned", row=-1) for sample in of_role("style")
)
STYLES: dict[str, NamedStyle] = {style.name: style for style in (*KNOWN, *LEARNED)}


def find_style(name: object) -> NamedStyle:
    """The style called ``name``.

    Raises:
        OptionError: there is none of that name; the message lists those there are.
    """
    return STYLES[check_choice(name, STYLES, "The style")]
