"""Recipes to begin with. Each was chosen by looking at the contact sheet of ``python -m apps.style sheet``, because the
cost does not rank pictures."""

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


_NOISE: dict[str, Any] = {
    "init": "noise",
    "optimizer": "lbfgs",
    "content_layers": ("relu3_3",),
    "beta": 1.0,
}
PRESETS: dict[str, Preset] = {
    "brush": Preset(title="Brush strokes", note="From the content picture; the start that never fails.", changes={}),
    "bold": Preset(
        title="Bold",
        note="The style weighs more; things begin to dissolve.",
        changes={"beta": 60.0, "smoothness": 0.3},
    ),
    "noise": Preset(
        title="From noise",
        note="Both pictures have to be found by the costs alone, from 32 pixels up.",
        changes=_NOISE,
    ),
    "fine": Preset(
        title="Fine texture",
        note="Shallow style layers only: colours and small strokes, no large forms.",
        changes={"style_layers": ("relu1_1", "relu1_2", "relu2_1"), "lambdas": (1.0, 1.0, 1.0), "beta": 10.0},
    ),
    "forms": Preset(
        title="Large forms",
        note="Deep style layers weigh more: the style's shapes come, its fine grain does not.",
        changes={
            "style_layers": ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"),
            "lambdas": (0.5, 0.5, 1.0, 3.0, 1.0),
            "beta": 20.0,
        },
    ),
    "content": Preset(
        title="Content only",
        note="beta = 0 from noise: what one deep layer still knows of the picture.",
        changes=_NOISE | {"beta": 0.0, "smoothness": 0.05},
    ),
    "style": Preset(
        title="Style only",
        note="alpha = 0 from noise: what the style matrices know: texture without a place.",
        changes=_NOISE | {"alpha": 0.0, "beta": 1.0},
    ),
    "paper": Preset(
        title="As in the paper",
        note="Noise, L-BFGS, five style layers, one size, unscaled costs; grainy with this network.",
        changes={
            "init": "noise",
            "optimizer": "lbfgs",
            "style_layers": ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"),
            "lambdas": (0.2, 0.2, 0.2, 0.2, 0.2),
            "units": "written",
            "alpha": 1.0,
            "beta": 1000.0,
            "coarse_to_fine": False,
        },
    ),
}
