"""Figures against numpy, against perfect and useless paintings, and against the hub's other Fréchet distance."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from apps.gan.players.metrics import frechet_distance
from apps.gan.translation.earth import NIGHT_WHITE, light
from apps.gan.translation.quality import CELL, LAYER, correlation, distance, features, moments, quality

N, P = 9, 30


class Dummy(nn.Module):
    """Stands for VGG: six numbers for every 4 x 4 pixels."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.conv = nn.Conv2d(3, 6, kernel_size=4, stride=4)

    def forward(self, picture: Tensor, wanted: set[str]) -> dict[str, Tensor]:
        return {layer: self.conv(picture) for layer in wanted}


@pytest.fixture
def nights() -> tuple[Tensor, Tensor, Tensor]:
    """Painted, true, counted: lamps of every strength on a bluish ground."""
    random = torch.Generator().manual_seed(1)
    truth = torch.rand(N, 3, P, P, generator=random) * torch.tensor([0.8, 0.5, 0.3])[:, None, None]
    painted = (
        0.5 * truth + 0.5 * torch.rand(N, 3, P, P, generator=random) * torch.tensor([0.8, 0.5, 0.3])[:, None, None]
    )
    return painted, truth, torch.rand(N, P, P, generator=random) < 0.7


def test_differences_and_correlations_are_numpys(nights: tuple[Tensor, Tensor, Tensor]) -> None:
    painted, truth, counted = nights
    found = quality("x", moments(painted, truth, counted), resamples=20)
    keep = counted.numpy()
    assert found.l1.value == pytest.approx(np.abs((painted - truth).numpy()).mean(axis=1)[keep].mean(), rel=1e-5)
    made, real = light(painted).numpy(), light(truth).numpy()
    assert found.l1_light.value == pytest.approx(np.abs(made - real)[keep].mean(), rel=1e-5)
    assert found.correlation.value == pytest.approx(np.corrcoef(made[keep], real[keep])[0, 1], rel=1e-5)
    assert found.amount.value == pytest.approx(made[keep].sum() / real[keep].sum(), rel=1e-5)

    def cells(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> list[float]:
        told = []
        for block, mask in zip(values, keep, strict=True):
            for y in range(0, P, CELL):
                for x in range(0, P, CELL):
                    inside = mask[y : y + CELL, x : x + CELL]
                    if inside.mean() >= 0.5:
                        told.append(block[y : y + CELL, x : x + CELL][inside].mean())
        return told

    expected = np.corrcoef(cells(made), cells(real))[0, 1]
    assert found.correlation_cells.value == pytest.approx(expected, rel=1e-5)


def test_a_perfect_painting(nights: tuple[Tensor, Tensor, Tensor]) -> None:
    _, truth, counted = nights
    seen = features(Dummy(), truth)
    found = quality("x", moments(truth, truth, counted), painted=seen, true=seen, resamples=20)
    assert (found.l1.value, found.l1_light.value) == (0, 0)
    assert found.correlation.value == pytest.approx(1)
    assert found.correlation_cells.value == pytest.approx(1)
    assert found.amount.value == pytest.approx(1)
    assert found.frechet is not None
    assert found.frechet.value == pytest.approx(0, abs=1e-6)


def test_darkness_has_no_correlation_and_no_light(nights: tuple[Tensor, Tensor, Tensor]) -> None:
    _, truth, counted = nights
    found = quality("x", moments(torch.zeros_like(truth), truth, counted), resamples=20)
    assert math.isnan(found.correlation.value)
    assert found.amount.value == 0
    told = found.as_json()
    assert told["correlation"] is None
    assert told["frechet"] is None
    assert told["amount"] == [0, 0, 0]
    assert found.l1_light.value == pytest.approx(light(truth)[counted].mean().item(), rel=1e-5)


def test_pixels_that_do_not_count_change_nothing(nights: tuple[Tensor, Tensor, Tensor]) -> None:
    painted, truth, counted = nights
    other = torch.where(counted[:, None], painted, torch.rand_like(painted))
    a, b = (quality("x", moments(night, truth, counted), resamples=5) for night in (painted, other))
    assert a.as_json() == b.as_json()


def test_intervals_hold_the_value_and_are_wider_for_fewer_blocks(nights: tuple[Tensor, Tensor, Tensor]) -> None:
    painted, truth, counted = nights
    truth = truth * torch.linspace(0.2, 1.5, N)[:, None, None, None]  # blocks differ
    every = quality("x", moments(painted, truth, counted)).l1
    few = quality("x", moments(painted[::4], truth[::4], counted[::4])).l1
    assert every.low < every.value < every.high
    assert few.high - few.low > every.high - every.low
    assert quality("x", moments(painted, truth, counted)).l1 == every  # the same resamples every time


def test_correlation_of_what_does_not_vary_is_not_defined() -> None:
    assert torch.isnan(correlation(torch.tensor([4.0, 2.0, 2.0, 1.0, 1.5, 1.0], dtype=torch.float64)))


def test_the_distance_is_that_of_the_features_of_all_places(nights: tuple[Tensor, Tensor, Tensor]) -> None:
    painted, truth, _ = nights
    painted, truth = painted[..., :28, :28], truth[..., :28, :28]
    vgg, every = Dummy(), torch.arange(N)
    found = distance(features(vgg, painted), features(vgg, truth), every, every)
    with torch.no_grad():
        a, b = (vgg(night, {LAYER})[LAYER].permute(0, 2, 3, 1).flatten(0, 2) for night in (painted, truth))
    assert found == pytest.approx(frechet_distance(a, b), rel=5e-3)  # n there, n - 1 here
    assert found > 0


def test_lights_scale_is_that_of_the_map() -> None:
    assert light(torch.tensor([74.0, 0, 0]).div(NIGHT_WHITE)[None, :, None, None]).item() == pytest.approx(1)
    assert light(torch.tensor([39.0, 0, 0]).div(NIGHT_WHITE)[None, :, None, None]).item() == pytest.approx(0.5)
