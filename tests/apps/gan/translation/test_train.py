"""One step against its formula; what each objective updates; interruption; the folder of a run."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from apps.gan.translation import train as module
from apps.gan.translation.choices import OBJECTIVES
from apps.gan.translation.draws import Batch, mixed_seed
from apps.gan.translation.earth import Earth
from apps.gan.translation.networks import noise
from apps.gan.translation.runs import SNAPSHOTS, load_snapshots, read_history, resumed, run, saved_plan
from apps.gan.translation.train import Game, Plan
from shared.errors import InputError

pytestmark = pytest.mark.slow  # trains, paints or starts programs

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "bf16_is_fast", lambda device: False)


def batch(step: int) -> Batch:
    random = torch.Generator().manual_seed(step)
    return Batch(*(torch.rand(2, 3, 32, 32, generator=random) * 2 - 1 for _ in range(2)))


def dice(plan: Plan, given: Batch) -> torch.Tensor:
    """The noise of the first step."""
    return noise(given.day, torch.Generator().manual_seed(mixed_seed(plan.seed, 0)))


def weights(game: Game, part: str) -> list[torch.Tensor]:
    return [value.clone() for value in getattr(game, part).state_dict().values() if value.is_floating_point()]


def same(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("name", list(OBJECTIVES))
def test_scores_of_a_step_are_those_of_the_networks_before_it(name: str, tiny_plan: Plan) -> None:
    game = Game(name, tiny_plan, CPU)
    before_g, before_d, given = copy.deepcopy(game.g), copy.deepcopy(game.d), batch(0)
    scores = game.play(given)
    with torch.no_grad():
        fake = before_g(given.day, dice(tiny_plan, given))
        real_s, fake_s = before_d(given.day, given.night), before_d(given.day, fake)
    assert scores.step == 1
    assert scores.l1 == pytest.approx((fake - given.night).abs().mean().item(), rel=1e-5)
    if OBJECTIVES[name].gan:
        ones, zeros = torch.ones_like(real_s), torch.zeros_like(fake_s)
        entropy = F.binary_cross_entropy_with_logits
        expected = (entropy(real_s, ones) + entropy(fake_s, zeros)) / 2  # halved, as in the paper
        assert scores.loss_d == pytest.approx(expected.item(), rel=1e-4)
        assert scores.fooled == pytest.approx((fake_s > 0).float().mean().item())
        assert scores.caught == pytest.approx((real_s > 0).float().mean().item())
    else:
        assert (scores.loss_d, scores.fooled, scores.caught) == (0, 0, 0)


@pytest.mark.parametrize("name", list(OBJECTIVES))
def test_the_generator_descends_its_own_cost(name: str, tiny_plan: Plan) -> None:
    """Adam's first step is the sign of the gradient times the rate: that of l1 · L1 + gan · softplus(-D)."""
    game, given, objective = Game(name, tiny_plan, CPU), batch(0), OBJECTIVES[name]
    before = copy.deepcopy(game.g)
    game.play(given)
    fake = before(given.day, dice(tiny_plan, given))
    cost = objective.l1 * (fake - given.night).abs().mean()
    if objective.gan:
        cost = cost + objective.gan * F.softplus(-game.d(given.day, fake)).mean()  # D after its own update
    cost.backward()
    checked, rate = 0, tiny_plan.lr_g if objective.gan else tiny_plan.lr_l1
    for old, new in zip(before.parameters(), game.g.parameters(), strict=True):
        assert old.grad is not None
        clear = old.grad.abs() > 1e-5
        moved = (new - old).detach()[clear]
        torch.testing.assert_close(moved, -rate * old.grad.sign()[clear], atol=2e-6, rtol=2e-2)
        checked += int(clear.sum())
    assert checked > 200


def test_without_an_adversary_the_discriminator_stays_as_it_was(tiny_plan: Plan) -> None:
    for name, still in (("l1", True), ("gan", False)):
        game = Game(name, tiny_plan, CPU)
        before = weights(game, "d")
        game.play(batch(0))
        assert same(before, weights(game, "d")) == still


def test_all_go_on_from_the_generator_that_l1_alone_has_trained(
    small_earth: Earth, tiny_plan: Plan, tmp_path: Path
) -> None:
    plan = replace(tiny_plan, start=2)
    told = list(run(small_earth, tmp_path, ("gan",), plan, device=CPU, turn=2))
    assert [(one.objective, one.step) for one in told] == [("l1", 2), ("gan", 4), ("gan", 6)]
    start = load_snapshots("gan", tmp_path)[2]  # the first one of this run
    assert all(torch.equal(value, load_snapshots("l1", tmp_path)[2][name]) for name, value in start.items())
    assert not same([value.float() for value in start.values()], weights(Game("gan", plan, CPU), "average"))
    alone = list(run(small_earth, tmp_path, ("l1",), plan, device=CPU, turn=2))
    assert [one.step for one in alone] == [4, 6]  # it goes on from its own checkpoint


def test_all_objectives_start_from_the_same_weights(tiny_plan: Plan) -> None:
    first, *others = (weights(Game(name, tiny_plan, CPU), "g") for name in OBJECTIVES)
    assert all(same(first, other) for other in others)


def test_rates_fall_over_the_second_half_and_tiles_grow_at_the_end() -> None:
    plan = Plan(steps=100)
    assert [plan.slowed(step) for step in (0, 50, 75, 99)] == pytest.approx([1, 1, 0.5, 0.02])
    assert [plan.is_small(step) for step in (0, 49, 50, 99)] == [True, True, False, False]


def test_an_interrupted_game_does_what_it_would_have_done(tiny_plan: Plan, tmp_path: Path) -> None:
    straight = Game("both", tiny_plan, CPU)
    for step in range(4):
        straight.play(batch(step))
    first = Game("both", tiny_plan, CPU)
    for step in range(2):
        first.play(batch(step))
    torch.save(first.state(), tmp_path / "state.pt")
    torch.rand(7)  # whatever else draws random numbers meanwhile
    second = Game("both", replace(tiny_plan, seed=0), CPU)
    second.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    for step in range(2, 4):
        second.play(batch(step))
    assert all(same(weights(straight, part), weights(second, part)) for part in ("g", "d", "average"))


def timeless(folder: Path) -> list[dict[str, object]]:
    return [{key: value for key, value in entry.items() if key != "seconds"} for entry in read_history(folder)]


def test_a_run_interrupted_anywhere_ends_as_one_that_was_not(
    small_earth: Earth, tiny_plan: Plan, tmp_path: Path
) -> None:
    whole, broken, names = tmp_path / "whole", tmp_path / "broken", ("l1", "gan")
    told = list(run(small_earth, whole, names, tiny_plan, device=CPU, turn=2))
    assert [(progress.objective, progress.step) for progress in told] == [
        ("l1", 2), ("gan", 2), ("l1", 4), ("gan", 4), ("l1", 6), ("gan", 6)
    ]  # fmt: skip
    for stop in (1, 2, 1):  # after the first of two checkpoints: one game is ahead of the other
        steps = run(small_earth, broken, names, tiny_plan, device=CPU, turn=2)
        for _ in range(stop):
            next(steps)
        steps.close()
    list(run(small_earth, broken, names, tiny_plan, device=CPU, turn=2))
    for name in names:
        a, b = (resumed(name, tiny_plan, folder, CPU) for folder in (whole, broken))
        assert a.step == b.step == 6
        assert all(same(weights(a, part), weights(b, part)) for part in ("g", "d", "average"))
    assert sorted(map(str, timeless(whole))) == sorted(map(str, timeless(broken)))


def test_a_finished_run_has_nothing_left_to_do(small_earth: Earth, tiny_plan: Plan, tmp_path: Path) -> None:
    list(run(small_earth, tmp_path, ("l1",), tiny_plan, device=CPU, turn=3))
    assert list(run(small_earth, tmp_path, ("l1",), tiny_plan, device=CPU, turn=3)) == []
    longer = replace(tiny_plan, steps=8)
    assert [progress.step for progress in run(small_earth, tmp_path, ("l1",), longer, device=CPU, turn=9)] == [8]


def test_a_folder_of_another_plan_is_refused(small_earth: Earth, tiny_plan: Plan, tmp_path: Path) -> None:
    list(run(small_earth, tmp_path, ("l1",), tiny_plan, device=CPU))
    assert saved_plan("l1", tmp_path) == tiny_plan
    with pytest.raises(InputError, match="another plan"):
        resumed("l1", replace(tiny_plan, lr_g=1.0), tmp_path, CPU)
    with pytest.raises(InputError, match="translate-train first"):
        saved_plan("gan", tmp_path)


def test_snapshots_are_the_averages_at_their_steps(small_earth: Earth, tiny_plan: Plan, tmp_path: Path) -> None:
    list(run(small_earth, tmp_path, ("l1",), tiny_plan, device=CPU))
    found = load_snapshots("l1", tmp_path)
    assert sorted(found) == [0, tiny_plan.steps]
    assert 0 in SNAPSHOTS
    final = resumed("l1", tiny_plan, tmp_path, CPU).average.state_dict()
    assert all(torch.equal(value, final[name].half())
               for name, value in found[tiny_plan.steps].items())  # fmt: skip


def test_history_is_json_that_others_can_read(small_earth: Earth, tiny_plan: Plan, tmp_path: Path) -> None:
    list(run(small_earth, tmp_path, ("gan",), tiny_plan, device=CPU, turn=3))
    told = json.loads((tmp_path / "gan.json").read_text())
    assert [entry["step"] for entry in told] == [3, 6]
    assert set(told[0]) == {"objective", "seconds", "step", "l1", "loss_d", "fooled", "caught"}
