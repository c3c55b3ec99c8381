"""Runs: they descend, they are deterministic, they can be stopped anywhere, and nothing makes them NaN."""

from __future__ import annotations

import dataclasses
import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from apps.style import canvas
from apps.style.descent import losses
from apps.style.descent.objective import Objective
from apps.style.instant.begin import start_from
from apps.style.options import Options
from apps.style.run.transfer import Run, Step
from apps.style.vgg.network import VGG
from shared.errors import ImageError

pytestmark = pytest.mark.slow  # trains, paints or starts programs

SMALL = Options(size=64, iterations=6, coarse_to_fine=False, precision="float32")


def finished(run: Run, **how: Any) -> list[Step]:
    return list(run.steps(every_s=0.0, **how))


def pixels(run: Run) -> np.ndarray:
    return np.asarray(run.picture)


@pytest.mark.parametrize("keep_colours", [False, True])
def test_a_run_starts_from_the_picture_in_one_pass(
    content: Image.Image, style: Image.Image, keep_colours: bool
) -> None:
    options = dataclasses.replace(SMALL, init="instant", coarse_to_fine=True, size=256, iterations=2)
    run = Run(content, style, dataclasses.replace(options, keep_colours=keep_colours))
    assert len(run.stages) == 1  # what the small sizes would find is in the picture already
    next(run.steps(every_s=0.0))
    painted = start_from(content, style, 256)
    seen, grey = (np.asarray(one, dtype=float) for one in (painted, painted.convert("L")))
    begun = run.pixels[0].transpose(1, 2, 0) * 255
    if keep_colours:
        assert np.abs(begun - begun[..., :1]).max() < 40  # grey, as nearly as a step away from it
        light = np.asarray(content.convert("L"), dtype=float)
        seen = ((grey - grey.mean()) * (light.std() / grey.std()) + light.mean())[..., None].clip(0, 255)
    assert np.abs(begun - seen).mean() < 6
    assert run.result().first.content > 0  # it is not the content picture


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_j_goes_down_and_is_put_together_as_written(content: Image.Image, style: Image.Image, optimizer: str) -> None:
    run = Run(content, style, dataclasses.replace(SMALL, optimizer=optimizer, iterations=10, alpha=2.0, beta=30.0))
    steps = finished(run)
    assert [step.done for step in steps] == list(range(1, 11))
    exact = run.result()
    assert exact.last.J < 0.5 * exact.first.J
    for cost in (exact.first, exact.last):
        style_cost = math.fsum(exact.lambdas[name] * value for name, value in cost.layers.items())
        assert cost.style == pytest.approx(style_cost)
        assert pytest.approx(2.0 * cost.content + 30.0 * cost.style) == cost.J
    assert exact.first.content == 0.0  # it starts from the content picture


def test_the_numbers_are_those_of_the_plain_network(network: VGG, content: Image.Image, style: Image.Image) -> None:
    """The exact costs of a run against the formulas on the activations of the plain network, in float64."""
    run = Run(content, style, dataclasses.replace(SMALL, pooling="max"))
    finished(run)
    last = run.result().last
    stage = run.stages[-1]
    device = torch.device("cpu")
    c, s = (
        part.double() for part in (canvas.to_tensor(content, stage, device), canvas.style_tensor(style, stage, device))
    )
    g = torch.from_numpy(run.pixels).double()
    plain = VGG(network.layers).double()
    plain.load_state_dict(network.state_dict())
    names = [*run.options.content_layers, *run.options.style_layers]
    with torch.no_grad():
        of_c, of_s, of_g = (plain(x, names) for x in (c, s, g))
    assert last.content == pytest.approx(float(losses.content_cost(of_c["relu4_2"], of_g["relu4_2"])), rel=1e-4)
    for name in run.options.style_layers:
        positions = of_g[name][0, 0].numel()
        wanted = losses.gram(of_s[name]) * (positions / of_s[name][0, 0].numel())
        expected = losses.style_cost(wanted, losses.gram(of_g[name]), positions)
        assert last.layers[name] == pytest.approx(float(expected), rel=1e-3)


def test_lambda_counts_against_the_target(network: VGG, content: Image.Image, style: Image.Image) -> None:
    stage = canvas.Stage(height=48, width=48, iterations=1)
    c, s = (canvas.to_tensor(one, stage, torch.device("cpu")) for one in (content, style))
    relative = Objective(network, Options(), c, s, dtype=torch.float32).weights
    for name, size in relative.style_sizes.items():
        assert relative.lambdas[name] * size == pytest.approx(relative.content_size)
    written = Objective(network, Options(units="written"), c, s, dtype=torch.float32).weights
    assert set(written.lambdas.values()) == {1.0}


def test_the_optimizer_descends_j_over_a_constant(network: VGG, content: Image.Image, style: Image.Image) -> None:
    stage = canvas.Stage(height=48, width=48, iterations=1)
    c, s = (canvas.to_tensor(one, stage, torch.device("cpu")) for one in (content, style))
    objective = Objective(network, Options(alpha=3.0, beta=7.0, smoothness=0.0), c, s, dtype=torch.float32)
    value, costs = objective(0.5 * (c + s))
    exact = objective.read(costs, 1, (48, 48))
    assert float(value) * objective.weights.of_zero == pytest.approx(exact.J, rel=1e-4)


@pytest.mark.parametrize("init", ["noise", "blend"])
def test_the_same_seed_gives_the_same_picture(content: Image.Image, style: Image.Image, init: str) -> None:
    options = dataclasses.replace(SMALL, init=init, coarse_to_fine=True)
    runs = [Run(content, style, dataclasses.replace(options, seed=seed)) for seed in (1, 1, 2)]
    for run in runs:
        finished(run)
    assert np.array_equal(pixels(runs[0]), pixels(runs[1]))
    assert not np.array_equal(pixels(runs[0]), pixels(runs[2]))


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_stopped_run_goes_on_as_if_it_had_not_been_stopped(
    content: Image.Image, style: Image.Image, optimizer: str, tmp_path: Path
) -> None:
    options = dataclasses.replace(SMALL, optimizer=optimizer, init="noise", coarse_to_fine=True, iterations=8)
    whole, parts = Run(content, style, options), Run(content, style, options)
    finished(whole)
    for _ in range(3):
        steps = parts.steps(every_s=0.0)
        for _ in range(2):
            next(steps)
        steps.close()  # type: ignore[attr-defined]
        parts.put_aside(tmp_path / "aside")
        parts.put_aside(tmp_path / "twice")
    assert parts.done == 6
    assert [path.name for path in tmp_path.iterdir()] == ["aside"]
    finished(parts)
    assert [cost.iteration for cost in parts.costs] == list(range(1, 9))
    assert np.array_equal(pixels(parts), pixels(whole))


def test_a_run_that_finds_no_room_for_its_memory_keeps_it(content: Image.Image, style: Image.Image) -> None:
    stopped, through = (Run(content, style, SMALL) for _ in range(2))
    steps = stopped.steps(every_s=0.0)
    next(steps)
    next(steps)
    steps.close()  # type: ignore[attr-defined]
    with pytest.raises(OSError, match="No such"):
        stopped.put_aside(Path("/nowhere/at/all"))
    finished(stopped)
    finished(through)
    assert np.array_equal(pixels(stopped), pixels(through))


def test_a_run_that_is_over_can_be_extended(content: Image.Image, style: Image.Image) -> None:
    run = Run(content, style, SMALL)
    finished(run)
    before = run.result().last.J
    run.extend(5)
    assert finished(run)[-1].done == run.total == 11
    after = run.result().last.J
    assert after < before


def test_a_replay_stops_where_the_first_run_was_stopped(content: Image.Image, style: Image.Image) -> None:
    options = dataclasses.replace(SMALL, init="noise", coarse_to_fine=True, iterations=8)
    first, again = Run(content, style, options), Run(content, style, dataclasses.replace(options, stop_at=5))
    steps = first.steps(every_s=0.0)
    for _ in range(5):
        next(steps)
    steps.close()  # type: ignore[attr-defined]
    assert finished(again)[-1].done == 5
    assert np.array_equal(pixels(first), pixels(again))


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize(
    "extreme",
    [
        {"alpha": 1e9, "beta": 0.0},
        {"alpha": 0.0, "beta": 1e9},
        {"alpha": 1e9, "beta": 1e9, "lambdas": (1e9, 0.0, 0.0, 1e9), "rate": 1.0},
        {"alpha": 1e-9, "beta": 1e9, "units": "written", "smoothness": 1000.0},
    ],
)
def test_no_weights_make_it_nan(
    content: Image.Image, style: Image.Image, optimizer: str, extreme: dict[str, Any]
) -> None:
    options = dataclasses.replace(SMALL, size=48, iterations=20, optimizer=optimizer, init="noise", **extreme)
    run = Run(content, style, options)
    for step in finished(run):
        cost = step.costs[-1]
        assert all(map(math.isfinite, (cost.J, cost.content, cost.style, *cost.layers.values())))
    assert pixels(run).std() > 0


def test_bfloat16_comes_to_nearly_the_same_cost(content: Image.Image, style: Image.Image) -> None:
    """By Adam, whose steps are of one size: L-BFGS magnifies rounding, and where it then ends differs by machine."""
    ends = []
    for precision in ("float32", "bfloat16"):  # few pixels: a CPU without bfloat16 takes seconds for an iteration
        options = dataclasses.replace(SMALL, size=48, iterations=15, precision=precision, optimizer="adam")
        run = Run(content, style, options)
        finished(run)
        ends.append(run.result())
    assert ends[1].first.J == ends[0].first.J
    assert pytest.approx(ends[0].last.J, rel=0.02) == ends[1].last.J
    assert ends[0].last.J < 0.9 * ends[0].first.J


def test_content_colours_can_be_kept(content: Image.Image, style: Image.Image) -> None:
    run = Run(content, style, dataclasses.replace(SMALL, keep_colours=True))
    finished(run)
    kept = np.asarray(run.picture.convert("YCbCr"))[..., 1:].astype(float)
    wanted = np.asarray(content.resize(run.picture.size, Image.Resampling.LANCZOS).convert("YCbCr"))[..., 1:]
    assert np.abs(kept - wanted).mean() < 4


@pytest.mark.parametrize("missing", ["content", "style"])
def test_one_picture_is_enough_where_the_other_does_not_count(
    content: Image.Image, style: Image.Image, missing: str
) -> None:
    weights = {"content": {"alpha": 0.0}, "style": {"beta": 0.0}}[missing]
    given = {"content": content, "style": style, missing: None}
    run = Run(given["content"], given["style"], dataclasses.replace(SMALL, init="noise", **weights))
    finished(run)
    exact = run.result()
    assert exact.last.J < exact.first.J


@pytest.mark.parametrize("missing", ["content", "style"])
def test_a_missing_picture_is_refused(content: Image.Image, style: Image.Image, missing: str) -> None:
    given: dict[str, Any] = {"content": content, "style": style, missing: None}
    with pytest.raises(ImageError, match=missing):
        Run(given["content"], given["style"], SMALL)


def test_sizes_grow_to_the_one_that_was_asked_for() -> None:
    plan = canvas.plan((640, 427), Options(size=384, init="noise", iterations=100))
    sides = [stage.width for stage in plan]
    assert sides == sorted(sides)
    assert sides[-1] == 384
    assert plan[-1].height == 256
    assert sum(stage.iterations for stage in plan) == 100
    assert all(b / a <= 2.05 for a, b in itertools.pairwise(sides))
    assert len(canvas.plan((640, 427), Options(size=384, iterations=100, coarse_to_fine=False))) == 1


def test_closing_the_steps_returns_the_network(content: Image.Image, style: Image.Image) -> None:
    from shared.model_cache import model_cache

    steps = Run(content, style, SMALL).steps(every_s=0.0)
    next(steps)
    assert model_cache().statistics().models[-1].leases == 1
    steps.close()  # type: ignore[attr-defined]
    assert model_cache().statistics().models[-1].leases == 0


def test_a_long_style_counts_with_all_of_it(content: Image.Image) -> None:
    """A scroll whose middle is blank paper, on an upright photo: strokes at its end are seen."""
    upright, scroll = content.resize((48, 96)), Image.new("RGB", (400, 100), "white")
    strokes = np.zeros((100, 60, 3), np.uint8)
    strokes[::4] = 255
    scroll.paste(Image.fromarray(strokes), (0, 0))
    stage = canvas.plan(upright.size, SMALL)[-1]
    whole = canvas.style_tensor(scroll, stage, torch.device("cpu"))
    assert whole.shape[2] * whole.shape[3] == pytest.approx(stage.pixels, rel=0.1)
    assert float(whole[..., 0, 0].mean()) < 0.9 < float(whole[..., -1].mean())
    blank = Run(upright, Image.new("RGB", (400, 100), "white"), SMALL)
    seen = Run(upright, scroll, SMALL)
    for run in (blank, seen):
        next(run.steps())
    assert seen.result().first.layers["relu1_1"] != pytest.approx(blank.result().first.layers["relu1_1"], rel=0.1)


def test_a_style_of_another_size_is_compared_as_if_it_had_g_s(network: VGG, content: Image.Image) -> None:
    stage = canvas.Stage(height=48, width=48, iterations=1)
    c = canvas.to_tensor(content, stage, torch.device("cpu"))
    twice = torch.cat([c, c], 3)  # the same texture over twice the area
    options = Options(alpha=0.0, smoothness=0.0, style_layers=("relu1_1", "relu2_1"), lambdas=(1.0, 1.0))
    once = Objective(network, options, c, c, dtype=torch.float32)
    large = Objective(network, options, c, twice, dtype=torch.float32)
    for name, size in once.weights.style_sizes.items():
        assert large.weights.style_sizes[name] == pytest.approx(size, rel=0.1)
    assert float(once(c)[0]) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("colour", [(150, 180, 220), (255, 255, 255)])
def test_a_plain_picture_gets_no_frame_of_lines(style: Image.Image, colour: tuple[int, int, int]) -> None:
    """Lines along the border against lines across it, in a picture where nothing but the border differs."""
    run = Run(Image.new("RGB", (96, 96), colour), style, dataclasses.replace(SMALL, size=96, iterations=20))
    finished(run)
    light = pixels(run).astype(float).mean(2)
    down, across = np.abs(np.diff(light, axis=0)), np.abs(np.diff(light, axis=1))
    rim = np.r_[:12, -12:0]
    assert down[rim].sum() + across[:, rim].sum() < 1.55 * (across[rim].sum() + down[:, rim].sum())


def test_a_run_beside_others_is_the_run_alone(content: Image.Image, style: Image.Image) -> None:
    """Steps of three runs in turns, of different sizes and optimizers: bit for bit what each is alone."""
    recipes = [
        SMALL,
        dataclasses.replace(SMALL, size=80, optimizer="adam"),
        dataclasses.replace(SMALL, init="noise", coarse_to_fine=True, seed=3),
    ]
    alone = [Run(content, style, recipe) for recipe in recipes]
    for run in alone:
        finished(run)
    beside = [Run(content, style, recipe) for recipe in recipes]
    under_way = [run.steps(every_s=0.0) for run in beside]
    while under_way:
        under_way = [steps for steps in under_way if next(steps, None) is not None]
    for one, other in zip(alone, beside, strict=True):
        assert np.array_equal(pixels(one), pixels(other))
        assert [cost.J for cost in one.costs] == [cost.J for cost in other.costs]
        assert one.result().last == other.result().last


@pytest.mark.parametrize("init", ["content", "instant"])
def test_a_first_step_on_one_core_is_the_first_step_on_two(
    content: Image.Image, style: Image.Image, init: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a class it has one, alone on the machine there are more; a run that goes on has all of them again."""
    recipe = Options(size=160, iterations=3, init=init, coarse_to_fine=False, precision="float32")
    runs = [Run(content, style, recipe) for _ in range(2)]
    before = torch.get_num_threads()
    monkeypatch.setattr("shared.threads._known", {"all": 2})
    try:
        for run, threads in zip(runs, (1, 2), strict=True):
            torch.set_num_threads(threads)
            steps = run.steps(every_s=0.0)
            next(steps)
            assert torch.get_num_threads() == threads
            torch.set_num_threads(2)
            for _ in steps:
                pass
    finally:
        torch.set_num_threads(before)
    assert [cost.J for cost in runs[0].costs] == [cost.J for cost in runs[1].costs]
    assert np.array_equal(pixels(runs[0]), pixels(runs[1]))
