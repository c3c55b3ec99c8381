"""The networks from their files: the registry's loaders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from apps.style.instant.stylefile import read_style
from shared.weights import filled, read_tensors

if TYPE_CHECKING:
    import torch

    from apps.style.instant.mobilenet import StylePredictor
    from apps.style.instant.networks import AnyStyle, LearnedStyles, ManyStyles

SCALE = ".scale"  # after the name of a tensor of 8 bits: float32, one number per output channel


def load_many_styles(paths: Sequence[Path]) -> ManyStyles:
    """The painter of 26 styles.

    Raises:
        WeightsError: the files are not exactly the network's; so do the other two.
    """
    from apps.style.instant.networks import ManyStyles

    tensors = read_tensors(paths)
    return filled(ManyStyles(len(tensors.get("gamma", ()))), tensors)


def load_any_style(paths: Sequence[Path]) -> AnyStyle:
    """The painter of any style."""
    from apps.style.instant.networks import AnyStyle

    return filled(AnyStyle(), widened(read_tensors(paths)))


def load_style_predictor(paths: Sequence[Path]) -> StylePredictor:
    """The network that reads a style from a picture."""
    from apps.style.instant.mobilenet import StylePredictor

    return filled(StylePredictor(), widened(read_tensors(paths)))


def load_learned_styles(paths: Sequence[Path]) -> LearnedStyles:
    """The styles that were learned from the sample pictures, by the samples' names."""
    from apps.style.instant.networks import LearnedStyles

    return LearnedStyles({path.name.partition(".")[0]: read_style(path.read_bytes()) for path in paths})


def widened(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """``tensors`` in float32, those of 8 bits multiplied by the scales of their output channels."""
    made = {}
    for name, tensor in tensors.items():
        scale = tensors.get(f"{name}{SCALE}")
        if scale is not None:
            made[name] = tensor.float() * scale.view(-1, *(1,) * (tensor.ndim - 1))
        elif not name.endswith(SCALE):
            made[name] = tensor.float()
    return made
