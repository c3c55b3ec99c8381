"""The sample pictures that are one click away. Their origin and licences: ``samples/README.md``.

A content sample is ``samples/NAME.jpg`` of at most 512 pixels, its thumbnail of 112 x 112 in ``samples/thumbs``, a line
in ``_TABLE`` below and one in ``samples/README.md``. Units are shown on all samples, so their nine patches may change.

A style sample is painted by a program of ours and is a style of the network that paints in one pass. For a new one:

1. a function in ``tools/paint`` and its line in ``PICTURES``; ``python -m tools.paint NAME`` writes the picture and its
   thumbnail;
2. a line in ``_TABLE`` below, and one in ``samples/README.md``;
3. ``python -m apps.style learn apps/style/samples/NAME.jpg --title "As in _TABLE" --out NAME.safetensors``; the file
   goes to ``weights/style/learned``, its SHA-256 and size into ``_LEARNED`` of ``shared/registry/style.py``;
4. ``python -m apps.style.instant.thumbnails``; what the style looks like, in ``weights/style/learned-samples.md``;
   ``make readme``.

Tests say which of these is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shared.errors import check_choice

Role = Literal["content", "style"]
_FOLDER = Path(__file__).resolve().parent / "samples"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One picture."""

    name: str  # of its file, without .jpg
    title: str  # for people
    role: Role

    @property
    def path(self) -> Path:
        """The picture."""
        return _FOLDER / f"{self.name}.jpg"

    @property
    def thumb(self) -> Path:
        """112 x 112 pixels of it."""
        return _FOLDER / "thumbs" / f"{self.name}.jpg"


_TABLE: tuple[tuple[str, str, Role], ...] = (
    ("astronaut", "Astronaut", "content"),
    ("cat", "Cat", "content"),
    ("temple", "Temple", "content"),
    ("coffee", "Coffee", "content"),
    ("flower", "Dahlia", "content"),
    ("rocket", "Rocket", "content"),
    ("swirls", "Swirling night", "style"),
    ("woodcut", "Woodcut waves", "style"),
    ("mosaic", "Mosaic sun", "style"),
    ("bands", "Burning sky", "style"),
    ("circles", "Rings", "style"),
    ("points", "Dots of colour", "style"),
    ("planes", "Cubist planes", "style"),
    ("ink", "Brown ink", "style"),
)
EXAMPLE = ("cat", "swirls", _FOLDER / "example.jpg")  # content, style, and the first as the default recipe paints it
SAMPLES: dict[str, Sample] = {name: Sample(name=name, title=title, role=role) for name, title, role in _TABLE}


def of_role(role: Role) -> tuple[Sample, ...]:
    """The content pictures, or the style pictures."""
    return tuple(sample for sample in SAMPLES.values() if sample.role == role)


def find_sample(name: object) -> Sample:
    """The sample called ``name``.

    Raises:
        OptionError: there is none of that name.
    """
    return SAMPLES[check_choice(name, SAMPLES, "A sample")]
