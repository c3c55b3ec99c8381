"""One game on the plane from the first round to the last, for ``/gan_lab`` and ``python -m apps.gan lab``.

The page plays in the visitor's browser; this is the torch version, which the page is held to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from apps.gan.choices import check_seed
from apps.gan.lab.game import Frame, Lab, covered
from apps.gan.lab.rules import MOST_ROUNDS, PRESETS, WARM_UP
from apps.gan.lab.starts import FILE, packed, write_starts
from shared.errors import check_choice, check_whole
from shared.serving.turns import TURNS
from shared.settings import weights_dir
from shared.targets import check_target

_LOOKS = 20  # rows of the table of a game


def played(preset: str, *, rounds: object, seed: object) -> Iterator[dict[str, Any]]:
    """Play ``rounds`` rounds of a game worth watching, or until it diverges.

    Each time, the numbers so far: ``preset``, ``seed``, ``rounds``, ``diverged``, ``history`` (a row at every look:
    ``rounds``, ``loss_d``, ``loss_g``, ``kl`` and ``js`` in bits, ``covered``: the share of real points with a fake
    near them) and the points now, ``real`` and ``fake`` ((160, 2) each, on the sheet [-1, 1] x [-1, 1]). A loss, a
    divergence or a point that is no finite number is ``None``.

    Raises:
        OptionError: no such preset, or a number out of range.
    """
    rules = PRESETS[check_choice(preset, PRESETS, "The game")].rules
    last = check_whole(rounds, "The number of rounds", low=1, high=MOST_ROUNDS)
    game = Lab(replace(rules, seed=check_seed(seed)))
    history: list[dict[str, Any]] = []
    for frame in game.play(last, per_frame=max(1, last // _LOOKS)):
        TURNS.breathe()
        kl, js = (None, None) if frame.diverged else game.divergences()
        history.append(_row(frame) | {"kl": kl, "js": js})
        yield {
            "preset": preset,
            "seed": game.rules.seed,
            "rounds": frame.rounds,
            "diverged": frame.diverged,
            "history": history,
            "real": frame.real.round(4).tolist(),
            "fake": None if frame.diverged else frame.fake.round(4).tolist(),
        }


def train_starts(*, out: Path | None) -> Iterator[str]:
    """Play each game worth watching for ``WARM_UP`` rounds and keep both players in ``out``: a line for each.

    Raises:
        InputError: the file cannot be written.
    """
    path = out or weights_dir() / FILE
    check_target(path, endings=(".json",))
    found = {}
    for name, preset in PRESETS.items():
        game = Lab(preset.rules)
        for frame in game.play(WARM_UP, per_frame=WARM_UP):
            yield f"{name}: a fake near {covered(frame):.0%} of the real points"
        found[name] = packed(part.detach() for player in (game.g, game.d) for part in player.parameters())
    write_starts(found, path)


def _row(frame: Frame) -> dict[str, Any]:
    losses = {"loss_d": frame.losses_d, "loss_g": frame.losses_g}
    last = {name: None if frame.diverged else values[-1] for name, values in losses.items() if values}
    return {"rounds": frame.rounds, **last, "covered": None if frame.diverged else covered(frame)}
