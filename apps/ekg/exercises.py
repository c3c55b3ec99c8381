"""Exercises about EKGs: which beat is V, how fast the heart beats, AAMI's classes, figures of a classifier, faults.

The strips are those of the samples that are one click away. The annotation says what a beat is; the network's answer
stands next to it.
"""

from __future__ import annotations

import functools
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from apps.charts import chart, points
from apps.ekg.aami import CLASS_OF_SYMBOL, CLASSES, LETTERS
from apps.ekg.answers.disturb import Disturbance, disturbed
from apps.ekg.beats.signals import RATE_HZ
from apps.ekg.formats.recording import in_memory
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.measured import FILE
from apps.ekg.samples import open_sample
from apps.markup import Markup, h, table
from apps.measured import stored
from shared.engine import room
from shared.errors import WeightsError
from shared.exercises import Exercise, Kind, Slip, exercise, until

if TYPE_CHECKING:
    from apps.ekg.answers.classify import Classified

_STRIP_S = 6.0
_MM_PER_S = 25.0  # of EKG paper
_PX_PER_S, _HEIGHT = 100.0, 170.0  # of a drawn strip
_NAMES = "ABCDEFGHIJKL"
_SYMBOLS = {  # of the WFDB code, in words
    "L": "left bundle branch block beat",
    "R": "right bundle branch block beat",
    "e": "atrial escape beat",
    "j": "nodal (junctional) escape beat",
    "A": "atrial premature beat",
    "a": "aberrated atrial premature beat",
    "J": "nodal (junctional) premature beat",
    "V": "premature ventricular contraction",
    "E": "ventricular escape beat",
    "F": "fusion of ventricular and normal beat",
    "/": "paced beat",
    "f": "fusion of paced and normal beat",
}
_FAULTS = {
    "muscle noise": Disturbance(noise_mv=0.12),
    "a drifting baseline": Disturbance(drift_mv=0.7),
    "a tenth of the gain": Disturbance(gain=0.1),
    "electrodes the wrong way round": Disturbance(inverted=True),
}


def ask(kind: str, seed: int) -> Exercise:
    """The exercise of that kind and seed; raises ``OptionError`` if there is none."""
    return exercise(KINDS, kind, seed)


@functools.lru_cache(maxsize=1)
def _premature() -> Classified:
    """The sample with annotated premature beats, and what the network says of each."""
    with open_sample("premature") as recording:
        *_, found = room("apps.ekg.answers.served").classify(recording)
    return found  # type: ignore[no-any-return]


def _drawn(
    signal: npt.NDArray[Any],
    label: str,
    marks: dict[str, float] | None = None,
    *,
    span: tuple[float, float] | None = None,
) -> Markup:
    """A strip of ``signal`` (T,) in mV at ``RATE_HZ``; ``marks``: letters above places in seconds; ``span``: in mV."""
    low, high = span or (float(signal.min()), float(signal.max()))
    scale = (_HEIGHT - 40) / max(high - low, 0.1)
    x, y = np.arange(len(signal)) / RATE_HZ * _PX_PER_S, 30 + (high - signal) * scale
    line = h.polyline(points=points(x, y), style="stroke:var(--ch-ink)")
    letters = (
        h.text(name, x=at * _PX_PER_S - 6, y=20, style="font-size:20px;font-weight:700")
        for name, at in (marks or {}).items()
    )
    rows = [(f"{at / RATE_HZ:.2f}", f"{mv:.2f}") for at, mv in enumerate(signal.tolist())]
    size = float(x[-1]), _HEIGHT
    return chart(line, letters, size=size, summary=label, head=("s", "mV"), rows=rows)


def _which(dice: random.Random) -> Exercise:
    found = _premature()
    annotated, times, wanted = found.annotated, found.times_s, dice.choice("SV")
    if annotated is None:
        raise WeightsError("the annotations of the sample", "none", "Install the hub again.")
    number = LETTERS.index(wanted)

    def seen(start: float) -> npt.NDArray[np.int64]:
        return np.flatnonzero((times > start + 0.4) & (times < start + _STRIP_S - 0.6))

    def has_one(start: float) -> bool:
        return bool((annotated[seen(start)] == number).sum() == 1) and 4 <= len(seen(start)) <= len(_NAMES)

    start = until(lambda: dice.uniform(5, found.recording.duration_s - 2 * _STRIP_S), has_one)
    inside = seen(start)
    names = dict(zip(inside.tolist(), _NAMES, strict=False))
    intervals = np.diff(times, prepend=times[0])
    usual = float(np.median(intervals))
    (right,) = (place for place in names if annotated[place] == number)

    def why(place: int) -> str:
        letter, after = LETTERS[annotated[place]], LETTERS[annotated[place - 1]]
        sentence = (
            f"{names[place]} is {letter}: {intervals[place]:.2f} s after the beat before ({usual:.2f} s are usual)"
        )
        if letter == "S":
            return f"{sentence}: early, but as narrow as the others; the impulse comes from above the ventricles."
        if letter == "V":
            return f"{sentence}: early and wide; the impulse starts in a ventricle. S is early and narrow."
        if after == "V":
            return f"{sentence}: the pause after a ventricular beat. The beat after the pause is a normal one."
        return f"{sentence} and looks like the others."

    words = "ventricular" if wanted == "V" else "supraventricular"
    early = f"{intervals[right]:.2f} s after the beat before, {usual:.2f} s are usual"
    shape = "wide, without a P wave" if wanted == "V" else "narrow like the others, with another P wave"
    first = round(start * RATE_HZ)
    signal = found.prepared.filtered_mv[first : first + round(_STRIP_S * RATE_HZ)]
    rows = [(name, f"{intervals[place]:.2f} s") for place, name in names.items()]
    return Exercise(
        question=f"One of these beats is {wanted}: premature, {words}. Which one?",
        shown=h.div(
            _drawn(signal, "Six seconds of EKG", {name: float(times[i] - start) for i, name in names.items()}),
            table(("Beat", "Time since the beat before"), rows, stacks=False),
        ),
        answer=names[right],
        because=f"{names[right]} is early ({early}) and {shape}. The annotation says so; the network gives {wanted} "
        f"{100 * float(found.probabilities[right, number]):.0f} %.",
        slips=tuple(Slip(name, why(place)) for place, name in names.items() if place != right),
    )


def _rate(dice: random.Random) -> Exercise:
    bpm = dice.randint(45, 150)
    made = synthetic(12, Rhythm(bpm=bpm, jitter=0.01), seed=dice.randrange(10_000))
    beats = made.annotations.times_s if made.annotations else np.zeros(2)
    mm = round(float(np.diff(beats)[:6].mean()) * _MM_PER_S, 1)
    rr_s = mm / _MM_PER_S
    rate = float(
        room("apps.ekg.answers.rhythm").rhythm_of(np.arange(9) * rr_s, np.zeros(9, np.int64), 9 * rr_s).mean_bpm
    )
    signal = made.read(0, 0, round(4 * made.rate_hz))
    fewer = np.interp(np.arange(4 * RATE_HZ) / RATE_HZ, np.arange(len(signal)) / made.rate_hz, signal)
    return Exercise(
        question=f"On paper that runs at {_MM_PER_S:g} mm/s two QRS peaks are {mm:g} mm apart. How fast is the heart?",
        shown=_drawn(fewer, "Four seconds of EKG"),
        answer=rate,
        unit="beats per minute",
        near=0.02,
        because=f"{mm:g} mm / {_MM_PER_S:g} mm/s = {rr_s:.3f} s a beat; 60 / {rr_s:.3f} = {rate:.0f} a minute.",
        slips=(
            Slip(60 / (mm / 50), "That is paper at 50 mm/s. Here 25 mm are a second."),
            Slip(1 / rr_s, "Those are beats per second; a minute has 60."),
            Slip(rr_s, "That is the RR interval in seconds, not yet a rate."),
            Slip(1000 * rr_s, "That is the RR interval in milliseconds."),
            Slip(300 / mm, "The rule with 300 counts large boxes of 5 mm; in millimetres it is 1500."),
            Slip(60 * rr_s, "Divide: the longer the interval, the slower the heart."),
        ),
    )


def _aami(dice: random.Random) -> Exercise:
    symbol = dice.choice(list(_SYMBOLS))
    right = CLASS_OF_SYMBOL[symbol]
    whys = {
        "N": "N is also what is conducted the usual way but slowly (bundle branch block), and escape beats.",
        "S": "S are beats that come too early from above the ventricles. Escape beats come late, and count as N here.",
        "V": "V starts in a ventricle. A bundle branch block is wide as well, but starts where it should.",
        "F": "F is a ventricular and a normal beat at once, nothing else.",
        "Q": "Q is for paced beats and those that nobody can classify.",
    }
    classes = [f"{one.letter}: {one.name}" for one in CLASSES]
    alike = ", ".join(one for one in CLASSES[right].symbols)
    return Exercise(
        question=f"A recording has a beat with the symbol “{symbol}”: {_SYMBOLS[symbol]}. Which AAMI class?",
        answer=classes[right],
        because=f"{CLASSES[right].letter} has the symbols {alike}.",
        slips=tuple(Slip(one, whys[one[0]]) for place, one in enumerate(classes) if place != right),
    )


def _counts(dice: random.Random) -> npt.NDArray[np.int64]:
    """The bundled network's confusion matrix on patients that it never saw; (5, 5), N S V F Q."""
    figures = stored(FILE)
    if figures is None:
        raise WeightsError("the measured figures of the network", "none", "Install the hub again.")
    whole = np.array(figures["by_patient"]["confusion"], np.int64)
    # as many beats as one recording or several have: every class thinned alike, by chance
    return np.random.default_rng(dice.randrange(2**32)).binomial(whole, dice.choice((0.05, 0.1, 0.25)))


def _figures(dice: random.Random) -> Exercise:
    counts, letter = _counts(dice), dice.choice("SV")
    evaluate = room("apps.ekg.training.evaluate")
    own, accuracy = evaluate.scores_of(counts)[letter], evaluate.accuracy_of(counts)
    sensitivity = dice.random() < 0.5
    number = LETTERS.index(letter)
    hits, there, said = counts[number, number], counts[number].sum(), counts[:, number].sum()
    right, other = (own.se, own.ppv) if sensitivity else (own.ppv, own.se)
    name, other_name = ("sensitivity", "positive predictive value")[:: 1 if sensitivity else -1]
    line = (
        f"the row {letter}, what is really {letter}" if sensitivity else f"the column {letter}, what is called {letter}"
    )
    rows = [(one, *(f"{n:,}" for n in row)) for one, row in zip(LETTERS, counts.tolist(), strict=True)]
    return Exercise(
        question=f"Beats of patients that the network never saw. What is the {name} of {letter}?",
        shown=table(("really ↓, called →", *LETTERS), rows, stacks=False, class_="ch-confusion"),
        answer=100 * right,
        unit="%",
        near=0.01,
        because=f"{hits:,} hits of {there if sensitivity else said:,} in {line}: {100 * right:.1f} %.",
        slips=(
            Slip(100 * other, f"That is the {other_name}: you divided by the other sum. Take {line}."),
            Slip(100 * accuracy, "That is the accuracy over all classes, which N alone decides."),
            Slip(100 * own.f1, "That is F1, the harmonic mean of sensitivity and positive predictive value."),
            Slip(100 * (1 - right), "That is the share of mistakes, one minus it."),
            Slip(float(100 * hits / counts.sum()), "Divide by the beats of one class, not by all of them."),
        ),
    )


def _always(dice: random.Random) -> Exercise:
    counts = _counts(dice)
    evaluate = room("apps.ekg.training.evaluate")
    lazy = np.zeros_like(counts)
    lazy[:, 0] = counts.sum(axis=1)
    accuracy, ours = evaluate.accuracy_of(lazy), evaluate.accuracy_of(counts)
    rows = [(one, f"{n:,}") for one, n in zip(LETTERS, counts.sum(axis=1).tolist(), strict=True)]
    return Exercise(
        question="A classifier says N whatever it is shown. What is its accuracy on these beats?",
        shown=table(("Class", "Beats"), rows, stacks=False),
        answer=100 * accuracy,
        unit="%",
        near=0.005,
        because=f"It is right on every N: {counts[0].sum():,} of {counts.sum():,}, {100 * accuracy:.1f} %. The "
        f"network has {100 * ours:.1f} %. Accuracy says little here; sensitivity and PPV of S and V say more.",
        slips=(
            Slip(100 / len(LETTERS), "That is guessing among five classes that are equally frequent. Most are N."),
            Slip(100.0, "It misses every S, V, F and Q."),
            Slip(0.0, "It finds no S and no V, but accuracy counts the N as well: most beats."),
            Slip(100 * (1 - accuracy), "That is how often it is wrong."),
            Slip(100 * ours, "That is the accuracy of our network."),
        ),
    )


def _broken(dice: random.Random) -> Exercise:
    found = _premature()
    first = round(dice.uniform(5, found.recording.duration_s - 2 * _STRIP_S) * RATE_HZ)
    before = found.prepared.plain_mv[first : first + round(_STRIP_S * RATE_HZ)]
    name = dice.choice(list(_FAULTS))
    recording = in_memory("strip", before, float(RATE_HZ), ("II",))
    after = disturbed(recording, replace(_FAULTS[name], seed=dice.randrange(2**31))).read(0, 0, len(before))
    spans = f"{np.ptp(before):.2f} mV from lowest to highest before, {np.ptp(after):.2f} mV after"
    turns = [float(np.abs(np.diff(one)).mean()) for one in (before, after)]
    signs = {
        "muscle noise": f"Noise would make the line tremble: from sample to sample it moves {turns[0]:.3f} mV before, "
        f"{turns[1]:.3f} mV after.",
        "a drifting baseline": "A drift moves the whole line slowly up and down, in waves of some three seconds.",
        "a tenth of the gain": f"The gain changes the scale: {spans}.",
        "electrodes the wrong way round": "That turns every wave upside down: the QRS would point the other way.",
    }
    span = float(min(before.min(), after.min())), float(max(before.max(), after.max()))
    rows = [(what, f"{one.min():.2f}", f"{one.max():.2f}") for what, one in (("before", before), ("after", after))]
    return Exercise(
        question="Above a recording as it was, below what came out of a broken recorder. What happened?",
        shown=h.div(
            _drawn(before, "The strip before", span=span),
            _drawn(after, "The strip after", span=span),
            table(("", "lowest, mV", "highest, mV"), rows, stacks=False),
        ),
        answer=name,
        because=f"It was: {name}; {spans}.",
        slips=tuple(Slip(other, signs[other]) for other in _FAULTS if other != name),
    )


KINDS = {
    "which": Kind("Which beat is it?", _which),
    "rate": Kind("How fast is the heart?", _rate),
    "aami": Kind("Which class?", _aami),
    "figures": Kind("Sensitivity or PPV?", _figures),
    "always": Kind("Always N", _always),
    "broken": Kind("What is broken?", _broken),
}
