"""The two players: shapes, what a score sees, independence of the pictures in a batch, strict loading."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from apps.gan.training.train import to_half
from apps.gan.translation.networks import (
    PATCH,
    PATCH_WIDTHS,
    WIDTHS,
    PatchGAN,
    UNet,
    half_normalised,
    load_unet,
    noise,
    unet_from,
    unit,
)
from shared.errors import WeightsError
from shared.weights import write_shards

TINY = (4, 4, 4, 4, 8)


def test_sizes_are_what_the_card_says() -> None:
    def count(model: torch.nn.Module) -> int:
        return sum(parameter.numel() for parameter in model.parameters())

    down = sum(16 * a * b + b for a, b in zip((5, *WIDTHS), WIDTHS, strict=False))
    up = sum(9 * a * b + b for a, b in ((128, 128), (256, 128), (256, 64), (128, 32), (64, 32), (37, 16), (16, 3)))
    assert count(UNet()) == down + up
    assert count(PatchGAN()) == sum(16 * a * b + b for a, b in zip((6, *PATCH_WIDTHS), (*PATCH_WIDTHS, 1), strict=True))


def dice(day: torch.Tensor, seed: int = 0) -> torch.Tensor:
    return noise(day, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("size", [(32, 32), (64, 96)])
def test_a_night_has_the_size_of_its_day(size: tuple[int, int]) -> None:
    model = UNet(widths=TINY).eval()
    day = torch.randn(2, 3, *size)
    night = model(day, dice(day))
    assert night.shape == (2, 3, *size)
    assert night.abs().max() <= 1


def test_one_score_sees_seventy_pixels_of_day_and_night(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.nn.functional.instance_norm", lambda x: x)  # it would couple all pixels of a picture
    model = PatchGAN(widths=(4, 4, 4, 8))
    day, night = (torch.randn(1, 3, 128, 128, requires_grad=True) for _ in range(2))
    scores = model(day, night)
    assert scores.shape == (1, 14, 14)
    scores[0, 7, 7].backward()
    for picture in (day, night):
        assert picture.grad is not None
        rows, columns = picture.grad.abs().sum(dim=(0, 1)).nonzero().T
        assert rows.max() - rows.min() + 1 == columns.max() - columns.min() + 1 == PATCH


def test_a_picture_does_not_depend_on_the_others_in_its_batch() -> None:
    torch.manual_seed(0)
    generator, judge = UNet(widths=TINY).eval(), PatchGAN(widths=(4, 4, 4, 8))
    pictures = torch.randn(3, 3, 64, 64)
    rolled = dice(pictures)
    torch.testing.assert_close(
        generator(pictures, rolled)[:1], generator(pictures[:1], rolled[:1]), atol=1e-5, rtol=1e-4
    )
    torch.testing.assert_close(judge(pictures, pictures)[:1], judge(pictures[:1], pictures[:1]), atol=1e-5, rtol=1e-4)


def test_what_is_painted_far_away_changes_nothing_here() -> None:
    """The reason for having no statistics of the picture: with them this would not hold."""
    torch.manual_seed(0)
    model = UNet(widths=TINY).eval()
    day = torch.randn(1, 3, 64, 512)
    other = day.clone()
    other[..., 480:] = 1.0
    a, b = model(day, dice(day)), model(other, dice(day))
    assert torch.equal(a[..., :224], b[..., :224])
    assert not torch.equal(a[..., 480:], b[..., 480:])


def test_activations_have_unit_length_whatever_their_size() -> None:
    x = torch.randn(2, 5, 3, 3)
    torch.testing.assert_close(unit(x).square().mean(dim=1), torch.ones(2, 3, 3))
    torch.testing.assert_close(unit(100 * x), unit(x))


def test_half_of_the_channels_keep_their_brightness() -> None:
    x = torch.randn(2, 4, 8, 8) + 3
    found = half_normalised(x)
    assert torch.equal(found[:, 2:], x[:, 2:])
    torch.testing.assert_close(found[:, :2].mean(dim=(2, 3)), torch.zeros(2, 2), atol=1e-5, rtol=0)
    torch.testing.assert_close(found[:, :2].std(dim=(2, 3), correction=0), torch.ones(2, 2), atol=1e-4, rtol=0)


def test_noise_is_normal_and_its_second_channel_smooth() -> None:
    found = dice(torch.zeros(8, 3, 64, 96))
    assert found.shape == (8, 2, 64, 96)
    assert torch.equal(found, dice(torch.ones(8, 3, 64, 96)))
    assert not torch.equal(found, dice(torch.zeros(8, 3, 64, 96), seed=1))
    spread = found.std(dim=(0, 2, 3))
    torch.testing.assert_close(spread, torch.ones(2), atol=0.2, rtol=0)
    steps = found.diff(dim=3).std(dim=(0, 2, 3))
    assert steps[1] < 0.3 * steps[0]


def test_weights_come_back_from_their_files(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = UNet(widths=TINY).eval()
    write_shards(to_half(model), tmp_path, "x")
    loaded = load_unet([tmp_path / "x.safetensors"])
    assert not loaded.training
    for name, value in loaded.state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value, model.state_dict()[name].half().float())


def test_loading_is_strict() -> None:
    tensors = to_half(UNet(widths=TINY))
    del tensors["up.2.bias"]
    with pytest.raises(WeightsError, match=r"up\.2\.bias"):
        unet_from(tensors)
