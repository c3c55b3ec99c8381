"""The answers of the exercises about style transfer, computed again with numpy, torch's gradient and plain counting."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from torch import nn

from apps.style import exercises
from apps.style.descent.costs import Costs
from apps.style.vgg.layers import VGG16
from shared.exercises import Exercise

SEEDS = range(12)


@pytest.fixture(autouse=True)
def _costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Costs without the network: it has its own tests."""
    made = Costs(iteration=0, size=(8, 8), J=300.0, content=200.0, style=100.0, layers={}, variation=0.0)
    monkeypatch.setattr(exercises, "_cost", lambda content, style: made)


def numbers(text: str) -> list[float]:
    return [float(one.replace(",", "")) for one in re.findall(r"\d[\d,]*\.?\d*(?:e[+-]\d+)?", text)]


def why(one: Exercise, given: float | str) -> str:
    slip = one.slip_of(given)
    return slip.why if slip else "none"


def test_a_share_is_of_the_new_cost() -> None:
    for seed in SEEDS:
        one = exercises.ask("share", seed)
        content, style, before, factor = numbers(one.question.split("α·J_content")[1])[:4]
        assert one.answer == pytest.approx(100 * factor * style / (content + factor * style), rel=1e-3)
        if factor > 1:
            assert "forgets that J itself changes" in why(one, factor * before)


def tables(one: Exercise) -> list[np.ndarray]:
    cells = [float(text) for text in re.findall(r"<td>(-?[\d.]+)</td>", one.shown)]
    return list(np.array(cells).reshape(-1, 2, 2))


def test_an_entry_of_the_style_matrix_is_a_sum_of_products() -> None:
    for seed in SEEDS:
        one = exercises.ask("gram", seed)
        first, second = tables(one)
        assert one.answer == np.einsum("ij,ij->", first, second)
        if not one.is_right(first.sum() * second.sum()):
            assert "Multiply first" in why(one, first.sum() * second.sum())


def network(until: str) -> nn.Sequential:
    """VGG-16 up to the layer ``until``, with one channel and all weights 1: enough to see who sees what."""
    made: list[nn.Module] = []
    for layer in VGG16[: [one.name for one in VGG16].index(until) + 1]:
        if layer.kind == "conv":
            conv = nn.Conv2d(1, 1, 3, padding=1, bias=False, dtype=torch.float64)
            nn.init.ones_(conv.weight)
            made.append(conv)
        elif layer.kind == "pool":
            made.append(nn.AvgPool2d(2))
    return nn.Sequential(*made)


def test_a_unit_sees_what_its_gradient_reaches() -> None:
    for seed in SEEDS:
        one = exercises.ask("field", seed)
        (name,) = re.findall(r"relu\d_\d", one.question)
        x = torch.zeros(1, 1, 224, 224, dtype=torch.float64, requires_grad=True)
        out = network(name)(x)
        out[0, 0, out.shape[2] // 2, out.shape[3] // 2].backward()
        assert x.grad is not None
        assert one.answer == int((x.grad[0, 0] != 0).any(dim=0).sum())


def test_a_style_matrix_has_a_number_for_every_pair_of_channels() -> None:
    for seed in SEEDS:
        one = exercises.ask("size", seed)
        columns, rows, channels = map(int, re.findall(r"makes (\d+)x(\d+)x(\d+)", one.question)[0])
        assert one.answer == np.zeros((channels, rows * columns)).dot(np.zeros((rows * columns, channels))).size
        assert "not places" in why(one, float((rows * columns) ** 2))


def test_the_cost_of_a_layer_is_the_formula() -> None:
    for seed in SEEDS:
        one = exercises.ask("layer", seed)
        columns, rows, channels, _, squares = (
            *map(int, re.findall(r"(\d+)x(\d+) places and (\d+)", one.question)[0]),
            0,
            numbers(one.question.split("add up to")[1])[0],
        )
        assert one.answer == pytest.approx(squares / (2 * rows * columns * channels) ** 2)
        assert "The divisor is squared" in why(one, squares / (2 * rows * columns * channels))


def test_what_moves_changes_what_it_should() -> None:
    right = {exercises.ask("moved", seed).question[:8]: exercises.ask("moved", seed).answer for seed in SEEDS}
    assert right == {"The plac": "only J_content", "Each cha": "both"}
