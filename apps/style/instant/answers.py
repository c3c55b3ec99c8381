"""What is said of pictures in one pass and of lessons: plain values, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from shared.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A painting, and what there is to say about it."""

    picture: Image.Image  # RGB, or RGBA where parts of the content are transparent
    style: str  # its title
    painter: str  # the name of its record
    estimate_s: float  # the estimate given before
    seconds: float  # what it took, reading the pictures included
    device: str  # for people

    def numbers(self) -> dict[str, Any]:
        """The same without the picture, for JSON."""
        return {
            "style": self.style,
            "painter": self.painter,
            "size": list(self.picture.size),
            "estimate_s": round(self.estimate_s, 3),
            "seconds": round(self.seconds, 3),
            "device": self.device,
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Look:
    """A style as it travels: see ``style.Style``."""

    title: str
    painter: str  # the name of its record
    numbers: np.ndarray[Any, np.dtype[np.float32]]  # (2, N): gamma and beta


@dataclass(frozen=True, eq=False)
class OwnStyle:
    """A style that a visitor taught the painter, or loaded from a file."""

    title: str
    file: bytes  # as ``stylefile`` writes it
    thumb: bytes  # JPEG


@dataclass(frozen=True, kw_only=True)
class Taught:
    """Where a lesson is."""

    progress: Progress
    content: float  # the two costs, means over the latest steps
    style: float
    preview: Image.Image | None  # the first content in the style so far; now and then
    file: bytes  # the style so far, as ``stylefile`` writes it
