"""The geometry of VGG's units, against gradients of a real network and the numbers of the literature."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from apps.style.vgg.layers import VGG16, VGG19, deepest, find_layer, multiply_adds
from apps.style.vgg.network import VGG
from shared.errors import OptionError

# Receptive fields of VGG-16, worked out by hand: +2 jumps per convolution, +1 jump per pooling
FIELDS = {"relu1_1": 3, "relu1_2": 5, "pool1": 6, "relu2_1": 10, "relu2_2": 14, "pool2": 16, "relu3_3": 40, "pool3": 44,
          "relu4_3": 92, "pool4": 100, "relu5_1": 132, "relu5_3": 196}  # fmt: skip


def test_fields_of_vgg16() -> None:
    found = {layer.name: layer.field for layer in VGG16}
    assert {name: found[name] for name in FIELDS} == FIELDS


def test_vgg19_has_its_sixteen_convolutions() -> None:
    assert sum(layer.kind == "conv" for layer in VGG16) == 13
    assert sum(layer.kind == "conv" for layer in VGG19) == 16
    assert find_layer(VGG19, "conv4_4").channels == 512


@pytest.mark.parametrize("name", ["conv1_1", "relu1_2", "pool1", "relu2_2", "pool2", "relu3_3", "relu4_1"])
@pytest.mark.parametrize("unit", [(0, 0), (2, 3)])
def test_the_field_is_where_the_gradient_is(name: str, unit: tuple[int, int]) -> None:
    """All weights positive and average pooling: every pixel in the field, and none outside, moves the unit.

    How many channels there are does not count: two of each.
    """
    layer = find_layer(VGG16, name)
    made = VGG([replace(one, channels=2) for one in VGG16[: deepest(VGG16, [name]) + 1]])
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.fill_(0.01)
    picture = torch.rand(1, 3, 120, 120).double().requires_grad_(True)
    made.double()(picture, [name], pooling="average")[name][0, 0, unit[0], unit[1]].backward()
    assert picture.grad is not None
    hit = picture.grad.abs().sum(dim=(0, 1)) > 0
    rows, columns = hit.any(dim=1).nonzero(), hit.any(dim=0).nonzero()
    top, left, bottom, right = layer.window(*unit)
    seen = (rows[0].item(), columns[0].item(), rows[-1].item() + 1, columns[-1].item() + 1)
    clipped = (max(0, top), max(0, left), min(120, bottom), min(120, right))
    assert seen == clipped


def test_sizes_are_those_of_the_activations() -> None:
    made = VGG(VGG16[: deepest(VGG16, ["pool4"]) + 1])
    found = made(torch.rand(1, 3, 53, 75), [layer.name for layer in made.layers])
    for layer in made.layers:
        assert tuple(found[layer.name].shape[1:]) == (layer.channels, *layer.size(53, 75))


def test_multiply_adds_of_the_published_network() -> None:
    """VGG-16's convolutions at 224 x 224 take 15.3 thousand million multiplications (He et al. 2015, table 1)."""
    assert multiply_adds(VGG16, 224, 224, len(VGG16) - 1) == pytest.approx(15.3e9, rel=0.01)


def test_an_unknown_layer_is_refused_with_the_list_of_layers() -> None:
    with pytest.raises(OptionError, match=r"relu4_2.*Found: .*relu9_9"):
        find_layer(VGG16, "relu9_9")
