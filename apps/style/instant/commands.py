"""``python -m apps.style now`` and ``learn``: a picture in one pass, and a style taught, from the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.style.instant.table import STYLES, find_style
from shared.cli import say, write_json
from shared.errors import InputError, check_number, check_whole
from shared.progress import duration

_SAY_EVERY = 50  # steps of a lesson

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


def add_learn(commands: Any) -> None:
    """Add the command ``learn`` to the subparsers ``commands``."""
    learn = commands.add_parser("learn", help="teach the painter in one pass the style of PICTURE, in some minutes")
    learn.add_argument("picture", type=Path, metavar="PICTURE")
    learn.add_argument("--out", type=Path, required=True, metavar="FILE", help="the style, some 4 kB")
    learn.add_argument("--title", help="what to call it (default: the picture's file name)")
    learn.add_argument("--contents", type=Path, metavar="FOLDER", help="photos to practise on, besides the samples")
    learn.add_argument("--steps", default=200, help="default: %(default)s")
    learn.add_argument("--content", default=1.0, help="how much the photo counts; fine lines need 2 to 3 (default: 1)")
    learn.add_argument("--seed", default=0, help="default: %(default)s")


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


def learn(chosen: argparse.Namespace) -> None:
    """Teach the painter, and write the style."""
    check_target(chosen.out)
    from apps.style import canvas
    from apps.style.instant.judge import Weights
    from apps.style.instant.learn import MOST_STEPS, Learner, Lesson, sample_contents
    from apps.style.instant.stylefile import StyleFile, write_style

    lesson = Lesson(
        steps=check_whole(chosen.steps, "--steps", low=1, high=MOST_STEPS),
        seed=check_whole(chosen.seed, "--seed", low=0, high=2**31 - 1),
        weights=Weights(content=check_number(chosen.content, "--content", low=0, high=100)),
    )
    more = sorted(path for path in chosen.contents.iterdir() if path.is_file()) if chosen.contents else []
    contents = sample_contents() + [canvas.open_content(path) for path in more]
    learner = Learner(canvas.open_style(chosen.picture), contents, lesson, title=chosen.title or chosen.picture.stem)
    for step in learner.steps(preview_every=MOST_STEPS):
        if step.progress.done % _SAY_EVERY == 0 or step.progress.done == lesson.steps:
            left = duration(step.progress.left_s or 0.0)
            say(f"{step.progress.done}/{lesson.steps}  content {step.content:.3f}, style {step.style:.3f}, {left} left")
    style = learner.style
    chosen.out.write_bytes(write_style(StyleFile(title=style.title, gamma=style.gamma, beta=style.beta)))


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
