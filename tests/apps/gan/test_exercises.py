"""The answers of the exercises about GANs, against pictures, counts and formulas of their own."""

from __future__ import annotations

import base64
import io
import math
import re

import numpy as np
import pytest
from PIL import Image

from apps.gan import exercises
from apps.gan.drawing.real_digits import real_digits
from shared.exercises import Exercise

SEEDS = range(4)


def pictures(one: Exercise) -> np.ndarray:
    urls = re.findall(r"data:image/png;base64,([\w+/=]+)", one.shown)
    return np.stack([np.asarray(Image.open(io.BytesIO(base64.b64decode(url)))) for url in urls])


def is_real(picture: np.ndarray) -> bool:
    return bool((real_digits()[0] == picture).all(axis=(1, 2)).any())


def why(one: Exercise, given: float | str) -> str:
    slip = one.slip_of(given)
    return slip.why if slip else "none"


def test_the_real_one_is_in_the_data_set_and_the_others_are_not() -> None:
    for seed in SEEDS:
        one = exercises.ask("real", seed)
        truth = [is_real(picture) for picture in pictures(one)]
        assert truth.count(True) == 1
        assert one.answer == "ABCD"[truth.index(True)]
        assert all("G drew" in slip.why for slip in one.slips)


def test_the_length_of_the_middle_follows_from_the_angle() -> None:
    for seed in range(20):
        one = exercises.ask("length", seed)
        a, b, degrees = (
            float(text) for text in re.findall(r"lengths ([\d.]+) and ([\d.]+) and the angle (\d+)", one.question)[0]
        )
        by_law_of_cosines = 0.5 * math.sqrt(a * a + b * b + 2 * a * b * math.cos(math.radians(degrees)))
        assert one.answer == pytest.approx(by_law_of_cosines, rel=0.02)
        assert "along the sphere" in why(one, (a + b) / 2)


def test_what_g_pays_is_a_logarithm() -> None:
    for seed in range(6):
        one = exercises.ask("cost", seed)
        p = float(re.findall(r"probability of ([\d.]+)\.", one.question)[0])
        plain, saturating = -math.log(p), math.log(1 - p)
        right, other = (plain, saturating) if "non-saturating" in one.question else (saturating, plain)
        assert one.answer == pytest.approx(right, rel=1e-6)
        assert "another formula" in why(one, other)
        assert "base 10" in why(one, right / math.log(10))


def test_d_is_right_where_it_says_what_is_so() -> None:
    for seed in SEEDS:
        one = exercises.ask("right", seed)
        rows = re.findall(r"<td>(real|drawn by G)</td><td>(\d+)%</td>", one.shown)
        assert [word == "real" for word, _ in rows] == [is_real(picture) for picture in pictures(one)]
        hits = sum((word == "real") == (int(text) > 50) for word, text in rows)
        assert one.answer == hits
        assert one.slips


def test_the_truncated_row_varies_less() -> None:
    for seed in SEEDS:
        one = exercises.ask("truncated", seed)
        rows = pictures(one).reshape(2, 10, 28, 28).astype(float)
        means = rows.mean(axis=0)  # the same digits and latents: what is cut is nearer to the common part
        weight = np.abs(rows.sum(axis=(2, 3)) - np.median(rows.sum(axis=(2, 3)), axis=1, keepdims=True))
        assert means.shape == (10, 28, 28)
        spread = weight.mean(axis=1)
        assert one.answer == ("the upper row", "the lower row")[int(spread.argmin())]


def test_halfway_differs_from_its_neighbours() -> None:
    for seed in SEEDS:
        one = exercises.ask("halfway", seed)
        first, last, *shown = pictures(one).astype(float)
        quarter = next(str(slip.answer) for slip in one.slips if "a quarter" in slip.why)
        late = next(str(slip.answer) for slip in one.slips if "three quarters" in slip.why)

        def apart(name: str, end: np.ndarray, among: list[np.ndarray] = shown) -> float:
            return float(np.abs(among["ABCD".index(name)] - end).mean())

        assert apart(quarter, first) < apart(str(one.answer), first) + 12
        assert apart(late, last) < apart(str(one.answer), last) + 12
        assert len(one.choices) == 4
