"""A visitor's own training as it is kept between two looks at it: plain values, without torch, which may travel.

Bounded in time and memory: ``MOST`` steps, ``FRAMES`` sheets for the film.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from apps.gan.drawing.tiles import Pictures, sheet
from shared.engine import room
from shared.errors import InputError, ResourceError
from shared.progress import Progress

if TYPE_CHECKING:
    from apps.gan.training import live
else:
    live = room("apps.gan.training.live")

SEEDS = 16  # pictures that are drawn again and again, each from its own z
MOST = 1_200  # steps of one training
FRAMES = 80  # of the film at most; then every second one goes
STRIDE = 4  # steps from one frame to the next, at first
_FRAME_MS = 90  # of the film: 80 frames are seven seconds
_COLUMNS = 4  # of the sixteen pictures
_PATIENCE_S = 20.0  # that a step which was stopped may still take
Chances = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Breath:
    """The game at one moment: what G draws, what D makes of it and of as many real digits."""

    pictures: Pictures  # (SEEDS, 28, 28)
    fake: Chances  # (SEEDS,): D's probability of "real" for each of them
    real: Chances  # (SEEDS,): ... for real digits
    losses_d: tuple[float, ...]  # one per step, all of them
    losses_g: tuple[float, ...]

    @property
    def steps(self) -> int:
        """How many were played."""
        return len(self.losses_d)


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """From where a training can go on."""

    game: bytes  # both players and their optimizers, 10 MB; empty before the first step
    frames: tuple[Pictures, ...]  # of the film
    stride: int  # steps from one frame to the next


class OwnTraining:
    """One visitor's training, made by ``live.begun``. Not shared between visitors."""

    def __init__(self, seed: int, breath: Breath, kept: Checkpoint) -> None:
        """``seed``: of the weights, the batches and the sixteen z."""
        self.seed = seed
        self.breath = breath  # when it was last looked at
        self.kept = kept
        self._told = kept  # to the other side
        self._playing = threading.Lock()

    def play(self, steps: int) -> Iterator[Progress]:
        """``steps`` more steps, or as many as are left; now and then how far it is, with a new ``breath``.

        Raises:
            InputError: there is none left.
            ResourceError: an earlier ``play`` that was stopped does not end.
        """
        first = self.breath.steps
        if first >= MOST:
            raise InputError(
                f"a training of fewer than {MOST:,} steps", f"{first:,}", "Press “Start again”, with another seed."
            )
        if not self._playing.acquire(timeout=_PATIENCE_S):
            raise ResourceError("", "The step before Stop is still running", "Press again in a moment.")
        try:
            yield from live.play(self, self.breath.steps, min(self.breath.steps + steps, MOST))
        finally:
            self._playing.release()

    def numbers(self) -> dict[str, Any]:
        """The seed and everything of ``breath`` but the pictures, as plain values."""
        values = {name: value for name, value in vars(self.breath).items() if name != "pictures"}
        chances = {name: values.pop(name).tolist() for name in ("fake", "real")}
        return {"seed": self.seed, "steps": self.breath.steps, **values, **chances}

    def film(self) -> bytes:
        """The sixteen pictures from the first step to the latest as an animated GIF, which stands still at its end."""
        frames = [sheet(drawn, _COLUMNS, zoom=3) for drawn in (*self.kept.frames, self.breath.pictures)]
        times = [_FRAME_MS] * (len(frames) - 1) + [20 * _FRAME_MS]
        buffer = io.BytesIO()
        small = [frame.convert("P", palette=Image.Palette.ADAPTIVE, colors=32) for frame in frames]
        small[0].save(buffer, "GIF", save_all=True, append_images=small[1:], duration=times, loop=0)
        return buffer.getvalue()

    def noted(self) -> dict[str, Any]:
        """See ``shared.engine.Resumable``: how far it is; the players themselves only where they are newer."""
        changed: dict[str, Any] = {"breath": self.breath}
        if self.kept is not self._told:
            changed["kept"] = self._told = self.kept
        return changed

    def note(self, noted: object) -> None:
        """See ``shared.engine.Resumable``."""
        if isinstance(noted, dict):
            vars(self).update(noted)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_playing"} | {"_told": self.kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._playing = threading.Lock()
