"""Cross-validation inside DS1, by patient, and, to show what it hides, by beat.

By patient: member n of the ensemble never saw the patients of fold n (``training``), so it judges them. By beat: the
same network, trained on five sixths of the beats of *every* patient and tested on the other sixth, as in the papers
that report 99 %.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import nn

from apps.ekg.aami import FOLDS, LETTERS
from apps.ekg.beats import MARGIN, WINDOW
from apps.ekg.classify import probabilities_of
from apps.ekg.dataset import inputs
from apps.ekg.evaluate import Judged, accuracy_of, adapted_to, confusion_of, macro_f1_of, scores_of, summary
from apps.ekg.network import Ensemble
from apps.ekg.training import TrainOptions, TrainStep, train
from apps.ekg.variants import Labelled


@dataclass(frozen=True)
class FoldDone:
    """One fold: every beat that its network had not seen, judged."""

    fold: int
    judged: tuple[Judged, ...]


def by_patient(ensemble: Ensemble, records: Sequence[Labelled]) -> Iterator[FoldDone]:
    """Every record judged by the one member that left its patient out, moved by the ensemble's own bias."""
    for number, names in enumerate(FOLDS):
        alone = Ensemble(1, width=ensemble.width)
        alone.members[0].load_state_dict(ensemble.members[number].state_dict())
        alone.bias.copy_(ensemble.bias)
        yield FoldDone(number, tuple(judged(alone, record) for record in records if record.record in names))


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
    ensemble = Ensemble(1, width=options.width)
    yield from train(ensemble, seen, replace(options, members=1, bagging=False, variants=False))
    tested = []
    for record, out in zip(records, left_out, strict=True):
        whole = judged(ensemble, record)
        tested.append(Judged(record.record, whole.truth[out], whole.probabilities[out]))
    yield FoldDone(0, tuple(tested))


def judged(ensemble: nn.Module, record: Labelled) -> Judged:
    """The network's answers for the beats of one labelled record."""
    windows, features = inputs(record)
    probabilities = np.zeros((len(features), len(LETTERS)), np.float32)
    ensemble.eval()
    for start in range(0, len(features), 1024):
        part = slice(start, start + 1024)
        shown = np.ascontiguousarray(windows[part, :, MARGIN : MARGIN + WINDOW])
        probabilities[part, :4] = probabilities_of(ensemble, shown, features[part])
    return Judged(record.record, record.classes, probabilities, np.cumsum(record.beats.rr_s))


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


def adapted_folds(folds: Sequence[FoldDone], *, minutes: float) -> list[FoldDone]:
    """``folds`` after adaptation to each patient from his first ``minutes``, without labels."""
    return [replace(fold, judged=tuple(adapted_to(item, minutes) for item in fold.judged)) for fold in folds]


def best_bias(folds: Sequence[FoldDone], *, step: float = 0.25) -> tuple[float, float, float, float]:
    """The bias of N S V F, on a grid, with the best macro-F1 by patient; added to what the folds were judged with.

    F's stays 0: nearly all of DS1's fusion beats are one patient's, and no network that left him out knows them.
    """
    logs = np.log(np.concatenate([item.probabilities[:, :4] for fold in folds for item in fold.judged]) + 1e-9)
    truth = np.concatenate([item.truth for fold in folds for item in fold.judged])
    best = (-1.0, (0.0, 0.0, 0.0, 0.0))
    for s in np.arange(-3, 1 + step, step):
        for v in np.arange(-2, 1 + step, step):
            bias = (0.0, float(s), float(v), 0.0)
            score = macro_f1_of(confusion_of(truth, (logs + np.array(bias)).argmax(axis=1)))
            best = max(best, (score, bias))
    return best[1]
