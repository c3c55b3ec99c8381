"""J against its definition, written down in numpy from the network's activations."""

from __future__ import annotations

import dataclasses
import gc

import numpy as np
import pytest
import torch

from apps.style.descent import losses, objective
from apps.style.descent.objective import Objective
from apps.style.options import Options
from apps.style.vgg.features import Extractor
from apps.style.vgg.network import VGG

NAMES = ("relu1_1", "relu2_1")
OPTIONS = Options(
    content_layers=("relu2_1",), style_layers=NAMES, lambdas=(0.5, 2.0), alpha=2.0, beta=3.0, smoothness=0.7
)
PICTURES = torch.Generator().manual_seed(4)
C, G = torch.rand(2, 1, 3, 16, 24, generator=PICTURES)
S = torch.rand(1, 3, 20, 12, generator=PICTURES)


def activations(network: VGG, picture: torch.Tensor) -> dict[str, np.ndarray]:
    """By layer (nC, nH nW) in float64."""
    found = Extractor(network, NAMES, pooling=OPTIONS.pooling, dtype=torch.float32)(picture)
    return {name: a[0].double().flatten(1).numpy() for name, a in found.items()}


def gram(a: np.ndarray) -> np.ndarray:
    return np.asarray(a @ a.T)


@pytest.mark.parametrize("units", ["target", "written"])
def test_the_costs_and_what_is_descended(network: VGG, units: str) -> None:
    options = dataclasses.replace(OPTIONS, units=units)
    c, g, s = (activations(network, picture) for picture in (C, G, S))
    content = 0.5 * ((c["relu2_1"] - g["relu2_1"]) ** 2).sum()
    content_size = 0.5 * (c["relu2_1"] ** 2).sum()
    costs, sizes = {}, {}
    for name in NAMES:
        channels, positions = g[name].shape
        target = gram(s[name]) * positions / s[name].shape[1]  # as if the style had as many positions
        costs[name], sizes[name] = (
            ((target - other) ** 2).sum() / (2 * positions * channels) ** 2 for other in (gram(g[name]), 0)
        )
    lambdas = {name: own * (content_size / sizes[name] if units == "target" else 1) for name, own in
               zip(NAMES, options.lambdas, strict=True)}  # fmt: skip
    style = sum(lambdas[name] * costs[name] for name in NAMES)
    picture = G[0].double().numpy()
    variation = sum((np.diff(picture, axis=axis) ** 2).mean() for axis in (1, 2))

    objective = Objective(network, options, C, S, dtype=torch.float32)
    value, measured = objective(G)
    read = objective.read(measured, 7, (16, 24))
    assert (read.iteration, read.size) == (7, (16, 24))
    assert read.content == pytest.approx(content, rel=1e-4)
    assert read.layers == pytest.approx(costs, rel=1e-3)
    assert read.style == pytest.approx(style, rel=1e-3)
    cost = read.J
    assert cost == pytest.approx(2 * content + 3 * style, rel=1e-3)
    assert read.variation == pytest.approx(variation, rel=1e-4)
    of_zero = 2 * content_size + 3 * sum(lambdas[name] * sizes[name] for name in NAMES)
    assert float(value) == pytest.approx((2 * content + 3 * style) / of_zero + 0.7 * variation, rel=1e-3)
    np.testing.assert_allclose(objective.grams["C"]["relu1_1"].numpy(), gram(c["relu1_1"]), rtol=1e-3)
    np.testing.assert_allclose(objective.grams["G"]["relu2_1"].numpy(), gram(g["relu2_1"]), rtol=1e-3, atol=0.1)


def test_a_picture_that_j_does_not_use_may_be_missing(network: VGG) -> None:
    without_style = Objective(network, OPTIONS, C, None, dtype=torch.float32)
    assert (without_style.weights.beta, without_style.weights.lambdas) == (0.0, {})
    assert float(without_style(C)[1][0]) == 0
    without_content = Objective(network, OPTIONS, None, S, dtype=torch.float32)
    weights = without_content.weights
    assert (weights.alpha, weights.content_size) == (0.0, 0.0)
    largest = max(weights.style_sizes.values())
    assert weights.lambdas == pytest.approx(
        {name: own * largest / weights.style_sizes[name] for name, own in zip(NAMES, (0.5, 2.0), strict=True)}
    )
    own = without_content.read(without_content(S)[1], 1, (20, 12)).J
    assert own == pytest.approx(0, abs=1e-3 * weights.of_zero)
    black = Objective(network, dataclasses.replace(OPTIONS, alpha=0.0), C, S, dtype=torch.float32)
    assert black.weights.alpha == 0
    assert black(G)[1][0] == 0


def test_the_weight_of_a_layer_that_finds_nothing_in_the_style_stays_as_written(
    network: VGG, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losses, "style_size", lambda *_: 0.0)
    weights = Objective(network, OPTIONS, C, S, dtype=torch.float32).weights
    assert weights.lambdas == dict(zip(NAMES, OPTIONS.lambdas, strict=True))
    assert weights.of_zero == 2 * weights.content_size


def test_runs_in_one_style_share_its_matrices_and_nothing_outlasts_them(network: VGG) -> None:
    def matrices(style: torch.Tensor, **changed: object) -> tuple[Objective, dict[str, torch.Tensor]]:
        made = Objective(network, dataclasses.replace(OPTIONS, **changed), C, style, dtype=torch.float32)  # type: ignore[arg-type]
        return made, made.grams["S"]

    before = len(objective._STYLES)
    runs = [matrices(S), matrices(S.clone(), lambdas=(1.0, 1.0)), matrices(S.flip(3)), matrices(S, pooling="max")]
    assert len(objective._STYLES) == before + 3
    alike, mirrored, pooled = ([torch.equal(runs[0][1][name], other[name]) for name in NAMES] for _, other in runs[1:])
    assert alike == [True, True]
    assert not any(mirrored)
    assert pooled == [True, False]  # before the first pool there is no difference
    del runs
    gc.collect()
    assert len(objective._STYLES) == before
