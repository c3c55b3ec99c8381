"""Beats of one shape in one recording share their evidence of where they began.

A patient's ventricular beats come in a few shapes, each many times over. Judged one by one, some of one shape are
called V and others N; together they are one or the other. So the log-odds of "began in the ventricles" (V, F) against
"above them" (N, S) are averaged over the beats whose QRS has nearly the same shape. Whether a beat is S or N is left
alone: that is a matter of its own timing and P wave (averaging that as well makes it worse). No label is used.

The average is weighted by likeness (Nadaraya 1964, Watson 1964), as ``apps.ekg.beats.shapes`` finds it.

Axis letters: ``K`` beats, ``T`` samples.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from apps.ekg.beats.shapes import shapes_of
from apps.ekg.beats.windows import Array

_STEP = 0.9  # of the way from a beat's own log-odds to those of its shape
_OWN = 3.0  # beats of one shape at which half of that step is taken
_LIMIT = 4.0  # of one beat's log-odds: none outvotes the others alone
_BLOCK = 1024  # beats at once
_VENTRICULAR = slice(2, 4)  # V and F among N S V F
_EPSILON = 1e-6  # of a probability: its log-odds stay finite


def pooled(probabilities: Array, windows: Array, usable: npt.NDArray[np.bool_]) -> Array:
    """``probabilities`` (K, 4) of N S V F after beats of one shape have shared their evidence.

    Args:
        probabilities: the network's answer for each beat alone.
        windows: (K, T) as ``cut_beats`` gives them.
        usable: (K,) beats that the others may be compared with.
    """
    shapes = shapes_of(windows, usable)
    if len(shapes.chosen) < 2:
        return probabilities
    sure = probabilities.astype(np.float64) + _EPSILON
    sure /= sure.sum(axis=1, keepdims=True)
    ventricular = sure[:, _VENTRICULAR].sum(axis=1)
    odds = np.clip(np.log(ventricular / (1 - ventricular)), -_LIMIT, _LIMIT)
    for start in range(0, len(sure), _BLOCK):
        part = slice(start, start + _BLOCK)
        weights = shapes.weights(start, min(start + _BLOCK, len(sure)))
        total = weights.sum(axis=1)
        step = _STEP * total / (total + _OWN)
        moved = (1 - step) * odds[part] + step * (weights @ odds[shapes.chosen]) / (total + _EPSILON)
        share = 1 / (1 + np.exp(-moved))
        own = ventricular[part]
        sure[part, _VENTRICULAR] *= (share / own)[:, None]
        sure[part, : _VENTRICULAR.start] *= ((1 - share) / (1 - own))[:, None]
    return np.asarray(sure, np.float32)
