"""3 x 3 convolutions with fewer multiplications, for CPUs without fast bfloat16: Winograd's F(4 x 4, 3 x 3).

Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural Networks", arXiv 1509.09308, section 4.3: a tile of 4 x 4
outputs takes 36 multiplications per pair of channels instead of 144; transforming the tiles costs some of that back,
less with more channels. It alone makes an iteration in float32 1.40 times as fast at 256 pixels and 1.36 times at 384
(``python -m benchmarks.style_speed --winograd``: one thread of a CPU with AVX-512, against torch's own convolution; the
page shows the quartiles).

The backward pass for the input is the same convolution with the kernel rotated by 180 degrees; it needs neither the
input nor the output, only a byte per value that says where the ReLU gave 0.
In float32 the result differs from the direct sum by about one part in 100,000. Left out: the gradient for the weights,
which style transfer does not need.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd import Function

FEWEST_CHANNELS = 64  # in and out; with fewer the direct convolution is faster
_BLOCK = 256  # tiles per thread that are transformed, multiplied and transformed back together: they fit a cache
_TILE = 4  # outputs per side of a tile
_PATCH = _TILE + 2  # inputs per side

_INPUT = torch.tensor(  # B^T
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    dtype=torch.float64,
)
_KERNEL = (
    torch.tensor(  # 24 G
        [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]], dtype=torch.float64
    )
    / 24
)
_OUTPUT = torch.tensor(  # A^T
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], dtype=torch.float64
)


class Workspace:
    """The two buffers that the convolutions of one network use in turn: asked for once, not at every call."""

    def __init__(self) -> None:
        self._buffers: tuple[Tensor, ...] = ()

    def buffers(self, like: Tensor, values: int) -> tuple[Tensor, ...]:
        """Two of at least ``values`` each, of the type and on the device of ``like``; their contents are arbitrary."""
        if not self._buffers or self._buffers[0].numel() < values:
            self._buffers = ()  # the smaller ones go first
            self._buffers = tuple(like.new_empty(values) for _ in range(2))
        return self._buffers


class Kernels:
    """The kernels of one convolution as ``convolve`` takes them, four times as large; made when first needed."""

    def __init__(self, weight: Tensor) -> None:
        """``weight`` (O, I, 3, 3), float32, which never changes."""
        self._weight = weight.detach()

    @cached_property
    def forward(self) -> Tensor:
        """For the convolution itself."""
        return transformed_kernel(self._weight)

    @cached_property
    def backward(self) -> Tensor:
        """For the gradient of its input."""
        return transformed_kernel(self._weight.flip(2, 3).transpose(0, 1))


class WinogradConvolution:
    """A convolution with fixed weights, kernel 3, stride 1, padding 1; differentiable for its input."""

    def __init__(
        self, kernels: Kernels, bias: Tensor, *, rectified: bool = False, workspace: Workspace | None = None
    ) -> None:
        """``bias`` (O,), float32; ``rectified``: with the ReLU that follows.

        Convolutions that share a ``workspace`` must not run at the same time.
        """
        self.workspace = workspace or Workspace()
        self.kernels = kernels
        self.bias = bias.detach()
        self.rectified = rectified

    def __call__(self, x: Tensor) -> Tensor:
        """``x`` (1, I, H, W) to (1, O, H, W), channels last."""
        return cast("Tensor", _Apply.apply(x, self))


def transformed_kernel(weight: Tensor) -> Tensor:
    """G g G^T of every kernel: (O, I, 3, 3) to (36, I, O)."""
    both = torch.kron(_KERNEL, _KERNEL).to(weight.dtype)  # 36, 9
    out, into = weight.shape[:2]
    with torch.inference_mode(mode=False):  # it outlives the call that is the first to need it
        return (both @ weight.detach().permute(2, 3, 1, 0).reshape(9, into * out)).view(36, into, out)


def convolve(
    x: Tensor,
    kernel: Tensor,
    bias: Tensor | None = None,
    *,
    rectified: bool = False,
    dead: Tensor | None = None,
    workspace: Workspace | None = None,
) -> Tensor:
    """``x`` (1, I, H, W) with a kernel from ``transformed_kernel``: (1, O, H, W), channels last, padding 1.

    Some rows of tiles at a time, through buffers that stay in the cache. ``x`` counts as 0 where ``dead``
    (1, I, H, W) is true.
    """
    _, channels, height, width = x.shape
    rows, columns = -(-height // _TILE), -(-width // _TILE)
    out = kernel.shape[2]
    whole = x.new_empty(rows, _TILE, columns, _TILE, out)
    together = max(1, min(rows, _BLOCK * torch.get_num_threads() // columns))  # rows of tiles
    strip = x.new_zeros(_TILE * together + 2, _TILE * columns + 2, channels)
    buffers = (workspace or Workspace()).buffers(x, 36 * together * columns * max(channels, out))
    pixels = x[0].permute(1, 2, 0)
    mask = None if dead is None else dead[0].permute(1, 2, 0)
    for first in range(0, rows, together):
        block = whole[first : first + together]
        top = _TILE * first - 1  # of the strip, in the picture
        seen = slice(max(0, top), min(height, top + len(strip)))
        inner = strip[seen.start - top : seen.stop - top, 1 : width + 1]
        strip[seen.stop - top :].zero_()
        inner.copy_(pixels[seen])
        if mask is not None:
            inner.masked_fill_(mask[seen], 0)
        _convolve_strip(strip[: _TILE * len(block) + 2], kernel, block, buffers)
        if bias is not None:
            block += bias
        if rectified:
            block.relu_()
    return whole.view(1, _TILE * rows, _TILE * columns, out)[:, :height, :width].permute(0, 3, 1, 2)


def _convolve_strip(strip: Tensor, kernel: Tensor, block: Tensor, buffers: tuple[Tensor, ...]) -> None:
    """``strip`` (4 rows + 2, 4 columns + 2, I), padded, into ``block`` (rows, 4, columns, 4, O)."""
    rows, _, columns, _, out = block.shape
    channels, tiles = strip.shape[2], rows * columns
    down, across, deep = strip.stride()
    shape, strides = (_PATCH, _PATCH, rows, columns, channels), (down, across, _TILE * down, _TILE * across, deep)
    b, a = _INPUT.to(strip.dtype), _OUTPUT.to(strip.dtype)
    d = _cut(buffers[0], *shape).copy_(strip.as_strided(shape, strides))
    bd = torch.mm(b, d.view(_PATCH, -1), out=_cut(buffers[1], _PATCH, d.numel() // _PATCH))
    v = torch.bmm(b.expand(6, 6, 6), bd.view(_PATCH, _PATCH, -1), out=_cut(buffers[0], 6, 6, tiles * channels))
    m = torch.bmm(v.view(36, tiles, channels), kernel, out=_cut(buffers[1], 36, tiles, out))
    am = torch.mm(a, m.view(_PATCH, -1), out=_cut(buffers[0], _TILE, _PATCH * tiles * out))
    y = torch.bmm(a.expand(4, 4, 6), am.view(_TILE, _PATCH, -1), out=_cut(buffers[1], 4, 4, tiles * out))
    block.copy_(y.view(_TILE, _TILE, rows, columns, out).permute(2, 0, 3, 1, 4))


def _cut(buffer: Tensor, *shape: int) -> Tensor:
    return buffer[: math.prod(shape)].view(shape)


class _Apply(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, of: WinogradConvolution) -> Tensor:
        y = convolve(x, of.kernels.forward, of.bias, rectified=of.rectified, workspace=of.workspace)
        ctx.of = of
        ctx.save_for_backward(*((y <= 0,) if of.rectified else ()))
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        of: WinogradConvolution = ctx.of
        dead = next(iter(ctx.saved_tensors), None)
        return convolve(gradients[0], of.kernels.backward, dead=dead, workspace=of.workspace), None
