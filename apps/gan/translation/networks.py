"""The two players of pix2pix (Isola et al. 2017): a U-Net that paints the night, a PatchGAN that judges patches of it.

The U-Net halves its input five times and doubles it again; skip connections carry coasts and rivers across. The
discriminator sees day and night together and gives one score for every patch of 70 x 70 pixels.

Where we depart from the paper:

* **two channels of noise with the day**, one for every pixel, one smooth over 80 km. A painted continent is flat:
  where its cities lie must come from somewhere. Dropout, the paper's only noise, is gone;
* **no statistics in the U-Net**: every activation is divided by its length across the channels (Karras et al. 2018),
  not by a mean over the picture or the batch. Such a mean makes every pixel depend on all others: a lake painted in one
  corner would put out the lights in another;
* instance normalisation for half of the discriminator's channels (after Pan et al. 2018, IBN-Net). With it D knows
  nights by their contrast, which it learns ten times as fast; without it D also sees whether a whole night is too dark;
* activations are enlarged by interpolation rather than by transposed convolutions, which leave a grid, and the last
  layers see the day at full size;
* five halvings rather than seven or eight and at most 128 channels: there are few continents to learn from, and sides
  may be any multiple of 32.

Axis letters: B pictures, C channels, H W pixels, h w patches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from apps.gan.translation.choices import STRIDE
from shared.weights import filled, read_tensors

WIDTHS = (32, 64, 128, 128, 128)  # channels after each halving
LAST_WIDTH = 16  # channels at full size
PATCH_WIDTHS = (32, 64, 128, 128)  # ... after each convolution of the adversary but its last
PATCH = 70  # pixels of the side of what one score sees
SLOPE = 0.2  # of the leaky rectifiers
NOISES = 2  # channels
_SMOOTH = 8  # pixels over which the second one is smooth
_DARK = -0.8  # about the mean of all nights in [-1, 1], which the discriminator subtracts


class UNet(nn.Module):
    """Day to night: (B, 3, H, W) -> (B, 3, H, W), both RGB in [-1, 1]; H and W multiples of 32."""

    def __init__(self, *, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.widths = tuple(widths)
        given = 3 + NOISES
        self.down = nn.ModuleList(
            nn.Conv2d(before, after, kernel_size=4, stride=2, padding=1) for before, after in pairwise((given, *widths))
        )
        outer = (*reversed(widths[:-1]), widths[0])  # channels after each doubling
        inner = (widths[-1], *(2 * width for width in reversed(widths[:-1])))
        self.up = nn.ModuleList(nn.Conv2d(a, b, kernel_size=3, padding=1) for a, b in zip(inner, outer, strict=True))
        self.full = nn.Conv2d(widths[0] + given, LAST_WIDTH, kernel_size=3, padding=1)
        self.paint = nn.Conv2d(LAST_WIDTH, 3, kernel_size=3, padding=1)
        for layer in (*self.down, *self.up, self.full):
            nn.init.kaiming_normal_(layer.weight, a=SLOPE)
            nn.init.zeros_(layer.bias)
        nn.init.normal_(self.paint.weight, std=0.02)

    def forward(self, day: Tensor, noise: Tensor) -> Tensor:
        """(B, 3, H, W) and ``noise`` (B, 2, H, W) -> (B, 3, H, W)."""
        given = torch.cat((day, noise), dim=1)  # (B, 5, H, W)
        x, kept = given, []
        for conv in self.down:
            x = unit(F.leaky_relu(conv(x), SLOPE))  # halved
            kept.append(x)
        kept.pop()
        for conv in self.up:
            x = unit(F.leaky_relu(conv(x), SLOPE))
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)  # doubled
            x = torch.cat((x, kept.pop() if kept else given), dim=1)
        return torch.tanh(self.paint(unit(F.leaky_relu(self.full(x), SLOPE))))


class PatchGAN(nn.Module):
    """Day and night to scores by patch: (B, 3, H, W) twice -> (B, h, w); above 0 means "real"."""

    def __init__(self, *, widths: Sequence[int] = PATCH_WIDTHS) -> None:
        super().__init__()
        channels = list(pairwise((6, *widths)))
        self.layers = nn.ModuleList(
            nn.Conv2d(before, after, kernel_size=4, stride=1 if number == len(channels) - 1 else 2, padding=1)
            for number, (before, after) in enumerate(channels)
        )
        self.score = nn.Conv2d(widths[-1], 1, kernel_size=4, padding=1)
        for layer in (*self.layers, self.score):
            nn.init.kaiming_normal_(layer.weight, a=SLOPE)
            nn.init.zeros_(layer.bias)

    def forward(self, day: Tensor, night: Tensor) -> Tensor:
        """(B, 3, H, W) and (B, 3, H, W) in [-1, 1] -> (B, h, w), h = H / 8 - 2."""
        x = torch.cat((day, 2 * (night - _DARK)), dim=1)  # (B, 6, H, W)
        for number, layer in enumerate(self.layers):
            x = layer(x)
            x = F.leaky_relu(half_normalised(x) if number else x, SLOPE)
        scores: Tensor = self.score(x).squeeze(1)
        return scores


def half_normalised(x: Tensor) -> Tensor:
    """Activations (B, C, H, W), the first half of the channels without their picture's mean and spread."""
    half = x.shape[1] // 2
    return torch.cat((F.instance_norm(x[:, :half]), x[:, half:]), dim=1)


def unit(x: Tensor) -> Tensor:
    """Activations (B, C, H, W) divided by their root mean square over the channels, at every pixel."""
    return x * x.float().square().mean(dim=1, keepdim=True).add(1e-6).rsqrt().to(x.dtype)


def noise(day: Tensor, random: torch.Generator) -> Tensor:
    """The two channels of noise for days (B, 3, H, W), about normal: float32 (B, 2, H, W) on the CPU."""
    count, _, height, width = day.shape
    fine = torch.randn(count, 1, height, width, generator=random)
    coarse = torch.randn(count, 1, height // _SMOOTH, width // _SMOOTH, generator=random)
    smooth = F.interpolate(coarse, size=(height, width), mode="bicubic", align_corners=False)
    return torch.cat((fine, 1.3 * smooth), dim=1)


def unet_from(tensors: Mapping[str, Tensor]) -> UNet:
    """A U-Net with the weights ``tensors``, strictly: float32, CPU, eval."""
    widths = tuple(tensors[f"down.{i}.weight"].shape[0] for i in range(STRIDE.bit_length() - 1))
    return filled(UNet(widths=widths), tensors)


def load_unet(paths: Sequence[Path]) -> UNet:
    """The U-Net whose weights are in ``paths``: float32, CPU, eval."""
    return unet_from(read_tensors(paths))
