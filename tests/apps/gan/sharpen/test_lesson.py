"""The measures by hand and by other implementations, and the lesson on a photo."""

from __future__ import annotations

import math
from collections import deque

import numpy as np
import pytest
import scipy.linalg
import torch
from PIL import Image

from apps.gan.sharpen.lesson import WAYS, lesson, prepared
from apps.gan.sharpen.metrics import luminance, psnr_db, texture_distance
from apps.gan.sharpen.steps import shrunk
from apps.style.samples import SAMPLES as STYLE_SAMPLES
from shared.errors import ImageError


def test_luminance_is_the_standards() -> None:
    """ITU-R BT.601: black 16, white 235; Pillow's own Y spans 0 to 255 with the same weights."""
    pixels = np.random.default_rng(0).integers(256, size=(20, 20, 3), dtype=np.uint8)
    theirs = np.asarray(Image.fromarray(pixels).convert("YCbCr"), float)[..., 0]  # cut off to whole levels
    assert np.abs(luminance(Image.fromarray(pixels)) - (16 + theirs * 219 / 255)).max() < 1
    ends = luminance(Image.fromarray(np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)))
    assert ends[0].tolist() == pytest.approx([16, 235])


def test_signal_to_noise_by_hand() -> None:
    black = Image.new("RGB", (20, 12))
    grey = Image.new("RGB", (20, 12), (51, 51, 51))  # a fifth of 219 levels of luminance
    assert psnr_db(grey, black) == pytest.approx(20 * math.log10(255 / (219 / 5)))
    assert psnr_db(grey, grey) == 100
    framed = black.copy()
    framed.paste((255, 255, 255), (0, 0, 20, 4))
    assert psnr_db(framed, black) == 100  # the four pixels around the picture do not count
    assert psnr_db(framed, black, border=3) < 30
    assert psnr_db(framed, black, border=0) < 10
    with pytest.raises(ImageError, match="one size"):
        psnr_db(grey, grey.crop((0, 0, 19, 12)))
    with pytest.raises(ImageError, match="more than 8"):
        psnr_db(grey.crop((0, 0, 8, 12)), grey.crop((0, 0, 8, 12)))


def test_texture_is_the_distance_of_gaussians_by_scipy() -> None:
    random = torch.Generator().manual_seed(0)
    a, b = (torch.rand(1, 5, 9, width, generator=random) for width in (11, 8))
    x, y = (side[0].flatten(1).double().numpy() for side in (a, b))
    cross = scipy.linalg.sqrtm(np.cov(x) @ np.cov(y)).real
    expected = ((x.mean(1) - y.mean(1)) ** 2).sum() + np.trace(np.cov(x) + np.cov(y) - 2 * cross)
    assert texture_distance({"relu2_2": a}, {"relu2_2": b}) == pytest.approx(expected, abs=1e-9)
    moved = a.flatten(2)[..., torch.randperm(99, generator=random)].view_as(a)
    assert texture_distance({"relu2_2": a}, {"relu2_2": moved}) == pytest.approx(0, abs=1e-6)  # places do not matter


def test_the_original_is_reduced_and_cut_to_fours() -> None:
    photo = Image.effect_noise((801, 402), 50).convert("RGB")
    assert prepared(photo).size == (384, 192)
    assert prepared(photo, 10_000).size == (800, 400)
    assert np.array_equal(np.asarray(prepared(photo, 10_000)), np.asarray(photo)[1:401, 0:800])
    with pytest.raises(ImageError, match="32 x 32"):
        prepared(Image.new("RGB", (400, 20)))


def test_the_lesson_on_a_cat() -> None:
    """The GAN is further away pixel by pixel, and nearer in texture: that is the lesson."""
    fur = Image.open(STYLE_SAMPLES["cat"].path).convert("RGB").crop((90, 30, 250, 130))  # as it was taken
    steps = list(lesson(fur, side=160))
    last = steps[-1]
    assert last.original.size == (160, 100)
    assert last.small.size == (40, 25)
    assert tuple(answer.way for answer in last.restored) == WAYS
    assert all(answer.picture.size == (160, 100) for answer in last.restored)
    bicubic, small, gan = last.restored
    for answer in last.restored:
        assert answer.psnr_db == psnr_db(answer.picture, last.original)
        assert answer.kept_db == psnr_db(shrunk(answer.picture, (40, 25)), last.small, border=0)
        assert answer.kept_db > 25
        assert answer.seconds >= 0
    assert bicubic.psnr_db > gan.psnr_db
    assert gan.texture < 0.6 * bicubic.texture
    done = [step.progress.fraction for step in steps]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 1)
    assert [len(step.restored) for step in steps] == sorted(len(step.restored) for step in steps)
    assert small.distance > 0


def test_a_restored_original_would_be_perfect(cat: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    """An oracle in place of the networks."""
    from apps.gan.sharpen.steps import UpscaleStep
    from shared.progress import Progress

    original = prepared(cat)
    monkeypatch.setattr(
        "apps.gan.sharpen.upscale.upscale",
        lambda small, model: iter([UpscaleStep(progress=Progress(done=1, total=1), picture=original)]),
    )
    (answer,) = deque(lesson(cat, ways=("gan",)), maxlen=1)[0].restored
    assert (answer.psnr_db, answer.kept_db) == (100, 100)
    assert (answer.distance, answer.texture) == pytest.approx((0, 0), abs=1e-6)
