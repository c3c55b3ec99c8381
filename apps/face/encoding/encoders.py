"""The face encoders f: chips -> R^D, as one table, and the one call that runs any of them.

``resnet29-128d`` is dlib's 29-layer face ResNet (metric learning with a hinge over pairs), ``facenet-vggface2`` is
Inception-ResNet-v1 trained on VGGFace2 (Schroff et al. 2015; Cao et al. 2018). Encodings of different encoders live in
different spaces and must never be compared: every encoding that is kept is kept with its encoder's name.

Every encoding is a unit vector, so that ||f(x1) - f(x2)||² = 2 - 2 cos. FaceNet's are by themselves; those of the
ResNet vary in length (about 1.4), and comparing directions alone accepts more pairs of one person at the same
false-accept rate. So does the mean over views: the chip, its mirror image, a wider cut, and a tighter one mirrored.
``weights/face/resnet29-128d.md`` has the figures.

This module imports torch only inside the functions: the table is read while the page is being built.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shared.device import bf16_is_fast, on_zero_gpu, pick_device
from shared.errors import InputError, check_choice
from shared.model_cache import model_cache
from shared.registry import find

if TYPE_CHECKING:
    import torch

Chip = NDArray[np.uint8]  # (side, side, 3) RGB, the face upright
Encodings = NDArray[np.float32]  # (n, D), unit vectors

# how many views of a face (``pipeline.Face.views``) are averaged into one encoding
AVERAGES: dict[str, int] = {"full": 4, "flip": 2, "single": 1}
DEFAULT_AVERAGE = "full"


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """How one encoder is fed: the side of its chip and the scaling of the input."""

    name: str  # the record's name in the registry without "face/"
    title: str  # for people
    dimension: int  # D
    side: int  # pixels of the square chip
    mean: tuple[float, float, float]  # subtracted from R, G, B in 0..255
    scale: float  # divides what is left
    cut: str  # of a face that it wants: "chip" or "crop", the fields of pipeline.Face
    batch: int = 48  # chips per forward pass


ENCODERS: dict[str, Encoder] = {
    encoder.name: encoder
    for encoder in (
        Encoder(
            name="resnet29-128d",
            title="29-layer ResNet, 128-d (dlib)",
            dimension=128,
            side=150,
            mean=(122.782, 117.001, 104.298),
            scale=256.0,
            cut="chip",
        ),
        Encoder(
            name="facenet-vggface2",
            title="FaceNet Inception-ResNet, 512-d (VGGFace2)",
            dimension=512,
            side=160,
            mean=(127.5, 127.5, 127.5),
            scale=128.0,
            cut="crop",
        ),
    )
}
DEFAULT_ENCODER = "resnet29-128d"


def find_encoder(name: str = DEFAULT_ENCODER) -> Encoder:
    """The encoder called ``name`` ("face/" may stand before it).

    Raises:
        OptionError: there is none of that name; the message lists those there are.
    """
    short = name.removeprefix("face/") if isinstance(name, str) else name
    return ENCODERS[check_choice(short, ENCODERS, "The encoder")]


def mirrored(chip: Chip) -> Chip:
    """The mirror image of ``chip``."""
    return np.ascontiguousarray(chip[:, ::-1])


def encode_views(views: Sequence[Sequence[Chip]], encoder: str = DEFAULT_ENCODER) -> Encodings:
    """One encoding per face from all of its ``views`` (at least one chip each): the direction of their mean.

    Args:
        views: of each face its chips, uint8 RGB (side, side, 3), upright, of the side that the encoder wants.
        encoder: a key of ``ENCODERS``.

    Returns:
        Unit vectors, float32 (n, D), in their order; (0, D) for none.

    Raises:
        OptionError: no such encoder.
        InputError: a chip has another shape.
        WeightsError: the encoder's weights are not available.
    """
    raw = outputs([chip for chips in views for chip in chips], encoder)
    if not len(views):
        return raw
    ends = np.cumsum([len(chips) for chips in views])
    return unit(np.stack([part.mean(0) for part in np.split(raw, ends[:-1])]))


def outputs(chips: Sequence[Chip], encoder: str = DEFAULT_ENCODER) -> Encodings:
    """What the network says of each chip, (n, D), at the length that it has; see ``encode_views``."""
    import torch

    spec = find_encoder(encoder)
    shape = (spec.side, spec.side, 3)
    for chip in chips:
        if chip.shape != shape or chip.dtype != np.uint8:
            raise InputError(f"uint8 chips of shape {shape} for {spec.name}", f"{chip.dtype} {chip.shape}")
    if not chips:
        return np.zeros((0, spec.dimension), np.float32)
    parts: list[Encodings] = []
    with model_cache().lease(find(spec.name, "face"), dtype=_fast_dtype()) as network, torch.inference_mode():
        for start in range(0, len(chips), spec.batch):
            x = _input(np.stack(chips[start : start + spec.batch]), spec, next(network.parameters()))
            parts.append(network(x).float().cpu().numpy())
    return np.concatenate(parts)


def _input(batch: NDArray[np.uint8], spec: Encoder, like: torch.Tensor) -> torch.Tensor:
    """B S S 3 uint8 -> B 3 S S scaled, of the type and on the device of ``like``; channels last, as they come."""
    import torch

    pixels = torch.from_numpy(batch).to(like.device).permute(0, 3, 1, 2).float()
    return ((pixels - torch.tensor(spec.mean, device=like.device).view(1, 3, 1, 1)) / spec.scale).to(like.dtype)


def _fast_dtype() -> torch.dtype | None:
    """bfloat16 where the device multiplies that faster, which moves the distance of a pair by under 0.01.

    The weights are converted once, as they are loaded: autocast would do it at every call, a fifth of the time of one
    chip. ZeroGPU hardware keeps the float32 model that was placed at start.
    """
    import torch

    return torch.bfloat16 if bf16_is_fast(pick_device()) and not on_zero_gpu() else None


def unit(raw: Encodings) -> Encodings:
    """The rows of ``raw`` at length 1."""
    lengths = np.linalg.norm(raw.astype(np.float64), axis=1, keepdims=True)
    unit: Encodings = (raw / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit
