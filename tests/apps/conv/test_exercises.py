"""The answers of the exercises about convolutions against torch itself, over many seeds."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from torch import nn

from apps.conv import exercises
from shared.exercises import Exercise

SEEDS = range(60)
_NUMBERS = re.compile(
    r"of (?P<n>\d+)x\d+x(?P<c>\d+) meets (?P<k>\d+) filters of (?P<f>\d+)x\d+, stride (?P<s>\d+), padding (?P<p>\d+)"
)
_BACK = re.compile(
    r"(?P<k>\d+) filters of (?P<f>\d+)x\d+, stride (?P<s>\d+), padding (?P<p>\d+).* meets (?P<n>\d+)x\d+x(?P<c>\d+)"
)


def read(pattern: re.Pattern[str], one: Exercise) -> dict[str, int]:
    found = pattern.search(one.question)
    assert found, one.question
    return {name: int(text) for name, text in found.groupdict().items()}


def as_torch(pattern: re.Pattern[str], one: Exercise) -> tuple[nn.Module, torch.Tensor, dict[str, int]]:
    """The layer that the question describes, and an input for it."""
    said = read(pattern, one)
    kind = nn.Conv2d if pattern is _NUMBERS else nn.ConvTranspose2d
    layer = kind(said["c"], said["k"], said["f"], stride=said["s"], padding=said["p"])
    return layer, torch.zeros(1, said["c"], said["n"], said["n"]), said


@pytest.mark.parametrize(("kind", "pattern"), [("shape", _NUMBERS), ("larger", _BACK)])
def test_shapes_are_those_of_torch(kind: str, pattern: re.Pattern[str]) -> None:
    for seed in SEEDS:
        one = exercises.ask(kind, seed)
        layer, x, _ = as_torch(pattern, one)
        _, channels, rows, columns = layer(x).shape
        assert one.answer == f"{rows}x{columns}x{channels}", one.question
        assert 4 <= len(one.choices) <= 7


def test_a_forgotten_padding_is_told_as_such() -> None:
    for seed in SEEDS:
        one = exercises.ask("shape", seed)
        said = read(_NUMBERS, one)
        layer = nn.Conv2d(said["c"], said["k"], said["f"], stride=said["s"])
        _, channels, rows, columns = layer(torch.zeros(1, said["c"], said["n"], said["n"])).shape
        slip = one.slip_of(f"{rows}x{columns}x{channels}")
        assert slip
        assert "without padding" in slip.why


def test_a_stride_on_the_wrong_side_is_told_as_such() -> None:
    for seed in SEEDS:
        one = exercises.ask("larger", seed)
        said = read(_BACK, one)
        back = (said["n"] + 2 * said["p"] - said["f"]) // said["s"] + 1
        slip = one.slip_of(f"{back}x{back}x{said['k']}")
        assert slip
        assert "the stride divides" in slip.why


def test_parameters_and_multiplications_are_those_of_torch() -> None:
    for seed in SEEDS:
        one = exercises.ask("parameters", seed)
        layer, _, _ = as_torch(_NUMBERS, one)
        assert one.answer == sum(weight.numel() for weight in layer.parameters())
        other = exercises.ask("multiplications", seed)
        layer, x, _ = as_torch(_NUMBERS, other)
        places = layer(x)[0, 0].numel()
        assert isinstance(layer, nn.Conv2d)
        assert other.answer == places * layer.weight.numel()
        without = one.slip_of(float(sum(w.numel() for name, w in as_torch(_NUMBERS, one)[0].named_parameters()
                                        if name == "weight")))  # fmt: skip
        assert without
        assert "biases" in without.why


def tables(one: Exercise) -> list[np.ndarray]:
    """The numbers of the tables that are shown, each (3, 3)."""
    cells = [float(text.replace("-", "-")) for text in re.findall(r"<td>(-?[\d.]+)</td>", one.shown)]
    return list(np.array(cells).reshape(-1, 3, 3))


def test_a_sum_is_what_torch_computes() -> None:
    for seed in range(20):
        one = exercises.ask("sum", seed)
        piece, weights = (torch.from_numpy(each) for each in tables(one))
        assert one.answer == pytest.approx(float(nn.functional.conv2d(piece[None, None], weights[None, None])))
        turned = float((piece * weights.flip(0, 1)).sum())
        if not one.is_right(turned):
            slip = one.slip_of(turned)
            assert slip
            assert "turned" in slip.why


def test_a_filter_finds_what_answers_most() -> None:
    for seed in range(30):
        one = exercises.ask("finds", seed)
        weights, *pieces = tables(one)
        titles = re.findall(r"<figcaption>([^<]+)</figcaption>", one.shown)[1:]
        sums = {title: float((weights * piece).sum()) for title, piece in zip(titles, pieces, strict=True)}
        assert max(sums, key=lambda title: sums[title]) == one.answer
        assert set(one.choices) == set(titles)
        assert all(f"{sums[slip.answer]:g}" in slip.why for slip in one.slips if "even ground" not in slip.why)
