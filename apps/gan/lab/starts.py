"""Trained starts: both players of each game worth watching after ``WARM_UP`` rounds, in a file for the page. No torch.

Rounds that a phone would play for half a minute. Weights are whole numbers of 1 / ``SCALE``, 16 bits each, G's layers
before D's, of a layer the weights before the biases, as base64. Optimizers begin without memory.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shared.settings import weights_dir

FILE = "gan/lab-starts.json"  # below the weights folder
SCALE = 4096  # weights are between -8 and 8


def packed(parts: Iterable[npt.ArrayLike]) -> str:
    """The weights ``parts`` as text.

    Raises:
        ValueError: one is out of range, or no number.
    """
    levels = np.rint(np.concatenate([np.ravel(part) for part in parts]) * SCALE)
    if not np.abs(levels).max() < 2**15:
        raise ValueError("a weight that is no number between -8 and 8")
    return b64encode(levels.astype("<i2").tobytes()).decode("ascii")


def write_starts(found: dict[str, str], path: Path) -> None:
    """Keep ``found``, the packed weights by the game's name, as JSON."""
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_starts() -> dict[str, str]:
    """Those that are bundled; without them, the browser plays the rounds itself."""
    path = weights_dir() / FILE
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found
