"""Beats of one QRS shape in one recording: how alike they are, and what they have in common.

A patient's ectopic beats come in a few shapes, each many times over, and beats of one shape began in the same place.
Likeness is a weight between 0 and 1, not a cluster: nobody has to say how many shapes a patient has. Up to 2,000 beats
spread evenly over the recording are compared with, so that a day's recording takes bounded memory and time in
proportion to its length.

Axis letters: ``K`` beats, ``A`` beats compared with, ``T`` samples, ``D`` features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.ekg.beats.windows import QRS, Array

_COMPARED = 2000  # beats, evenly from all, that each is compared with: a day has 100,000
_SHIFTS = (-3, -1, 0, 1, 3)  # samples that a QRS mark may be off
_WIDTH = 0.06  # squared distance, against the mean power of the two, at which the weight has fallen to 1/e
_POWER_FLOOR = 0.05  # added to the mean power: two flat beats are alike, not infinitely apart
_LIMIT = 2.0  # of every feature, either way
EVERY_BEAT = 0.5  # "share of the beats" where all have one shape

SHARED_FEATURES = (  # of the beats of its shape
    "share of the beats",
    "mean RR / usual interval",
    "mean next RR / usual interval",
    "mean likeness of the P wave",
    "mean QRS width",
    "RR / usual interval, less the mean",
    "spread of RR / usual interval",
)


@dataclass(frozen=True)
class Shapes:
    """The beats of a recording and those among them that all are compared with."""

    windows: Array  # (K, T) as ``cut_beats`` gives them
    chosen: npt.NDArray[np.int64]  # (A,) places of the beats compared with
    compared: Array  # (A, T) their QRS

    def weights(self, start: int, stop: int) -> Array:
        """How alike the beats ``start`` to ``stop`` are to those compared with: (stop - start, A), 0..1."""
        windows = self.windows[start:stop]
        power = (self.compared * self.compared).sum(axis=1)
        best = np.full((len(windows), len(self.compared)), np.inf, np.float32)
        for shift in _SHIFTS:
            own = _complexes(windows, shift)
            both = (own * own).sum(axis=1)[:, None] + power
            np.minimum(best, (both - 2 * own @ self.compared.T) / (both / 2 + _POWER_FLOOR), out=best)
        return np.asarray(np.exp(-np.maximum(best, 0) / _WIDTH))


def shapes_of(windows: Array, usable: npt.NDArray[np.bool_]) -> Shapes:
    """The shapes of ``windows`` (K, T), compared with those that are ``usable`` (K,)."""
    chosen = np.flatnonzero(usable)
    if chosen.size:
        chosen = chosen[np.unique(np.linspace(0, chosen.size - 1, min(chosen.size, _COMPARED)).astype(np.int64))]
    return Shapes(windows, chosen, _complexes(windows[chosen], 0))


def shared_features(weights: Array, own: Array, chosen: Array) -> Array:
    """(K, D) in the order of ``SHARED_FEATURES``.

    Args:
        weights: (K, A) of ``Shapes.weights``.
        own: (K, 4) of each beat: its interval and the next against the usual one, likeness of the P wave, QRS width.
        chosen: (A, 4) the same of the beats compared with.
    """
    total = weights.sum(axis=1, keepdims=True)
    mean = (weights @ chosen + own) / (total + 1)
    early, early_chosen = own[:, :1], chosen[:, :1]
    squares = (weights @ early_chosen**2 + early**2) / (total + 1)
    spread = np.sqrt(np.maximum(0, squares - mean[:, :1] ** 2))
    share = np.log((total + 0.5) / max(1, len(chosen))) / 3 + EVERY_BEAT
    columns = np.concatenate([share, mean, early - mean[:, :1], 3 * spread], axis=1)
    return np.asarray(np.clip(columns, -_LIMIT, _LIMIT), np.float32)


def _complexes(windows: Array, shift: int) -> Array:
    """The QRS of ``windows``, ``shift`` samples later, without its mean."""
    part = windows[:, QRS.start + shift : QRS.stop + shift]
    return np.asarray(part - part.mean(axis=1, keepdims=True))
