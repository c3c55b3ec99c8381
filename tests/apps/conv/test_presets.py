"""The stacks of the hub's own networks are what torch runs."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from apps.conv.check import verdicts
from apps.conv.describe import read_stack
from apps.conv.presets import OWN, PRESETS, choices, preset
from apps.conv.shapes import Step
from shared.model_cache import model_cache
from shared.registry import find

WITH_WEIGHTS = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
DIGIT, LABEL = torch.zeros(1, 1, 28, 28), torch.zeros(1, dtype=torch.int64)
CALLS: dict[str, tuple[Any, ...]] = {  # what each network is called on
    "face/resnet29-128d": (torch.zeros(1, 3, 150, 150),),
    "style/vgg16-hed": (torch.zeros(1, 3, 224, 224), ("relu5_3",)),
    "ekg/beatnet-ds1": (torch.zeros(1, 7, 128), torch.zeros(1, 48)),
    "gan/dcgan-digits": (torch.zeros(1, 64),),
    "gan/judge-digits": (DIGIT,),
    "gan/dcgan-digits-d": (DIGIT,),
    "gan/cgan-digits-d": (DIGIT, LABEL),
    "gan/cgan-digits": (torch.zeros(1, 64), LABEL),
}


def layers_that_ran(name: str) -> list[tuple[Any, ...]]:
    """Kind, filter, stride, padding, bias, input and output of every layer with weights, in the order they ran."""
    ran: list[tuple[Any, ...]] = []

    def note(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        assert isinstance(module, WITH_WEIGHTS)
        sizes = [tuple(x.shape[1:]) for x in (inputs[0], output)]
        ran.append((type(module).__name__.rstrip("123d"), *_settings(module), module.bias is not None, *sizes))

    with model_cache().lease(find(name)) as model:
        hooks = [m.register_forward_hook(note) for m in model.modules() if isinstance(m, WITH_WEIGHTS)]
        with torch.no_grad():
            model(*CALLS[name])
        for hook in hooks:
            hook.remove()
    return ran


def _settings(module: nn.Module) -> tuple[Any, ...]:
    return () if isinstance(module, nn.Linear) else (module.kernel_size, module.stride, module.padding)


def as_torch(step: Step) -> tuple[Any, ...]:
    """The same of one step of a stack."""
    layer, sizes = step.layer, [(shape.channels, *shape.axes) for shape in (step.before, step.after)]
    if layer.kind == "fc":
        return "Linear", layer.bias, (step.before.values,), (layer.filters,)
    kind = "ConvTranspose" if layer.kind == "transposed" else "Conv"
    padding = (0,) * len(layer.filter) if layer.padding == "valid" else layer.padding
    return kind, layer.filter, layer.stride, padding, layer.bias, *sizes


@pytest.mark.parametrize("name", OWN)
def test_the_hubs_own_networks_are_written_down_right(name: str) -> None:
    stack = preset(name)
    steps = read_stack(stack.input, stack.layers)
    written = [as_torch(step) for step in steps if step.layer.kind in ("conv", "transposed", "fc")]
    ran = layers_that_ran(name)
    first = ran.index(written[0])
    assert ran[first : first + len(written)] == written
    assert all(verdict.agrees for verdict in verdicts(steps))


def test_the_face_network_is_written_down_to_its_end() -> None:
    stack = preset("face/resnet29-128d")
    assert len(layers_that_ran("face/resnet29-128d")) == 30
    assert read_stack(stack.input, stack.layers)[-1].after.listed() == [128]


def test_every_stack_is_a_choice_and_has_the_title_of_its_record() -> None:
    assert {value for _, value in choices()} == {*PRESETS, *OWN}
    assert preset("gan/judge-digits").title == find("gan/judge-digits").title
