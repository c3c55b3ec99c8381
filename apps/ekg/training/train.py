"""Train the ensemble: a generator of steps that can be stopped anywhere and continues where it was.

AdamW with one cycle of the learning rate, label smoothing (annotators err too), gradient clipping. The made-up rhythms
(``variants``) are drawn once for all members, from the seed.

Every six members of a kind leave out the patients of another fold (bagging by patient). Together they have seen
everybody, and every patient has members that never saw them: the cross-validation by patient is a by-product
of the training (``validation``), and the networks that it judges are the very ones that the hub uses.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from apps.ekg.aami import FOLDS, fold_of
from apps.ekg.network.ensemble import MAX_PARAMETERS, BeatNet, Ensemble, FeatureNet, Member, parameters_of
from apps.ekg.training.dataset import Examples, augmented, draw_examples, jittered
from apps.ekg.training.variants import Labelled
from shared.errors import OptionError, RecordError


@dataclass(frozen=True)
class TrainOptions:
    """What the training command can set; the defaults made the weights that come with the hub."""

    members: int = 6  # networks with convolutions
    feature_nets: int = 18  # networks of the features alone
    bagging: bool = True  # member n leaves out the patients of fold n, counted around
    steps: int = 800  # batches per member
    batch: int = 256  # beats
    learning_rate: float = 3e-3  # the highest of the cycle
    weight_decay: float = 0.02
    smoothing: float = 0.05  # of the labels
    dropout: float = 0.3
    width: int = 16  # filters of the first layer
    save_every: int = 400  # steps
    draws: int = 3  # of made-up rhythms from every record
    noise: float = 0.06  # the most white noise a beat gets, in units of the QRS height
    drift: float = 0.15  # the most electrode drift
    bias: tuple[float, float, float, float] = (0.0, -1.25, -0.75, 0.0)  # added to the log-probabilities of N S V F
    seed: int = 0


@dataclass(frozen=True)
class TrainStep:
    """One report of a training."""

    member: int  # counted from 0
    step: int  # of this member, counted from 1
    steps: int  # per member
    loss: float  # of the last batch


class _Member:
    """One network in training, with all that its next step depends on."""

    def __init__(self, options: TrainOptions, number: int) -> None:
        seed = 1000 * options.seed + number
        torch.manual_seed(seed)  # the network's initial weights and its dropout
        self.options = options
        self.random = np.random.default_rng(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.network: Member = (
            BeatNet(width=options.width, dropout=options.dropout)
            if number < options.members
            else FeatureNet(dropout=options.dropout)
        )
        parameters = self.network.parameters()
        self.optimizer = torch.optim.AdamW(parameters, options.learning_rate, weight_decay=options.weight_decay)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.optimizer, options.learning_rate, options.steps)
        self.step = 0

    def round(self, examples: Examples, left_out: Iterable[str]) -> Iterator[float]:
        """The losses of the steps until the next checkpoint."""
        count = min(self.options.save_every, self.options.steps - self.step)
        chances = examples.chances_without(left_out)
        order = self.random.choice(len(chances), (count, self.options.batch), p=chances)
        self.network.train()
        for places in order:
            loss = self._descend(examples, places)
            self.step += 1
            yield loss

    def _descend(self, examples: Examples, places: npt.NDArray[np.int64]) -> float:
        options = self.options
        features = jittered(torch.from_numpy(examples.features[places]), self.generator)
        windows = torch.empty(0)  # networks of features ignore them
        if isinstance(self.network, BeatNet):
            shown = examples.windows_of(places)
            windows = augmented(shown, self.generator, noise=options.noise, drift=options.drift)
        classes = torch.from_numpy(examples.classes[places])
        loss = F.cross_entropy(self.network(windows, features), classes, label_smoothing=options.smoothing)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        return float(loss.detach())

    def state(self) -> dict[str, Any]:
        """All of it, for a checkpoint between two rounds."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "random": self.random.bit_generator.state,
            "generator": self.generator.get_state(),
            "torch": torch.get_rng_state(),
            "step": self.step,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from a checkpoint."""
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.random.bit_generator.state = state["random"]
        self.generator.set_state(state["generator"])
        torch.set_rng_state(state["torch"])
        self.step = state["step"]


def train(
    ensemble: Ensemble, records: Sequence[Labelled], options: TrainOptions, *, checkpoint: Path | None = None
) -> Iterator[TrainStep]:
    """Train ``ensemble`` in place on ``records``; with a ``checkpoint`` file, continue where an earlier run stopped.

    Raises:
        OptionError: the ensemble would be larger than ``MAX_PARAMETERS``, or the checkpoint is of other options.
        RecordError: there are no records.
    """
    if not records:
        raise RecordError("annotated records to train on", "none", "Name some with --records.")
    if parameters_of(ensemble) > MAX_PARAMETERS:
        raise OptionError(
            f"an ensemble of at most {MAX_PARAMETERS:,} weights",
            f"{parameters_of(ensemble):,}",
            "Train fewer members.",
        )
    saved = _load_checkpoint(checkpoint, options, records)
    done: list[dict[str, Tensor]] = saved.get("done", [])
    for number, state in enumerate(done):
        ensemble.members[number].load_state_dict(state)
    examples = draw_examples(records, np.random.default_rng(options.seed), draws=options.draws)
    for number in range(len(done), options.members + options.feature_nets):
        member = _Member(options, number)
        if saved.get("current"):
            member.load_state(saved.pop("current"))
        left_out = left_out_by(number, records) if options.bagging else ()
        while member.step < options.steps:
            for loss in member.round(examples, left_out):
                if member.step % 50 == 0 or member.step == options.steps:
                    yield TrainStep(number, member.step, options.steps, loss)
            _save_checkpoint(checkpoint, options, records, done, member.state())
        done.append({name: tensor.clone() for name, tensor in member.network.state_dict().items()})
        ensemble.members[number].load_state_dict(done[-1])
        _save_checkpoint(checkpoint, options, records, done, None)
    ensemble.bias.copy_(torch.tensor(options.bias))
    ensemble.eval()


def left_out_by(member: int, records: Sequence[Labelled]) -> tuple[str, ...]:
    """The records that member number ``member`` does not learn from: those of its fold; none if no other is there."""
    names = {record.record for record in records}
    left_out = {name for name in names if fold_of(name) == member % len(FOLDS)}
    return tuple(sorted(left_out)) if left_out != names else ()


def _identity(options: TrainOptions, records: Sequence[Labelled]) -> str:
    return repr((asdict(options), [record.record for record in records]))


def _save_checkpoint(
    path: Path | None,
    options: TrainOptions,
    records: Sequence[Labelled],
    done: list[dict[str, Tensor]],
    current: dict[str, Any] | None,
) -> None:
    if path is None:
        return
    part = path.with_name(path.name + ".part")
    torch.save({"identity": _identity(options, records), "done": done, "current": current}, part)
    part.replace(path)


def _load_checkpoint(path: Path | None, options: TrainOptions, records: Sequence[Labelled]) -> dict[str, Any]:
    if path is None or not path.exists():
        return {}
    try:
        saved: dict[str, Any] = torch.load(path, weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, struct.error) as error:
        raise OptionError(
            f"a checkpoint of this training in {path.name}", str(error), "Delete it to start again."
        ) from error
    if saved.get("identity") != _identity(options, records):
        raise OptionError(
            f"a checkpoint of this training in {path.name}",
            "one of other options or records",
            "Delete it to start again.",
        )
    return saved
