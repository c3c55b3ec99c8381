"""Perception against distortion, measured: photos made small and restored in every way.

    python -m benchmarks.gan_sharpen --scikit DIR [--write]

The photos: those that come with the hub and, from the folder ``skimage/data`` of the PyPI package scikit-image 0.26,
every photograph that is not among them (``--scikit`` names that folder). Each is reduced to 384 pixels along its longer
side, made four times smaller by bicubic interpolation, and restored; ``apps.gan.sharpen.lesson`` says what is measured.
Also, what an overlap is worth to tiles that go through the whole network: the largest difference that a cut makes,
by the pixels of overlap, on one photo. ``--write`` puts the figures where the page shows them:
weights/gan/sharpen.json.
"""

from __future__ import annotations

import argparse
import json
from collections import deque
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from apps.gan.sharpen.lesson import SIDE, WAYS, Restored, lesson, prepared
from apps.gan.sharpen.options import FACTOR, UPSCALERS
from apps.gan.sharpen.steps import shrunk
from apps.gan.sharpen.tiles import Network, multiply_adds, stages
from apps.gan.sharpen.upscale import as_tensor, fastest_dtype
from shared.device import describe, pick_device
from shared.images import open_image
from shared.model_cache import model_cache
from shared.perceptual import LAYERS
from shared.registry import find
from shared.settings import weights_dir

_APPS = Path(__file__).resolve().parent.parent / "apps"
BUNDLED = {
    "Temple": _APPS / "style/samples/temple.jpg",
    "Dahlia": _APPS / "style/samples/flower.jpg",
    "Barack Obama, 2012": _APPS / "face/samples/obama.jpg",
    "Barack Obama, 2009": _APPS / "face/samples/obama2.jpg",
    "Joe Biden": _APPS / "face/samples/biden.jpg",
}
SCIKIT = {  # of scikit-image; its drawings, films and test patterns are left out
    "Astronaut": "astronaut.png",
    "Brick wall": "brick.png",
    "Cameraman": "camera.png",
    "Cat": "chelsea.png",
    "Coffee": "coffee.png",
    "Coins": "coins.png",
    "Grass": "grass.png",
    "Gravel": "gravel.png",
    "Galaxies": "hubble_deep_field.jpg",
    "Stained tissue": "ihc.png",
    "Moon": "moon.png",
    "Motorcycle": "motorcycle_left.png",
    "Printed page": "page.png",
    "Retina": "retina.jpg",
    "Rocket": "rocket.jpg",
    "Text on a screen": "text.png",
}
FIGURES = ("psnr_db", "distance", "texture", "kept_db")
OVERLAPS = (0, 4, 8, 12, 16, 18, 24, 32, 48, 64)  # pixels of the small picture
_DECAY_SIDE = 160  # pixels of the small picture in which a cut is made
_RESAMPLES = 2000


def main() -> None:
    """Restore every photo, print, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scikit", type=Path, required=True, help="the folder skimage/data")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    photos = BUNDLED | {name: options.scikit / file for name, file in SCIKIT.items()}
    rows = []
    for name, path in photos.items():
        last = deque(lesson(open_image(path, name)), maxlen=1)[0]
        rows.append({"photo": name} | {answer.way: _plain(answer) for answer in last.restored})
        print(rows[-1], flush=True)
    figures = {
        "made_by": "python -m benchmarks.gan_sharpen --scikit DIR --write",
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "precision": f"{str(fastest_dtype(pick_device())).removeprefix('torch.')} on {describe(pick_device())}",
        "data": f"{len(BUNDLED)} photos of the hub, {len(SCIKIT)} of scikit-image 0.26, {SIDE} pixels, made small by "
        f"{FACTOR} (bicubic, antialiased)",
        "psnr": f"luminance (BT.601), {FACTOR} pixels around the picture left out",
        "distance": f"VGG-16 (style/vgg16-hed), {', '.join(LAYERS)}, unit vectors, no learned weights",
        "texture": "squared Fréchet distance between the relu2_2 vectors of all places",
        "kept": "PSNR of the restored picture made small again, to the small picture",
        "n": len(rows),
        "mean": {way: {figure: _mean(rows, way, figure) for figure in FIGURES} for way in WAYS},
        "gan_less_bicubic": {figure: _difference(rows, figure) for figure in FIGURES},
        "work": {way: _work(way) for way in WAYS},
        "overlap": _decay(options.scikit / SCIKIT["Cat"]),
        "photos": rows,
    }
    print(json.dumps({key: value for key, value in figures.items() if key != "photos"}, indent=1))
    if options.write:
        path = weights_dir() / "gan" / "sharpen.json"
        path.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _plain(answer: Restored) -> dict[str, float]:
    return {figure: round(getattr(answer, figure), 4) for figure in FIGURES}


def _mean(rows: list[dict[str, Any]], way: str, figure: str) -> float:
    return round(float(np.mean([row[way][figure] for row in rows])), 4)


def _difference(rows: list[dict[str, Any]], figure: str) -> dict[str, Any]:
    """The GAN's figure less bicubic's: the mean over photos, its bootstrap interval, and for how many it is above 0."""
    change = np.array([row["gan"][figure] - row["bicubic"][figure] for row in rows])
    drawn = np.random.default_rng(0).integers(len(change), size=(_RESAMPLES, len(change)))
    low, high = np.quantile(change[drawn].mean(axis=1), (0.025, 0.975))
    return {
        "value": round(float(change.mean()), 4),
        "interval": [round(float(low), 4), round(float(high), 4)],
        "above_zero": int((change > 0).sum()),
    }


def _work(way: str) -> dict[str, Any]:
    """Weights, and multiply-adds for a photo of 64 x 64 pixels."""
    record = UPSCALERS[way].record
    if record is None:
        return {"weights": 0, "multiply_adds": 0}
    with model_cache().lease(find(record)) as network:
        count = sum(parameter.numel() for parameter in network.parameters())
        return {"weights": count, "multiply_adds": multiply_adds(cast("Network", network), 64, 64)}


@torch.inference_mode()
def _decay(path: Path) -> dict[str, Any]:
    """What a cut down the middle changes behind an overlap, at most, of a full scale of 1: by network, float32."""
    small = prepared(shrunk(open_image(path), (_DECAY_SIDE, _DECAY_SIDE)))
    picture, middle = as_tensor(small), _DECAY_SIDE // 2
    row: dict[str, Any] = {"pixels": list(OVERLAPS)}
    for way in ("small", "gan"):
        with model_cache().lease(find(str(UPSCALERS[way].record))) as network:
            whole = network(picture)[..., FACTOR * middle :]
            parts = [network(picture[..., middle - pixels :])[..., FACTOR * pixels :] for pixels in OVERLAPS]
            row[way] = [float(f"{(part - whole).abs().max().item():.2g}") for part in parts]
            row[f"{way}_convolutions"] = sum(1 for m in network.modules() if isinstance(m, torch.nn.Conv2d))
            row[f"{way}_stages"] = {name: stage.halo for name, stage in stages(cast("Network", network)).items()}
    return row


if __name__ == "__main__":
    main()
