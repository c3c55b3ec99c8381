"""The room's part of ``python -m apps.gan``, free of torch until a command runs.

::

    art          [NAME] --out PNG [--width 1024] [--height 1024] [--x 0] [--y 0] [--seed 0] [--wraps]
                 [--second NAME] [--share 0.5] [--even] [--film] [--weights FILE] [--json]
    art-nearest  [NAME] --out PNG [--x 0] [--y 0] [--seed 0] [--json]
    art-train    NAME|PICTURE [--folder DIR] [--steps N] [--seed 0] [--begin NAME]
    art-bundle   [--folder DIR] --out FILE
    art-evaluate [--out FILE] [--json]
"""

from __future__ import annotations

from argparse import _SubParsersAction
from pathlib import Path

from apps.gan.art.choices import ARTS, LARGEST_POSTER, NO_SECOND, SMALLEST
from shared.cli import Parser, say, write_json

_FOLDER = Path("runs/art")


def add_commands(commands: _SubParsersAction[Parser]) -> None:
    """Add the commands of endless art."""
    names = ", ".join(ARTS)
    art = commands.add_parser("art", help="paint a window of an endless picture")
    art.set_defaults(work=_art)
    for side in ("width", "height"):
        art.add_argument(f"--{side}", default="1024", help=f"pixels, {SMALLEST} to {LARGEST_POSTER} (default: 1024)")
    art.add_argument("--wraps", action="store_true", help="a tile: left continues right, top continues bottom")
    art.add_argument("--second", default=NO_SECOND, metavar="NAME", help=f"a picture to mix in: {names}")
    art.add_argument("--share", default="0.5", help="of the second at the right edge, 0 to 1 (default: 0.5)")
    art.add_argument("--even", action="store_true", help="... everywhere, not growing from left to right")
    art.add_argument("--film", action="store_true", help="once around a circle of planes, as an animated WebP")
    art.add_argument("--weights", type=Path, metavar="FILE", help="a generator of your own, by art-bundle")
    near = commands.add_parser("art-nearest", help="patches of endless art above the nearest ones of their picture")
    near.set_defaults(work=_nearest)
    for command in (art, near):
        command.add_argument("name", nargs="?", default="mosaic", metavar="NAME", help=f"{names} (default: mosaic)")
        command.add_argument("--out", type=Path, required=True, metavar="PNG", help="where it is written")
        command.add_argument("--seed", default="0", help="another seed, another plane (default: 0)")
        for axis in ("x", "y"):
            command.add_argument(f"--{axis}", default="0", help="pixels from the plane's middle (default: 0)")
    train = commands.add_parser("art-train", help="train a generator on one picture; an interrupted run continues")
    train.set_defaults(work=_train)
    train.add_argument("picture", metavar="NAME|PICTURE", help=f"{names}, or a file")
    train.add_argument("--steps", help="instead of the plan's")
    train.add_argument("--seed", default="0", help="of weights and patches (default: 0)")
    train.add_argument("--begin", metavar="NAME", help="start from a bundled one; only then can both be blended")
    bundle = commands.add_parser("art-bundle", help="write a run's generator as it is now")
    bundle.set_defaults(work=_bundle)
    bundle.add_argument("--out", type=Path, required=True, metavar="FILE", help="NAME.safetensors")
    for command in (train, bundle):
        command.add_argument("--folder", type=Path, default=_FOLDER, help=f"where the run lives (default: {_FOLDER})")
    evaluate = commands.add_parser("art-evaluate", help="measure patches of endless art against those of its picture")
    evaluate.set_defaults(work=_evaluate)
    evaluate.add_argument("--out", type=Path, metavar="FILE", help="write the figures as JSON")
    for command in (art, near, evaluate):
        command.add_argument("--json", action="store_true", help="print one JSON object")


def _art(*, name: str, json: bool, **options: object) -> None:
    from apps.gan.art import commands

    answer = commands.paint_file(name, **options)  # type: ignore[arg-type]
    if json:
        write_json(answer)
    else:
        say(f"{answer['files'][0]}: {answer['width']} x {answer['height']} pixels")


def _nearest(*, name: str, json: bool, **options: object) -> None:
    from apps.gan.art import commands

    answer = commands.nearest_patches(name, **options)  # type: ignore[arg-type]
    if json:
        write_json(answer)
    else:
        say(f"{answer['files'][0]}: distances {', '.join(f'{far:.2f}' for far in answer['distances'])}; 0 is a copy")


def _train(*, picture: str, steps: str | None, seed: str, folder: Path, begin: str | None) -> None:
    from apps.gan.art import commands

    for line in commands.train_art(picture, steps=steps, seed=seed, folder=folder, begin=begin):
        say(line)


def _bundle(*, folder: Path, out: Path) -> None:
    from apps.gan.art import commands

    for line in commands.bundle(folder, out=out):
        say(line)


def _evaluate(*, out: Path | None, json: bool) -> None:
    from apps.gan.art import commands

    for step in commands.measure(out=out):
        if isinstance(step, str):
            say(step)
        elif json:
            write_json(step)
