"""Finish a trained EKG ensemble: choose its bias by patient, measure it, write ``weights/ekg/beatnet-ds1.*``.

``python -m benchmarks.ekg.weights DIR TRAINED.safetensors [--detectors FILE] [--out weights/ekg]``

The bias moves the classes' log-probabilities back from what training showed to what patients have; it is chosen, as
everything else, on beats whose patient the judging network never saw. The rest is measured, nothing is trained but the
network whose beats were mixed across patients, which the page shows next to the honest figures. After it,
``python -m benchmarks.ekg.choices DIR --publish`` puts the table of choices back into the figures.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from apps.ekg.aami import DS1
from apps.ekg.network.ensemble import BeatNet, Ensemble, FeatureNet, load_ensemble
from apps.ekg.network.weights import save_weights
from apps.ekg.training.dataset import read_labelled
from apps.ekg.training.evaluate import confusion_of, macro_f1_of
from apps.ekg.training.train import TrainOptions
from apps.ekg.training.validation import (
    FoldDone,
    best_bias,
    by_beat,
    by_bias_of_others,
    by_patient,
    figures,
    with_bias,
)
from apps.ekg.training.variants import Labelled

_DRAWS = 1000  # of patients
ABOUT = (
    "MIT-BIH, the 22 patients of DS1, lead MLII, annotated beat positions, five AAMI classes. Every beat was judged by "
    "the pair of networks that had left its patient out of training, beats of one shape together."
)


def kinds(ensemble: Ensemble, records: Sequence[Labelled], together: Sequence[FoldDone]) -> dict[str, Any]:
    """What networks of each kind reach alone and ``together`` (judged without a bias), each at its best bias, by
    patient, and what the second kind adds to the first; its interval is over the same draws of patients for both."""
    confusions = {"together": _at_best_bias(together)}
    for name, kind in (("convolutions", BeatNet), ("intervals and likenesses", FeatureNet)):
        alone = Ensemble(0, width=ensemble.width)
        alone.members.extend(member for member in ensemble.members if isinstance(member, kind))
        confusions[name] = _at_best_bias(list(by_patient(alone, records)))
    draws = np.random.default_rng(0).integers(len(records), size=(_DRAWS, len(records)))
    with_both, without = confusions["together"], confusions["convolutions"]
    gains = [macro_f1_of(with_both[draw].sum(axis=0)) - macro_f1_of(without[draw].sum(axis=0)) for draw in draws]
    reached = {name: macro_f1_of(stack.sum(axis=0)) for name, stack in confusions.items()}
    return {
        "macro_f1_gain": reached["together"] - reached["convolutions"],
        "interval_95": [float(np.quantile(gains, level)) for level in (0.025, 0.975)],
        "together": reached.pop("together"),
        "alone": reached,
    }


def _at_best_bias(folds: Sequence[FoldDone]) -> npt.NDArray[np.int64]:
    """The confusion of every patient (patients, 5, 5)."""
    bias = best_bias(folds)
    items = [with_bias(item, bias) for fold in folds for item in fold.judged]
    return np.stack([confusion_of(item.truth, item.answer) for item in items])


def main() -> None:
    """Choose, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("trained", type=Path)
    parser.add_argument("--out", type=Path, default=Path("weights/ekg"))
    parser.add_argument("--detectors", type=Path, help="what ekg_detectors.py printed")
    parser.add_argument("--mixed", type=Path, help="an earlier figures file to take the mixed figures from")
    parser.add_argument("--bias", help="four numbers with commas, instead of the best")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    stored = arguments.out / "beatnet-ds1.safetensors"
    save_weights(load_ensemble((arguments.trained,)), stored)
    ensemble = load_ensemble((stored,))  # what is measured are the weights as they are bundled, in half precision
    records = list(read_labelled(arguments.data, DS1))
    ensemble.bias.zero_()
    plain = list(by_patient(ensemble, records))
    bias = tuple(map(float, arguments.bias.split(","))) if arguments.bias else best_bias(plain)
    ensemble.bias.copy_(torch.tensor(bias))
    folds = list(by_patient(ensemble, records))
    others = figures(by_bias_of_others(plain))
    result: dict[str, Any] = {
        "about": ABOUT,
        "command": "python -m apps.ekg train --data DIR --out FILE; python -m benchmarks.ekg.weights DIR FILE",
        "bias": dict(zip("NSVF", bias, strict=True)),
        "by_patient": figures(folds),
        "bias_of_other_folds": {name: others[name] for name in ("accuracy", "macro_f1_nsv", "per_class")},
        "beside": kinds(ensemble, records, plain),
    }
    if arguments.mixed:
        result["by_beat"] = json.loads(arguments.mixed.read_text(encoding="utf-8"))["by_beat"]
    else:
        *_, last = by_beat(records, TrainOptions())
        if isinstance(last, FoldDone):
            result["by_beat"] = figures([last])
    if arguments.detectors:
        result["detectors"] = json.loads(arguments.detectors.read_text(encoding="utf-8"))
    save_weights(ensemble, stored)
    text = json.dumps(result, indent=1, allow_nan=False)
    (arguments.out / "beatnet-ds1.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
