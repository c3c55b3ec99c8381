"""The costs of neural style transfer, exactly as the paper and the course write them, and a fast Gram matrix.

Gatys, Ecker & Bethge 2016, "Image Style Transfer Using Convolutional Neural Networks", equations 1 to 7, with the
course's constants::

    J(G)          = alpha J_content(C, G) + beta J_style(S, G)
    J_content     = 1/2 ||a(C) - a(G)||^2           one layer, or a sum over several
    G_kk'         = sum_ij a_ijk a_ijk'                                    the style (Gram) matrix, nC x nC
    J_style[l]    = 1 / (2 nH nW nC)^2 sum_kk' (G_kk'(S) - G_kk'(G))^2
    J_style       = sum_l lambda_l J_style[l]

Activations are (1, nC, nH, nW). The functions are plain and differentiable; ``features`` and ``objective`` call the
same ones, so what is shown is exactly what was minimised.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd import Function

_SHORT = (torch.bfloat16, torch.float16)
_PARTS = 16  # into which the positions are cut for a short type ...
_FEWEST_ROWS = 128  # ... each with at least this many positions


class _Gram(Function):
    """X^T X with its own backward, X (g + g^T): one product instead of autograd's two and their transposes."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        """``rows`` (nH nW, nC) to (nC, nC)."""
        ctx.save_for_backward(rows)
        if rows.dtype not in _SHORT:
            product: Tensor = rows.t() @ rows
            return product
        # each result of a multiplication in a short type is rounded: so sum over parts, and add those in float32
        parts = max(1, min(_PARTS, len(rows) // _FEWEST_ROWS))
        even = len(rows) // parts * parts
        blocks = rows[:even].view(parts, even // parts, rows.shape[1])
        total = torch.bmm(blocks.transpose(1, 2), blocks).sum(dim=0, dtype=torch.float32)
        if even < len(rows):
            rest = rows[even:].float()
            total += rest.t() @ rest
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """The gradient for ``rows``."""
        (rows,) = ctx.saved_tensors
        (gradient,) = gradients
        symmetric: Tensor = (gradient + gradient.t()).to(rows.dtype)
        product: Tensor = rows @ symmetric
        return product


def gram(activation: Tensor) -> Tensor:
    """The style matrix (nC, nC) of ``activation`` (1, nC, nH, nW): not divided by anything, float32 or better.

    The entries are sums over all positions, and the cost depends on small differences between them; so a short type is
    summed in parts, and the parts in float32.
    """
    _, channels, _, _ = activation.shape
    rows = activation.permute(0, 2, 3, 1).reshape(-1, channels)  # nH nW, nC; no copy when the layout is channels last
    return cast("Tensor", _Gram.apply(rows))


def content_cost(of_content: Tensor, of_generated: Tensor) -> Tensor:
    """J_content of one layer: half the squared distance of two activations of the same shape."""
    return 0.5 * (_widened(of_generated) - _widened(of_content)).square().sum()


def style_cost(gram_style: Tensor, gram_generated: Tensor, positions: int) -> Tensor:
    """J_style of one layer from its two style matrices (nC, nC); ``positions`` is nH nW."""
    channels = gram_style.shape[0]
    return (gram_generated - gram_style).square().sum() / (2.0 * positions * channels) ** 2


def total_variation(picture: Tensor) -> Tensor:
    """Mean squared difference of neighbouring pixels of ``picture`` (B, 3, H, W), down and across; a checkerboard of 0
    and 1 has 2."""
    down = (picture[..., 1:, :] - picture[..., :-1, :]).square().mean()
    across = (picture[..., :, 1:] - picture[..., :, :-1]).square().mean()
    return down + across


def content_size(of_content: Tensor) -> float:
    """J_content of a picture whose activations are zero: half the squared norm of the content's activation."""
    return float(0.5 * of_content.double().square().sum())


def style_size(gram_style: Tensor, positions: int) -> float:
    """J_style of one layer for a picture whose style matrix is zero."""
    channels = gram_style.shape[0]
    return float(gram_style.double().square().sum()) / (2.0 * positions * channels) ** 2


def _widened(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.dtype in _SHORT else tensor
