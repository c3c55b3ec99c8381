"""What the page calls: sizes, the slider, places, brushes, and what cannot be used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from apps.gan.translation.choices import CLASSES, LARGEST_SIDE, OBJECTIVES, PLACE_SIDE, REGIONS
from apps.gan.translation.earth import Earth
from apps.gan.translation.networks import UNet, noise
from apps.gan.translation.translate import (
    as_image,
    between,
    lights_in,
    place,
    read_day,
    repainted,
    translate,
    translated,
)
from shared.errors import ImageError, OptionError


def picture(width: int, height: int, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize("size", [(64, 64), (65, 97), (130, 64)])
def test_a_night_has_the_size_of_its_day(network: UNet, size: tuple[int, int]) -> None:
    assert translate(network, picture(*size)).size == size


def test_a_picture_that_needs_no_edge_is_what_the_network_says(network: UNet) -> None:
    day = torch.rand(2, 3, 64, 96)
    with torch.no_grad():
        dice = noise(day, torch.Generator().manual_seed(5))
        expected = (network(day * 2 - 1, dice) + 1) / 2
    torch.testing.assert_close(translated(network, day, seed=5), expected.clamp(0, 1))


def test_the_same_picture_gives_the_same_night(network: UNet) -> None:
    nights = [translate(network, picture(70, 70)).tobytes() for _ in range(2)]
    assert nights[0] == nights[1]


def test_another_seed_gives_another_night(network: UNet) -> None:
    assert translate(network, picture(70, 70)).tobytes() != translate(network, picture(70, 70), seed=1).tobytes()


def test_the_slider_mixes_the_weights_of_neighbours() -> None:
    models = {name: UNet(widths=(4, 4, 4, 4, 4)) for name in OBJECTIVES}
    for value, model in enumerate(models.values()):
        for weight in model.parameters():
            torch.nn.init.constant_(weight, float(value))

    def weight(at: float) -> float:
        values = torch.cat([weight.detach().flatten() for weight in between(models, at).parameters()])
        assert values.std() == 0
        return values[0].item()

    assert [weight(at) for at in (0, 0.25, 0.5, 0.75, 1)] == [0, 0.5, 1, 1.5, 2]
    assert [between(models, at) is models[name] for at, name in zip((0, 0.5, 1), OBJECTIVES, strict=True)] == [True] * 3
    with pytest.raises(OptionError, match="the slider, a number from 0 to 1"):
        between(models, 1.5)


def test_a_place_that_was_held_out_says_so(earth: Earth) -> None:
    sydney, paris = place(earth, -33.9, 151.2, side=64), place(earth, 48.9, 2.3)
    assert sydney.region == REGIONS["australia"]
    assert paris.region is None
    assert sydney.day.size == sydney.night.size == sydney.classes.size == (64, 64)
    assert paris.day.size == (PLACE_SIDE, PLACE_SIDE)
    assert 0.3 < sydney.land < 0.7  # a city on a coast
    assert paris.true_lights.lit > place(earth, 23, 10).true_lights.lit
    colours = {colour for _, colour in sydney.classes.getcolors() or []}
    assert colours <= {kind.colour for kind in CLASSES.values()}


@pytest.mark.parametrize(
    ("lat", "lon", "side", "named"),
    [(91, 0, 64, "the latitude"), (0, 181, 64, "the longitude"), (0, 0, 63, "the side"),
     (0, 0, LARGEST_SIDE + 1, "the side"), (float("nan"), 0, 64, "the latitude")],
)  # fmt: skip
def test_places_off_the_globe_are_refused(earth: Earth, lat: float, lon: float, side: int, named: str) -> None:
    with pytest.raises(OptionError, match=named):
        place(earth, lat, lon, side=side)


def test_lights_are_counted_in_square_kilometres() -> None:
    night = Image.new("RGB", (10, 10), (0, 10, 60))
    night.putpixel((3, 4), (230, 150, 110))
    found = lights_in(night)
    assert found.lit == pytest.approx(0.01)
    assert found.lit_km2 == 100
    assert 0 < found.mean <= 0.01


def test_a_painting_keeps_its_brushes_and_loses_soft_edges() -> None:
    """Halfway from water to ice lies the mountains' brown: what smooth strokes leave must not become a range."""
    water, ice = CLASSES["water"].colour, CLASSES["ice"].colour
    sheet = Image.new("RGB", (96, 64), water)
    sheet.paste(ice, (48, 0, 96, 64))
    soft = sheet.resize((192, 128), Image.Resampling.BICUBIC).resize((95, 63), Image.Resampling.BICUBIC)
    found = {colour: n for n, colour in repainted(soft).getcolors() or []}
    assert set(found) == {water, ice}
    assert found[water] == pytest.approx(95 * 63 / 2, rel=0.05)


def test_a_visitors_picture_is_reduced_and_a_tiny_one_refused(tmp_path: Path) -> None:
    picture(700, 350).save(tmp_path / "wide.png")
    assert read_day(tmp_path / "wide.png").size == (LARGEST_SIDE, LARGEST_SIDE // 2)
    painted = read_day(tmp_path / "wide.png", by_hand=True)
    assert {colour for _, colour in painted.getcolors() or []} <= {kind.colour for kind in CLASSES.values()}
    with pytest.raises(ImageError, match="at least 64 x 64"):
        read_day(picture(63, 100))
    with pytest.raises(ImageError):
        read_day(b"no picture")


def test_pictures_are_rounded_not_cut() -> None:
    assert np.asarray(as_image(torch.full((3, 2, 2), 0.999)))[0, 0].tolist() == [255, 255, 255]
