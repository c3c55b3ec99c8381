"""1:K search against a brute force in float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.face.gallery.index import CHUNK_ROWS, POOLS, Index
from benchmarks import face_search
from shared.errors import InputError, OptionError


def gallery(people: int, photos: int, dimension: int, seed: int = 0) -> tuple[Index, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    person = rng.permutation(np.repeat(np.arange(people), photos))
    encodings = rng.normal(0, 0.1, (people * photos, dimension)).astype(np.float32)
    index = Index([f"p{i}" for i in range(people)], person, np.arange(len(person)), encodings)
    return index, person, encodings


SPREAD = 0.05


def brute_force(encodings: np.ndarray, person: np.ndarray, probe: np.ndarray, pool: str) -> list[tuple[float, int]]:
    if pool == "template":
        return sorted((of_template(encodings[person == who], probe), who) for who in np.unique(person))
    d2 = ((encodings.astype(np.float64) - probe) ** 2).sum(1)
    reduce = np.min if pool == "nearest" else np.mean
    return sorted((float(reduce(d2[person == who])), who) for who in np.unique(person))


def of_template(mine: np.ndarray, probe: np.ndarray) -> float:
    mean = mine.astype(np.float64).mean(0)
    mean *= np.linalg.norm(mine, axis=1).mean() / np.linalg.norm(mean)
    return float(((mean - probe) ** 2).sum() + (1 - 1 / len(mine)) * SPREAD)


@settings(max_examples=40, deadline=None)
@given(
    people=st.integers(1, 40),
    photos=st.integers(1, 4),
    dimension=st.sampled_from([1, 3, 128]),
    seed=st.integers(0, 10_000),
    pool=st.sampled_from(sorted(POOLS)),
    k=st.integers(1, 50),
)
def test_ranking_is_that_of_a_brute_force(
    people: int, photos: int, dimension: int, seed: int, pool: str, k: int
) -> None:
    index, person, encodings = gallery(people, photos, dimension, seed)
    probe = np.random.default_rng(seed + 1).normal(0, 0.1, dimension)
    ranked = index.rank(probe, k, pool=pool, spread=SPREAD)
    expected = brute_force(encodings, person, probe, pool)[:k]
    if pool != "template":  # whose float32 rows may swap what differs by less
        assert [one.person for one in ranked] == [f"p{who}" for _, who in expected]
    np.testing.assert_allclose([one.d_squared for one in ranked], [d2 for d2, _ in expected], rtol=2e-6)
    assert [one.rank for one in ranked] == list(range(1, min(k, people) + 1))
    assert all(one.photos == photos and one.distance == pytest.approx(one.d_squared**0.5) for one in ranked)


def test_near_ties_far_from_the_origin_are_ranked_exactly() -> None:
    # rows 1e-5 apart at norm 100: the float32 expansion alone cannot tell them apart
    probe = np.full(128, 100 / 128**0.5)
    encodings = np.tile(probe, (200, 1)) + np.random.default_rng(3).normal(0, 1e-3, (200, 128))
    encodings = encodings.astype(np.float32)
    index = Index([f"p{i}" for i in range(200)], np.arange(200), np.arange(200), encodings)
    expected = brute_force(encodings, np.arange(200), probe, "nearest")[:7]
    assert [one.person for one in index.rank(probe, 7)] == [f"p{who}" for _, who in expected]


def test_an_enrolled_probe_has_distance_zero_and_names_its_photo() -> None:
    index, person, encodings = gallery(50, 3, 128)
    for row in (0, 77, 149):
        best = index.rank(encodings[row], 1)[0]
        assert (best.distance, best.photo, best.person) == (0.0, row, f"p{person[row]}")


def test_several_probes_over_chunk_borders_agree_with_single_ones() -> None:
    rng = np.random.default_rng(5)
    encodings = rng.normal(size=(CHUNK_ROWS + 100, 4)).astype(np.float32)
    people = len(encodings)
    index = Index([str(i) for i in range(people)], np.arange(people), np.arange(people), encodings)
    probes = rng.normal(size=(19, 4))
    for count in (1, 2, 19):
        assert index.rank_many(probes[:count], 3) == tuple(index.rank(probe, 3) for probe in probes[:count])
    last = index.rank(encodings[-1], 1)[0]
    assert (last.photo, last.distance) == (people - 1, 0.0)


def test_a_stranger_is_not_recognised_and_tau_moves_without_a_search() -> None:
    index, _, encodings = gallery(20, 2, 128)
    probe = encodings[4] + np.float32(0.05)
    distance = index.rank(probe, 1)[0].distance
    assert index.identify(probe, distance).winner is not None  # same means at or below tau
    stranger = index.identify(probe, distance * 0.999)
    assert not stranger.recognised
    assert len(stranger.candidates) == 5
    assert index.conclude(stranger.candidates, distance).recognised
    assert not index.identify(probe, 0.0).recognised
    assert index.identify(encodings[4], 0.0).recognised


def test_five_people_by_their_nearest_photo_are_ranked_unless_more_is_said() -> None:
    index, _, encodings = gallery(20, 2, 8)
    probe = encodings[3] + np.float32(0.02)
    plain = index.rank(probe, 5, pool="nearest", spread=0.0)
    assert index.rank(probe) == index.rank_many([probe])[0] == index.identify(probe, 9.0).candidates == plain
    template = index.rank(probe, 5, pool="template", spread=0.0)
    assert index.rank(probe, pool="template") == index.identify(probe, 9.0, pool="template").candidates == template
    assert index.rank_many([probe], pool="template") == (template,)


def test_how_far_ones_photos_scatter_counts_for_templates() -> None:
    index, _, encodings = gallery(20, 2, 8)
    probe = encodings[3] + np.float32(0.02)
    wanted = index.rank(probe, 5, pool="template", spread=SPREAD)
    assert index.identify(probe, 9.0, pool="template", spread=SPREAD).candidates == wanted
    assert wanted[0].d_squared == pytest.approx(index.rank(probe, pool="template")[0].d_squared + SPREAD / 2)


def test_a_template_may_be_nearer_than_every_photo_it_is_made_of() -> None:
    angles = np.array([0.8, -0.8, 0.3, 0.3])  # Ada's photos on both sides of the probe, Ben's on one
    circle = np.stack([np.cos(angles), np.sin(angles)], 1)
    index = Index(["Ada", "Ben"], [0, 0, 1, 1], np.arange(4), circle)
    (best,) = index.rank([1.0, 0.0], 1, pool="template")
    assert (best.person, best.distance) == ("Ada", pytest.approx(0, abs=1e-3))
    for pool in ("nearest", "average"):
        (best,) = index.rank([1.0, 0.0], 1, pool=pool)
        assert (best.person, best.distance) == ("Ben", pytest.approx(2 * np.sin(0.15)))


def test_of_equal_photos_the_one_enrolled_first_is_named_however_many_there_are() -> None:
    person = np.tile([1, 0], 200)  # two people in turns, who have to be brought together
    index = Index(["a", "b"], person, np.arange(400) + 1_000, np.ones((400, 8), np.float32))
    assert [one.photo for one in index.rank(np.ones(8))] == [1_001, 1_000]
    assert index.photo.tolist() == [*range(1_001, 1_400, 2), *range(1_000, 1_400, 2)]


def test_the_distance_to_one_person_is_that_to_the_nearest_photo_of_theirs() -> None:
    index, person, encodings = gallery(6, 3, 8)
    probe = np.full(8, 0.05)
    nearest = np.sqrt(((encodings[person == 4] - probe) ** 2).sum(1)).min()
    assert index.nearest_of("P4", probe) == pytest.approx(nearest)
    assert index.nearest_of("p6", probe) is None


def test_an_empty_gallery_recognises_nobody() -> None:
    empty = Index([], [], [], np.zeros((0, 128), np.float32))
    result = empty.identify(np.zeros(128), 0.6)
    assert (result.candidates, result.winner, result.people) == ((), None, 0)


def test_what_cannot_be_searched_is_refused() -> None:
    index, _, _ = gallery(5, 1, 128)
    with pytest.raises(InputError, match="128 numbers"):
        index.rank(np.zeros(512))
    with pytest.raises(InputError, match="finite"):
        index.rank(np.full(128, np.nan))
    with pytest.raises(OptionError, match="pooling"):
        index.rank(np.zeros(128), pool="median")
    with pytest.raises(OptionError, match="candidates"):
        index.rank(np.zeros(128), 0)
    with pytest.raises(OptionError, match="tau"):
        index.identify(np.zeros(128), float("nan"))
    with pytest.raises(InputError, match="finite"):
        Index(["a"], [0], [0], np.full((1, 128), np.inf))
    with pytest.raises(InputError, match="photo"):
        Index(["a", "b"], [0], [0], np.zeros((1, 128)))


def test_the_speed_is_measured_on_right_answers() -> None:
    rows = list(face_search.measure((1, 500, 2_000), repeats=2))
    assert [row.people for row in rows] == [1, 500, 2_000]
    assert all(row.right and row.seconds > 0 and row.bytes == row.people * 512 for row in rows)
    with pytest.raises(OptionError, match="people"):
        next(face_search.measure((0,)))


def test_ties_are_ranked_in_the_order_of_enrolment() -> None:
    same = np.ones((6, 4))
    index = Index(list("abcdef"), range(6), range(6), same)
    assert [one.person for one in index.rank(np.ones(4), 6)] == list("abcdef")
    assert [one.person for one in index.rank(np.ones(4), 3)] == list("abc")


def test_a_template_answers_on_the_scale_of_one_pair() -> None:
    # photos of one person scatter around a centre; two more are as far apart as a photo and the person's template
    rng = np.random.default_rng(0)
    centre, sigma = np.zeros(64), 0.03
    centre[0] = 1.0
    photos = centre + rng.normal(0, sigma, (400, 64))
    probes = centre + rng.normal(0, sigma, (50, 64))
    pairs = ((photos[::2] - photos[1::2]) ** 2).sum(1).mean()
    index = Index(["he"], np.zeros(400, int), np.arange(400), photos)
    measured = [one[0].d_squared for one in index.rank_many(probes, 1, pool="template", spread=pairs / 2)]
    assert np.mean(measured) == pytest.approx(pairs, rel=0.05)
    alone = Index(["he"], [0], [0], photos[:1])
    assert alone.rank(probes[0], 1, pool="template", spread=9.0) == alone.rank(probes[0], 1)
