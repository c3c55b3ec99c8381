"""A fully convolutional generator of textures and the discriminator that judges patches.

Noise on five grids, each twice as fine as the one before, goes in where the picture has reached that size; there is no
padding anywhere, so every pixel is made from the noise around it in the same way and any window of an endless picture
can be painted alone. The idea is that of Bergmann et al. 2017 (PSGAN, arXiv 1705.06566), with noise on all scales as in
Shaham et al. 2019 (SinGAN, arXiv 1905.01164). Departures: one stage instead of a pyramid of networks, normalisation of
each place by itself (Karras et al. 2018), because the statistics of a batch would make pixels depend on their batch.

Axis letters: B pictures, C channels, H W pixels; k cells of CELL pixels along a side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from apps.gan.art.choices import CELL
from shared.weights import read_tensors

MARGIN = 2  # places of noise needed beyond the window, on every side of every grid
NOISE = (16, 4, 2, 1)  # channels of noise at 1/16, 1/8, 1/4 and 1/2 of the picture's size
WIDTHS = (64, 64, 48, 32, 16)  # channels after each convolution
_SLOPE = 0.2  # of the leaky ReLU
_TINY = 1e-8  # keeps the normalisation of an empty place finite (Karras et al. 2018)


class Texture(nn.Module):
    """Noise to a picture: see ``forward``. ``widths``: channels after each convolution but the last."""

    def __init__(self, *, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        inputs = (0, *widths)
        self.layers = nn.ModuleList(
            nn.Conv2d(before + (NOISE[at] if at < len(NOISE) else 0), after, kernel_size=3)
            for at, (before, after) in enumerate(zip(inputs, widths, strict=False))
        )
        self.paint = nn.Conv2d(widths[-1], 3, kernel_size=3)
        for name, weight in self.layers.named_parameters():
            if name.endswith("weight"):
                nn.init.kaiming_normal_(weight, a=_SLOPE)
        nn.init.normal_(self.paint.weight, std=0.05)

    def forward(
        self, noise: Sequence[Tensor], *, other: Texture | None = None, shares: Sequence[Tensor] | None = None
    ) -> Tensor:
        """Grids of noise to a picture in [-1, 1].

        Args:
            noise: per scale (B, C, 2^i k + 2 MARGIN, ...), standard normal.
            other: a second generator, whose convolutions are mixed in.
            shares: of the second one after each convolution, see ``shares_of``.

        Returns:
            (B, 3, H, W), where H = k CELL, and W alike.
        """
        x = noise[0]
        for at, layer in enumerate(self.layers):
            if at:
                x = F.interpolate(x, scale_factor=2.0)
                x = torch.cat((x, noise[at]), dim=1) if at < len(NOISE) else x
            x = _mixed(layer, None if other is None else other.layers[at], x, _of(shares, at))
            x = F.leaky_relu(x * (x.square().mean(dim=1, keepdim=True) + _TINY).rsqrt(), _SLOPE)
        return torch.tanh(_mixed(self.paint, None if other is None else other.paint, x, _of(shares, -1)))


def shares_of(columns: int, share: Callable[[Tensor], Tensor]) -> list[Tensor]:
    """What ``Texture.forward`` takes as ``shares`` for a window of ``columns`` cells.

    Args:
        columns: of the window.
        share: pixels from the window's left edge, (K,), to the second generator's share there, 0..1.

    Returns:
        One (1, 1, 1, K) for each convolution: after all but the last one place is left on either side.
    """
    found = []
    for at in range(len(WIDTHS)):
        places = torch.arange(-1, columns * 2**at + 1)
        found.append(share((places + 0.5) * (CELL / 2**at))[None, None, None])
    return [*found, share(torch.arange(columns * CELL) + 0.5)[None, None, None]]


def _of(shares: Sequence[Tensor] | None, at: int) -> Tensor | None:
    return None if shares is None else shares[at]


def _mixed(layer: nn.Module, other: nn.Module | None, x: Tensor, share: Tensor | None) -> Tensor:
    """One convolution, or two of them mixed column by column."""
    out: Tensor = layer(x)
    return out if other is None or share is None else torch.lerp(out, other(x), share.to(out))


class PatchJudge(nn.Module):
    """Scores of the patches of pictures; a patch has 38 pixels a side."""

    def __init__(self, *, widths: Sequence[int] = (24, 48, 96)) -> None:
        super().__init__()
        inputs = (3, *widths)
        self.down = nn.ModuleList(
            nn.Conv2d(before, after, kernel_size=4, stride=2) for before, after in zip(inputs, widths, strict=False)
        )
        self.last = nn.Conv2d(widths[-1], widths[-1], kernel_size=3)
        self.score = nn.Conv2d(widths[-1], 1, kernel_size=1)

    def forward(self, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, 3, H, W) in [-1, 1] -> scores (B, patches), and what each layer saw."""
        x, seen = pictures, []
        for layer in (*self.down, self.last):
            x = F.leaky_relu(layer(x), _SLOPE)
            seen.append(x)
        return self.score(x).flatten(1), seen


class Judge(nn.Module):
    """Two judges of patches: one looks at the picture, one at half its size, where a patch has 76 pixels a side."""

    def __init__(self) -> None:
        super().__init__()
        self.near, self.far = PatchJudge(), PatchJudge()

    def forward(self, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """See ``PatchJudge``; the scores of both, one after the other."""
        near, seen = self.near(pictures)
        far, seen_far = self.far(F.avg_pool2d(pictures, 2))
        return torch.cat((near, far), dim=1), seen + seen_far


def load_texture(paths: Sequence[Path]) -> Texture:
    """The generator whose weights are in ``paths``: float32, CPU, eval."""
    return texture_from(read_tensors(paths))


def texture_from(tensors: dict[str, Tensor]) -> Texture:
    """A generator with the weights ``tensors``, strictly; its widths follow from them."""
    count = sum(name.startswith("layers.") and name.endswith(".weight") for name in tensors)
    model = Texture(widths=[tensors[f"layers.{at}.weight"].shape[0] for at in range(count)])
    model.load_state_dict({name: value.float() for name, value in tensors.items()}, strict=True)
    return model.eval().requires_grad_(False)
