"""What the page and its clients ask of the networks, checked and answered in arrays and numbers.

Pictures leave this module as numpy uint8 (N, 28, 28), white on black; probabilities are 0..1.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from apps.gan.choices import (
    FULL,
    GENERATORS,
    MOST_COLUMNS,
    MOST_ON_PAGE,
    MOST_STEPS,
    REACH,
    ROUND,
    WALKS,
    check_count,
    check_digit,
    check_seed,
    check_truncation,
    digits_in,
)
from apps.gan.drawing.real_digits import some_real
from apps.gan.drawing.sampling import (
    PATHS,
    classes_for,
    latents,
    linear,
    paint,
    verdicts,
)
from apps.gan.drawing.sliders import read_directions
from apps.gan.drawing.tiles import Pictures
from apps.gan.exhibits.bundled import (
    lease_discriminator,
    lease_generator,
    lease_judge,
    lease_restorer,
    lease_snapshots,
)
from apps.gan.exhibits.results import JudgedPictures, PlayersAtStep, RestoredDigit, WrittenNumber
from apps.gan.exhibits.superres import psnr_db, shrink_and_restore
from apps.gan.players.data import DIGITS, to_input
from apps.gan.players.judge import read
from shared.errors import OptionError, check_choice, check_number, check_whole

ON_DEMAND = "cgan-digits"
AT_RANDOM = "dcgan-digits"  # whose discriminator the visitor plays against


def draw_samples(model: str, *, count: int, seed: int, truncation: float = FULL, real: int = 0) -> JudgedPictures:
    """``count`` pictures, ``real`` of them real and the others by a generator, rated by its discriminator.

    Raises:
        OptionError: an argument is not in its table or outside its range.
    """
    check_choice(model, GENERATORS, "The generator")
    count, seed, cut = check_count(count, most=MOST_ON_PAGE), check_seed(seed), check_truncation(truncation)
    added = check_whole(real, "The number of real digits", low=0, high=count)
    at = np.random.default_rng(seed).choice(count, added, replace=False)
    true, labels = some_real(added, seed)
    with lease_generator(model) as generator, lease_discriminator(model) as discriminator:
        y = classes_for(generator, count, None)
        pictures = paint(generator, latents(seed, count, truncation=cut), y)
        pictures[torch.from_numpy(at)] = torch.from_numpy(true)
        if y is not None:
            y[torch.from_numpy(at)] = torch.from_numpy(labels)
        scores = verdicts(discriminator, to_input(pictures), y)
    asked: tuple[int | None, ...] = (None,) * count if y is None else tuple(y.tolist())
    is_real = tuple(np.isin(np.arange(count), at).tolist())
    return JudgedPictures(pictures.numpy(), is_real, asked, scores.sigmoid().numpy(), _read(pictures))


def write_number(number: str, *, seed: int, truncation: float = FULL) -> WrittenNumber:
    """``number`` written by the conditional generator in one handwriting: the same z for every digit."""
    digits, seed, cut = digits_in(number), check_seed(seed), check_truncation(truncation)
    z = latents(seed, 1, truncation=cut).expand(len(digits), -1)
    with lease_generator(ON_DEMAND) as generator:
        pictures = paint(generator, z, torch.tensor(digits))
    return WrittenNumber(pictures.numpy(), digits, _read(pictures))


def class_grid(*, columns: int, seed: int, truncation: float = FULL) -> Pictures:
    """Every digit in ``columns`` handwritings, one per column: (10 x columns, 28, 28), row by row."""
    columns = check_whole(columns, "The number of handwritings", low=1, high=MOST_COLUMNS)
    z = latents(check_seed(seed), columns, truncation=check_truncation(truncation))
    with lease_generator(ON_DEMAND) as generator:
        return paint(generator, z.repeat(DIGITS, 1), torch.arange(DIGITS).repeat_interleave(columns)).numpy()


def walk(*, seed_a: int, seed_b: int, digit_a: int, digit_b: int, kind: str = "spherical", steps: int = 16) -> Pictures:
    """From one handwriting and digit to another: (steps, 28, 28). z follows ``kind``, the class a straight line."""
    check_choice(kind, WALKS, "The path of z")
    steps = check_whole(steps, "The number of pictures on the way", low=2, high=MOST_STEPS)
    a, b = (latents(check_seed(seed), 1)[0] for seed in (seed_a, seed_b))
    mixed = linear(_one_hot(digit_a), _one_hot(digit_b), steps)
    with lease_generator(ON_DEMAND) as generator:
        return paint(generator, PATHS[kind](a, b, steps), mixed).numpy()


def moved(*, seed: int, digit: int, amounts: tuple[float, ...]) -> Pictures:
    """One handwriting moved by ``amounts`` along the directions: ``digit``, then all ten: (11, 28, 28)."""
    z = latents(check_seed(seed), 1)[0]
    for amount, direction in zip(amounts, read_directions(), strict=True):
        z = z + check_number(amount, "The amount of a slider", low=-REACH, high=REACH) * torch.tensor(direction.vector)
    y = torch.tensor([check_digit(digit), *range(DIGITS)])
    with lease_generator(ON_DEMAND) as generator:
        return paint(generator, z.expand(len(y), -1), y).numpy()


def sum_of_styles(*, plus: int, minus: int, base: int, digit: int) -> Pictures:
    """Arithmetic with z, by seeds: ``base``, ``minus``, ``plus`` and base - minus + plus: (4, 28, 28)."""
    a, b, c = (latents(check_seed(seed), 1)[0] for seed in (base, minus, plus))
    z = torch.stack((a, b, c, a - b + c))
    with lease_generator(ON_DEMAND) as generator:
        return paint(generator, z, torch.full((4,), check_digit(digit))).numpy()


def players_at(step: object, *, seed: object, shown: int = 40, judged: int = 400) -> PlayersAtStep:
    """The players at ``step``: ``shown`` pictures, the same z at every step, and D's probabilities for ``judged``.

    Raises:
        OptionError: no snapshot was kept at the step, or the seed is out of range.
    """
    seed = check_seed(seed)
    with lease_snapshots() as snapshots:
        step = _kept(step, snapshots.steps)
        generator, discriminator = snapshots.pair(step)
        fake = paint(generator, latents(seed, judged))
        real = torch.from_numpy(some_real(judged, seed)[0])
        p_real = [verdicts(discriminator, to_input(x)).sigmoid().numpy() for x in (fake, real)]
    return PlayersAtStep(step, fake[:shown].numpy(), *p_real)


def deal_round(seed: int) -> JudgedPictures:
    """A round against the discriminator: ten pictures, three to seven of them real."""
    seed = check_seed(seed)
    real = int(np.random.default_rng(seed).integers(3, ROUND - 2))
    return draw_samples(AT_RANDOM, count=ROUND, seed=seed, real=real)


def restore_digit(picture: Pictures) -> RestoredDigit:
    """A digit (28, 28) shrunk to 7 x 7 and restored, bicubically and by the conditional GAN."""
    original = torch.from_numpy(picture).unsqueeze(0)
    with lease_restorer() as model:
        small, smooth, sharp = shrink_and_restore(model, original)
    pictures = torch.cat((original, smooth, sharp))
    return RestoredDigit(
        small[0].numpy(), pictures.numpy(), _read(pictures), tuple(psnr_db(pictures[1:], original).tolist())
    )


def _kept(step: object, steps: tuple[int, ...]) -> int:
    """``step``, if it is one of ``steps``."""
    found = check_whole(step, "The step", low=steps[0], high=steps[-1])
    if found not in steps:
        needed = f"a step that was kept, one of {', '.join(map(str, steps))}"
        raise OptionError(needed, str(found), f"Choose {min(steps, key=lambda one: abs(one - found))}, the nearest.")
    return found


def _one_hot(digit: int) -> Tensor:
    return torch.nn.functional.one_hot(torch.tensor(check_digit(digit)), DIGITS).float()


def _read(pictures: Tensor) -> tuple[int, ...]:
    with lease_judge() as judge:
        return tuple(read(judge, pictures)[0].argmax(dim=1).tolist())
