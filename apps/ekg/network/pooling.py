"""Beats of one shape in one recording share their evidence of where they began.

A patient's ventricular beats come in a few shapes, each many times over. Judged one by one, some of one shape are
called V and others N; together they are one or the other. So the log-odds of "began in the ventricles" (V, F) against
"above them" (N, S) are averaged over the beats whose QRS has nearly the same shape. Whether a beat is S or N is left
alone: that is a matter of its own timing and P wave (averaging that as well makes it worse). No label is used.

The average is weighted by likeness (Nadaraya 1964, Watson 1964), not taken over clusters: nobody has to say how many
shapes a patient has. Up to 2,000 beats spread evenly over the recording are compared with, so that a day's recording
takes bounded memory and time in proportion to its length.

Axis letters: ``K`` beats, ``A`` beats compared with, ``T`` samples.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from apps.ekg.beats.windows import QRS, Array

_COMPARED = 2000
_SHIFTS = (-3, -1, 0, 1, 3)  # samples that a QRS mark may be off
_WIDTH = 0.06  # squared distance, against the mean power of the two, at which the weight has fallen to 1/e
_STEP = 0.9  # of the way from a beat's own log-odds to those of its shape
_OWN = 3.0  # beats of one shape at which half of that step is taken
_LIMIT = 4.0  # of one beat's log-odds: none outvotes the others alone
_POWER_FLOOR = 0.05
_BLOCK = 1024  # beats at once
_VENTRICULAR = slice(2, 4)  # V and F among N S V F
_EPSILON = 1e-6


def pooled(probabilities: Array, windows: Array, usable: npt.NDArray[np.bool_]) -> Array:
    """``probabilities`` (K, 4) of N S V F after beats of one shape have shared their evidence.

    Args:
        probabilities: the network's answer for each beat alone.
        windows: (K, T) as ``cut_beats`` gives them.
        usable: (K,) beats that the others may be compared with.
    """
    choice = np.flatnonzero(usable)
    if choice.size < 2:
        return probabilities
    choice = choice[np.unique(np.linspace(0, choice.size - 1, min(choice.size, _COMPARED)).astype(np.int64))]
    sure = probabilities.astype(np.float64) + _EPSILON
    sure /= sure.sum(axis=1, keepdims=True)
    ventricular = sure[:, _VENTRICULAR].sum(axis=1)
    odds = np.clip(np.log(ventricular / (1 - ventricular)), -_LIMIT, _LIMIT)
    compared = _complexes(windows[choice], 0)
    for start in range(0, len(sure), _BLOCK):
        part = slice(start, start + _BLOCK)
        weights = np.exp(-_distances(windows[part], compared) / _WIDTH)
        total = weights.sum(axis=1)
        step = _STEP * total / (total + _OWN)
        moved = (1 - step) * odds[part] + step * (weights @ odds[choice]) / (total + _EPSILON)
        share = 1 / (1 + np.exp(-moved))
        own = ventricular[part]
        sure[part, _VENTRICULAR] *= (share / own)[:, None]
        sure[part, : _VENTRICULAR.start] *= ((1 - share) / (1 - own))[:, None]
    return np.asarray(sure, np.float32)


def _complexes(windows: Array, shift: int) -> Array:
    """The QRS of ``windows``, ``shift`` samples later, without its mean."""
    part = windows[:, QRS.start + shift : QRS.stop + shift]
    return np.asarray(part - part.mean(axis=1, keepdims=True))


def _distances(windows: Array, compared: Array) -> Array:
    """(K, A) squared distances of the QRS complexes over the mean power of the two, at the best shift."""
    power = (compared * compared).sum(axis=1)
    best = np.full((len(windows), len(compared)), np.inf, np.float32)
    for shift in _SHIFTS:
        own = _complexes(windows, shift)
        both = (own * own).sum(axis=1)[:, None] + power
        np.minimum(best, (both - 2 * own @ compared.T) / (both / 2 + _POWER_FLOOR), out=best)
    return np.maximum(best, 0)
