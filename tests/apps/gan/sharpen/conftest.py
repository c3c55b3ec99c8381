"""The bundled networks, and a part of a photo."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from apps.gan.sharpen.networks import SRVGG, RRDBNet
from shared.model_cache import load_model
from shared.registry import find

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="session")
def large() -> RRDBNet:
    """The GAN's generator, float32."""
    network = load_model(find("gan/realesrgan-x4"))
    assert isinstance(network, RRDBNet)
    return network


@pytest.fixture(scope="session")
def small() -> SRVGG:
    """The small network, float32."""
    network = load_model(find("gan/realesrgan-x4-small"))
    assert isinstance(network, SRVGG)
    return network


@pytest.fixture(scope="session")
def cat() -> Image.Image:
    """The cat's eyes, 64 x 40 pixels."""
    return Image.open(ROOT / "apps/style/samples/cat.jpg").convert("RGB").crop((130, 60, 194, 100))
