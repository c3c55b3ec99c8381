"""The chapters of style transfer say what their files say."""

from __future__ import annotations

import json
import statistics

from apps.style import measured
from shared.settings import weights_dir


def test_times_and_ratios_are_those_of_the_file() -> None:
    speed, ends, limits = (str(part.body) for part in measured.chapters()[:3])
    found = json.loads((weights_dir() / measured.FILE).read_text(encoding="utf-8"))
    for methods in found["sizes"].values():
        for one in methods.values():
            assert f"{one['seconds']:.3f} s" in speed
            assert f"{one['times_faster']:.2f} × " in speed
    assert "Winograd alone" in speed
    for ratio in found["cost"]["J"].values():
        assert f"{100 * (ratio - 1):+.2f} %" in ends
    assert "peak memory of the process at 512 px" in limits
    assert "1000 iterations" in limits
    assert "not finite" not in limits


def test_headlines_are_those_of_the_file() -> None:
    found = json.loads((weights_dir() / measured.FILE).read_text(encoding="utf-8"))["sizes"]
    *values, worth = [row.value for row in measured.headlines()]
    names = ("ours float32", "ours bfloat16")
    assert values == [f"{found[size][name]['times_faster']:.2f}" for size in ("256", "384") for name in names]
    pairs = json.loads((weights_dir() / measured.ONE_PASS_FILE).read_text(encoding="utf-8"))["pairs"]
    assert len(pairs) >= 36
    assert worth == f"{statistics.median(pair['worth'] for pair in pairs):.0f}"
