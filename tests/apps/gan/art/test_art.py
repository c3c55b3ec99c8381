"""Endless art: windows of one picture agree, mixing has its ends, and a training survives an interruption."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from apps.gan.art import paint as paint_room
from apps.gan.art.choices import CELL
from apps.gan.art.likeness import PATCH, Patches
from apps.gan.art.networks import MARGIN, Texture, texture_from
from apps.gan.art.paint import Blend, paint
from apps.gan.art.plane import Window, grids
from apps.gan.art.train import ArtGame, Plan, draw_noise, run


def _window(noise: list[torch.Tensor], first: int, cells: int) -> list[torch.Tensor]:
    """The noise of the square of ``cells`` that begins at the cell ``first``."""
    cut = []
    for at, grid in enumerate(noise):
        low, high = first * 2**at, (first + cells) * 2**at + 2 * MARGIN
        cut.append(grid[..., low:high, low:high])
    return cut


def test_any_window_of_the_noise_gives_that_window_of_the_picture() -> None:
    torch.manual_seed(0)
    model = Texture().eval()
    noise = draw_noise(1, 6, torch.Generator().manual_seed(1))
    with torch.no_grad():
        whole, part = model(noise), model(_window(noise, 2, 3))
    assert whole.shape == (1, 3, 6 * CELL, 6 * CELL)
    assert torch.allclose(whole[..., 2 * CELL : 5 * CELL, 2 * CELL : 5 * CELL], part, atol=1e-5)


@pytest.fixture(scope="module")
def two() -> tuple[Texture, Texture]:
    torch.manual_seed(0)
    return Texture().eval(), texture_from(Texture().state_dict())


def same(one: Image.Image, other: Image.Image) -> bool:
    """But for the last digit of a sum, which another shape of the same convolution may round otherwise."""
    return bool(np.abs(np.asarray(one).astype(int) - np.asarray(other)).max() <= 1)


def test_two_windows_that_meet_fit_together(two: tuple[Texture, Texture], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = paint(two[0], Window(row=-3, column=5, rows=6, columns=7), 4)
    part = paint(two[0], Window(row=-1, column=8, rows=3, columns=4), 4)
    assert same(whole.crop((3 * CELL, 2 * CELL, 7 * CELL, 5 * CELL)), part)
    assert not same(part, paint(two[0], Window(row=-1, column=8, rows=3, columns=4), 5))
    monkeypatch.setattr(paint_room, "_PART", 2)
    assert same(whole, paint(two[0], Window(row=-3, column=5, rows=6, columns=7), 4))


def test_a_tile_continues_itself(two: tuple[Texture, Texture]) -> None:
    """Its right half and its left half, put together, are what the tile half its width further shows."""
    tile = paint(two[0], Window(rows=4, columns=4, wraps=True), 1)
    noise = grids(Window(row=0, column=2, rows=4, columns=4), 1, within=Window(rows=4, columns=4, wraps=True))
    with torch.no_grad():
        shifted = (two[0](noise)[0] + 1) * 127.5
    expected = np.roll(np.asarray(tile), -2 * CELL, axis=1)
    assert np.abs(shifted.permute(1, 2, 0).numpy() - expected).max() <= 1
    open_end = paint(two[0], Window(rows=4, columns=4), 1)
    assert not same(tile, open_end)


def test_a_share_of_nothing_is_the_first_generator_and_of_all_the_second(two: tuple[Texture, Texture]) -> None:
    one, other = two
    window = Window(rows=2, columns=3)
    for share, expected in ((0.0, one), (1.0, other)):
        blended = paint(one, window, 7, blend=Blend(other=other, left=share, right=share))
        assert same(blended, paint(expected, window, 7))


def test_a_blend_from_left_to_right_is_the_same_in_parts(
    two: tuple[Texture, Texture], monkeypatch: pytest.MonkeyPatch
) -> None:
    blend, window = Blend(other=two[1], left=0.0, right=1.0), Window(rows=2, columns=8)
    whole = paint(two[0], window, 7, blend=blend)
    monkeypatch.setattr(paint_room, "_PART", 3)
    assert same(paint(two[0], window, 7, blend=blend), whole)
    left, right = (np.asarray(paint(model, window, 7)).astype(int) for model in two)
    mixed = np.asarray(whole).astype(int)
    edge = np.s_[:, :CELL], np.s_[:, -CELL:]
    assert np.abs(mixed - left)[edge[0]].mean() < np.abs(mixed - right)[edge[0]].mean()
    assert np.abs(mixed - right)[edge[1]].mean() < np.abs(mixed - left)[edge[1]].mean()


def test_the_noise_of_the_plane_is_standard_normal_and_knows_no_neighbours() -> None:
    coarse, *_, fine = grids(Window(row=-400, column=-400, rows=128, columns=128), 3)
    for grid in (coarse, fine):
        x = grid.double()
        assert abs(float(x.mean())) < 0.01
        assert abs(float(x.std()) - 1) < 0.01
        assert abs(float((x**4).mean()) - 3) < 0.1  # the kurtosis of a normal distribution
        for shifted in (x.roll(1, dims=2), x.roll(1, dims=3), x.roll((1, 1), dims=(2, 3)), x.roll(1, dims=1)):
            if not torch.equal(shifted, x):  # one channel, rolled
                assert abs(float((x * shifted).mean())) < 0.01


def test_a_film_ends_where_it_begins_and_keeps_its_strength() -> None:
    window = Window(rows=40, columns=40)
    begin, middle, end = (grids(window, 3, turn=turn)[0] for turn in (0.0, 0.3, 1.0))
    assert torch.allclose(begin, end, atol=1e-5)
    assert abs(float(middle.std()) - 1) < 0.02
    assert not torch.allclose(begin, middle, atol=0.5)


def test_the_nearest_patch_is_the_one_that_brute_force_finds() -> None:
    random = np.random.default_rng(0)
    picture = Image.fromarray(random.integers(0, 255, (44, 48, 3), dtype=np.uint8))
    patches = random.random((3, PATCH, PATCH, 3), dtype=np.float32)
    found = Patches(picture).nearest(patches)
    pixels = np.asarray(picture).astype(float) / 255
    for patch, corner, told in zip(patches, found.corners, found.distances, strict=True):
        distances = {
            (y, x): np.sqrt(np.mean((pixels[y : y + PATCH, x : x + PATCH] - patch) ** 2))
            for y in range(44 - PATCH + 1)
            for x in range(48 - PATCH + 1)
        }
        assert tuple(corner) == min(distances, key=distances.__getitem__)
        assert told == pytest.approx(min(distances.values()), abs=1e-5)


def test_a_copy_is_no_distance_away_unless_its_place_is_left_out() -> None:
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 255, (80, 80, 3), dtype=np.uint8))
    all_of_it, own = Patches(picture), np.array([[0, 3], [48, 41]])
    copies = np.stack([all_of_it.at(corner) for corner in own])
    found = all_of_it.nearest(copies)
    assert np.array_equal(found.corners, own)
    assert found.distances.max() < 1e-2
    apart = all_of_it.nearest(copies, apart_from=own)
    assert apart.distances.min() > 0.2
    assert (np.abs(apart.corners - own).max(axis=1) >= PATCH).all()


def test_an_interrupted_training_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    picture = torch.rand(3, 100, 104, generator=torch.Generator().manual_seed(2)) * 2 - 1
    plan = Plan(steps=4, batch=1)
    (once,) = list(run(ArtGame(picture, plan), tmp_path / "once", every=4))
    stopped = run(ArtGame(picture, plan), tmp_path / "twice", every=2)
    next(stopped)
    stopped.close()
    *_, last = run(ArtGame(picture, plan), tmp_path / "twice", every=2)
    assert (last.loss_d, last.loss_g) == (once.loss_d, once.loss_g)
    assert last.done == 4
