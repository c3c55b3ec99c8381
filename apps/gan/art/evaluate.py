"""How good is endless art? Patches of it against patches of its picture, compared with answers that cost nothing.

* The Fréchet distance between Gaussians fitted to the activations of ``style/vgg16-hed`` at relu3_3 over blocks of 64
  pixels (``translation.quality``): does it look like the picture?
* The distance of a patch to the nearest one of the picture, as a share of what the picture's own patches have to the
  nearest that does not overlap them: near 0, the generator copies. It says nothing about beauty: what is smooth is
  near to everything.

Answers that cost nothing: tiles of the picture laid side by side at random, noise with the picture's spectrum, one
colour. Intervals are 95 % percentiles of a bootstrap over blocks and over patches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from apps.gan.art.choices import ARTS, CELL
from apps.gan.art.likeness import PATCH, Patches, pixels_of
from apps.gan.art.networks import Texture
from apps.gan.art.paint import paint
from apps.gan.art.pictures import load_picture
from apps.gan.art.plane import Window
from apps.gan.translation.quality import Features, distance, features

FEATURES = "style/vgg16-hed"
_SIDE = 512  # pixels of each method's picture
_BLOCK = 64  # pixels along a side of what the features are averaged over: 64 blocks a picture
_QUERIES = 400  # patches of each method whose nearest is looked for
_RESAMPLES = 200  # behind an interval of 95 %
_Made = Callable[[np.random.Generator], np.ndarray]


def evaluate(models: dict[str, Texture], vgg: nn.Module, *, command: str) -> Iterator[dict[str, Any]]:
    """The rows of the figures, one for each picture and method, and last all of it as it is stored.

    Args:
        models: generator of each of ``choices.ARTS``.
        vgg: ``style/vgg16-hed``.
        command: that asked for it.
    """
    rows = []
    for name, model in models.items():
        picture = load_picture(name)
        methods: dict[str, _Made] = {
            "gan": lambda random, model=model: pixels_of(_window(model, random)),  # type: ignore[misc]
            "tiles": lambda random, picture=picture: _tiles(pixels_of(picture), random),  # type: ignore[misc]
            "spectrum": lambda random, picture=picture: _spectrum(pixels_of(picture), random),  # type: ignore[misc]
            "colour": lambda _, picture=picture: np.full(  # type: ignore[misc]
                (_SIDE, _SIDE, 3), pixels_of(picture).mean(axis=(0, 1)), np.float32
            ),
        }
        true, patches = _blocks(vgg, pixels_of(picture)), Patches(picture)
        own = _own_distance(patches)
        for method, make in methods.items():
            made = make(np.random.default_rng(0))
            row = {"picture": name, "method": method, **_figures(vgg, made, true, patches, own)}
            rows.append(row)
            yield row
    yield {
        "pictures": ARTS,
        "side": _SIDE,
        "patch": PATCH,
        "queries": _QUERIES,
        "features": f"{FEATURES} at relu3_3, blocks of {_BLOCK} pixels",
        "command": command,
        "rows": rows,
    }


def _figures(vgg: nn.Module, made: np.ndarray, true: Features, patches: Patches, own: float) -> dict[str, Any]:
    random = np.random.default_rng(1)
    corners = random.integers(0, _SIDE - PATCH + 1, size=(_QUERIES, 2))
    queries = np.stack([made[y : y + PATCH, x : x + PATCH] for y, x in corners])
    near = patches.nearest(queries).distances / own
    blocks = _blocks(vgg, made)
    every = [torch.arange(len(one.count)) for one in (blocks, true)]
    frechet = [distance(blocks, true, *every)]
    medians = [float(np.median(near))]
    for _ in range(_RESAMPLES):
        frechet.append(distance(blocks, true, *(_again(one, random) for one in every)))
        medians.append(float(np.median(random.choice(near, len(near)))))
    return {"frechet": _interval(frechet), "nearest": _interval(medians)}


def _own_distance(patches: Patches) -> float:
    """The median distance of the picture's own patches to the nearest that does not overlap them."""
    high, wide = (size - PATCH + 1 for size in patches.pixels.shape[:2])
    random = np.random.default_rng(2)
    corners = np.stack([random.integers(high, size=_QUERIES), random.integers(wide, size=_QUERIES)], axis=1)
    queries = np.stack([patches.at(corner) for corner in corners])
    return float(np.median(patches.nearest(queries, apart_from=corners).distances))


def _window(model: Texture, random: np.random.Generator) -> Image.Image:
    cells = _SIDE // CELL
    return paint(model, Window(rows=cells, columns=cells), int(random.integers(1_000)))


def _tiles(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    out = np.empty((_SIDE, _SIDE, 3), np.float32)
    for row in range(0, _SIDE, PATCH):
        for column in range(0, _SIDE, PATCH):
            y, x = (int(random.integers(size - PATCH + 1)) for size in pixels.shape[:2])
            out[row : row + PATCH, column : column + PATCH] = pixels[y : y + PATCH, x : x + PATCH]
    return out


def _spectrum(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Noise whose frequencies are as strong as the picture's, the same shift in every colour."""
    size = pixels.shape[:2]
    phase = np.angle(np.fft.fft2(random.standard_normal(size)))
    mean = pixels.mean(axis=(0, 1))
    waves = np.fft.fft2(pixels - mean, axes=(0, 1)) * np.exp(1j * phase)[..., None]
    made = np.clip(np.fft.ifft2(waves, axes=(0, 1)).real + mean, 0, 1).astype(np.float32)
    repeats = [-(-_SIDE // side) for side in size]
    return np.tile(made, (*repeats, 1))[:_SIDE, :_SIDE]


def _blocks(vgg: nn.Module, pixels: np.ndarray) -> Features:
    rows, columns = (size // _BLOCK * _BLOCK for size in pixels.shape[:2])
    x = torch.from_numpy(pixels[:rows, :columns].copy()).permute(2, 0, 1)
    cut: Tensor = x.unfold(1, _BLOCK, _BLOCK).unfold(2, _BLOCK, _BLOCK)
    return features(vgg, cut.permute(1, 2, 0, 3, 4).reshape(-1, 3, _BLOCK, _BLOCK).contiguous())


def _again(every: Tensor, random: np.random.Generator) -> Tensor:
    return torch.from_numpy(random.integers(0, len(every), len(every)))


def _interval(values: list[float]) -> list[float]:
    low, high = np.quantile(values[1:], (0.025, 0.975))
    return [round(float(value), 4) for value in (values[0], low, high)]
