"""Shapes, conditioning and loading of the two players; the losses against closed forms."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from apps.gan.players.losses import LOSSES, gradient_penalty, r1_penalty
from apps.gan.players.networks import ClassNorm, Discriminator, Generator, Z, discriminator_from, generator_from
from apps.gan.training.train import to_half
from shared.errors import WeightsError

SMALL = (16, 8, 8)


@pytest.mark.parametrize("classes", [0, 10])
def test_shapes_and_range(classes: int) -> None:
    y = torch.tensor([1, 2, 3]) if classes else None
    x = Generator(classes=classes, widths=SMALL)(torch.randn(3, Z), y)
    assert x.shape == (3, 1, 28, 28)
    assert x.abs().max() <= 1
    assert Discriminator(classes=classes, widths=SMALL, hidden=8)(x, y).shape == (3,)


def test_classes_are_asked_for_where_there_are_some_and_refused_where_not() -> None:
    with pytest.raises(ValueError, match="needed"):
        Generator(classes=10, widths=SMALL)(torch.randn(2, Z))
    with pytest.raises(ValueError, match="not taken"):
        Discriminator(widths=SMALL)(torch.zeros(2, 1, 28, 28), torch.zeros(2).long())


def test_class_norm_starts_as_plain_normalisation_and_then_scales_by_class() -> None:
    x, y = torch.randn(6, 4, 5, 5), torch.tensor([0, 1, 2, 0, 1, 2])
    norm = ClassNorm(4, classes=3)
    plain = F.batch_norm(x, None, None, training=True)
    assert torch.allclose(norm(x, y), plain, atol=1e-6)
    assert norm.gain_bias is not None
    norm.gain_bias.weight.data[1] = torch.tensor([1.0] * 4 + [5.0] * 4)  # gain 1 + 1, bias 5
    assert torch.allclose(norm(x, y)[[1, 4]], 2 * plain[[1, 4]] + 5, atol=1e-5)
    assert torch.allclose(norm(x, y)[[0, 2]], plain[[0, 2]], atol=1e-6)


def test_class_norm_keeps_the_precision_of_its_pictures() -> None:
    norm, x = ClassNorm(4, classes=3).eval(), torch.zeros(2, 4, 5, 5, dtype=torch.bfloat16)
    for y in (torch.tensor([0, 2]), torch.full((2, 3), 1 / 3)):  # classes, and a mixture of them
        assert norm(x, y).dtype == torch.bfloat16


def test_the_projection_is_the_scores_only_use_of_the_class() -> None:
    model = Discriminator(classes=10, widths=SMALL, hidden=8).eval()
    x, y = torch.rand(4, 1, 28, 28), torch.tensor([0, 3, 3, 9])
    assert model.project is not None
    h = model.features(x)
    expected = model.score(h).squeeze(1) + (model.project.weight[y] * h).sum(1)
    assert torch.allclose(model(x, y), expected, atol=1e-6)


@pytest.mark.parametrize("classes", [0, 10])
def test_sizes_are_read_off_the_weights(classes: int) -> None:
    generator, discriminator = Generator(classes=classes, widths=SMALL), Discriminator(classes=classes, widths=SMALL)
    again = generator_from(to_half(generator))
    assert not again.training
    assert again.classes == classes
    y = torch.tensor([5, 6]) if classes else None
    z = torch.randn(2, Z)
    assert torch.allclose(again(z, y), generator.eval()(z, y), atol=5e-3)
    x = torch.rand(2, 1, 28, 28)
    assert torch.allclose(discriminator_from(to_half(discriminator))(x, y), discriminator(x, y), atol=5e-2)


def test_loading_is_strict() -> None:
    tensors = to_half(Generator(widths=SMALL))
    del tensors["paint.bias"]
    with pytest.raises(WeightsError, match=r"paint\.bias"):
        generator_from(tensors)


def test_the_losses_at_scores_of_zero_and_the_gradient_of_g() -> None:
    real, fake = torch.zeros(4), torch.zeros(4, requires_grad=True)
    half = math.log(2)
    assert LOSSES["minimax"].d(real, fake).item() == pytest.approx(2 * half)
    assert LOSSES["minimax"].g(fake).item() == pytest.approx(-half)
    assert LOSSES["non-saturating"].g(fake).item() == pytest.approx(half)
    assert LOSSES["least-squares"].d(real, fake).item() == pytest.approx(0.5)
    assert LOSSES["wasserstein"].d(real + 2, fake).item() == pytest.approx(-2)
    lost = torch.full((1,), -8.0, requires_grad=True)  # D is sure: the original game stops teaching G
    slopes = {name: torch.autograd.grad(loss.g(lost).sum(), lost)[0].item() for name, loss in LOSSES.items()}
    assert slopes["minimax"] == pytest.approx(-torch.sigmoid(torch.tensor(-8.0)).item(), rel=1e-3)
    assert slopes["non-saturating"] == pytest.approx(-1, abs=1e-3)
    assert all(slope < 0 for slope in slopes.values())


def test_the_penalties_of_a_linear_critic_are_its_squared_slope() -> None:
    w = torch.tensor([[0.6], [0.8]])
    real, fake = torch.randn(5, 2), torch.randn(5, 2)
    assert r1_penalty(lambda x: (x @ w * 3).squeeze(1), real).item() == pytest.approx(9.0, rel=1e-5)
    mix = torch.rand(5, 1)
    assert gradient_penalty(lambda x: (x @ w).squeeze(1), real, fake, mix).item() == pytest.approx(0, abs=1e-9)
    assert gradient_penalty(lambda x: (x @ w * 3).squeeze(1), real, fake, mix).item() == pytest.approx(4.0, rel=1e-5)
