"""The explorer's little language, its JSON form, and what it refuses."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.conv.describe import layer_text, read_stack
from apps.conv.parse import Defaults, read_input, read_layers
from apps.conv.presets import PRESETS, preset
from apps.conv.shapes import Shape
from shared.errors import OptionError


@pytest.mark.parametrize("text", ["14x14x3", " 14 x 14 x 3 ", "14×14×3", "14X14X3"])
def test_inputs_as_people_type_them(text: str) -> None:
    assert read_input(text) == Shape((14, 14), 3)


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("5x5x3,16", "5x5x3,16"),
        ("5x5,16", "5x5x3,16"),
        ("5,16", "5x5x3,16"),
        ("conv 5x5 , 16 s2", "5x5x3,16 s2"),
        ("5x5,16 stride=2 padding=1 dilation=2", "5x5x3,16 s2 p1 d2"),
        ("5x3,16 s2x1 p0x1", "5x3x3,16 s2x1 p0x1"),
        ("3x3,16 same nobias", "3x3x3,16 same nobias"),
        ("3x3,6 g3", "3x3x3,6 g3"),
        ("maxpool 2x2", "maxpool 2x2"),
        ("pool 3x3 s2 p1 ceil", "maxpool 3x3 s2 p1 ceil"),
        ("avg 2", "avgpool 2x2"),
        ("transposed 4x4,8 s2 p1", "transposed 4x4x3,8 s2 p1"),
        ("fc 10", "fc 10"),
        ("dense 10 nobias", "fc 10 nobias"),
    ],
)
def test_layers_as_people_type_them(text: str, full: str) -> None:
    (layer,) = read_layers(text, Shape((14, 14), 3))
    assert layer_text(layer, 3) == full


def test_arrows_stars_and_lines_separate_layers() -> None:
    for text in ("5x5,16; 3x3,8", "5x5,16\n3x3,8\n", "5x5,16 -> 3x3,8", "5x5,16 * 3x3,8;"):
        assert len(read_layers(text, Shape((14, 14), 3))) == 2


def test_json_says_the_same_as_text() -> None:
    written = [
        {"kind": "conv", "filter": [5, 5], "filters": 16, "stride": 2, "padding": "same", "dilation": 1},
        {"kind": "maxpool", "filter": "2x2", "ceil": True},
        {"kind": "fc", "filters": 10, "bias": False},
    ]
    text = "5x5,16 s2 same; maxpool 2x2 ceil; fc 10 nobias"
    shape = Shape((14, 14), 3)
    assert read_layers(json.dumps(written), shape) == read_layers(written, shape) == read_layers(text, shape)


def test_defaults_hold_for_convolutions_only() -> None:
    layers = read_layers("3x3,4; 3x3,4 s1 p0; maxpool 2x2", Shape((20, 20), 1), Defaults(stride="2", padding="same"))
    assert [layer.stride for layer in layers] == [(2, 2), (1, 1), (2, 2)]
    assert [layer.padding for layer in layers] == ["same", (0, 0), "valid"]
    wide = read_layers("3x3,4; 3x3,4 d1; maxpool 2x2", Shape((20, 20), 1), Defaults(dilation="3"))
    assert [layer.dilation for layer in wide] == [(3, 3), (1, 1), (1, 1)]


BAD = [
    ("", "5x5,16"),
    ("abc", "5x5,16"),
    ("14", "5,16"),
    ("14x14x14x14x1", "5,16"),
    ("0x14x3", "5x5,16"),
    ("-3x14x3", "5x5,16"),
    ("1000000000x3", "5,16"),
    ("1000000x1000000x1000000x1", "5,16"),
    ("14x14x3", ""),
    ("14x14x3", " ; ; "),
    ("14x14x3", "abc"),
    ("14x14x3", "5x5x4,16"),
    ("14x14x3", "15x15x3,16"),
    ("14x14x3", "5x5x5x5x3,16"),
    ("14x14x3", "5x5x3"),
    ("14x14x3", "5x5x3,0"),
    ("14x14x3", "5x5x3,1000000000"),
    ("14x14x3", "5x5x3,16 s0"),
    ("14x14x3", "5x5x3,16 d0"),
    ("14x14x3", "5x5x3,16 s1x1x1"),
    ("14x14x3", "5x5x3,16 wild"),
    ("14x14x3", "0x5x3,16"),
    ("14x14x3", "maxpool 2x2,16"),
    ("14x14x3", "fc"),
    ("14x14x3", "fc 10; 3x3,4"),
    ("14x14x3", "5x5,16;" * 1000),
    ("14x14x3", "1x1,3;" * 101),
    ("14x14x3", "9" * 20_000),
    ("9" * 5_000 + "x3", "3,3"),
    ("14x14x3", "[{]"),
    ("14x14x3", "[" * 5000),
    ("14x14x3", '[{"kind": "magic"}]'),
    ("14x14x3", '[{"filter": 3, "filters": 2, "colour": 1}]'),
    ("14x14x3", '[{"filter": 3, "filters": 2, "bias": "no"}]'),
    ("14x14x3", '[{"filter": 3.5, "filters": 2}]'),
    ("14x14x3", '[{"filter": [3, 3], "filters": 1e400}]'),
    ("14x14x3", '[{"filter": [3, 3], "filters": 2, "padding": "wide"}]'),
    ("14x14x3", "[1]"),
    ("14x14x3", '[{"filter": [], "filters": 2}]'),
    ("14x14x3", '[{"filter": {"a": 1}, "filters": 2}]'),
]


@pytest.mark.parametrize(("shape", "layers"), BAD, ids=range(len(BAD)))
def test_bad_input_is_told_as_expected_got_remedy(shape: str, layers: str) -> None:
    with pytest.raises(OptionError) as caught:
        read_stack(shape, layers)
    assert caught.value.needed
    assert caught.value.remedy
    assert len(str(caught.value)) < 400


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_read_or_refused(shape: str, layers: str) -> None:
    with contextlib.suppress(OptionError):
        read_stack(shape, layers)


@given(st.text(alphabet='0123456789x,;sp d[]{}"maxolfc', max_size=40))
def test_almost_layers_are_read_or_refused(layers: str) -> None:
    with contextlib.suppress(OptionError):
        read_stack("14x14x3", layers)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_fits(name: str) -> None:
    chosen = preset(name)
    assert read_stack(chosen.input, chosen.layers)


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(OptionError, match="one of"):
        preset("alexnet")


def test_famous_totals() -> None:
    """LeNet-5 with every map connected has 61,706 parameters, VGG-16 138,357,544 (138 million in its paper)."""
    totals = {
        name: sum(one.parameters for one in read_stack(PRESETS[name].input, PRESETS[name].layers))
        for name in ("lenet", "vgg")
    }
    assert totals == {"lenet": 61_706, "vgg": 138_357_544}
