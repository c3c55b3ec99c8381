"""A training to be watched from its first step: the DCGAN on a few hundred digits, with sixteen seeds that stay.

These functions hold the networks. What a training knows between two of them, or after a worker has died, is in the
``OwnTraining``: plain values.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator

import torch

from apps.gan.drawing.real_digits import real_digits
from apps.gan.drawing.sampling import latents, paint, verdicts
from apps.gan.drawing.tiles import Pictures
from apps.gan.players.data import Digits, to_input
from apps.gan.training.own import FRAMES, MOST, SEEDS, STRIDE, Breath, Checkpoint, OwnTraining
from apps.gan.training.train import Game, Plan
from shared.progress import Progress
from shared.serving.turns import TURNS

_BATCH = 32  # digits of a step, half as many as in the bundled runs
_BREATH_S = 0.5  # s from one breath to the next
_KEEP_S = 3.0  # s that a worker's death may cost


def begun(seed: int) -> OwnTraining:
    """A training before its first step; ``seed`` is that of the weights, the batches and the sixteen z."""
    table = _Table(seed)
    return OwnTraining(seed, table.breath(), Checkpoint(game=b"", frames=(table.drawn(),), stride=STRIDE))


def play(training: OwnTraining, first: int, last: int) -> Iterator[Progress]:
    """Play until ``last`` steps are done; now and then how far it is since ``first``, with a new breath."""
    table = _Table(training.seed, training)
    begun_s = breathed_s = kept_s = time.monotonic()
    try:
        while table.game.step < last:
            table.step()
            TURNS.breathe()
            now_s = time.monotonic()
            if now_s - breathed_s >= _BREATH_S or table.game.step == last:
                breathed_s = now_s
                training.breath = table.breath()
                if now_s - kept_s >= _KEEP_S:
                    kept_s, training.kept = now_s, table.kept()
                yield Progress(done=table.game.step - first, total=last - first, elapsed_s=now_s - begun_s)
    finally:
        training.breath, training.kept = table.breath(), table.kept()


class _Table:
    """A game while it is being played."""

    def __init__(self, seed: int, training: OwnTraining | None = None) -> None:
        plan = Plan(steps=MOST, batch_size=_BATCH, g_widths=(96, 64, 16), d_widths=(32, 64, 128), d_hidden=64,
                    cool_down=0.0, seed=seed)  # fmt: skip
        self.game = Game(plan, torch.device("cpu"))
        pictures, labels = real_digits()
        self._data = Digits(torch.from_numpy(pictures.copy()), torch.from_numpy(labels))
        self._z = latents(seed, SEEDS)
        self._shown = to_input(self._data.images[:: len(pictures) // SEEDS][:SEEDS])
        self._losses_d, self._losses_g = list[float](), list[float]()
        self._frames, self._stride = list[Pictures](), STRIDE
        if training is not None:
            self._go_on_from(training)

    def _go_on_from(self, training: OwnTraining) -> None:
        """As it was kept last; what was played after that, and seen, is played again."""
        self._frames, self._stride = list(training.kept.frames), training.kept.stride
        if training.kept.game:
            self.game.restore(torch.load(io.BytesIO(training.kept.game), weights_only=True))
        self._losses_d += training.breath.losses_d[: self.game.step]
        self._losses_g += training.breath.losses_g[: self.game.step]

    def step(self) -> None:
        """One more."""
        scores = self.game.play(self._data)
        self._losses_d.append(scores.loss_d)
        self._losses_g.append(scores.loss_g)
        if scores.step % self._stride == 0:
            self._frames.append(self.drawn())
            if len(self._frames) > FRAMES:
                self._frames = self._frames[::2]
                self._stride *= 2

    def breath(self) -> Breath:
        """The game now."""
        pictures = self.drawn()
        return Breath(
            pictures=pictures,
            fake=verdicts(self.game.d, to_input(torch.from_numpy(pictures))).sigmoid().numpy(),
            real=verdicts(self.game.d, self._shown).sigmoid().numpy(),
            losses_d=tuple(self._losses_d),
            losses_g=tuple(self._losses_g),
        )

    def kept(self) -> Checkpoint:
        """From where it can go on."""
        file = io.BytesIO()
        torch.save(self.game.state(), file)
        return Checkpoint(game=file.getvalue(), frames=tuple(self._frames), stride=self._stride)

    def drawn(self) -> Pictures:
        """What G draws of the sixteen z."""
        self.game.g.eval()
        found: Pictures = paint(self.game.g, self._z).numpy()
        return found
