"""The measurement itself: every network and every trivial answer, on photographs and on painted land."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from apps.gan.translation.blocks import COUNTED, Blocks, Method, Use, blocks, network_method, trivial_methods
from apps.gan.translation.choices import KM_PER_PIXEL, REGIONS
from apps.gan.translation.earth import Earth
from apps.gan.translation.networks import UNet
from apps.gan.translation.quality import LAYER, RESAMPLES, Features, Moments, Quality, features, moments, quality

FEATURES = "style/vgg16-hed"  # the network whose features the Fréchet distance is taken in
INPUTS = {"photo": "the day as it is", "painted": "the same land as a visitor would paint it"}


@dataclass(frozen=True)
class Row:
    """One method on one kind of input."""

    kind: str  # key of ``INPUTS``
    quality: Quality
    by_region: dict[str, Quality]  # by the region's title, without the Fréchet distance


@dataclass(frozen=True)
class Report:
    """Everything that was measured."""

    use: Use
    n_blocks: int
    n_pixels: int  # counted
    rows: tuple[Row, ...]
    command: str

    def as_json(self) -> dict[str, Any]:
        """What the model card and the page quote."""
        titles = ", ".join(region.title for region in REGIONS.values() if region.use == self.use)
        return {
            "data": f"land of {titles}, held out of training, in blocks of {COUNTED * KM_PER_PIXEL:.0f} km",
            "use": self.use,
            "command": self.command,
            "n_blocks": self.n_blocks,
            "n_pixels": self.n_pixels,
            "interval": f"95 %, bootstrap over blocks, {RESAMPLES} resamples",
            "frechet": f"{FEATURES} at {LAYER}, every 4 x 4 pixels of the blocks",
            "inputs": INPUTS,
            "rows": [
                {
                    "input": row.kind,
                    **row.quality.as_json(),
                    "by_region": {title: part.as_json() for title, part in row.by_region.items()},
                }
                for row in self.rows
            ],
        }


def evaluate(
    earth: Earth, models: Mapping[str, UNet], *, use: Use, command: str, vgg: nn.Module | None = None
) -> Iterator[Row | Report]:
    """Measure ``models`` and the trivial answers: a ``Row`` at a time, the ``Report`` last.

    Args:
        earth: the maps.
        models: generators by name.
        use: the regions: "test", or "validation" for choosing between models.
        command: what was typed, for the report.
        vgg: ``FEATURES``; without it there is no Fréchet distance.
    """
    rows = []
    for kind in INPUTS:
        found = blocks(earth, use, by_hand=kind == "painted")
        true = None if vgg is None else features(vgg, found.truth)
        methods: dict[str, Method] = {name: network_method(model) for name, model in models.items()}
        if kind == "photo":
            methods |= trivial_methods(earth)
        for name, method in methods.items():
            rows.append(_row(kind, name, method(found.tiles.day, found), found, vgg, true))
            yield rows[-1]
    yield Report(use, len(found), int(found.counted.sum()), tuple(rows), command)


def _row(kind: str, name: str, painted: Tensor, found: Blocks, vgg: nn.Module | None, true: Features | None) -> Row:
    sums = moments(painted, found.truth, found.counted)
    whole = quality(name, sums, painted=None if vgg is None else features(vgg, painted), true=true)
    parts = {}
    for title in dict.fromkeys(found.region):
        own = torch.tensor([region == title for region in found.region])
        parts[title] = quality(name, Moments(sums.absolute[own], sums.pixels[own], sums.cells[own]))
    return Row(kind, whole, parts)
