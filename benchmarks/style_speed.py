"""Style transfer compared with its textbook form: seconds per iteration and where the cost ends, in one run.

The textbook: the full network in float32, NCHW, autograd through the Gram matrix, Adam on the pixels. Ours: cut after
the deepest layer that is used, channels last, a Gram matrix with its own backward, Winograd's convolution in float32,
and bfloat16 if the CPU multiplies matrices in it. Both descend the same objective from the same start; the last J
of both is evaluated by the same float32 code. "direct float32" is ours with torch's convolutions instead of Winograd's.

Short blocks of iterations take turns (textbook, ours, textbook, ours ...), so that whatever else the machine does meets
all alike. The figure is the median of the rounds' ratios, with their quartiles, by the clock and in processor seconds.
Threads of one operation wait for each other, so that a processor taken away by other work costs the way with more and
shorter operations more; what the others took is measured, and the rounds in which it was little are listed apart.

``python -m benchmarks.style_speed [--sizes 256,384] [--rounds 15] [--block 2] [--cost-iterations 100]``

With ``--winograd`` only the two float32 forms of ours take turns, one thread each: processor seconds of one thread are
worth something on a busy machine, too. The result joins the other figures in ``--out``.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from unittest import mock

import psutil
import torch
from PIL import Image
from torch import Tensor

from apps.style import canvas
from apps.style.descent.descent import BETAS, Descent
from apps.style.descent.objective import Objective
from apps.style.options import Options
from apps.style.samples import SAMPLES
from apps.style.vgg import features
from apps.style.vgg.backbones import BACKBONES
from apps.style.vgg.features import fastest_dtype
from apps.style.vgg.network import VGG
from shared.device import describe, pick_device
from shared.model_cache import load_model

OPTIONS = Options(optimizer="adam", coarse_to_fine=False, init="content", rate=0.02)
PAIR = ("astronaut", "swirls")
DIRECT, WINOGRAD = "direct float32", "ours float32"
QUIET = 0.05  # of all processors' time: a round in which other work took no more counts as quiet
FEWEST_QUIET = 5  # rounds, for their figures to count instead of all rounds'


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some iterations of one contender in a row."""

    wall: float  # s per iteration
    processor: float  # s per iteration, of all threads of this process
    others: float  # share of all processors' time that other work took meanwhile


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
        (total / weights.of_zero).backward()
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
    (stage,) = canvas.plan(Image.open(SAMPLES[PAIR[0]].path).size, Options(size=size, coarse_to_fine=False))
    content, style = (canvas.to_tensor(Image.open(SAMPLES[name].path).convert("RGB"), stage, device) for name in PAIR)
    exact = Objective(network, OPTIONS, content, style, dtype=torch.float32)
    made: dict[str, Textbook | Ours] = {
        "textbook": Textbook(network, content, style, exact),
        WINOGRAD: Ours(network, content, style, torch.float32),
    }
    with mock.patch.object(features, "FEWEST_CHANNELS", sys.maxsize):
        made[DIRECT] = Ours(network, content, style, torch.float32)
    if fastest_dtype(device) is torch.bfloat16:
        made["ours bfloat16"] = Ours(network, content, style, torch.bfloat16)
    return made, exact


def measure_speed(
    made: dict[str, Textbook | Ours], rounds: int, block: int, device: torch.device
) -> list[dict[str, Block]]:
    """``rounds`` of one block of ``block`` iterations per contender; one before them that does not count."""
    order = list(made)
    found = []
    for number in range(rounds + 1):
        blocks = {name: timed(made[name], block, device) for name in (order if number % 2 else order[::-1])}
        if number:
            found.append({name: blocks[name] for name in order})
    return found


def timed(one: Textbook | Ours, iterations: int, device: torch.device) -> Block:
    """Run ``iterations`` and return what one of them took."""
    begun, own, all_of_us = time.perf_counter(), time.process_time(), _busy()
    for _ in range(iterations):
        one.step(0.0)
    if device.type == "cuda":
        torch.cuda.synchronize()
    wall, own, all_of_us = time.perf_counter() - begun, time.process_time() - own, _busy() - all_of_us
    others = max(0.0, all_of_us - own) / (wall * (psutil.cpu_count() or 1))
    return Block(wall=wall / iterations, processor=own / iterations, others=others)


def _busy() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.system + getattr(times, "nice", 0.0) + getattr(times, "steal", 0.0))


def summary(rounds: list[dict[str, Block]], against: str = "textbook") -> dict[str, dict[str, Any]]:
    """By contender: medians of its seconds, and of the rounds' ratios to ``against``, with their quartiles."""
    found: dict[str, dict[str, Any]] = {}
    for name in rounds[0]:
        found[name] = {}
        for kind, prefix in (("processor", ""), ("wall", "wall_")):
            ratios = [getattr(one[against], kind) / getattr(one[name], kind) for one in rounds]
            found[name] |= {
                f"{prefix}seconds": statistics.median(getattr(one[name], kind) for one in rounds),
                f"{prefix}times_faster": statistics.median(ratios),
                f"{prefix}quartiles": statistics.quantiles(ratios, n=4, method="inclusive")[::2],
            }
    return found


def _print_speed(size: int, which: str, found: dict[str, dict[str, Any]]) -> None:
    for name, one in found.items():
        by_clock, busy = (
            f"{one[f'{prefix}seconds']:7.3f} s {one[f'{prefix}times_faster']:5.2f}x "
            f"({one[f'{prefix}quartiles'][0]:.2f} to {one[f'{prefix}quartiles'][1]:.2f})"
            for prefix in ("wall_", "")
        )
        print(f"{size} px  {which:14s} {name:14s} clock {by_clock}   processor {busy}", flush=True)


def measure_winograd(network: VGG, sizes: list[int], rounds: int, block: int, device: torch.device) -> dict[str, Any]:
    """What Winograd's convolution alone gains, in processor seconds of one thread, in float32."""
    torch.set_num_threads(1)
    found: dict[str, Any] = {}
    others: list[float] = []
    for size in sizes:
        made, _ = contenders(network, size, device)
        blocks = measure_speed({name: made[name] for name in (DIRECT, WINOGRAD)}, rounds, block, device)
        others.extend(one.others for both in blocks for one in both.values())
        result = summary(blocks, DIRECT)
        _print_speed(size, f"{rounds} rounds", result)
        kept = ("seconds", "times_faster", "quartiles")
        found[str(size)] = {key: result[WINOGRAD][key] for key in kept} | {"direct_seconds": result[DIRECT]["seconds"]}
    return {
        "command": _command(),
        "device": f"{describe(device)}{_units(device)}, of which other work took {statistics.median(others):.0%}",
        "rounds": rounds,
        "sizes": found,
    }


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
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--block", type=int, default=2, help="iterations of one contender in a row")
    parser.add_argument("--cost-size", type=int, default=256)
    parser.add_argument("--cost-iterations", type=int, default=100)
    parser.add_argument("--winograd", action="store_true", help="measure only what Winograd's convolution gains")
    parser.add_argument("--out", type=Path, help="write the figures as JSON, for example weights/style/speed.json")
    chosen = parser.parse_args()
    device = pick_device()
    sides = [int(part) for part in chosen.sizes.split(",")]
    network = cast("VGG", load_model(BACKBONES["vgg16-hed"].record).to(device))
    print(f"{describe(device)}, torch {torch.__version__}, bf16 {fastest_dtype(device) is torch.bfloat16}, pair {PAIR}")
    if chosen.winograd:
        gain = measure_winograd(network, sides, chosen.rounds, chosen.block, device)
        if chosen.out is not None:
            _write(chosen.out, _read(chosen.out) | {"winograd": gain})
        return
    sizes, every, counts = {}, {}, {}
    others: list[float] = []
    for size in sides:
        rounds = measure_speed(contenders(network, size, device)[0], chosen.rounds, chosen.block, device)
        quiet = [one for one in rounds if max(block.others for block in one.values()) <= QUIET]
        counts[str(size)] = {"rounds": len(rounds), "quiet": len(quiet)}
        others.extend(block.others for one in rounds for block in one.values())
        every[str(size)] = summary(rounds)
        sizes[str(size)] = summary(quiet if len(quiet) >= FEWEST_QUIET else rounds)
        _print_speed(size, f"{len(rounds)} rounds", every[str(size)])
        if len(quiet) >= FEWEST_QUIET:
            _print_speed(size, f"{len(quiet)} quiet ones", sizes[str(size)])
    costs = measure_cost(network, chosen.cost_size, chosen.cost_iterations, device)
    for name, value in costs.items():
        change = 100 * (value / costs["textbook"] - 1)
        print(f"{chosen.cost_size} px  {name:14s} J after {chosen.cost_iterations}: {value:.6g}  {change:+.2f} %")
    figures = {
        "command": _command(),
        "device": f"{describe(device)}{_units(device)}, of which other work took {statistics.median(others):.0%}",
        "torch": torch.__version__,
        "pair": PAIR,
        "block": chosen.block,
        "measure": (
            "medians over rounds of one block each, with quartiles of the rounds' ratios; seconds of processor time, "
            f"and by the clock; of the rounds in which other work took at most {QUIET:.0%} of the processors, if "
            f"there are {FEWEST_QUIET} of them"
        ),
        "rounds": counts,
        "all_rounds": every,
        "sizes": sizes,
        "cost": {
            "size": chosen.cost_size,
            "iterations": chosen.cost_iterations,
            "J": {name: value / costs["textbook"] for name, value in costs.items()},
        },
    }
    if chosen.out is not None:
        _write(chosen.out, {key: value for key, value in _read(chosen.out).items() if key == "winograd"} | figures)


def _command() -> str:
    return " ".join([f"python -m benchmarks.{Path(__file__).stem}", *sys.argv[1:]])


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _write(path: Path, figures: dict[str, Any]) -> None:
    path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
