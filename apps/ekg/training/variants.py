"""Rhythms that the patients do not show, made from beats that they do: training examples, never test examples.

DS1 has hardly any long run of supraventricular beats, one patient or two in atrial fibrillation, nobody in whom ectopic
beats are the majority, and eight patients who have nearly all the S beats; other patients differ. So training adds,
for every record it draws on, sequences built from that record's own beats with intervals of another rhythm:

* ``sick_sinus``: runs of S with a slow sinus beat after each pause, so that S is the majority of the "record";
* ``long_runs``: stretches of the record as it is, broken by S in runs of up to a minute and more at a steady rate;
* ``premature``: made-up S beats in a record of any rhythm that is even enough: the QRS and T wave of a normal beat,
  the T wave of the beat before moved to where the short interval puts it, and the P wave of another focus;
* ``frequent``: the same, but a single early beat every few beats, all of one coupling interval and one pause;
* ``rate_drift``: the record as it is, faster and slower over minutes, as after exercise;
* ``fibrillation``: no P wave, fine fibrillatory waves of 4 to 9 Hz, and intervals without order, in class N;
* ``paroxysms``: stretches of the record as it is and of its made-up fibrillation by turns.

All scales and references are computed on the made-up sequence, as for a real record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from apps.ekg.aami import LETTERS
from apps.ekg.beats.signals import RATE_HZ
from apps.ekg.beats.windows import AFTER, PEAK, Array, Beats

_N, _S, _V = (LETTERS.index(letter) for letter in "NSV")
_BEATS = 500  # of a made-up sequence, about six minutes
_PAROXYSMS = 600  # beats
_P_REGION = slice(PEAK - 40, PEAK - 8)  # 0.32 s to 0.064 s before the peak
Random = np.random.Generator


@dataclass(frozen=True)
class Labelled:
    """Beats with the class that a cardiologist gave them."""

    record: str
    beats: Beats
    classes: npt.NDArray[np.int64]  # (K,)
    weights: npt.NDArray[np.float64]  # (K,) how much each counts in training, 1 for most

    def count(self, number: int) -> int:
        """How many beats are of class ``number``."""
        return int(np.sum(self.classes == number))


def rearranged(source: Labelled, order: Iterable[int], rr_s: Iterable[float]) -> Labelled:
    """The beats of ``source`` in another order and with other intervals."""
    places = np.fromiter(order, np.int64)
    beats = source.beats
    made = Beats(beats.windows[places], np.fromiter(rr_s, np.float64), beats.usable[places], beats.scale_mv)
    return Labelled(source.record, made, source.classes[places], source.weights[places])


def sick_sinus(source: Labelled, random: Random) -> Labelled:
    """Mostly S, in runs; each run ends in a pause and one or a few slow sinus beats. Needs 20 beats of S."""
    rr = source.beats.rr_s
    ectopic, normal = np.flatnonzero(source.classes == _S), np.flatnonzero(source.classes == _N)
    others = np.flatnonzero(source.classes > _S)
    if random.random() < 0.5:
        ectopic = random.choice(ectopic, min(len(ectopic), 60), replace=False)
    pause, run_length = random.uniform(1.1, 2.2), random.uniform(2, 8)
    sinus_s, ectopic_s = np.median(rr[normal]), np.median(rr[ectopic])
    order: list[int] = []
    intervals: list[float] = []
    while len(order) < _BEATS * 4 // 5:
        first = int(random.integers(len(ectopic)))
        for place in range(1 + random.poisson(run_length)):
            beat = ectopic[(first + place) % len(ectopic)]
            order.append(beat)
            intervals.append(rr[beat] if random.random() < 0.7 else ectopic_s * random.uniform(0.95, 1.08))
        for place in range(1 + random.poisson(0.4)):
            beat = random.choice(normal)
            order.append(beat)
            slower = pause if place == 0 else random.uniform(1, pause)
            intervals.append(max(sinus_s, rr[beat]) * slower * random.uniform(0.9, 1.1))
        if len(others) and random.random() < 0.05:
            order.append(random.choice(others))
            intervals.append(rr[order[-1]])
    return rearranged(source, order, intervals)


def long_runs(source: Labelled, random: Random) -> Labelled:
    """The record as it is, with S in runs of 2 to 80 beats at 0.5 to 0.85 of its interval. Needs 2 beats of S."""
    rr = source.beats.rr_s
    ectopic = np.flatnonzero(source.classes == _S)
    sinus_s = float(np.median(rr[source.classes == _N]))
    order: list[int] = []
    intervals: list[float] = []
    while len(order) < _BEATS:
        first, length = int(random.integers(0, max(1, len(rr) - 130))), int(random.integers(20, 120))
        stretch = range(first, min(first + length, len(rr)))
        order += stretch
        intervals += rr[stretch.start : stretch.stop].tolist()
        run_length = int(np.exp(random.uniform(np.log(2), np.log(80))))
        interval, start = random.uniform(0.5, 0.85) * sinus_s, int(random.integers(len(ectopic)))
        pool = ectopic if random.random() < 0.5 else random.choice(ectopic, min(len(ectopic), 5))
        order += [int(pool[(start + place) % len(pool)]) for place in range(run_length)]
        intervals += (interval * random.normal(1, 0.025, run_length)).tolist()
    return rearranged(source, order, intervals)


def premature(source: Labelled, random: Random) -> Labelled:
    """The record with made-up S beats in it: single ones, pairs, and runs of up to 70, all from one focus."""
    rr = source.beats.rr_s
    normal = np.flatnonzero(source.classes == _N)
    sinus_s = float(np.median(rr[normal]))
    order: list[int] = []
    intervals: list[float] = []
    made_up: list[bool] = []
    while len(order) < _BEATS:
        first = int(random.integers(0, max(1, len(rr) - 60)))
        stretch = range(first, min(first + int(random.integers(3, 40)), len(rr)))
        length = _run_length(random)
        early = random.uniform(0.5, 0.88 if length < 3 else 0.75) * sinus_s
        order += [*stretch, *_in_a_row(normal, length, random), int(random.choice(normal))]
        intervals += [*rr[stretch.start : stretch.stop], *(early * random.normal(1, 0.02, length))]
        intervals.append(sinus_s * (1.0 if random.random() < 0.3 else random.uniform(0.95, 1.5)))
        made_up += [False] * len(stretch) + [True] * length + [False]
    return _with_early_beats(source, order, intervals, made_up, random)


def frequent(source: Labelled, random: Random) -> Labelled:
    """The record with a made-up S beat every few beats: one coupling interval, one pause."""
    rr = source.beats.rr_s
    normal = np.flatnonzero(source.classes == _N)
    sinus_s = float(np.median(rr[normal]))
    gap, early, pause = random.uniform(1.5, 9), random.uniform(0.55, 0.87), random.uniform(0.98, 1.35)
    spread = random.uniform(0.01, 0.04)
    order: list[int] = []
    intervals: list[float] = []
    made_up: list[bool] = []
    while len(order) < _BEATS:
        first = int(random.integers(0, max(1, len(rr) - 60)))
        stretch = range(first, min(first + 1 + int(random.poisson(gap)), len(rr)))
        length = 1 if random.random() < 0.9 else int(random.integers(2, 4))
        order += [*stretch, *_in_a_row(normal, length, random), int(random.choice(normal))]
        intervals += [*rr[stretch.start : stretch.stop], *(early * sinus_s * random.normal(1, spread, length))]
        intervals.append(pause * sinus_s * random.normal(1, spread))
        made_up += [False] * len(stretch) + [True] * length + [False]
    return _with_early_beats(source, order, np.clip(intervals, 0.2, 4.0), made_up, random)


def _in_a_row(beats: np.ndarray, length: int, random: Random) -> list[int]:
    """``length`` of ``beats``, in their order from any one on, and round again."""
    start = int(random.integers(len(beats)))
    return [int(beats[(start + place) % len(beats)]) for place in range(length)]


def _with_early_beats(
    source: Labelled, order: list[int], intervals: Iterable[float], made_up: list[bool], random: Random
) -> Labelled:
    """``source`` rearranged; the beats that are ``made_up`` get the P wave of another focus and class S."""
    normal = np.flatnonzero(source.classes == _N)
    made = rearranged(source, order, intervals)
    places = np.flatnonzero(made_up)
    typical = np.median(source.beats.windows[normal[:: max(1, len(normal) // 300)]], axis=0)
    windows, classes, weights = made.beats.windows.copy(), made.classes.copy(), made.weights.copy()
    windows[places] = _with_other_p(windows[places], typical, made.beats.rr_s[places], random)
    classes[places], weights[places] = _S, source.weights[normal[0]]
    return replace(made, beats=replace(made.beats, windows=windows), classes=classes, weights=weights)


def _run_length(random: Random) -> int:
    """1 mostly, 2 sometimes, else 3 to 70."""
    kind = random.random()
    return 1 if kind < 0.7 else 2 if kind < 0.8 else int(np.exp(random.uniform(np.log(3), np.log(70))))


def _with_other_p(windows: Array, typical: Array, rr_s: npt.NDArray[np.float64], random: Random) -> Array:
    """``windows`` with what lies before the QRS replaced: the T wave of the beat before, and a new P wave."""
    n, times = len(windows), (np.arange(windows.shape[1]) - PEAK) / RATE_HZ
    since_last = times[None] + np.clip(rr_s, 0.2, 4.0)[:, None]  # seconds after the peak of the beat before
    fade = np.clip((AFTER / RATE_HZ - since_last) / 0.1, 0, 1) * (since_last > 0.06)
    tail = np.interp(since_last, times, typical, right=0.0) * fade
    height, place, width = random.uniform(-0.15, 0.2), random.uniform(0.09, 0.22), random.uniform(0.012, 0.03)
    heights, places = height * random.normal(1, 0.15, (n, 1)), place + random.normal(0, 0.006, (n, 1))
    wave = heights * np.exp(-0.5 * ((times[None] + places) / width) ** 2)
    before = tail + wave + random.normal(0, 0.01, windows.shape)
    onset = np.clip((times + 0.055 + 0.02 * random.random()) / 0.03, 0, 1)  # 0 before the QRS, 1 inside it
    return np.asarray(onset * windows + (1 - onset) * before, np.float32)


def is_even(source: Labelled) -> bool:
    """Whether half of the intervals differ from the one before by less than 7 %: no fibrillation, no bigeminy."""
    logs = np.log(np.clip(source.beats.rr_s, 0.2, 4.0))
    return source.count(_N) > 100 and float(np.median(np.abs(np.diff(logs)))) < 0.07


def has_ectopic(least: int) -> Callable[[Labelled], bool]:
    """Whether a record has at least ``least`` beats of S."""
    return lambda source: source.count(_S) >= least


def fibrillation(source: Labelled, random: Random) -> Labelled:
    """N beats without P waves at irregular intervals; V beats stay and stay early."""
    rr, classes = source.beats.rr_s, source.classes
    first = int(random.integers(0, max(1, len(rr) - 600)))
    places = np.arange(first, min(first + 600, len(rr)))
    places = places[np.isin(classes[places], (_N, _V))]
    ventricular = classes[places] == _V
    mean_s = np.median(rr[classes == _N]) * random.uniform(0.6, 1.1)
    intervals = mean_s * np.exp(random.normal(0, random.uniform(0.1, 0.3), len(places)))
    intervals[ventricular] = np.clip(rr[places][ventricular] / np.median(rr), 0.3, 1.1) * mean_s
    made = rearranged(source, places, np.clip(intervals, 0.3, 3.0))
    windows = made.beats.windows.copy()
    region = windows[:, _P_REGION]
    slope = np.linspace(0, 1, region.shape[1], dtype=np.float32)
    line = region[:, :1] + (region[:, -1:] - region[:, :1]) * slope
    windows[:, _P_REGION] = np.where(ventricular[:, None], region, line + 0.15 * (region - line))
    frequency, phase = random.uniform(4, 9, (len(places), 1)), random.uniform(0, 2 * np.pi, (len(places), 1))
    times = np.arange(windows.shape[1]) / RATE_HZ
    windows += (random.uniform(0, 0.1) * np.sin(2 * np.pi * frequency * times + phase)).astype(np.float32)
    return replace(made, beats=replace(made.beats, windows=windows))


def paroxysms(source: Labelled, random: Random) -> Labelled:
    """Stretches of 20 to 200 beats of the record as it is and in made-up fibrillation, by turns."""
    parts: list[tuple[Labelled, slice]] = []
    wild, count = fibrillation(source, random), 0
    while count < _PAROXYSMS:
        for sequence in (source, wild):
            length, n = int(np.exp(random.uniform(np.log(20), np.log(200)))), len(sequence.classes)
            first = int(random.integers(0, max(1, n - length)))
            parts.append((sequence, slice(first, min(first + length, n))))
            count += min(length, n - first)
    beats = Beats(
        np.concatenate([sequence.beats.windows[part] for sequence, part in parts]),
        np.concatenate([sequence.beats.rr_s[part] for sequence, part in parts]),
        np.concatenate([sequence.beats.usable[part] for sequence, part in parts]),
        source.beats.scale_mv,
    )
    classes = np.concatenate([sequence.classes[part] for sequence, part in parts])
    return Labelled(source.record, beats, classes, np.concatenate([sequence.weights[part] for sequence, part in parts]))


def rate_drift(source: Labelled, random: Random) -> Labelled:
    """A stretch of the record whose rate rises and falls over minutes, by up to half."""
    rr = source.beats.rr_s
    n = min(len(rr), 700)
    first = int(random.integers(0, max(1, len(rr) - n)))
    knots, depth = int(random.integers(3, 7)), random.uniform(0.1, 0.45)
    curve = np.interp(np.linspace(0, knots - 1, n), np.arange(knots), depth * random.uniform(-1, 1, knots))
    curve = np.convolve(np.pad(curve, 20, mode="edge"), np.full(41, 1 / 41), "valid")
    usual = np.log(np.clip(np.median(rr), 0.4, 1.6))
    curve = np.clip(curve, np.log(0.36) - usual, np.log(1.6) - usual)
    places = np.arange(first, first + n)
    return rearranged(source, places, np.clip(rr[places] * np.exp(curve), 0.2, 4.0))


@dataclass(frozen=True)
class Variant:
    """One made-up rhythm: which records it can be made of, how often, and how much its beats weigh in training."""

    make: Callable[[Labelled, Random], Labelled]
    fits: Callable[[Labelled], bool]
    chance: float  # 0..1, each time the training set is drawn
    weight: float  # against a beat of the record as it is


VARIANTS = {
    "sick sinus": Variant(sick_sinus, has_ectopic(20), 1.0, 0.5),
    "long runs": Variant(long_runs, has_ectopic(2), 1.0, 1.0),
    "premature": Variant(premature, is_even, 0.7, 0.5),
    "frequent": Variant(frequent, is_even, 0.4, 0.5),
    "rate drift": Variant(rate_drift, lambda source: source.count(_N) > 100, 0.6, 0.5),
    "fibrillation": Variant(fibrillation, lambda source: source.count(_N) > 100, 0.5, 0.5),
    "paroxysms": Variant(paroxysms, lambda source: source.count(_N) > 100, 0.5, 0.5),
}
