"""The judge: its average of weights, one small training, and what it reads."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from apps.gan.players import judge as module
from apps.gan.players.data import Digits
from apps.gan.players.judge import FEATURES, Judge, blend, read, train_judge


def test_a_blend_moves_towards_the_new_weights_and_copies_counters() -> None:
    average, new = nn.BatchNorm1d(3), nn.BatchNorm1d(3)
    nn.init.constant_(average.weight, 1.0)
    nn.init.constant_(new.weight, 3.0)
    new.running_mean = torch.tensor([2.0, 4.0, 8.0])
    new.num_batches_tracked = torch.tensor(7)
    blend(average, new, decay=0.75)
    assert average.weight.tolist() == [1.5] * 3
    assert average.running_mean is not None
    assert average.running_mean.tolist() == [0.5, 1.0, 2.0]
    assert average.num_batches_tracked == 7


def test_a_judge_learns_to_tell_two_pictures_apart() -> None:
    images = torch.zeros(64, 28, 28, dtype=torch.uint8)
    labels = torch.arange(64) % 2
    images[labels == 0, 4:24, 12:16] = 255
    images[labels == 1, 12:16, 4:24] = 255
    steps = list(train_judge(Digits(images, labels), epochs=3, batch_size=16))
    again = next(train_judge(Digits(images, labels), epochs=3, batch_size=16))
    assert [(step.epoch, step.epochs) for step in steps] == [(1, 3), (2, 3), (3, 3)]
    assert 1.5 < steps[0].loss < 3.0  # of ten classes, nothing known: 2.3
    assert steps[-1].loss < 0.7 * steps[0].loss
    assert again.loss == pytest.approx(steps[0].loss, rel=1e-3)  # one seed, one training
    assert not any(module.training for module in steps[-1].model.modules())


def test_a_judge_is_trained_in_steps_of_128_over_14_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []
    monkeypatch.setattr(module, "blend", lambda average, model, decay: steps.append(decay))
    digits = Digits(torch.zeros(256, 28, 28, dtype=torch.uint8), torch.arange(256) % 10)
    first = next(train_judge(digits))
    assert (first.epoch, first.epochs, steps) == (1, 14, [0.995] * 2)


def test_readings_do_not_depend_on_the_batch() -> None:
    torch.manual_seed(0)
    judge = Judge().eval()
    images = torch.randint(0, 256, (7, 28, 28), dtype=torch.uint8)
    chances, features = read(judge, images)
    with torch.no_grad():
        x = images[:, None].float() / 127.5 - 1
        torch.testing.assert_close(features, judge.features(x), atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(chances, judge(x).softmax(1), atol=1e-5, rtol=1e-4)
    parts = read(judge, images, batch_size=3)
    torch.testing.assert_close(parts[0], chances, atol=1e-5, rtol=1e-4)
    nothing = read(judge, images[:0])
    assert [tuple(one.shape) for one in nothing] == [(0, 10), (0, FEATURES)]
