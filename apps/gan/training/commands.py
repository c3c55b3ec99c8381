"""What the command line does: sample to files, measure a bundled generator, train and bundle a model."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from apps.gan.choices import ARMS, AUGMENTATION, GENERATORS, check_count, check_digit, check_seed, check_truncation
from apps.gan.drawing.directions import directions
from apps.gan.drawing.sampling import classes_for, latents, paint
from apps.gan.drawing.sliders import FILE as DIRECTIONS_FILE
from apps.gan.drawing.sliders import write_directions
from apps.gan.drawing.tiles import sheet
from apps.gan.exhibits.bundled import lease_generator, lease_judge, lease_snapshots
from apps.gan.exhibits.requests import players_at
from apps.gan.exhibits.snapshots import Snapshots, flat, measure_snapshots, run_summary
from apps.gan.exhibits.superres import measure, shrink_and_restore, train_restorer
from apps.gan.players.data import Digits, load_mnist
from apps.gan.players.judge import Judge, read, train_judge
from apps.gan.players.metrics import share
from apps.gan.training.augment import Budget, load_trials, summary, trials
from apps.gan.training.evaluate import EvaluationProgress, evaluate
from apps.gan.training.live import begun
from apps.gan.training.own import MOST, OwnTraining
from apps.gan.training.runs import load_log, resume, run
from apps.gan.training.train import PLANS, Game, to_half
from shared.device import bf16_is_fast, pick_device
from shared.errors import WeightsError, check_choice, check_whole
from shared.settings import weights_dir
from shared.targets import check_folder, check_picture, check_target, picture_bytes, save, stoppable
from shared.weights import write_shards

_COLUMNS = 10  # of a sheet
_ZOOM = 4
WITH_SNAPSHOTS = "dcgan-digits"  # the model whose run is shown


def sample(
    model: str,
    *,
    digit: str | None,
    count: str,
    seed: str,
    truncation: str,
    out: Path | None = None,
    archive: Path | None = None,
) -> dict[str, Any]:
    """Draw digits and write them, on a sheet in the format that the ending of ``out`` names; the arguments as typed.

    Returns:
        What was drawn: model, count, seed, truncation, labels (or null), files.

    Raises:
        OptionError: an argument is out of range, or no format has the ending of ``out``.
        InputError: a file cannot be written; checked before anything is drawn.
    """
    check_choice(model, GENERATORS, "--model")
    number, chosen, cut = check_count(count), check_seed(seed), check_truncation(truncation)
    wanted = None if digit is None else check_digit(digit)
    if out is not None:
        check_picture(out)
    if archive is not None:
        check_target(archive, "--npz", endings=(".npz", ""), apart_from=(out,))
    with lease_generator(model) as generator:
        y = classes_for(generator, number, wanted)
        pictures = paint(generator, latents(chosen, number, truncation=cut), y)
    arrays: dict[str, Any] = {"images": pictures.numpy()} | ({} if y is None else {"labels": y.numpy()})
    files: list[tuple[str, Path | None, bytes]] = []
    if out is not None:
        drawn = sheet(pictures.numpy(), min(number, _COLUMNS), zoom=_ZOOM, gap=0, ground=0)
        files.append(("--out", out, picture_bytes(drawn, out)))
    if archive is not None:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        files.append(("--npz", archive, buffer.getvalue()))
    save(files)
    return {
        "model": model,
        "count": number,
        "seed": chosen,
        "truncation": cut,
        "labels": None if y is None else y.tolist(),
        "files": [str(path) for path in (out, archive) if path is not None],
    }


def evaluate_model(
    model: str, *, n: str, seed: str, data: Path, download: bool = False
) -> Iterator[EvaluationProgress]:
    """Measure a bundled generator; the arguments as typed. See ``evaluate.evaluate``."""
    check_choice(model, GENERATORS, "--model")
    number, chosen = check_whole(n, "--n", low=100, high=10_000), check_seed(seed)
    train, test = load_mnist(data, "train", download=download), load_mnist(data, "test", download=download)
    with lease_generator(model) as generator, lease_judge() as judge:
        yield from evaluate(generator, judge, train, test, model=model, n=number, seed=chosen)


def train_model(
    model: str,
    *,
    steps: str | None,
    seed: str,
    folder: Path | None,
    out: Path | None,
    data: Path,
    download: bool = False,
) -> Iterator[str]:
    """Train ``model`` in ``folder``, continuing what is there, then write its weights to ``out``: lines to print.

    Ctrl-C keeps the run as it is after the steps it is in.
    """
    check_choice(model, (*PLANS, *_OTHERS), "--model")
    number = None if steps is None else check_whole(steps, "--steps", low=1, high=1_000_000)
    chosen, target = check_seed(seed), out or weights_dir() / "gan"
    place = folder or Path("runs") / model
    check_folder(target)
    check_folder(place, "--folder")
    train, test = load_mnist(data, "train", download=download), load_mnist(data, "test", download=download)
    if model in _OTHERS:
        yield from _OTHERS[model](train, test, number, chosen, target)
        return
    device = pick_device()
    plan = replace(PLANS[model], seed=chosen, steps=number or PLANS[model].steps)
    game = Game(plan, device)
    if resume(game, place):
        yield f"continuing at step {game.step:,}"
    elif plan.start is not None:
        with lease_snapshots() as snapshots:
            game.start_from(*snapshots.pair(plan.start))
    judge = _judge_if_there()
    features = None if judge is None else read(judge, test.images[:5_000])[1]
    steps_of = run(game, train, place, judge=judge, real_features=features)
    with stoppable() as stopped, closing(steps_of):
        for progress in steps_of:
            if progress.check is not None:
                yield f"step {progress.done:,}/{progress.total:,} {progress.elapsed_s:.0f} s {progress.check}"
            if stopped() and progress.done < progress.total:
                raise KeyboardInterrupt(f"Stopped at step {progress.done:,}: the same command goes on from there.")
    yield from export(model, game, place, out=target, test=test, judge=judge)


def train_live(*, steps: str, seed: str, out: Path | None) -> Iterator[OwnTraining]:
    """What the page's "Train it yourself" does: the training at step 0, and again now and then; its film to ``out``."""
    last, chosen = check_whole(steps, "--steps", low=1, high=MOST), check_seed(seed)
    if out is not None:
        check_target(out, endings=(".gif",))
    training = begun(chosen)
    yield training
    for _ in training.play(last):
        yield training
    if out is not None:
        save([("--out", out, training.film())])


def players_file(*, step: str, seed: str, out: Path) -> dict[str, Any]:
    """Write what the DCGAN drew at ``step`` of its training, on a sheet, with what D thought of it.

    Returns:
        ``PlayersAtStep.numbers``, seed, files.

    Raises:
        OptionError: no snapshot was kept at the step, the seed is out of range, or no format has the ending of ``out``.
        InputError: the file cannot be written.
    """
    check_picture(out)
    found = players_at(step, seed=seed)
    drawn = sheet(found.pictures, _COLUMNS, zoom=_ZOOM, gap=0, ground=0)
    save([("--out", out, picture_bytes(drawn, out))])
    return {**found.numbers(), "seed": check_seed(seed), "files": [str(out)]}


def export(model: str, game: Game, folder: Path, *, out: Path, test: Digits, judge: Judge | None) -> Iterator[str]:
    """Write a finished run's weights, float16, and its snapshots for the page: lines for the registry."""
    files = [write_shards(to_half(game.average), out, model), write_shards(to_half(game.d), out, f"{model}-d")]
    if game.plan.classes:
        write_directions(directions(game.average), out / Path(DIRECTIONS_FILE).name)
    if model == WITH_SNAPSHOTS:
        log = load_log(folder)
        files.append(write_shards(flat(log.snapshots), out, "dcgan-snapshots"))
        if judge is not None:
            snapshots = Snapshots(log.snapshots).eval()
            found = measure_snapshots(snapshots, test, judge)
            _write_json(run_summary(snapshots, log.curves, found, log.seconds), out / "dcgan-snapshots.json")
    for shards in files:
        yield from (repr(file) for file in shards)


def augment(*, data: Path, out: Path | None, download: bool = False) -> Iterator[str]:
    """Measure what generated digits are worth to a classifier; an interrupted measurement continues: lines."""
    path, budget = out or weights_dir() / AUGMENTATION, Budget()
    check_target(path)
    train, test = load_mnist(data, "train", download=download), load_mnist(data, "test", download=download)
    found = load_trials(path)
    for trial in trials(train, test, budget=budget, done=list(found)):
        found.append(trial)
        _write_json(summary(found, budget), path)
        yield f"{trial.n:,} per class, {ARMS[trial.arm]}, seed {trial.seed}: {trial.accuracy:.2%}"


def _train_judge(train: Digits, test: Digits, epochs: int | None, seed: int, out: Path) -> Iterator[str]:
    bf16 = bf16_is_fast(torch.device("cpu"))
    for step in train_judge(train, seed=seed, bf16=bf16, **({} if epochs is None else {"epochs": epochs})):
        yield f"pass {step.epoch}/{step.epochs}, mean loss {step.loss:.4f}"
    right = share(read(step.model, test.images)[0].argmax(dim=1) == test.labels)
    yield f"test accuracy {right}"
    yield from (repr(file) for file in write_shards(to_half(step.model), out, "judge-digits"))


def _train_restorer(train: Digits, test: Digits, steps: int | None, seed: int, out: Path) -> Iterator[str]:
    bf16 = bf16_is_fast(torch.device("cpu"))
    for step in train_restorer(train, seed=seed, bf16=bf16, **({} if steps is None else {"steps": steps})):
        if step.step % 100 == 0:
            yield f"step {step.step:,}/{step.steps:,}, mean squared difference {step.pixel:.4f}"
    (file,) = write_shards(to_half(step.model), out, "superres-digits")
    with lease_judge() as judge:
        _, smooth, sharp = shrink_and_restore(step.model, test.images)
        figures = {
            "n": len(test),
            "data": "MNIST test split, shrunk to 7 x 7 by the mean of 4 x 4 pixels",
            "command": "python -m apps.gan train --model superres-digits",
            "original_accuracy": round(share(read(judge, test.images)[0].argmax(dim=1) == test.labels).value, 5),
            "bicubic": measure(smooth, test, judge).as_json(),
            "gan": measure(sharp, test, judge).as_json(),
        }
    _write_json(figures, out / "superres-digits.json")
    yield repr(file)


def _write_json(content: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _judge_if_there() -> Judge | None:
    try:
        with lease_judge() as judge:
            return judge
    except WeightsError:
        return None


_OTHERS: dict[str, Callable[[Digits, Digits, int | None, int, Path], Iterator[str]]] = {
    "judge-digits": _train_judge,
    "superres-digits": _train_restorer,
}
