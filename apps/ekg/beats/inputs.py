"""The network's input, made in one place: training, evaluation, the page and the live monitor all come here.

    beats -> references, intervals as ratios (of the whole sequence) -> channels and features (of any part of it)

Axis letters: ``K`` beats, ``C`` channels, ``T`` samples, ``D`` features.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from apps.ekg.beats.features import rhythm_features, shape_features, shared_with_shape
from apps.ekg.beats.shapes import Shapes, shapes_of, shared_features
from apps.ekg.beats.windows import MARGIN, WINDOW, Array, Beats, References, channels, references

_BLOCK = 1024  # beats at a time
_Windows = TypeVar("_Windows")  # an array or a tensor


@dataclass(frozen=True)
class NetworkInputs:
    """A sequence of beats with all that each is compared with, from which the input of any of them is made."""

    beats: Beats
    reference: References
    rhythm: Array  # (K, D) of the intervals, in the order of ``RHYTHM_FEATURES``
    shape: Array  # (K, D) of the waves, in the order of ``SHAPE_FEATURES``
    shapes: Shapes  # which beats have the same

    def of(self, start: int, stop: int, *, margin: bool = False) -> tuple[Array, Array]:
        """Windows (K, C, WINDOW) and features (K, D) of the beats ``start`` to ``stop``.

        With ``margin`` the windows keep ``MARGIN`` samples more on either side, for training to shift them.
        """
        features = self.features(start, stop)
        windows = channels(self.beats, self.reference, start, stop)
        return windows if margin else np.ascontiguousarray(cropped(windows)), features

    def features(self, start: int, stop: int) -> Array:
        """(K, D) of the beats ``start`` to ``stop``, in the order of ``FEATURES``."""
        alone = np.concatenate([self.rhythm[start:stop], self.shape[start:stop]], axis=1)
        others = shared_with_shape(self.rhythm[self.shapes.chosen], self.shape[self.shapes.chosen])
        own = shared_with_shape(self.rhythm[start:stop], self.shape[start:stop])
        return np.concatenate([alone, shared_features(self.shapes.weights(start, stop), own, others)], axis=1)


def network_inputs(beats: Beats) -> NetworkInputs:
    """The inputs of ``beats``, which are one recording's (or one stretch of it) in order of time; K >= 2."""
    reference, n = references(beats), len(beats.rr_s)
    parts = [shape_features(beats, reference, start, min(start + _BLOCK, n)) for start in range(0, n, _BLOCK)]
    shapes = shapes_of(beats.windows, beats.usable)
    return NetworkInputs(beats, reference, rhythm_features(beats.rr_s), np.concatenate(parts), shapes)


def cropped(windows: _Windows, shift: int = 0) -> _Windows:
    """``windows`` (..., WINDOW + 2 * MARGIN) without their margins, ``shift`` samples later (up to ``MARGIN``)."""
    return windows[..., MARGIN + shift : MARGIN + shift + WINDOW]  # type: ignore[index,no-any-return]
