"""The game on pictures: updates touch one player, interruptions change nothing, diaries and snapshots come back."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from apps.gan.exhibits.snapshots import flat, load_snapshots, measure_snapshots, run_summary
from apps.gan.players.data import Digits
from apps.gan.players.judge import Judge, blend, read, train_judge
from apps.gan.training.runs import load_log, resume, run
from apps.gan.training.train import PLANS, Game, Plan, snapshot_steps
from shared.weights import write_shards

CPU = torch.device("cpu")
TINY = Plan(steps=12, batch_size=8, g_widths=(8, 8, 8), d_widths=(8, 8, 8), d_hidden=8, r1_every=2)


@pytest.fixture(scope="module")
def digits() -> Digits:
    random = torch.Generator().manual_seed(0)
    return Digits(
        torch.randint(0, 256, (64, 28, 28), dtype=torch.uint8, generator=random),
        torch.randint(0, 10, (64,), generator=random),
    )


def _weights(game: Game) -> list[torch.Tensor]:
    return [value.clone() for part in (game.g, game.d, game.average) for value in part.state_dict().values()]


@pytest.mark.parametrize("classes", [0, 10])
def test_an_interrupted_run_ends_bit_for_bit_like_an_unbroken_one(digits: Digits, tmp_path: Path, classes: int) -> None:
    plan = replace(TINY, classes=classes)
    whole = Game(plan, CPU)
    for _ in range(6):
        whole.play(digits)
    first = Game(plan, CPU)
    for _ in range(3):
        first.play(digits)
    torch.save(first.state(), tmp_path / "state.pt")
    second = Game(plan, CPU)
    assert resume(second, tmp_path)
    assert second.step == 3
    for _ in range(3):
        second.play(digits)
    assert all(torch.equal(a, b) for a, b in zip(_weights(whole), _weights(second), strict=True))


def test_each_update_moves_its_own_player_only(digits: Digits) -> None:
    game = Game(TINY, CPU)
    real = torch.rand(8, 1, 28, 28) * 2 - 1
    g, d = ([p.detach().clone() for p in net.parameters()] for net in (game.g, game.d))
    game.update_g(None)
    assert all(torch.equal(a, b) for a, b in zip(d, game.d.parameters(), strict=True))
    assert any(not torch.equal(a, b) for a, b in zip(g, game.g.parameters(), strict=True))
    g = [p.detach().clone() for p in game.g.parameters()]
    game.update_d(real, torch.zeros_like(real), None)
    assert all(torch.equal(a, b) for a, b in zip(g, game.g.parameters(), strict=True))
    assert any(not torch.equal(a, b) for a, b in zip(d, game.d.parameters(), strict=True))


def test_d_learns_to_tell_black_from_noise() -> None:
    game = Game(replace(TINY, r1=0.0), CPU)
    random = torch.Generator().manual_seed(0)
    losses = [
        game.update_d(torch.rand(8, 1, 28, 28, generator=random), -torch.ones(8, 1, 28, 28), None)[0] for _ in range(40)
    ]
    assert losses[-1] < 0.3 * losses[0]


def test_a_run_keeps_a_diary_and_goes_on_after_a_stop(digits: Digits, tmp_path: Path) -> None:
    game = Game(TINY, CPU)
    (last,) = run(game, digits, tmp_path)
    assert (last.done, last.total, last.scores.step) == (12, 12, 12)
    log = load_log(tmp_path)
    assert sorted(log.snapshots) == list(snapshot_steps(12))
    assert log.curves[-1]["step"] == 12
    longer = Game(replace(TINY, steps=20), CPU)
    assert resume(longer, tmp_path)
    assert longer.step == 12
    assert [progress.done for progress in run(longer, digits, tmp_path)] == [20]
    assert load_log(tmp_path).curves[-1]["step"] == 20


def test_snapshots_come_back_from_their_file(digits: Digits, tmp_path: Path) -> None:
    list(run(Game(TINY, CPU), digits, tmp_path))
    log = load_log(tmp_path)
    write_shards(flat(log.snapshots), tmp_path, "shots", limit=120_000)
    files = sorted(tmp_path.glob("shots*"))
    assert len(files) > 1
    again = load_snapshots(files)
    assert again.steps == snapshot_steps(12)
    generator, _ = again.pair(12)
    assert torch.equal(generator.stem.weight, log.snapshots[12]["g"]["stem.weight"].float())
    found = measure_snapshots(again, digits, Judge().eval(), n=40)
    assert [standing.step for standing in found] == list(again.steps)
    told = run_summary(again, log.curves, found, 1.0)
    assert told["curves"][-1]["step"] == 12
    assert told["steps"][0] == 0


def test_the_diary_is_logarithmic_and_ends_at_the_end() -> None:
    steps = snapshot_steps(10_000, count=9)
    assert steps[0] == 0
    assert steps[1] == 10
    assert steps[-1] == 10_000
    assert len(steps) == 9
    ratios = [b / a for a, b in itertools.pairwise(steps[1:])]
    assert max(ratios) / min(ratios) < 1.05
    assert snapshot_steps(3) == (0, 1, 2, 3)


def test_the_learning_rates_cool_down(digits: Digits) -> None:
    game = Game(replace(TINY, cool_down=0.5), CPU)
    rates = []
    for _ in range(12):
        game.play(digits)
        rates.append(game.adam_g.param_groups[0]["lr"] / TINY.lr_g)
    assert rates[:7] == [1.0] * 7
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 0.3


def test_the_average_moves_by_its_share() -> None:
    average, model = torch.nn.BatchNorm1d(2), torch.nn.BatchNorm1d(2)
    model.weight.data.fill_(3.0)
    model.num_batches_tracked.fill_(7)
    blend(average, model, decay=0.75)
    assert average.weight.tolist() == [1.5, 1.5]
    assert average.num_batches_tracked == 7


def test_the_judge_learns_and_reads_in_any_batch(digits: Digits) -> None:
    marked = Digits(digits.images.clone(), digits.labels)
    marked.images.zero_()
    for row, label in enumerate(marked.labels.tolist()):
        marked.images[row, 2 * label + 2 : 2 * label + 5, 4:24] = 255
    step = None
    for step in train_judge(marked, epochs=12, batch_size=16, lr=0.01):  # noqa: B007
        pass
    assert step is not None
    assert step.epoch == 12
    assert step.loss < 2.0
    chances, features = read(step.model, marked.images, batch_size=7)
    other, _ = read(step.model, marked.images)
    assert torch.allclose(chances, other, atol=1e-5)
    assert chances.sum(1) == pytest.approx([1.0] * 64)
    assert features.shape == (64, 128)
    assert features.min() >= 0
    assert read(step.model, marked.images[:0])[0].shape == (0, 10)


def test_the_plans_are_those_of_the_bundled_models() -> None:
    assert PLANS["cgan-digits"].classes == 10
    assert PLANS["dcgan-digits"].classes == 0
