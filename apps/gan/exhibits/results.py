"""What the exhibits answer: pictures as numpy uint8 (N, 28, 28), white on black; probabilities 0..1. Without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.gan.drawing.tiles import Pictures

Probabilities = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


@dataclass(frozen=True)
class JudgedPictures:
    """Pictures by a generator, some of them real, and what two networks make of each."""

    pictures: Pictures
    real: tuple[bool, ...]
    asked: tuple[int | None, ...]  # the requested digit, or the real digit's label; None without classes
    p_real: Probabilities  # the discriminator's probability of "real"
    read: tuple[int, ...]  # what the judge reads


@dataclass(frozen=True)
class WrittenNumber:
    """A number in handwriting."""

    pictures: Pictures
    digits: tuple[int, ...]  # as typed
    read: tuple[int, ...]  # as the judge reads them


@dataclass(frozen=True)
class RestoredDigit:
    """A digit, shrunk and restored in two ways."""

    small: Pictures  # (7, 7)
    pictures: Pictures  # (3, 28, 28): the original, the bicubic one, the GAN's
    read: tuple[int, ...]  # what the judge reads in the three
    psnr_db: tuple[float, ...]  # of the last two


@dataclass(frozen=True)
class PlayersAtStep:
    """The two players at one step of training."""

    step: int
    pictures: Pictures  # by the generator that played, not its average
    fake: Probabilities  # D's probabilities of "real" for fakes
    real: Probabilities  # ... for test digits

    def numbers(self) -> dict[str, Any]:
        """Everything but the pictures, as plain values: also the shares that D calls real, of fakes and of digits."""
        return {
            "step": self.step,
            "fooled": float((self.fake > 0.5).mean()),
            "caught": float((self.real > 0.5).mean()),
            "fake": [round(chance, 4) for chance in self.fake.tolist()],
            "real": [round(chance, 4) for chance in self.real.tolist()],
        }


@dataclass(frozen=True)
class Layer:
    """One layer, as it was for the current picture."""

    name: str  # as in the network
    kind: str
    detail: str  # kernel and stride
    shape: tuple[int, ...]  # of its output, without the batch
    parameters: int
    maps: Pictures | None  # (up to MAPS, H, W), each stretched to 0..255; None for vectors


@dataclass(frozen=True)
class Anatomy:
    """Both networks for one picture."""

    generator: tuple[Layer, ...]
    discriminator: tuple[Layer, ...]
    picture: Pictures  # (1, 28, 28)
    p_real: float  # D's probability of "real"
