"""Figures of the demo that belong to no single model: JSON files below ``weights/gan``. No torch."""

from __future__ import annotations

import json
from typing import Any

from shared.settings import weights_dir

AUGMENTATION = "gan/augmentation.json"
TEXTBOOK = "gan/textbook.json"


def figures(name: str) -> dict[str, Any] | None:
    """The figures in ``name`` below the weights folder, or ``None`` where they have not been measured."""
    path = weights_dir() / name
    if not path.is_file():
        return None
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told
