"""What the page asks: places with their truth, paintings as they are sent, pictures; and what is refused."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from apps.gan.translation import requests
from apps.gan.translation.choices import CLASSES, OBJECTIVES, PLACE_SIDE, REGIONS
from apps.gan.translation.networks import UNet
from apps.gan.translation.nights import stages_in_numbers, stages_in_pictures
from apps.gan.translation.requests import (
    night_of_painting,
    night_of_picture,
    night_of_place,
    stages_of_place,
)
from apps.gan.translation.translate import repainted, translate
from shared.errors import HubError, ImageError, InputError, OptionError


@pytest.fixture(autouse=True)
def _bundled(network: UNet, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def all_the_same(names: tuple[str, ...] = tuple(OBJECTIVES)) -> Iterator[dict[str, UNet]]:
        yield dict.fromkeys(names, network)

    monkeypatch.setattr(requests, "borrowed_translators", all_the_same)


def sheet(side: int = 64) -> Image.Image:
    painting = Image.new("RGB", (side, side), CLASSES["water"].colour)
    painting.paste(CLASSES["land"].colour, (0, 0, side // 2, side))
    return painting


def sent(painting: Image.Image, form: str = "PNG") -> str:
    buffer = io.BytesIO()
    painting.save(buffer, form)
    return f"data:image/{form.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def test_a_place_comes_with_its_truth_and_how_alike_the_lights_are() -> None:
    found = night_of_place(-23.5, -46.6, at=0.5, seed=0, by_hand=False)
    assert found.place.region == REGIONS["south-america"]
    assert found.day.size == found.night.size == found.place.night.size == (PLACE_SIDE, PLACE_SIDE)
    assert found.day.tobytes() == found.place.day.tobytes()
    by_hand = night_of_place(-23.5, -46.6, at=0.5, seed=0, by_hand=True)
    assert by_hand.day.tobytes() == found.place.classes.tobytes()
    assert by_hand.night.tobytes() != found.night.tobytes()


def test_the_truth_itself_would_be_wholly_alike_and_the_sea_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = night_of_place(-23.5, -46.6, at=0, seed=0, by_hand=False).place.night
    monkeypatch.setattr(requests, "translate", lambda model, day, seed: truth)
    assert night_of_place(-23.5, -46.6, at=0, seed=0, by_hand=False).likeness == pytest.approx(1, abs=1e-6)
    assert night_of_place(-40, -130, at=0, seed=0, by_hand=False).likeness is None  # the open Pacific


def test_the_stages_draw_the_place_in_turn_each_with_its_own_likeness(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nights of known light instead of networks: none, the truth, and the bundled network's."""
    truth = night_of_place(-23.5, -46.6, at=0, seed=0, by_hand=False).place
    dark, black = (Image.new("RGB", truth.night.size, colour) for colour in ("#000040", "black"))
    asked = []

    def stages(day: Image.Image, *, seed: object) -> list[tuple[int | None, Image.Image]]:
        asked.append((day.tobytes(), seed))
        return [(500, dark), (1_500, truth.night), (None, black)]

    monkeypatch.setattr(requests, "stages", stages)
    found = stages_of_place(-23.5, -46.6, seed=7, by_hand=False)
    stages_of_place(-23.5, -46.6, seed=7, by_hand=True)
    assert asked == [(truth.day.tobytes(), 7), (truth.classes.tobytes(), 7)]
    told = stages_in_numbers(found)
    lit = told.pop("true_lit_km2")
    assert lit > 0
    assert told == {
        "latitude": -23.5, "longitude": -46.6, "held_out": "South America",
        "stages": [
            {"step": 500, "lit_km2": 0, "correlation": None},
            {"step": 1_500, "lit_km2": lit, "correlation": pytest.approx(1, abs=1e-3)},
            {"step": None, "lit_km2": 0, "correlation": None},
        ],
    }  # fmt: skip
    expected = [truth.day, dark, truth.night, black, truth.night]
    assert [one.tobytes() for one in stages_in_pictures(found)] == [one.tobytes() for one in expected]


def test_a_painting_is_the_night_of_its_brushes(network: UNet) -> None:
    found = night_of_painting(sent(sheet()), at=0, seed=3)
    assert found.day.tobytes() == repainted(sheet()).tobytes()
    assert found.night.tobytes() == translate(network, repainted(sheet()), seed=3).tobytes()


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        ("", InputError, "data URL of a PNG"),
        (sent(sheet(), "JPEG"), InputError, "data URL of a PNG"),
        ("data:image/png;base64,%%%", InputError, "base64"),
        ("data:image/png;base64," + base64.b64encode(b"no picture").decode(), ImageError, "picture"),
        ("data:image/png;base64," + 500_000 * "A", InputError, "at most 400,000"),
        (sent(sheet(32)), ImageError, "at least 64 x 64"),
    ],
)
def test_what_is_no_painting_is_refused(text: str, error: type[HubError], match: str) -> None:
    with pytest.raises(error, match=match):
        night_of_painting(text, at=0, seed=0)


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"seed": 0.5}, {"seed": None}, {"at": 2.0}, {"latitude": None}])
def test_numbers_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    given: dict[str, object] = {"latitude": 0, "longitude": 0, "at": 0.5, "seed": 0, "by_hand": False, **wrong}
    latitude, longitude = given.pop("latitude"), given.pop("longitude")
    with pytest.raises(OptionError):
        night_of_place(latitude, longitude, **given)  # type: ignore[arg-type]
    if "at" not in wrong:
        with pytest.raises(OptionError):
            stages_of_place(latitude, longitude, seed=given["seed"], by_hand=False)


def test_the_night_of_a_picture_of_ones_own_is_that_of_the_network(network: UNet) -> None:
    day = Image.fromarray(np.random.default_rng(0).integers(0, 256, (70, 80, 3), dtype=np.uint8))
    found = night_of_picture(day, model="l1", by_hand=False, seed=2)
    assert found.night.tobytes() == translate(network, day, seed=2).tobytes()
