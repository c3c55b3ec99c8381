"""Figures of painted nights: how near they are to the true ones, and how much they look like nights.

* L1: the mean absolute difference of the brightened pictures, 0..1;
* L1 of light alone (``earth.light``), where darkness is already a good answer;
* the correlation of painted with true light, by pixel of 10 km and by cell of 60 km (about half a
  degree): are the lamps where they should be?
* the amount of light, as a share of the true amount;
* the Fréchet distance between Gaussians fitted to the activations of ``style/vgg16-hed`` at relu3_3 (256 numbers for
  every 4 x 4 pixels, the idea of SIFID; Shaham et al. 2019). Not comparable with FID in Inception's features.

Intervals are 95 % percentiles of a bootstrap over blocks, which keeps neighbouring pixels together.
Axis letters: N blocks, P pixels of a block's side, D length of the features, R resamples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from apps.gan.translation.earth import light

CELL = 6  # pixels of a cell: 60 km, about half a degree
RESAMPLES = 1_000  # of the blocks, behind an interval of 95 %
FRECHET_RESAMPLES = 100  # ... of a Fréchet distance, which takes longer
LAYER = "relu3_3"
FIGURES = ("l1", "l1_light", "correlation", "correlation_cells", "amount", "frechet")
_CELL_LAND = 0.5  # share of a cell's pixels that must count


@dataclass(frozen=True)
class Figure:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float

    def as_json(self) -> list[float]:
        """Value, lower and upper bound."""
        return [round(x, 5) for x in (self.value, self.low, self.high)]


@dataclass(frozen=True)
class Quality:
    """The figures of one method."""

    method: str
    l1: Figure
    l1_light: Figure  # mean absolute difference of light alone, 0..1
    correlation: Figure  # of light by pixel; nan for a method without light anywhere
    correlation_cells: Figure  # ... by cell
    amount: Figure  # of light, 1 being right
    frechet: Figure | None  # None where no features were taken

    def as_json(self) -> dict[str, Any]:
        """Plain numbers; null where a correlation is not defined."""
        figures = {key: getattr(self, key) for key in FIGURES}
        return {
            "method": self.method,
            **{
                key: None if figure is None or math.isnan(figure.value) else figure.as_json()
                for key, figure in figures.items()
            },
        }


@dataclass(frozen=True)
class Moments:
    """Sums from which every figure of a set of blocks follows; the first axis is N."""

    absolute: Tensor  # float64 (N, 2): sums of absolute differences, mean over colours, and of light alone
    pixels: Tensor  # float64 (N, 6): n, painted, true, painted², true², painted x true light by pixel
    cells: Tensor  # (N, 6) by cell


@dataclass(frozen=True)
class Features:
    """Sums of the features of some blocks."""

    count: Tensor  # float64 (N,)
    total: Tensor  # (N, D)
    squares: Tensor  # (N, D, D)


def moments(painted: Tensor, truth: Tensor, counted: Tensor) -> Moments:
    """Sums by block of nights (N, 3, P, P), 0..1, over the pixels of bool (N, P, P)."""
    keep = counted.double()
    made, real = light(painted).double(), light(truth).double()
    differences = torch.stack(((painted - truth).abs().double().mean(dim=1), (made - real).abs()), dim=1)
    absolute = (differences * keep[:, None]).sum(dim=(2, 3))
    weight = F.avg_pool2d(keep[:, None], CELL)[:, 0]
    whole = (weight >= _CELL_LAND).double()

    def cell(x: Tensor) -> Tensor:
        return F.avg_pool2d((x * keep)[:, None], CELL)[:, 0] / weight.clamp_min(1e-9)

    return Moments(absolute, _sums(made, real, keep), _sums(cell(made), cell(real), whole))


def _sums(made: Tensor, real: Tensor, keep: Tensor) -> Tensor:
    terms = (torch.ones_like(made), made, real, made.square(), real.square(), made * real)
    return torch.stack([(term * keep).sum(dim=(1, 2)) for term in terms], dim=1)


def correlation(sums: Tensor) -> Tensor:
    """Pearson's correlation from the six sums (..., 6); nan where one side does not vary."""
    n, x, y, xx, yy, xy = sums.unbind(dim=-1)
    spread_x, spread_y = n * xx - x.square(), n * yy - y.square()
    found = (n * xy - x * y) / (spread_x.clamp_min(0) * spread_y.clamp_min(0)).sqrt()
    flat = (spread_x <= 1e-9 * n * xx) | (spread_y <= 1e-9 * n * yy)
    return found.masked_fill(flat, math.nan)


@torch.no_grad()
def features(vgg: nn.Module, nights: Tensor) -> Features:
    """Sums of relu3_3 of ``style/vgg16-hed`` over the places of each of (N, 3, P, P) nights, 0..1."""
    device = next(vgg.parameters()).device
    parts = [vgg(part.to(device), {LAYER})[LAYER].flatten(2).double().cpu() for part in nights.split(16)]
    found = torch.cat(parts)  # (N, D, places)
    count = torch.full((len(found),), float(found.shape[2]), dtype=torch.float64)
    return Features(count, found.sum(dim=2), found @ found.transpose(1, 2))


def distance(a: Features, b: Features, pick_a: Tensor, pick_b: Tensor) -> float:
    """Squared Fréchet distance of the Gaussians fitted to the blocks that ``pick`` (indices) chooses of each."""
    (mean_a, cov_a), (mean_b, cov_b) = _gaussian(a, pick_a), _gaussian(b, pick_b)
    values, vectors = torch.linalg.eigh(cov_a)
    root = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    cross = torch.linalg.eigvalsh(root @ cov_b @ root).clamp_min(0).sqrt().sum()
    return float((mean_a - mean_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross)


def _gaussian(found: Features, pick: Tensor) -> tuple[Tensor, Tensor]:
    n = found.count[pick].sum()
    mean = found.total[pick].sum(dim=0) / n
    return mean, found.squares[pick].sum(dim=0) / n - torch.outer(mean, mean)


def quality(
    method: str,
    found: Moments,
    *,
    painted: Features | None = None,
    true: Features | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Quality:
    """The figures of ``method`` with their intervals, from the sums over its blocks and, where given, features."""
    N = len(found.absolute)
    random = torch.Generator().manual_seed(seed)
    picks = torch.randint(N, (resamples, N), generator=random)
    weights = torch.zeros(resamples, N, dtype=torch.float64).scatter_add_(
        1, picks, torch.ones_like(picks, dtype=torch.float64)
    )
    rows = torch.cat((torch.ones(1, N, dtype=torch.float64), weights))  # all blocks once, then the resamples
    absolute, pixels, cells = rows @ found.absolute, rows @ found.pixels, rows @ found.cells
    frechet = None
    if painted is not None and true is not None:
        every = torch.arange(N)
        values = [distance(painted, true, every, every)]
        values += [distance(painted, true, pick, pick) for pick in picks[:FRECHET_RESAMPLES]]
        frechet = _figure(torch.tensor(values, dtype=torch.float64))
    return Quality(
        method,
        l1=_figure(absolute[:, 0] / pixels[:, 0]),
        l1_light=_figure(absolute[:, 1] / pixels[:, 0]),
        correlation=_figure(correlation(pixels)),
        correlation_cells=_figure(correlation(cells)),
        amount=_figure(pixels[:, 1] / pixels[:, 2]),
        frechet=frechet,
    )


def _figure(values: Tensor) -> Figure:
    """The first of (1 + R,) values, between the percentiles of the others."""
    known = values[1:][~values[1:].isnan()]
    if values[0].isnan() or len(known) == 0:
        return Figure(math.nan, math.nan, math.nan)
    low, high = known.quantile(torch.tensor((0.025, 0.975), dtype=known.dtype)).tolist()
    return Figure(values[0].item(), low, high)
