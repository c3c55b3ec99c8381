"""The room's part of ``python -m apps.gan``, free of torch until a command runs.

::

    upscale     PHOTO --out PNG [--model gan|small|bicubic] [--json]
    restore     PHOTO [--side 96] [--out PNG] [--json]
    same-person PHOTO [--other PHOTO] [--json]
"""

from __future__ import annotations

from argparse import _SubParsersAction
from pathlib import Path

from apps.gan.sharpen.options import DEFAULT, LEAST_SIDE, MOST_SIDE, UPSCALERS
from shared.cli import Parser


def add_commands(commands: _SubParsersAction[Parser]) -> None:
    """Add the commands of sharpening."""
    upscale = commands.add_parser("upscale", help="make a photo four times as large")
    upscale.set_defaults(work=_upscale)
    upscale.add_argument("--out", type=Path, metavar="PNG", required=True, help="the large picture")
    upscale.add_argument("--model", default=DEFAULT, help=f"{', '.join(UPSCALERS)} (default: {DEFAULT})")
    person = commands.add_parser("same-person", help="restore a face from few pixels, and ask the verifier whose it is")
    person.set_defaults(work=_same_person)
    person.add_argument("--other", type=Path, metavar="PHOTO", help="another photo of this person, to compare with")
    restore = commands.add_parser("restore", help="make a photo small, restore it in every way, and compare with it")
    restore.set_defaults(work=_restore)
    restore.add_argument("--side", default=str(MOST_SIDE), help=f"of the small one, {LEAST_SIDE} to {MOST_SIDE} pixels")
    restore.add_argument("--out", type=Path, metavar="PNG", help="the photo, bicubic, small network, GAN, side by side")
    for command in (upscale, restore, person):
        command.add_argument("photo", type=Path, metavar="PHOTO")
        command.add_argument("--json", action="store_true", help="print one JSON object")


def _upscale(*, photo: Path, out: Path, model: str, json: bool) -> None:
    from apps.gan.sharpen import commands

    commands.upscale_to(photo, out, model=model, as_json=json)


def _restore(*, photo: Path, side: str, out: Path | None, json: bool) -> None:
    from apps.gan.sharpen import commands

    commands.restore(photo, side=side, out=out, as_json=json)


def _same_person(*, photo: Path, other: Path | None, json: bool) -> None:
    from apps.gan.sharpen import commands

    commands.ask_verifier(photo, other, as_json=json)
