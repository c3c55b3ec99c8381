"""Exercises about faces: error rates, thresholds, the triplet loss, and a stranger among many.

Rates are those of the bundled encoder's calibration; distances are those between the sample photos and variations of
them, computed by the encoder itself.
"""

from __future__ import annotations

import functools
import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.face.decision.error_curves import curves, stranger_chance
from apps.face.decision.matching import Calibration, calibration, decision_at, distance
from apps.face.encoding.encoders import DEFAULT_ENCODER, find_encoder
from apps.face.samples import SAMPLES, sample_name, sample_picture
from apps.face.triplets.loss import HARD, SEMI_HARD, of_distances
from apps.face.triplets.variations import variations
from apps.markup import Markup, joined, note, table
from apps.measured import percent
from shared.engine import room
from shared.exercises import Exercise, Kind, Slip, exercise, until

_VARIATIONS = 4  # of each sample photo
_TARGETS = (0.05, 0.02, 0.01, 0.005, 0.002)  # false-accept rates that are asked for
_CROWDS = (10, 20, 50, 100, 200, 500)  # K, people that a stranger is compared with
_PEOPLE_WORDS = ("share of pairs of two people at or below it", "share of pairs of one person above it")


def ask(kind: str, seed: int) -> Exercise:
    """The exercise of that kind and seed; raises ``OptionError`` if there is none."""
    return exercise(KINDS, kind, seed)


def _tau(value: float) -> str:
    return f"τ = {value:.3f}"


def _rates(known: Calibration, taus: list[float]) -> Markup:
    rows = [
        (_tau(tau), percent(known.far_at(tau), n=known.n_different), percent(known.frr_at(tau)))
        for tau in sorted(set(taus))
    ]
    return joined((table(("Threshold", *_PEOPLE_WORDS), rows, stacks=False), note(f"Measured on {known.data}.")))


def _threshold_of_frr(known: Calibration, rate: float) -> float:
    """The smallest measured threshold whose false-reject rate is at most ``rate``."""
    return float(known.thresholds[np.flatnonzero(known.frr <= rate)[0]])


def _far(dice: random.Random) -> Exercise:
    known, target = calibration(), dice.choice(_TARGETS)
    tau = known.threshold_at(target)
    mixed, tenth, tenfold = (
        _threshold_of_frr(known, target),
        known.threshold_at(target / 10),
        known.threshold_at(min(1.0, target * 10)),
    )
    balanced, ask_for = curves(known).eer_tau, percent(target)
    slips = (
        Slip(
            _tau(mixed),
            f"There {ask_for} of the pairs of one person are rejected: that is the FRR. The FAR counts pairs of two "
            "people that are accepted.",
        ),
        Slip(
            _tau(balanced),
            "There both errors are equally frequent, the equal error rate. Nobody has asked for that here.",
        ),
        Slip(_tau(tenth), f"That is ten times stricter than asked, and rejects {percent(known.frr_at(tenth))}."),
        Slip(_tau(tenfold), f"That accepts ten times as many: {percent(known.far_at(tenfold))} of two people."),
    )
    return Exercise(
        question=f"A false-accept rate (FAR) of at most {ask_for} is wanted, and no more rejects than needed. "
        "Which threshold?",
        shown=_rates(known, [tau, mixed, tenth, tenfold, balanced]),
        answer=_tau(tau),
        because=f"FAR: pairs of two people at a distance of at most τ. At {_tau(tau)} it is "
        f"{percent(known.far_at(tau), n=known.n_different)}, and the FRR {percent(known.frr_at(tau))}.",
        slips=slips,
    )


def _moved(dice: random.Random) -> Exercise:
    known = calibration()
    here, there = sorted(dice.sample([known.threshold * step / 100 for step in range(80, 121, 4)], 2))
    lower = dice.random() < 0.5
    before, after = (there, here) if lower else (here, there)
    falls, rises = ("FAR falls, FRR rises", "FAR rises, FRR falls")
    right, wrong = (falls, rises) if lower else (rises, falls)
    rate = {tau: (percent(known.far_at(tau), n=known.n_different), percent(known.frr_at(tau))) for tau in (here, there)}
    numbers = f"FAR {rate[before][0]} → {rate[after][0]}, FRR {rate[before][1]} → {rate[after][1]}"
    return Exercise(
        question=f"The threshold τ goes from {before:.3f} to {after:.3f}. What happens to the two error rates?",
        answer=right,
        because=f"“Same” means a distance of at most τ; a {'smaller' if lower else 'larger'} τ calls "
        f"{'fewer' if lower else 'more'} pairs the same, of either sort: {numbers}.",
        slips=(
            Slip(wrong, "That is the other direction: τ is the largest distance that still counts as the same."),
            Slip(
                "both fall", "No threshold makes both better: only a better encoder does. τ trades one for the other."
            ),
            Slip("both rise", "The two errors move against each other: what is accepted less is rejected more."),
        ),
    )


def _stranger(dice: random.Random) -> Exercise:
    known = calibration()
    people, tau = until(
        lambda: (dice.choice(_CROWDS), known.threshold_at(dice.choice(_TARGETS))),
        lambda drawn: 0.15 < drawn[0] * known.far_at(drawn[1]) < 4,
    )
    far = known.far_at(tau)
    chance = stranger_chance(far, people)
    return Exercise(
        question=f"At {_tau(tau)} the FAR is {100 * far:.3g} %. A stranger is compared with each of {people} enrolled "
        "people. What is the chance that the stranger is taken for one of them?",
        answer=100 * chance,
        unit="%",
        near=0.02,
        because=f"Every comparison goes well with {1 - far:.5g}, all {people} with {1 - far:.5g}^{people} = "
        f"{1 - chance:.3g} (if they are independent); so 1 − (1 − FAR)^K = {100 * chance:.3g} %. Recognition needs a "
        "far better verifier than verification.",
        slips=(
            Slip(
                100 * people * far,
                f"{people} times the FAR counts strangers twice who are taken for two people, and can exceed 100 %.",
            ),
            Slip(100 * far, f"That is one comparison; there are {people}, and one false accept is enough."),
            Slip(100 * (1 - chance), "That is the chance that it goes well. The question asks for the opposite."),
            Slip(100 * far**people, "That is the chance of being taken for every one of them."),
            Slip(
                100 * known.frr_at(tau),
                "That is the FRR, about pairs of one person. A stranger is accepted falsely: FAR.",
            ),
        ),
    )


@dataclass(frozen=True, eq=False)
class _Photos:
    """Variations of the sample photos."""

    encodings: NDArray[np.float64]  # (N, D)
    person: NDArray[np.int64]  # (N,)
    names: tuple[str, ...]


@functools.lru_cache(maxsize=1)
def _photos() -> _Photos:
    pipeline = room("apps.face.photo.pipeline")
    names = tuple(dict.fromkeys(sample_name(key) for key in SAMPLES))
    chips, person = [], []
    for seed, key in enumerate(SAMPLES):
        face = pipeline.find_face(sample_picture(key))
        chips += variations(face.views(find_encoder(DEFAULT_ENCODER))[0], _VARIATIONS, seed=seed)
        person += [names.index(sample_name(key))] * _VARIATIONS
    encodings = pipeline.encode(chips, DEFAULT_ENCODER, average="single").astype(np.float64)
    return _Photos(encodings, np.array(person, np.int64), names)


def _triplet(dice: random.Random) -> tuple[float, float]:
    """Plain distances d(A, P) and d(A, N), rounded to two digits, of three of the photos."""
    known = _photos()
    photos, who = range(len(known.person)), known.person
    a, p, n = until(
        lambda: (dice.choice(photos), dice.choice(photos), dice.choice(photos)),
        lambda one: one[0] != one[1] and bool(who[one[0]] == who[one[1]] != who[one[2]]),
    )
    near, far = (round(float(distance(known.encodings[a], known.encodings[i])), 2) for i in (p, n))
    return near, far


def _semi_hard(dice: random.Random) -> Exercise:
    def draw() -> tuple[float, list[tuple[float, float]]]:
        return round(dice.uniform(0.1, 0.6), 1), [_triplet(dice) for _ in range(4)]

    def regions(margin: float, pairs: list[tuple[float, float]], power: int) -> list[str]:
        return [of_distances(ap**power, an**power, margin).region for ap, an in pairs]

    def misleads(drawn: tuple[float, list[tuple[float, float]]]) -> bool:
        """One is semi-hard, and does not look so in plain distances."""
        rights = [place for place, region in enumerate(regions(*drawn, 2)) if region == SEMI_HARD]
        return len(rights) == 1 and len(set(drawn[1])) == 4 and regions(*drawn, 1)[rights[0]] != SEMI_HARD

    margin, pairs = until(draw, misleads)
    squared, plain = [of_distances(ap**2, an**2, margin) for ap, an in pairs], regions(margin, pairs, 1)
    (right_place,) = [place for place, one in enumerate(squared) if one.region == SEMI_HARD]

    def why(place: int) -> str:
        one = squared[place]
        numbers = f"d² are {one.d_ap:.3f} and {one.d_an:.3f}, α is {margin:g}"
        if one.region == HARD:
            return f"Hard: N is as near as P or nearer ({numbers})."
        sentence = f"Easy: N is further than P by more than the margin ({numbers}). No loss, nothing to learn."
        return f"{sentence} It looks semi-hard in plain distances only." if plain[place] == SEMI_HARD else sentence

    names = [f"Triplet {place}" for place in range(1, 5)]
    rows = [(name, f"{ap:.2f}", f"{an:.2f}") for name, (ap, an) in zip(names, pairs, strict=True)]
    right = squared[right_place]
    none = Slip(
        "none of them",
        "Not in plain distances, which is how they look here: the loss, and with it “semi-hard”, is about d².",
    )
    return Exercise(
        question=f"Which of these triplets of the sample photos is semi-hard for a margin α = {margin:g}?",
        shown=table(("", "d(A, P) = ‖f(A) − f(P)‖", "d(A, N) = ‖f(A) − f(N)‖"), rows, stacks=False),
        answer=names[right_place],
        because=f"Its d² are {right.d_ap:.3f} and {right.d_an:.3f}: N is further than P, but by less than {margin:g}. "
        f"Its loss is {right.loss:.3f}.",
        slips=(none, *(Slip(name, why(place)) for place, name in enumerate(names) if place != right_place)),
    )


def _loss(dice: random.Random) -> Exercise:
    wants_loss = dice.random() < 0.75
    margin, (ap, an) = until(
        lambda: (round(dice.uniform(0.1, 0.6), 1), _triplet(dice)),
        lambda drawn: (of_distances(drawn[1][0] ** 2, drawn[1][1] ** 2, drawn[0]).loss > 0) is wants_loss,
    )
    one = of_distances(ap**2, an**2, margin)
    below = one.d_ap - one.d_an + margin
    return Exercise(
        question=f"For three sample photos ‖f(A) − f(P)‖ = {ap:.2f} and ‖f(A) − f(N)‖ = {an:.2f}; the margin α is "
        f"{margin:g}. What is the triplet loss?",
        answer=round(one.loss, 4),
        near=0.01,
        because=f"max({ap:.2f}² − {an:.2f}² + {margin:g}, 0) = max({below:.4f}, 0) = {one.loss:.4f}: {one.region}.",
        slips=(
            Slip(round(of_distances(ap, an, margin).loss, 4), "You took d; the loss takes d², the squared distances."),
            Slip(round(below, 4), "A loss is never below 0: max(…, 0). This triplet is easy and teaches nothing."),
            Slip(
                round(of_distances(one.d_an, one.d_ap, margin).loss, 4),
                "P and N are exchanged: the distance to P is to be small, the one to N is subtracted.",
            ),
            Slip(round(max(one.d_ap - one.d_an, 0), 4), f"The margin of {margin:g} is missing."),
            Slip(round(max(one.d_ap - one.d_an - margin, 0), 4), "The margin is added: N has to be further by α."),
        ),
    )


def _decision(dice: random.Random) -> Exercise:
    known = calibration()

    def draw() -> tuple[float, list[float]]:
        photos = _photos()
        pairs = [dice.sample(range(len(photos.person)), 2) for _ in range(3)]
        tau = round(known.threshold * dice.uniform(0.85, 1.15), 2)
        return tau, sorted(round(float(distance(*photos.encodings[pair])), 2) for pair in pairs)

    def misleads(drawn: tuple[float, list[float]]) -> bool:
        """A comparison of d² with τ says otherwise, and no distance is so near τ that rounding decides."""
        tau, plain = drawn
        clear = all(abs(value - tau) > 0.005 for value in plain) and len(set(plain)) == 3
        return clear and sum(value <= tau for value in plain) != sum(value**2 <= tau for value in plain)

    tau, plain = until(draw, misleads)
    squared = [round(value**2, 3) for value in plain]
    mixed = sum(value <= tau for value in squared)
    said = [decision_at(value**2, known, tau).same for value in plain]
    words = ("none of them", "the first", "the first two", "all three")
    rows = [(f"Pair {place}", f"{value:.3f}") for place, value in enumerate(squared, 1)]
    roots = ", ".join(f"√{value:.3f} = {root:.2f}" for value, root in zip(squared, plain, strict=True))

    def why(place: int) -> str:
        if place == mixed:
            return f"You compared d² with τ = {tau:g}. τ is a plain distance: take the root first."
        return "“Same” means a distance of at most τ; take the root of each d² and compare."

    return Exercise(
        question=f"Three pairs of photos have these d² = ‖f(a) − f(b)‖². Which are called one person at τ = {tau:g}, "
        "a plain distance?",
        shown=table(("", "d²"), rows, stacks=False),
        answer=words[sum(said)],
        because=f"{roots}; the same where that is at most {tau:g}.",
        slips=tuple(Slip(word, why(place)) for place, word in enumerate(words) if place != sum(said)),
    )


KINDS = {
    "far": Kind("Which threshold?", _far),
    "moved": Kind("What does moving τ do?", _moved),
    "stranger": Kind("A stranger among many", _stranger),
    "same": Kind("The same person?", _decision),
    "semi-hard": Kind("Which triplet is semi-hard?", _semi_hard),
    "loss": Kind("The triplet loss", _loss),
}
