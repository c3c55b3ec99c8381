"""3 x 3 convolutions with fewer multiplications, for CPUs without fast bfloat16: Winograd's F(4 x 4, 3 x 3).

Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural Networks", arXiv 1509.09308, section 4.3: a tile of 4 x 4
outputs takes 36 multiplications per pair of channels instead of 144; transforming tiles costs some of that back, the
less the more channels there are. The backward pass for the input is the same convolution with the kernel turned round.
In float32 the result differs from the direct sum by about one part in 100,000. Left out: the gradient for the weights,
which style transfer does not need.
"""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function

FEWEST_CHANNELS = 128  # in and out, from which on the direct convolution is slower
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


class WinogradConvolution:
    """A convolution with fixed weights, kernel 3, stride 1, padding 1; differentiable for its input."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        """``weight`` (O, I, 3, 3) and ``bias`` (O,), float32."""
        self._forward = transformed_kernel(weight)
        self._backward = transformed_kernel(weight.flip(2, 3).transpose(0, 1))
        self._bias = bias.detach()

    def __call__(self, x: Tensor) -> Tensor:
        """``x`` (1, I, H, W) to (1, O, H, W), channels last."""
        return cast("Tensor", _Apply.apply(x, self._forward, self._backward, self._bias))


def transformed_kernel(weight: Tensor) -> Tensor:
    """G g G^T of every kernel: (O, I, 3, 3) to (36, I, O)."""
    both = torch.kron(_KERNEL, _KERNEL).to(weight.dtype)  # 36, 9
    out, into = weight.shape[:2]
    return (both @ weight.detach().permute(2, 3, 1, 0).reshape(9, into * out)).view(36, into, out)


def convolve(x: Tensor, kernel: Tensor) -> Tensor:
    """``x`` (1, I, H, W) with a kernel from ``transformed_kernel``: (1, O, H, W), channels last, padding 1."""
    _, channels, height, width = x.shape
    rows, columns = -(-height // _TILE), -(-width // _TILE)
    tiles, out = rows * columns, kernel.shape[2]
    edges = (0, 0, 1, _TILE * columns + 1 - width, 1, _TILE * rows + 1 - height)
    padded = F.pad(x.permute(0, 2, 3, 1)[0], edges)  # 4 rows + 2, 4 columns + 2, I
    down, across, deep = padded.stride()
    shape, strides = (_PATCH, _PATCH, rows, columns, channels), (down, across, _TILE * down, _TILE * across, deep)
    patches = padded.as_strided(shape, strides).reshape(_PATCH, -1)  # 6, 6 tiles I
    b, a = _INPUT.to(x.dtype), _OUTPUT.to(x.dtype)
    v = torch.matmul(b, (b @ patches).view(_PATCH, _PATCH, tiles * channels)).view(36, tiles, channels)
    m = torch.bmm(v, kernel)  # 36, tiles, O
    y = torch.matmul(a, (a @ m.view(_PATCH, -1)).view(_TILE, _PATCH, tiles * out))  # 4, 4, tiles O
    whole = y.view(_TILE, _TILE, rows, columns, out).permute(2, 0, 3, 1, 4).reshape(_TILE * rows, _TILE * columns, out)
    return whole[:height, :width].permute(2, 0, 1)[None]


class _Apply(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, turned: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(turned)
        return convolve(x, kernel) + bias.view(1, -1, 1, 1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (turned,) = ctx.saved_tensors
        return convolve(gradients[0], turned), None, None, None
