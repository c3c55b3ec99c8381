"""Measurements of the demo that belong to no single model: JSON files below ``weights/gan``. No torch."""

from __future__ import annotations

import json
from typing import Any

from shared.settings import weights_dir

AUGMENTATION = "gan/augmentation.json"
TEXTBOOK = "gan/textbook.json"


def measurement(name: str) -> dict[str, Any] | None:
    """What the file ``name`` below the weights folder holds, or ``None`` if it has not been measured yet."""
    path = weights_dir() / name
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None
