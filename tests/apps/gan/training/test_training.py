"""The game on pictures: updates touch one player, interruptions change nothing, logs and snapshots come back."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from apps.gan.drawing.sampling import latents, paint, verdicts
from apps.gan.exhibits.snapshots import Snapshots, flat, load_snapshots, measure_snapshots, run_summary
from apps.gan.players.data import Digits, to_input
from apps.gan.players.judge import Judge, blend, read, train_judge
from apps.gan.training.runs import check_pictures, load_log, resume, run
from apps.gan.training.train import PLANS, Game, Plan, Scores, save, snapshot_steps, train
from shared.weights import write_shards

pytestmark = pytest.mark.slow  # trains, paints or starts programs

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


def test_a_run_keeps_a_log_and_continues_after_a_stop(digits: Digits, tmp_path: Path) -> None:
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


def test_the_snapshots_are_logarithmic_and_ends_at_the_end() -> None:
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


def test_the_curves_are_means_over_windows_of_steps(
    digits: Digits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    game = Game(replace(TINY, steps=45), CPU)

    def counted(game: Game, data: Digits) -> Iterator[Scores]:
        for step in range(1, 46):
            game.step = step
            yield Scores(step, loss_d=step, loss_g=2 * step, fooled=step / 100, caught=1 - step / 100)

    monkeypatch.setattr("apps.gan.training.runs.train", counted)
    assert [(one.done, one.total) for one in run(game, digits, tmp_path)] == [(20, 45), (40, 45), (45, 45)]
    first, _, last = load_log(tmp_path).curves
    assert first == {"step": 20, "loss_d": 10.5, "loss_g": 21.0, "fooled": 0.105, "caught": 0.895}
    assert (last["step"], last["loss_d"]) == (45, 43.0)


def test_the_judge_checks_now_and_then_and_at_the_end(digits: Digits, tmp_path: Path) -> None:
    judge = Judge().eval()
    features = read(judge, digits.images)[1]
    game = Game(replace(TINY, steps=30, batch_size=2), CPU)
    seen = list(run(game, digits, tmp_path, judge=judge, real_features=features, check_every=1_000))
    assert [one.check is not None for one in seen] == [False, True]
    assert [check["step"] for check in load_log(tmp_path).checks] == [30]
    check = check_pictures(game.average, 30, judge, features)
    assert seen[-1].check == check
    assert check.agreement is None
    assert 0.1 <= check.sure <= 1
    with_classes = Game(replace(TINY, classes=10), CPU)
    assert 0 <= (check_pictures(with_classes.average, 0, judge, features).agreement or 0.0) <= 1


def test_what_was_logged_after_the_checkpoint_is_forgotten(digits: Digits, tmp_path: Path) -> None:
    list(run(Game(TINY, CPU), digits, tmp_path))
    history = json.loads((tmp_path / "history.json").read_text())
    history["curves"].append({"step": 999, "loss_d": 0, "loss_g": 0, "fooled": 0, "caught": 0})
    history["checks"].append({"step": 999})
    (tmp_path / "history.json").write_text(json.dumps(history))
    longer = Game(replace(TINY, steps=16), CPU)
    resume(longer, tmp_path)
    list(run(longer, digits, tmp_path))
    log = load_log(tmp_path)
    assert [point["step"] for point in log.curves] == [12, 16]
    assert log.checks == []


def test_a_run_that_is_stopped_is_kept_as_it_is_then(digits: Digits, tmp_path: Path) -> None:
    steps = run(Game(replace(TINY, steps=1_000), CPU), digits, tmp_path)
    stopped_at = next(steps).done
    steps.close()
    again = Game(replace(TINY, steps=1_000), CPU)
    assert resume(again, tmp_path)
    assert again.step == stopped_at < 500  # where the next checkpoint would have been


def test_a_killed_save_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.pt"
    save({"step": 1}, path)

    def killed(state: object, target: Path) -> None:
        target.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        save({"step": 2}, path)
    assert torch.load(path, weights_only=True) == {"step": 1}


def test_the_penalty_is_paid_now_and_then_and_in_proportion(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    paid: list[int] = []
    costs: list[float] = []
    game = Game(replace(TINY, r1=0.4, r1_every=3, steps=6), CPU)

    def one(score: object, real: torch.Tensor) -> torch.Tensor:
        paid.append(game.step)
        return torch.ones((), requires_grad=True)

    monkeypatch.setattr("apps.gan.training.train.r1_penalty", one)
    backward = torch.Tensor.backward
    monkeypatch.setattr(torch.Tensor, "backward", lambda cost: (costs.append(cost.item()), backward(cost))[1])
    scores = list(train(game, digits))
    assert paid == [0, 3]
    surplus = [cost - one.loss_d for cost, one in zip(costs[::2], scores, strict=True)]
    assert surplus == pytest.approx([0.6, 0, 0, 0.6, 0, 0], abs=1e-4)  # 0.4 / 2, times 3


def test_g_may_take_several_steps_for_one_of_d(digits: Digits) -> None:
    game = Game(replace(TINY, g_per_d=4), CPU)
    game.play(digits)
    assert {state["step"].item() for state in game.adam_g.state.values()} == {4}
    assert {state["step"].item() for state in game.adam_d.state.values()} == {1}


def test_fooled_and_caught_are_shares_of_fakes_and_of_real_digits(
    digits: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    game = Game(TINY, CPU)
    fake, real = torch.tensor([1.0, -1, -1, -1]), torch.tensor([1.0, 1, 1, -1])
    monkeypatch.setattr(game, "update_d", lambda *_: (0.7, real, fake))
    scores = game.play(digits)
    assert (scores.loss_d, scores.fooled, scores.caught) == (0.7, 0.25, 0.75)


def test_a_game_starts_from_other_players_the_average_too() -> None:
    game, other = Game(TINY, CPU), Game(replace(TINY, seed=1), CPU)
    game.start_from(other.g, other.d)
    for mine, theirs in ((game.g, other.g), (game.average, other.g), (game.d, other.d)):
        assert all(torch.equal(a, b) for a, b in zip(mine.parameters(), theirs.parameters(), strict=True))


def test_a_snapshot_is_measured_on_fakes_and_on_real_digits(digits: Digits) -> None:
    game = Game(TINY, CPU)
    pair = {"g": game.g.state_dict(), "d": game.d.state_dict()}
    snapshots = Snapshots({7: pair}).eval()
    (found,) = measure_snapshots(snapshots, digits, Judge().eval(), n=64)
    generator, discriminator = snapshots.pair(7)
    fake = paint(generator, latents(7, 64))
    shares = [(verdicts(discriminator, to_input(x)) > 0).float().mean().item() for x in (fake, digits.images)]
    assert [found.fooled, found.caught] == pytest.approx(shares, abs=1e-4)
    assert (found.step, found.n) == (7, 64)


def test_the_curves_of_the_page_are_thinned_evenly_on_a_logarithmic_axis() -> None:
    curves = [{"step": float(step), "loss_d": 1.0} for step in range(20, 8_001, 20)]
    game = Game(TINY, CPU)
    pair = {"g": game.g.state_dict(), "d": game.d.state_dict()}
    summary = run_summary(Snapshots({0: pair, 8_000: pair}), curves, [], 12.4)
    steps = [point["step"] for point in summary["curves"]]
    assert (steps[0], steps[-1]) == (20, 8_000)
    assert steps == sorted(set(steps))
    assert 80 < len(steps) <= 200
    assert steps[:5] == [20, 40, 60, 80, 100]  # early steps are all kept
    assert steps[-1] / steps[-2] == pytest.approx(8_000 ** (1 / 199), rel=0.02)
    assert (summary["seconds"], summary["steps"], summary["standings"]) == (12, [0, 8_000], [])
