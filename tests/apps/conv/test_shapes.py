"""The arithmetic of shapes against torch, and against the definition."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.conv.check import check
from apps.conv.describe import layer_text, note_on, notes_on, read_stack
from apps.conv.experiments import random_step
from apps.conv.parse import read_layers
from apps.conv.shapes import KINDS, LARGEST_VALUES, MOST_LAYERS, Layer, Shape, pads, size_after, stack, step
from shared.errors import OptionError


@pytest.mark.parametrize(
    ("shape", "layers", "expected"),
    [
        ("14x14x3", "5x5x3,16; 5x5x16,32", ["10x10x16", "6x6x32"]),
        ("14x1", "5x1,16; 5x16,32", ["10x16", "6x32"]),
        ("14x14x14x1", "5x5x5x1,16; 5x5x5x16,32", ["10x10x10x16", "6x6x6x32"]),
        ("39x39x3", "3x3,10; 5x5,20 s2; 5x5,40 s2", ["37x37x10", "17x17x20", "7x7x40"]),
        ("7x7x1", "3x3,1 s2", ["3x3x1"]),
        ("6x6x1", "3x3,1 same", ["6x6x1"]),
    ],
)
def test_worked_examples(shape: str, layers: str, expected: list[str]) -> None:
    assert [str(one.after) for one in read_stack(shape, layers)] == expected


def test_parameters_of_ten_filters_of_27_weights() -> None:
    (only,) = read_stack("100x100x3", "3x3x3,10")
    assert (only.weights, only.biases, only.parameters) == (270, 10, 280)
    assert only.multiplications == 98 * 98 * 27 * 10


@given(n=st.integers(1, 60), f=st.integers(1, 9), s=st.integers(1, 5), p=st.integers(0, 4), d=st.integers(1, 3))
def test_the_formula_counts_the_windows(n: int, f: int, s: int, p: int, d: int) -> None:
    """The definition: the starts at multiples of s whose last tap is still inside the padded input."""
    layer = Layer(filter=(f,), filters=1, stride=(s,), padding=(p,), dilation=(d,))
    starts = [i for i in range(0, n + 2 * p, s) if i + d * (f - 1) < n + 2 * p]
    if starts:
        size, text = size_after(layer, n, 0)
        assert size == len(starts)
        assert text.endswith(f"= {size}")
    else:
        with pytest.raises(OptionError):
            size_after(layer, n, 0)


@given(n=st.integers(1, 50), f=st.integers(1, 9), d=st.integers(1, 3), s=st.integers(1, 4))
def test_same_keeps_the_size_divided_by_the_stride(n: int, f: int, d: int, s: int) -> None:
    layer = Layer(filter=(f,), filters=1, stride=(s,), padding="same", dilation=(d,))
    assert size_after(layer, n, 0)[0] == -(-n // s)
    before, behind = pads(layer, 0)
    assert behind - before in (0, 1)


@settings(max_examples=120, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_torch_agrees_on_random_layers(seed: int) -> None:
    made = random_step(random.Random(seed))
    verdict = check(made)
    assert verdict.agrees, f"{made.before} {layer_text(made.layer, made.before.channels)}: {verdict}"


@settings(max_examples=120, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_a_layer_survives_being_written_down(seed: int) -> None:
    made = random_step(random.Random(seed))
    (again,) = read_layers(layer_text(made.layer, made.before.channels), made.before)
    assert step(again, made.before).after == made.after
    assert step(again, made.before).parameters == made.parameters


def test_thousands_of_layers_agree() -> None:
    dice = random.Random(209_895)
    wrong = [made for made in (random_step(dice) for _ in range(1500)) if not check(made).agrees]
    assert not wrong, wrong[:3]


def test_a_wrong_formula_is_caught_by_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check is no echo: with sizes one too small, torch disagrees."""
    from apps.conv import shapes

    honest = shapes.size_after
    monkeypatch.setattr(shapes, "size_after", lambda layer, n, axis: (honest(layer, n, axis)[0] - 1, "wrong"))
    (wrong,) = read_stack("14x14x3", "5x5,16")
    assert not check(wrong).agrees


ONE = {"stride": (1,), "dilation": (1,)}


@pytest.mark.parametrize(
    ("layer", "shape", "says"),
    [
        (Layer(filter=(5,), filters=1, **ONE), Shape((3,), 1), "fits"),
        (Layer(filter=(3, 3), filters=1, stride=(1, 1), dilation=(1, 1)), Shape((9,), 1), "axes"),
        (Layer(filter=(3,), filters=4, groups=3, **ONE), Shape((9,), 4), "groups"),
        (Layer(filter=(3,), filters=0, **ONE), Shape((9,), 4), "at least 1 filter"),
        (Layer(kind="maxpool", filter=(2,), padding=(2,), **ONE), Shape((9,), 4), "half"),
        (Layer(kind="avgpool", filter=(2,), stride=(2,), dilation=(2,)), Shape((9,), 4), "dilation 1"),
        (Layer(kind="avgpool", filter=(2,), ceil=True, padding="same", **ONE), Shape((9,), 4), "ceil"),
        (Layer(filter=(3,), filters=1, **ONE), Shape((), 4), "axes"),
        (Layer(kind="transposed", filter=(1,), filters=1, padding=(3,), **ONE), Shape((2,), 1), "at least 1 value"),
        (Layer(filter=(1,) * 3, filters=65_536, stride=(1,) * 3, dilation=(1,) * 3), Shape((10_000,) * 3, 1), "values"),
    ],
)
def test_what_does_not_fit_is_refused(layer: Layer, shape: Shape, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        step(layer, shape)


def test_the_stack_says_which_layer() -> None:
    with pytest.raises(OptionError, match="layer 3"):
        read_stack("8x8x1", "3x3,2; 3x3,2; 5x5,2")
    with pytest.raises(OptionError, match=f"1 to {MOST_LAYERS}"):
        stack(Shape((8,), 1), [])


def test_the_limits_keep_torch_in_range() -> None:
    assert set(KINDS) == {"conv", "transposed", "maxpool", "avgpool", "pad", "fc"}
    assert LARGEST_VALUES * 8 < 2**63  # torch counts bytes in 63 bits


@pytest.mark.parametrize(
    ("shape", "layer"),
    [
        ("10x1", "maxpool 1 s2 ceil"),
        ("32x1", "maxpool 1 s2 ceil"),
        ("6x7x2", "maxpool 2x2 ceil"),
        ("5x1", "avgpool 2 p1 ceil"),
        ("5x1", "maxpool 3 s3 p1 ceil"),
        ("12x12x8", "transposed 3x3,4 s2 p1 op1"),
        ("9x1", "maxpool 3 s2 ceil"),
    ],
)
def test_the_printed_equations_are_true(shape: str, layer: str) -> None:
    (one,) = read_stack(shape, layer)
    for size, text in zip(one.after.axes, one.formulas, strict=True):
        left, right = text.split(" = ")
        plain = left.replace("−", "-").replace("·", "*").replace("⌊", "floor(").replace("⌈", "ceil(")
        plain = plain.replace("⌋", ")").replace("⌉", ")")
        assert eval(plain, {"floor": math.floor, "ceil": math.ceil}) == int(right) == size
    assert check(one).agrees
    assert ("− 1:" in " ".join(notes_on(one))) == any("1 − 1 =" in text for text in one.formulas)


def test_output_padding_takes_a_size_back() -> None:
    down, up = read_stack("12x12x3", "3x3,8 s2 p1; transposed 3x3,3 s2 p1 op1")
    assert (down.after.axes, up.after.axes) == ((6, 6), (12, 12))
    assert layer_text(up.layer, 8) == "transposed 3x3x8,3 s2 p1 op1"
    for wrong in ("transposed 3x3,3 s2 op2", "3x3,8 s2 op1"):
        with pytest.raises(OptionError, match="output padding"):
            read_stack("12x12x3", wrong)


def test_same_with_a_stride_says_what_torch_was_asked_and_what_keras_does() -> None:
    (strided,) = read_stack("224x224x3", "7x7,64 s2 same")
    assert notes_on(strided) == (
        'torch has no padding="same" with a stride, so it was given 3 + 3 zeros. '
        "Keras pads 2 + 3: the same size, other values.",
    )
    assert notes_on(read_stack("224x224x3", "7x7,64 same")[0]) == ()


def test_channels_that_stand_first_or_are_missing_are_spoken_of() -> None:
    assert "write 224x224x3" in note_on(Shape((3, 224), 224))
    assert "write 16x64x64x1" in note_on(Shape((1, 16, 64), 64))
    for usual in (Shape((224, 224), 3), Shape((3, 3), 64), Shape((28,), 28), Shape((14, 14, 14), 1)):
        assert note_on(usual) == ""
    with pytest.raises(OptionError, match="a picture is 28x28x1"):
        read_stack("28x28", "5x5,16")
