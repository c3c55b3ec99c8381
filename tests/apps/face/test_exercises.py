"""The answers of the exercises about faces, counted again from the measured curve and from the numbers shown."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from apps.face import exercises
from shared.exercises import Exercise
from shared.settings import weights_dir

SEEDS = range(12)


@pytest.fixture(autouse=True)
def _encodings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Encodings at random: three people, unit vectors near one of three; the networks have their own tests."""
    rng = np.random.default_rng(0)
    person = np.repeat([0, 0, 1, 2], 4)
    vectors = 0.12 * rng.standard_normal((3, 16))[person] + 0.06 * rng.standard_normal((16, 16))
    vectors[:, 0] += 1  # as far apart as those of the bundled encoder
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    made = exercises._Photos(vectors, person, ("A", "B", "C"))
    monkeypatch.setattr(exercises, "_photos", lambda: made)


def curve() -> dict[str, list[float]]:
    figures = json.loads((weights_dir() / "face/resnet29-128d.json").read_text(encoding="utf-8"))
    return dict(figures["curve"])


def numbers(text: str) -> list[float]:
    return [float(one) for one in re.findall(r"\d+\.\d+|\d+", text)]


def test_the_threshold_is_the_largest_measured_one_that_is_allowed() -> None:
    known = curve()
    for seed in SEEDS:
        one = exercises.ask("far", seed)
        wanted = numbers(one.question.split("at most")[1])[0] / 100
        allowed = [tau for tau, far in zip(known["threshold"], known["far"], strict=True) if far <= wanted]
        assert one.answer == f"τ = {max(allowed):.3f}"
        mixed = next(tau for tau, frr in zip(known["threshold"], known["frr"], strict=True) if frr <= wanted)
        slip = one.slip_of(f"τ = {mixed:.3f}")
        assert slip
        assert "FRR" in slip.why


def test_what_moving_the_threshold_does_is_what_the_curve_says() -> None:
    known = curve()
    for seed in SEEDS:
        one = exercises.ask("moved", seed)
        before, after = numbers(one.question)
        far = np.interp([before, after], known["threshold"], known["far"])
        assert one.answer == ("FAR falls, FRR rises" if far[1] < far[0] else "FAR rises, FRR falls")
        assert len(one.choices) == 4


def test_the_chance_of_a_stranger_is_what_dice_say() -> None:
    rng = np.random.default_rng(1)
    for seed in range(4):
        one = exercises.ask("stranger", seed)
        found = re.search(r"FAR is ([\d.]+) %.* each of (\d+) enrolled", one.question)
        assert found
        far, people = float(found[1]) / 100, int(found[2])
        thrown = (rng.random((20_000, people)) < far).any(axis=1).mean()
        assert one.answer == pytest.approx(100 * thrown, abs=1.5)
        added = one.slip_of(100 * far * people)
        assert added
        assert "counts strangers twice" in added.why


def test_a_region_follows_from_squared_distances() -> None:
    for seed in SEEDS:
        one = exercises.ask("semi-hard", seed)
        margin = numbers(one.question)[-1]
        rows = re.findall(r'row">(Triplet \d)</th><td>([\d.]+)</td><td>([\d.]+)', one.shown)
        semi = [name for name, ap, an in rows if float(ap) ** 2 < float(an) ** 2 < float(ap) ** 2 + margin]
        assert semi == [one.answer]
        assert len(rows) == 4
        (plain,) = [float(an) - float(ap) for name, ap, an in rows if name == one.answer]
        assert plain >= margin - 1e-9  # so that plain distances mislead
        slip = one.slip_of("none of them")
        assert slip
        assert "d²" in slip.why


def test_the_loss_is_the_formula() -> None:
    for seed in SEEDS:
        one = exercises.ask("loss", seed)
        found = re.search(r"f\(P\)‖ = ([\d.]+) .*f\(N\)‖ = ([\d.]+); .* ([\d.]+)\. What", one.question)
        assert found
        ap, an, margin = map(float, found.groups())
        assert one.answer == pytest.approx(max(ap * ap - an * an + margin, 0), abs=1e-4)
        plain = max(ap - an + margin, 0)
        if not one.is_right(round(plain, 4)):
            slip = one.slip_of(round(plain, 4))
            assert slip
            assert "took d" in slip.why


def answers_by_root(one: Exercise, *, root: bool) -> str:
    tau = float(one.question.split("τ = ")[1].split(",")[0])
    squared = [float(text) for text in re.findall(r"<td>([\d.]+)</td>", one.shown)]
    count = sum((value**0.5 if root else value) <= tau for value in squared)
    return ("none of them", "the first", "the first two", "all three")[count]


def test_a_decision_takes_the_root() -> None:
    for seed in SEEDS:
        one = exercises.ask("same", seed)
        assert one.answer == answers_by_root(one, root=True)
        slip = one.slip_of(answers_by_root(one, root=False))
        assert slip
        assert "compared d²" in slip.why
