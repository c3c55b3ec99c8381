"""What the thresholds and probabilities of an encoder mean: measured on people, written down with its origin.

All pairs of the photos that a list of pairs names are used, not only the listed ones: a false-accept rate of one in a
thousand needs many thousands of pairs of two people. A person with n photos has n (n - 1) / 2 pairs of one person and
counts as n / 2, or a few often-photographed people would decide. Intervals are bootstraps over people, since pairs that
share a person are not independent. Probabilities and heads are judged on the listed pairs of each fold, fitted to the
people of all the other folds. No photo and no name is written, only numbers.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.face.decision.logistic import FEATURES, Logistic, fit
from apps.face.encoding.encoders import DEFAULT_ENCODER, find_encoder
from apps.face.evaluation.metrics import auc, fold_accuracy
from apps.face.evaluation.pairs import PairList, find_photos, read_pairs
from apps.face.evaluation.protocol import Encoded, encode_photos, pair_distances, score
from shared.errors import InputError
from shared.progress import Progress
from shared.registry import find
from shared.settings import weights_dir
from shared.targets import check_folder, check_target, save

Floats = NDArray[np.float64]
FARS = (0.1, 0.03, 0.01, 0.003, 0.001)  # false-accept rates that get a threshold each
DEFAULT_FAR = 0.01  # of the threshold that the page starts with
GRID = np.linspace(0.0, 2.0, 401)  # plain distances of unit vectors, 0.005 apart
RESAMPLES = 200  # of the people, behind an interval of 95 %
DIFFERENT_PER_SAME = 4  # pairs of two people that a head is fitted to, per pair of one person
PENALTIES = (0.003, 0.03, 0.3, 3.0)  # of the heads; chosen by cross-validation
BINS = 10  # of the reliability curve, with equally many pairs
SEED = 0  # of folds, pairs and resamples: the same command gives the same figures
TIMES = ("seconds_per_face", "detect_ms", "encode_ms")  # of the machine, not of the encoder


@dataclass(frozen=True, kw_only=True, eq=False)
class AllPairs:
    """Every pair of the m photos with a face."""

    i: NDArray[np.int32]  # (n,) places of the first photos
    j: NDArray[np.int32]
    same: NDArray[np.bool_]
    distances: Floats
    weights: Floats  # 1 / (photos of the person - 1) for pairs of one person, 1 for pairs of two
    people: NDArray[np.int64]  # (m,) person of each photo, from 0 up without gaps


def calibrate(
    images: Path, pairs_file: Path, encoder: str = DEFAULT_ENCODER, *, title: str = ""
) -> Generator[Progress, None, dict[str, Any]]:
    """Measure ``encoder`` on the photos below ``images``; yields progress, returns what ``write`` writes.

    Raises:
        InputError: the pairs file or a photo is missing or damaged, or there are too few people.
        OptionError: no such encoder.
        WeightsError: the encoder is not available.
    """
    name = find_encoder(encoder).name
    pairs = read_pairs(pairs_file)
    encoded = yield from encode_photos(find_photos(images, pairs.photos), name)
    return figures(pairs, encoded, name, title=title)


def figures(pairs: PairList, encoded: Encoded, encoder: str, *, title: str = "") -> dict[str, Any]:
    """Everything that is measured, as plain values."""
    every = all_pairs(encoded.encodings[encoded.found], pairs.people[encoded.found])
    n_people = int(every.people.max()) + 1
    title = title or f"{n_people:,} people, {int(encoded.found.sum()):,} photos"
    rates = np.array([error_rate(every, GRID, same=kind) for kind in (False, True)])
    thresholds = far_thresholds(every)
    evaluation = score(pairs, encoded, encoder).as_json()
    return {
        "encoder": encoder,
        "threshold": next(row["threshold"] for row in thresholds if row["far"] == DEFAULT_FAR),
        "threshold_far": DEFAULT_FAR,
        "data": {
            "title": title,
            "people": n_people,
            "images": len(pairs.photos),
            "undetected": int((~encoded.found).sum()),
            "pairs_same": int(every.same.sum()),
            "pairs_different": int((~every.same).sum()),
            "weighting": "a person with n photos counts n / 2 among the pairs of one person",
        },
        "made_by": "python -m apps.face calibrate --images DIR --pairs FILE",
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "versions": {package: version(package) for package in ("torch", "numpy", "pillow", "facenet-pytorch")},
        "thresholds": thresholds,
        "curve": {
            "threshold": GRID.round(3).tolist(),
            "far": rates[0].round(7).tolist(),
            "frr": (1 - rates[1]).round(6).tolist(),
        },
        "histogram": histogram(every),
        "probability": probability_curve(pairs, encoded, every),
        "heads": {head: fit_head(pairs, encoded, every, head) for head in FEATURES},
        "evaluation": {name: value for name, value in evaluation.items() if name not in TIMES},
    }


def write(values: dict[str, Any], encoder: str = DEFAULT_ENCODER, path: Path | None = None) -> Path:
    """Write ``values`` to ``path``, or where the registry looks for the figures of ``encoder``; errors: ``target``."""
    place = target(encoder, path)
    save([("--out", place, json.dumps(values, indent=1, allow_nan=False) + "\n")])
    return place


def target(encoder: str = DEFAULT_ENCODER, path: Path | None = None) -> Path:
    """The file that ``write`` writes; its folder is made. To be asked before the work begins.

    Raises:
        InputError: the encoder has no such file of its own, or it cannot be written.
    """
    record = find(find_encoder(encoder).name, "face")
    if path is None and record.measured is None:
        raise InputError(f"a file for the figures of {record.name}", "none", "Give one with --out.")
    place = path or weights_dir() / str(record.measured)
    check_folder(place.parent)
    place.parent.mkdir(parents=True, exist_ok=True)
    check_target(place)
    return place


def all_pairs(encodings: NDArray[np.float32], people: NDArray[np.int64]) -> AllPairs:
    """The distances of all m (m - 1) / 2 pairs of the rows of ``encodings``."""
    _, person, counts = np.unique(people, return_inverse=True, return_counts=True)
    if len(counts) < 2 or counts.max() < 2:
        raise InputError("two people, one of them with two photos, for the calibration", f"{len(counts)} people")
    i, j = (side.astype(np.int32) for side in np.triu_indices(len(person), 1))
    gram = encodings.astype(np.float64) @ encodings.T.astype(np.float64)
    square = np.diag(gram)
    distances = np.sqrt(np.maximum(square[i] + square[j] - 2 * gram[i, j], 0))
    same = person[i] == person[j]
    weights = np.where(same, 1.0 / np.maximum(counts[person[i]] - 1, 1), 1.0)
    return AllPairs(i=i, j=j, same=same, distances=distances, weights=weights, people=person)


def error_rate(every: AllPairs, thresholds: Floats, *, same: bool) -> Floats:
    """The weighted share of the pairs of one kind at or below each of ``thresholds``."""
    kind = every.same == same
    order = np.argsort(every.distances[kind])
    reached = np.concatenate([[0.0], np.cumsum(every.weights[kind][order])])
    places = np.searchsorted(every.distances[kind][order], thresholds, "right")
    return np.asarray(reached[places] / reached[-1])


def far_thresholds(every: AllPairs) -> list[dict[str, Any]]:
    """For each of ``FARS`` the threshold and the true-accept rate there, both with their intervals over people."""
    taus, accepted = resampled(every)
    return [
        {
            "far": far,
            "threshold": round(float(taus[0, k]), 4),
            "interval": _interval(taus[1:, k]),
            "tar": round(float(accepted[0, k]), 5),
            "tar_interval": _interval(accepted[1:, k]),
        }
        for k, far in enumerate(FARS)
    ]


def resampled(every: AllPairs) -> tuple[Floats, Floats]:
    """Thresholds and true-accept rates at ``FARS``, (1 + resamples, FARS): as measured, then with the people resampled.

    The same people are drawn for every encoder, so that differences between two have an interval as well.
    """
    rng = np.random.default_rng(SEED)
    n_people = int(every.people.max()) + 1
    drawn = np.vstack([np.ones(n_people), rng.multinomial(n_people, np.full(n_people, 1 / n_people), RESAMPLES)])
    taus = _resampled_thresholds(every, drawn)
    return taus, _resampled_accepts(every, drawn, taus)


def _resampled_thresholds(every: AllPairs, drawn: Floats) -> Floats:
    """(1 + resamples, FARS): the thresholds when each person counts as often as ``drawn`` says."""
    different = ~every.same
    distances, i, j = every.distances[different], every.i[different], every.j[different]
    # only the nearest pairs matter to the largest rate, with room for a resample that has more of them
    kept = np.argsort(distances)[: int(len(distances) * min(1.0, 1.5 * max(FARS))) + 1]
    nearest, first, second = distances[kept], every.people[i[kept]], every.people[j[kept]]
    photos = np.bincount(every.people)
    taus = np.zeros((len(drawn), len(FARS)))
    for row, times in enumerate(drawn):
        # pairs of two different people, each photo as often as its person was drawn
        total = ((times * photos).sum() ** 2 - ((times * photos) ** 2).sum()) / 2
        rate = np.cumsum(times[first] * times[second]) / total
        taus[row] = nearest[np.minimum(np.searchsorted(rate, FARS, "right"), len(nearest) - 1)]
    return taus


def _resampled_accepts(every: AllPairs, drawn: Floats, taus: Floats) -> Floats:
    """(1 + resamples, FARS): the true-accept rates at ``taus``."""
    d, weights = every.distances[every.same], every.weights[every.same]
    person = every.people[every.i[every.same]]
    n_people = drawn.shape[1]
    full = np.bincount(person, weights, n_people)
    rates = np.zeros_like(taus)
    for row, times in enumerate(drawn):
        for k, tau in enumerate(taus[row]):
            below = d <= tau
            rates[row, k] = times @ np.bincount(person[below], weights[below], n_people) / (times @ full)
    return rates


def _interval(values: Floats) -> list[float]:
    return [round(float(value), 5) for value in np.percentile(values, [2.5, 97.5])]


def histogram(every: AllPairs, bins: int = 80) -> dict[str, Any]:
    """Weighted shares of both kinds of pairs in equal bins of the plain distance."""
    edges = np.linspace(0.0, 1.6, bins + 1)
    shares = [
        np.histogram(every.distances[kind], edges, weights=every.weights[kind])[0] / every.weights[kind].sum()
        for kind in (every.same, ~every.same)
    ]
    return {
        "edges": edges.round(4).tolist(),
        "same": shares[0].round(6).tolist(),
        "different": shares[1].round(6).tolist(),
    }


def probability_curve(pairs: PairList, encoded: Encoded, every: AllPairs) -> dict[str, Any]:
    """log LR = slope * (centre - distance): fitted to all people, judged on people it was not fitted to."""
    model = _fit_distance(every, np.ones(len(every.distances), np.bool_))
    held_out, same = _held_out(
        pairs,
        encoded,
        lambda train, a, b: _fit_distance(every, train).probability(_column(np.linalg.norm(a - b, axis=1))),
        every,
    )
    slope = -float(model.weights[0])
    return {
        "kind": "log likelihood ratio = slope * (centre - distance)",
        "slope": round(slope, 5),
        "centre": round(model.bias / slope, 5),
        **reliability(held_out, same),
    }


def fit_head(pairs: PairList, encoded: Encoded, every: AllPairs, head: str) -> dict[str, Any]:
    """One logistic head: its weights from all people, its figures from people it was not fitted to."""
    features = FEATURES[head]
    chosen = _chosen_pairs(every)
    encodings = encoded.encodings[encoded.found].astype(np.float64)
    X = features(encodings[every.i[chosen]], encodings[every.j[chosen]])
    same, weights = every.same[chosen], every.weights[chosen]

    def predictor(penalty: float) -> Any:
        def predict(train: NDArray[np.bool_], a: Floats, b: Floats) -> Floats:
            rows = train[chosen]
            return fit(X[rows], same[rows], weights[rows], penalty=penalty).probability(features(a, b))

        return predict

    tried = {penalty: _held_out(pairs, encoded, predictor(penalty), every) for penalty in PENALTIES}
    losses = {penalty: _log_loss(*judged) for penalty, judged in tried.items()}
    penalty = min(losses, key=lambda value: losses[value])
    probabilities, labels = tried[penalty]
    model = fit(X, same, weights, penalty=penalty)
    found = np.isfinite(pair_distances(pairs, encoded))
    right = np.zeros(len(pairs.same), np.bool_)
    right[found] = (probabilities >= 0.5) == labels
    accuracies = np.array([right[pairs.fold == k].mean() for k in range(pairs.folds)])
    at_best = fold_accuracy(1 - probabilities, labels, pairs.fold[found])
    return {
        "features": head,
        "weights": model.weights.round(6).tolist(),
        "bias": round(model.bias, 6),
        "penalty": penalty,
        "n_fitted": len(chosen),
        "accuracy": float(accuracies.mean()),
        "accuracy_std": float(accuracies.std(ddof=1)),
        "accuracy_best_threshold": at_best.mean,
        "auc": auc(1 - probabilities, labels),
        **reliability(probabilities, labels),
    }


def reliability(probabilities: Floats, same: NDArray[np.bool_]) -> dict[str, Any]:
    """Calibration error, Brier score and log loss of ``probabilities``, and the curve behind them."""
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    rows = [
        {
            "predicted": round(float(probabilities[part].mean()), 5),
            "observed": round(float(same[part].mean()), 5),
            "n": len(part),
        }
        for part in parts
    ]
    error = sum(row["n"] * abs(row["predicted"] - row["observed"]) for row in rows) / len(same)
    return {
        "ece": round(float(error), 5),
        "brier": round(float(((probabilities - same) ** 2).mean()), 5),
        "log_loss": round(_log_loss(probabilities, same), 5),
        "n_judged": len(same),
        "reliability": rows,
    }


def _held_out(pairs: PairList, encoded: Encoded, predict: Any, every: AllPairs) -> tuple[Floats, NDArray[np.bool_]]:
    """P(same) of every listed pair with two faces, from a model that has seen nobody of the pair's fold."""
    found = np.isfinite(pair_distances(pairs, encoded))
    place = np.cumsum(encoded.found) - 1  # of a photo among those with a face
    probabilities = np.zeros(len(found))
    for k in range(pairs.folds):
        rows = found & (pairs.fold == k)
        if not rows.any():
            continue
        held = np.zeros(int(every.people.max()) + 1, np.bool_)
        held[every.people[place[pairs.pairs[rows].ravel()]]] = True
        unseen = held[every.people]
        train = ~(unseen[every.i] | unseen[every.j])
        a, b = (encoded.encodings[pairs.pairs[rows, side]].astype(np.float64) for side in (0, 1))
        probabilities[rows] = predict(train, a, b)
    return probabilities[found], pairs.same[found]


def _fit_distance(every: AllPairs, train: NDArray[np.bool_]) -> Logistic:
    """The two-parameter curve, from millions of pairs gathered in 1,000 narrow bins of the distance."""
    edges = np.linspace(0.0, 2.0, 1001)
    centres = (edges[1:] + edges[:-1]) / 2
    masses = []
    for kind in (True, False):
        rows = train & (every.same == kind)
        masses.append(np.histogram(every.distances[rows], edges, weights=every.weights[rows])[0])
    both = np.concatenate(masses)
    used = both > 0
    same = np.repeat([True, False], len(centres))[used]
    return fit(_column(np.tile(centres, 2)[used]), same, both[used])


def _chosen_pairs(every: AllPairs) -> NDArray[np.int64]:
    """All pairs of one person and a fixed sample of pairs of two: places in ``every``."""
    same, different = np.flatnonzero(every.same), np.flatnonzero(~every.same)
    rng = np.random.default_rng(SEED)
    n = min(len(different), DIFFERENT_PER_SAME * len(same))
    return np.sort(np.concatenate([same, rng.choice(different, n, replace=False)]))


def _log_loss(probabilities: Floats, same: NDArray[np.bool_]) -> float:
    p = np.clip(probabilities, 1e-12, 1 - 1e-12)
    return float(-np.where(same, np.log(p), np.log(1 - p)).mean())


def _column(values: Floats) -> Floats:
    return values.reshape(-1, 1)
