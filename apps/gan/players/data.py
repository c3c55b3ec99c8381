"""MNIST as tensors: the IDX files read directly, small random distortions, batches in random order.

Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits" (CC BY-SA 3.0): 60,000 training and 10,000
test digits, 28 x 28, white on black. torchvision is asked only to download the files where there is a network.
"""

from __future__ import annotations

import gzip
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from shared.errors import InputError, OfflineError
from shared.settings import offline

Split = Literal["train", "test"]
SIDE = 28  # pixels
DIGITS = 10
_STEMS: dict[Split, str] = {"train": "train", "test": "t10k"}
_IDX_UINT8 = 0x08  # the type byte of an IDX file of unsigned bytes


@dataclass(frozen=True)
class Digits:
    """Pictures of digits and what they show."""

    images: Tensor  # uint8 (N, 28, 28), white (255) on black (0)
    labels: Tensor  # int64 (N,), 0..9

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Tensor) -> Digits:
        """The pictures at ``index`` (int64), in that order."""
        return Digits(self.images[index], self.labels[index])


def load_mnist(folder: Path, split: Split, *, download: bool = False) -> Digits:
    """One split of MNIST from ``folder``, which holds ``MNIST/raw/*-ubyte`` (or ``*-ubyte.gz``).

    Args:
        folder: what torchvision calls ``root``.
        split: "train" (60,000) or "test" (10,000).
        download: fetch the files when they are missing.

    Raises:
        InputError: the files are missing or damaged.
        OfflineError: they would have to be downloaded and the hub is offline.
    """
    raw = folder / "MNIST" / "raw"
    stem = _STEMS[split]
    names = (f"{stem}-images-idx3-ubyte", f"{stem}-labels-idx1-ubyte")
    if download and not all(_present(raw / name) for name in names):
        _download(folder)
    images, labels = (_read_idx(raw / name) for name in names)
    if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE) or labels.shape != images.shape[:1]:
        raise InputError(
            "MNIST holds as many labels as pictures of 28 x 28",
            f"{images.shape} and {labels.shape}",
            f"Delete {raw} and fetch it again.",
        )
    return Digits(torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64)))


def to_input(images: Tensor) -> Tensor:
    """Pictures as the networks take them: uint8 (N, 28, 28) -> float32 (N, 1, 28, 28) in [-1, 1]."""
    return images.unsqueeze(1).float().div_(127.5).sub_(1)


def to_pictures(x: Tensor) -> Tensor:
    """What a generator makes, as pictures: float (N, 1, 28, 28) in [-1, 1] -> uint8 (N, 28, 28)."""
    return x.detach().float().squeeze(1).add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8).cpu()


def distort(
    x: Tensor, generator: torch.Generator, *, degrees: float = 12.0, shift_px: float = 2.0, scale: float = 0.12
) -> Tensor:
    """Turn, move, scale and shear every picture a little, each in its own way.

    Args:
        x: float (B, 1, H, W) in [-1, 1], background -1.
        generator: where the randomness comes from (CPU).
        degrees: largest rotation, and largest shear.
        shift_px: largest move along each axis.
        scale: largest relative change of size.

    Returns:
        The same shape, device and range.
    """
    B = len(x)
    turn, shear, grow, dx, dy = (torch.rand(5, B, generator=generator) * 2 - 1).to(x.device)
    turn, shear = turn * math.radians(degrees), shear * math.radians(degrees)
    grow = 1 + grow * scale
    move = 2 * shift_px / x.shape[-1]  # grid_sample's picture is 2 wide
    cos, sin = torch.cos(turn) / grow, torch.sin(turn) / grow
    rows = torch.stack((cos, -sin + torch.tan(shear) * cos, dx * move, sin, cos, dy * move), dim=1)
    grid = F.affine_grid(rows.view(B, 2, 3), list(x.shape), align_corners=False)
    return F.grid_sample(x + 1, grid, align_corners=False) - 1  # zeros outside mean background


def shuffled(n: int, generator: torch.Generator, batch_size: int) -> list[Tensor]:
    """One pass over ``n`` examples in random order: index tensors of ``batch_size``, the rest dropped."""
    order = torch.randperm(n, generator=generator)
    return list(order[: n - n % batch_size].split(batch_size)) if n >= batch_size else [order]


def _present(path: Path) -> bool:
    return path.exists() or path.with_name(path.name + ".gz").exists()


def _read_idx(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    packed = path.with_name(path.name + ".gz")
    try:
        content = path.read_bytes() if path.exists() else gzip.decompress(packed.read_bytes())
    except (OSError, EOFError) as error:
        raise InputError(
            f"MNIST's file {path.name} lies in {path.parent}",
            str(error),
            "Name its folder with --data, or add --download.",
        ) from error
    dims = content[3] if len(content) > 3 else 0
    shape = np.frombuffer(content, ">i4", count=dims, offset=4) if len(content) >= 4 + 4 * dims else np.zeros(0)
    body = np.frombuffer(content, np.uint8, offset=min(len(content), 4 + 4 * dims))
    if content[:3] != bytes((0, 0, _IDX_UINT8)) or dims == 0 or body.size != int(np.prod(shape)):
        raise InputError(
            f"{path.name} is an IDX file of bytes", f"{len(content):,} bytes of another kind", "Fetch it again."
        )
    return body.reshape([int(n) for n in shape]).copy()


def _download(folder: Path) -> None:
    if offline():
        raise OfflineError(
            "MNIST is downloaded", "a hub that is offline", "Start without --offline, or copy the files."
        )
    from torchvision.datasets import MNIST

    MNIST(str(folder), download=True)
