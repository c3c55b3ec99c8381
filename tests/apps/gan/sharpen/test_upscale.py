"""Photos four times as large: the pictures, the steps, what is told before, and the limits."""

from __future__ import annotations

import gc
from collections import deque

import numpy as np
import pytest
import torch
from PIL import Image

from apps.gan.sharpen import upscale as upscaling
from apps.gan.sharpen.networks import SRVGG, RRDBNet
from apps.gan.sharpen.options import UPSCALERS
from apps.gan.sharpen.steps import describe_estimate, open_photo, result, shrunk
from apps.gan.sharpen.upscale import as_picture, as_tensor, check_fits, estimate_s, fastest_dtype, upscale, upscaled
from shared.device import Memory
from shared.errors import ImageError, OptionError, ResourceError
from shared.model_cache import model_cache

CPU = torch.device("cpu")


def leases() -> int:
    return sum(model.leases for model in model_cache().statistics().models)


@pytest.mark.parametrize("model", list(UPSCALERS))
def test_every_way_makes_it_four_times_as_large(model: str, cat: Image.Image) -> None:
    steps = list(upscale(cat, model=model))
    assert result(steps[-1]).size == (256, 160)
    assert result(steps[-1]).mode == "RGB"
    assert all(step.picture is None for step in steps[:-1])
    done = [step.progress.fraction for step in steps]
    assert done == sorted(done)
    assert done[-1] == 1
    again = np.asarray(shrunk(result(steps[-1]), cat.size), float)
    assert np.abs(again - np.asarray(cat, float)).mean() < 12  # of 255: it shows the same


@pytest.mark.parametrize("model", ["gan", "small"])
def test_the_picture_is_the_networks(model: str, cat: Image.Image, large: RRDBNet, small: SRVGG) -> None:
    part = cat.crop((0, 0, 21, 16))
    with torch.inference_mode():
        expected = as_picture({"gan": large, "small": small}[model](as_tensor(part)))
    found = result(deque(upscale(part, model=model, device=CPU, dtype=torch.float32), maxlen=1)[0])
    assert np.abs(np.asarray(found, int) - np.asarray(expected, int)).max() <= 1
    quick = np.asarray(result(deque(upscale(part, model=model, device=CPU, dtype=torch.bfloat16), maxlen=1)[0]), float)
    assert np.abs(quick - np.asarray(expected, float)).mean() < 1.5  # of 255


def test_bicubic_gives_a_constant_and_a_ramp_back() -> None:
    grey = Image.new("RGB", (9, 8), (10, 100, 200))
    assert upscaled(grey, model="bicubic").getcolors() == [(36 * 32, (10, 100, 200))]
    ramp = Image.fromarray(np.tile(np.arange(40, dtype=np.uint8)[:, None] * 4, (1, 9, 1)).reshape(9, 40))
    inside = np.asarray(upscaled(ramp.convert("RGB"), model="bicubic"))[8, 16:-16, 0].astype(float)
    assert np.abs(np.diff(inside) - 1).max() <= 1  # a quarter of the small picture's steps, rounded


def test_pictures_survive_the_way_to_tensors_and_back(cat: Image.Image) -> None:
    assert np.array_equal(np.asarray(as_picture(as_tensor(cat))), np.asarray(cat))
    assert np.asarray(as_picture(torch.tensor([-1.0, 0.5, 2.0]).view(1, 3, 1, 1))).tolist() == [[[0, 128, 255]]]


def test_closing_ends_the_work_and_gives_the_network_back(cat: Image.Image) -> None:
    held = leases()
    steps = upscale(cat, model="gan")
    for _ in range(4):
        step = next(steps)
    assert 0 < step.progress.fraction < 0.1
    assert leases() == held + 1
    steps.close()  # type: ignore[attr-defined]
    gc.collect()
    assert leases() == held


def test_time_is_told_from_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upscaling, "_pace", lambda model, device: 1e9)  # multiply-adds per second
    seconds = estimate_s((64, 64), "gan", CPU)
    # 16.7 million weights meet each pixel once, those behind the enlargements four and sixteen times
    assert seconds == pytest.approx(64 * 64 * (16_697_987 + 3 * 36_928 + 15 * 75_000) / 1e9, rel=0.01)
    assert estimate_s((64, 64), "small", CPU) == pytest.approx(64 * 64 * 621_424 / 1e9, rel=0.01)
    assert estimate_s((64, 64), "bicubic", CPU) == 0
    assert describe_estimate(4.2) == "About 4.2 s on this machine."
    assert "small network" in describe_estimate(100)


def test_the_pace_is_measured_once_and_then_that_of_the_latest_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(upscaling, "_paces", {})
    with monkeypatch.context() as probing:
        probing.setattr(upscaling, "upscaled", lambda *_, **given: calls.append(given["model"]))
        assert estimate_s((20, 20), "small", CPU) == pytest.approx(estimate_s((20, 20), "small", CPU))
    assert calls == ["small", "small"]
    begun = upscaling._paces.copy()
    list(upscale(Image.new("RGB", (24, 24)), model="small", device=CPU))
    assert upscaling._paces == begun  # too small to tell
    *_, last = upscale(Image.new("RGB", (48, 48)), model="small", device=CPU)
    assert upscaling._paces != begun
    assert 0 < estimate_s((48, 48), "small", CPU) <= 1.01 * last.progress.elapsed_s


def test_a_photo_over_the_limit_is_refused_before_the_first_step() -> None:
    check_fits((512, 512), "gan", CPU)
    with pytest.raises(ResourceError, match=r"262,144 pixels.*513 x 512.*at most 512 pixels"):
        upscale(Image.new("RGB", (513, 512)), model="gan", device=CPU)
    check_fits((1024, 1024), "small", CPU)
    check_fits((1024, 1024), "gan", torch.device("meta"))  # not a CPU
    with pytest.raises(ResourceError, match="1,048,576"):
        check_fits((1025, 1024), "small", CPU)


def test_a_photo_that_does_not_fit_into_the_free_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.device.memory", lambda device: Memory(total=10**9, free=6 * 10**8))
    check_fits((64, 64), "gan", CPU)
    with pytest.raises(ResourceError, match="GB free"):
        check_fits((512, 512), "gan", CPU)


def test_errors_of_the_input() -> None:
    with pytest.raises(OptionError, match="gan, small, bicubic"):
        upscale(Image.new("RGB", (16, 16)), model="magic")
    with pytest.raises(ImageError, match="at least 8 x 8"):
        open_photo(Image.new("RGB", (7, 16)))
    with pytest.raises(ValueError, match="not finished"):
        result(next(upscale(Image.new("RGB", (16, 16)), model="small")))


def test_the_precision_is_the_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    for fast, dtype in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(upscaling, "bf16_is_fast", lambda device, fast=fast: fast)
        assert fastest_dtype(CPU) is dtype
    assert fastest_dtype(torch.device("cuda")) is torch.float16
    assert fastest_dtype(torch.device("mps")) is torch.float32


@pytest.mark.cuda
def test_cuda_paints_the_same_picture(cat: Image.Image) -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    here, there = (np.asarray(upscaled(cat, model="gan", device=torch.device(name)), float) for name in ("cpu", "cuda"))
    assert np.abs(here - there).mean() < 1.5
