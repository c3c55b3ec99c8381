"""The contact sheet: every content in every style, one sheet per preset, for judging by eye. ``make style-sheet``.

Judged at 192 pixels and 80 iterations. From the content picture, content and brush strokes are clear in all of 36
pairs. From noise, content, strokes and the style's colours are clear in 47 of 48 pairs; the astronaut in brown ink is
faint at this size and clear at 256 pixels and 150 iterations. From the style picture, most contents were lost with
relu4_2 alone; with relu2_2 added they are clear in the few pairs that were painted.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from apps.style import canvas
from apps.style.options import checked
from apps.style.run.presets import PRESETS
from apps.style.run.transfer import Run
from apps.style.samples import Sample, find_sample, of_role
from shared.cli import say
from shared.errors import check_choice

_CELL = 256  # pixels
_HEAD = 72  # pixels of the pictures along the edges


def make_sheets(chosen: argparse.Namespace) -> Iterator[Path]:
    """One JPEG per preset in the folder ``chosen.out``; each picture is also kept by itself."""
    contents = _samples(chosen.contents) or of_role("content")
    styles = _samples(chosen.styles) or of_role("style")
    chosen.out.mkdir(parents=True, exist_ok=True)
    for preset in [part.strip() for part in str(chosen.presets).split(",") if part.strip()]:
        check_choice(preset, PRESETS, "--presets")
        cells = []
        for content in contents:
            for style in styles:
                target = chosen.out / f"{preset}-{content.name}-{style.name}.jpg"
                if not target.is_file():
                    _paint(preset, content, style, chosen).save(target, quality=92)
                    say(str(target))
                cells.append(Image.open(target).convert("RGB"))
        path = chosen.out / f"sheet-{preset}.jpg"
        arranged(cells, contents, styles).save(path, quality=90)
        yield path


def arranged(cells: Sequence[Image.Image], contents: Sequence[Sample], styles: Sequence[Sample]) -> Image.Image:
    """The pictures as a table: a content per row, a style per column, the originals along the edges."""
    sheet = Image.new("RGB", (_HEAD + _CELL * len(styles), _HEAD + _CELL * len(contents)), "white")
    for column, style in enumerate(styles):
        sheet.paste(ImageOps.fit(Image.open(style.path), (_HEAD, _HEAD)), (_HEAD + column * _CELL, 0))
        ImageDraw.Draw(sheet).text((_HEAD * 2 + column * _CELL + 6, 26), style.title, fill="black")
    for row, content in enumerate(contents):
        sheet.paste(ImageOps.fit(Image.open(content.path), (_HEAD, _HEAD)), (0, _HEAD + row * _CELL))
        for column in range(len(styles)):
            cell = ImageOps.contain(cells[row * len(styles) + column], (_CELL - 4, _CELL - 4), Image.Resampling.LANCZOS)
            sheet.paste(cell, (_HEAD + column * _CELL, _HEAD + row * _CELL))
    return sheet


def _paint(preset: str, content: Sample, style: Sample, chosen: argparse.Namespace) -> Image.Image:
    options = checked(dataclasses.replace(PRESETS[preset].options(), size=chosen.size, iterations=chosen.iterations))
    run = Run(canvas.open_content(content.path), canvas.open_style(style.path), options)
    for _ in run.steps(every_s=10.0):
        pass
    return run.picture


def _samples(text: str) -> tuple[Sample, ...]:
    return tuple(find_sample(part.strip()) for part in text.split(",") if part.strip())
