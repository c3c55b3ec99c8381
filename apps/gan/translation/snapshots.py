"""One translator as it was through training: averaged generators at a few steps, bundled and loaded together.

A file holds ``0000500.down.0.weight`` and so on, in float16.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor, nn

from apps.gan.translation.networks import UNet, unet_from
from shared.weights import read_tensors

_DIGITS_OF_STEP = 7  # so that names sort by step


class Snapshots(nn.Module):
    """The generator at each kept step. Not called itself: take ``at(step)``."""

    def __init__(self, found: Mapping[int, Mapping[str, Tensor]]) -> None:
        super().__init__()
        self.steps = tuple(sorted(found))
        self.generators = nn.ModuleList(unet_from(found[step]) for step in self.steps)

    def at(self, step: int) -> UNet:
        """The generator at ``step``, which is one of ``steps``."""
        model = self.generators[self.steps.index(step)]
        if not isinstance(model, UNet):
            raise TypeError("a snapshot holds a U-Net")
        return model


def load_snapshots(paths: Sequence[Path]) -> Snapshots:
    """The snapshots in ``paths``: float32, CPU, eval."""
    found: dict[int, dict[str, Tensor]] = {}
    for name, tensor in read_tensors(paths).items():
        step, _, rest = name.partition(".")
        found.setdefault(int(step), {})[rest] = tensor
    return Snapshots(found).eval()


def flat(found: Mapping[int, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """All tensors of the snapshots under one name each, in the order of steps."""
    return {
        f"{step:0{_DIGITS_OF_STEP}d}.{name}": tensor for step in sorted(found) for name, tensor in found[step].items()
    }
