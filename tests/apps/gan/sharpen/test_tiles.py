"""Tiles give what the whole picture gives, and cost what is told."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from apps.gan.sharpen import tiles
from apps.gan.sharpen.networks import SLOPE, SRVGG, RRDBNet, layers_of
from apps.gan.sharpen.tiles import Network, Stage, Work, enlarged, multiply_adds, stages, windows

pytestmark = pytest.mark.slow  # trains, paints or starts programs


def ended(work: Work) -> tuple[Tensor, int, int]:
    """What ``work`` returns, the sum of what it yielded, and how often."""
    total = count = 0
    while True:
        try:
            total += next(work)
            count += 1
        except StopIteration as end:
            return end.value, total, count


@pytest.fixture
def few() -> RRDBNet:
    """The large network with two of its 23 blocks and random weights that do not fade."""
    network = RRDBNet(blocks=2).eval().requires_grad_(False)
    random = torch.Generator().manual_seed(0)
    for _, layer in layers_of(network):
        torch.nn.init.kaiming_normal_(layer.weight, a=SLOPE, generator=random)
    return network


@pytest.fixture
def noise() -> Tensor:
    return torch.rand(1, 3, 37, 50, generator=torch.Generator().manual_seed(1))


def shorten(monkeypatch: pytest.MonkeyPatch, side: int, *, halo: dict[str, int] | None = None) -> None:
    """Tiles of ``side`` pixels, and other halos where a test wants to see that they are needed."""

    def shorter(network: Network) -> dict[str, Stage]:
        changed = halo or {}
        return {
            name: replace(stage, side=side, halo=changed.get(name, stage.halo))
            for name, stage in stages(network).items()
        }

    monkeypatch.setattr(tiles, "stages", shorter)


ROUNDING = 3e-5  # of sums of some hundred products near 1, in another order, which differs between processors


@pytest.mark.parametrize("side", [9, 16, 50])
def test_tiled_equals_whole(
    side: int, few: RRDBNet, small: SRVGG, noise: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten(monkeypatch, side)
    for network in (few, small):
        whole = network(noise)
        found, _, count = ended(enlarged(network, noise))
        assert found.shape == whole.shape == (1, 3, 148, 200)
        assert (found - whole).abs().max() < ROUNDING
        assert count > len(stages(network)) or side == 50


def test_the_bundled_network_is_seamless(large: RRDBNet, noise: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    shorten(monkeypatch, 16)
    part = noise[..., :20, :33]
    assert (ended(enlarged(large, part))[0] - large(part)).abs().max() < 1e-3


@pytest.mark.parametrize(("name", "halo"), [("first", 0), ("dense", 4), ("gather", 0), ("enlarge", 1)])
def test_every_pixel_of_overlap_is_needed(
    name: str, halo: int, few: RRDBNet, noise: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten(monkeypatch, 16, halo={name: halo})
    assert (ended(enlarged(few, noise))[0] - few(noise)).abs().max() > ROUNDING


def test_every_pixel_of_the_small_networks_overlap_is_needed(small: SRVGG, monkeypatch: pytest.MonkeyPatch) -> None:
    """A single bright pixel 18 pixels away is seen; one of 19 is not."""
    assert stages(small)["all"].halo == 18
    random = torch.rand(1, 3, 4, 40, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        for away, seen in ((18, True), (19, False)):
            other = random.clone()
            other[..., 10 + away] = 1 - other[..., 10 + away]
            change = (small(other) - small(random)).abs()[..., 4 * 10 : 4 * 11].max()
            assert bool(change > 0) == seen


def test_pictures_of_a_batch_do_not_meet(few: RRDBNet, noise: Tensor) -> None:
    both = torch.cat((noise, noise.flip(3)))
    found = ended(enlarged(few, both))[0]
    assert torch.allclose(found[1:], few(noise.flip(3)), atol=1e-5)


def test_the_work_is_what_was_told(few: RRDBNet, small: SRVGG, noise: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    for side in (16, 50):
        shorten(monkeypatch, side)
        for network in (few, small):
            assert ended(enlarged(network, noise))[1] == multiply_adds(network, 37, 50)


def test_the_work_of_one_tile_is_torchs_own_count(few: RRDBNet, small: SRVGG, noise: Tensor) -> None:
    """torch counts two operations per multiply-add."""
    from torch.utils.flop_counter import FlopCounterMode

    for network in (few, small):
        with FlopCounterMode(display=False) as counter:
            network(noise)
        assert 2 * multiply_adds(network, 37, 50) == counter.get_total_flops()


def test_tiles_of_the_large_picture_are_half_as_wide(few: RRDBNet, small: SRVGG) -> None:
    """It holds four times as many pixels a side, and nearly all of the memory is needed there."""
    sides = {name: stage.side for name, stage in (stages(few) | stages(small)).items()}
    assert sides == {"first": 128, "dense": 128, "gather": 128, "enlarge": 64, "all": 128}


def test_windows_cover_everything_once() -> None:
    stage = Stage(halo=5, weights=1, side=16)
    for length in (1, 15, 16, 17, 33, 160):
        found = windows(length, stage)
        assert (found[0].start, found[-1].stop) == (0, length)
        assert all(a.stop == b.start for a, b in pairwise(found))
        assert max(w.stop - w.start for w in found) <= 16
        assert all(w.seen_start == max(0, w.start - 5) and w.seen_stop == min(length, w.stop + 5) for w in found)


def test_memory_is_that_of_a_tile(few: RRDBNet, monkeypatch: pytest.MonkeyPatch) -> None:
    """No convolution ever sees more than a tile and its overlap."""
    shorten(monkeypatch, 16)
    seen = []
    for _, layer in layers_of(few):
        layer.register_forward_hook(lambda module, given, made: seen.append(max(given[0].shape[2:])))
    ended(enlarged(few, torch.rand(1, 3, 40, 61)))
    assert max(seen) <= 4 * (16 + 2 * 2)


def test_the_dense_block_is_the_papers(few: RRDBNet) -> None:
    """Wang et al. 2018, figure 4, written out: every convolution sees all before it, and 0.2 of the end is added."""
    block = next(module for module in few.modules() if type(module).__name__ == "DenseBlock")
    c = [layer for _, layer in layers_of(block)]
    x = torch.rand(1, 64, 6, 7)
    x1 = F.leaky_relu(c[0](x), 0.2)
    x2 = F.leaky_relu(c[1](torch.cat((x, x1), 1)), 0.2)
    x3 = F.leaky_relu(c[2](torch.cat((x, x1, x2), 1)), 0.2)
    x4 = F.leaky_relu(c[3](torch.cat((x, x1, x2, x3), 1)), 0.2)
    expected = x + 0.2 * c[4](torch.cat((x, x1, x2, x3, x4), 1))
    assert np.allclose(block(x).numpy(), expected.numpy(), atol=1e-6)
