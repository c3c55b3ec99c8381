"""What is refused or announced before a run starts: too large, too long, and why."""

from __future__ import annotations

import pytest
import torch

from apps.style.canvas import plan
from apps.style.options import Options
from apps.style.run import limits
from apps.style.vgg.features import fastest_dtype
from apps.style.vgg.layers import VGG16, deepest, multiply_adds
from shared import device as devices
from shared.errors import ResourceError

CPU = torch.device("cpu")


def test_a_cpu_is_not_given_more_than_it_can_finish() -> None:
    most, reason = limits.largest_size(CPU)
    with pytest.raises(ResourceError, match=f"at most {most} pixels"):
        limits.check_fits(Options(size=most + 16), (800, 600), CPU)
    assert "CPU" in reason


def test_too_little_memory_is_reported_with_a_size_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "memory", lambda _=None: devices.Memory(total=10**9, free=2 * 10**8))
    with pytest.raises(ResourceError, match=r"Choose at most (\d+) pixels"):
        limits.check_fits(Options(size=512), (512, 512), CPU)
    limits.check_fits(Options(size=128), (512, 512), CPU)


def test_the_size_that_fits_has_the_area_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    names = (*Options().content_layers, *Options().style_layers)
    need = limits.bytes_needed(VGG16, names, 512 * 512, fastest_dtype(CPU).itemsize)
    for free, most in ((need / 4 / 0.6 + 9, 256), (need / 1000, 64)):
        monkeypatch.setattr(devices, "memory", lambda _=None, free=free: devices.Memory(total=10**10, free=int(free)))
        with pytest.raises(ResourceError, match=f"Choose at most {most} pixels"):
            limits.check_fits(Options(size=512), (512, 512), CPU)
    monkeypatch.setattr(devices, "memory", lambda _=None: devices.Memory(total=10**10, free=int(need / 0.6) + 9))
    limits.check_fits(Options(size=512), (512, 512), CPU)


def test_memory_is_that_of_each_layer_down_to_the_deepest() -> None:
    kept = 64 + 64 + 64 / 4 + 128 / 4  # conv1_1, conv1_2, the pooled, conv2_1; relu takes its place
    assert limits.bytes_needed(VGG16, ["relu2_1", "relu1_1"], 10_000, 4) == int(1.8 * kept * 10_000 * 4)
    assert limits.bytes_needed(VGG16, ["conv1_1"], 10_000, 2) == int(1.8 * 64 * 10_000 * 2)


def test_memory_grows_with_the_area_and_the_depth() -> None:
    small, large = (limits.bytes_needed(VGG16, ["relu4_2"], side * side, 4) for side in (256, 512))
    assert large == pytest.approx(4 * small, rel=1e-6)
    assert limits.bytes_needed(VGG16, ["relu2_1"], 512 * 512, 4) < large
    assert large < 1.5e9  # what an iteration at 512 pixels may take


def test_the_estimate_grows_with_the_work() -> None:
    short = limits.estimate_s(Options(size=128, iterations=10), (512, 512), CPU)
    long = limits.estimate_s(Options(size=256, iterations=100, coarse_to_fine=False), (512, 512), CPU)
    assert 0 < 20 * short < long


def test_the_estimate_counts_every_iteration_of_every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "seconds_per_multiply_add", lambda *_: 1e-9)
    depth = deepest(VGG16, ("relu4_2",))
    for options in (Options(size=128, iterations=10, coarse_to_fine=False), Options(size=256, iterations=40)):
        stages = plan((600, 400), options)
        wanted = sum(stage.iterations * multiply_adds(VGG16, stage.height, stage.width, depth) for stage in stages)
        assert limits.estimate_s(options, (600, 400), CPU) == pytest.approx(1e-9 * wanted)
        assert sum(stage.iterations for stage in stages) == options.iterations


def test_a_run_of_two_minutes_is_not_announced_and_a_longer_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "pick_device", lambda: CPU)
    asked = Options(size=64), (64, 64), CPU
    for seconds, warned in ((120.0, False), (120.5, True)):
        monkeypatch.setattr(limits, "estimate_s", lambda *how, seconds=seconds: {asked: seconds}[how])
        assert bool(limits.warning(Options(size=64), (64, 64))) is warned
        assert limits.estimate_note(Options(size=64), (64, 64)) == limits.duration_note(seconds)
        assert limits.duration_note(seconds).startswith("⚠") is warned
    with pytest.raises(ResourceError):
        limits.estimate_note(Options(size=2048), (64, 64))
    assert "Pause keeps" in limits.duration_note(300.0, stop="Pause")


@pytest.mark.parametrize(("seconds", "warned"), [(5.0, False), (119.0, False), (300.0, True)])
def test_a_long_run_says_so(seconds: float, warned: bool) -> None:
    assert ("over two minutes" in limits.duration_note(seconds)) is warned
