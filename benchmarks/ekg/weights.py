"""Finish a trained EKG ensemble: choose its bias by patient, measure it, write ``weights/ekg/beatnet-ds1.*``.

``python -m benchmarks.ekg.weights DIR TRAINED.safetensors --more DIR [--without FILE] [--again FILE]``

The bias moves the classes' log-probabilities back from what training showed to what patients have; it is chosen, as
everything else, on beats whose patient the judging network never saw. The rest is measured, nothing is trained but the
network whose beats were mixed across patients, which the page shows next to the honest figures. ``--without`` are
weights that the same command trained on DS1 alone, ``--again`` those of another seed: both are compared with what
ships, patient by patient; the bias is chosen on the answers of both seeds, by patient, as one seed's luck moves it.
After it, ``python -m benchmarks.ekg.choices DIR --publish`` puts the table of choices back.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from apps.ekg.aami import DS1, QTDB
from apps.ekg.network.ensemble import BeatNet, Ensemble, FeatureNet, load_ensemble
from apps.ekg.network.weights import save_weights
from apps.ekg.training.dataset import read_labelled
from apps.ekg.training.evaluate import Judged, macro_f1_of
from apps.ekg.training.train import TrainOptions
from apps.ekg.training.variants import Labelled
from benchmarks.ekg.paired import Stack, paired, stacked
from benchmarks.ekg.validation import (
    FoldDone,
    answers_for,
    best_bias,
    by_beat,
    by_bias_of_others,
    by_patient,
    figures,
    with_bias,
)

_DRAWS = 1000  # of patients
ABOUT = (
    "MIT-BIH, the 22 patients of DS1, lead MLII, annotated beat positions, five AAMI classes. Every beat was judged by "
    "the networks that had left its patient out of training, beats of one shape together."
)


def without_bias(path: Path) -> Ensemble:
    """The ensemble of a weight file, as it answers before the classes' shares are corrected."""
    ensemble = load_ensemble((path,))
    ensemble.bias.zero_()
    return ensemble


def of_ds1(folds: Sequence[FoldDone], *, others: bool = False) -> list[FoldDone]:
    """``folds`` with the records of DS1 alone, or with all ``others`` alone."""
    return [
        FoldDone(fold.fold, tuple(item for item in fold.judged if (item.record in DS1) != others)) for fold in folds
    ]


def items_of(folds: Sequence[FoldDone]) -> list[Judged]:
    """Every judged record."""
    return [item for fold in folds for item in fold.judged]


def kinds(ensemble: Ensemble, records: Sequence[Labelled], together: Sequence[FoldDone]) -> dict[str, Any]:
    """What networks of each kind reach alone and ``together`` (judged without a bias), each at its best bias, by
    patient, and what the second kind adds to the first; its interval is over the same draws of patients for both."""
    confusions = {"together": _at_best_bias(together)}
    for name, kind in (("convolutions", BeatNet), ("intervals and likenesses", FeatureNet)):
        alone = Ensemble(0, width=ensemble.width)
        alone.members.extend(member for member in ensemble.members if isinstance(member, kind))
        confusions[name] = _at_best_bias(list(by_patient(alone, records)))
    n = len(confusions["together"])
    draws = np.random.default_rng(0).integers(n, size=(_DRAWS, n))
    with_both, without = confusions["together"], confusions["convolutions"]
    gains = [macro_f1_of(with_both[draw].sum(axis=0)) - macro_f1_of(without[draw].sum(axis=0)) for draw in draws]
    reached = {name: macro_f1_of(stack.sum(axis=0)) for name, stack in confusions.items()}
    return {
        "macro_f1_gain": reached["together"] - reached["convolutions"],
        "interval_95": [float(np.quantile(gains, level)) for level in (0.025, 0.975)],
        "together": reached.pop("together"),
        "alone": reached,
    }


def _at_best_bias(folds: Sequence[FoldDone]) -> Stack:
    """The confusion of every patient of DS1 (patients, 5, 5), at the bias that is best on all ``folds``."""
    bias = best_bias(folds)
    return stacked([with_bias(item, bias) for item in items_of(of_ds1(folds))])


def more_patients(
    without: Path, records: Sequence[Labelled], together: Sequence[FoldDone], again: Sequence[FoldDone]
) -> dict[str, Any]:
    """What the patients of the QT Database are worth: ``together`` (without a bias) against an ensemble of DS1 alone.

    Each patient is judged at the bias that is best on the other folds; the QT Database, of which the ensemble of DS1
    alone saw nobody, by all its networks at the bias that is best on DS1.
    """
    ensemble = without_bias(without)
    own = list(by_patient(ensemble, [record for record in records if record.record in DS1]))
    bias = best_bias(own)
    strangers = [with_bias(answers_for(record, ensemble), bias) for record in records if record.record not in DS1]
    judged = by_bias_of_others(together, again)
    return {
        "ds1": paired(items_of(by_bias_of_others(own)), items_of(of_ds1(judged))),
        "second_hospital": paired(strangers, items_of(of_ds1(judged, others=True))),
    }


def seeds(together: Sequence[FoldDone], again: Sequence[FoldDone]) -> dict[str, Any]:
    """What ships against another training of the same recipe, each at the bias that is best on the other folds."""
    other, own = by_bias_of_others(again, together), by_bias_of_others(together, again)
    parts = {"ds1": (of_ds1(other), of_ds1(own))}
    parts["second_hospital"] = (of_ds1(other, others=True), of_ds1(own, others=True))
    return {name: paired(items_of(before), items_of(after)) for name, (before, after) in parts.items()}


def nested(together: Sequence[FoldDone], again: Sequence[FoldDone]) -> dict[str, Any]:
    """The main figures if not even the bias was chosen on the patients that are judged."""
    judged = by_bias_of_others(together, again)
    found = {}
    for name, others in (("ds1", False), ("second_hospital", True)):
        every = figures(of_ds1(judged, others=others))
        found[name] = {key: every[key] for key in ("accuracy", "macro_f1_nsv", "per_class")}
    return {**found["ds1"], "second_hospital": found["second_hospital"]}


def measure(
    ensemble: Ensemble, records: Sequence[Labelled], plain: Sequence[FoldDone], again: Sequence[FoldDone]
) -> dict[str, Any]:
    """The figures by patient of the ensemble with its bias; ``plain`` are its answers without one, ``again`` those of
    another seed, if there are any."""
    folds = list(by_patient(ensemble, records))
    return {
        "about": ABOUT,
        "command": "python -m apps.ekg train --data DIR --more DIR --out FILE; "
        "python -m benchmarks.ekg.weights DIR FILE --more DIR --again FILE --without FILE",
        "bias": dict(zip("NSVF", ensemble.bias.tolist(), strict=True)),
        "by_patient": figures(of_ds1(folds)),
        "second_hospital": figures(of_ds1(folds, others=True)),
        "bias_of_other_folds": nested(plain, again),
        "beside": kinds(ensemble, records, plain),
    }


def mixed(records: Sequence[Labelled]) -> dict[str, Any]:
    """Figures of DS1 where the beats of every patient are in training and in test."""
    *_, last = by_beat(records, TrainOptions())
    if not isinstance(last, FoldDone):
        raise TypeError("by_beat ends with a FoldDone")
    return figures(of_ds1([last]))


def main() -> None:
    """Choose, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("trained", type=Path)
    parser.add_argument("--more", type=Path, required=True, help="the QT Database")
    parser.add_argument("--out", type=Path, default=Path("weights/ekg"))
    parser.add_argument("--without", type=Path, help="weights of DS1 alone")
    parser.add_argument("--again", type=Path, help="weights of another seed")
    parser.add_argument("--detectors", type=Path, help="what benchmarks.ekg.detectors printed")
    parser.add_argument("--mixed", type=Path, help="an earlier figures file to take the mixed figures from")
    parser.add_argument("--bias", help="four numbers with commas, instead of the best")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    stored = arguments.out / "beatnet-ds1.safetensors"
    save_weights(load_ensemble((arguments.trained,)), stored)
    records = [*read_labelled(arguments.data, DS1), *read_labelled(arguments.more, QTDB)]
    ensemble = without_bias(stored)  # what is measured are the weights as they are bundled, in half precision
    plain = list(by_patient(ensemble, records))
    again = list(by_patient(without_bias(arguments.again), records)) if arguments.again else []
    given = map(float, arguments.bias.split(",")) if arguments.bias else best_bias([*plain, *again])
    ensemble.bias.copy_(torch.tensor([*given]))
    result = measure(ensemble, records, plain, again)
    if arguments.without:
        result["more_patients"] = more_patients(arguments.without, records, plain, again)
    if again:
        result["seeds"] = seeds(plain, again)
    earlier = json.loads(arguments.mixed.read_text(encoding="utf-8")) if arguments.mixed else None
    result["by_beat"] = earlier["by_beat"] if earlier else mixed(records)
    if arguments.detectors:
        result["detectors"] = json.loads(arguments.detectors.read_text(encoding="utf-8"))
    save_weights(ensemble, stored)
    text = json.dumps(result, indent=1, allow_nan=False)
    (arguments.out / "beatnet-ds1.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
