"""Our L-BFGS against problems with a known answer."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from apps.style.descent.lbfgs import LBFGS


def _descend(f: object, begin: Tensor, iterations: int) -> tuple[Tensor, list[float]]:
    optimizer, values = LBFGS(begin), []
    for _ in range(iterations):
        x = optimizer.point.clone().requires_grad_(True)
        value = f(x)  # type: ignore[operator]
        value.backward()
        values.append(float(value.detach()))
        assert x.grad is not None
        optimizer.advance(value, x.grad)
    return optimizer.point, values


def test_a_quadratic_of_bad_condition_is_solved() -> None:
    """Eigenvalues from 1 to 1000; the answer is known and inside the box."""
    torch.manual_seed(0)
    target = 0.2 + 0.6 * torch.rand(40, dtype=torch.float64)
    scales = torch.logspace(0, 3, 40, dtype=torch.float64)
    found, _ = _descend(lambda x: (scales * (x - target).square()).sum(), torch.full_like(target, 0.5), 150)
    torch.testing.assert_close(found, target, atol=1e-4, rtol=0)


def test_the_box_is_kept_and_its_corner_found() -> None:
    target = torch.tensor([1.5, -0.5, 0.4], dtype=torch.float64)
    found, _ = _descend(lambda x: (x - target).square().sum(), torch.full((3,), 0.5, dtype=torch.float64), 60)
    torch.testing.assert_close(found, target.clamp(0, 1), atol=1e-4, rtol=0)


def test_rosenbrock_in_the_box() -> None:
    def f(x: Tensor) -> Tensor:
        return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2

    _, values = _descend(f, torch.tensor([0.1, 0.8], dtype=torch.float64), 300)
    assert min(values) < 1e-4


def test_random_gradients_keep_it_in_the_box() -> None:
    torch.manual_seed(1)
    optimizer = LBFGS(torch.full((50,), 0.5))
    for _ in range(30):
        optimizer.advance(torch.rand(()), 1e6 * torch.randn(50))
        assert bool(((optimizer.point >= 0) & (optimizer.point <= 1)).all())


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e30])
def test_a_value_that_runs_away_is_taken_back(bad: float) -> None:
    optimizer = LBFGS(torch.full((4,), 0.5))
    optimizer.advance(torch.tensor(1.0), torch.ones(4))
    optimizer.advance(torch.tensor(bad), torch.ones(4))
    assert bool(torch.isfinite(optimizer.point).all())
    assert float((optimizer.point - 0.5).abs().max()) < 0.05  # near the best point again
