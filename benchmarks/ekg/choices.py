"""What each choice in the EKG classifier is worth: it is left out or changed, everything else stays, on DS1.

``python -m benchmarks.ekg.choices DIR [--seeds 0,1] [--rows window,loss] [--out FILE] [--publish]``

Every row trains six networks (one per fold of patients, as long as the product's own) and judges each patient by the
one that never saw that patient, at the bias of the classes that suits the row best. The difference from the network
as it is comes with an interval over patients, the same draws of patients for both. Runs that are done are kept next
to the output and not repeated, so the benchmark can be stopped and continued at any time.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from apps.ekg.aami import DS1, FOLDS
from apps.ekg.beats.features import FEATURES, OF_ITS_SHAPE, RHYTHM_FEATURES
from apps.ekg.beats.usual_interval import USUAL_INTERVAL_FEATURES
from apps.ekg.beats.windows import CHANNELS, MARGIN, PEAK, QRS, WINDOW, Array
from apps.ekg.network.ensemble import Ensemble
from apps.ekg.training import dataset
from apps.ekg.training.evaluate import accuracy_of, confusion_of, macro_f1_of, scores_of
from apps.ekg.training.train import TrainOptions, train
from apps.ekg.training.variants import Labelled, Random
from benchmarks.ekg.validation import best_bias, by_patient, with_bias

STEPS, BATCH = TrainOptions.steps, TrainOptions.batch  # the product's: shorter trainings turn the order around
MARKS = ("<!-- choices -->", "<!-- end of choices -->")  # around the table in the card
_DRAWS = 1000  # of patients
_N_RHYTHM = len(RHYTHM_FEATURES)
Inputs = tuple[Array, Array]


@dataclass(frozen=True)
class Choice:
    """One thing done differently than in the product."""

    group: str
    name: str
    options: dict[str, Any] = field(default_factory=dict)  # of the training
    constants: dict[str, Any] = field(default_factory=dict)  # "package.module.name" and what it is instead
    beats: Callable[[Labelled], Labelled] = lambda source: source  # after cutting
    inputs: Callable[[Array, Array], Inputs] = lambda windows, features: (windows, features)


def _zeroed(part: slice | list[int], *, of: str) -> Callable[[Array, Array], Inputs]:
    """Inputs with the channels, samples or features ``part`` set to 0."""

    def changed(windows: Array, features: Array) -> Inputs:
        windows, features = windows.copy(), features.copy()
        if of == "channels":
            windows[:, part] = 0
        elif of == "samples":
            windows[:, :, part] = 0
        else:
            features[:, part] = 0
        return windows, features

    return changed


def _each(*changes: Callable[[Array, Array], Inputs]) -> Callable[[Array, Array], Inputs]:
    def changed(windows: Array, features: Array) -> Inputs:
        for change in changes:
            windows, features = change(windows, features)
        return windows, features

    return changed


def _with_windows(change: Callable[[Labelled], Array]) -> Callable[[Labelled], Labelled]:
    return lambda source: replace(
        source, beats=replace(source.beats, windows=np.ascontiguousarray(change(source), np.float32))
    )


def _at_half_rate(source: Labelled) -> Array:
    from scipy.signal import resample_poly

    half = resample_poly(source.beats.windows, 1, 2, axis=1, padtype="line")
    return np.asarray(resample_poly(half, 2, 1, axis=1, padtype="line"))


def _by_own_height(source: Labelled) -> Array:
    heights = np.ptp(source.beats.windows[:, QRS], axis=1, keepdims=True)
    return np.asarray(source.beats.windows / np.maximum(heights, 0.1))


def _every_beat_alike(sequence: Labelled, weight: float) -> npt.NDArray[np.float64]:
    return np.where(sequence.classes < 4, weight * sequence.weights, 0.0)


_cross_entropy = F.cross_entropy


def _focal(logits: Tensor, classes: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Lin et al. 2017 with gamma 2."""
    each = _cross_entropy(logits, classes, reduction="none")
    return ((1 - torch.exp(-each)) ** 2 * each).mean()


_REFERENCES, _NEIGHBOURS = [4, 5, 6], [2, 3]  # channels
_SHARED = [place for place, name in enumerate(FEATURES) if name.startswith(OF_ITS_SHAPE)]
_SHARED_RR = [place for place in _SHARED if "RR" in FEATURES[place]]
_LIKE_REFERENCES = [_N_RHYTHM + n for n in (0, 1, 4, 5, 6, 7, 9)]
CHOICES = (
    Choice("window", "0.25 s before to 0.35 s after the peak", inputs=_each(
        _zeroed(slice(0, PEAK - 31), of="samples"), _zeroed(slice(PEAK + 44, None), of="samples"))),
    Choice("filter", "1 to 30 Hz", constants={"apps.ekg.beats.signals.BAND_HZ": (1.0, 30.0)}),
    Choice("filter", "0.05 to 60 Hz: hardly any", constants={"apps.ekg.beats.signals.BAND_HZ": (0.05, 60.0)}),
    Choice("sampling rate", "62.5 Hz", beats=_with_windows(_at_half_rate)),
    Choice("normalisation", "none: millivolts", beats=_with_windows(
        lambda source: source.beats.windows * source.beats.scale_mv)),
    Choice("normalisation", "each beat by its own height", beats=_with_windows(_by_own_height)),
    Choice("intervals", "none", inputs=_zeroed([*range(_N_RHYTHM), *_SHARED_RR], of="features")),
    Choice("intervals", "ratios to the local median only", inputs=_zeroed(
        [*range(5, _N_RHYTHM), *_SHARED_RR], of="features")),
    Choice("intervals", "without those in local spreads", inputs=_zeroed([15, 16, 17], of="features")),
    Choice("references", "none", inputs=_each(
        _zeroed(_REFERENCES, of="channels"), _zeroed(_LIKE_REFERENCES, of="features"))),
    Choice("references", "medians of all beats, not of those after long intervals",
        constants={"apps.ekg.beats.windows.LONG": 0.0}),
    Choice("neighbours", "no differences from the beats before and after", inputs=_each(
        _zeroed(_NEIGHBOURS, of="channels"), _zeroed([_N_RHYTHM + 2, _N_RHYTHM + 3], of="features"))),
    Choice("likenesses", "none", inputs=_zeroed(
        [place for place in range(_N_RHYTHM, len(FEATURES)) if place not in _SHARED_RR], of="features")),
    Choice("usual interval", "not known", inputs=_zeroed(
        [place for place, name in enumerate(RHYTHM_FEATURES) if name in USUAL_INTERVAL_FEATURES], of="features")),
    Choice("beats of one shape", "share nothing before the network", inputs=_zeroed(_SHARED, of="features")),
    Choice("convolutions", "none: intervals and likenesses only", inputs=_zeroed(slice(None), of="channels")),
    Choice("loss", "without label smoothing", options={"smoothing": 0.0}),
    Choice("loss", "focal, gamma 2", constants={"apps.ekg.training.train.F.cross_entropy": _focal}),
    Choice("drawing", "every beat equally often", constants={"apps.ekg.training.dataset._chances": _every_beat_alike}),
    Choice("made-up rhythms", "none", options={"draws": 0}),
    Choice("disturbances", "none but gain and shift", options={"noise": 0.0, "drift": 0.0}),
    Choice("disturbances", "twice the noise and drift", options={"noise": 0.12, "drift": 0.3}),
    Choice("pooling by shape", "none",
        constants={"benchmarks.ekg.validation.pooled": lambda probabilities, *_: probabilities}),
)  # fmt: skip
AS_IS = Choice("", "as it is")


@dataclass(frozen=True)
class _Changed(dataset.Examples):
    """Examples as one row of the table sees them."""

    choice: Choice

    def windows_of(self, places: npt.NDArray[np.int64]) -> Tensor:
        windows = super().windows_of(places).numpy()
        return torch.from_numpy(self.choice.inputs(windows, self.features[places])[0])


@cache
def _read(data: Path) -> tuple[Labelled, ...]:
    return tuple(dataset.read_labelled(data, DS1))


def run(choice: Choice, data: Path, seed: int, *, steps: int = STEPS, batch: int = BATCH) -> dict[str, Any]:
    """Train and judge one row: its bias, and the confusion of every patient."""
    own_inputs, own_draw = dataset.inputs, dataset.draw_examples

    def viewed(source: Labelled) -> Inputs:
        return choice.inputs(*own_inputs(source))

    def drawn(records: Sequence[Labelled], random: Random, *, draws: int = 1) -> dataset.Examples:
        examples = own_draw(records, random, draws=draws)
        no_windows = np.zeros((1, len(CHANNELS), WINDOW + 2 * MARGIN), np.float32)
        features = choice.inputs(no_windows, examples.features)[1]
        return _Changed(**{**vars(examples), "features": features}, choice=choice)

    changes = {"apps.ekg.training.train.draw_examples": drawn, "benchmarks.ekg.validation.inputs": viewed}
    with ExitStack() as stack:
        for name, value in (changes | choice.constants).items():
            stack.enter_context(patch(name, value))
        filtered_again = any(name.startswith("apps.ekg.beats.signals.") for name in choice.constants)
        read = _read.__wrapped__ if filtered_again else _read
        records = [choice.beats(source) for source in read(data)]
        options = replace(TrainOptions(), members=len(FOLDS), feature_nets=0, steps=steps, batch=batch, seed=seed)
        ensemble = Ensemble(options.members, width=options.width)
        for _ in train(ensemble, records, replace(options, **choice.options)):
            pass
        ensemble.bias.zero_()
        folds = list(by_patient(ensemble, records))
    bias = best_bias(folds)
    confusions = {}
    for fold in folds:
        for item in fold.judged:
            confusions[item.record] = confusion_of(item.truth, with_bias(item, bias).answer).tolist()
    return {"bias": bias, "confusions": confusions}


def summary(done: dict[str, Any], choices: Sequence[Choice], seeds: Sequence[int]) -> list[dict[str, Any]]:
    """One row per choice that has been run, the product as it is first; figures are means over the seeds."""
    base = _stacks(done, AS_IS, seeds)
    draws = np.random.default_rng(0).integers(len(DS1), size=(_DRAWS, len(DS1)))
    rows = []
    for choice in (AS_IS, *choices):
        stacks = _stacks(done, choice, seeds)
        if not stacks:
            continue
        drawn = [_mean_f1(stacks, draw) - _mean_f1(base, draw) for draw in draws]
        per_fold = [[macro_f1_of(stack[_places(names)].sum(axis=0)) for names in FOLDS] for stack in stacks]
        whole = [stack.sum(axis=0) for stack in stacks]
        rows.append(
            {
                "group": choice.group,
                "name": choice.name,
                "seeds": len(stacks),
                "accuracy": float(np.mean([accuracy_of(total) for total in whole])),
                "macro_f1_nsv": float(np.mean([macro_f1_of(total) for total in whole])),
                "macro_f1_of_seeds": [macro_f1_of(total) for total in whole],
                "macro_f1_of_folds": np.mean(per_fold, axis=0).tolist(),
                **{f"{letter}_f1": float(np.mean([scores_of(total)[letter].f1 for total in whole])) for letter in "SV"},
                "difference": float(np.mean([macro_f1_of(total) for total in whole])) - _mean_f1(base),
                "difference_interval_95": [float(np.quantile(drawn, level)) for level in (0.025, 0.975)],
            }
        )
    return rows


def _stacks(done: dict[str, Any], choice: Choice, seeds: Sequence[int]) -> list[npt.NDArray[np.int64]]:
    """For every seed that has been run: the confusions (patients, 5, 5) in the order of DS1."""
    found = [done[key] for key in (_key(choice, seed) for seed in seeds) if key in done]
    return [np.array([item["confusions"][name] for name in DS1]) for item in found]


def _mean_f1(stacks: Sequence[npt.NDArray[np.int64]], places: npt.NDArray[np.int64] | slice = slice(None)) -> float:
    return float(np.mean([macro_f1_of(stack[places].sum(axis=0)) for stack in stacks]))


def _places(names: Sequence[str]) -> list[int]:
    return [DS1.index(name) for name in names]


def _key(choice: Choice, seed: int) -> str:
    return f"{choice.group}: {choice.name} ({seed})"


def runs(choices: Sequence[Choice], seeds: Sequence[int]) -> Iterator[tuple[Choice, int]]:
    """All rows with the first seed, then all with the next; of every group one row first, then the rest."""
    groups = [choice.group for choice in choices]
    order = sorted(range(len(choices)), key=lambda n: groups[:n].count(groups[n]))
    for seed in seeds:
        for choice in (AS_IS, *(choices[n] for n in order)):
            yield choice, seed


def publish(rows: Sequence[dict[str, Any]], folder: Path) -> None:
    """Put the rows into the network's figures, which the page shows, and as a table into its card."""
    measured, card = folder / "beatnet-ds1.json", folder / "beatnet-ds1.md"
    figures = json.loads(measured.read_text(encoding="utf-8"))
    figures["ablation"] = [{**row, "name": f"{row['group']}: {row['name']}".removeprefix(": ")} for row in rows]
    measured.write_text(json.dumps(figures, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    lines = ["| choice | accuracy | macro-F1 | in the folds | F1 of S | F1 of V | difference, 95 % over patients |"]
    lines.append("| --- " * 7 + "|")
    for row in figures["ablation"]:
        folds, (low, high) = row["macro_f1_of_folds"], row["difference_interval_95"]
        change = f"{row['difference']:+.3f} ({low:+.3f} to {high:+.3f})" if row["group"] else ""
        lines.append(
            f"| {row['name']} | {row['accuracy']:.1%} | {row['macro_f1_nsv']:.3f} | {min(folds):.2f} to "
            f"{max(folds):.2f} | {row['S_f1']:.3f} | {row['V_f1']:.3f} | {change} |"
        )
    before, _, rest = card.read_text(encoding="utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    card.write_text(before + "\n".join([MARKS[0], *lines, MARKS[1]]) + after, encoding="utf-8")


def main() -> None:
    """Run what has not been run, and write the table after every run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", default="0,1")
    parser.add_argument("--rows", help="groups with commas; all by default")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--out", type=Path, default=Path("weights/ekg/choices.json"))
    parser.add_argument("--publish", action="store_true", help="run nothing; put the table into the card and the page")
    parser.add_argument("--state", type=Path, help="where runs that are done are kept (default: next to --out)")
    arguments = parser.parse_args()
    if arguments.publish:
        publish(json.loads(arguments.out.read_text(encoding="utf-8"))["rows"], arguments.out.parent)
        return
    torch.set_num_threads(1)
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    wanted = arguments.rows.split(",") if arguments.rows else [choice.group for choice in CHOICES]
    state: Path = arguments.state or arguments.out.with_suffix(".part")
    done: dict[str, Any] = json.loads(state.read_text(encoding="utf-8")) if state.exists() else {}
    for choice, seed in runs([choice for choice in CHOICES if choice.group in wanted], seeds):
        if _key(choice, seed) in done:
            continue
        started = time.process_time()
        done[_key(choice, seed)] = run(choice, arguments.data, seed, steps=arguments.steps, batch=arguments.batch)
        state.write_text(json.dumps(done), encoding="utf-8")
        rows = summary(done, CHOICES, seeds)
        network = f"One convolutional network per fold and seed ({arguments.seeds})"
        trained = f"{network}, {arguments.steps} batches of {arguments.batch}"
        table = {
            "about": f"{trained}, 22 patients of DS1, each row at its best bias.",
            "steps": arguments.steps,
            "n_patients": len(DS1),
            "rows": rows,
        }
        arguments.out.write_text(json.dumps(table, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        row = next(row for row in rows if (row["group"], row["name"]) == (choice.group, choice.name))
        spent = time.process_time() - started
        print(f"{_key(choice, seed)}: macro-F1 {row['macro_f1_nsv']:.4f} ({row['difference']:+.4f}), {spent:.0f} s")


if __name__ == "__main__":
    main()
