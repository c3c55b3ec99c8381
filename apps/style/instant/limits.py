"""What a picture in one pass will take, before it is painted: seconds and memory."""

from __future__ import annotations

import functools
import time

import torch

from apps.style.instant.paint import SMALLEST, Wish, paint_tensor, stage_of
from apps.style.instant.style import plain_style
from shared import device as devices
from shared.errors import ResourceError

_PROBE = 160  # pixels: smaller ones fit into the cache and look cheaper than they are
_TIMES = 3  # of the probe; the fastest counts
_BYTES = 480  # per pixel: the process's peak at 512 and at 1,024 pixels, less what it was before (452 and 457)
_SHARE = 0.6  # of the free memory that one picture may take


def estimate_s(wish: Wish, device: torch.device) -> float:
    """About how many seconds ``wish``, checked, takes: from a probe of a fraction of a second, once per painter.

    Raises:
        ImageError: as ``paint_now`` would.
    """
    return stage_of(wish).pixels * seconds_per_pixel(wish.style.record.name, device)


def check_fits(wish: Wish, device: torch.device) -> None:
    """Whether there is memory for ``wish``.

    Raises:
        ResourceError: there is not; the message has the largest size for which there would be.
        ImageError: as ``paint_now`` would.
    """
    free = devices.memory(device).free
    need = _BYTES * stage_of(wish).pixels
    if need > _SHARE * free:
        smaller = int(wish.size * (_SHARE * free / need) ** 0.5) // 16 * 16
        raise ResourceError(
            f"{need / 1e9:.1f} GB of free memory for {wish.size} pixels",
            f"{_SHARE * free / 1e9:.1f} GB that a picture may take",
            f"Choose at most {max(SMALLEST, smaller)} pixels.",
        )


@functools.lru_cache(maxsize=8)
def seconds_per_pixel(name: str, device: torch.device) -> float:
    """Of the painter whose record is called ``name``, measured once."""
    style = plain_style(name)
    picture = torch.rand(1, 3, _PROBE, _PROBE)
    paint_tensor(style.record, picture, [style], device)  # which loads the network
    times = []
    for _ in range(_TIMES):
        begun = time.perf_counter()
        paint_tensor(style.record, picture, [style], device)
        times.append(time.perf_counter() - begun)
    return min(times) / _PROBE**2
