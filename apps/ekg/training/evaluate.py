"""How good the classifier is on annotated records, reported so that it cannot flatter itself.

Per class: sensitivity (Se, recall), positive predictive value (PPV, precision), F1 and support, as ANSI/AAMI EC57
asks, over all beats of all records together. With them what always answering N would score, an interval from
resampling *patients* (beats of one patient are not independent), and how well the probabilities are calibrated.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn

from apps.ekg.aami import CLASSES, LETTERS, PACED, UNCLASSIFIED, UNSURE, person_of
from apps.ekg.answers.classify import classified
from apps.ekg.formats.opening import open_recording
from apps.ekg.network.ensemble import members_of, members_without
from apps.ekg.training.dataset import annotations_of
from shared.errors import RecordError

SCORED = "NSV"  # what macro-F1 is taken over: F has one patient's beats in each half, Q hardly any
_BOOTSTRAPS = 1000  # draws of patients behind an interval
_BINS = 10  # of the reliability diagram


@dataclass(frozen=True)
class Judged:
    """One record: what a person said of each beat, and what the network did."""

    record: str
    truth: npt.NDArray[np.int64]  # (K,)
    probabilities: npt.NDArray[np.float32]  # (K, 5)

    @property
    def answer(self) -> npt.NDArray[np.int64]:
        """The most probable class of each beat."""
        return np.asarray(self.probabilities.argmax(axis=1))


@dataclass(frozen=True)
class Score:
    """Figures of one class, 0..1; 0 if there is nothing to divide by."""

    se: float
    ppv: float
    f1: float
    support: int


def evaluate_records(data: Path, records: Iterable[str], network: nn.Module) -> Iterator[Judged]:
    """Classify the annotated beats of the records ``data/NAME``, each by the members that never saw its patient.

    Raises:
        RecordError: a record is missing, damaged or not annotated.
    """
    for name in records:
        with open_recording(data / name) as recording:
            annotations_of(recording)
            found = classified(recording, members_without(network, name))
            if found.annotated is None:
                raise RecordError(f"annotated beats in record {name}", "none among its marks", "Choose another record.")
            yield Judged(name, found.annotated, found.probabilities)


def confusion_of(truth: npt.NDArray[np.int64], answer: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """(5, 5) counts: rows are a person's answers, columns the network's, both in the order N S V F Q."""
    size = len(LETTERS)
    return np.bincount(truth * size + answer, minlength=size * size).reshape(size, size)


def scores_of(confusion: npt.NDArray[np.int64]) -> dict[str, Score]:
    """Se, PPV, F1 and support of every class."""
    scores = {}
    for number, letter in enumerate(LETTERS):
        hits, there, said = (
            int(n) for n in (confusion[number, number], confusion[number].sum(), confusion[:, number].sum())
        )
        scores[letter] = Score(hits / max(1, there), hits / max(1, said), 2 * hits / max(1, there + said), there)
    return scores


def accuracy_of(confusion: npt.NDArray[np.int64]) -> float:
    """Share of beats on the diagonal."""
    return float(np.trace(confusion) / max(1, confusion.sum()))


def macro_f1_of(confusion: npt.NDArray[np.int64]) -> float:
    """Mean F1 of N, S and V."""
    scores = scores_of(confusion)
    return float(np.mean([scores[letter].f1 for letter in SCORED]))


def intervals_over_patients(
    confusions: Sequence[npt.NDArray[np.int64]], people: Sequence[str], *, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """95 % intervals of accuracy, macro-F1, Se and PPV from 1,000 draws of patients with replacement."""
    of_person: dict[str, npt.NDArray[np.int64]] = {}
    for person, confusion in zip(people, confusions, strict=True):
        of_person[person] = of_person.get(person, np.zeros_like(confusion)) + confusion
    stacked = np.stack(list(of_person.values()))
    random = np.random.default_rng(seed)
    draws: dict[str, list[float]] = {}
    for _ in range(_BOOTSTRAPS):
        total = stacked[random.integers(len(stacked), size=len(stacked))].sum(axis=0)
        figures = {"accuracy": accuracy_of(total), "macro_f1_nsv": macro_f1_of(total)}
        for letter, score in scores_of(total).items():
            if letter in SCORED and score.support:
                figures |= {f"{letter}_se": score.se, f"{letter}_ppv": score.ppv}
        for name, value in figures.items():
            draws.setdefault(name, []).append(value)
    return {
        name: (float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))) for name, values in draws.items()
    }


def calibration_of(judged: Sequence[Judged]) -> dict[str, Any]:
    """Expected calibration error, the reliability table (in each tenth of confidence, how often it was right), and how
    often answers of S, V and F were right below and above ``UNSURE``.
    """
    confidence = np.concatenate([item.probabilities.max(axis=1) for item in judged])
    right = np.concatenate([item.truth == item.answer for item in judged])
    places = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    table = []
    error = 0.0
    for place in range(_BINS):
        inside = places == place
        if inside.any():
            mean, share = float(confidence[inside].mean()), float(right[inside].mean())
            table.append({"confidence": mean, "accuracy": share, "n": int(inside.sum())})
            error += abs(mean - share) * float(inside.mean())
    answers = np.concatenate([item.answer for item in judged])
    abnormal = (answers > 0) & (answers < UNCLASSIFIED)
    sides = {"below": abnormal & (confidence < UNSURE), "above": abnormal & (confidence >= UNSURE)}
    shares = {
        side: {"n": int(chosen.sum()), "right": float(right[chosen].mean()) if chosen.any() else 0.0}
        for side, chosen in sides.items()
    }
    return {"ece": error, "bins": table, "abnormal": {"limit": UNSURE, **shares}}


def summary(judged: Sequence[Judged], seconds: float) -> dict[str, Any]:
    """All figures of ``judged`` as the command line and the page give them."""
    confusions = [confusion_of(item.truth, item.answer) for item in judged]
    total = np.sum(confusions, axis=0)
    n_beats = int(total.sum())
    always = np.zeros_like(total)
    always[:, 0] = total.sum(axis=1)
    return {
        "accuracy": accuracy_of(total),
        "macro_f1_nsv": macro_f1_of(total),
        "per_class": {letter: vars(score) for letter, score in scores_of(total).items()},
        "confusion": total.tolist(),
        "classes": [item.letter for item in CLASSES],
        "n_beats": n_beats,
        "n_records": len(judged),
        "records": [item.record for item in judged],
        "always_n": {"accuracy": accuracy_of(always), "macro_f1_nsv": macro_f1_of(always)},
        "interval_95_over_patients": intervals_over_patients(confusions, [person_of(item.record) for item in judged]),
        "calibration": calibration_of(judged),
        "per_record": {
            item.record: {"n": int(confusion.sum()), "accuracy": accuracy_of(confusion)}
            for item, confusion in zip(judged, confusions, strict=True)
        },
        "seconds": seconds,
    }


def evaluate(data: Path, records: Sequence[str], network: nn.Module) -> dict[str, Any]:
    """``summary`` of the annotated beats of ``records`` in ``data``.

    Records with a pacemaker do not count, as AAMI asks; they have a summary of their own under "paced". Patients of DS1
    are judged only by those networks that never saw them; "networks" says by how many each record was.

    Raises:
        RecordError: a record is missing, damaged or not annotated.
    """
    started = time.perf_counter()
    judged = list(evaluate_records(data, records, network))
    seconds = time.perf_counter() - started
    paced = [item for item in judged if item.record in PACED]
    free = [item for item in judged if item.record not in PACED]
    result = summary(free or paced, seconds)
    result["networks"] = {name: members_of(members_without(network, name)) for name in records}
    if free and paced:
        result["paced"] = summary(paced, seconds)
    return result
