"""The trainable linear map: its gradient, that it learns, and that it collapses when the margin is 0."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from apps.face.triplets import linear_map, mining
from apps.face.triplets.loss import DEFAULT_MARGIN
from shared.errors import InputError, OptionError


def gallery(
    people: int = 6, photos: int = 5, dimension: int = 32, spread: float = 0.8
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(people, dimension))
    who = np.repeat(np.arange(people), photos)
    return centres[who] + rng.normal(size=(len(who), dimension)) * spread, who


def run(**options: object) -> list[linear_map.Step]:
    x, who = gallery()
    return list(linear_map.train(x, who, linear_map.Training(**options), every=10))  # type: ignore[arg-type]


def test_the_gradient_is_that_of_autograd() -> None:
    x, who = gallery(dimension=4)
    triplets = mining.mine("random", x, who)
    g = torch.tensor(x, requires_grad=True)
    a, p, n = (g[torch.from_numpy(rows)] for rows in (triplets.anchor, triplets.positive, triplets.negative))
    loss = ((a - p).square().sum(1) - (a - n).square().sum(1) + 0.2).clamp_min(0).mean()
    torch.autograd.backward(loss)
    assert g.grad is not None
    np.testing.assert_allclose(linear_map.gradient_of(x, triplets, 0.2), g.grad.numpy(), atol=1e-12)
    assert linear_map.mean_loss(x, triplets, 0.2) == pytest.approx(loss.item())


@pytest.mark.parametrize("miner", mining.MINERS)
def test_it_learns_with_every_miner(miner: str) -> None:
    steps = run(mining=miner, steps=200)
    assert [step.step for step in steps] == list(range(0, 201, 10))
    assert steps[-1].with_loss < 0.25 * steps[0].with_loss
    assert not steps[-1].collapsed
    assert steps[-1].points.shape == (30, 2)
    assert {step.total for step in steps} == {30 * 4 * 25}


def test_without_a_margin_everything_shrinks_to_one_point() -> None:
    kept, lost = run(margin=DEFAULT_MARGIN), run(margin=0.0)
    assert lost[0].length == kept[0].length
    assert lost[-1].collapsed
    assert not kept[-1].collapsed
    assert lost[-1].loss < 1e-3  # and yet no triplet has a loss worth the name
    assert np.abs(lost[-1].points).max() < 0.05
    assert kept[-1].length > 0.3
    assert not run(margin=0.0, decay=0.0)[-1].collapsed  # without decay it merely stops learning


def test_the_same_seed_gives_the_same_run() -> None:
    one, other, another = run(seed=3, steps=20), run(seed=3, steps=20), run(seed=4, steps=20)
    assert [step.loss for step in one] == [step.loss for step in other]
    assert [step.loss for step in one] != [step.loss for step in another]


def test_more_numbers_are_drawn_by_their_principal_axes() -> None:
    rng = np.random.default_rng(0)
    g = rng.normal(size=(50, 8)) * np.array([5, 3, 1, 1, 1, 1, 1, 1]) ** 1.0
    axes = linear_map.principal_axes(g)
    drawn = (g - g.mean(0)) @ axes
    values = np.sort(np.linalg.eigvalsh(np.cov(g.T)))[::-1]
    np.testing.assert_allclose(np.cov(drawn.T), np.diag(values[:2]), atol=1e-9)
    np.testing.assert_allclose(linear_map.principal_axes(g, -axes), -axes)  # no flip
    assert run(numbers=16, steps=20)[-1].points.shape == (30, 2)


@pytest.mark.parametrize(
    "options", [{"margin": -1}, {"mining": "none"}, {"steps": 0}, {"rate": float("nan")}, {"numbers": 1}, {"seed": -1}]
)
def test_unusable_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        run(**options)


def test_a_gallery_without_triplets_is_refused() -> None:
    with pytest.raises(InputError, match="two photos of one person"):
        next(linear_map.train(np.zeros((3, 4)), [0, 1, 2], linear_map.Training()))
