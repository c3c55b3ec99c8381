"""Which parts of pictures excite a unit most: nine patches per channel, as in Zeiler & Fergus 2014.

"Visualizing and Understanding Convolutional Networks", arXiv 1311.2901, figure 2, without its deconvolution: the patch
that is shown is the unit's receptive field, cut from the picture. A *unit* is a channel of a layer after its ReLU; it
sees every place in turn, and the place that excites it most counts. Each picture goes through the network once; per
layer and channel its strongest places are kept, at most one per cell of a 5 x 5 grid, so that nine patches show nine
things.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from apps.style.samples import SAMPLES
from apps.style.vgg.backbones import BACKBONES, Backbone, find_backbone
from apps.style.vgg.layers import Layer, find_layer
from apps.style.vgg.network import VGG
from shared.device import pick_device
from shared.errors import check_choice, check_whole
from shared.images import open_image
from shared.model_cache import model_cache

SIDE = 256  # pixels of the longer side of an indexed picture
COUNT = 9  # patches per unit
OWN = "your picture"  # what a visitor's picture is called
_CELLS = 5  # of the grid, per side
_RIM = 2  # units along the border that do not count: they see more of the padding than of the picture
_PER_PICTURE = 3  # places of one picture that may be among the nine


@dataclass(frozen=True, kw_only=True)
class Patch:
    """One place that excites a unit."""

    picture: str  # the name of the picture in the index
    activation: float
    row: int  # of the unit in its layer's map
    column: int
    window: tuple[float, float, float, float]  # receptive field: top, left, bottom, right in pixels of the picture


@dataclass(frozen=True, kw_only=True)
class Indexed:
    """One picture and the strongest places in it, for every ReLU layer."""

    name: str
    picture: Image.Image  # as the network saw it
    values: dict[str, Tensor]  # by layer: (nC, places), strongest first
    places: dict[str, Tensor]  # by layer: (nC, places), row * nW + column
    widths: dict[str, int]  # by layer: nW


class Index:
    """The indexed pictures of one network."""

    def __init__(self, backbone: Backbone, pictures: Sequence[Indexed]) -> None:
        self.backbone = backbone
        self.pictures = {indexed.name: indexed for indexed in pictures}

    def with_picture(self, indexed: Indexed) -> Index:
        """This index and one picture more."""
        return Index(self.backbone, [*self.pictures.values(), indexed])

    def patches(self, layer: str, unit: int) -> tuple[Patch, ...]:
        """The nine places that excite ``unit`` of ``layer`` most, strongest first; fewer if it responds to fewer.

        Raises:
            OptionError: no such layer, or no such unit.
        """
        found = unit_layer(self.backbone, layer)
        unit = check_whole(unit, f"The unit of {found.name}", low=0, high=found.channels - 1)
        ranked = [
            (float(value), indexed, int(place))
            for indexed in self.pictures.values()
            for value, place in zip(indexed.values[layer][unit], indexed.places[layer][unit], strict=True)
            if float(value) > 0
        ]
        ranked.sort(key=lambda entry: -entry[0])
        return tuple(self._patch(found, *entry) for entry in ranked[:COUNT])

    def distinctive_units(self, layer: str, count: int) -> list[int]:
        """Units of ``layer`` that some pictures excite far more than others: the ones worth a look, best first."""
        strongest = torch.stack([indexed.values[layer][:, 0] for indexed in self.pictures.values()])  # pictures, nC
        spread = strongest.std(dim=0) / (strongest.mean(dim=0) + 1e-6)
        usable = (strongest > 0.02 * strongest.max()).sum(dim=0) >= min(5, len(self.pictures))
        order = torch.where(usable, spread, torch.full_like(spread, -1.0)).argsort(descending=True)
        return [int(unit) for unit in order[:count]]

    def _patch(self, layer: Layer, value: float, indexed: Indexed, place: int) -> Patch:
        row, column = divmod(place, indexed.widths[layer.name])
        return Patch(picture=indexed.name, activation=value, row=row, column=column, window=layer.window(row, column))


def unit_layer(backbone: Backbone, name: object) -> Layer:
    """The ReLU layer called ``name``.

    Raises:
        OptionError: there is none of that name.
    """
    names = [layer.name for layer in backbone.layers if layer.kind == "relu"]
    return find_layer(backbone.layers, check_choice(name, names, "The layer"))


def index_picture(network: VGG, name: str, picture: Image.Image, device: torch.device) -> Indexed:
    """Run ``picture`` through ``network`` once and keep the strongest places of every ReLU layer.

    Pictures with the longer side over ``SIDE`` pixels are reduced to it.
    """
    fitted = picture.copy()
    fitted.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    pixels = torch.from_numpy(np.asarray(fitted, dtype=np.float32) / 255).permute(2, 0, 1)[None].to(device)
    names = [layer.name for layer in network.layers if layer.kind == "relu"]
    values, places, widths = {}, {}, {}
    with torch.inference_mode():
        for layer, activation in network(pixels, names).items():
            rim = tuple(min(_RIM, (side - 1) // 4) for side in activation.shape[2:])
            inner = activation[..., rim[0] : activation.shape[2] - rim[0], rim[1] : activation.shape[3] - rim[1]]
            height, width = inner.shape[2:]
            cell = (-(-height // _CELLS), -(-width // _CELLS))
            best, where = F.max_pool2d(inner, cell, ceil_mode=True, return_indices=True)
            where = (where // width + rim[0]) * activation.shape[3] + where % width + rim[1]
            top = best.flatten(2)[0].topk(min(_PER_PICTURE, best[0, 0].numel()), dim=1)  # nC, places
            values[layer] = top.values.cpu()
            places[layer] = where.flatten(2)[0].gather(1, top.indices).cpu()
            widths[layer] = activation.shape[3]
    return Indexed(name=name, picture=fitted, values=values, places=places, widths=widths)


_indexing = threading.Lock()  # a class that opens the panel together waits for one indexing
_indices: dict[str, Index] = {}  # by the name of the network


def sample_index(backbone: str) -> Index:
    """The sample pictures indexed with ``backbone``: some seconds the first time, at once after that.

    Raises:
        OptionError: there is no such network.
        WeightsError: the network's weights are not available.
    """
    found = find_backbone(backbone)
    with _indexing:
        if found.name not in _indices:
            device = pick_device()
            with model_cache().lease(found.record, device) as network:
                pictures = [
                    index_picture(cast("VGG", network), sample.title, open_image(sample.path), device)
                    for sample in SAMPLES.values()
                ]
            _indices[found.name] = Index(found, pictures)
        return _indices[found.name]


def index_own(backbone: str, picture: Image.Image) -> Indexed:
    """A visitor's picture, indexed."""
    device = pick_device()
    with model_cache().lease(BACKBONES[backbone].record, device) as network:
        return index_picture(cast("VGG", network), OWN, picture, device)


def cut(picture: Image.Image, window: tuple[float, float, float, float]) -> Image.Image:
    """The receptive field ``window`` of ``picture``; what lies outside the picture is grey, like the padding."""
    top, left, bottom, right = (round(edge) for edge in window)
    patch = Image.new("RGB", (right - left, bottom - top), (128, 128, 128))
    patch.paste(picture, (-left, -top))
    return patch
