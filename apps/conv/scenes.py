"""What a filter slides over: a heartbeat, a photo, a film, a volume, each as the data that the page asks for once.

Data are (C, D, H, W): bytes in base64 with a scale, or numbers for the signal. Nothing is sent before it is looked at.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from shared.errors import check_choice

PHOTOS: dict[str, str] = {"chelsea": "Cat", "coffee": "Cup", "astronaut": "Astronaut"}
PHOTO_SIZE = 112  # pixels of each side; the visitor's own photo is shrunk to it in their browser


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One thing to slide over, as the page's buttons show it."""

    title: str
    dimensions: int
    axes: tuple[str, ...]  # what the axes D, H, W are called; the last ``dimensions`` count
    load: Callable[[], dict[str, Any]]
    start: tuple[float, float, float]  # where the window first stands, as parts of the output's D, H, W


def samples_dir() -> Path:
    """The folder of the samples."""
    return Path(__file__).parent / "samples"


@lru_cache(maxsize=1)
def heartbeat() -> dict[str, Any]:
    """The sample ``heartbeat.json``: ``signal_mv``, ``rate_hz``, ``beats``."""
    sample: dict[str, Any] = json.loads((samples_dir() / "heartbeat.json").read_text(encoding="utf-8"))
    return sample


def _bytes(data: Any, shape: tuple[int, ...]) -> dict[str, Any]:
    return {"shape": list(shape), "base64": base64.b64encode(data.tobytes()).decode("ascii"), "scale": 255}


def _listed(filters: Any) -> list[dict[str, Any]]:
    return [
        {"title": f.title, "note": f.note, "shape": list(f.weights.shape), "weights": f.weights.reshape(-1).tolist()}
        for f in filters
    ]


def _signal() -> dict[str, Any]:
    import numpy as np

    from apps.conv.filters import signal_filters
    from apps.conv.learned import learned_signal_filters

    sample = heartbeat()
    values = sample["signal_mv"]
    at = {beat["symbol"]: beat["sample"] for beat in reversed(sample["beats"])}
    return {
        "inputs": [
            {
                "title": "Heartbeat",
                "shape": [1, 1, 1, len(values)],
                "values": values,
                "scale": 1,
                "beats": sample["beats"],
            }
        ],
        "rate": sample["rate_hz"],
        "filters": _listed((*signal_filters(np.array(values), at["N"], at["V"]), *learned_signal_filters())),
    }


def _photo() -> dict[str, Any]:
    import numpy as np

    from apps.conv.filters import photo_filters
    from apps.conv.learned import learned_filters
    from shared.images import open_image

    inputs = []
    for name, title in PHOTOS.items():
        pixels = np.asarray(open_image(samples_dir() / f"{name}.png")).transpose(2, 0, 1)
        inputs.append({"title": title} | _bytes(pixels, (3, 1, PHOTO_SIZE, PHOTO_SIZE)))
    return {"inputs": inputs, "filters": _listed((*photo_filters(), *learned_filters()))}


def _film() -> dict[str, Any]:
    from apps.conv.filters import film_filters
    from apps.conv.phantoms import film

    return {"inputs": [{"title": "Digits"} | _bytes(film(), (1, *film().shape))], "filters": _listed(film_filters())}


def _volume() -> dict[str, Any]:
    from apps.conv.filters import volume_filters
    from apps.conv.phantoms import volume

    inputs = [{"title": "Head phantom"} | _bytes(volume(), (1, *volume().shape))]
    return {"inputs": inputs, "filters": _listed(volume_filters())}


SCENES: dict[str, Scene] = {
    "signal": Scene(title="1-D heartbeat", dimensions=1, axes=("", "", "sample"), load=_signal, start=(0, 0, 0.105)),
    "photo": Scene(title="2-D photo", dimensions=2, axes=("", "row", "column"), load=_photo, start=(0, 0.36, 0.12)),
    "film": Scene(
        title="3-D film", dimensions=3, axes=("frame", "row", "column"), load=_film, start=(0.42, 0.14, 0.28)
    ),
    "volume": Scene(
        title="3-D volume", dimensions=3, axes=("slice", "row", "column"), load=_volume, start=(0.48, 0.05, 0.5)
    ),
}


def scene(name: object) -> dict[str, Any]:
    """Everything that the page needs to show one scene: inputs, filters, names of the axes.

    Raises:
        OptionError: there is no such scene.
    """
    chosen = SCENES[check_choice(name, SCENES, "the scene")]
    return {
        "name": name,
        "dimensions": chosen.dimensions,
        "axes": list(chosen.axes),
        "start": list(chosen.start),
        **chosen.load(),
    }
