"""The sample photos that are one click away. Who is on them and their licences: ``samples/README.md``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import check_choice
from shared.images import open_image

if TYPE_CHECKING:
    from PIL import Image

SAMPLES: dict[str, tuple[str, str]] = {  # key -> (file, name)
    "obama": ("obama.jpg", "Barack Obama"),
    "obama2": ("obama2.jpg", "Barack Obama"),
    "biden": ("biden.jpg", "Joe Biden"),
    "collins": ("collins.jpg", "Eileen Collins"),
}


def sample(key: str) -> bytes:
    """The file of a sample photo."""
    return _path(key).read_bytes()


def sample_picture(key: str) -> Image.Image:
    """A sample photo, to be shown in an input."""

    return open_image(_path(key))


def sample_name(key: str) -> str:
    """Who is on it."""
    return SAMPLES[check_choice(key, SAMPLES, "The sample")][1]


def _path(key: str) -> Path:
    return Path(__file__).parent / "samples" / SAMPLES[check_choice(key, SAMPLES, "The sample")][0]
