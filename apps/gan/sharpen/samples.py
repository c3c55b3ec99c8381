"""The photos to sharpen that are one click away. Their origin and rights: ``apps/gan/samples/README.md``."""

from __future__ import annotations

from pathlib import Path

from shared.errors import check_choice

SAMPLES: dict[str, str] = {"cat": "Cat", "astronaut": "Astronaut", "coffee": "Coffee", "rocket": "Rocket"}  # titles
FIRST = "cat"
FACE = "astronaut"  # the one with a face


def sample_path(name: object) -> Path:
    """The file of a sample.

    Raises:
        OptionError: there is none of that name.
    """
    chosen = check_choice(name, SAMPLES, "The sample")
    return Path(__file__).resolve().parent.parent / "samples" / f"{chosen}.jpg"
