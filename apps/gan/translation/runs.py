"""The three trainings side by side, step by step on the same tiles, and how they survive an interruption.

A run lives in one folder: ``NAME.pt`` is the checkpoint of one objective, ``NAME-at-STEP.pt`` its averaged generator at
some steps in float16, ``NAME.json`` its curves, ``start.pt`` the generator that all begin with. ``run`` continues what
it finds there; once ``start.pt`` is there, objectives may also be trained by one process each. Memory is bounded: three
games of 2.5 million weights, and snapshots go to disk as they are taken.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from apps.gan.training.train import reading, save, to_half
from apps.gan.translation.choices import OBJECTIVES
from apps.gan.translation.draws import Batch, Draws
from apps.gan.translation.earth import Earth
from apps.gan.translation.train import Game, Plan, Scores
from shared.errors import InputError

TURN = 250  # steps between checkpoints
SNAPSHOTS = (0, 100, 300, 1_000, 3_000)  # steps after the common start
BEGINNER = "l1"  # the objective of the common start
_START = "start.pt"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint of one objective."""

    objective: str
    step: int
    steps: int
    seconds: float  # since the checkpoint before, of all objectives together
    scores: Scores  # means since the checkpoint before

    def __str__(self) -> str:
        scores = self.scores
        players = f", D's loss {scores.loss_d:.3f}, fooled {scores.fooled:.0%}, caught {scores.caught:.0%}"
        return (
            f"{self.objective} {self.step:,}/{self.steps:,}, {self.seconds:.0f} s: "
            f"L1 {scores.l1:.4f}{players if scores.loss_d else ''}"
        )


def run(
    earth: Earth, folder: Path, objectives: Sequence[str], plan: Plan, *, device: torch.device, turn: int = TURN
) -> Iterator[Checkpoint]:
    """Train ``objectives`` to the plan's end, from where ``folder`` stands.

    All play the same step on the same batch before any goes on. One ``Checkpoint`` for each that played, every ``turn``
    steps and at the end, when their checkpoints have been written.

    Raises:
        InputError: the folder holds a run of another plan.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if plan.start and not (folder / _START).exists():
        beginning = resumed(BEGINNER, plan, folder, device)
        yield from _play([beginning], earth, folder, plan.start, turn)
        save(beginning.state(), folder / _START)
    games = [resumed(name, plan, folder, device) for name in objectives]
    yield from _play(games, earth, folder, plan.steps, turn)


def _play(games: Sequence[Game], earth: Earth, folder: Path, end: int, turn: int) -> Iterator[Checkpoint]:
    """Play ``games``, all of one plan, until each has done ``end`` steps."""
    plan = games[0].plan
    draws: dict[int, Draws] = {}
    since: dict[str, list[Scores]] = {game.name: [] for game in games}
    started = time.monotonic()
    while waiting := [game for game in games if game.step < end]:
        step = min(game.step for game in waiting)
        batch = _batch(plan, step, earth, draws)
        for game in waiting:
            if game.step == step:
                _keep_snapshot(game, folder)
                since[game.name].append(game.play(batch))
        if (step + 1) % turn == 0 or step + 1 == end:
            seconds, started = time.monotonic() - started, time.monotonic()
            for game in (game for game in games if since[game.name]):
                _keep_snapshot(game, folder)
                yield _checkpoint(game, _mean(since[game.name]), seconds, folder)
                since[game.name] = []


def resumed(objective: str, plan: Plan, folder: Path, device: torch.device) -> Game:
    """The game of ``objective`` where its checkpoint in ``folder`` left it, or at the common start, or new.

    Raises:
        InputError: the checkpoint is damaged, or of another plan; the steps alone may differ.
    """
    game, path = Game(objective, plan, device), folder / f"{objective}.pt"
    if path.exists():
        with reading(path):
            state = torch.load(path, weights_only=True, map_location=device)
            theirs, ours = Plan(**_tuples(state["plan"])), plan
            if {**asdict(theirs), "steps": 0} != {**asdict(ours), "steps": 0}:
                raise InputError(f"a run of the same plan in {folder}", "one of another plan", "Name another --folder.")
            game.restore(state)
    elif (folder / _START).exists():
        with reading(folder / _START):
            game.begin_from(torch.load(folder / _START, weights_only=True, map_location=device))
    return game


def saved_plan(objective: str, folder: Path) -> Plan:
    """The plan of the run of ``objective`` in ``folder``.

    Raises:
        InputError: there is no such run, or its checkpoint is damaged.
    """
    path = folder / f"{objective}.pt"
    if not path.exists():
        raise InputError(f"the checkpoint {path}", "no such file", "Run python -m apps.gan translate-train first.")
    with reading(path):
        return Plan(**_tuples(torch.load(path, weights_only=True, mmap=True)["plan"]))


def load_snapshots(objective: str, folder: Path) -> dict[int, dict[str, Tensor]]:
    """Averaged generators of a run, float16, by step; none where the run has not begun."""
    found = folder.glob(f"{objective}-at-*.pt")
    return {int(path.stem.rpartition("-")[2]): torch.load(path, weights_only=True) for path in sorted(found)}


def read_history(folder: Path) -> list[dict[str, Any]]:
    """One entry per checkpoint: objective, step, seconds and mean scores; empty where there is no run."""
    found = [folder / f"{name}.json" for name in OBJECTIVES]
    return [entry for path in found if path.exists() for entry in json.loads(path.read_text(encoding="utf-8"))]


def _batch(plan: Plan, step: int, earth: Earth, draws: dict[int, Draws]) -> Batch:
    """The tiles of step ``step``; the places of each size of tile are found once."""
    size = 0 if plan.is_small(step) else 1
    side = plan.sides[size]
    if side not in draws:
        draws[side] = Draws(earth, side=side)
    return draws[side].batch(plan.batches[size], seed=plan.seed, step=step)


def _keep_snapshot(game: Game, folder: Path) -> None:
    if game.step - game.plan.start in SNAPSHOTS or game.step in (0, game.plan.steps):
        save(to_half(game.average), folder / f"{game.name}-at-{game.step:06d}.pt")


def _checkpoint(game: Game, scores: Scores, seconds: float, folder: Path) -> Checkpoint:
    """Write the history and the state, in this order: what a killed run lost is written again."""
    entry = {"objective": game.name, "seconds": round(seconds, 1), **asdict(scores)}
    before = [old for old in read_history(folder) if old["objective"] == game.name and old["step"] != game.step]
    beside = folder / f"{game.name}.json.part"
    beside.write_text(json.dumps([*before, entry], indent=0), encoding="utf-8")
    beside.replace(folder / f"{game.name}.json")
    save(game.state(), folder / f"{game.name}.pt")
    return Checkpoint(game.name, game.step, game.plan.steps, seconds, scores)


def _mean(scores: list[Scores]) -> Scores:
    keys = ("l1", "loss_d", "fooled", "caught")
    means = {key: round(sum(getattr(one, key) for one in scores) / len(scores), 5) for key in keys}
    return Scores(scores[-1].step, **means)


def _tuples(plan: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in plan.items()}
