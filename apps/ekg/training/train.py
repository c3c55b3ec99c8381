"""Train the ensemble: a generator of steps that can be stopped anywhere and continues where it was.

AdamW with one cycle of the learning rate, label smoothing (annotators err too), gradient clipping. The training set is
drawn again every few hundred steps, with made-up rhythms (``variants``).

Each of the six members of a kind leaves out the patients of another fold (bagging by patient). Together they have seen
everybody, and every patient has a pair of members that never saw them: the cross-validation by patient is a by-product
of the training (``validation``), and the networks that it judges are the very ones that the hub uses.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from apps.ekg.aami import FOLDS
from apps.ekg.network.ensemble import MAX_PARAMETERS, BeatNet, Ensemble, FeatureNet, Member, parameters_of
from apps.ekg.training.dataset import Examples, augmented, draw_examples
from apps.ekg.training.variants import Labelled
from shared.errors import OptionError, RecordError


@dataclass(frozen=True)
class TrainOptions:
    """What the training command can set; the defaults made the weights that come with the hub."""

    members: int = 6  # networks with convolutions
    feature_nets: int = 6  # networks of the features alone
    bagging: bool = True  # member n leaves out the patients of fold n, counted around
    steps: int = 800  # batches per member
    batch: int = 256  # beats
    learning_rate: float = 3e-3  # the highest of the cycle
    weight_decay: float = 0.02
    smoothing: float = 0.05  # of the labels
    dropout: float = 0.3
    width: int = 24  # filters of the first layer
    redraw: int = 400  # steps until the training set is drawn again
    variants: bool = True  # with made-up rhythms
    noise: float = 0.06  # the most white noise a beat gets, in units of the QRS height
    drift: float = 0.15  # the most electrode drift
    bias: tuple[float, float, float, float] = (0.0, -1.25, 0.0, 0.0)  # added to the log-probabilities of N S V F
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

    def round(self, records: Sequence[Labelled]) -> Iterator[float]:
        """The losses of the steps until the training set is drawn again."""
        count = min(self.options.redraw, self.options.steps - self.step)
        examples = draw_examples(records, self.random, variants=self.options.variants)
        order = torch.from_numpy(
            self.random.choice(len(examples.chances), (count, self.options.batch), p=examples.chances)
        )
        self.network.train()
        for places in order:
            loss = self._descend(examples, places)
            self.step += 1
            yield loss

    def _descend(self, examples: Examples, places: Tensor) -> float:
        windows, features = augmented(
            examples.windows[places],
            examples.features[places],
            self.generator,
            noise=self.options.noise,
            drift=self.options.drift,
        )
        loss = F.cross_entropy(
            self.network(windows, features), examples.classes[places], label_smoothing=self.options.smoothing
        )
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
    for number in range(len(done), options.members + options.feature_nets):
        member = _Member(options, number)
        if saved.get("current"):
            member.load_state(saved.pop("current"))
        shown = records_of(number, records) if options.bagging else records
        while member.step < options.steps:
            for loss in member.round(shown):
                if member.step % 50 == 0 or member.step == options.steps:
                    yield TrainStep(number, member.step, options.steps, loss)
            _save_checkpoint(checkpoint, options, records, done, member.state())
        done.append({name: tensor.clone() for name, tensor in member.network.state_dict().items()})
        ensemble.members[number].load_state_dict(done[-1])
        _save_checkpoint(checkpoint, options, records, done, None)
    ensemble.bias.copy_(torch.tensor(options.bias))
    ensemble.eval()


def records_of(member: int, records: Sequence[Labelled]) -> Sequence[Labelled]:
    """What member number ``member`` learns from: all but its fold, or all if nothing else would be left."""
    return [record for record in records if record.record not in FOLDS[member % len(FOLDS)]] or records


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
