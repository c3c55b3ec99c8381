"""Measurements of the demo that belong to no single model: JSON files below ``weights/gan``. No torch."""

from __future__ import annotations

import json
from typing import Any

from shared.settings import weights_dir

AUGMENTATION = "gan/augmentation.json"
TEXTBOOK = "gan/textbook.json"
SHARPEN = "gan/sharpen.json"  # photos made small and restored
IDENTITY = "gan/identity.json"  # faces made small and restored, put to the verifier


def measurement(name: str) -> dict[str, Any] | None:
    """What the file ``name`` below the weights folder holds, or ``None`` if it has not been measured yet."""
    path = weights_dir() / name
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None
