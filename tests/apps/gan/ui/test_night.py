"""Day to night on the page without a browser: the globe, the sheet, the words beside the nights, the figures."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from PIL import Image

from apps.gan.translation import requests
from apps.gan.translation.choices import CLASSES, REGIONS, objectives_at
from apps.gan.translation.measured import night_figures
from apps.gan.translation.nights import Lights, Night, PlaceByNight
from apps.gan.ui import night, night_globe
from apps.gan.ui.night_globe import globe_pad, place_of
from shared.errors import InputError, OptionError


def test_the_globe_shows_what_was_held_out_and_where_the_mark_is() -> None:
    pad = globe_pad((10.0, -20.0))
    assert pad.value == "10.0,-20.0"
    assert all(region.title in pad.html_template for region in REGIONS.values())
    australia = re.search(
        r"left:([\d.]+)%;width:([\d.]+)%;top:([\d.]+)%;height:([\d.]+)%[^>]*>Australia", pad.html_template
    )
    assert australia is not None
    left, width, top, height = map(float, australia.groups())
    region = REGIONS["australia"]
    assert (left * 3.6 - 180, (left + width) * 3.6 - 180) == pytest.approx((region.west, region.east), abs=0.05)
    assert (90 - top * 1.8, 90 - (top + height) * 1.8) == pytest.approx((region.north, region.south), abs=0.05)
    assert place_of(None, 3.5) == "0.0,3.5"  # a field that is being typed into


def test_the_sheet_offers_every_brush_in_its_colour() -> None:
    template = night.continent_pad().html_template
    for kind in CLASSES.values():
        assert f'data-brush="rgb{kind.colour}"' in template
    assert template.count('aria-checked="true"') == 1


@pytest.mark.parametrize(
    ("at", "words"),
    [(0, "L1 only"), (0.5, "L1 and GAN"), (1, "GAN only"), (0.25, "L1 only 50%, L1 and GAN 50%"),
     (0.9, "L1 and GAN 20%, GAN only 80%")],
)  # fmt: skip
def test_the_sliders_place_in_words(at: float, words: str) -> None:
    assert objectives_at(at) == words


def test_a_night_is_shown_with_how_much_is_lit(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Image.new("RGB", (64, 64))
    monkeypatch.setattr(
        requests, "night_of_painting", lambda sent, at, seed: Night(picture, picture, Lights(0.1, 0.25, 12_300))
    )
    html = night._painting_by_night("data:", 0.5, 0)
    assert "12,300 km² lit" in html
    assert html.count("<img") == 1
    assert "<img" not in night._painting_by_night("", 0.5, 0)  # nothing was sent yet


def test_a_client_gets_the_place_with_its_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Image.new("RGB", (64, 64))
    lights = Lights(0.1, 0.25, 12_300)
    place = SimpleNamespace(latitude=-25, longitude=134, region=REGIONS["australia"], night=picture, true_lights=lights)
    found = PlaceByNight(picture, picture, lights, place=place, likeness=None)  # type: ignore[arg-type]
    monkeypatch.setattr(requests, "night_of_place", lambda *place, at, seed, by_hand: found)
    assert night_globe.night_of_place()[2] == {
        "latitude": -25, "longitude": 134, "held_out": "Australia", "lit_km2": 12_300, "true_lit_km2": 12_300,
        "correlation": None,
    }  # fmt: skip


def test_a_client_gets_the_stages_of_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    picture, lights, asked = Image.new("RGB", (64, 64)), Lights(0.1, 0.25, 12_300), []
    place = SimpleNamespace(latitude=-25, longitude=134, region=None, night=picture, true_lights=lights)
    found = [(step, PlaceByNight(picture, picture, lights, place=place, likeness=0.5)) for step in (500, None)]  # type: ignore[arg-type]
    monkeypatch.setattr(requests, "stages_of_place", lambda *place, **how: asked.append((place, how)) or found)
    row, numbers = night_globe.night_stages(-25, 134, 7, True)
    assert asked == [((-25, 134), {"seed": 7, "by_hand": True})]
    assert row.size == (4 * 64, 64)
    stages = [{"step": step, "lit_km2": 12_300, "correlation": 0.5} for step in (500, None)]
    assert numbers == {
        "latitude": -25, "longitude": 134, "held_out": None, "true_lit_km2": 12_300, "stages": stages
    }  # fmt: skip


def test_without_a_picture_the_endpoint_says_so() -> None:
    with pytest.raises(InputError, match="No picture was given"):
        night.translate()
    with pytest.raises(InputError, match="Nothing was painted yet"):
        night._stages_of("", 0)


def test_the_table_has_a_row_per_method_and_a_dash_for_what_is_not_defined() -> None:
    figure = [0.123456, 0.1, 0.2]
    row: dict[str, Any] = dict.fromkeys(
        ("l1", "l1_light", "correlation", "correlation_cells", "amount", "frechet"), figure
    )
    found = {
        "data": "land of Nowhere", "n_blocks": 3, "n_pixels": 4_000, "frechet": "a network", "command": "typed",
        "rows": [{**row, "method": "both", "input": "photo"}, {**row, "method": "both", "input": "painted"},
                 {**row, "method": "all dark", "input": "photo", "correlation": None}],
    }  # fmt: skip
    html = night_figures(found)
    assert "L1 and GAN, from painted land" in html
    assert "0.123 <small>(0.100 to 0.200)</small>" in html
    assert html.count("—") == 1
    assert "Land of Nowhere: 3 blocks, 4,000 pixels" in html


def test_a_stage_counts_the_steps_of_the_game() -> None:
    assert night._stage(500, 500) == "Before: 500 steps with L1 alone"
    assert night._stage(1_800, 500) == "After 1,300 steps against D"
    assert night._stage(None, 500) == "The bundled network"


def test_what_a_client_makes_up_is_refused() -> None:
    with pytest.raises(InputError, match="latitude"):
        night_globe._clicked(gr.EventData(None, {"latitude": "north", "longitude": None}))
    with pytest.raises(InputError, match="data URL of a PNG"):
        night._taken(gr.EventData(None, {"drawing": "a" * 500_000}))
    with pytest.raises(OptionError):
        night_globe._named("Atlantis")
