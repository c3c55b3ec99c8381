"""Reads the files of ncnn, a runtime for phones: ``.param``, the layers as text, and ``.bin``, their weights in a row.

``.param``: the number 7767517, then how many layers and how many connections ("blobs"), then a line per layer: its
type, its name, how many inputs and outputs, their names, and parameters as ``key=value``; a key of -23300 - k holds the
array k: its length, then its values. ``.bin``: in the order of the layers, of a convolution a word that says how its
weights are stored, the weights (O, I, kH, kW), padded to four bytes, and the bias; of a PReLU its slopes. Bias and
slopes are float32 always. https://github.com/Tencent/ncnn/wiki/param-and-model-file-structure

The reader refuses what it does not know, and every byte of both files has to be accounted for. Nothing in a file makes
it take more memory than a few times the file's size, which is limited.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from shared.errors import WeightsError, quoted

MAGIC = "7767517"
HALF, SINGLE = 0x01306B47, 0x00000000  # the words before weights in float16 and in float32
MOST_TEXT = 1_000_000  # bytes of a .param file
MOST_WEIGHTS = 64_000_000  # bytes of a .bin file
MOST_LAYERS = 5_000
_ARRAYS = -23300  # the key of array k is this minus k
_REMEDY = "Install the package again, in the version that requirements-dev.txt names."

Values = NDArray[np.float16] | NDArray[np.float32]
Parameters = Mapping[int, float | tuple[float, ...]]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer of the graph."""

    kind: str  # Convolution, PReLU, Concat, ...
    name: str
    inputs: tuple[str, ...]  # names of connections
    outputs: tuple[str, ...]
    parameters: Parameters  # by ncnn's numbers, which mean something else for every kind


def read_graph(path: Path) -> tuple[Layer, ...]:
    """The layers in a ``.param`` file, in its order.

    Raises:
        WeightsError: the file is not such a file, is too large, or connects what is not there.
    """
    text = _bounded(path, MOST_TEXT).decode("ascii", errors="replace")
    magic, _, rest = text.partition("\n")
    lines = rest.splitlines()
    if magic.strip() != MAGIC or not lines:
        raise WeightsError(f"{path.name} as ncnn's text, which begins with {MAGIC}", quoted(magic), _REMEDY)
    counts = _whole_numbers(lines[0].split(), path.name)
    layers = tuple(_layer(line, path.name) for line in lines[1 : MOST_LAYERS + 1])
    made: set[str] = set()
    for layer in layers:
        if missing := set(layer.inputs) - made:
            raise WeightsError(
                f"a source of {quoted(sorted(missing)[0])}", f"none before {quoted(layer.name)}", _REMEDY
            )
        if made & set(layer.outputs) or len(set(layer.outputs)) != len(layer.outputs):
            raise WeightsError("outputs under names of their own", quoted(layer.name), _REMEDY)
        made.update(layer.outputs)
    if counts != [len(lines) - 1, len(made)] or len(layers) != len(lines) - 1:
        found = f"{len(lines) - 1} layers and {len(made)} connections"
        raise WeightsError(f"as many layers and connections in {path.name} as it announces, {counts}", found, _REMEDY)
    return layers


def read_weights(path: Path, layers: Sequence[Layer]) -> dict[str, Values]:
    """``NAME.weight`` and ``NAME.bias`` of every convolution, ``NAME.weight`` of every PReLU in ``layers``.

    Flat, in the type that they are stored in: a convolution's weights float16 or float32, the others float32.

    Raises:
        WeightsError: the file is shorter or longer than the layers say, or holds NaN or infinity.
    """
    reader = _Reader(_bounded(path, MOST_WEIGHTS), path.name)
    values: dict[str, Values] = {}
    for layer in layers:
        if layer.kind == "Convolution":
            values[f"{layer.name}.weight"] = reader.tagged(_count(layer, 6))
            values[f"{layer.name}.bias"] = reader.raw(_count(layer, 0), np.dtype("<f4"))
        elif layer.kind == "PReLU":
            values[f"{layer.name}.weight"] = reader.raw(_count(layer, 0), np.dtype("<f4"))
    reader.finish()
    for name, array in values.items():
        if not np.isfinite(array).all():
            raise WeightsError(f"finite numbers in {path.name}", f"others in {quoted(name)}", _REMEDY)
    return values


class _Reader:
    """A cursor over the bytes of a ``.bin`` file."""

    def __init__(self, data: bytes, name: str) -> None:
        self.data, self.name, self.at = data, name, 0

    def raw(self, count: int, dtype: np.dtype[np.float16] | np.dtype[np.float32]) -> Values:
        """``count`` numbers at the cursor."""
        end = self.at + count * dtype.itemsize
        if end > len(self.data):
            raise WeightsError(f"{self.name} with {end:,} bytes or more", f"{len(self.data):,}", _REMEDY)
        values = cast("Values", np.frombuffer(self.data, dtype, count, self.at))
        self.at = end
        return values

    def tagged(self, count: int) -> Values:
        """``count`` numbers after the word that says how they are stored, and the padding to a multiple of 4 bytes."""
        word = int.from_bytes(self.data[self.at : self.at + 4], "little")
        if word not in (HALF, SINGLE):
            raise WeightsError(f"weights in float16 or float32 at byte {self.at:,}", f"the word {word:#010x}", _REMEDY)
        self.at += 4
        values = self.raw(count, np.dtype("<f2") if word == HALF else np.dtype("<f4"))
        padding = self.data[self.at : self.at + -self.at % 4]
        if any(padding):
            raise WeightsError(f"zeros as padding at byte {self.at:,} of {self.name}", padding.hex(), _REMEDY)
        self.at += len(padding)
        return values

    def finish(self) -> None:
        """Refuse a file that goes on."""
        if self.at != len(self.data):
            raise WeightsError(f"{self.name} with {self.at:,} bytes", f"{len(self.data):,}", _REMEDY)


def _bounded(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise WeightsError(path.name, error.strerror or str(error), _REMEDY) from error
    if len(data) > most:
        raise WeightsError(f"{path.name} with at most {most:,} bytes", "more", _REMEDY)
    return data


def _layer(line: str, where: str) -> Layer:
    words = line.split()
    if len(words) < 4:
        raise WeightsError(f"a layer's line in {where}", quoted(line), _REMEDY)
    n_in, n_out = _whole_numbers(words[2:4], where)
    ends = 4 + n_in, 4 + n_in + n_out
    if len(words) < ends[1] or any("=" in word for word in words[: ends[1]]):
        raise WeightsError(f"{n_in} inputs and {n_out} outputs in {where}", quoted(line), _REMEDY)
    return Layer(
        kind=words[0],
        name=words[1],
        inputs=tuple(words[4 : ends[0]]),
        outputs=tuple(words[ends[0] : ends[1]]),
        parameters=_parameters(words[ends[1] :], where),
    )


def _parameters(words: Sequence[str], where: str) -> Parameters:
    found: dict[int, float | tuple[float, ...]] = {}
    for word in words:
        key_text, _, value_text = word.partition("=")
        try:
            key = int(key_text)
            numbers = tuple(float(part) for part in value_text.split(","))
        except ValueError as error:
            raise WeightsError(f"a parameter in {where}, key=value", quoted(word), _REMEDY) from error
        is_array = key <= _ARRAYS
        number = _ARRAYS - key if is_array else key
        right = numbers[0] == len(numbers) - 1 if is_array else len(numbers) == 1
        if not right or number < 0 or number in found:
            raise WeightsError(f"parameters in {where}, each of them once and in full", quoted(word), _REMEDY)
        found[number] = numbers[1:] if is_array else numbers[0]
    return found


def _count(layer: Layer, key: int) -> int:
    count = layer.parameters.get(key)
    if not isinstance(count, float) or not count.is_integer() or not 0 < count < MOST_WEIGHTS:
        raise WeightsError(f"a number of weights in {quoted(layer.name)}", quoted(count), _REMEDY)
    return int(count)


def _whole_numbers(words: Sequence[str], where: str) -> list[int]:
    if len(words) != 2 or not all(word.isdecimal() and len(word) <= 6 for word in words):
        raise WeightsError(f"two whole numbers in {where}", quoted(" ".join(words)), _REMEDY)
    return [int(word) for word in words]
