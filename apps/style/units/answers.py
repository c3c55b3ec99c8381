"""What is said of a unit: the places in pictures that excite it most, and its dream. Plain values, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from apps.style.vgg.backbones import Backbone
from apps.style.vgg.layers import Layer, find_layer
from shared.errors import check_choice, check_whole

COUNT = 9  # patches per unit
OWN = "your picture"  # what a visitor's picture is called
_ByLayer = dict[str, np.ndarray[Any, Any]]


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
    values: _ByLayer  # float32 (nC, places), strongest first
    places: _ByLayer  # int64 (nC, places), row * nW + column
    widths: dict[str, int]  # by layer: nW


@dataclass(frozen=True, kw_only=True)
class Dream:
    """One step towards the picture that a unit wants to see."""

    done: int  # iterations
    total: int
    picture: Image.Image
    activation: float  # the unit's mean activation over the picture


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
        strongest = np.stack([indexed.values[layer][:, 0] for indexed in self.pictures.values()])  # pictures, nC
        spread = strongest.std(axis=0, ddof=1) / (strongest.mean(axis=0) + 1e-6)
        usable = (strongest > 0.02 * strongest.max()).sum(axis=0) >= min(5, len(self.pictures))
        order = np.argsort(-np.where(usable, spread, -1.0), kind="stable")
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


def cut(picture: Image.Image, window: tuple[float, float, float, float]) -> Image.Image:
    """The receptive field ``window`` of ``picture``; what lies outside the picture is grey, like the padding."""
    top, left, bottom, right = (round(edge) for edge in window)
    patch = Image.new("RGB", (right - left, bottom - top), (128, 128, 128))
    patch.paste(picture, (-left, -top))
    return patch
