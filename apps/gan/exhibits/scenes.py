"""What the page's panels show, as arrays and numbers: the one place between the networks and the page.

Pictures leave this module as numpy uint8 (N, 28, 28), white on black; chances are 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from apps.gan.choices import FULL, GENERATORS, MOST_COLUMNS, MOST_ON_PAGE, MOST_STEPS, REACH, ROUND, WALKS
from apps.gan.drawing.directions import read_directions
from apps.gan.drawing.real_digits import some_real
from apps.gan.drawing.sampling import (
    check_count,
    check_digit,
    check_seed,
    check_truncation,
    classes_for,
    digits_in,
    latents,
    linear,
    paint,
    spherical,
    verdicts,
)
from apps.gan.drawing.tiles import Pictures
from apps.gan.exhibits.bundled import (
    borrowed_discriminator,
    borrowed_generator,
    borrowed_judge,
    borrowed_restorer,
    borrowed_snapshots,
)
from apps.gan.exhibits.superres import psnr_db, restored
from apps.gan.players.data import DIGITS, to_input
from apps.gan.players.judge import read
from shared.errors import check_choice, check_number, check_whole

ON_DEMAND = "cgan-digits"
SHOWN = "dcgan-digits"  # the generator of the round against the discriminator
_STEPS = {"spherical": spherical, "linear": linear}
Chances = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


@dataclass(frozen=True)
class Drawn:
    """Pictures, where they come from, and what two networks think of them."""

    pictures: Pictures
    real: tuple[bool, ...]
    asked: tuple[int | None, ...]  # the digit asked for, or the real digit's label; None without classes
    chances: Chances  # the discriminator's probability of "real"
    read: tuple[int, ...]  # what the judge reads


@dataclass(frozen=True)
class Written:
    """A number in handwriting."""

    pictures: Pictures
    digits: tuple[int, ...]  # as asked
    read: tuple[int, ...]  # as the judge reads


@dataclass(frozen=True)
class Restored:
    """A digit, shrunk and brought back in two ways."""

    small: Pictures  # (7, 7)
    pictures: Pictures  # (3, 28, 28): the original, bicubic, by the GAN
    read: tuple[int, ...]  # what the judge reads in the three
    psnr_db: tuple[float, ...]  # of the last two


@dataclass(frozen=True)
class Moment:
    """The two players at one step of training."""

    step: int
    pictures: Pictures  # by the generator as it played
    fake: Chances  # D's probabilities of fakes
    real: Chances  # ... of test digits


def drawn(model: str, *, count: int, seed: int, truncation: float = FULL, real: int = 0) -> Drawn:
    """``count`` pictures of a generator and ``real`` real ones mixed in, judged by its discriminator.

    Raises:
        OptionError: an argument is out of its table or range.
    """
    check_choice(model, GENERATORS, "The generator")
    count, seed, cut = check_count(count, most=MOST_ON_PAGE), check_seed(seed), check_truncation(truncation)
    added = check_whole(real, "The number of real digits", low=0, high=count)
    with borrowed_generator(model) as generator, borrowed_discriminator(model) as discriminator:
        y = classes_for(generator, count, None)
        pictures = paint(generator, latents(seed, count, truncation=cut), y)
        is_real = np.zeros(count, bool)
        if added:
            at = np.random.default_rng(seed).choice(count, added, replace=False)
            is_real[at] = True
            true, labels = some_real(added, seed)
            pictures[torch.from_numpy(at)] = torch.from_numpy(true)
            if y is not None:
                y[torch.from_numpy(at)] = torch.from_numpy(labels)
        scores = verdicts(discriminator, to_input(pictures), y)
    asked: tuple[int | None, ...] = (None,) * count if y is None else tuple(y.tolist())
    seen = _read(pictures)
    return Drawn(pictures.numpy(), tuple(is_real.tolist()), asked, scores.sigmoid().numpy(), seen)


def written(number: str, *, seed: int, truncation: float = FULL) -> Written:
    """``number`` written by the conditional generator in one style: the same z for every digit."""
    digits, seed, cut = digits_in(number), check_seed(seed), check_truncation(truncation)
    z = latents(seed, 1, truncation=cut).expand(len(digits), -1)
    with borrowed_generator(ON_DEMAND) as generator:
        pictures = paint(generator, z, torch.tensor(digits))
    return Written(pictures.numpy(), digits, _read(pictures))


def class_grid(*, columns: int, seed: int, truncation: float = FULL) -> Pictures:
    """Every digit in ``columns`` styles, a style per column: (10 x columns, 28, 28), row by row."""
    columns = check_whole(columns, "The number of styles", low=1, high=MOST_COLUMNS)
    z = latents(check_seed(seed), columns, truncation=check_truncation(truncation))
    with borrowed_generator(ON_DEMAND) as generator:
        return paint(generator, z.repeat(DIGITS, 1), torch.arange(DIGITS).repeat_interleave(columns)).numpy()


def walk(*, seed_a: int, seed_b: int, digit_a: int, digit_b: int, kind: str = "spherical", steps: int = 16) -> Pictures:
    """From one style and digit to another: (steps, 28, 28). z walks as ``kind`` says, the class's code straight."""
    check_choice(kind, WALKS, "The walk")
    steps = check_whole(steps, "The number of steps", low=2, high=MOST_STEPS)
    a, b = (latents(check_seed(seed), 1)[0] for seed in (seed_a, seed_b))
    mixed = linear(_one_hot(digit_a), _one_hot(digit_b), steps)
    with borrowed_generator(ON_DEMAND) as generator:
        return paint(generator, _STEPS[kind](a, b, steps), mixed).numpy()


def moved(*, seed: int, digit: int, amounts: tuple[float, ...]) -> Pictures:
    """One style moved along each meaningful direction by ``amounts``: that digit, then all ten: (11, 28, 28)."""
    z = latents(check_seed(seed), 1)[0]
    for amount, direction in zip(amounts, read_directions(), strict=True):
        z = z + check_number(amount, "A slider", low=-REACH, high=REACH) * torch.tensor(direction.vector)
    y = torch.tensor([check_digit(digit), *range(DIGITS)])
    with borrowed_generator(ON_DEMAND) as generator:
        return paint(generator, z.expand(len(y), -1), y).numpy()


def sum_of_styles(*, plus: int, minus: int, base: int, digit: int) -> Pictures:
    """Arithmetic with z, by seeds: ``base``, ``minus``, ``plus`` and base - minus + plus: (4, 28, 28)."""
    a, b, c = (latents(check_seed(seed), 1)[0] for seed in (base, minus, plus))
    z = torch.stack((a, b, c, a - b + c))
    with borrowed_generator(ON_DEMAND) as generator:
        return paint(generator, z, torch.full((4,), check_digit(digit))).numpy()


def kept_steps() -> tuple[int, ...]:
    """The steps of training that are kept."""
    with borrowed_snapshots() as snapshots:
        return snapshots.steps


def moment(step: int, *, seed: int, shown: int = 40, judged: int = 400) -> Moment:
    """The players at ``step``: ``shown`` pictures of the same z at every step, and D's probabilities of ``judged``."""
    seed = check_seed(seed)
    with borrowed_snapshots() as snapshots:
        generator, discriminator = snapshots.pair(step)
        fake = paint(generator, latents(seed, judged))
        real = torch.from_numpy(some_real(judged, seed)[0])
        chances = [verdicts(discriminator, to_input(x)).sigmoid().numpy() for x in (fake, real)]
    return Moment(step, fake[:shown].numpy(), *chances)


def deal(seed: int) -> Drawn:
    """A round against the discriminator: ten pictures, about half of them real."""
    seed = check_seed(seed)
    real = int(np.random.default_rng(seed).integers(3, ROUND - 2))
    return drawn(SHOWN, count=ROUND, seed=seed, real=real)


def shrunk_and_restored(picture: Pictures) -> Restored:
    """A digit (28, 28) shrunk to 7 x 7 and brought back, bicubically and by the conditional GAN."""
    original = torch.from_numpy(picture).unsqueeze(0)
    with borrowed_restorer() as model:
        small, smooth, sharp = restored(model, original)
    pictures = torch.cat((original, smooth, sharp))
    return Restored(
        small[0].numpy(), pictures.numpy(), _read(pictures), tuple(psnr_db(pictures[1:], original).tolist())
    )


def _one_hot(digit: int) -> Tensor:
    return torch.nn.functional.one_hot(torch.tensor(check_digit(digit)), DIGITS).float()


def _read(pictures: Tensor) -> tuple[int, ...]:
    with borrowed_judge() as judge:
        return tuple(read(judge, pictures)[0].argmax(dim=1).tolist())
