"""Logistic regression against scikit-learn; calibration against brute force, on people drawn at random."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from apps.face import __main__ as command
from apps.face.decision.logistic import FEATURES, Logistic, _objective, absolute, chi_square, fit
from apps.face.decision.matching import decision_at, read_calibration
from apps.face.evaluation.calibrate import (
    FARS,
    GRID,
    all_pairs,
    error_rate,
    far_thresholds,
    figures,
    histogram,
    reliability,
    target,
    write,
)
from apps.face.evaluation.pairs import PairList, Photo
from apps.face.evaluation.protocol import Encoded
from shared import cli
from shared.errors import InputError


def people(n: int = 60, photos: int = 3, D: int = 16, seed: int = 0) -> tuple[PairList, Encoded]:
    """Unit vectors around a centre per person, and a list of pairs in 5 folds without common people."""
    rng = np.random.default_rng(seed)
    centres = np.repeat(rng.normal(size=(n, D)), photos, axis=0)
    rows = centres + 0.45 * rng.normal(size=centres.shape)
    encodings = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    listed = tuple(Photo(person=f"p{i // photos:03d}", number=i % photos + 1) for i in range(n * photos))
    folds, pairs, same, fold = 5, [], [], []
    for k in range(folds):
        mine = range(k * n // folds, (k + 1) * n // folds)
        for person in mine:
            other = mine[(person - mine[0] + 1) % len(mine)]
            pairs += [[person * photos, person * photos + 1], [person * photos, other * photos]]
            same += [True, False]
            fold += [k, k]
    encoded = Encoded(encodings=encodings, found=np.ones(len(rows), np.bool_), detect_s=1.0, encode_s=1.0)
    return PairList(photos=listed, pairs=np.array(pairs), same=np.array(same), fold=np.array(fold)), encoded


@pytest.mark.parametrize("penalty", [1.0, 30.0])
def test_the_regression_is_that_of_scikit_learn(penalty: float) -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 6))
    same = rng.random(500) < expit(X @ rng.normal(size=6) + 0.7)
    weights = np.where(same, 250 / same.sum(), 250 / (~same).sum())  # both kinds weigh one half
    theirs = linear.LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=1000).fit(X, same, sample_weight=weights)
    ours = fit(X, same, penalty=penalty)
    assert np.allclose(ours.weights, theirs.coef_[0], atol=1e-5)
    assert ours.bias == pytest.approx(theirs.intercept_[0], abs=1e-5)


def test_the_slope_of_the_objective_is_the_gradient() -> None:
    rng = np.random.default_rng(0)
    X, same, mass = rng.normal(size=(40, 4)), rng.random(40) < 0.5, rng.random(40)
    ridge, theta = np.array([3.0, 1.0, 0.5, 0.0]), rng.normal(size=4)
    gradient = X.T @ (mass * (1 / (1 + np.exp(-X @ theta)) - same)) + ridge * theta
    for i, step in enumerate(1e-5 * np.eye(4)):
        up, down = (_objective(X, same, mass, ridge, theta + side * step) for side in (1, -1))
        assert (up - down) / 2e-5 == pytest.approx(gradient[i], rel=1e-6)


def test_weights_are_repetitions() -> None:
    rng = np.random.default_rng(0)
    X, same = rng.normal(size=(80, 3)), rng.random(80) < 0.4
    times = rng.integers(1, 4, 80)
    # the penalty is told on the scale of a sum over all rows
    weighted = fit(X, same, times.astype(float), penalty=80.0)
    repeated = fit(np.repeat(X, times, 0), np.repeat(same, times), penalty=float(times.sum()))
    assert np.allclose(weighted.weights, repeated.weights, atol=1e-6)


def test_features_of_a_pair_in_closed_form() -> None:
    a, b = np.array([1.0, -2.0, 0.0]), np.array([3.0, -2.0, 0.0])
    assert absolute(a, b).tolist() == [2.0, 0.0, 0.0]
    assert np.allclose(chi_square(a, b), [1.0, 0.0, 0.0])
    for features in FEATURES.values():
        assert np.array_equal(features(a, b), features(b, a))


def test_a_logit_of_any_size_has_a_probability() -> None:
    sure = Logistic(weights=np.ones(1), bias=0.0).probability(np.array([[-1e9], [0.0], [1e9]]))
    assert sure.tolist() == [0.0, 0.5, 1.0]


def test_weighted_rates_are_those_of_brute_force() -> None:
    pairs, encoded = people(n=8, photos=3)
    keep = np.array([i for i in range(24) if i not in (1, 2, 5)])  # people with 1, 2 and 3 photos
    person = pairs.people[keep]
    every = all_pairs(encoded.encodings[keep], person)
    taken = {True: [0.0, 0.0], False: [0.0, 0.0]}
    for i in range(len(keep)):
        for j in range(i + 1, len(keep)):
            same = bool(person[i] == person[j])
            weight = 1 / (sum(person == person[i]) - 1) if same else 1.0
            near = np.linalg.norm(encoded.encodings[keep[i]] - encoded.encodings[keep[j]].astype(float)) <= 0.7
            taken[same][0] += weight * near
            taken[same][1] += weight
    for same, (near, whole) in taken.items():
        assert error_rate(every, np.array([0.7]), same=same)[0] == pytest.approx(near / whole)


def test_thresholds_accept_the_share_they_promise() -> None:
    pairs, encoded = people()
    every = all_pairs(encoded.encodings, pairs.people)
    for row, far in zip(far_thresholds(every), FARS, strict=True):
        measured = error_rate(every, np.array([row["threshold"]]), same=False)[0]
        assert measured == pytest.approx(far, abs=1.1e-3)
        low, high = row["interval"]
        assert low <= row["threshold"] <= high
        assert row["tar_interval"][0] <= row["tar"] <= row["tar_interval"][1]


def test_figures_hold_together_and_are_read_back(tmp_path: Path) -> None:
    pairs, encoded = people()
    values = figures(pairs, encoded, "resnet29-128d", title="drawn people")
    path = write(values, path=tmp_path / "deep" / "figures.json")
    assert json.loads(path.read_text(encoding="utf-8")) == values
    known = read_calibration(values)
    assert known.data == "drawn people"
    assert known.far_at(values["threshold"]) == pytest.approx(0.01, abs=2e-3)
    assert decision_at(0.0, known).same
    assert values["data"]["pairs_same"] == 60 * 3
    assert values["data"]["pairs_different"] == 180 * 179 // 2 - 180
    assert not any("p0" in text for text in path.read_text().split('"'))  # no name of a person
    for head in values["heads"].values():
        assert len(head["weights"]) == 16
        assert head["accuracy"] > 0.9
        assert 0 <= head["ece"] < 0.2


def test_the_histogram_is_the_derivative_of_the_curve() -> None:
    pairs, encoded = people()
    every = all_pairs(encoded.encodings, pairs.people)
    shares = histogram(every, bins=80)
    assert shares["edges"] == pytest.approx(np.linspace(0, 1.6, 81).tolist())
    far = error_rate(every, GRID, same=False)
    assert np.interp(0.8, GRID, far) == pytest.approx(sum(shares["different"][:40]), abs=1e-3)


def test_perfect_probabilities_have_no_calibration_error() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(200_000)
    assert reliability(p, rng.random(200_000) < p)["ece"] < 0.01
    assert reliability(np.full(1000, 0.9), np.arange(1000) % 2 == 0)["ece"] == pytest.approx(0.4)


def test_photos_without_a_face_are_left_out() -> None:
    pairs, encoded = people()
    rows = encoded.encodings.copy()
    rows[0] = np.nan
    lost = Encoded(encodings=rows, found=np.isfinite(rows[:, 0]), detect_s=1.0, encode_s=1.0)
    values = figures(pairs, lost, "resnet29-128d")
    assert values["data"]["undetected"] == values["evaluation"]["undetected"] == 1
    assert values["evaluation"]["undetected_pairs"] == 3  # two of its own, one as the other of its neighbour


def test_too_few_people_are_refused() -> None:
    with pytest.raises(InputError, match="two people"):
        all_pairs(np.eye(3, 4, dtype=np.float32), np.array([0, 0, 0]))
    with pytest.raises(InputError, match="two people"):
        all_pairs(np.eye(3, 4, dtype=np.float32), np.array([0, 1, 2]))


def test_where_nothing_can_be_written_is_told_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("x")
    for out, words in ((tmp_path, "the folder"), (tmp_path / "file" / "inside.json", "the file")):
        with pytest.raises(InputError, match=words):
            target(path=out)
        with pytest.raises(SystemExit) as end:
            cli.run(command.main, ["calibrate", "--images", "nowhere", "--pairs", "nowhere", "--out", str(out)])
        assert end.value.code == 2
        assert words in capsys.readouterr().err
    assert target(path=tmp_path / "new" / "x.json") == tmp_path / "new" / "x.json"
