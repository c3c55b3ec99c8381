"""What the page and its endpoint ask for: a place by night, a painted continent, a picture, a training in stages."""

from __future__ import annotations

import base64
import binascii
import math

import numpy as np
import torch
from PIL import Image

from apps.gan.choices import SEEDS
from apps.gan.exhibits.bundled import lease
from apps.gan.translation.choices import OBJECTIVES, PAINTING, PLACE_SIDE, checked_painting
from apps.gan.translation.earth import bundled_earth
from apps.gan.translation.nights import Night, Place, PlaceByNight
from apps.gan.translation.quality import correlation, moments
from apps.gan.translation.snapshots import Snapshots
from apps.gan.translation.translate import (
    between,
    borrowed_translators,
    lights_in,
    place,
    read_day,
    translate,
)
from shared.errors import InputError, check_whole
from shared.images import Source

_STAGES = "night-snapshots"
_LEAST_LAND = 200  # pixels: with less, no correlation is given


def night_of_place(latitude: object, longitude: object, *, at: float, seed: object, by_hand: bool) -> PlaceByNight:
    """The night of a place on the globe.

    Args:
        latitude: degrees, of the centre.
        longitude: degrees.
        at: the slider between the objectives, 0..1, as ``translate.between`` takes it.
        seed: of the noise, 0 or more.
        by_hand: the network is given the place as a visitor would paint it.

    Raises:
        OptionError: a number is out of range.
    """
    found = place(bundled_earth(), _number(latitude), _number(longitude), side=PLACE_SIDE)
    made = _night(found.classes if by_hand else found.day, at, seed)
    return _compared(made.day, made.night, found)


def night_of_painting(sent: str, *, at: float, seed: object) -> Night:
    """The night of a continent that was painted on the page.

    Args:
        sent: the canvas as a data URL of a PNG; its colours are those of the brushes.
        at: the slider, 0..1.
        seed: of the noise.

    Raises:
        InputError: the text is no such picture or too long.
    """
    try:
        data = base64.b64decode(checked_painting(sent)[len(PAINTING) :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("a painting in base64", str(error), "Paint on the sheet of the page.") from error
    return _night(read_day(data, by_hand=True), at, seed)


def night_of_picture(source: Source, *, model: str, by_hand: bool, seed: object) -> Night:
    """The night of a visitor's picture by one of ``OBJECTIVES``: the core of ``/translate`` and of the command.

    Raises:
        OptionError: there is no such model, or the seed is out of range.
        ImageError: the picture cannot be used.
    """
    chosen = check_whole(seed, "The seed", low=0, high=SEEDS)
    with borrowed_translators((model,)) as models:
        day = read_day(source, by_hand=by_hand)
        night = translate(models[model], day, seed=chosen)
    return Night(day, night, lights_in(night))


def stages(day: Image.Image, *, seed: object) -> list[tuple[int | None, Image.Image]]:
    """The nights of ``day`` by the network of "L1 and GAN" through its training.

    Returns:
        Steps done and the night, in order; the bundled network itself is the last one, with ``None`` for its step.
    """
    chosen = check_whole(seed, "The seed", low=0, high=SEEDS)
    with lease(_STAGES, Snapshots) as found, borrowed_translators(("both",)) as models:
        early = [(step, translate(found.at(step), day, seed=chosen)) for step in found.steps]
        return [*early, (None, translate(models["both"], day, seed=chosen))]


def stages_of_place(
    latitude: object, longitude: object, *, seed: object, by_hand: bool
) -> list[tuple[int | None, PlaceByNight]]:
    """How ``stages`` draw a place on the globe; arguments and errors as for ``night_of_place``."""
    found = place(bundled_earth(), _number(latitude), _number(longitude), side=PLACE_SIDE)
    day = found.classes if by_hand else found.day
    return [(step, _compared(day, night, found)) for step, night in stages(day, seed=seed)]


def _compared(day: Image.Image, night: Image.Image, found: Place) -> PlaceByNight:
    return PlaceByNight(day, night, lights_in(night), place=found, likeness=_likeness(night, found))


def _night(day: Image.Image, at: float, seed: object) -> Night:
    chosen = check_whole(seed, "The seed", low=0, high=SEEDS)
    with borrowed_translators(tuple(OBJECTIVES)) as models:
        night = translate(between(models, at), day, seed=chosen)
    return Night(day, night, lights_in(night))


def _likeness(night: Image.Image, found: Place) -> float | None:
    made, real = (torch.from_numpy(np.asarray(x).copy()).permute(2, 0, 1)[None] / 255.0 for x in (night, found.night))
    if int(found.is_land.sum()) < _LEAST_LAND:
        return None
    value = float(correlation(moments(made, real, torch.from_numpy(found.is_land)[None]).cells.sum(dim=0)))
    return None if math.isnan(value) else value


def _number(value: object) -> float:
    """``value`` for ``check_number``; an empty field of the page is no number."""
    return float(value) if isinstance(value, (int, float)) else math.nan
