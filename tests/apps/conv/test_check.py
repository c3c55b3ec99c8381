"""What torch is asked, and the answer of the endpoint."""

from __future__ import annotations

import json

import pytest
import torch

from apps.conv.check import by_hand, check, module_of, verdicts
from apps.conv.describe import answer, read_stack
from apps.conv.presets import PRESETS
from apps.conv.shapes import Layer, Shape, step
from apps.conv.ui.blocks import big, crossed, page


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("2d", [[14, 14, 3], [10, 10, 16], [6, 6, 32]]),
        ("1d", [[14, 1], [10, 16], [6, 32]]),
        ("3d", [[14, 14, 14, 1], [10, 10, 10, 16], [6, 6, 6, 32]]),
        ("lenet", [[32, 32, 1], [28, 28, 6], [14, 14, 6], [10, 10, 16], [5, 5, 16], [120], [84], [10]]),
    ],
)
def test_the_textbook_presets_have_the_textbook_shapes(name: str, shapes: list[list[int]]) -> None:
    steps = read_stack(PRESETS[name].input, PRESETS[name].layers)
    assert [steps[0].before.listed(), *(one.after.listed() for one in steps)] == shapes
    for one, verdict in zip(steps, verdicts(steps), strict=True):
        assert verdict.agrees
        assert verdict.shape == one.after


@pytest.mark.parametrize("axes", [(7,), (7, 4), (3, 7, 4)])
def test_zeros_behind_are_torchs(axes: tuple[int, ...]) -> None:
    two, plain = (2,) * len(axes), (1,) * len(axes)
    one = step(Layer(kind="pad", filter=two, stride=two, dilation=plain), Shape(axes, 3))
    assert one.after.axes == tuple(n + 2 for n in axes)
    assert check(one).agrees
    x = torch.ones(3, *axes, dtype=torch.float64).numpy()
    inside, outside = (0,) * (len(axes) + 1), (0, *(n + 1 for n in axes))
    assert by_hand(one.layer, x, [], inside) == 1
    assert by_hand(one.layer, x, [], outside) == 0


def test_the_answer_is_plain_json_with_the_documented_keys() -> None:
    steps = read_stack("14x14x3", "5x5x3,16; 5x5x16,32")
    made = json.loads(json.dumps(answer(steps, verdicts(steps))))
    assert made["input"] == [14, 14, 3]
    assert made["output"] == [6, 6, 32]
    assert made["parameters"] == 14_048
    assert made["multiplications"] == 580_800
    assert made["agrees"] is True
    first = made["layers"][0]
    assert first["formula"] == ["⌊(14 + 2·0 − 1·(5 − 1) − 1) / 1⌋ + 1 = 10"] * 2
    assert first["text"] == "5x5x3,16"
    assert first["torch"]["output"] == [10, 10, 16]
    assert first["torch"]["multiplications"] == first["multiplications"] == 120_000
    assert first["torch"]["difference"] < 1e-9


@pytest.mark.parametrize("name", PRESETS)
def test_torch_agrees_on_every_preset(name: str) -> None:
    steps = read_stack(PRESETS[name].input, PRESETS[name].layers)
    assert all(verdict.agrees for verdict in verdicts(steps))


def test_huge_layers_cost_nothing_to_check() -> None:
    (huge,) = read_stack("100000x100000x3", "3x3,64 s2")
    verdict = check(huge)
    assert verdict.agrees
    assert verdict.difference is None


@pytest.mark.filterwarnings("ignore:Using padding='same'")  # torch's remark on even filters
def test_same_with_an_even_filter_is_torchs_own() -> None:
    shape = Shape((9, 8), 2)
    layer = Layer(filter=(3, 2), filters=3, stride=(1, 1), padding="same", dilation=(2, 1))
    ours = module_of(layer, shape, device="cpu")
    theirs = torch.nn.Conv2d(2, 3, (3, 2), padding="same", dilation=(2, 1), dtype=torch.float64)
    theirs.load_state_dict({name.removeprefix("layer."): value for name, value in ours.state_dict().items()})
    x = torch.randn(1, 2, 9, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(ours(x), theirs(x))


def test_what_torch_refuses_is_no_agreement(monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.conv import shapes

    monkeypatch.setattr(shapes, "_check_pooling", lambda layer, shape: None)
    (pooled,) = read_stack("9x1", "maxpool 2 p2")
    verdict = check(pooled)
    assert not verdict.agrees
    assert verdict.shape is None
    assert "pad" in verdict.refused


def test_a_window_in_the_padding_alone_has_no_maximum() -> None:
    (pooled,) = read_stack("1x1", "maxpool 2 p1 d2")  # taps at -1 and 1 of an input with only 0
    assert by_hand(pooled.layer, torch.ones(1, 1).numpy(), [], (0, 0)) == float("-inf")
    verdict = check(pooled)
    assert verdict.agrees
    assert verdict.difference == 0


def test_the_page_waits_then_marks() -> None:
    steps = read_stack("14x14x3", "5x5x3,16; maxpool 2x2; fc 10")
    assert page(steps, [None] * 3).count("asking torch") == 4
    done = page(steps, list(verdicts(steps)))
    assert "✓ torch agrees on 3 of 3 layers" in done
    assert "10×10×16" in done
    assert "ma×pool" not in done


def test_numbers_for_people() -> None:
    assert big(999) == "999"
    assert big(14_048) == "14,048"
    assert big(15_470_264_320) == "15.5 billion"
    assert crossed("maxpool 3x3 s2x1") == "maxpool 3×3 s2×1"


def test_counting_hooks_into_no_other_network_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GAN that somebody else plays meanwhile, in another thread, failed in torch's own hook."""
    hooks: list[int] = []
    (one,) = read_stack("14x14x3", "5x5x3,16")
    made = module_of(one.layer, one.before, device="meta")
    made.register_forward_hook(lambda *_: hooks.append(len(vars(torch.nn.modules.module)["_global_forward_pre_hooks"])))
    monkeypatch.setattr("apps.conv.check.module_of", lambda *_, **__: made)
    monkeypatch.setattr("apps.conv.check._is_small", lambda _: False)
    assert check(one).multiplications == one.multiplications
    assert hooks == [0]
