"""Untrained generators in place of the bundled ones: what is asked and refused does not depend on weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from apps.gan.art import commands, requests
from apps.gan.art.choices import ARTS
from apps.gan.art.networks import Texture
from shared.errors import check_choice


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> dict[str, Texture]:
    torch.manual_seed(0)
    made = {name: Texture().eval().requires_grad_(False) for name in ARTS}

    @contextmanager
    def leased(*names: str) -> Iterator[list[Texture]]:
        yield [made[check_choice(name, ARTS, "The picture")] for name in names]

    monkeypatch.setattr(requests, "leased", leased)
    monkeypatch.setattr(commands, "leased", leased)
    return made
