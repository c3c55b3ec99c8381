"""The game in two dimensions: one step by hand, seeds, what collapses, what a visitor may get wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from apps.gan.choices import SEEDS
from apps.gan.lab.game import FIELD, SHOWN, Lab, check_rules, covered
from apps.gan.lab.rules import DRAWN, NOISES, PRESETS, SHAPES, Rules
from apps.gan.players.losses import LOSSES
from shared.errors import InputError, OptionError

LINEAR = Rules(
    hidden_d=(),
    hidden_g=(),
    optimizer_d="sgd",
    optimizer_g="sgd",
    lr_d=0.1,
    lr_g=0.2,
    batch=4,
    seed=3,
    loss="least-squares",
)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def test_one_step_of_d_and_one_of_g_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linear players and the non-saturating loss: every derivative is written out in numpy."""
    lab = Lab(replace(LINEAR, loss="non-saturating"))
    real = np.array([[0.5, 0.1], [0.2, -0.3], [0.4, 0.4], [-0.1, 0.6]])
    z = np.array([[1.0, -1.0], [0.5, 0.2], [-0.3, 0.9], [0.0, 0.4]])
    monkeypatch.setattr(lab, "sample", lambda n, dice=None: torch.from_numpy(real))
    monkeypatch.setattr(lab, "noise", lambda n, dice=None: torch.from_numpy(z))
    A, b = (p.detach().numpy().copy() for p in lab.g.parameters())
    w, c = (p.detach().numpy().copy() for p in lab.d.parameters())
    fake = z @ A.T + b
    s_real, s_fake = real @ w[0] + c, fake @ w[0] + c
    by_score_real, by_score_fake = (_sigmoid(s_real) - 1) / 4, _sigmoid(s_fake) / 4
    loss = np.log1p(np.exp(-s_real)).mean() + np.log1p(np.exp(s_fake)).mean()
    assert lab.step_d() == pytest.approx(loss, rel=1e-5)
    w_new = w - 0.1 * (by_score_real @ real + by_score_fake @ fake)
    c_new = c - 0.1 * (by_score_real.sum() + by_score_fake.sum())
    found_w, found_c = (p.detach().numpy() for p in lab.d.parameters())
    assert found_w == pytest.approx(w_new, rel=1e-5)
    assert found_c == pytest.approx(c_new, abs=1e-6)
    by_score = (_sigmoid(fake @ w_new[0] + c_new) - 1) / 4  # (4,)
    by_fake = by_score[:, None] * w_new  # (4, 2)
    lab.step_g()
    found_A, found_b = (p.detach().numpy() for p in lab.g.parameters())
    assert found_A == pytest.approx(A - 0.2 * by_fake.T @ z, rel=1e-5)
    assert found_b == pytest.approx(b - 0.2 * by_fake.sum(0), rel=1e-5)


def test_the_arrows_point_where_the_score_rises() -> None:
    lab = Lab(LINEAR)
    frame = lab.frame()
    w = next(iter(lab.d.parameters())).detach().numpy()[0]
    scores = frame.fake @ w
    assert frame.pull == pytest.approx(np.outer(1 - scores, w), rel=1e-4, abs=1e-5)  # least squares: -(s - 1) w


def test_a_step_of_one_player_leaves_the_other_alone() -> None:
    lab = Lab(Rules())
    g, d = ([p.detach().clone() for p in net.parameters()] for net in (lab.g, lab.d))
    lab.step_d()
    assert all(torch.equal(a, b) for a, b in zip(g, lab.g.parameters(), strict=True))
    moved = [p.detach().clone() for p in lab.d.parameters()]
    assert not all(torch.equal(a, b) for a, b in zip(d, moved, strict=True))
    lab.step_g()
    assert all(torch.equal(a, b) for a, b in zip(moved, lab.d.parameters(), strict=True))


def test_the_same_seed_is_the_same_game_however_it_is_watched() -> None:
    frames = list(Lab(Rules(seed=4)).play(12, per_frame=5))
    assert [frame.rounds for frame in frames] == [5, 10, 12]
    (alone,) = Lab(Rules(seed=4)).play(12, per_frame=12)
    assert np.array_equal(alone.fake, frames[-1].fake)
    assert alone.losses_g == frames[-1].losses_g
    (other,) = Lab(Rules(seed=5)).play(12, per_frame=12)
    assert not np.array_equal(alone.fake, other.fake)


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != DRAWN])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_shape_and_loss_plays(shape: str, loss: str) -> None:
    lab = Lab(Rules(shape=shape, loss=loss, d_updates=2))
    (frame,) = lab.play(3, per_frame=3)
    assert (len(frame.losses_d), len(frame.losses_g), frame.rounds) == (6, 3, 3)
    assert frame.real.shape == frame.fake.shape == frame.pull.shape == (SHOWN, 2)
    assert frame.field.shape == (FIELD, FIELD)
    assert 0 <= frame.field.min() <= frame.field.max() <= 1
    assert np.abs(lab.sample(500).numpy()).max() < 1


def test_the_field_has_its_first_row_on_top() -> None:
    lab = Lab(LINEAR)
    with torch.no_grad():
        lab.d[0].weight.copy_(torch.tensor([[0.0, 10.0]]))  # type: ignore[operator]
    field = lab.frame().field
    assert field[0].min() == 1
    assert field[-1].max() == 0


def test_a_drawing_is_a_distribution() -> None:
    corner = 0.5 + 0.4 * np.random.default_rng(0).random((50, 2))
    points = Lab(Rules(shape=DRAWN), corner).sample(300)
    assert points.min() > 0.4
    assert points.std() > 0.05
    with pytest.raises(InputError, match="Draw"):
        Lab(Rules(shape=DRAWN))


def test_noise_of_one_dimension_and_of_a_bell() -> None:
    z = {noise: Lab(Rules(noise=noise)).noise(4_000) for noise in NOISES}
    assert {noise: found.shape[1] for noise, found in z.items()} == {
        "uniform-2": 2, "gaussian-2": 2, "uniform-1": 1, "gaussian-1": 1}  # fmt: skip
    for noise, found in z.items():
        assert found.mean().item() == pytest.approx(0, abs=0.05)
        assert found.std().item() == pytest.approx(0.5 if noise.startswith("gaussian") else 3**-0.5, abs=0.02)


def test_updates_of_each_player_in_a_round() -> None:
    (frame,) = Lab(Rules(d_updates=3, g_updates=0)).play(4, per_frame=4)
    assert (len(frame.losses_d), len(frame.losses_g)) == (12, 0)
    (frame,) = Lab(Rules(d_updates=0, g_updates=2)).play(4, per_frame=4)
    assert (len(frame.losses_d), len(frame.losses_g)) == (0, 8)


def test_the_r1_penalty_keeps_d_from_growing_steep() -> None:
    def steepness(r1: float) -> float:
        lab = Lab(Rules(r1=r1, g_updates=0))
        for _ in range(60):
            lab.round()
        real = lab.sample(400).requires_grad_(True)
        (slope,) = torch.autograd.grad(lab.score(real).sum(), real)
        return slope.norm(dim=1).mean().item()

    assert steepness(1.0) < 0.5 * steepness(0.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"shape": "square"},
        {"loss": "hinge"},
        {"lr_d": float("nan")},
        {"lr_g": -1},
        {"lr_g": 2},
        {"d_updates": 11},
        {"g_updates": -1},
        {"noise": "cauchy"},
        {"optimizer_d": "lbfgs"},
        {"optimizer_g": "lbfgs"},
        {"r1": -1},
        {"r1": 100.5},
        {"seed": -1},
        {"seed": SEEDS + 1},
        {"lr_d": 1.001},
        {"g_updates": 11},
        {"d_updates": 1.5},
    ],
)
def test_rules_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        Lab(replace(Rules(), **wrong))


def test_rules_at_their_limits() -> None:
    for extreme in (
        Rules(lr_d=0, lr_g=0, d_updates=0, g_updates=0, r1=0, seed=0),
        Rules(lr_d=1, lr_g=1, d_updates=10, g_updates=10, r1=100, seed=SEEDS),
    ):
        assert check_rules(extreme) == extreme


DIVERGING = replace(PRESETS["Turning in circles"].rules, loss="least-squares", lr_d=1.0, lr_g=1.0, d_updates=10)


def test_a_game_that_diverges_ends() -> None:
    played = list(Lab(DIVERGING).play(50, per_frame=1))
    assert [frame.diverged for frame in played[:-1]] == [False] * (len(played) - 1)
    assert played[-1].diverged
    assert played[-1].rounds < 50


@pytest.mark.parametrize("where", ["fake", "pull", "field", "losses_d", "losses_g"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_one_number_that_is_not_finite_ends_the_game(where: str, value: float) -> None:
    lab = Lab(Rules())
    lab.round()
    frame = lab.frame()
    assert not frame.diverged
    if where.startswith("losses"):
        assert replace(frame, **{where: (0.5, value)}).diverged
        assert not replace(frame, **{where: (value, 0.5)}).diverged  # the latest counts
    else:
        array = getattr(frame, where).copy()
        array.flat[3] = value
        assert replace(frame, **{where: array}).diverged


@pytest.mark.parametrize("shape", ["ring", "gaussians", "spiral", "two lines"])
def test_the_shapes_are_what_their_names_say(shape: str) -> None:
    x, y = Lab(Rules(shape=shape)).sample(2_000).double().T
    radius, angle = torch.hypot(x, y), torch.atan2(y, x)
    if shape == "ring":
        assert radius.mean().item() == pytest.approx(0.65, abs=0.01)
        assert radius.std().item() == pytest.approx(0.03, abs=0.005)
    elif shape == "gaussians":
        nearest = (angle / (torch.pi / 4)).round() * (torch.pi / 4)
        assert (x - 0.65 * nearest.cos()).std().item() == pytest.approx(0.04, abs=0.005)
        assert len(set((angle / (torch.pi / 4)).round().remainder(8).tolist())) == 8
    elif shape == "spiral":
        turns = 3 * torch.pi * (radius - 0.1) / 0.7
        assert (x - radius * turns.cos()).abs().median() < 0.12  # any other angle: 0.4
        assert radius.max() > 0.75
    else:
        assert set((y - 0.4 * x).round(decimals=1).abs().tolist()) <= {0.2, 0.3, 0.4, 0.5}
        assert {True, False} == set((y > 0.4 * x).tolist())


def test_the_covered_share_counts_real_points_that_have_a_fake_near() -> None:
    frame = Lab(Rules()).frame()
    real = np.array([[0, 0], [0.5, 0], [0, 0.5], [-0.5, 0]], np.float32)
    fake = np.array([[0.1, 0], [0.5, 0.11], [0.13, 0.5]], np.float32)
    assert covered(replace(frame, real=real, fake=fake)) == 0.5
