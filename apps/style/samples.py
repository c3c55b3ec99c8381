"""The sample pictures that are one click away. Their origin and licences: ``samples/README.md``."""

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
