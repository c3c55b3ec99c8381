"""A training to be watched from its first breath: the DCGAN on a few hundred digits, with sixteen seeds that stay.

Bounded in time and memory: ``MOST`` steps, ``_FRAMES`` sheets for the film.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from apps.gan.drawing.real_digits import real_digits
from apps.gan.drawing.sampling import latents, paint, verdicts
from apps.gan.drawing.tiles import Pictures, sheet
from apps.gan.players.data import Digits, to_input
from apps.gan.training.train import Game, Plan
from shared.errors import InputError
from shared.progress import Progress

SEEDS = 16  # pictures that are drawn again and again, each from its own z
MOST = 1_200  # steps of one training
_BATCH = 32
_FRAMES = 80  # of the film at most; then every second one goes
_STRIDE = 4  # steps from one frame to the next, at first
_FRAME_MS = 90
_COLUMNS = 4
Chances = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


@dataclass(frozen=True)
class Breath:
    """The game at one moment: what G draws, what D makes of it and of as many real digits."""

    steps: int  # done
    pictures: Pictures  # (SEEDS, 28, 28)
    fake: Chances  # (SEEDS,): D's probability of "real" for each of them
    real: Chances  # (SEEDS,): ... for real digits
    losses_d: tuple[float, ...]  # one per step, all of them
    losses_g: tuple[float, ...]


class OwnTraining:
    """One visitor's training. Not shared between visitors.

    Args:
        seed: of the weights, the batches and the sixteen z.
    """

    def __init__(self, seed: int) -> None:
        plan = Plan(steps=MOST, batch_size=_BATCH, g_widths=(96, 64, 16), d_widths=(32, 64, 128), d_hidden=64,
                    cool_down=0.0, seed=seed)  # fmt: skip
        self.game = Game(plan, torch.device("cpu"))
        pictures, labels = real_digits()
        self._data = Digits(torch.from_numpy(pictures.copy()), torch.from_numpy(labels))
        self._z = latents(seed, SEEDS)
        self._shown = to_input(self._data.images[:: len(pictures) // SEEDS][:SEEDS])
        self._losses_d, self._losses_g = list[float](), list[float]()
        self._frames: list[Pictures] = []
        self._stride = _STRIDE
        self._turn = threading.Lock()  # whoever stops a training looks at it while its last step may be played
        self._keep_frame(self._drawn())

    def play(self, steps: int) -> Iterator[Progress]:
        """``steps`` more steps, or as many as are left; one ``Progress`` after each."""
        begun, first = time.monotonic(), self.game.step
        last = min(first + steps, MOST)
        if first == last:
            raise InputError(
                f"a training of fewer than {MOST:,} steps", f"{first:,}", "Press “Start again”, with another seed."
            )
        while self.game.step < last:
            with self._turn:
                scores = self.game.play(self._data)
                self._losses_d.append(scores.loss_d)
                self._losses_g.append(scores.loss_g)
                if scores.step % self._stride == 0:
                    self._keep_frame(self._drawn())
            passed = time.monotonic() - begun
            yield Progress(done=scores.step - first, total=last - first, elapsed_s=passed)

    def breath(self) -> Breath:
        """The game now."""
        with self._turn:
            pictures = self._drawn()
            fake = verdicts(self.game.d, to_input(torch.from_numpy(pictures))).sigmoid().numpy()
            real = verdicts(self.game.d, self._shown).sigmoid().numpy()
            return Breath(self.game.step, pictures, fake, real, tuple(self._losses_d), tuple(self._losses_g))

    def film(self) -> bytes:
        """The sixteen pictures from the first step to the latest as an animated GIF, which stands still at its end."""
        with self._turn:
            pictures = [*self._frames, self._drawn()]
        frames = [sheet(drawn, _COLUMNS, zoom=3) for drawn in pictures]
        times = [_FRAME_MS] * (len(frames) - 1) + [20 * _FRAME_MS]
        buffer = io.BytesIO()
        small = [frame.convert("P", palette=Image.Palette.ADAPTIVE, colors=32) for frame in frames]
        small[0].save(buffer, "GIF", save_all=True, append_images=small[1:], duration=times, loop=0)
        return buffer.getvalue()

    def _drawn(self) -> Pictures:
        self.game.g.eval()
        found: Pictures = paint(self.game.g, self._z).numpy()
        return found

    def _keep_frame(self, pictures: Pictures) -> None:
        self._frames.append(pictures)
        if len(self._frames) > _FRAMES:
            self._frames = self._frames[::2]
            self._stride *= 2
