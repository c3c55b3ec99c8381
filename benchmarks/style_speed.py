"""Style transfer against its textbook form: seconds per iteration and where the cost ends, side by side in one run.

The textbook: the whole network in float32, NCHW, autograd through the Gram matrix, Adam on the pixels. Ours: cut behind
the deepest layer that is used, channels last, a Gram matrix with its own backward, Winograd's convolution in float32,
and bfloat16 where the CPU multiplies matrices in it. Both descend the same objective from the same start; the last J
of both is evaluated by the same float32 code. Iterations of the contenders alternate, so that whatever else the
machine does meets them alike; the figure is the ratio of medians.

``python benchmarks/style_speed.py [--sizes 256,384] [--iterations 6] [--cost-iterations 100] [--cost-size 256]``
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from pathlib import Path
from typing import cast

import torch
from PIL import Image
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from apps.style import pictures
from apps.style.backbones import BACKBONES
from apps.style.descent import BETAS, Descent
from apps.style.features import fastest_dtype
from apps.style.network import VGG
from apps.style.objective import Objective
from apps.style.options import Options
from apps.style.samples import SAMPLES
from shared.device import describe, pick_device
from shared.model_cache import load_model

OPTIONS = Options(optimizer="adam", coarse_to_fine=False, init="content", rate=0.02)
PAIR = ("astronaut", "swirls")


class Textbook:
    """Gatys et al. as it is usually written: no cut, no layout, no tricks."""

    def __init__(self, network: VGG, content: Tensor, style: Tensor, exact: Objective) -> None:
        self.network, self.exact = network, exact
        self.all_layers = [layer.name for layer in network.layers]
        with torch.no_grad():
            self.content = network(content, self.all_layers, pooling=OPTIONS.pooling)
            self.style = {
                name: _plain_gram(found)
                for name, found in network(style, self.all_layers, pooling=OPTIONS.pooling).items()
                if name in OPTIONS.style_layers
            }
        self.pixels = content.clone().requires_grad_(True)
        self.optimizer = torch.optim.Adam([self.pixels], lr=OPTIONS.rate, betas=BETAS)

    def step(self, share: float) -> None:
        """One iteration."""
        self.optimizer.param_groups[0]["lr"] = OPTIONS.rate * 0.25**share
        self.optimizer.zero_grad()
        found = self.network(self.pixels, self.all_layers, pooling=OPTIONS.pooling)
        weights = self.exact.weights
        total = weights.alpha * sum(
            0.5 * (found[name] - self.content[name]).square().sum() for name in OPTIONS.content_layers
        )
        for name in OPTIONS.style_layers:
            _, channels, height, width = found[name].shape
            difference = (_plain_gram(found[name]) - self.style[name]).square().sum()
            total = total + weights.beta * weights.lambdas[name] * difference / (2.0 * height * width * channels) ** 2
        (total / weights.whole).backward()
        self.optimizer.step()
        with torch.no_grad():
            self.pixels.clamp_(0, 1)


class Ours:
    """The code that the page runs, in one precision."""

    def __init__(self, network: VGG, content: Tensor, style: Tensor, dtype: torch.dtype) -> None:
        self.objective = Objective(network, OPTIONS, content, style, dtype=dtype)
        self.descent = Descent(content, OPTIONS)

    @property
    def pixels(self) -> Tensor:
        """G."""
        return self.descent.pixels

    def step(self, share: float) -> None:
        """One iteration."""
        self.descent.step(self.objective, share)


def _plain_gram(activation: Tensor) -> Tensor:
    _, channels, height, width = activation.shape
    rows = activation.reshape(channels, height * width)
    return rows @ rows.t()


def contenders(network: VGG, size: int, device: torch.device) -> tuple[dict[str, Textbook | Ours], Objective]:
    """The textbook and ours for the picture pair at ``size``, and the exact objective that judges them."""
    (stage,) = pictures.plan(Image.open(SAMPLES[PAIR[0]].path).size, Options(size=size, coarse_to_fine=False))
    content, style = (pictures.to_tensor(Image.open(SAMPLES[name].path).convert("RGB"), stage, device) for name in PAIR)
    exact = Objective(network, OPTIONS, content, style, dtype=torch.float32)
    made: dict[str, Textbook | Ours] = {
        "textbook": Textbook(network, content, style, exact),
        "ours float32": Ours(network, content, style, torch.float32),
    }
    if fastest_dtype(device) is torch.bfloat16:
        made["ours bfloat16"] = Ours(network, content, style, torch.bfloat16)
    return made, exact


def measure_speed(
    network: VGG, size: int, iterations: int, device: torch.device
) -> tuple[dict[str, float], dict[str, float]]:
    """Median seconds, and median processor seconds, per iteration of each contender, iterations alternating.

    The first iteration of each is not counted. Processor seconds are what other work on the machine disturbs less.
    """
    made, _ = contenders(network, size, device)
    wall: dict[str, list[float]] = {name: [] for name in made}
    busy: dict[str, list[float]] = {name: [] for name in made}
    for number in range(iterations + 1):
        for name, one in made.items():
            begun, begun_busy = time.perf_counter(), time.process_time()
            one.step(0.0)
            if device.type == "cuda":
                torch.cuda.synchronize()
            if number:
                wall[name].append(time.perf_counter() - begun)
                busy[name].append(time.process_time() - begun_busy)
    return tuple({name: statistics.median(values) for name, values in kind.items()} for kind in (wall, busy))  # type: ignore[return-value]


def measure_cost(network: VGG, size: int, iterations: int, device: torch.device) -> dict[str, float]:
    """The last J of each contender after ``iterations`` from the same start, by the same float32 code."""
    made, exact = contenders(network, size, device)
    found = {}
    for name, one in made.items():
        for number in range(iterations):
            one.step(number / max(1, iterations - 1))
        with torch.no_grad():
            found[name] = exact.read(exact(one.pixels.detach())[1], iterations, (size, size)).J
    return found


def _units(device: torch.device) -> str:
    """The matrix units that torch finds in a CPU, which decide what bfloat16 is worth."""
    if device.type != "cpu":
        return ""
    amx, avx = torch.cpu._is_amx_tile_supported(), torch.cpu._is_avx512_bf16_supported()
    return f" ({platform.machine()}, {'AMX' if amx else 'no AMX'}, {'AVX-512 BF16' if avx else 'no AVX-512 BF16'})"


def main() -> None:
    """Measure, print, and keep the figures where the page reads them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="256,384")
    parser.add_argument("--iterations", type=int, default=6)
    parser.add_argument("--cost-size", type=int, default=256)
    parser.add_argument("--cost-iterations", type=int, default=100)
    parser.add_argument("--out", type=Path, help="write the figures as JSON, for example weights/style/speed.json")
    chosen = parser.parse_args()
    device = pick_device()
    network = cast("VGG", load_model(BACKBONES["vgg16-hed"].record).to(device))
    print(f"{describe(device)}, torch {torch.__version__}, bf16 {fastest_dtype(device) is torch.bfloat16}, pair {PAIR}")
    sizes = {}
    for size in [int(part) for part in chosen.sizes.split(",")]:
        wall, busy = measure_speed(network, size, chosen.iterations, device)
        for name in wall:
            print(
                f"{size} px  {name:14s} {wall[name]:7.3f} s per iteration {wall['textbook'] / wall[name]:5.2f}x   "
                f"{busy[name]:7.3f} s of processor {busy['textbook'] / busy[name]:5.2f}x"
            )
        sizes[str(size)] = {
            name: {"seconds": busy[name], "times_faster": busy["textbook"] / busy[name],
                   "wall_seconds": wall[name], "wall_times_faster": wall["textbook"] / wall[name]}
            for name in wall
        }  # fmt: skip
    costs = measure_cost(network, chosen.cost_size, chosen.cost_iterations, device)
    for name, value in costs.items():
        change = 100 * (value / costs["textbook"] - 1)
        print(f"{chosen.cost_size} px  {name:14s} J after {chosen.cost_iterations}: {value:.6g}  {change:+.2f} %")
    told = {
        "command": "python benchmarks/" + " ".join([Path(__file__).name, *sys.argv[1:]]),
        "device": f"{describe(device)}{_units(device)}",
        "torch": torch.__version__,
        "pair": PAIR,
        "iterations": chosen.iterations,
        "measure": "seconds of processor time, which other work on the machine disturbs less than the clock",
        "sizes": sizes,
        "cost": {
            "size": chosen.cost_size,
            "iterations": chosen.cost_iterations,
            "J": {name: value / costs["textbook"] for name, value in costs.items()},
        },
    }
    if chosen.out is not None:
        chosen.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
