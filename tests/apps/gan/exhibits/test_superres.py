"""Shrinking, restoring, and a visitor's drawing brought into MNIST's form."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from apps.gan.drawing.tiles import as_digit
from apps.gan.exhibits.superres import (
    Restorer,
    as_two_channels,
    bicubic,
    psnr_db,
    shrink,
    shrink_and_restore,
    train_restorer,
)
from apps.gan.players.data import Digits
from shared.errors import InputError


def test_shrinking_is_the_mean_and_bicubic_keeps_what_is_flat() -> None:
    x = torch.rand(2, 1, 28, 28)
    assert shrink(x)[1, 0, 2, 3].item() == pytest.approx(x[1, 0, 8:12, 12:16].mean().item())
    flat = torch.full((1, 1, 7, 7), 0.25)
    assert torch.allclose(bicubic(flat), torch.full((1, 1, 28, 28), 0.25))


def test_the_small_picture_is_the_second_channel_pixel_for_pixel() -> None:
    large, small = torch.rand(1, 1, 28, 28), torch.rand(1, 1, 7, 7)
    both = as_two_channels(large, small)
    assert torch.equal(both[:, :1], large)
    assert torch.equal(both[0, 1, 4:8, 8:12], small[0, 0, 1, 2].expand(4, 4))


def test_signal_to_noise_by_hand() -> None:
    black = torch.zeros(2, 28, 28, dtype=torch.uint8)
    grey = black.clone()
    grey[0] += 51  # a fifth of full scale: 20 log10(5) dB
    assert psnr_db(grey, black).tolist() == pytest.approx([13.979, 100.0], abs=1e-3)


def test_a_restorer_learns_and_the_average_follows() -> None:
    random = torch.Generator().manual_seed(0)
    images = (torch.rand(32, 1, 7, 7, generator=random) * 255).repeat_interleave(4, 2).repeat_interleave(4, 3)
    digits = Digits(images.squeeze(1).to(torch.uint8), torch.zeros(32).long())
    steps = list(train_restorer(digits, steps=30, batch_size=16))
    assert steps[-1].pixel < 0.75 * steps[0].pixel
    small, smooth, sharp = shrink_and_restore(steps[-1].model, digits.images[:3])
    assert (small.shape, smooth.shape, sharp.shape) == ((3, 7, 7), (3, 28, 28), (3, 28, 28))
    assert isinstance(steps[-1].model, Restorer)


def test_a_drawing_is_centred_by_its_mass_in_a_box_of_twenty() -> None:
    ink = np.zeros((280, 280))
    ink[10:170, 30:50] = 1  # a tall bar in a corner
    digit = as_digit(ink)
    rows, columns = np.nonzero(digit > 30)
    assert rows.max() - rows.min() + 1 == 20
    assert rows.mean() == pytest.approx(13.5, abs=0.6)
    assert columns.mean() == pytest.approx(13.5, abs=0.6)
    with pytest.raises(InputError, match="Nothing has been drawn"):
        as_digit(np.zeros((280, 280)))
    for heavy in (slice(10, 60), slice(220, 270)):  # at its top, then at its bottom: it stays on the sheet
        ink = np.zeros((280, 280))
        ink[10:270, 130:140], ink[heavy, 30:250] = 0.2, 1
        rows, _ = np.nonzero(as_digit(ink))
        assert rows.max() - rows.min() + 1 == 20
        assert (rows.max() if heavy.start == 10 else 27 - rows.min()) == 27
    dot = as_digit(np.pad(np.ones((1, 1)), 5))
    assert dot.shape == (28, 28)
