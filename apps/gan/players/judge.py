"""The judge: a small convolutional classifier of digits that reads what the generators write.

It is trained on MNIST's training split only and never sees a generated digit, so that whether it reads the requested
digit is a fair question. Its 128 penultimate activations are the features of the Fréchet distance and of
precision and recall (``metrics.py``). Batch normalisation (Ioffe & Szegedy 2015), a one-cycle learning rate (Smith
2018), small random distortions, and an average of the weights along the way (Izmailov et al. 2018). Left out:
ensembles, which reach 99.8 % and would add nothing here.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from apps.gan.players.data import DIGITS, Digits, distort, shuffled, to_input
from shared.weights import filled, read_tensors

FEATURES = 128  # length of the penultimate activations
_EMA = 0.995  # memory of the averaged weights, per step: about the last 1 / (1 - 0.995) = 200 steps count


def _block(c_in: int, c_out: int, *, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(c_in, c_out, kernel, stride=stride, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(c_out), nn.ReLU())


class Judge(nn.Module):
    """Reads digits: (B, 1, 28, 28) in [-1, 1] -> (B, 10) logits. 0.25 M parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _block(1, 32, kernel=5, stride=2),  # (B, 32, 14, 14)
            _block(32, 48),
            nn.MaxPool2d(2),  # (B, 48, 7, 7)
            _block(48, 96),
            _block(96, 96),
            nn.MaxPool2d(2),  # (B, 96, 3, 3)
            nn.Dropout2d(0.1),
            nn.Flatten(),  # (B, 864)
            nn.Linear(96 * 9, FEATURES),
            nn.BatchNorm1d(FEATURES),
            nn.ReLU(),  # (B, 128)
        )
        self.head = nn.Linear(FEATURES, DIGITS)

    def features(self, x: Tensor) -> Tensor:
        """(B, 1, 28, 28) -> (B, 128) penultimate activations, 0 or more."""
        out: Tensor = self.body(x)
        return out

    def forward(self, x: Tensor) -> Tensor:
        """(B, 1, 28, 28) -> (B, 10) logits."""
        out: Tensor = self.head(self.features(x))
        return out


@dataclass(frozen=True)
class JudgeStep:
    """One pass over the training data."""

    epoch: int  # from 1
    epochs: int
    loss: float  # mean cross-entropy of the pass
    model: Judge  # the averaged weights so far, in eval mode


def load_judge(paths: Sequence[Path]) -> Judge:
    """The judge with the weights in ``paths``: float32, CPU, eval."""
    return filled(Judge(), read_tensors(paths))


def train_judge(
    train: Digits, *, epochs: int = 14, batch_size: int = 128, seed: int = 0, lr: float = 4e-3, bf16: bool = False
) -> Iterator[JudgeStep]:
    """Train a judge on ``train``, one step per pass; the last step's model is the result.

    Args:
        train: pictures and labels; all of MNIST's training split, or a subset.
        epochs: passes over the data.
        batch_size: pictures per step of the optimizer.
        seed: fixes weights, order and distortions.
        lr: the peak of the one-cycle learning rate.
        bf16: convolutions in bfloat16.
    """
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    model = Judge().to(memory_format=torch.channels_last)
    average = copy.deepcopy(model).eval()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.02)
    steps = epochs * max(1, len(train) // batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=lr, total_steps=steps, pct_start=0.25)
    for epoch in range(1, epochs + 1):
        model.train()
        total = 0.0
        batches = shuffled(len(train), random, batch_size)
        for index in batches:
            batch = train.take(index)
            x = distort(to_input(batch.images), random).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                logits = model(x)
            loss = F.cross_entropy(logits.float(), batch.labels, label_smoothing=0.05)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            blend(average, model, decay=_EMA)
            total += loss.item()
        yield JudgeStep(epoch, epochs, total / len(batches), average)


@torch.no_grad()
def blend(average: nn.Module, model: nn.Module, *, decay: float) -> None:
    """Move ``average`` towards ``model``: parameters and running statistics by 1 - ``decay``, counters copied."""
    for mean, new in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(new.to(mean.dtype), 1 - decay)
        else:
            mean.copy_(new)


@torch.no_grad()
def read(judge: Judge, images: Tensor, *, batch_size: int = 500) -> tuple[Tensor, Tensor]:
    """What the judge reads in uint8 (N, 28, 28): probabilities (N, 10) and features (N, 128), float32 on the CPU."""
    device = next(judge.parameters()).device
    chances, features = [], []
    for part in images.split(batch_size):
        found = judge.features(to_input(part).to(device))
        features.append(found.float().cpu())
        chances.append(judge.head(found).float().softmax(dim=1).cpu())
    if not chances:
        return torch.zeros(0, DIGITS), torch.zeros(0, FEATURES)
    return torch.cat(chances), torch.cat(features)
