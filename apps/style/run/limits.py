"""How large a picture this machine can take, and how long it will take, before a run begins."""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from typing import cast

import torch

from apps.style.canvas import Stage, plan
from apps.style.descent.objective import Objective
from apps.style.options import LARGEST, Options
from apps.style.vgg.backbones import BACKBONES
from apps.style.vgg.features import fastest_dtype
from apps.style.vgg.layers import Layer, deepest, multiply_adds
from apps.style.vgg.network import VGG
from shared import device as devices
from shared.errors import ResourceError
from shared.model_cache import model_cache
from shared.progress import estimate

LONG_S = 120.0  # s: a longer run is announced before it starts
LARGEST_ON_CPU = 640  # pixels; beyond it an iteration takes many seconds
_SHARE = 0.6  # of the free memory that one run may take
# Memory of an iteration per activation: each is held with its gradient and, if it is compared, with a float32 copy.
# Measured peaks of 256 to 512 pixels lie at 1.8 or below.
_PER_ACTIVATION = 1.8
_PROBE = Stage(height=96, width=96, iterations=2)  # a fraction of a second


def largest_size(device: torch.device) -> tuple[int, str]:
    """The largest size in pixels that is allowed on ``device``, and the reason."""
    if device.type == "cpu":
        return LARGEST_ON_CPU, "on a CPU a larger picture takes many seconds per iteration"
    return LARGEST, "beyond it strokes become too small for the network's receptive fields"


def bytes_needed(layers: Sequence[Layer], names: Sequence[str], pixels: int, itemsize: int) -> int:
    """Memory of one iteration through ``layers`` down to the deepest of ``names``, for a picture of ``pixels``."""
    depth = deepest(layers, names)
    kept = sum(layer.channels / layer.jump**2 for layer in layers[: depth + 1] if layer.kind != "relu")
    return int(_PER_ACTIVATION * kept * pixels * itemsize)


def estimate_note(options: Options, shape: tuple[int, int]) -> str:
    """How long a run of ``options`` takes on this machine for a picture of ``shape`` (width, height), for people.

    Raises:
        ResourceError: see ``check_fits``.
    """
    return duration_note(_seconds(options, shape))


def warning(options: Options, shape: tuple[int, int]) -> str:
    """The same where a run is long enough to be announced, else nothing."""
    seconds = _seconds(options, shape)
    return duration_note(seconds) if seconds > LONG_S else ""


def _seconds(options: Options, shape: tuple[int, int]) -> float:
    device = devices.pick_device()
    check_fits(options, shape, device)
    return estimate_s(options, shape, device)


def check_fits(options: Options, shape: tuple[int, int], device: torch.device) -> None:
    """Make sure that the last size of ``options`` fits this machine for a picture of ``shape`` (width, height).

    Raises:
        ResourceError: it does not; the message has the reason and the largest size that would.
    """
    most, reason = largest_size(device)
    if options.size > most:
        raise ResourceError(
            f"a size of at most {most} pixels on this device, as {reason}", f"{options.size}", f"Choose {most} or less."
        )
    layers = BACKBONES[options.backbone].layers
    names = (*options.content_layers, *options.style_layers)
    free = devices.memory(device).free
    need = bytes_needed(layers, names, plan(shape, options)[-1].pixels, fastest_dtype(device).itemsize)
    if need > _SHARE * free:
        smaller = int(options.size * (_SHARE * free / need) ** 0.5) // 16 * 16
        raise ResourceError(
            f"about {need / 1e9:.1f} GB of free memory for a picture of {options.size} pixels",
            f"{free / 1e9:.1f} GB",
            f"Choose at most {max(64, smaller)} pixels.",
        )


def estimate_s(options: Options, shape: tuple[int, int], device: torch.device) -> float:
    """About how many seconds a run takes, from a probe of a fraction of a second on this machine."""
    layers = BACKBONES[options.backbone].layers
    depth = deepest(layers, (*options.content_layers, *options.style_layers))
    work = sum(s.iterations * multiply_adds(layers, s.height, s.width, depth) for s in plan(shape, options))
    return work * seconds_per_multiply_add(options.backbone, device)


def duration_note(seconds: float, *, stop: str = "Stop") -> str:
    """The estimate for people, with a warning if it is long; ``stop`` is what ends the run before its time."""
    about = estimate(max(1.0, float(round(seconds))))
    if seconds <= LONG_S:
        return about
    return f"⚠ {about} That is over two minutes; {stop} keeps the picture, and fewer pixels or iterations are faster."


@functools.lru_cache(maxsize=8)
def seconds_per_multiply_add(backbone: str, device: torch.device) -> float:
    """Of forward and backward pass together, measured once at 96 x 96 pixels; downloads the weights if necessary."""
    options = Options(backbone=backbone)
    layers = BACKBONES[backbone].layers
    depth = deepest(layers, (*options.content_layers, *options.style_layers))
    picture = torch.rand(1, 3, _PROBE.height, _PROBE.width, device=device)
    with model_cache().lease(BACKBONES[backbone].record, device) as network:
        objective = Objective(cast("VGG", network), options, picture, picture, dtype=fastest_dtype(device))
        pixels = torch.rand_like(picture).requires_grad_(True)
        times = []
        for _ in range(_PROBE.iterations + 1):
            begun = time.perf_counter()
            value, costs = objective(pixels)
            value.backward()
            float(costs[0])
            times.append(time.perf_counter() - begun)
    return min(times) / multiply_adds(layers, _PROBE.height, _PROBE.width, depth)
