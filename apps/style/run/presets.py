"""Recipes to start from. The cost does not rank pictures: judge them by eye, with ``python -m apps.style sheet``."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from apps.style.options import Options


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A named recipe: what it changes of ``Options()``."""

    title: str
    note: str  # one sentence
    changes: dict[str, Any]

    def options(self, base: Options | None = None) -> Options:
        """The recipe; ``base`` keeps the size, iterations, seed and network of another."""
        kept = base or Options()
        return dataclasses.replace(
            Options(size=kept.size, iterations=kept.iterations, seed=kept.seed, backbone=kept.backbone), **self.changes
        )


_NOISE: dict[str, Any] = {"init": "noise", "smoothness": 10.0}  # which removes the grain that the noise leaves
_FIVE = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
PRESETS: dict[str, Preset] = {
    "brush": Preset(title="Brush strokes", note="Starts from the content picture; always works.", changes={}),
    "onepass": Preset(
        title="From the picture in one pass",
        note="The optimizer improves what one pass has found: fewer iterations do.",
        changes={"init": "instant"},
    ),
    "bold": Preset(title="Bold", note="More weight on the style: objects begin to dissolve.", changes={"beta": 8.0}),
    "noise": Preset(
        title="From noise",
        note="The costs alone have to find the picture, from 64 pixels up; shallow layers keep the content clear.",
        changes=_NOISE | {"content_layers": ("relu1_2", "relu2_2", "relu4_2"), "beta": 1.5, "smoothness": 2.0},
    ),
    "over": Preset(
        title="From the style picture",
        note="Starts from the painting; the content cost has to bring the objects in.",
        changes={"init": "style", "content_layers": ("relu2_2", "relu4_2")},
    ),
    "fine": Preset(
        title="Fine texture",
        note="Shallow style layers only: colours and small strokes, no large forms.",
        changes={"style_layers": ("relu1_1", "relu1_2", "relu2_1"), "lambdas": (1.0, 1.0, 1.0), "beta": 4.0},
    ),
    "forms": Preset(
        title="Large forms",
        note="More weight on deep style layers: the style's shapes come through, its fine grain does not.",
        changes={"style_layers": _FIVE, "lambdas": (0.5, 0.5, 1.0, 3.0, 1.0), "beta": 3.0, "smoothness": 0.5},
    ),
    "adam": Preset(
        title="Adam",
        note="The other optimizer: livelier strokes with a finer grain.",
        changes={"optimizer": "adam", "beta": 3.0, "smoothness": 0.0},
    ),
    "content": Preset(
        title="Content only",
        note="β = 0, from noise: what a deep layer keeps of the picture.",
        changes=_NOISE | {"content_layers": ("relu3_3",), "beta": 0.0, "smoothness": 0.5},
    ),
    "style": Preset(
        title="Style only",
        note="α = 0, from noise: what the Gram matrices encode: texture without layout.",
        changes=_NOISE | {"alpha": 0.0, "smoothness": 0.5},
    ),
    "paper": Preset(
        title="As in the paper",
        note="Noise, L-BFGS, five layers, one size, bare costs; grainy with this network, for comparison.",
        changes={
            "init": "noise",
            "style_layers": _FIVE,
            "lambdas": (0.2, 0.2, 0.2, 0.2, 0.2),
            "units": "written",
            "beta": 1000.0,
            "smoothness": 0.0,
            "coarse_to_fine": False,
        },
    ),
}
