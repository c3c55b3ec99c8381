"""The fast ways to run the network against the plain one."""

from __future__ import annotations

import gc

import pytest
import torch
import torch.nn.functional as F

from apps.style.vgg import features
from apps.style.vgg.features import Extractor
from apps.style.vgg.network import VGG
from apps.style.vgg.winograd import Kernels, WinogradConvolution

NAMES = ["conv1_1", "relu1_1", "relu2_2", "pool2", "conv3_3", "relu4_2", "relu5_1"]


@pytest.mark.parametrize("pooling", ["average", "max"])
def test_float32_is_the_plain_network(network: VGG, noise: torch.Tensor, pooling: str) -> None:
    found = Extractor(network, NAMES, pooling=pooling, dtype=torch.float32)(noise)
    for name, wanted in network(noise, NAMES, pooling=pooling).items():
        assert float((found[name] - wanted).norm() / wanted.norm()) < 1e-4, name


def test_bfloat16_is_near(network: VGG, noise: torch.Tensor) -> None:
    found = Extractor(network, NAMES, pooling="average", dtype=torch.bfloat16)(noise)
    for name, wanted in network(noise, NAMES, pooling="average").items():
        assert float((found[name].float() - wanted).norm() / wanted.norm()) < 0.05, name


def test_the_gradient_is_the_plain_network_s(network: VGG, noise: torch.Tensor) -> None:
    gradients = []
    for run in (
        lambda x: Extractor(network, ["relu4_2"], pooling="average", dtype=torch.float32)(x)["relu4_2"],
        lambda x: network(x, ["relu4_2"], pooling="average")["relu4_2"],
    ):
        x = noise.clone().requires_grad_(True)
        run(x).square().sum().backward()
        gradients.append(x.grad)
    assert float((gradients[0] - gradients[1]).norm() / gradients[1].norm()) < 1e-3


def test_a_wanted_convolution_is_not_overwritten_by_its_relu(network: VGG, noise: torch.Tensor) -> None:
    found = Extractor(network, ["conv1_2", "relu1_2"], pooling="max", dtype=torch.float32)(noise)
    assert float(found["conv1_2"].min()) < 0
    torch.testing.assert_close(F.relu(found["conv1_2"]), found["relu1_2"])


@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (5, 7), (16, 9), (3, 33), (40, 97)])
def test_winograd_is_a_convolution(shape: tuple[int, int], rectified: bool) -> None:
    """Forward and backward against torch, in float64, where only rounding could differ; the last takes two blocks."""
    torch.manual_seed(0)
    weight, bias = torch.randn(5, 3, 3, 3).double(), torch.randn(5).double()
    x = torch.randn(1, 3, *shape).double().requires_grad_(True)
    ours = WinogradConvolution(Kernels(weight), bias, rectified=rectified)(x)
    theirs = F.conv2d(x, weight, bias, padding=1)
    theirs = F.relu(theirs) if rectified else theirs
    torch.testing.assert_close(ours, theirs)
    cotangent = torch.randn_like(theirs)
    (a,), (b,) = torch.autograd.grad(ours, x, cotangent), torch.autograd.grad(theirs, x, cotangent)
    torch.testing.assert_close(a, b)


def test_runs_share_the_kernels_of_their_network_which_go_with_it(network: VGG, noise: torch.Tensor) -> None:
    def seen_by(one: VGG) -> torch.Tensor:
        return Extractor(one, ["conv1_2"], pooling="max", dtype=torch.float32)(noise)["conv1_2"]

    other = VGG(network.layers[:3])
    before = len(features._KERNELS)
    first = seen_by(other)
    made = features._KERNELS[other.get_submodule("conv1_2")]
    assert torch.equal(seen_by(other), first)
    assert features._KERNELS[other.get_submodule("conv1_2")] is made
    assert not torch.equal(seen_by(network), first)
    del other, made
    gc.collect()
    assert len(features._KERNELS) <= before + 1  # that of ``network`` may be new


def test_runs_share_the_weights_in_bfloat16_which_go_with_their_network(network: VGG, noise: torch.Tensor) -> None:
    other = VGG(network.layers[:3])
    module = other.get_submodule("conv1_2")
    with torch.inference_mode():  # whoever is the first to need them
        Extractor(other, ["conv1_2"], pooling="max", dtype=torch.bfloat16)(noise)
    made = features._WEIGHTS[module][torch.bfloat16][0]
    assert not made.is_inference()
    Extractor(other, ["conv1_2"], pooling="max", dtype=torch.float64)
    second = Extractor(other, ["conv1_2"], pooling="max", dtype=torch.bfloat16)
    assert features._WEIGHTS[module][torch.bfloat16][0] is made
    assert second(noise)["conv1_2"].dtype is torch.bfloat16
    before = len(features._WEIGHTS)
    del other, module, second
    gc.collect()
    assert len(features._WEIGHTS) == before - 2


@pytest.mark.parametrize("shape", [(8, 8), (7, 10), (3, 3)])
def test_our_average_and_its_gradient_are_torch_s(shape: tuple[int, int]) -> None:
    x = (
        torch.randn(1, 5, *shape, dtype=torch.float64)
        .contiguous(memory_format=torch.channels_last)
        .requires_grad_(True)
    )
    ours, theirs = features.average(x), F.avg_pool2d(x, 2)
    torch.testing.assert_close(ours, theirs)
    cotangent = torch.randn_like(theirs)
    (a,), (b,) = torch.autograd.grad(ours, x, cotangent), torch.autograd.grad(theirs, x, cotangent)
    torch.testing.assert_close(a, b)


def test_what_the_gradient_does_not_need_is_not_kept(network: VGG) -> None:
    """Of layers that are not asked for, the backward pass holds no activation, only a byte per value."""
    extractor = Extractor(network, ["relu4_2"], pooling="average", dtype=torch.float32)
    sizes: list[int] = []

    def seen(kept: torch.Tensor) -> torch.Tensor:
        if kept.numel() >= 64 * 64 and kept.shape[0] == 1:  # no kernel
            sizes.append(kept.element_size())
        return kept

    with torch.autograd.graph.saved_tensors_hooks(seen, lambda kept: kept):
        extractor(torch.rand(1, 3, 64, 64, requires_grad=True))
    assert sizes.count(4) <= 2  # of conv1_1, too thin for Winograd's sums: the picture and what its ReLU let through
    assert sizes.count(1) == 8  # conv1_2 to conv4_2


@pytest.mark.parametrize(("fast", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_the_dtype_is_what_the_device_multiplies_fast(
    monkeypatch: pytest.MonkeyPatch, fast: bool, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(features, "bf16_is_fast", lambda device: fast and device.type == "cuda")
    assert features.fastest_dtype(torch.device("cuda")) is dtype
    assert features.fastest_dtype(torch.device("cpu")) is torch.float32


def test_where_the_edge_goes_on_a_plain_picture_has_no_border(network: VGG) -> None:
    white = torch.ones(1, 3, 24, 32)
    plain, on = (
        Extractor(network, ["relu1_1"], pooling="average", dtype=torch.float32, edge_goes_on=goes_on)(white)["relu1_1"]
        for goes_on in (False, True)
    )
    assert on.shape == plain.shape
    torch.testing.assert_close(on[..., 1:-1, 1:-1], plain[..., 1:-1, 1:-1])
    assert float(on.std(dim=(2, 3)).max()) < 1e-5 < float(plain.std(dim=(2, 3)).max())
