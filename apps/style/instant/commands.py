"""``python -m apps.style now``: a picture in one pass from the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.style.instant.table import STYLES, find_style
from shared.cli import say, write_json
from shared.errors import InputError

if TYPE_CHECKING:
    from apps.style.instant.now import StyleSource


def add_now(commands: Any) -> None:
    """Add the command ``now`` to the subparsers ``commands``."""
    now = commands.add_parser("now", help="paint PHOTO in one pass, in about a second")
    now.add_argument("photo", type=Path, metavar="PHOTO")
    what = f"a name ({', '.join(STYLES)}), a picture, or a style file"
    now.add_argument("--style", required=True, metavar="NAME|PICTURE", help=what)
    now.add_argument("--second", metavar="NAME|PICTURE", help="mix with this style, of the same kind")
    now.add_argument("--share", default=0.5, help="of the second style, 0 to 1 (default: %(default)s)")
    now.add_argument("--out", type=Path, required=True, metavar="PNG")
    now.add_argument("--size", default=384, help="pixels of the longer side, 64 to 1024 (default: %(default)s)")
    now.add_argument("--strength", default=1.0, help="0 is the photo, 1 the painting (default: %(default)s)")
    now.add_argument("--keep-colours", action="store_true", help="the photo's colours, the painting's light")
    now.add_argument("--json", action="store_true", help="print one JSON object on stdout")


def now(chosen: argparse.Namespace) -> None:
    """Paint what the command line asks for, and write it."""
    check_target(chosen.out)
    from apps.style.instant.now import stylize_now
    from shared.images import png_bytes

    answer = stylize_now(
        chosen.photo,
        given_style(chosen.style),
        second=None if chosen.second is None else given_style(chosen.second),
        share=chosen.share,
        size=chosen.size,
        strength=chosen.strength,
        keep_colours=chosen.keep_colours,
    )
    chosen.out.write_bytes(png_bytes(answer.picture))
    say(f"{answer.style.title}, {answer.picture.width} x {answer.picture.height} pixels, {answer.seconds:.2f} s")
    if chosen.json:
        write_json(answer.numbers())


def given_style(text: str) -> StyleSource:
    """A name of the table as it is, anything else as the path of a file.

    Raises:
        OptionError: neither a name nor a file that is there.
    """
    if text in STYLES:
        return text
    path = Path(text)
    return path if path.is_file() else find_style(text).name


def check_target(path: Path) -> None:
    """Whether a file can be written to ``path``.

    Raises:
        InputError: its folder is not there.
    """
    if not path.resolve().parent.is_dir():
        raise InputError("a folder for --out that exists", str(path.parent), "Make the folder, or choose another.")
