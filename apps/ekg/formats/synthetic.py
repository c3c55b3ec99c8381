"""A synthetic electrocardiogram whose every beat is known: for samples that say so, and for tests.

Each wave is a Gaussian at a fixed distance from the QRS peak, as in the model of McSharry, Clifford, Tarassenko and
Smith 2003 without its differential equation. A premature atrial beat (S) comes early with an inverted P wave; a
premature ventricular one (V) comes early, wide and without P wave, with its T wave upside down and a compensatory
pause after it. It only looks like an EKG: nothing measured on it says anything about patients.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.ekg.formats.recording import Annotations, Recording, in_memory

SYNTHETIC_RATE_HZ = 360.0


@dataclass(frozen=True)
class Wave:
    """A Gaussian: its centre from the QRS peak and its width in seconds, its height in millivolt."""

    at_s: float
    height_mv: float
    width_s: float


_QRST = (Wave(-0.028, -0.12, 0.010), Wave(0, 1.1, 0.011), Wave(0.03, -0.22, 0.012), Wave(0.27, 0.28, 0.05))
SHAPES: dict[str, tuple[Wave, ...]] = {
    "N": (Wave(-0.17, 0.13, 0.024), *_QRST),
    "S": (Wave(-0.12, -0.09, 0.018), *_QRST),
    "V": (Wave(-0.01, 1.35, 0.042), Wave(0.10, -0.45, 0.05), Wave(0.32, -0.4, 0.07)),
}


@dataclass(frozen=True)
class Rhythm:
    """What a synthetic heart does."""

    bpm: float = 70.0
    s_share: float = 0.0  # of the beats, 0..1
    v_share: float = 0.0
    jitter: float = 0.02  # standard deviation of the RR interval, as a share of it
    noise_mv: float = 0.01  # standard deviation of white noise
    drift_mv: float = 0.08  # breathing, 0.25 Hz
    fibrillation_mv: float = 0.0  # above 0: no P wave, but waves of this amplitude at 6 Hz


def synthetic(duration_s: float, rhythm: Rhythm, *, seed: int = 0, lead: str = "MLII") -> Recording:
    """A recording of one lead with annotations; the same seed gives the same recording."""
    random = np.random.default_rng(seed)
    times, symbols = _beats(duration_s, rhythm, random)
    t = np.arange(round(duration_s * SYNTHETIC_RATE_HZ)) / SYNTHETIC_RATE_HZ
    signal = rhythm.drift_mv * np.sin(2 * np.pi * 0.25 * t) + rhythm.noise_mv * random.standard_normal(len(t))
    signal += rhythm.fibrillation_mv * np.sin(2 * np.pi * 6 * t + 2 * np.sin(2 * np.pi * 0.7 * t))
    for peak, symbol in zip(times, symbols, strict=True):
        first, last = np.searchsorted(t, [peak - 0.4, peak + 0.7])
        signal[first:last] += _shape(t[first:last] - peak, symbol, with_p=not rhythm.fibrillation_mv)
    marks = Annotations(times, tuple(symbols))
    return in_memory(
        "synthetic", signal, SYNTHETIC_RATE_HZ, (lead,), annotations=marks, warnings=("Synthetic: not a real patient.",)
    )


def _shape(t: npt.NDArray[np.float64], symbol: str, *, with_p: bool) -> npt.NDArray[np.float64]:
    total = np.zeros_like(t)
    for wave in SHAPES[symbol] if with_p or symbol == "V" else _QRST:
        total += wave.height_mv * np.exp(-0.5 * ((t - wave.at_s) / wave.width_s) ** 2)
    return total


def _beats(duration_s: float, rhythm: Rhythm, random: np.random.Generator) -> tuple[npt.NDArray[np.float64], list[str]]:
    """Times of the QRS peaks, and N, S or V for each; no two ectopic beats in a row."""
    sinus_s = 60 / rhythm.bpm
    times, symbols = [0.5], ["N"]
    while True:
        symbol = "N"
        if symbols[-1] == "N" and len(times) > 4:
            symbol = str(
                random.choice(["S", "V", "N"], p=[rhythm.s_share, rhythm.v_share, 1 - rhythm.s_share - rhythm.v_share])
            )
        interval = sinus_s * float(np.clip(random.normal(1, rhythm.jitter), 0.5, 1.5))
        if symbol != "N":
            interval *= random.uniform(0.58, 0.72)
        elif symbols[-1] == "V":
            interval = 2 * sinus_s - (times[-1] - times[-2])  # the sinus node keeps its own time
        elif symbols[-1] == "S":
            interval *= 1.1
        if times[-1] + interval > duration_s - 0.7:
            return np.array(times), symbols
        times.append(times[-1] + interval)
        symbols.append(symbol)
