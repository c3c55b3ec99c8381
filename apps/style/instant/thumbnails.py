"""The styles as small pictures: the thumbnails that the page offers, and a sheet of them to judge and to name by.

``python -m apps.style.instant.thumbnails`` paints the thumbnails again; ``--sheet FILE`` paints three contents in every
style (or in ``--styles NAME,NAME``) instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from apps.style import canvas
from apps.style.instant.paint import SIZE, paint_now
from apps.style.instant.style import named_style
from apps.style.instant.table import STYLES, find_style
from apps.style.samples import SAMPLES
from shared.cli import Parser, run, say

CONTENTS = ("cat", "astronaut", "temple")  # of the sheet; the first is on the thumbnails
SIDE = 96  # pixels of a thumbnail
_QUALITY = 72  # of WebP: 3 kB a thumbnail
_CELL = 300  # pixels of the sheet
_HEAD = 220  # pixels for the names


def paint_thumbnails() -> None:
    """Write the thumbnail of every style: the cat painted at 384 pixels, of which the middle is reduced."""
    content = canvas.open_content(SAMPLES[CONTENTS[0]].path)
    for style in STYLES.values():
        painted = paint_now(content, named_style(style))
        style.thumb.parent.mkdir(exist_ok=True)
        small = ImageOps.fit(painted, (SIDE, SIDE), Image.Resampling.LANCZOS)
        small.save(style.thumb, "WEBP", quality=_QUALITY, method=6)
        say(f"{style.thumb.name}  {style.thumb.stat().st_size} bytes")


def paint_sheet(names: Sequence[str], target: Path, size: int) -> None:
    """Write three contents in each of ``names`` to ``target``: a style per row."""
    contents = [canvas.open_content(SAMPLES[name].path) for name in CONTENTS]
    sheet = Image.new("RGB", (_HEAD + _CELL * len(contents), _CELL * len(names)), "white")
    for row, name in enumerate(names):
        style = find_style(name)
        ImageDraw.Draw(sheet).text((8, row * _CELL + 100), style.title, fill="black", font_size=18)
        for column, content in enumerate(contents):
            cell = ImageOps.contain(paint_now(content, named_style(style), size=size), (_CELL - 4, _CELL - 4))
            sheet.paste(cell, (_HEAD + column * _CELL, row * _CELL))
    sheet.save(target)


def main(argv: Sequence[str]) -> None:
    """Paint what the command line asks for."""
    parser = Parser(prog="python -m apps.style.instant.thumbnails", description=__doc__)
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="paint a sheet instead of the thumbnails")
    parser.add_argument("--styles", default=",".join(STYLES), help="of the sheet (default: all)")
    parser.add_argument("--size", type=int, default=SIZE, help="pixels of the sheet's contents (default: %(default)s)")
    chosen = parser.parse_args(argv)
    if chosen.sheet is None:
        paint_thumbnails()
    else:
        paint_sheet(chosen.styles.split(","), chosen.sheet, chosen.size)


if __name__ == "__main__":
    run(main)
