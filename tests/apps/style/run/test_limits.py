"""What is refused or announced before a run starts: too large, too long, and why."""

from __future__ import annotations

import pytest
import torch

from apps.style.options import Options
from apps.style.run import limits
from apps.style.vgg.layers import VGG16
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


def test_memory_grows_with_the_area_and_the_depth() -> None:
    small, large = (limits.bytes_needed(VGG16, ["relu4_2"], side * side, 4) for side in (256, 512))
    assert large == pytest.approx(4 * small, rel=1e-6)
    assert limits.bytes_needed(VGG16, ["relu2_1"], 512 * 512, 4) < large
    assert large < 1.5e9  # what an iteration at 512 pixels may take


def test_the_estimate_grows_with_the_work() -> None:
    short = limits.estimate_s(Options(size=128, iterations=10), (512, 512), CPU)
    long = limits.estimate_s(Options(size=256, iterations=100, coarse_to_fine=False), (512, 512), CPU)
    assert 0 < 20 * short < long


@pytest.mark.parametrize(("seconds", "warned"), [(5.0, False), (119.0, False), (300.0, True)])
def test_a_long_run_says_so(seconds: float, warned: bool) -> None:
    assert ("over two minutes" in limits.duration_note(seconds)) is warned
