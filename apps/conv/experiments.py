"""What can be measured here: how often the arithmetic of shapes is right, and what a multiplication costs."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import replace

import torch

from apps.conv.check import check, module_of
from apps.conv.describe import layer_text
from apps.conv.results import Agreement, Cost
from apps.conv.shapes import Kind, Layer, Shape, Step, step
from shared.device import describe, pick_device
from shared.errors import OptionError

LAYERS = 300  # random layers of one agreement run
_CHUNK = 25  # layers between two reports


def random_step(dice: random.Random) -> Step:
    """A random layer on a random input that it fits."""
    while True:
        axes = dice.choice((1, 2, 3))
        kind: Kind = dice.choice(("conv", "conv", "conv", "transposed", "maxpool", "avgpool", "fc"))
        largest = {1: 400, 2: 40, 3: 14}[axes]
        shape = Shape(tuple(dice.randint(1, largest) for _ in range(axes)), dice.choice((1, 2, 3, 4, 8)))
        groups = dice.choice((1, 1, 1, 2, 4)) if kind in ("conv", "transposed") else 1
        one = (1,) * axes
        layer = Layer(
            kind=kind,
            filter=() if kind == "fc" else tuple(dice.randint(1, 7) for _ in range(axes)),
            filters=0 if kind in ("maxpool", "avgpool") else groups * dice.randint(1, 8),
            stride=tuple(dice.randint(1, 4) for _ in range(axes)),
            padding=dice.choice(("valid", "same", tuple(dice.randint(0, 3) for _ in range(axes)))),
            dilation=one if kind in ("avgpool", "fc") else tuple(dice.choice((1, 1, 2, 3)) for _ in range(axes)),
            groups=groups,
            bias=dice.random() < 0.8,
            ceil=kind in ("maxpool", "avgpool") and dice.random() < 0.3,
        )
        if kind == "transposed" and layer.padding == "same":
            continue  # torch has no such thing
        if kind == "transposed" and dice.random() < 0.3:
            layer = replace(layer, output_padding=tuple(dice.randint(0, s - 1) for s in layer.stride))
        try:
            return step(layer, shape)
        except OptionError:
            continue  # does not fit: roll again


def agreement(*, seed: int, layers: int = LAYERS) -> Iterator[Agreement]:
    """Check ``layers`` random layers against torch; a report every ``_CHUNK`` layers and at the end."""
    dice = random.Random(seed)
    agreed = computed = 0
    by_axes = {1: 0, 2: 0, 3: 0}
    largest = 0.0
    wrong: list[str] = []
    for n in range(1, layers + 1):
        made = random_step(dice)
        verdict = check(made)
        by_axes[len(made.before.axes)] += 1
        agreed += verdict.agrees
        if verdict.difference is not None:
            computed += 1
            largest = max(largest, verdict.difference)
        if not verdict.agrees:
            wrong.append(f"{made.before}: {layer_text(made.layer, made.before.channels)}")
        if n % _CHUNK == 0 or n == layers:
            yield Agreement(
                n=n,
                agreed=agreed,
                by_axes=dict(by_axes),
                largest_difference=largest,
                computed=computed,
                wrong=tuple(wrong[:5]),
            )


# About 10^8 multiplications each, so that the times could be equal and are not.
CONTESTANTS: tuple[tuple[str, Shape, Layer], ...] = (
    ("1-D, filter 9", Shape((2716,), 64), Layer(filter=(9,), filters=64, stride=(1,), padding="same", dilation=(1,))),
    ("2-D, 1x1", Shape((56, 56), 180), Layer(filter=(1, 1), filters=180, stride=(1, 1), dilation=(1, 1))),
    (
        "2-D, 3x3",
        Shape((52, 52), 64),
        Layer(filter=(3, 3), filters=64, stride=(1, 1), padding="same", dilation=(1, 1)),
    ),
    (
        "2-D, 7x7 on 3 channels",
        Shape((146, 146), 3),
        Layer(filter=(7, 7), filters=32, stride=(1, 1), padding="same", dilation=(1, 1)),
    ),
    (
        "2-D, 3x3, one channel each",
        Shape((416, 416), 64),
        Layer(filter=(3, 3), filters=64, stride=(1, 1), padding="same", dilation=(1, 1), groups=64),
    ),
    (
        "3-D, 3x3x3",
        Shape((15, 15, 15), 33),
        Layer(filter=(3, 3, 3), filters=33, stride=(1,) * 3, padding="same", dilation=(1,) * 3),
    ),
    ("Fully connected", Shape((), 10_000), Layer(kind="fc", filters=10_000)),
)


def costs(*, repeats: int = 7) -> Iterator[Cost]:
    """Time every contestant on the hub's device, float32, batch 1, after one run that does not count."""
    device = pick_device()
    for title, shape, layer in CONTESTANTS:
        made = step(layer, shape)
        module = module_of(layer, shape, device=str(device), dtype=torch.float32).requires_grad_(False).eval()
        x = torch.randn(1, shape.channels, *shape.axes, device=device)
        times = []
        with torch.inference_mode():
            for _ in range(repeats + 1):
                start = time.perf_counter()
                module(x)
                if device.type == "cuda":
                    torch.cuda.synchronize()
                elif device.type == "mps":
                    torch.mps.synchronize()
                times.append((time.perf_counter() - start) * 1e3)
        counted = sorted(times[1:])
        yield Cost(
            title=title,
            text=f"{shape} * {layer_text(layer, shape.channels)}",
            multiplications=made.multiplications,
            best_ms=counted[0],
            middle_ms=counted[len(counted) // 2],
            repeats=repeats,
        )


def machine() -> str:
    """The device's name, for the line under the figures."""
    return describe(pick_device())
