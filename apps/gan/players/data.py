"""MNIST as tensors, small random distortions, batches in random order.

Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits" (CC BY-SA 3.0): 60,000 training and 10,000
test digits, 28 x 28, white on black. torchvision downloads and reads the files; its ``MNIST`` class is not used to read
them, because it insists on all four files and does not take packed ones.
"""

from __future__ import annotations

import gzip
import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from shared.errors import InputError, OfflineError
from shared.settings import offline

Split = Literal["train", "test"]
SIDE = 28  # pixels
DIGITS = 10
_STEMS: dict[Split, str] = {"train": "train", "test": "t10k"}


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
    from torchvision.datasets import mnist  # takes a second to import, and the page does not need it

    raw = folder / "MNIST" / "raw"
    images_path, labels_path = (raw / f"{_STEMS[split]}-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1"))
    if download and not (_present(images_path) and _present(labels_path)):
        _download(folder)
    try:
        with _unpacked(images_path) as path:
            images = mnist.read_image_file(str(path))
        with _unpacked(labels_path) as path:
            labels = mnist.read_label_file(str(path))
    except FileNotFoundError as error:
        raise InputError(
            f"MNIST's files in {raw}", str(error), "Name their folder with --data, or add --download."
        ) from error
    except (OSError, EOFError, AssertionError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f"MNIST's files in {raw}, undamaged",
            str(error) or "another kind of file",
            "Delete them and add --download.",
        ) from error
    if images.shape[1:] != (SIDE, SIDE) or labels.shape != images.shape[:1]:
        raise InputError(
            "as many labels as pictures of 28 x 28 in MNIST's files",
            f"labels {tuple(labels.shape)}, pictures {tuple(images.shape)}",
            f"Delete {raw} and add --download.",
        )
    return Digits(images, labels)


def to_input(images: Tensor) -> Tensor:
    """Pictures as the networks take them: uint8 (N, 28, 28) -> float32 (N, 1, 28, 28) in [-1, 1]."""
    return images.unsqueeze(1).float().div_(127.5).sub_(1)


def to_pictures(x: Tensor) -> Tensor:
    """What a generator makes, as pictures: float (N, 1, 28, 28) in [-1, 1] -> uint8 (N, 28, 28)."""
    return x.detach().float().squeeze(1).add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8).cpu()


def distort(
    x: Tensor, generator: torch.Generator, *, degrees: float = 12.0, shift_px: float = 2.0, scale: float = 0.12
) -> Tensor:
    """Rotate, shift, scale and shear every picture a little, each by random amounts of its own.

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


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    """``path``, or a temporary file with the content of ``path``.gz if only that is there."""
    packed = path.with_name(path.name + ".gz")
    if path.exists() or not packed.exists():
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        unpacked = Path(folder) / path.name
        unpacked.write_bytes(gzip.decompress(packed.read_bytes()))
        yield unpacked


def _download(folder: Path) -> None:
    from torchvision.datasets import MNIST

    if offline():
        raise OfflineError(
            "", "MNIST would have to be downloaded, but this hub is offline", "Leave out --offline, or copy the files."
        )
    MNIST(str(folder), download=True)
