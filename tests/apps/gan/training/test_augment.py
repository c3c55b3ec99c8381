"""The augmentation measurement: what it draws, what it repeats, and how it is summed up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from apps.gan.choices import ARMS, SIZES
from apps.gan.players.data import Digits, to_input
from apps.gan.players.judge import Judge
from apps.gan.training.augment import Budget, Trial, classifier, load_trials, some_per_class, summary, trials

pytestmark = pytest.mark.slow  # trains, paints or starts programs


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


@pytest.mark.parametrize(("arm", "distorted"), [("none", False), ("classical", True), ("gan", False), ("both", True)])
@pytest.mark.parametrize("generated", [False, True])
def test_each_arm_trains_on_what_its_name_says(
    digits: Digits, monkeypatch: pytest.MonkeyPatch, arm: str, distorted: bool, generated: bool
) -> None:
    black = Digits(torch.zeros(30, 28, 28, dtype=torch.uint8), torch.arange(30) % 10)  # what the GAN has made
    batches: list[int] = []
    distortions: list[int] = []

    def watched(images: torch.Tensor) -> torch.Tensor:
        batches.append(int((images.flatten(1).sum(1) == 0).sum()))
        assert len(images) == 6
        return to_input(images)

    def unchanged(x: torch.Tensor, random: torch.Generator) -> torch.Tensor:
        distortions.append(len(x))
        return x

    monkeypatch.setattr("apps.gan.training.augment.to_input", watched)
    monkeypatch.setattr("apps.gan.training.augment.distort", unchanged)
    budget = Budget(classifier_steps=3, batch_size=6)
    model = classifier(digits, black if generated else None, arm=arm, budget=budget, seed=0)
    assert not model.training
    assert batches == [3 if generated else 0] * 3
    assert distortions == [6] * (3 if distorted else 0)


def test_only_the_gan_arms_get_what_the_gan_has_made(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Digits(digits.images[:10], digits.labels[:10])
    asked: dict[str, bool] = {}

    def watched(few: Digits, made: Digits | None, *, arm: str, budget: Budget, seed: int) -> Judge:
        asked[arm] = made is not None
        return Judge().eval()

    monkeypatch.setattr("apps.gan.training.augment.generated", lambda few, *, steps, seed: made)
    monkeypatch.setattr("apps.gan.training.augment.classifier", watched)
    list(trials(digits, digits, budget=Budget(repeats=1), done=[]))
    assert asked == {"none": False, "classical": False, "gan": True, "both": True}
