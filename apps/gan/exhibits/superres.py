"""A GAN conditioned on a picture: digits of 7 x 7 pixels restored to 28 x 28.

The idea is SRGAN's (Ledig et al. 2017): a pixel loss alone gives the average of all digits that fit, which is blurred;
a discriminator that sees the small picture together with the large one demands one of them. Sub-pixel convolutions
(Shi et al. 2016) do nearly all the work at 7 and 14 pixels. Left out: a perceptual loss, and noise as a second input:
every picture has one answer. Shrinking is the mean of 4 x 4 pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from apps.gan.players.data import Digits, to_input, to_pictures
from apps.gan.players.judge import Judge, blend, read
from apps.gan.players.losses import LOSSES, r1_penalty
from apps.gan.players.metrics import Share, frechet_distance, share
from apps.gan.players.networks import Discriminator
from shared.weights import filled, read_tensors

FACTOR = 4  # 28 / 7
_PIXEL = 20.0  # brings the pixel loss, 0.03 at 21 dB, to the size of the adversarial one, 0.7 at balance
_BASE = 1.5  # the output starts from this times the bicubic picture, before tanh: tanh(1.5) = 0.91 is nearly white
_R1, _R1_EVERY = 0.3, 16  # weight of the R1 penalty, and in how many steps it is paid once: as the other games'
_EMA = 0.995  # memory of the averaged weights, per step: about the last 200 steps count
_COOL_DOWN = 0.5  # the last share of the steps, over which the learning rate falls to 0
_PART = 250  # pictures restored at once


class Restorer(nn.Module):
    """(B, 1, 7, 7) -> (B, 1, 28, 28), both in [-1, 1]."""

    def __init__(self, *, width: int = 48) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, width, kernel_size=3, padding=1)
        self.blocks = nn.ModuleList(nn.Conv2d(width, width, kernel_size=3, padding=1) for _ in range(4))
        self.up14 = nn.Conv2d(width, 32 * 4, kernel_size=3, padding=1)
        self.up28 = nn.Conv2d(32, 16 * 4, kernel_size=3, padding=1)
        self.paint = nn.Conv2d(16, 1, kernel_size=3, padding=1)
        nn.init.zeros_(
            self.paint.weight
        )  # so that the first picture is the bicubic one: from an all-black one nothing is learned

    def forward(self, small: Tensor) -> Tensor:
        """(B, 1, 7, 7) -> (B, 1, 28, 28)."""
        x = self.stem(small)  # (B, width, 7, 7)
        for first, second in zip(self.blocks[::2], self.blocks[1::2], strict=True):
            x = x + second(F.relu(first(F.relu(x))))
        x = F.relu(F.pixel_shuffle(self.up14(x), 2))  # (B, 32, 14, 14)
        x = F.relu(F.pixel_shuffle(self.up28(x), 2))  # (B, 16, 28, 28)
        return torch.tanh(self.paint(x) + _BASE * bicubic(small))


@dataclass(frozen=True)
class RestorerStep:
    """One step of training."""

    step: int
    steps: int
    pixel: float  # mean squared difference, in [-1, 1] units
    model: Restorer  # the averaged weights so far


@dataclass(frozen=True)
class Restoration:
    """How well 28 x 28 digits come back from 7 x 7."""

    psnr_db: float  # mean over pictures
    accuracy: Share  # the judge reads the true digit
    fid: float  # to the originals, judge's features
    n: int

    def as_json(self) -> dict[str, Any]:
        """Plain numbers."""
        return {
            "psnr_db": round(self.psnr_db, 3),
            "accuracy": round(self.accuracy.value, 5),
            "accuracy_interval": [round(self.accuracy.low, 5), round(self.accuracy.high, 5)],
            "fid": round(self.fid, 4),
        }


def shrink(x: Tensor) -> Tensor:
    """(B, 1, 28, 28) -> (B, 1, 7, 7), the mean of each 4 x 4 pixels."""
    return F.avg_pool2d(x, FACTOR)


def bicubic(small: Tensor) -> Tensor:
    """(B, 1, 7, 7) -> (B, 1, 28, 28) in [-1, 1] by bicubic interpolation: what the network has to beat."""
    return F.interpolate(small, scale_factor=FACTOR, mode="bicubic", align_corners=False).clamp(-1, 1)


def load_restorer(paths: Sequence[Path]) -> Restorer:
    """The restorer with the weights in ``paths``: float32, CPU, eval."""
    tensors = read_tensors(paths)
    return filled(Restorer(width=tensors["stem.weight"].shape[0]), tensors)


def train_restorer(
    data: Digits, *, steps: int = 1_200, batch_size: int = 64, seed: int = 0, lr: float = 1e-3, bf16: bool = False
) -> Iterator[RestorerStep]:
    """Train a restorer against a discriminator that sees small and large picture together: a step at a time."""
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    model, average = Restorer(), Restorer().eval()
    average.load_state_dict(model.state_dict())
    critic = Discriminator(channels=2, widths=(32, 64, 96), hidden=64)
    adam_g = torch.optim.Adam(model.parameters(), lr=lr, betas=(0.5, 0.99))
    adam_d = torch.optim.Adam(critic.parameters(), lr=lr, betas=(0.0, 0.99))
    for step in range(1, steps + 1):
        for group in (*adam_g.param_groups, *adam_d.param_groups):
            group["lr"] = lr * min(1.0, (1 - (step - 1) / steps) / _COOL_DOWN)
        real = to_input(data.images[torch.randint(len(data), (batch_size,), generator=random)])
        small = shrink(real)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            fake = model(small)
        pixel = (fake.float() - real).square().mean()
        _step_critic(critic, adam_d, small, real, fake.detach().float(), penalise=step % _R1_EVERY == 1)
        critic.requires_grad_(False)
        cost = LOSSES["non-saturating"].g(critic(as_two_channels(fake.float(), small))) + _PIXEL * pixel
        adam_g.zero_grad(set_to_none=True)
        cost.backward()
        adam_g.step()
        critic.requires_grad_(True)
        blend(average, model, decay=min(_EMA, (1 + step) / (10 + step)))
        yield RestorerStep(step, steps, pixel.item(), average)


def as_two_channels(large: Tensor, small: Tensor) -> Tensor:
    """(B, 1, 28, 28) and (B, 1, 7, 7) as two channels (B, 2, 28, 28), the small one enlarged without smoothing."""
    return torch.cat((large, F.interpolate(small, scale_factor=FACTOR, mode="nearest")), dim=1)


@torch.no_grad()
def shrink_and_restore(model: Restorer, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """uint8 (N, 28, 28) shrunk to (N, 7, 7), enlarged bicubically, and restored by ``model``, both (N, 28, 28)."""
    device = next(model.parameters()).device
    small = shrink(to_input(images))
    parts = [to_pictures(model(part.to(device))) for part in small.split(_PART)]
    return to_pictures(small), to_pictures(bicubic(small)), torch.cat(parts)


def psnr_db(pictures: Tensor, originals: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of uint8 (N, 28, 28) pictures, by picture: (N,) dB; 100 where they are equal."""
    error = (pictures.float() - originals.float()).square().mean(dim=(1, 2))
    return torch.where(error > 0, 20 * math.log10(255) - 10 * error.clamp_min(1e-12).log10(), 100.0).clamp_max(100)


def measure(pictures: Tensor, originals: Digits, judge: Judge) -> Restoration:
    """How close (N, 28, 28) ``pictures`` come to ``originals``, and how the judge reads them."""
    chances, features = read(judge, pictures)
    real = read(judge, originals.images)[1]
    right = share(chances.argmax(dim=1) == originals.labels)
    quality = psnr_db(pictures, originals.images).mean().item()
    return Restoration(quality, right, frechet_distance(features, real), len(originals))


def _step_critic(
    critic: Discriminator, adam: torch.optim.Optimizer, small: Tensor, real: Tensor, fake: Tensor, *, penalise: bool
) -> None:
    both = as_two_channels(torch.cat((real, fake)), torch.cat((small, small)))
    s_real, s_fake = critic(both).chunk(2)
    cost = LOSSES["non-saturating"].d(s_real, s_fake)
    if penalise:
        cost = cost + 0.5 * _R1 * _R1_EVERY * r1_penalty(critic, as_two_channels(real, small))
    adam.zero_grad(set_to_none=True)
    cost.backward()
    adam.step()
