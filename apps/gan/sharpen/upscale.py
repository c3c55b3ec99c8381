"""A photo four times as large, as a stream of steps, with its cost known before.

::

    check_fits(photo.size, "gan")            # or an error that says what would fit
    describe_estimate(estimate_s(photo.size, "gan"))   # "About 12 s on this machine."
    for step in upscale(photo, model="gan"):
        step.progress.fraction               # 0..1
    step.picture                             # of the last step

Closing the generator ends the work at the next tile, of which one takes a fraction of a second. Networks run in float16
on CUDA and in bfloat16 on CPUs that multiply matrices in it (51 dB from float32's picture, half its time), else in
float32.
"""

from __future__ import annotations

import functools
import time
from collections import deque
from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from apps.gan.sharpen.networks import SRVGG, RRDBNet
from apps.gan.sharpen.options import DEFAULT, FACTOR, UPSCALERS, Upscaler
from apps.gan.sharpen.steps import UpscaleStep, bicubic, result
from apps.gan.sharpen.tiles import Network, enlarged, multiply_adds
from shared import device as devices
from shared.device import bf16_is_fast, on_zero_gpu, pick_device
from shared.errors import ResourceError, check_choice
from shared.model_cache import model_cache
from shared.progress import Progress
from shared.registry import find

_SHARE = 0.6  # of the free memory that one picture may take
_BYTES = {"gan": 5 * 64 * 4 + 400, "small": 400, "bicubic": 100}  # per pixel of the small picture: maps, large picture
_TILES_BYTES = 300_000_000  # what the tiles of the moment take, at most
_PROBE = 24  # pixels of a side
_TELLING = 48 * 48  # pixels from which on the time that a picture took says how fast the machine is now
_paces: dict[tuple[str, str], float] = {}  # model and device: multiply-adds per second


def check_fits(size: tuple[int, int], model: str = DEFAULT, device: torch.device | None = None) -> None:
    """Whether a photo of ``size`` (width, height) can be enlarged by ``model`` on ``device`` (default: the settings').

    Raises:
        OptionError: no such model.
        ResourceError: the photo is too large for the time that people wait, or for the free memory.
    """
    way, place = find_upscaler(model), pick_device() if device is None else device
    pixels, most = size[0] * size[1], largest(model, place)
    if pixels > most:
        longest = int(max(size) * (most / pixels) ** 0.5)
        raise ResourceError(
            f"a photo of at most {most:,} pixels for {way.title}, which makes each of them {FACTOR**2}",
            f"{size[0]} x {size[1]}, which is {pixels:,}",
            f"Make it smaller first (its longer side at most {longest} pixels), crop it, or choose another way.",
        )
    need, free = _BYTES[model] * pixels + _TILES_BYTES, devices.memory(place).free
    if need > _SHARE * free:
        raise ResourceError(
            f"about {need / 1e9:.1f} GB for a photo of {size[0]} x {size[1]} pixels",
            f"{free / 1e9:.1f} GB free, of which it may take {_SHARE:.0%}",
            "Choose a smaller photo, or close other programs.",
        )


def largest(model: str, device: torch.device) -> int:
    """The pixels that a photo may have for ``model`` on ``device``."""
    way = find_upscaler(model)
    return way.most_on_cpu if device.type == "cpu" else way.most_pixels


def estimate_s(size: tuple[int, int], model: str = DEFAULT, device: torch.device | None = None) -> float:
    """About how many seconds ``upscale`` takes for ``size`` (width, height): from a probe and the work of all tiles.

    The probe takes a fraction of a second, once per model and device; the first one loads the network. After that, what
    the latest picture took counts, so that the estimate is of the machine as busy as it is.
    """
    way = find_upscaler(model)
    if way.record is None:
        return 0.0
    place = pick_device() if device is None else device
    return multiply_adds(_blank(model), size[1], size[0]) / _pace(model, str(place))


def upscale(
    photo: Image.Image, *, model: str = DEFAULT, device: torch.device | None = None, dtype: torch.dtype | None = None
) -> Iterator[UpscaleStep]:
    """Make ``photo`` (RGB) four times as large, a tile at a time.

    Args:
        photo: at least 8 pixels a side; see ``open_photo``.
        model: a key of ``UPSCALERS``.
        device: default: that of the settings.
        dtype: of the weights; default: what is fastest there.

    Raises:
        OptionError, ResourceError: see ``check_fits``; before the first step.
        WeightsError: the network's weights are not available.
    """
    place = pick_device() if device is None else device
    check_fits(photo.size, model, place)
    return _steps(photo, model, place, dtype or fastest_dtype(place))


def upscaled(photo: Image.Image, *, model: str = DEFAULT, device: torch.device | None = None) -> Image.Image:
    """``photo`` four times as large, at once; arguments and errors as of ``upscale``."""
    return result(deque(upscale(photo, model=model, device=device), maxlen=1)[0])


def _steps(photo: Image.Image, model: str, device: torch.device, dtype: torch.dtype) -> Iterator[UpscaleStep]:
    begun, way = time.perf_counter(), find_upscaler(model)
    if way.record is None:
        yield UpscaleStep(progress=Progress(done=1, total=1), picture=bicubic(photo))
        return
    with model_cache().lease(find(way.record, "gan"), device, dtype=_leased(dtype)) as network:
        ours, done, at_work = _ours(network), 0, time.perf_counter()
        total = multiply_adds(ours, photo.height, photo.width)
        yield UpscaleStep(progress=Progress(done=0, total=total, text=way.title))
        work = enlarged(ours, as_tensor(photo).to(device))
        while True:
            try:
                done += next(work)
            except StopIteration as end:
                picture = as_picture(end.value)
                break
            spent = time.perf_counter() - begun
            yield UpscaleStep(progress=Progress(done=done, total=total, text=way.title, elapsed_s=spent))
    spent = time.perf_counter() - begun
    if photo.width * photo.height >= _TELLING:
        _paces[model, str(device)] = total / (time.perf_counter() - at_work)
    yield UpscaleStep(progress=Progress(done=total, total=total, text=way.title, elapsed_s=spent), picture=picture)


def find_upscaler(model: object) -> Upscaler:
    """The way called ``model``.

    Raises:
        OptionError: there is none of that name.
    """
    return UPSCALERS[check_choice(model, UPSCALERS, "The model")]


def as_tensor(photo: Image.Image) -> Tensor:
    """An RGB picture as (1, 3, H, W) in [0, 1]."""
    return torch.from_numpy(np.array(photo, np.float32) / 255).permute(2, 0, 1)[None]


def as_picture(values: Tensor) -> Image.Image:
    """(1, 3, H, W) as a picture, values outside of [0, 1] cut off."""
    levels = (values[0].clamp(0, 1) * 255).round().to(torch.uint8)
    return Image.fromarray(levels.permute(1, 2, 0).cpu().numpy())


def fastest_dtype(device: torch.device) -> torch.dtype:
    """float16 on CUDA, bfloat16 on a CPU with matrix hardware for it, else float32."""
    if device.type == "cuda":
        return torch.float16
    return torch.bfloat16 if device.type == "cpu" and bf16_is_fast(device) else torch.float32


def _leased(dtype: torch.dtype) -> torch.dtype | None:
    """ZeroGPU hardware keeps the float32 model that was placed at start."""
    return None if dtype is torch.float32 or on_zero_gpu() else dtype


@functools.lru_cache(maxsize=4)
def _blank(model: str) -> Network:
    """The network of ``model`` without memory for its weights: all that counting needs."""
    with torch.device("meta"):
        return SRVGG() if model == "small" else RRDBNet()


def _pace(model: str, device: str) -> float:
    """Multiply-adds per second of ``model``: those of its latest work, else of the better of two small pictures."""
    if (model, device) not in _paces:
        grey = Image.new("RGB", (_PROBE, _PROBE), "grey")
        times = []
        for _ in range(2):
            begun = time.perf_counter()
            upscaled(grey, model=model, device=torch.device(device))
            times.append(time.perf_counter() - begun)
        _paces[model, device] = multiply_adds(_blank(model), _PROBE, _PROBE) / min(times)
    return _paces[model, device]


def _ours(network: nn.Module) -> Network:
    if not isinstance(network, RRDBNet | SRVGG):
        raise TypeError(f"the record holds a {type(network).__name__}")
    return network
