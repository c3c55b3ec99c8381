"""Cross-validation inside DS1, by patient, and, to show what it hides, by beat.

Six folds; the patients with many supraventricular beats (209, 201, 207, 118, 220, 223) are each in another one, or one
fold would decide alone. The mixed folds deal out the same beats without asking whose they are: the network then meets
every test patient in training, as in the papers that report 99 %.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from apps.ekg.aami import LETTERS
from apps.ekg.beats import MARGIN, WINDOW
from apps.ekg.classify import probabilities_of
from apps.ekg.dataset import inputs
from apps.ekg.evaluate import Judged, accuracy_of, confusion_of, macro_f1_of, scores_of, summary
from apps.ekg.network import Ensemble
from apps.ekg.training import TrainOptions, train
from apps.ekg.variants import Labelled

FOLDS = (
    ("209", "114", "106", "115"),
    ("201", "215", "109", "112"),
    ("207", "119", "101", "122"),
    ("118", "208", "108"),
    ("220", "203", "124", "116"),
    ("223", "230", "205"),
)


@dataclass(frozen=True)
class FoldDone:
    """One fold: every beat that its network had not seen, judged."""

    fold: int
    judged: tuple[Judged, ...]


def by_patient(records: Sequence[Labelled], options: TrainOptions) -> Iterator[FoldDone]:
    """Train on five folds of patients, judge the sixth, six times."""
    for number, names in enumerate(FOLDS):
        inside = [record for record in records if record.record not in names]
        ensemble = _trained(inside, replace(options, seed=options.seed + number))
        yield FoldDone(number, tuple(judged(ensemble, record) for record in records if record.record in names))


def by_beat(records: Sequence[Labelled], options: TrainOptions) -> Iterator[FoldDone]:
    """Train on five sixths of the beats of *every* patient, judge the other sixth: what not to do.

    The beats left out of training are those of ``weights`` 0; they stay in place, so that neighbours, references and
    intervals are the same as in ``by_patient``, and only the question of whose beats were seen differs.
    """
    random = np.random.default_rng(options.seed)
    dealt = [random.integers(len(FOLDS), size=len(record.classes)) for record in records]
    for number in range(len(FOLDS)):
        seen = [
            replace(record, weights=np.where(fold == number, 0.0, record.weights))
            for record, fold in zip(records, dealt, strict=True)
        ]
        ensemble = _trained(seen, replace(options, seed=options.seed + number, variants=False))
        tested = []
        for record, fold in zip(records, dealt, strict=True):
            whole = judged(ensemble, record)
            own = fold == number
            tested.append(Judged(record.record, whole.truth[own], whole.probabilities[own]))
        yield FoldDone(number, tuple(tested))


def judged(ensemble: Ensemble, record: Labelled) -> Judged:
    """The network's answers for the beats of one labelled record."""
    windows, features = inputs(record)
    probabilities = np.zeros((len(features), len(LETTERS)), np.float32)
    ensemble.eval()
    for start in range(0, len(features), 1024):
        part = slice(start, start + 1024)
        shown = np.ascontiguousarray(windows[part, :, MARGIN : MARGIN + WINDOW])
        probabilities[part, :4] = probabilities_of(ensemble, shown, features[part])
    return Judged(record.record, record.classes, probabilities)


def figures(folds: Sequence[FoldDone]) -> dict[str, Any]:
    """``summary`` over all folds, and the spread of the main figures over them."""
    together: dict[str, Judged] = {}
    for fold in folds:
        for item in fold.judged:
            before = together.get(item.record)
            together[item.record] = item if before is None else _joined(before, item)
    result = summary(list(together.values()), seconds=0.0)
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


def save(folds: Sequence[FoldDone], path: Path) -> None:
    """Keep every judged beat, so that a bias can be chosen without training again."""
    arrays: dict[str, Any] = {}
    for fold in folds:
        for item in fold.judged:
            arrays[f"{fold.fold}_{item.record}_p"] = item.probabilities
            arrays[f"{fold.fold}_{item.record}_y"] = item.truth
    np.savez_compressed(path, **arrays)


def _trained(records: Sequence[Labelled], options: TrainOptions) -> Ensemble:
    ensemble = Ensemble(options.members, width=options.width)
    for _ in train(ensemble, records, options):
        pass
    return ensemble


def _joined(first: Judged, second: Judged) -> Judged:
    return Judged(
        first.record,
        np.concatenate([first.truth, second.truth]),
        np.concatenate([first.probabilities, second.probabilities]),
    )
