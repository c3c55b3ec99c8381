"""The augmentation measurement: what it draws, what it repeats, and how it is summed up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from apps.gan.choices import ARMS, SIZES
from apps.gan.players.data import Digits
from apps.gan.training.augment import Budget, Trial, load_trials, some_per_class, summary, trials


@pytest.fixture(scope="module")
def digits() -> Digits:
    random = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (200, 28, 28), dtype=torch.uint8, generator=random)
    return Digits(images, torch.arange(200) % 10)


def test_every_class_gives_its_share_and_the_seed_decides_which(digits: Digits) -> None:
    few = some_per_class(digits, 3, seed=1)
    assert torch.bincount(few.labels).tolist() == [3] * 10
    assert torch.equal(some_per_class(digits, 3, seed=1).images, few.images)
    assert not torch.equal(some_per_class(digits, 3, seed=2).images, few.images)


def test_a_measurement_goes_on_where_it_stopped(digits: Digits) -> None:
    budget = Budget(gan_steps=1, classifier_steps=2, repeats=1, batch_size=4)
    known = [Trial(n, arm, 0, 0.5) for n in SIZES for arm in ARMS if (n, arm) not in ((10, "none"), (10, "gan"))]
    found = list(trials(digits, digits, budget=budget, done=known))
    assert [(trial.n, trial.arm) for trial in found] == [(10, "none"), (10, "gan")]
    assert all(0 <= trial.accuracy <= 1 for trial in found)


def test_students_interval_by_hand_and_the_way_through_the_file(tmp_path: Path) -> None:
    found = [Trial(10, "none", seed, value) for seed, value in enumerate((0.80, 0.82, 0.84))]
    told = summary(found, Budget())
    (row,) = told["rows"]
    assert row["accuracy"] == 0.82
    assert row["interval"] == pytest.approx([0.82 - 0.04968, 0.82 + 0.04968], abs=1e-4)  # 4.303 × 0.02 / √3
    path = tmp_path / "told.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    assert load_trials(path) == found
    assert load_trials(tmp_path / "nothing") == []
