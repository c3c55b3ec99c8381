"""The figures against closed forms and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg

from apps.gan.players.data import Digits
from apps.gan.players.metrics import (
    confusion,
    diversity,
    frechet_distance,
    nearest,
    precision_recall,
    share,
    some_of,
)


def test_frechet_distance_of_a_shift_is_its_squared_length() -> None:
    features = torch.randn(400, 6, generator=torch.Generator().manual_seed(0))
    shift = torch.tensor([3.0, 0, 0, -4.0, 0, 0])
    assert frechet_distance(features, features + shift) == pytest.approx(25.0, abs=1e-4)
    assert frechet_distance(features, features) == pytest.approx(0.0, abs=1e-4)


def test_frechet_distance_equals_the_matrix_root_of_scipy() -> None:
    random = torch.Generator().manual_seed(1)
    a, b = torch.randn(300, 5, generator=random) @ torch.randn(5, 5, generator=random), torch.randn(200, 5) * 2
    cov_a, cov_b = np.cov(a.double().numpy().T), np.cov(b.double().numpy().T)
    difference = a.double().mean(0).numpy() - b.double().mean(0).numpy()
    root = np.real(linalg.sqrtm(cov_a @ cov_b))
    expected = difference @ difference + np.trace(cov_a + cov_b - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9)


def test_frechet_distance_survives_a_feature_that_never_fires() -> None:
    a = torch.randn(50, 3, generator=torch.Generator().manual_seed(2))
    a[:, 1] = 0
    assert math.isfinite(frechet_distance(a, a + 1))
    assert frechet_distance(a, a + 1) == pytest.approx(3.0, abs=1e-4)


def test_fakes_at_one_real_point_are_precise_and_recall_nothing_else() -> None:
    real = torch.arange(10.0).unsqueeze(1)
    fake = torch.full((10, 1), 4.0)
    found = precision_recall(real, fake, k=1)
    assert found.precision == 1.0
    assert found.recall == pytest.approx(0.1)  # balls of radius 0 around 4 hold the real 4 alone


def test_far_fakes_have_neither_precision_nor_recall() -> None:
    real = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
    found = precision_recall(real, real + 100)
    assert (found.precision, found.recall) == (0.0, 0.0)
    same = precision_recall(real, real)
    assert (same.precision, same.recall) == (1.0, 1.0)


def test_wilsons_interval_by_hand() -> None:
    found = share(torch.tensor([True] * 8 + [False] * 2))
    assert found.value == pytest.approx(0.8)
    assert (found.low, found.high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))


@given(hits=st.lists(st.booleans(), min_size=1, max_size=300))
@settings(max_examples=50, deadline=None)
def test_an_interval_holds_its_share(hits: list[bool]) -> None:
    found = share(torch.tensor(hits))
    assert 0 <= found.low <= found.value + 1e-6
    assert found.value - 1e-6 <= found.high <= 1


def test_confusion_counts_asked_by_read() -> None:
    counts = confusion(torch.tensor([7, 7, 1]), torch.tensor([7, 1, 1]))
    assert counts[7, 7] == 1
    assert counts[7, 1] == 1
    assert counts[1, 1] == 1
    assert counts.sum() == 3


def test_diversity_of_two_points_is_their_distance_and_of_one_unknown() -> None:
    features = torch.tensor([[0.0, 0.0], [3.0, 4.0], [1.0, 1.0]])
    found = diversity(features, torch.tensor([2, 2, 5]))
    assert found[2] == pytest.approx(5.0)
    assert found[5].isnan()
    assert found[0].isnan()


def test_diversity_depends_on_its_seed_alone() -> None:
    features = torch.rand(60, 4, generator=torch.Generator().manual_seed(0))
    labels = torch.zeros(60).long()
    torch.manual_seed(1)
    first = diversity(features, labels, pairs=50, seed=3)[0]
    torch.manual_seed(2)
    assert diversity(features, labels, pairs=50, seed=3)[0] == first != diversity(features, labels, pairs=50)[0]


def test_the_nearest_of_a_training_picture_is_itself() -> None:
    train = torch.randint(0, 256, (50, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    found = nearest(train[[7, 31]], train)
    assert found.index.tolist() == [7, 31]
    assert found.distance.max() < 0.5
    lighter = (train[[7]].int() + torch.where(train[[7]] < 128, 10, -10)).to(torch.uint8)
    assert nearest(lighter, train).distance.item() == pytest.approx(10.0, abs=0.01)


def test_a_draw_without_repetition() -> None:
    digits = Digits(torch.arange(20, dtype=torch.uint8).view(20, 1, 1).expand(20, 28, 28), torch.arange(20) % 10)
    drawn = some_of(digits, 12)
    assert len(drawn) == 12
    assert len(set(drawn.images[:, 0, 0].tolist())) == 12


def test_long_searches_are_those_of_the_complete_matrix() -> None:
    """More rows than are held at once."""
    random = torch.Generator().manual_seed(4)
    real, fake = torch.randn(2_050, 2, generator=random), torch.randn(2_030, 2, generator=random)
    to_real, among_real = torch.cdist(fake, real), torch.cdist(real, real)
    radii_real = among_real.sort(dim=1).values[:, 3]
    radii_fake = torch.cdist(fake, fake).sort(dim=1).values[:, 3]
    found = precision_recall(real, fake)
    assert found.precision == pytest.approx((to_real <= radii_real).any(dim=1).float().mean().item(), abs=1e-3)
    assert found.recall == pytest.approx((radii_fake >= to_real.T).any(dim=1).float().mean().item(), abs=1e-3)
    train = torch.randint(0, 256, (2_050, 28, 28), dtype=torch.uint8, generator=random)
    assert nearest(train[[3, 2_040]], train).index.tolist() == [3, 2_040]


def test_a_picture_is_never_compared_with_itself() -> None:
    features = torch.tensor([[0.0], [1.0]])  # of one class: every pair is 1 apart
    assert diversity(features, torch.tensor([3, 3]), pairs=500)[3].item() == 1.0
