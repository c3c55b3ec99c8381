"""A complete training run: play, let the judge check samples now and then, keep snapshots, survive an interruption.

A run lives in one folder: ``state.pt`` (the checkpoint), ``snapshots.pt``, ``history.json`` (curves and the judge's
checks). ``run`` continues what it finds there.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Generator as Steps
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from apps.gan.drawing.sampling import latents, paint
from apps.gan.players.data import DIGITS, Digits
from apps.gan.players.judge import Judge, read
from apps.gan.players.metrics import frechet_distance, share
from apps.gan.players.networks import Generator
from apps.gan.training.train import Game, Scores, reading, save, snapshot_steps, to_half, train
from shared.progress import Progress

_WINDOW = 20  # steps averaged into one point of the curves
_SAVE_EVERY = 500  # steps
_CHECKED = 2_000  # samples per check
_SCORES = ("loss_d", "loss_g", "fooled", "caught")  # of Scores, in the curves


@dataclass(frozen=True)
class Check:
    """What the judge found in some samples of the averaged generator, during the run."""

    step: int
    frechet: float  # against the test split
    agreement: float | None  # None without classes
    sure: float  # mean probability of the digit read


@dataclass(frozen=True, kw_only=True)
class RunProgress(Progress):
    """How far a run is, in steps."""

    scores: Scores
    check: Check | None = None


@dataclass
class RunLog:
    """Snapshots and curves of a run."""

    snapshots: dict[int, dict[str, dict[str, Tensor]]] = field(default_factory=dict)  # step -> {"g", "d"} -> tensors
    curves: list[dict[str, float]] = field(default_factory=list)  # means over windows: "step" and _SCORES
    checks: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0


def run(
    game: Game,
    data: Digits,
    folder: Path,
    *,
    judge: Judge | None = None,
    real_features: Tensor | None = None,
    check_every: int = 1_000,
    snapshots: int = 12,
) -> Steps[RunProgress, None, None]:
    """Play ``game`` to its end in ``folder``; one ``RunProgress`` per window of steps.

    Closing the generator ends the run and keeps it as it is then.

    Args:
        game: the players, at step 0 or where ``resume`` has put them.
        data: training pictures.
        folder: the run's own folder; what is there is continued.
        judge: checks samples every ``check_every`` steps, against ``real_features`` (N, 128).
        real_features: the judge's features of real pictures that the game never sees.
        check_every: steps.
        snapshots: how many are kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log, last = load_log(folder), game.plan.steps
    window: list[Scores] = []
    kept, started = set(snapshot_steps(last, count=snapshots)), time.monotonic() - log.seconds
    log.curves = [point for point in log.curves if point["step"] <= game.step]
    log.checks = [check for check in log.checks if check["step"] <= game.step]
    if not log.snapshots:
        log.snapshots[0] = _snapshot(game)
    for scores in train(game, data):
        step = scores.step
        window.append(scores)
        if step in kept:
            log.snapshots[step] = _snapshot(game)
        if len(window) < _WINDOW and step < last:
            continue
        log.curves.append(_mean(window))
        log.seconds = time.monotonic() - started
        window, check = [], None
        if judge is not None and real_features is not None and (step % check_every < _WINDOW or step == last):
            check = check_pictures(game.average, step, judge, real_features)
            log.checks.append(asdict(check))
        if step % _SAVE_EVERY < _WINDOW or step == last:
            keep(game, log, folder)
        try:
            yield RunProgress(done=step, total=last, elapsed_s=log.seconds, scores=scores, check=check)
        except GeneratorExit:  # whoever watches has stopped the run
            keep(game, log, folder)
            raise


def resume(game: Game, folder: Path) -> bool:
    """Put ``game`` where the checkpoint in ``folder`` left it; whether there was one.

    Raises:
        InputError: it is damaged, or of another model.
    """
    path = folder / "state.pt"
    if not path.exists():
        return False
    with reading(path):
        game.restore(torch.load(path, weights_only=True, map_location=game.device))
    return True


def keep(game: Game, log: RunLog, folder: Path) -> None:
    """Write the run's three files, each completely or not at all."""
    save(log.snapshots, folder / "snapshots.pt")
    partial = folder / "history.part"
    history = {"curves": log.curves, "checks": log.checks, "seconds": log.seconds}
    partial.write_text(json.dumps(history), encoding="utf-8")
    partial.replace(folder / "history.json")
    save(game.state(), folder / "state.pt")


def load_log(folder: Path) -> RunLog:
    """The log in ``folder``, empty if there is none."""
    if not (folder / "history.json").exists():
        return RunLog()
    history = json.loads((folder / "history.json").read_text(encoding="utf-8"))
    snapshots = torch.load(folder / "snapshots.pt", weights_only=True)
    return RunLog(snapshots, history["curves"], history["checks"], history["seconds"])


def check_pictures(generator: Generator, step: int, judge: Judge, real_features: Tensor) -> Check:
    """What ``judge`` finds in samples of ``generator``, compared with its ``real_features`` (N, 128)."""
    y = torch.arange(_CHECKED) % DIGITS if generator.classes else None
    chances, features = read(judge, paint(generator, latents(step, _CHECKED), y))
    agreement = None if y is None else share(chances.argmax(dim=1) == y).value
    distance = frechet_distance(features, real_features)
    return Check(step, distance, agreement, chances.max(dim=1).values.mean().item())


def _snapshot(game: Game) -> dict[str, dict[str, Tensor]]:
    return {"g": to_half(game.g), "d": to_half(game.d)}


def _mean(window: list[Scores]) -> dict[str, float]:
    means = {key: round(statistics.fmean(getattr(scores, key) for scores in window), 4) for key in _SCORES}
    return {"step": window[-1].step, **means}
