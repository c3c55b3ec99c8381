"""Style transfer at its limits: memory at 512 pixels, and a thousand iterations at weights beyond all reason.

Memory is the peak of a process of its own, everything included: Python, torch, the network, two pictures.
A run at extreme weights has failed if a cost or a pixel of it is not finite, or the picture is of one colour.

``python -m benchmarks.style_limits [--size 512] [--iterations 1000] [--out weights/style/limits.json]``
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import math
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from apps.style.descent.lbfgs import HISTORY
from apps.style.options import SMALLEST, Options
from apps.style.run.transfer import Run
from apps.style.samples import SAMPLES
from apps.style.vgg.features import fastest_dtype
from shared.device import describe, pick_device

PAIR = ("astronaut", "swirls")
MOST_GB = 1.7  # at 512 pixels
EXTREMES: dict[str, dict[str, Any]] = {
    "alpha = 1e9, beta = 0": {"alpha": 1e9, "beta": 0.0},
    "alpha = 0, beta = 1e9": {"alpha": 0.0, "beta": 1e9},
    "alpha = beta = 1e9, lambdas 1e9 and 0, Adam's step 1": {
        "alpha": 1e9,
        "beta": 1e9,
        "lambdas": (1e9, 0.0, 0.0, 1e9),
        "rate": 1.0,
    },
    "alpha = 1e-9, beta = 1e9, bare costs, smoothness 1000": {
        "alpha": 1e-9,
        "beta": 1e9,
        "units": "written",
        "smoothness": 1000.0,
    },
}


def peak_gb(size: int, precision: str) -> float:
    """The most memory that a process of its own takes for a few iterations at ``size`` pixels, in 1e9 bytes."""
    asked = [sys.executable, "-m", "benchmarks.style_limits", "--child", f"{size},{precision}"]
    return float(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)


def paint_alone(size: int, precision: str) -> float:
    """Paint in this process until L-BFGS's memory is full; returns the most memory that it ever held, in 1e9 bytes."""
    options = Options(size=size, iterations=HISTORY + 2, coarse_to_fine=False, precision=precision)
    run = _painted(options)
    run.result()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def survives(extreme: dict[str, Any], optimizer: str, precision: str, iterations: int) -> bool:
    """Whether every cost and every pixel stays finite, and the picture does not become one flat grey."""
    options = Options(
        size=SMALLEST,
        iterations=iterations,
        init="noise",
        optimizer=optimizer,
        precision=precision,
        coarse_to_fine=False,
    )
    run = _painted(dataclasses.replace(options, **extreme))
    numbers = [part for cost in run.costs for part in (cost.J, cost.content, cost.style, *cost.layers.values())]
    levels = run.picture.convert("L").getextrema()
    return len(run.costs) == iterations and all(map(math.isfinite, numbers)) and levels[0] != levels[1]


def _painted(options: Options) -> Run:
    content, style = (Image.open(SAMPLES[name].path).convert("RGB") for name in PAIR)
    run = Run(content, style, options)
    for _ in run.steps():
        pass
    return run


def main() -> None:
    """Measure, print, and keep the figures where the page reads them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--iterations", type=int, default=1000)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help="write the figures as JSON, for example weights/style/limits.json")
    chosen = parser.parse_args()
    if chosen.child:
        size, precision = chosen.child.split(",")
        print(paint_alone(int(size), precision))
        return
    device = pick_device()
    precisions = ["float32", *(["bfloat16"] if fastest_dtype(device) is torch.bfloat16 else [])]
    memory = {precision: peak_gb(chosen.size, precision) for precision in precisions}
    for name, value in memory.items():
        print(f"{chosen.size} px  {name:10s} {value:.2f} GB", flush=True)
    finite = {}
    for (name, extreme), optimizer, one in itertools.product(EXTREMES.items(), ("lbfgs", "adam"), precisions):
        kept = survives(extreme, optimizer, one, chosen.iterations)
        finite[f"{name}; {optimizer}; {one}"] = kept
        print(
            f"{chosen.iterations} iterations, {name}; {optimizer}; {one}: {'finite' if kept else 'NOT FINITE'}",
            flush=True,
        )
    if chosen.out is not None:
        figures = {
            "command": " ".join([f"python -m benchmarks.{Path(__file__).stem}", *sys.argv[1:]]),
            "device": describe(device),
            "torch": torch.__version__,
            "size": chosen.size,
            "peak_gb": memory,
            "iterations": chosen.iterations,
            "finite": finite,  # of runs at the smallest size
        }
        chosen.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if not all(finite.values()) or (chosen.size == 512 and max(memory.values()) > MOST_GB):
        sys.exit("a limit was not kept")


if __name__ == "__main__":
    main()
