"""Cross-validation by patient and, to show what that hides, by beat.

By patient: members n, n + 6, ... never saw the patients of fold n (``training``), so they judge them. By beat: the
same network, trained on five sixths of the beats of *every* patient and tested on the other sixth, as in the papers
that report 99 %.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn

from apps.ekg.aami import FOLDS, LETTERS, fold_of
from apps.ekg.answers.classify import probabilities_of, with_unclassified
from apps.ekg.beats.inputs import cropped
from apps.ekg.network.ensemble import Ensemble, members_without
from apps.ekg.network.pooling import pooled
from apps.ekg.training.dataset import inputs
from apps.ekg.training.evaluate import SCORED, Judged, accuracy_of, confusion_of, macro_f1_of, scores_of, summary
from apps.ekg.training.train import TrainOptions, TrainStep, train
from apps.ekg.training.variants import Labelled

Bias = tuple[float, float, float, float]  # added to the log-probabilities of N S V F
_BIAS_DRAWS = 200
_BIAS_STEP = 0.25
_BIASES: tuple[Bias, ...] = tuple(
    (0.0, float(s), float(v), 0.0)
    for s in np.arange(-3.5, 1 + _BIAS_STEP, _BIAS_STEP)
    for v in np.arange(-2, 1 + _BIAS_STEP, _BIAS_STEP)
)
_BATCH = 1024  # beats per forward pass


@dataclass(frozen=True)
class FoldDone:
    """One fold: every beat that its network had not seen, judged."""

    fold: int
    judged: tuple[Judged, ...]


def by_patient(ensemble: Ensemble, records: Sequence[Labelled]) -> Iterator[FoldDone]:
    """Every record judged by the members that left its patient out, moved by the ensemble's own bias."""
    for number in range(len(FOLDS)):
        shown = [record for record in records if fold_of(record.record) == number]
        yield FoldDone(number, tuple(answers_for(record, members_without(ensemble, record.record)) for record in shown))


def by_beat(records: Sequence[Labelled], options: TrainOptions) -> Iterator[TrainStep | FoldDone]:
    """Train on five sixths of the beats of every patient, judge the other sixth: what not to do.

    The beats left out of training get weight 0 but stay in place, so that neighbours, references and intervals are the
    same as in ``by_patient``; only the question of whose beats were seen differs. One fold; its result comes last.
    """
    random = np.random.default_rng(options.seed)
    left_out = [random.random(len(record.classes)) < 1 / len(FOLDS) for record in records]
    seen = [
        replace(record, weights=np.where(out, 0.0, record.weights))
        for record, out in zip(records, left_out, strict=True)
    ]
    members, feature_nets = (-(-count // len(FOLDS)) for count in (options.members, options.feature_nets))
    ensemble = Ensemble(members, feature_nets=feature_nets, width=options.width)  # as many as judge in by_patient
    options = replace(options, members=members, feature_nets=feature_nets, bagging=False, draws=0)
    yield from train(ensemble, seen, options)
    tested = []
    for record, out in zip(records, left_out, strict=True):
        every = answers_for(record, ensemble)
        tested.append(Judged(record.record, every.truth[out], every.probabilities[out]))
    yield FoldDone(0, tuple(tested))


def answers_for(record: Labelled, network: nn.Module) -> Judged:
    """The network's answers for the beats of one labelled record."""
    windows, features = inputs(record)
    network.eval()
    parts = [slice(start, start + _BATCH) for start in range(0, len(features), _BATCH)]
    shown = ((np.ascontiguousarray(cropped(windows[part])), features[part]) for part in parts)
    each = np.concatenate([probabilities_of(network, *batch) for batch in shown])
    everyone = np.ones(len(each), np.bool_)  # no beat is Q here: all were marked by a person
    return Judged(
        record.record,
        record.classes,
        with_unclassified(pooled(each, record.beats.windows, record.beats.usable), everyone),
    )


def figures(folds: Sequence[FoldDone]) -> dict[str, Any]:
    """``summary`` over all folds, and the spread of the main figures over them."""
    result = summary([item for fold in folds for item in fold.judged], seconds=0.0)
    totals = [np.sum([confusion_of(item.truth, item.answer) for item in fold.judged], axis=0) for fold in folds]
    result["folds"] = [
        {
            "records": sorted(item.record for item in fold.judged),
            "accuracy": accuracy_of(total),
            "macro_f1_nsv": macro_f1_of(total),
            **{
                f"{letter}_{name}": getattr(scores_of(total)[letter], name) for letter in "SV" for name in ("se", "ppv")
            },
        }
        for fold, total in zip(folds, totals, strict=True)
    ]
    return result


def best_bias(folds: Sequence[FoldDone]) -> Bias:
    """The bias of N S V F, on a grid, to add to what the folds were judged with.

    The best on average over 200 draws of patients, so that no single record decides; by macro-F1 of N, S and V.
    F's stays 0: nearly all of DS1's fusion beats are one patient's, and no network without that patient knows them.
    """
    return _best(_confusions([item for fold in folds for item in fold.judged]))


def with_bias(item: Judged, bias: Bias) -> Judged:
    """``item`` with ``bias`` added to the log-probabilities of N S V F."""
    probabilities = item.probabilities.astype(np.float64)
    probabilities[:, : len(bias)] *= np.exp(bias)
    return replace(item, probabilities=(probabilities / probabilities.sum(axis=1, keepdims=True)).astype(np.float32))


def by_bias_of_others(folds: Sequence[FoldDone], also: Sequence[FoldDone] = ()) -> list[FoldDone]:
    """``folds``, judged without a bias, each at the bias that is best on the other folds.

    ``also`` are the folds of another training, which help to choose it: one training's luck moves it by a unit.
    """
    confusions = [(fold.fold, _confusions(fold.judged)) for fold in (*folds, *also)]
    found = []
    for fold in folds:
        bias = _best(np.concatenate([counts for number, counts in confusions if number != fold.fold], axis=1))
        found.append(replace(fold, judged=tuple(with_bias(item, bias) for item in fold.judged)))
    return found


def _confusions(items: Sequence[Judged]) -> npt.NDArray[np.int64]:
    """(G, R, 5, 5): of every bias of the grid and every record."""
    logs = [np.log(item.probabilities.astype(np.float64) + 1e-12) for item in items]
    every = np.empty((len(_BIASES), len(items), len(LETTERS), len(LETTERS)), np.int64)
    for g, bias in enumerate(_BIASES):
        for r, (item, log) in enumerate(zip(items, logs, strict=True)):
            every[g, r] = confusion_of(item.truth, (log + np.array([*bias, 0.0])).argmax(axis=1))
    return every


def _best(confusions: npt.NDArray[np.int64]) -> Bias:
    """The bias whose (G, R, 5, 5) ``confusions`` are the best on average over draws of records."""
    n = confusions.shape[1]
    drawn = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=_BIAS_DRAWS)
    totals = np.tensordot(drawn, confusions, axes=(1, 1))  # (draws, G, 5, 5)
    hits = np.diagonal(totals, axis1=2, axis2=3)
    f1 = 2 * hits / np.maximum(1, totals.sum(axis=2) + totals.sum(axis=3))
    return _BIASES[int(f1[..., : len(SCORED)].mean(axis=(0, 2)).argmax())]
