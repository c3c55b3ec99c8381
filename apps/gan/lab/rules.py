"""The choices of the game in two dimensions, without torch: points, noise, rules, presets, what is to be seen.

The page plays them in the visitor's browser (``ui/page/lab_*.js``), ``game.py`` is the reference that it is held to.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

from apps.gan.choices import LOSSES

DRAWN = "drawn"
SHAPES: dict[str, str] = {
    "ring": "Ring",
    "gaussians": "Eight clouds",
    "spiral": "Spiral",
    "two lines": "Two lines",
    DRAWN: "My own drawing",
}
NOISES: dict[str, tuple[str, int]] = {  # title, length of the latent vector
    "uniform-2": ("Uniform, 2-D", 2),
    "gaussian-2": ("Gaussian, 2-D", 2),
    "uniform-1": ("Uniform, 1-D", 1),
    "gaussian-1": ("Gaussian, 1-D", 1),
}
GAUSSIAN = 0.5  # standard deviation of Gaussian noise: nearly all of it lies on the sheet
OPTIMIZERS: dict[str, str] = {"adam": "Adam", "sgd": "Plain gradient descent"}
MOST_UPDATES = 10  # of one player in a round
MOST_LAYERS = 3  # hidden ones
MOST_NEURONS = 64  # of a layer
GRID = 20  # cells along a side of the generator's manifold
WARM_UP = 1_000  # rounds of a trained start
MOST_ROUNDS = 1_000  # of a game that the hub plays; in the browser there is no end


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How the game is played."""

    shape: str = "ring"  # one of SHAPES
    noise: str = "uniform-2"  # one of NOISES
    loss: str = "non-saturating"  # one of choices.LOSSES
    lr_d: float = 0.003
    lr_g: float = 0.003
    d_updates: int = 1  # in a round
    g_updates: int = 1
    hidden_d: tuple[int, ...] = (32, 32)  # widths of the hidden layers; (): linear
    hidden_g: tuple[int, ...] = (32, 32)
    optimizer_d: str = "adam"  # one of OPTIMIZERS
    optimizer_g: str = "adam"
    r1: float = 0.0  # weight of the penalty on D's slope at the real points
    batch: int = 128  # points per update
    seed: int = 0


@dataclass(frozen=True)
class Preset:
    """A game worth watching."""

    rules: Rules
    watch: str  # what to look at
    ends: tuple[float, float]  # between which the share of real points near a fake lies after rounds
    rounds: int  # after which it can be seen


PRESETS: dict[str, Preset] = {
    "It works": Preset(
        Rules(),
        "The fakes wander, find the ring and spread along it. In the end D is uncertain everywhere near it.",
        ends=(0.8, 1.0),
        rounds=400,
    ),
    "Eight modes": Preset(
        Rules(shape="gaussians"),
        "G reaches one cloud after another; threads of fakes remain between them.",
        ends=(0.8, 1.0),
        rounds=400,
    ),
    "Mode collapse": Preset(
        Rules(shape="gaussians", lr_g=0.01, lr_d=0.002, g_updates=5),
        "G takes five large steps for each small one of D: all fakes gather where D is fooled, then move on together.",
        rounds=300,
        ends=(0.0, 0.6),
    ),
    "Turning in circles": Preset(
        Rules(
            shape="gaussians",
            hidden_d=(),
            hidden_g=(),
            optimizer_d="sgd",
            optimizer_g="sgd",
            lr_d=0.05,
            lr_g=0.05,
            loss="minimax",
        ),
        "Two linear players: D leans one way, the fakes run there, D leans the other way; slowly this dies down.",
        rounds=600,
        ends=(0.0, 0.6),
    ),
    "Wasserstein": Preset(
        Rules(shape="two lines", loss="wasserstein", d_updates=5),
        "D is a critic whose slope is held near 1: the arrows reach everywhere and never vanish.",
        ends=(0.75, 1.0),
        rounds=150,
    ),
    "A line bent into a ring": Preset(
        Rules(noise="uniform-1"),
        "The noise has one dimension: watch the manifold, a line that G bends until it lies along the ring.",
        ends=(0.7, 1.0),
        rounds=600,
    ),
    "R1 calms D": Preset(
        Rules(shape="gaussians", r1=0.1),
        "D pays for being steep at the real points. Compare with “Eight modes”: the background stays soft.",
        ends=(0.7, 1.0),
        rounds=400,
    ),
}


def for_the_page() -> dict[str, Any]:
    """All that the page's script needs to know, as plain values."""
    quantiles = [round(GAUSSIAN * NormalDist().inv_cdf((at + 0.5) / (GRID + 1)), 6) for at in range(GRID + 1)]
    return {
        "rules": asdict(Rules()),
        "presets": {name: {"rules": asdict(one.rules), "watch": one.watch} for name, one in PRESETS.items()},
        "losses": {name: about for name, (_, about) in LOSSES.items()},
        "gaussian": GAUSSIAN,
        "quantiles": quantiles,  # places of Gaussian noise with as much of it between any two neighbours
        "warm_up": WARM_UP,
    }
