"""The game in two dimensions: one step by hand, seeds, what collapses, what a visitor may get wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from apps.gan.lab.game import FIELD, SHOWN, Lab, covered, points_of
from apps.gan.lab.rules import DRAWN, PRESETS, SHAPES, Rules
from apps.gan.players.losses import LOSSES
from shared.errors import InputError, OptionError

LINEAR = Rules(hidden=(), optimizer="sgd", lr_d=0.1, lr_g=0.2, batch=4, seed=3, loss="least-squares")


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def test_one_step_of_d_and_one_of_g_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linear players and the non-saturating loss: every derivative is written out in numpy."""
    lab = Lab(replace(LINEAR, loss="non-saturating"))
    real = np.array([[0.5, 0.1], [0.2, -0.3], [0.4, 0.4], [-0.1, 0.6]], np.float32)
    z = np.array([[1.0, -1.0], [0.5, 0.2], [-0.3, 0.9], [0.0, 0.4]], np.float32)
    monkeypatch.setattr(lab, "sample", lambda n: torch.from_numpy(real))
    monkeypatch.setattr(lab, "noise", lambda n: torch.from_numpy(z))
    A, b = (p.detach().numpy().astype(np.float64).copy() for p in lab.g.parameters())
    w, c = (p.detach().numpy().astype(np.float64).copy() for p in lab.d.parameters())
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
    lab = Lab(Rules(shape=shape, loss=loss, d_per_g=2))
    (frame,) = lab.play(3, per_frame=3)
    assert (frame.updates_d, frame.updates_g, frame.rounds) == (6, 3, 3)
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


def test_the_rates_change_while_it_plays_and_the_shape_does_not() -> None:
    lab = Lab(Rules())
    lab.change(Rules(lr_g=0.0, loss="minimax", shape="spiral", d_per_g=3))
    assert (lab.rules.shape, lab.rules.loss) == ("ring", "minimax")
    before = [p.detach().clone() for p in lab.g.parameters()]
    lab.round()
    assert all(torch.equal(a, b) for a, b in zip(before, lab.g.parameters(), strict=True))
    assert lab.frame().updates_d == 3


def test_a_drawing_is_a_distribution() -> None:
    painted = np.zeros((100, 100), bool)
    painted[:20, 80:] = True  # the upper right corner
    points = Lab(Rules(shape=DRAWN), points_of(painted)).sample(300)
    assert points[:, 0].min() > 0.5
    assert points[:, 1].min() > 0.5
    with pytest.raises(InputError, match="strokes"):
        points_of(np.zeros((100, 100), bool))
    with pytest.raises(InputError, match="Draw"):
        Lab(Rules(shape=DRAWN))


@pytest.mark.parametrize(
    "wrong",
    [
        {"shape": "square"},
        {"loss": "hinge"},
        {"lr_d": float("nan")},
        {"lr_g": -1},
        {"lr_g": 2},
        {"d_per_g": 0},
        {"seed": -1},
    ],
)
def test_rules_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        Lab(replace(Rules(), **wrong))


def test_the_ring_is_found_and_the_presets_keep_what_they_promise() -> None:
    for name, preset in PRESETS.items():
        (frame,) = Lab(preset.rules).play(preset.rounds, per_frame=preset.rounds)
        if preset.ends is not None:
            low, high = preset.ends
            assert low <= covered(frame) <= high, (name, covered(frame))
