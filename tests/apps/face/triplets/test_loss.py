"""Triplet loss, its gradient and mining: against closed forms, autograd and brute force."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.face.triplets import loss as triplet
from apps.face.triplets import mining
from shared.errors import InputError, OptionError


def test_the_loss_in_numbers() -> None:
    # d(A, P) = 25, d(A, N) = 4 + 9 = 13
    one = triplet.measure([0.0, 0.0], [3.0, 4.0], [2.0, 3.0], 0.5)
    assert (one.d_ap, one.d_an, one.loss, one.region) == (25.0, 13.0, 12.5, "hard")
    assert triplet.measure([0.0], [1.0], [2.0], 1.0) == triplet.Triplet(
        d_ap=1.0, d_an=4.0, margin=1.0, loss=0.0, region="easy"
    )
    assert triplet.measure([0.0], [1.0], [2.0], 3.5).region == "semi-hard"


@pytest.mark.parametrize(
    ("d_ap", "d_an", "margin", "region"),
    [
        (1.0, 1.0, 0.2, "hard"),
        (1.0, 1.2, 0.2, "easy"),  # exactly at the margin: no loss
        (1.0, 1.1, 0.2, "semi-hard"),
        (1.0, 0.5, 0.0, "hard"),
        (1.0, 1.0, 0.0, "easy"),  # no margin: equal distances have no loss
        (0.0, 0.0, 0.0, "easy"),  # the collapse f(x) = 0
    ],
)
def test_the_borders_of_the_regions(d_ap: float, d_an: float, margin: float, region: str) -> None:
    one = triplet.of_distances(d_ap, d_an, margin)
    assert one.region == region
    assert (one.loss > 0) == (region != "easy")


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), margin=st.floats(0, 4))
def test_the_gradient_is_that_of_autograd(seed: int, margin: float) -> None:
    A, P, N = np.random.default_rng(seed).normal(size=(3, 5, 8))
    a, p, n = (torch.tensor(x, requires_grad=True) for x in (A, P, N))
    loss = ((a - p).square().sum(1) - (a - n).square().sum(1) + margin).clamp_min(0)
    torch.autograd.backward(loss.sum())
    np.testing.assert_allclose(triplet.losses(A, P, N, margin), loss.detach().numpy(), rtol=1e-9, atol=1e-12)
    ours = triplet.gradients(A, P, N, margin)
    for mine, theirs in zip(ours, (a.grad, p.grad, n.grad), strict=True):
        assert theirs is not None
        np.testing.assert_allclose(mine, theirs.numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(sum(ours), 0, atol=1e-12)


def test_a_constant_encoder_loses_exactly_the_margin() -> None:
    zero = np.zeros((4, 128))
    assert triplet.losses(zero, zero, zero, 0.2).tolist() == [0.2] * 4
    assert triplet.losses(zero, zero, zero, 0.0).tolist() == [0.0] * 4


@pytest.mark.parametrize("margin", [float("nan"), float("inf"), -0.1, 5, "wide", None])
def test_an_unusable_margin_is_refused(margin: object) -> None:
    with pytest.raises(OptionError, match="margin"):
        triplet.measure([0.0], [0.0], [0.0], margin)


def test_encodings_of_two_encoders_make_no_triplet() -> None:
    with pytest.raises(InputError, match="of one length"):
        triplet.measure(np.zeros(128), np.zeros(512), np.zeros(128))


def photos(seed: int, people: int, largest: int, integers: bool) -> tuple[np.ndarray, np.ndarray]:
    """Clusters; with ``integers`` many distances are equal."""
    rng = np.random.default_rng(seed)
    who = rng.permutation(np.repeat(np.arange(people), rng.integers(1, largest + 1, people)))
    x = rng.integers(0, 3, (len(who), 2)).astype(float) if integers else rng.normal(size=(len(who), 3)) + who[:, None]
    return x, who


galleries = st.builds(photos, st.integers(0, 10**6), st.integers(2, 6), st.integers(2, 4), st.booleans()).filter(
    lambda made: np.unique(made[1], return_counts=True)[1].max() > 1
)


def every_triplet(who: np.ndarray) -> list[tuple[int, int, int]]:
    n = range(len(who))
    return [(a, p, m) for a, p, m in product(n, n, n) if a != p and who[a] == who[p] and who[a] != who[m]]


@settings(max_examples=60, deadline=None)
@given(galleries, st.sampled_from([0.0, 0.2, 1.0]))
def test_the_census_counts_every_triplet(gallery: tuple[np.ndarray, np.ndarray], margin: float) -> None:
    x, who = gallery
    d = mining.pairwise(x)
    counted = dict.fromkeys(triplet.REGIONS, 0)
    total = 0.0
    for a, p, n in every_triplet(who):
        one = triplet.of_distances(d[a, p], d[a, n], margin)
        counted[one.region] += 1
        total += one.loss
    census = mining.census(x, who, margin)
    assert census.by_region() == counted
    assert census.total == sum(counted.values())
    assert census.mean_loss == pytest.approx(total / census.total, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(galleries)
def test_mined_negatives_are_those_of_a_brute_force(gallery: tuple[np.ndarray, np.ndarray]) -> None:
    x, who = gallery
    d = mining.pairwise(x)
    others = [np.flatnonzero(who != one) for one in who]
    pairs = [(a, p) for a in range(len(who)) for p in range(len(who)) if a != p and who[a] == who[p]]

    semi = mining.mine("semi-hard", x, who)
    assert list(zip(semi.anchor, semi.positive, strict=True)) == pairs
    for a, p, n in zip(semi.anchor, semi.positive, semi.negative, strict=True):
        beyond = [d[a, m] for m in others[a] if d[a, m] > d[a, p]]
        assert d[a, n] == (min(beyond) if beyond else max(d[a, others[a]]))
        assert who[a] != who[n]

    hardest = mining.mine("hardest", x, who)
    assert sorted(set(hardest.anchor.tolist())) == sorted({a for a, _ in pairs})
    for a, p, n in zip(hardest.anchor, hardest.positive, hardest.negative, strict=True):
        assert d[a, p] == max(d[a, q] for b, q in pairs if b == a)
        assert d[a, n] == min(d[a, others[a]])
        assert a != p
        assert who[a] == who[p] != who[n]


def test_random_negatives_are_everybody_else_equally_often() -> None:
    who = np.array([2, 0, 0, 1, 0, 1, 3])
    drawn = [mining.mine("random", np.zeros((7, 2)), who, seed=seed) for seed in range(1500)]
    assert mining.mine("random", np.zeros((7, 2)), who, seed=3).negative.tolist() == drawn[3].negative.tolist()
    negatives = np.array([one.negative for one in drawn])  # (seeds, pairs)
    for pair, anchor in enumerate(drawn[0].anchor):
        allowed = np.flatnonzero(who != who[anchor])
        seen, counts = np.unique(negatives[:, pair], return_counts=True)
        assert seen.tolist() == allowed.tolist()
        expected = len(drawn) / len(allowed)
        assert np.abs(counts - expected).max() < 5 * expected**0.5


def test_people_may_be_numbered_in_any_type() -> None:
    for kind in (np.uint8, np.float32, np.int64):
        x, who = mining.check_gallery([[0], [1], [2]], np.array([0, 0, 1], kind))
        assert (x.dtype, who.dtype) == (np.float64, np.int64)
        assert (x.tolist(), who.tolist()) == ([[0], [1], [2]], [0, 0, 1])


def test_what_has_no_triplet_is_refused() -> None:
    for who in ([0, 0, 0], [0, 1, 2], [], [0]):
        with pytest.raises(InputError, match="two photos of one person"):
            mining.mine("random", np.zeros((len(who), 2)), who)
    with pytest.raises(OptionError, match="random, semi-hard, hardest"):
        mining.mine("easiest", np.zeros((3, 2)), [0, 0, 1])
    with pytest.raises(InputError, match="at most"):
        mining.census(np.zeros((2_001, 1)), np.arange(2_001) // 2, 0.2)
