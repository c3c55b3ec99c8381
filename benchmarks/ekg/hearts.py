"""No heartbeat where there is none, and the right rate where there is: made-up lines and hearts, right, refused, wrong.

``python -m benchmarks.ekg.hearts [--json]``

Hearts of 25 to 300 beats a minute, tiny and huge ones, coarse steps, wide beats, hum; and what is no heart: counters,
ramps, sines, breathing, noise of three colours, steps, pulses, and what other sensors write. Each is a
minute long, at three sampling rates. Right is a heart of which 95 % of the beats are found and 95 % of the marks are
beats, and no heart that is refused. A wrong answer is confident if it has a beat of S, V or F that is not shown as
doubtful, and where no heart is, a beat of any class; where bumps of a touched electrode lie on a heart of normal beats,
a sure S, V or F makes the answer wrong.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import nn

from apps.ekg.aami import UNCLASSIFIED, UNSURE
from apps.ekg.answers.classify import classified
from apps.ekg.answers.disturb import nearest
from apps.ekg.formats.recording import in_memory
from apps.ekg.network.weights import leased
from shared.errors import RecordError

Line = npt.NDArray[np.float64]
SECONDS = 60
RATES_HZ = (130, 250, 500)
TOLERANCE_S = 0.15  # AAMI EC57
_GOOD = 0.95
_WAVES = ((-0.17, 0.13, 0.024), (-0.026, -0.12, 0.009), (0.0, 1.15, 0.011), (0.028, -0.22, 0.010), (0.27, 0.28, 0.050))
_WIDE = ((0.0, 1.45, 0.038), (0.11, -0.35, 0.045), (0.30, -0.38, 0.060))


@dataclass(frozen=True)
class Case:
    """A line, and when its heart beats; no times: there is none."""

    name: str
    line_mv: Line
    rate_hz: float
    times_s: Line
    bumps: bool = False  # all its beats are normal, on a line that moves


def heart(
    t: Line, bpm: float, *, height: float = 1.0, wide: bool = False, spikes: bool = False, irregular: bool = False
) -> tuple[Line, Line]:
    """(millivolts, times of the beats): waves at fixed places, the T wave nearer in a fast heart."""
    random = np.random.default_rng(1)
    beat_s = 60 / bpm
    spread = 0.22 if irregular else 0.01
    intervals = beat_s * np.clip(1 + spread * random.standard_normal(int(t[-1] / beat_s) + 9), 0.55, 1.8)
    times = 0.5 + np.cumsum(intervals) - intervals[0]
    times = times[times < t[-1] - 0.4]
    near = min(1.0, (beat_s / 0.8) ** 0.5)
    line = np.zeros_like(t)
    for time in times:
        for at, mv, width in _WIDE if wide else _WAVES:
            if at < 0 and at < -0.1 and (irregular or beat_s < 0.4):
                continue  # no P wave in fibrillation, and none to be seen in a fast heart
            line += mv * np.exp(-0.5 * ((t - time - at * (near if abs(at) > 0.1 else 1)) / width) ** 2)
        if spikes:
            line += 2.0 * (np.abs(t - time + 0.16) < 0.001)
    return height * line, times


def bumps(t: Line, every_s: float, mv: float, *, seed: int = 3) -> Line:
    """Bumps of a touched electrode, each 0.1 to 0.5 s long and of its own shape, 0.5 to 1.5 times ``mv`` high."""
    random = np.random.default_rng(seed)
    line = np.zeros_like(t)
    for start in np.arange(5, t[-1] - 2, every_s):
        since, width = t - start - random.uniform(0, 1), random.uniform(0.05, 0.25)
        size = mv * random.choice([-1, 1]) * random.uniform(0.5, 1.5)
        swing = np.cos(2 * np.pi * random.uniform(0.5, 3) * (since + random.uniform(0, 1)))
        line += size * swing * np.exp(-0.5 * (since / width) ** 2)
    return line


def cases(rate_hz: float) -> Iterator[Case]:
    """Every case at one sampling rate."""
    random = np.random.default_rng(0)
    t = np.arange(SECONDS * int(rate_hz)) / rate_hz
    white = random.standard_normal(len(t))
    drift = 0.05 * np.sin(2 * np.pi * 0.23 * t)
    none = np.empty(0)

    def made(name: str, line: Line, times: Line = none) -> Case:
        return Case(name, line, rate_hz, times)

    for bpm in (25, 30, 40, 60, 100, 150, 180, 195, 220, 250, 280, 300):
        line, times = heart(t, bpm)
        yield made(f"heart, {bpm} a minute", line + drift + 0.01 * white, times)
    line, times = heart(t, 40)
    yield made("heart, 40 a minute, no noise at all", line, times)
    line, times = heart(t, 48)
    yield made("heart in steps of 38 µV", np.round(26 * line) / 26, times)
    for height in (0.1, 0.3, 5.0, 20.0):
        line, times = heart(t, 72, height=height)
        yield made(f"heart of {height:g} mV", line + height * (drift + 0.01 * white), times)
    for name, options in (("wide beats", {"wide": True}), ("paced", {"wide": True, "spikes": True})):
        line, times = heart(t, 72, **options)
        yield made(f"heart, {name}", line + drift + 0.01 * white, times)
    line, times = heart(t, 95, irregular=True)
    yield made("heart, irregular without P waves", line + drift + 0.03 * white, times)
    line, times = heart(t, 72)
    for hum_hz in (50, 60):
        for hum_mv in (0.2, 2.0):
            yield made(f"heart, {hum_mv:g} mV of {hum_hz} Hz", line + hum_mv * np.sin(2 * np.pi * hum_hz * t), times)
    line, times = heart(t, 170, irregular=True)
    yield made("heart, irregular, 170 a minute", line + drift + 0.03 * white, times)
    line, times = heart(t, 72)
    yield made("heart, wander of 5 mV", line + 5 * np.sin(2 * np.pi * 0.2 * t), times)
    wander, popped = 10 * np.sin(2 * np.pi * 0.3 * t), line + 0.01 * white
    yield Case("heart, wander of 10 mV", line + wander + 0.01 * white, rate_hz, times, bumps=True)
    for start in np.arange(10.3, SECONDS - 2, 19.9):
        popped += 8 * np.exp(-(t - start) / 0.15) * (t >= start)
    yield Case("heart, pops of 8 mV", popped, rate_hz, times, bumps=True)
    for every_s, mv in ((1.7, 1.5), (3, 1.5), (8, 1.5), (5, 3.0)):
        moved = line + bumps(t, every_s, mv) + 0.01 * white
        yield Case(f"heart, bumps of {mv:g} mV every {every_s:g} s", moved, rate_hz, times, bumps=True)
    n = np.arange(len(t), dtype=float)
    lines: dict[str, Line] = {
        "zero": 0 * t,
        "ramp": 0.001 * n,
        "counter, as microvolts": n,
        "counter of 16": n % 16,
        "breathing": np.sin(2 * np.pi * 0.25 * t),
        "pulse wave": np.asarray(np.exp(3 * (np.cos(2 * np.pi * 1.2 * t) - 1)), np.float64),
        "white noise, 0.4 mV": 0.4 * white,
        "white noise, 5 µV": 0.005 * white,
        "steps": 3.0 * (t // 7 % 2),
        "pulses every 10 s": np.asarray(10.0 * (t % 10 < 0.1), np.float64),
        "hum of 50 Hz alone": np.sin(2 * np.pi * 50 * t),
        "hum of 60 Hz alone": np.sin(2 * np.pi * 60 * t),
        "like an EEG, 30 µV": 0.03 * _coloured(random, len(t), 1.0, rate_hz),
        "like an EEG, read as 1 mV": _coloured(random, len(t), 1.0, rate_hz),
        "walk": _coloured(random, len(t), 2.0, rate_hz),
    }
    lines |= {
        "saw teeth": 1 - t * 1.5 % 1,
        "steps and slow returns": np.asarray(np.exp(-(t % 1) / 0.3), np.float64),
        "a square wave": np.where(t % 1 < 0.5, 1.0, 0.0),
        "bursts of noise": 0.5 * white * (np.sin(2 * np.pi * 0.4 * t) > 0.7) + 0.005 * random.standard_normal(len(t)),
        "spikes of a stimulator": np.where(np.abs(t * 1.2 % 1 - 0.5) < 0.003, 2.0, 0.0)
        + 0.01 * random.standard_normal(len(t)),
    }
    lines |= {f"sine of {hz:g} Hz": np.sin(2 * np.pi * hz * t) for hz in (1.0, 3.0, 8.1777, 15.0)}
    lines["alpha waves of 10 Hz"] = np.sin(2 * np.pi * 10 * t) * (1 + np.sin(2 * np.pi * 0.5 * t)) + 0.2 * white
    for name, line in (lines | sensors(t)).items():
        yield made(name, line)


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


def _size(random: np.random.Generator) -> float:
    return float(random.choice([-1, 1]) * random.uniform(0.5, 1.5))


def _train(t: Line, random: np.random.Generator, bpm: float, one: Callable[[Line], Line], spread: float) -> Line:
    """``one`` (of the seconds since its time), ``bpm`` times a minute, at intervals that vary by their ``spread``."""
    line, time = np.zeros_like(t), 0.3
    while time < t[-1]:
        near = slice(*np.searchsorted(t, [time - 0.8, time + 1.2]))
        line[near] += one(t[near] - time)
        time += 60 / bpm * float(np.clip(1 + spread * random.standard_normal(), 0.6, 1.5))
    return line


def _coloured(random: np.random.Generator, size: int, power: float, rate_hz: float) -> Line:
    """Noise whose amplitude falls as 1 / f ** (power / 2) above 0.5 Hz; standard deviation 1."""
    spectrum = np.fft.rfft(random.standard_normal(size))
    hertz = np.fft.rfftfreq(size, 1 / rate_hz)
    spectrum *= np.maximum(hertz, 0.5) ** (-power / 2)
    line = np.fft.irfft(spectrum, size)
    return np.asarray(line / line.std())


def judged(case: Case, network: nn.Module) -> tuple[str, str]:
    """(right, refused, wrong or "wrong, confident"; what was said)."""
    try:
        found = classified(in_memory(case.name, case.line_mv, case.rate_hz, ("II",)), network)
    except RecordError as error:
        return ("refused" if len(case.times_s) else "right"), error.found
    known = found.classes != UNCLASSIFIED
    sure = known & (found.probabilities.max(axis=1) >= UNSURE)
    abnormal = sure & (found.classes > 0)
    said = f"{len(found.times_s)} beats, {Counter(found.classes.tolist())}, {int(abnormal.sum())} surely abnormal"
    if len(case.times_s) and not (case.bumps and abnormal.any()):
        hits = np.abs(found.times_s[nearest(found.times_s, case.times_s)] - case.times_s) <= TOLERANCE_S
        if hits.mean() >= _GOOD and hits.sum() >= _GOOD * len(found.times_s) and known.mean() > _GOOD:
            return "right", said
    confident = abnormal.any() or (not len(case.times_s) and sure.any())
    return ("wrong, confident" if confident else "wrong"), said


def table(
    network: nn.Module, *, rates_hz: tuple[float, ...] = RATES_HZ, wanted: Callable[[str], bool] = bool
) -> list[dict[str, str]]:
    """A row per case and rate, of the cases whose name is ``wanted``."""
    rows = []
    for rate_hz in rates_hz:
        for case in cases(rate_hz):
            if wanted(case.name):
                verdict, said = judged(case, network)
                rows.append({"case": case.name, "rate_hz": f"{rate_hz:g}", "verdict": verdict, "said": said})
    return rows


def main() -> None:
    """Measure, print what is not right, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with leased() as network:
        rows = table(network)
    for row in rows if arguments.json else [row for row in rows if row["verdict"] != "right"]:
        print(json.dumps(row, ensure_ascii=False))
    print(json.dumps(Counter(row["verdict"] for row in rows)))


if __name__ == "__main__":
    main()
