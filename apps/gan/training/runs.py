"""A whole training run: play, look now and then, keep snapshots, survive an interruption.

A run lives in one folder: ``state.pt`` (the checkpoint), ``diary.pt`` (snapshots), ``history.json`` (curves and
what the judge said on the way). ``run`` continues what it finds there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
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
from apps.gan.training.train import Game, Scores, diary_steps, halved, save, train

_WINDOW = 20  # steps averaged into one point of the curves
_LOOK = 2_000  # samples per look of the judge


@dataclass(frozen=True)
class Look:
    """What the judge saw in some samples of the averaged generator, half-way through."""

    step: int
    frechet: float  # against the test split
    agreement: float | None  # where there are classes
    sure: float  # mean probability of the digit read


@dataclass(frozen=True)
class Progress:
    """One moment of a run, for whoever watches."""

    step: int
    steps: int
    seconds: float
    scores: Scores
    look: Look | None = None
    done: bool = False


@dataclass
class Diary:
    """Snapshots and curves of a run."""

    snapshots: dict[int, dict[str, dict[str, Tensor]]] = field(default_factory=dict)  # step -> {"g", "d"} -> tensors
    curves: list[dict[str, float]] = field(
        default_factory=list
    )  # means over windows: step, loss_d, loss_g, fooled, caught
    looks: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0


def run(
    game: Game,
    data: Digits,
    folder: Path,
    *,
    judge: Judge | None = None,
    real_features: Tensor | None = None,
    look_every: int = 1_000,
    entries: int = 12,
) -> Iterator[Progress]:
    """Play ``game`` to its end in ``folder``; one ``Progress`` per window of steps, the last one ``done``.

    Args:
        game: the players, at step 0.
        data: training pictures.
        folder: the run's own folder; what is there is continued.
        judge: looks at samples every ``look_every`` steps, against ``real_features`` (N, 128).
        real_features: the judge's features of real pictures that the game never sees.
        look_every: steps.
        entries: snapshots of the diary.
    """
    folder.mkdir(parents=True, exist_ok=True)
    diary = load_diary(folder)
    kept, window, started = set(diary_steps(game.plan.steps, entries=entries)), [], time.monotonic() - diary.seconds
    diary.curves = [point for point in diary.curves if point["step"] <= game.step]
    diary.looks = [look for look in diary.looks if look["step"] <= game.step]
    if not diary.snapshots:
        diary.snapshots[0] = _snapshot(game)
    for scores in train(game, data):
        window.append(scores)
        if scores.step in kept:
            diary.snapshots[scores.step] = _snapshot(game)
        if len(window) < _WINDOW and scores.step < game.plan.steps:
            continue
        diary.curves.append(_mean(window))
        window, look, done = [], None, scores.step == game.plan.steps
        if judge is not None and real_features is not None and (scores.step % look_every < _WINDOW or done):
            look = _look(game.average, scores.step, judge, real_features)
            diary.looks.append(asdict(look))
        if scores.step % 500 < _WINDOW or done:
            diary.seconds = time.monotonic() - started
            keep(game, diary, folder)
        yield Progress(scores.step, game.plan.steps, time.monotonic() - started, scores, look, done)


def resume(game: Game, folder: Path) -> bool:
    """Put ``game`` where the checkpoint in ``folder`` left it; whether there was one."""
    path = folder / "state.pt"
    if not path.exists():
        return False
    game.restore(torch.load(path, weights_only=True, map_location=game.device))
    return True


def keep(game: Game, diary: Diary, folder: Path) -> None:
    """Write the run's three files, each whole or not at all."""
    save(diary.snapshots, folder / "diary.pt")
    beside = folder / "history.part"
    beside.write_text(json.dumps({"curves": diary.curves, "looks": diary.looks, "seconds": diary.seconds}))
    beside.replace(folder / "history.json")
    save(game.state(), folder / "state.pt")


def load_diary(folder: Path) -> Diary:
    """The diary in ``folder``, empty where there is none."""
    if not (folder / "history.json").exists():
        return Diary()
    told = json.loads((folder / "history.json").read_text())
    snapshots = torch.load(folder / "diary.pt", weights_only=True)
    return Diary(snapshots, told["curves"], told["looks"], told["seconds"])


def _snapshot(game: Game) -> dict[str, dict[str, Tensor]]:
    return {"g": halved(game.g), "d": halved(game.d)}


def _mean(window: list[Scores]) -> dict[str, float]:
    told = {key: sum(getattr(s, key) for s in window) / len(window) for key in ("loss_d", "loss_g", "fooled", "caught")}
    return {"step": window[-1].step, **{key: round(value, 4) for key, value in told.items()}}


def _look(generator: Generator, step: int, judge: Judge, real_features: Tensor) -> Look:
    y = torch.arange(_LOOK) % DIGITS if generator.classes else None
    chances, features = read(judge, paint(generator, latents(step, _LOOK), y))
    agreement = None if y is None else share(chances.argmax(dim=1) == y).value
    distance = frechet_distance(features, real_features)
    return Look(step, distance, agreement, chances.max(dim=1).values.mean().item())
