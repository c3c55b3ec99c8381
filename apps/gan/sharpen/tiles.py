"""Large pictures part by part, with seams that cannot be seen because there are none.

The usual way cuts the photo into overlapping tiles and sends each through the whole network. For the small network
that is exact: a pixel depends on the 18 around it and on nothing further away, and tiles that overlap by 18 give the
same numbers as the whole. The large network has 348 convolutions in a row: its outputs depend on everything within
350 pixels, and measured on a photo the influence of a cut falls off slowly: 0.23 of full scale at the cut, still 0.033
32 pixels away from it and 0.009 at 48. An overlap that keeps 1e-3 would cost several times the work.

So the tiles are cut again for every stage of the network instead. Between stages the whole feature map is in memory
(64 channels of the *small* picture); a stage, a dense block say, sees each tile with as many pixels around it as it
has convolutions, 5, and what it finds is exact. The last stage paints the tiles of the large picture, where nearly all
of the memory goes, with an overlap of 2. Tiles of 128 pixels cost 16 % more work than none at all.

Each tile is cut at the border of the photo, so that the zeros there are those that the whole picture would be padded
with. Work is counted in multiply-adds, of which there are as many as weights that meet each pixel.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from itertools import pairwise, product
from typing import cast

import torch
from torch import Tensor, nn

from apps.gan.sharpen.networks import FACTOR, NESTED, RESIDUAL, RRDB, SRVGG, DenseBlock, RRDBNet
from shared.serving.turns import TURNS

SIDE = 128  # pixels of a tile without its overlap, at the size of the small picture
Network = RRDBNet | SRVGG
Work = Generator[int, None, Tensor]  # yields multiply-adds as they are done, returns the result


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One part of a network, as far as its tiles are concerned."""

    halo: int  # pixels around a tile that its outputs depend on
    weights: int  # that meet each pixel of the input
    scale: int = 1  # pixels of the output per pixel of the input, along a side
    side: int = SIDE  # pixels of a tile, at most
    repeats: int = 1  # how often a network has such a part


@dataclass(frozen=True, kw_only=True)
class Window:
    """One tile along one side of the picture, in pixels of the input."""

    start: int  # of the tile
    stop: int
    seen_start: int  # of what is needed to compute it
    seen_stop: int

    @property
    def seen(self) -> slice:
        """What the stage is given."""
        return slice(self.seen_start, self.seen_stop)

    def placed(self, scale: int) -> slice:
        """The tile in the output."""
        return slice(self.start * scale, self.stop * scale)

    def kept(self, scale: int) -> slice:
        """The tile in what the stage makes of ``seen``."""
        return slice((self.start - self.seen_start) * scale, (self.stop - self.seen_start) * scale)


def windows(length: int, stage: Stage) -> list[Window]:
    """As few tiles as cover ``length`` pixels, all about as large, each with its halo as far as the picture goes on."""
    count = -(-length // stage.side)
    edges = [length * number // count for number in range(count + 1)]
    return [
        Window(start=a, stop=b, seen_start=max(0, a - stage.halo), seen_stop=min(length, b + stage.halo))
        for a, b in pairwise(edges)
    ]


def stages(network: Network) -> dict[str, Stage]:
    """The parts that ``network`` is computed in, by name."""
    if isinstance(network, SRVGG):
        return {"all": Stage(halo=_depth(network), weights=_weights(network), scale=FACTOR)}
    dense = next(block for block in network.modules() if isinstance(block, DenseBlock))
    tail = 4 * _weights(network.up2) + 16 * _weights(network.up4, network.refine, network.paint)
    return {
        "first": Stage(halo=1, weights=_weights(network.first)),
        "dense": Stage(halo=_depth(dense), weights=_weights(dense), repeats=NESTED * len(network.blocks)),
        "gather": Stage(halo=1, weights=_weights(network.gather)),
        # a pixel at twice the size and three at four times the size are five at four times, and less than two here
        "enlarge": Stage(halo=2, weights=tail, scale=FACTOR, side=SIDE // 2),
    }


def multiply_adds(network: Network, height: int, width: int) -> int:
    """What ``enlarged`` will have yielded in all for one picture of ``height`` x ``width``."""
    return sum(
        stage.repeats * stage.weights * _seen(height, stage) * _seen(width, stage) for stage in stages(network).values()
    )


def enlarged(network: Network, small: Tensor) -> Work:
    """``small`` (B, 3, H, W), RGB in [0, 1], by ``network``: yields multiply-adds, returns (B, 3, 4 H, 4 W), float32.

    Between stages everything is float32; inside of them the precision is that of the network's weights. The output may
    lie a little outside of [0, 1]. Closing the generator ends the work at the next tile.
    """
    parts, dtype = stages(network), next(network.parameters()).dtype
    if isinstance(network, SRVGG):
        return (yield from tiled(network, small, parts["all"], dtype))
    first = yield from tiled(network.first, small, parts["first"], dtype)  # B 64 H W
    x = first
    for block in network.blocks:
        y = x
        for dense in cast("RRDB", block).dense:
            change = cast("DenseBlock", dense).change
            y = torch.add(y, (yield from tiled(change, y, parts["dense"], dtype)), alpha=RESIDUAL)
        x = torch.add(x, y, alpha=RESIDUAL)
    x = first + (yield from tiled(network.gather, x, parts["gather"], dtype))
    return (yield from tiled(network.enlarge, x, parts["enlarge"], dtype))  # B 3 4H 4W


def tiled(part: Callable[[Tensor], Tensor], x: Tensor, stage: Stage, dtype: torch.dtype) -> Work:
    """``part`` applied to ``x`` (B, C, H, W) tile by tile, in ``dtype``: exactly what it makes of all of ``x``."""
    pictures, _, height, width = x.shape
    whole: Tensor | None = None
    for rows, columns in product(windows(height, stage), windows(width, stage)):
        seen = x[:, :, rows.seen, columns.seen]
        made = _computed(part, seen, dtype)
        if whole is None:
            whole = x.new_empty(pictures, made.shape[1], stage.scale * height, stage.scale * width)
        tile = made[:, :, rows.kept(stage.scale), columns.kept(stage.scale)]
        whole[:, :, rows.placed(stage.scale), columns.placed(stage.scale)] = tile
        yield pictures * stage.weights * seen.shape[2] * seen.shape[3]
        TURNS.breathe()  # also for callers that take all tiles at once
    if whole is None:
        raise ValueError("a picture has at least one pixel")
    return whole


@torch.inference_mode()
def _computed(part: Callable[[Tensor], Tensor], seen: Tensor, dtype: torch.dtype) -> Tensor:
    """``part`` of ``seen`` in ``dtype``, and back in float32."""
    layout = torch.contiguous_format if dtype is torch.float32 else torch.channels_last  # twice as fast in bfloat16
    return part(seen.to(dtype).contiguous(memory_format=layout)).float()


def _seen(length: int, stage: Stage) -> int:
    return sum(window.seen_stop - window.seen_start for window in windows(length, stage))


def _convolutions(*modules: nn.Module) -> list[nn.Conv2d]:
    return [inner for module in modules for inner in module.modules() if isinstance(inner, nn.Conv2d)]


def _weights(*modules: nn.Module) -> int:
    return sum(layer.weight.numel() for layer in _convolutions(*modules))


def _depth(module: nn.Module) -> int:
    """Pixels that a stack of 3 x 3 convolutions reaches."""
    return len(_convolutions(module))
