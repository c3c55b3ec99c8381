"""The costs against a plain numpy oracle in float64, their gradients against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from apps.style.descent import losses

Array = NDArray[np.float64]
RNG = np.random.default_rng(5)


def _oracle_gram(a: Array) -> Array:
    """G_kk' = sum_ij a_ijk a_ijk' by the definition; a is (nC, nH, nW)."""
    channels, height, width = a.shape
    gram = np.zeros((channels, channels))
    for k in range(channels):
        for l in range(channels):  # noqa: E741
            gram[k, l] = sum(a[k, i, j] * a[l, i, j] for i in range(height) for j in range(width))
    return gram


def _oracle_style(a_s: Array, a_g: Array) -> float:
    channels, height, width = a_g.shape
    difference = _oracle_gram(a_s) - _oracle_gram(a_g)
    return float((difference**2).sum() / (2 * height * width * channels) ** 2)


def _tensor(a: Array) -> Tensor:
    return torch.from_numpy(a)[None]


def _pair(channels: int = 4, height: int = 5, width: int = 6) -> tuple[Array, Array]:
    return RNG.normal(size=(channels, height, width)), RNG.normal(size=(channels, height, width))


def test_gram_against_the_definition() -> None:
    a, _ = _pair()
    np.testing.assert_allclose(losses.gram(_tensor(a)).numpy(), _oracle_gram(a), rtol=1e-12)


def test_gram_of_a_constant_map() -> None:
    """Every channel constant c_k: G = nH nW c c^T."""
    c = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    a = c.view(1, 3, 1, 1).expand(1, 3, 7, 9)
    torch.testing.assert_close(losses.gram(a), 63 * torch.outer(c, c))


def test_gram_does_not_see_where_things_are() -> None:
    a, _ = _pair()
    places = RNG.permutation(30)
    moved = a.reshape(4, 30)[:, places].reshape(4, 5, 6)
    torch.testing.assert_close(losses.gram(_tensor(a)), losses.gram(_tensor(moved)))


def test_both_memory_layouts_give_the_same() -> None:
    a, _ = _pair()
    there = _tensor(a)
    torch.testing.assert_close(losses.gram(there.contiguous(memory_format=torch.channels_last)), losses.gram(there))


def test_style_cost_against_the_definition() -> None:
    s, g = _pair()
    found = losses.style_cost(losses.gram(_tensor(s)), losses.gram(_tensor(g)), 30)
    assert float(found) == pytest.approx(_oracle_style(s, g), rel=1e-12)


def test_content_cost_against_the_definition() -> None:
    c, g = _pair()
    assert float(losses.content_cost(_tensor(c), _tensor(g))) == pytest.approx(0.5 * ((c - g) ** 2).sum(), rel=1e-12)


def test_equal_pictures_cost_nothing() -> None:
    a, _ = _pair()
    gram = losses.gram(_tensor(a))
    assert float(losses.content_cost(_tensor(a), _tensor(a))) == 0
    assert float(losses.style_cost(gram, gram, 30)) == 0


def test_sizes_are_the_costs_against_nothing() -> None:
    a, _ = _pair()
    zero = np.zeros_like(a)
    gram = losses.gram(_tensor(a))
    assert losses.content_size(_tensor(a)) == pytest.approx(float(losses.content_cost(_tensor(a), _tensor(zero))))
    assert losses.style_size(gram, 30) == pytest.approx(float(losses.style_cost(gram, torch.zeros_like(gram), 30)))


def test_total_variation_of_a_checkerboard_is_two() -> None:
    board = (torch.arange(8)[:, None] + torch.arange(6)[None]) % 2
    assert float(losses.total_variation(board.double().expand(1, 3, 8, 6))) == 2.0
    assert float(losses.total_variation(torch.full((1, 3, 4, 4), 0.3))) == 0.0


@pytest.mark.parametrize("kind", ["content", "style", "variation"])
def test_gradients_against_finite_differences(kind: str) -> None:
    s, g = _pair(3, 4, 5)
    target = losses.gram(_tensor(s))

    def cost(x: Tensor) -> Tensor:
        if kind == "content":
            return losses.content_cost(_tensor(s), x)
        if kind == "style":
            return losses.style_cost(target, losses.gram(x), 20)
        return losses.total_variation(x)

    x = _tensor(g).requires_grad_(True)
    cost(x).backward()
    assert x.grad is not None
    for index in [(0, 0, 0, 0), (0, 1, 2, 3), (0, 2, 3, 4)]:
        step = torch.zeros_like(x)
        step[index] = 1e-5
        with torch.no_grad():
            slope = (cost(x + step) - cost(x - step)) / 2e-5
        assert float(x.grad[index]) == pytest.approx(float(slope), rel=1e-6, abs=1e-12)


def test_the_gram_matrix_has_the_gradient_that_autograd_finds() -> None:
    """Against torch.autograd.gradcheck, in both layouts."""
    a = torch.rand(1, 3, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(losses.gram, (a,))
    assert torch.autograd.gradcheck(lambda x: losses.gram(x.contiguous(memory_format=torch.channels_last)), (a,))


@pytest.mark.parametrize("positions", [1, 100, 1600, 5003])
def test_short_types_are_summed_in_float32(positions: int) -> None:
    torch.manual_seed(0)
    a = torch.rand(1, 4, 1, positions).bfloat16()
    found, wanted = losses.gram(a), losses.gram(a.double())
    assert found.dtype == torch.float32
    assert float((found - wanted).norm() / wanted.norm()) < 3e-3
