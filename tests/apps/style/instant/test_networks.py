"""The painters as functions: closed forms of the normalisation, sizes, styles side by side."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from apps.style.instant.mobilenet import StylePredictor
from apps.style.instant.networks import MANY, AnyStyle, ManyStyles, Painter, normalised
from apps.style.instant.stylefile import CHANNELS

Pixels = Callable[..., torch.Tensor]


def test_normalised_has_the_mean_beta_and_the_deviation_gamma() -> None:
    x = torch.randn(2, 3, 20, 30, generator=torch.Generator().manual_seed(0)) * 5 + 2
    gamma, beta = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), torch.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
    y = normalised(x, gamma, beta)
    torch.testing.assert_close(y.mean(dim=(2, 3)), beta, rtol=0, atol=1e-4)
    torch.testing.assert_close(y.std(dim=(2, 3), unbiased=False), gamma, rtol=1e-4, atol=0)


def test_normalised_equals_the_papers_equation() -> None:
    x = torch.randn(2, 4, 9, 7, generator=torch.Generator().manual_seed(1)).double()
    gamma, beta = torch.rand(2, 4).double(), torch.rand(2, 4).double()
    mean = x.mean(dim=(2, 3), keepdim=True)
    variance = (x - mean).square().mean(dim=(2, 3), keepdim=True)
    wanted = gamma[..., None, None] * (x - mean) / (variance + 1e-5).sqrt() + beta[..., None, None]
    torch.testing.assert_close(normalised(x, gamma, beta), wanted)


def test_the_numbers_of_the_cards() -> None:
    assert 2 * MANY.total == 2 * CHANNELS == 990
    counts = {network: sum(p.numel() for p in network().parameters()) for network in (AnyStyle, StylePredictor)}
    assert list(counts.values()) == [177_718, 2_334_916]
    assert sum(p.numel() for p in Painter(MANY).parameters()) + 26 * 990 == 166_104


@pytest.mark.parametrize(("height", "width"), [(64, 64), (65, 67), (66, 130), (16, 70), (127, 64)])
def test_any_size_comes_back(many: ManyStyles, height: int, width: int) -> None:
    content = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(2))
    painted = many.painter(content, many.gamma[:1], many.beta[:1])
    assert painted.shape == content.shape
    assert bool(((painted >= 0) & (painted <= 1)).all())


def test_what_is_mirrored_is_cut_off_again(many: ManyStyles, pixels: Pixels) -> None:
    """A picture of 66 x 65 is painted as the upper left part of it mirrored to 68 x 68."""
    content = pixels("cat", 65, 66)
    wider = torch.cat([content, content[..., -4:-1].flip(-1)], dim=-1)
    larger = torch.cat([wider, wider[..., -3:-1, :].flip(-2)], dim=-2)
    assert larger.shape[-2:] == (68, 68)
    style = many.gamma[[5]], many.beta[[5]]
    torch.testing.assert_close(many.painter(content, *style), many.painter(larger, *style)[..., :66, :65])


def test_styles_side_by_side_are_those_alone(many: ManyStyles, pixels: Pixels) -> None:
    contents = torch.cat([pixels("cat", 96, 80), pixels("temple", 96, 80), pixels("rocket", 96, 80)])
    rows = [3, 19, 8]
    together = many.painter(contents, many.gamma[rows], many.beta[rows])
    for number, row in enumerate(rows):
        alone = many.painter(contents[[number]], many.gamma[[row]], many.beta[[row]])
        torch.testing.assert_close(together[[number]], alone, rtol=0, atol=1e-5)


def test_gradients_reach_gamma_and_beta_and_nothing_else(many: ManyStyles, pixels: Pixels) -> None:
    gamma, beta = (table[:1].clone().requires_grad_(True) for table in (many.gamma, many.beta))
    many.painter(pixels("cat", 64, 64), gamma, beta).square().sum().backward()
    assert gamma.grad is not None
    assert beta.grad is not None
    assert int((gamma.grad != 0).sum()) > 400
    assert all(parameter.grad is None for parameter in many.parameters())
