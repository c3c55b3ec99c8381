"""What a day becomes by night, next to the truth where it is known: plain values, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from apps.gan.translation.choices import Region


@dataclass(frozen=True)
class Lights:
    """How much man-made light a night picture shows."""

    mean: float  # over all pixels, 0..1
    lit: float  # share of the pixels above ``translate.LIT``
    lit_km2: float  # the same in square kilometres, at ``KM_PER_PIXEL``


@dataclass(frozen=True)
class Place:
    """A place on the globe as the networks are given it, and as it is."""

    latitude: float  # degrees, of the centre
    longitude: float
    day: Image.Image  # RGB, north up, ``KM_PER_PIXEL``
    night: Image.Image  # the truth, brightened
    classes: Image.Image  # the same land as a visitor would paint it, in the brushes' colours
    region: Region | None  # the held-out region around the centre; None: the networks may have trained here
    is_land: np.ndarray[Any, np.dtype[np.bool_]]  # (S, S): not water
    true_lights: Lights  # how much light there really is

    @property
    def land(self) -> float:
        """Share of the pixels that are not water."""
        return float(self.is_land.mean())


@dataclass(frozen=True)
class Night:
    """A day and the night that a network paints for it, RGB of one size."""

    day: Image.Image
    night: Image.Image
    lights: Lights


@dataclass(frozen=True)
class PlaceByNight(Night):
    """... where the truth is known."""

    place: Place
    likeness: float | None  # correlation of painted with true light on land, by cell of 60 km; None: not defined

    def numbers(self) -> dict[str, Any]:
        """Everything but the pictures, as plain values."""
        return {
            "latitude": self.place.latitude,
            "longitude": self.place.longitude,
            "held_out": self.place.region.title if self.place.region else None,
            "lit_km2": self.lights.lit_km2,
            "true_lit_km2": self.place.true_lights.lit_km2,
            "correlation": None if self.likeness is None else round(self.likeness, 4),
        }


def stages_in_numbers(stages: Sequence[tuple[int | None, PlaceByNight]]) -> dict[str, Any]:
    """What ``requests.stages_of_place`` found, without the pictures, as plain values."""
    rows = [{"step": step, **night.numbers()} for step, night in stages]
    drawn = [{key: row[key] for key in ("step", "lit_km2", "correlation")} for row in rows]
    return {key: rows[0][key] for key in ("latitude", "longitude", "held_out", "true_lit_km2")} | {"stages": drawn}


def stages_in_pictures(stages: Sequence[tuple[int | None, PlaceByNight]]) -> list[Image.Image]:
    """The day, the night by each stage in turn, and the night as it is."""
    first = stages[0][1]
    return [first.day, *(night.night for _, night in stages), first.place.night]
