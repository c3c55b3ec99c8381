"""What hands, and sensors of something else, put on a line: pulses, pressures, brains, muscles, speech, steps, taps.

Each is made of bell curves or swings at the times of its own rhythm, as a recorder with nothing written beside it gives
them: in millivolts, or drawn as if they were.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Line = npt.NDArray[np.float64]
Random = np.random.Generator


def sensors(t: Line) -> dict[str, Line]:
    """A line for each name, at the times ``t`` in seconds."""
    random = np.random.default_rng(7)
    calm = 0.01 * random.standard_normal(len(t))

    def train(bpm: float, one: Callable[[Line], Line], *, spread: float = 0.03) -> Line:
        return _train(t, random, bpm, one, spread)

    pressure = train(95, lambda s: _bell(s, 0.05, 0.14) + 0.3 * _bell(s - 0.26, 0.08) - 0.1 * _bell(s - 0.17, 0.02))
    steps = train(110, lambda s: 0.8 * _bell(s, 0.03, 0.07) + 0.9 * _ring(s, 12, 0.06))
    syllables = train(240, lambda s: random.uniform(0.3, 1) * _bell(s, 0.05, 0.08), spread=0.25)
    alpha = np.sin(2 * np.pi * 9.6 * t) * np.clip(np.sin(2 * np.pi * 0.15 * t), 0, 1)
    return {
        "pressure of 80 to 120, read as mV": 80 + 40 * pressure,
        "pressure, drawn as 1 mV": pressure + 0.05 * np.sin(2 * np.pi * 0.22 * t),
        "walking, in g": 1 + 0.3 * np.sin(2 * np.pi * 0.9 * t) + steps,
        "speech": syllables * random.standard_normal(len(t)),
        "alpha waves that come and go": alpha + 5 * calm,
        "mains of 60 Hz and its harmonics": calm + sum(np.sin(2 * np.pi * 60 * k * t + k) / k for k in range(1, 6)),
        "finger pulse, 75 a minute": calm + train(75, lambda s: _bell(s, 0.07, 0.13) + 0.4 * _bell(s - 0.3, 0.09)),
        "finger pulse, 140 a minute": calm + train(140, lambda s: _bell(s, 0.05, 0.09) + 0.3 * _bell(s - 0.2, 0.06)),
        "sharp pulse": calm + train(85, lambda s: _bell(s, 0.04, 0.08) + 0.5 * _bell(s - 0.25, 0.08)),
        "spikes and waves": 4 * calm + train(180, lambda s: _bell(s, 0.02) - 0.9 * _bell(s - 0.13, 0.07)),
        "T waves alone": 0.5 * calm + train(70, lambda s: 0.3 * _bell(s, 0.055, 0.04)),
        "P waves alone": 0.3 * calm + train(80, lambda s: 0.2 * _bell(s, 0.022)),
        "taps": calm + train(90, lambda s: _size(random) * _ring(s, random.uniform(4, 20), 0.06), spread=0.15),
        "a stimulator": calm + train(70, lambda s: _bell(s, 0.005) - _bell(s - 0.015, 0.005), spread=0.0),
    }


def _bell(since: Line, width: float, behind: float | None = None) -> Line:
    """A bell curve at 0, of another width ``behind`` it, in seconds."""
    return np.exp(-0.5 * (since / np.where(since < 0, width, behind or width)) ** 2)


def _ring(since: Line, hertz: float, decay_s: float) -> Line:
    """A swing that begins at 0 and dies away."""
    return np.where(since > 0, np.exp(-since / decay_s) * np.sin(2 * np.pi * hertz * since), 0.0)


def _size(random: Random) -> float:
    return float(random.choice([-1, 1]) * random.uniform(0.5, 1.5))


def _train(t: Line, random: Random, bpm: float, one: Callable[[Line], Line], spread: float) -> Line:
    """``one`` (of the seconds since its time), ``bpm`` times a minute, at intervals that vary by their ``spread``."""
    line, time = np.zeros_like(t), 0.3
    while time < t[-1]:
        near = slice(*np.searchsorted(t, [time - 0.8, time + 1.2]))
        line[near] += one(t[near] - time)
        time += 60 / bpm * float(np.clip(1 + spread * random.standard_normal(), 0.6, 1.5))
    return line
