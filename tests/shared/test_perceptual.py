"""The perceptual distance against its definition written out, and what it is for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from shared.errors import ImageError
from shared.model_cache import load_model
from shared.perceptual import LAYERS, RECORD, features, perceptual_distance
from shared.registry import find

NOISE = Image.effect_noise((48, 32), 90).convert("RGB")
BLURRED = NOISE.filter(ImageFilter.GaussianBlur(2))


def test_the_distance_is_its_definition() -> None:
    network = load_model(find(RECORD))
    stacks = []
    for picture in (NOISE, BLURRED):
        pixels = torch.from_numpy(np.array(picture, np.float32) / 255).permute(2, 0, 1)[None]
        stacks.append({name: value[0].double().numpy() for name, value in network(pixels, LAYERS).items()})
    total = 0.0
    for name in LAYERS:
        a, b = (stack[name] / (np.linalg.norm(stack[name], axis=0) + 1e-8) for stack in stacks)
        total += ((a - b) ** 2).sum(axis=0).mean()
    assert perceptual_distance(NOISE, BLURRED) == pytest.approx(total / len(LAYERS), rel=1e-5)


def test_it_is_a_distance() -> None:
    assert perceptual_distance(NOISE, NOISE) == 0
    assert perceptual_distance(NOISE, BLURRED) == perceptual_distance(BLURRED, NOISE)
    assert 0 < perceptual_distance(NOISE, BLURRED) < 2
    assert perceptual_distance(features(NOISE), BLURRED) == perceptual_distance(NOISE, BLURRED)


def test_a_blur_is_further_away_than_a_shade_with_the_same_error_in_pixels() -> None:
    pixels = np.asarray(NOISE, float)
    error = np.sqrt(np.square(pixels - np.asarray(BLURRED, float)).mean())
    shaded = Image.fromarray((pixels * (1 - error / np.sqrt(np.square(pixels).mean()))).round().astype(np.uint8))
    assert np.sqrt(np.square(pixels - np.asarray(shaded, float)).mean()) == pytest.approx(error, rel=0.05)
    assert perceptual_distance(NOISE, BLURRED) > 2 * perceptual_distance(NOISE, shaded)


def test_sizes_are_checked() -> None:
    with pytest.raises(ImageError, match="one size"):
        perceptual_distance(NOISE, NOISE.crop((0, 0, 47, 32)))
    with pytest.raises(ImageError, match="at least 16"):
        features(NOISE.crop((0, 0, 15, 32)))
    with pytest.raises(ImageError, match="at most 1,048,576"):
        features(Image.new("RGB", (1025, 1024)))
