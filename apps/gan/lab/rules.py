"""The choices of the game in two dimensions, without torch: shapes, rules, presets. ``game.py`` plays them."""

from __future__ import annotations

from dataclasses import dataclass

DRAWN = "drawn"
SHAPES: dict[str, str] = {
    "ring": "Ring",
    "gaussians": "Eight clouds",
    "spiral": "Spiral",
    "two lines": "Two lines",
    DRAWN: "My own drawing",
}
OPTIMIZERS = ("adam", "sgd")
MOST_ROUNDS = 20_000  # of one press of Play


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How the game is played."""

    shape: str = "ring"  # one of SHAPES
    loss: str = "non-saturating"  # one of losses.LOSSES
    lr_d: float = 0.003
    lr_g: float = 0.003
    d_per_g: int = 1  # updates of D per update of G
    batch: int = 128  # points per update
    noise: int = 2  # length of the latent vector
    hidden: tuple[int, ...] = (32, 32)  # widths of both networks' hidden layers; (): linear
    optimizer: str = "adam"  # one of OPTIMIZERS
    seed: int = 0


@dataclass(frozen=True)
class Preset:
    """A game worth watching."""

    rules: Rules
    watch: str  # what to look at
    ends: tuple[float, float]  # between which the share of real points near a fake lies after rounds
    rounds: int = 1_000  # after which it can be seen


PRESETS: dict[str, Preset] = {
    "It works": Preset(
        Rules(),
        "The fakes wander, find the ring and spread along it. In the end D is uncertain everywhere near it.",
        ends=(0.9, 1.0),
    ),
    "Eight modes": Preset(
        Rules(shape="gaussians"),
        "G reaches one cloud after another; threads of fakes remain between them.",
        ends=(0.85, 1.0),
    ),
    "Mode collapse": Preset(
        Rules(shape="gaussians", lr_g=0.02, lr_d=0.002),
        "G learns ten times faster than D: all fakes gather where D is fooled now, then move on together.",
        rounds=1_500,
        ends=(0.0, 0.6),
    ),
    "Turning in circles": Preset(
        Rules(shape="gaussians", hidden=(), optimizer="sgd", lr_d=0.05, lr_g=0.05, loss="minimax"),
        "Two linear players: D leans one way, the fakes run there, D leans the other way; slowly this dies down.",
        rounds=600,
        ends=(0.0, 0.6),
    ),
    "Wasserstein": Preset(
        Rules(shape="two lines", loss="wasserstein", d_per_g=5),
        "D is a critic whose slope is held near 1: the arrows reach everywhere and never vanish.",
        ends=(0.9, 1.0),
        rounds=500,
    ),
}
