"""The painters and the predictor, loaded once for all tests, and some pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image

from apps.style.instant.mobilenet import StylePredictor
from apps.style.instant.networks import AnyStyle, ManyStyles
from apps.style.samples import SAMPLES
from shared.model_cache import load_model
from shared.registry import find


@pytest.fixture(scope="session")
def many() -> ManyStyles:
    made = load_model(find("style/multistyle26"))
    assert isinstance(made, ManyStyles)
    return made


@pytest.fixture(scope="session")
def anything() -> AnyStyle:
    made = load_model(find("style/arbitrary-transform"))
    assert isinstance(made, AnyStyle)
    return made


@pytest.fixture(scope="session")
def predictor() -> StylePredictor:
    made = load_model(find("style/arbitrary-predict"))
    assert isinstance(made, StylePredictor)
    return made


@pytest.fixture(scope="session")
def pixels() -> Callable[..., torch.Tensor]:
    """A function that gives a sample at a size (width, height) as (1, 3, H, W), RGB in [0, 1]."""

    def read(name: str, width: int, height: int) -> torch.Tensor:
        picture = Image.open(SAMPLES[name].path).convert("RGB").resize((width, height))
        return torch.from_numpy(np.asarray(picture, dtype=np.float32) / 255).permute(2, 0, 1)[None]

    return read
