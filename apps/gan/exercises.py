"""Exercises about GANs: real or drawn, halfway between two latents, what the players pay, what truncation does.

The pictures and D's probabilities are those of the bundled networks, asked through the same functions as the panels.
"""

from __future__ import annotations

import math
import random

import numpy as np

from apps.gan.choices import FULL
from apps.gan.drawing.tiles import Pictures, Tile, tiles
from apps.markup import Markup, h, table
from shared.engine import room
from shared.exercises import Exercise, Kind, Slip, exercise, until

_RANDOM, _ON_DEMAND = "dcgan-digits", "cgan-digits"
_WIDTH_PX = 84  # of a picture
_STEPS = 5  # of a walk: its ends, its middle, and two between
_PLACES = "ABCDEFGH"
_LOW = 0.4  # a truncation that one sees


def ask(kind: str, seed: int) -> Exercise:
    """The exercise of that kind and seed; raises ``OptionError`` if there is none."""
    return exercise(KINDS, kind, seed)


def _lettered(pictures: Pictures, names: str) -> Markup:
    return tiles(pictures, [Tile(name, alt=f"picture {name}") for name in names], width_px=_WIDTH_PX)


def _real(dice: random.Random) -> Exercise:
    found = room("apps.gan.exhibits.requests").draw_samples(_RANDOM, count=4, seed=dice.randrange(2**31), real=1)
    place = found.real.index(True)
    names = _PLACES[:4]
    # a "D" would be read as the fourth picture
    verdict = [f"the discriminator takes it for real with {100 * float(p):.0f} %" for p in found.p_real]
    return Exercise(
        question="Three of these digits were drawn by the generator, one by a person. Which one is real?",
        shown=_lettered(found.pictures, names),
        answer=names[place],
        because=f"{names[place]} is from MNIST; {verdict[place]}.",
        slips=tuple(
            Slip(
                name,
                f"G drew {name}; {verdict[n]}"
                + (", so you are in good company." if found.p_real[n] > 0.5 else ", so it was not deceived."),
            )
            for n, name in enumerate(names)
            if n != place
        ),
    )


def _halfway(dice: random.Random) -> Exercise:
    walk = room("apps.gan.exhibits.requests").walk
    seeds = dice.sample(range(100_000), 4)
    a, b = dice.sample(range(10), 2)
    way = walk(seed_a=seeds[0], seed_b=seeds[1], digit_a=a, digit_b=b, steps=_STEPS)
    other = walk(seed_a=seeds[2], seed_b=seeds[3], digit_a=a, digit_b=b, steps=_STEPS)
    middle = _STEPS // 2
    shown = {
        "it": (way[middle], ""),
        "early": (way[1], "It is a quarter of the way: still much like the first."),
        "late": (way[-2], "It is three quarters of the way: already much like the last."),
        "foreign": (other[middle], "It lies halfway between two other latents: the same digits in other handwritings."),
    }
    order = dice.sample(list(shown), len(shown))
    names = dict(zip(order, _PLACES, strict=False))
    ends = [Tile(f"from: a {a}", alt="the first picture"), Tile(f"to: a {b}", alt="the last picture")]
    return Exercise(
        question="Above, two pictures and their latents z. Which one below is drawn halfway between them?",
        shown=h.div(
            tiles(way[[0, -1]], ends, width_px=_WIDTH_PX),
            _lettered(np.stack([shown[what][0] for what in order]), _PLACES[:4]),
        ),
        answer=names["it"],
        because=f"{names['it']} has z halfway along the sphere and half of each class, {a} and {b}.",
        slips=tuple(Slip(names[what], why) for what, (_, why) in shown.items() if what != "it"),
    )


def _length(dice: random.Random) -> Exercise:
    sampling = room("apps.gan.drawing.sampling")
    a, b = (sampling.latents(dice.randrange(2**31), 1)[0] for _ in range(2))
    middle = float(sampling.linear(a, b, 3)[1].norm())
    arc = float(sampling.spherical(a, b, 3)[1].norm())
    long_a, long_b = round(float(a.norm()), 2), round(float(b.norm()), 2)
    degrees = round(math.degrees(math.acos(float(a @ b) / (float(a.norm()) * float(b.norm())))))
    return Exercise(
        question=f"Two latents of {len(a)} numbers have the lengths {long_a:g} and {long_b:g} and the angle {degrees}° "
        "between them. How long is the point halfway on the straight line?",
        answer=middle,
        near=0.02,
        because=f"‖(a + b)/2‖ = ½·√({long_a:g}² + {long_b:g}² + 2·{long_a:g}·{long_b:g}·cos {degrees}°) = {middle:.2f}"
        f". G has learned from latents of about {math.sqrt(len(a)):.0f}; so walks go along the sphere, where its "
        f"middle is {arc:.2f} long.",
        slips=(
            Slip((long_a + long_b) / 2, "That would be so if both pointed the same way, or along the sphere."),
            Slip(math.hypot(long_a, long_b), "That is the sum a + b at a right angle; halfway is half of it."),
            Slip(2 * middle, "That is the sum a + b. Halfway is (a + b)/2."),
            Slip(math.hypot(long_a - long_b, 0), "Lengths are not subtracted: the latents point different ways."),
            Slip(float((a - b).norm()) / 2, "That is half the way from a to b. How far is the middle from 0?"),
        ),
    )


def _cost(dice: random.Random) -> Exercise:
    import torch  # the losses are torch's

    from apps.gan.players.losses import LOSSES

    found = room("apps.gan.exhibits.requests").draw_samples(_RANDOM, count=8, seed=dice.randrange(2**31))
    place = int(np.abs(found.p_real - dice.uniform(0.05, 0.95)).argmin())
    picture, p = found.pictures[place : place + 1], round(min(max(float(found.p_real[place]), 0.03), 0.97), 2)
    score = torch.logit(torch.tensor([p], dtype=torch.float64))
    cost = {name: float(LOSSES[name].g(score)) for name in ("non-saturating", "minimax")}
    d = float(LOSSES["non-saturating"].d(torch.full((1,), 40.0, dtype=torch.float64), score))  # sure of a real one
    name = dice.choice(("non-saturating", "minimax"))
    formula, right = {"non-saturating": "−log D(G(z))", "minimax": "log(1 − D(G(z)))"}[name], cost[name]
    other = "minimax" if name == "non-saturating" else "non-saturating"
    inside = p if name == "non-saturating" else 1 - p
    return Exercise(
        question=f"D takes a picture that G drew for real with a probability of {p:g}. What does G pay for it with the "
        f"{name} loss (natural logarithm)?",
        shown=tiles(picture, [Tile(f"D: {p:.0%} real")]),
        answer=right,
        near=0.02,
        because=f"{formula} = {'−' if name == 'non-saturating' else ''}log {inside:.2f} = {right:.3f}. "
        + (
            "The worse G is, the more it pays, and the more it can learn."
            if name == "non-saturating"
            else "While D is sure that G's pictures are fakes, this is near 0 and hardly changes: G learns nothing."
        ),
        slips=(
            Slip(cost[other], f"That is the {other} loss, another formula. Here it is {formula}."),
            Slip(right / math.log(10), "That is the logarithm to base 10."),
            Slip(-right, "The sign is wrong: G minimises what it pays, and wants D to say “real”."),
            Slip(d, "That is what D pays for this picture: −log(1 − D(G(z)))."),
            Slip(p, "That is D's answer. The loss is a logarithm of it."),
        ),
    )


def _right(dice: random.Random) -> Exercise:
    def draw() -> tuple[list[bool], list[float], Pictures]:
        found = room("apps.gan.exhibits.requests").draw_samples(
            _RANDOM, count=8, seed=dice.randrange(2**31), real=dice.randint(3, 5)
        )
        return list(found.real), [float(p) for p in found.p_real], found.pictures

    def tells(one: tuple[list[bool], list[float], Pictures]) -> bool:
        """Not all right, and no answer that looks like 50 %."""
        rights = sum((p > 0.5) == truth for truth, p in zip(one[0], one[1], strict=True))
        return rights < len(one[0]) and all(abs(p - 0.5) > 0.01 for p in one[1])

    real, p_real, pictures = until(draw, tells)
    said = [p > 0.5 for p in p_real]
    hits = sum(one == truth for one, truth in zip(said, real, strict=True))
    found_fakes = sum(not one and not truth for one, truth in zip(said, real, strict=True))
    found_real = sum(one and truth for one, truth in zip(said, real, strict=True))
    words = [("real" if truth else "drawn by G", f"{p:.0%}") for truth, p in zip(real, p_real, strict=True)]
    rows = [(name, *row) for name, row in zip(_PLACES, words, strict=True)]
    return Exercise(
        question="D says “real” above 50 %. How many of these eight pictures does it get right?",
        shown=h.div(_lettered(pictures, _PLACES), table(("", "in truth", "D: chance of real"), rows, stacks=False)),
        answer=float(hits),
        because=f"It believes {found_real} of the real ones and finds {found_fakes} of the fakes: {hits} of 8. Where G "
        "draws as people write, D is right by chance alone: four of eight.",
        slips=(
            Slip(
                float(found_fakes), "Those are the fakes that it finds; the real ones that it believes count as well."
            ),
            Slip(float(found_real), "Those are the real ones that it believes; the fakes that it finds count as well."),
            Slip(float(sum(said)), "That is how often it says “real”, right or wrong."),
            Slip(float(sum(real)), "That is how many are real, whatever D says."),
            Slip(float(8 - hits), "That is how often it is wrong."),
        ),
    )


def _truncated(dice: random.Random) -> Exercise:
    draw, seed = room("apps.gan.exhibits.requests").draw_samples, dice.randrange(2**31)
    cuts = dice.sample((_LOW, FULL), 2)
    rows = [draw(_ON_DEMAND, count=10, seed=seed, truncation=cut) for cut in cuts]
    spread = [float(one.pictures.astype(float).std(axis=0).mean()) for one in rows]
    names = ("the upper row", "the lower row")
    place = cuts.index(_LOW)
    shown = [tiles(one.pictures, [Tile(str(digit)) for digit in one.asked], width_px=52) for one in rows]
    return Exercise(
        question=f"The same ten digits twice: once with z cut at ±{_LOW:g}, once not. Which row is truncated?",
        shown=h.div(*shown),
        answer=names[place],
        because=f"Where every number of z is within ±{_LOW:g}, all handwritings come near the average one, alike in "
        "slant and weight. Without the cut they differ, and now and then one goes wrong.",
        slips=(
            Slip(
                names[1 - place],
                "Its handwritings differ: some of its numbers are far from 0, so nothing was cut.",
            ),
            Slip(
                "both alike",
                f"Look at slant and weight: pixel by pixel the rows vary by {spread[0]:.0f} and {spread[1]:.0f} grey "
                "levels.",
            ),
        ),
    )


KINDS = {
    "real": Kind("Which one is real?", _real),
    "halfway": Kind("Which is halfway?", _halfway),
    "length": Kind("How long is z?", _length),
    "cost": Kind("What does G pay?", _cost),
    "right": Kind("How good is D?", _right),
    "truncated": Kind("Which is truncated?", _truncated),
}
