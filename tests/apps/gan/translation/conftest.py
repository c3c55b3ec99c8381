"""The bundled Earth, once, and a small network with random weights."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from apps.gan.translation import evaluate
from apps.gan.translation.blocks import Blocks, blocks, trivial_methods
from apps.gan.translation.earth import Earth, bundled_earth
from apps.gan.translation.networks import UNet
from apps.gan.translation.train import Plan


@pytest.fixture(scope="session")
def earth() -> Earth:
    return bundled_earth()


@pytest.fixture(scope="session")
def held_out(earth: Earth) -> Blocks:
    """The blocks of South America and Australia."""
    return blocks(earth, "test")


@pytest.fixture(scope="session")
def validation(earth: Earth) -> Blocks:
    """The blocks of southern Africa."""
    return blocks(earth, "validation")


@pytest.fixture
def small_earth() -> Earth:
    """Random maps of 90 x 180 pixels: enough for whatever does not look at the pictures."""
    random = torch.Generator().manual_seed(3)
    pictures = torch.randint(0, 200, (90, 180, 6), generator=random, dtype=torch.uint8)
    return Earth(pictures, torch.randint(0, 6, (90, 180), generator=random, dtype=torch.uint8))


@pytest.fixture
def tiny_plan() -> Plan:
    return Plan(steps=6, start=0, sides=(32, 64), batches=(2, 2), widths=(4, 4, 4, 4, 4), patch_widths=(4, 4, 4, 8))


@pytest.fixture
def network() -> UNet:
    torch.manual_seed(0)
    return UNet(widths=(4, 4, 4, 4, 4)).eval()


@pytest.fixture
def small_bank(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred training patches instead of thousands."""
    monkeypatch.setattr(evaluate, "trivial_methods", partial(trivial_methods, bank=100))
