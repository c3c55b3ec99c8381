"""The hub's face verifier, for a demo that makes faces and wants to know whose they are.

No demo imports another. As the registry names the loaders of networks, the module that verifies is named here and
imported when it is first asked for; whoever asks knows nothing but this protocol.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float64]
PROVIDER = "apps.face.decision.verifier:verifier"


class Verifier(Protocol):
    """Where the face in a photo is, and what a network says of it."""

    @property
    def title(self) -> str:
        """The encoder, for people."""

    @property
    def tau(self) -> float:
        """Same person means ||f(a) - f(b)|| <= tau."""

    def landmarks(self, photo: Image.Image) -> Floats | None:
        """Eyes, nose and corners of the mouth, (5, 2) pixels, of the face that an RGB ``photo`` is about, if any."""

    def encodings(self, faces: Sequence[tuple[Image.Image, Floats]]) -> Floats:
        """f(x) of each photo with its landmarks: unit vectors, (n, D).

        Raises:
            WeightsError: the encoder's weights are not available.
        """


def find_verifier() -> Verifier:
    """The verifier.

    Raises:
        WeightsError: its figures are missing or damaged.
    """
    module, _, function = PROVIDER.partition(":")
    return cast("Verifier", getattr(importlib.import_module(module), function)())
