"""Networks read off one run of theirs."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from apps.conv.check import verdicts
from apps.conv.describe import layer_text, read_stack
from apps.conv.networks import network_preset, watched
from apps.conv.presets import ENTRANCES, choices
from shared.errors import OptionError
from shared.model_cache import model_cache
from shared.registry import find, records
from shared.registry.types import Bundled


def _texts(model: nn.Module, *shape: int) -> list[str]:
    start, layers = watched(model.eval(), [torch.zeros(1, *shape)])
    texts, now = [], start
    for one in layers:
        texts.append(layer_text(one, now.channels))
        now = read_stack(str(now), texts[-1])[0].after if now.axes else now
    return texts


def test_lenet_is_read_off_its_run() -> None:
    first = nn.Sequential(nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh())
    lenet = nn.Sequential(first, nn.AvgPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.Linear(120, 10))
    assert _texts(lenet, 1, 32, 32) == ["5x5x1,6", "avgpool 2x2", "5x5x6,16", "avgpool 2x2", "fc 120", "fc 10"]


def test_signals_and_volumes_are_read_too() -> None:
    signal = nn.Sequential(nn.Conv1d(2, 8, 7, padding=3, stride=2, bias=False), nn.MaxPool1d(3, 2), nn.Conv1d(8, 4, 3))
    assert _texts(signal, 2, 100) == ["7x2,8 s2 p3 nobias", "maxpool 3 s2", "3x8,4"]
    pool = nn.MaxPool3d(2, ceil_mode=True)
    volume = nn.Sequential(nn.Conv3d(1, 4, 3, dilation=2), pool, nn.ConvTranspose3d(4, 2, 2, 2))
    assert _texts(volume, 1, 11, 11, 11) == ["3x3x3x1,4 d2", "maxpool 2x2x2 ceil", "transposed 2x2x2x4,2 s2"]


def test_shortcuts_are_left_out() -> None:
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = nn.Conv2d(4, 4, 3, padding=1)
            self.two = nn.Conv2d(4, 8, 3, stride=2, padding=1)
            self.short = nn.Conv2d(4, 8, 1, stride=2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = x + self.one(x)
            out: torch.Tensor = self.two(x) + self.short(x)
            return out.mean((2, 3))

    assert _texts(Residual(), 4, 8, 8) == ["3x3x4,4 p1", "3x3x4,8 s2 p1", "avgpool 4x4"]


def test_branches_are_left_out_and_the_path_ends_where_they_meet() -> None:
    class TwoBranches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wave = nn.Sequential(nn.Conv1d(2, 4, 3), nn.Flatten(), nn.Linear(24, 6))
            self.rhythm = nn.Linear(6, 6)
            self.head = nn.Sequential(nn.Linear(12, 6), nn.Linear(6, 4))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = self.head(torch.cat([self.wave(x), self.rhythm(torch.zeros(1, 6))], dim=1))
            return out

    assert _texts(TwoBranches(), 2, 8) == ["3x2,4", "fc 6"]


def test_a_network_without_convolutions_is_refused() -> None:
    with pytest.raises(OptionError, match="convolutions"):
        watched(nn.Linear(3, 4), [torch.zeros(1, 3)])


@pytest.mark.parametrize("name", [r.name for r in records() if r.name in ENTRANCES and isinstance(r.origin, Bundled)])
def test_the_hubs_own_networks_become_presets(name: str) -> None:
    made = network_preset(name)
    assert len(read_stack(made.input, made.layers)) > 2
    assert name in [value for _, value in choices()]


def test_the_face_network_is_read_to_its_end() -> None:
    made = network_preset("face/resnet29-128d")
    steps = read_stack(made.input, made.layers)
    kinds = [one.layer.kind for one in steps]
    assert kinds.count("conv") == 29
    assert kinds[-1] == "fc"
    assert steps[-1].after.listed() == [128]
    record = find("face/resnet29-128d")
    with model_cache().lease(record) as model:
        layers = [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
        learned = sum(weight.numel() for layer in layers for weight in layer.parameters())
    assert sum(one.parameters for one in steps) == learned
    assert all(verdict.agrees for verdict in verdicts(steps))


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(OptionError, match="the network"):
        network_preset("face/nobody")
