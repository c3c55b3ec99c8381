"""The bundled network, loaded once for all tests, and two small pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from apps.style.samples import SAMPLES
from apps.style.vgg.network import VGG
from shared.model_cache import load_model
from shared.registry import find


@pytest.fixture(scope="session")
def network() -> VGG:
    made = load_model(find("style/vgg16-hed"))
    assert isinstance(made, VGG)
    return made


@pytest.fixture(scope="session")
def content() -> Image.Image:
    return Image.open(SAMPLES["cat"].path).convert("RGB")


@pytest.fixture(scope="session")
def style() -> Image.Image:
    return Image.open(SAMPLES["woodcut"].path).convert("RGB")


@pytest.fixture(scope="session")
def noise() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(3).random((1, 3, 40, 48), dtype=np.float32))


@pytest.fixture
def saved(tmp_path: Path, content: Image.Image, style: Image.Image) -> tuple[str, str]:
    paths = tmp_path / "content.png", tmp_path / "style.png"
    for picture, path in zip((content, style), paths, strict=True):
        picture.resize((96, 80)).save(path)
    return str(paths[0]), str(paths[1])
