"""Directions of z: what moments measure, what factorisation finds, and which direction becomes which slider."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from apps.gan.drawing import directions as module
from apps.gan.drawing.directions import directions, factorised, measure, qualities
from apps.gan.drawing.sliders import FILE, Direction, read_directions, write_directions
from apps.gan.players.networks import Generator, Z
from shared.errors import WeightsError


def bar(x: int, *, lean: float = 0.0, wide: int = 2, ink: int = 255) -> torch.Tensor:
    """An upright bar of ``wide`` columns from ``x`` on, over rows 4 to 23, that leans to the right by ``lean``."""
    picture = torch.zeros(28, 28, dtype=torch.uint8)
    for row in range(4, 24):
        left = x + round(lean * (13.5 - row))
        picture[row, left : left + wide] = ink
    return picture


def test_moments_of_bars_have_closed_forms() -> None:
    slant, boldness, width, height = qualities(torch.stack([bar(12), bar(8, wide=4), bar(13, lean=0.5, ink=128)])).T
    np.testing.assert_allclose(slant, [0, 0, 0.5], atol=0.03)
    np.testing.assert_allclose(boldness, [40 / 784, 80 / 784, 40 / 784 * 128 / 255], rtol=1e-3)
    np.testing.assert_allclose(width[:2], [(1 / 4) ** 0.5, (15 / 12) ** 0.5], rtol=0.03)
    np.testing.assert_allclose(height, [(399 / 12) ** 0.5] * 3, rtol=0.01)  # of 20 rows


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(0)
    made = Generator(classes=10, widths=(8, 4, 4)).eval().requires_grad_(False)
    for layer in (made.stem, made.up14, made.up28, made.paint):  # untrained, it draws nothing otherwise
        layer.weight.mul_(20)
    return made


def test_the_strongest_direction_changes_the_first_layer_most(generator: Generator) -> None:
    found, first = factorised(generator), generator.stem.weight[:, :Z]
    torch.testing.assert_close(found @ found.T, torch.eye(Z), atol=1e-4, rtol=0)
    strength = (first @ found.T).norm(dim=0)
    torch.testing.assert_close(strength, torch.linalg.svdvals(first), atol=1e-4, rtol=1e-3)


def test_the_other_way_along_a_direction_has_the_opposite_effect(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PROBES", 20)
    vector = factorised(generator)[0]
    there, back = measure(generator, vector), measure(generator, -vector)
    assert there.vector == pytest.approx(vector.tolist())
    assert there.effects == pytest.approx([-effect for effect in back.effects], rel=1e-4)
    nowhere = measure(generator, 0 * vector)
    assert nowhere.effects == (0, 0, 0, 0)


def test_each_quality_gets_the_direction_that_changes_it_and_little_else(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    effects = [
        (2.0, 2.0, 2.0, 0.0),  # much of everything: 2 - 0.3 * 4 = 0.8 for the slant
        (-1.2, 0.0, 0.1, 0.0),  # the slant: 1.2 - 0.03, against its sign
        (0.0, 1.0, 0.0, -0.1),
        (0.0, 0.0, -0.9, 0.0),
        (0.1, 0.0, 0.0, 0.7),
    ]
    made = iter(effects)
    monkeypatch.setattr(module, "_CANDIDATES", len(effects))
    monkeypatch.setattr(module, "measure", lambda _, vector: Direction((float(vector[0]), 1.0), next(made)))
    slant, boldness, width, height = directions(generator)
    assert slant.effects == (1.2, 0.0, -0.1, 0.0)
    assert slant.vector[1] == -1.0
    assert (boldness.effects, boldness.vector[1]) == (effects[2], 1.0)
    assert width.effects == pytest.approx((0, 0, 0.9, 0))
    assert height.effects == effects[4]
    assert slant.name == "slant"
    assert Direction((1.0,), (0.5, 1.0, -0.49, 0.0)).name == "boldness and slant"


def test_side_effects_are_the_effects_on_other_qualities(generator: Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    effects = [(2.0, 2.0, 0.0, 0.25), (1.2, 0.0, 0.1, 0.0), (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 1.0)]
    made = iter(effects)
    monkeypatch.setattr(module, "_CANDIDATES", len(effects))
    monkeypatch.setattr(module, "measure", lambda *_: Direction((1.0,), next(made)))
    assert directions(generator)[0].effects == effects[0]  # 2 - 0.3 * 2.25 = 1.325 of the slant, not 1.2 - 0.03


def test_directions_are_read_as_they_were_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVHUB_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsError, match="directions of z"):
        read_directions()
    (tmp_path / FILE).parent.mkdir()
    found = (Direction((0.5, -0.25), (1.0, 0.0, 0.0, 0.5)), Direction((1.0, 0.0), (0.0, 1.0, 0.0, 0.0)))
    write_directions(found, tmp_path / FILE)
    assert read_directions() == found
    (tmp_path / FILE).write_text('{"directions": [{"vector": [1]}]}', encoding="utf-8")
    with pytest.raises(WeightsError, match="directions of z"):
        read_directions()
