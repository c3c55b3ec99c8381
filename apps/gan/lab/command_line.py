"""The room's part of ``python -m apps.gan``, free of torch until it runs.

::

    lab [--preset NAME] [--rounds 400] [--seed 0] [--json]
    lab-starts [--out FILE]
"""

from __future__ import annotations

from argparse import _SubParsersAction
from pathlib import Path
from typing import Any

from apps.gan.lab.rules import MOST_ROUNDS, PRESETS
from shared.cli import Parser, say, write_json


def add_commands(commands: _SubParsersAction[Parser]) -> None:
    """Add ``lab``."""
    lab = commands.add_parser("lab", help="play a GAN on points of the plane")
    lab.set_defaults(work=_lab)
    first = next(iter(PRESETS))
    lab.add_argument("--preset", default=first, help=f"{', '.join(PRESETS)} (default: {first})")
    lab.add_argument("--rounds", default="400", help=f"1 to {MOST_ROUNDS:,} (default: 400)")
    lab.add_argument("--seed", default="0", help="the same seed gives the same game (default: 0)")
    lab.add_argument("--json", action="store_true", help="print one JSON object, with the points")
    starts = commands.add_parser("lab-starts", help="play each game's first rounds, for the page's trained starts")
    starts.set_defaults(work=_starts)
    starts.add_argument("--out", type=Path, help="the file (default: the bundled one)")


def _lab(*, preset: str, rounds: str, seed: str, json: bool) -> None:
    from apps.gan.lab.requests import played

    answer: dict[str, Any] = {}
    for answer in played(preset, rounds=rounds, seed=seed):
        if not json:
            say(_line(answer["history"][-1]))
    if json:
        write_json(answer)
    elif answer["diverged"]:
        say(f"The game has diverged in round {answer['rounds']:,}: lower a learning rate.")


def _starts(*, out: Path | None) -> None:
    from apps.gan.lab.requests import train_starts

    for line in train_starts(out=out):
        say(line)


def _line(row: dict[str, Any]) -> str:
    shown = {name: "-" if row.get(name) is None else f"{row[name]:.3f}" for name in _SHOWN}
    return f"round {row['rounds']:>5,}: " + ", ".join(f"{_SHOWN[name]} {value}" for name, value in shown.items())


_SHOWN = {"loss_d": "D's loss", "loss_g": "G's loss", "kl": "KL", "js": "JS", "covered": "covered"}
