"""The face encoders f: chip -> R^D, as one table, and the one call that runs any of them on a batch of chips.

``resnet29-128d`` is dlib's 29-layer face ResNet (metric learning with a hinge over pairs; encodings are not
normalised), ``facenet-vggface2`` is Inception-ResNet-v1 trained on VGGFace2 (Schroff et al. 2015; Cao et al. 2018;
unit vectors). Encodings of different encoders live in different spaces and must never be compared: every encoding
that is kept is kept with its encoder's name.

This module imports torch only inside the functions: the table is read while the page is being built.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputError, check_choice
from shared.registry import find

if TYPE_CHECKING:
    import torch

Chip = NDArray[np.uint8]  # (side, side, 3) RGB, the face upright
Encodings = NDArray[np.float32]  # (n, D)


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """How one encoder is fed: its record in the registry, the side of its chip, and the scaling of the input."""

    name: str  # also the record's name without "face/"
    title: str  # for people
    dimension: int  # D
    side: int  # pixels of the square chip
    mean: tuple[float, float, float]  # subtracted from R, G, B in 0..255
    scale: float  # divides what is left
    view: str  # which of a face's chips it wants: a key of alignment.VIEWS
    normalised: bool  # whether ||f(x)|| = 1
    batch: int = 64  # chips per forward pass


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
            view="chip",
            normalised=False,
        ),
        Encoder(
            name="facenet-vggface2",
            title="FaceNet Inception-ResNet, 512-d (VGGFace2)",
            dimension=512,
            side=160,
            mean=(127.5, 127.5, 127.5),
            scale=128.0,
            view="crop",
            normalised=True,
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


def encode_chips(chips: Sequence[Chip], encoder: str = DEFAULT_ENCODER, *, flip: bool = False) -> Encodings:
    """The encodings of ``chips``: float32 (n, D), in their order; (0, D) for none.

    Args:
        chips: uint8 RGB (side, side, 3), the face upright, of the side that the encoder wants.
        encoder: a key of ``ENCODERS``.
        flip: average each encoding with that of the mirrored chip (twice the time).

    Raises:
        OptionError: no such encoder.
        InputError: a chip has another shape.
        WeightsError: the encoder's weights cannot be had.
    """
    import torch

    from shared.model_cache import model_cache

    spec = find_encoder(encoder)
    for chip in chips:
        if chip.shape != (spec.side, spec.side, 3) or chip.dtype != np.uint8:
            raise InputError(
                f"{spec.name} wants uint8 chips {spec.side} x {spec.side} x 3", f"{chip.dtype} {chip.shape}"
            )
    if not chips:
        return np.zeros((0, spec.dimension), np.float32)
    with model_cache().lease(find(spec.name, "face")) as model, torch.inference_mode():
        parts = [
            _forward(model, np.stack(chips[start : start + spec.batch]), spec, flip=flip)
            for start in range(0, len(chips), spec.batch)
        ]
    return np.concatenate(parts)


def _forward(model: torch.nn.Module, batch: NDArray[np.uint8], spec: Encoder, *, flip: bool) -> Encodings:
    import torch

    device = next(model.parameters()).device
    pixels = torch.from_numpy(batch).to(device).permute(0, 3, 1, 2).float()  # B 3 S S, channels last in memory
    x = (pixels - torch.tensor(spec.mean, device=device).view(1, 3, 1, 1)) / spec.scale
    encoded: torch.Tensor = model(x).float()  # B D
    if flip:
        encoded = (encoded + model(x.flip(3)).float()) / 2
        if spec.normalised:
            encoded = torch.nn.functional.normalize(encoded, dim=1)
    return encoded.cpu().numpy()
