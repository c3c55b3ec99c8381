"""``python -m apps.style now`` and ``learn``: a picture in one pass, and a style taught, from the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.style.instant.stylefile import StyleFile, write_style
from apps.style.instant.table import STYLES, find_style
from shared.cli import say, write_json
from shared.errors import InputError, check_number, check_whole
from shared.progress import duration
from shared.targets import check_picture, check_target, picture_bytes, save, stoppable

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
    read = [Path(text) for text in (chosen.style, chosen.second) if text and text not in STYLES]
    check_picture(chosen.out, apart_from=(chosen.photo, *read))
    from apps.style.instant.now import stylize_now

    answer = stylize_now(
        chosen.photo,
        given_style(chosen.style),
        second=None if chosen.second is None else given_style(chosen.second),
        share=chosen.share,
        size=chosen.size,
        strength=chosen.strength,
        keep_colours=chosen.keep_colours,
    )
    save([("--out", chosen.out, picture_bytes(answer.picture, chosen.out))])
    say(f"{answer.style}, {answer.picture.width} x {answer.picture.height} pixels, {answer.seconds:.2f} s")
    if chosen.json:
        write_json(answer.numbers())


def learn(chosen: argparse.Namespace) -> None:
    """Teach the painter, and write the style; Ctrl-C keeps what has been learned until then."""
    check_target(chosen.out, endings=(".safetensors", ""), apart_from=(chosen.picture,))
    from apps.style import canvas
    from apps.style.instant.judge import Weights
    from apps.style.instant.learn import MOST_STEPS, Learner, Lesson, sample_contents

    lesson = Lesson(
        steps=check_whole(chosen.steps, "--steps", low=1, high=MOST_STEPS),
        seed=check_whole(chosen.seed, "--seed", low=0, high=2**31 - 1),
        weights=Weights(content=check_number(chosen.content, "--content", low=0, high=100)),
    )
    more = _photos(chosen.contents) if chosen.contents else []
    contents = sample_contents() + [canvas.open_content(path) for path in more]
    learner = Learner(canvas.open_style(chosen.picture), contents, lesson, title=chosen.title or chosen.picture.stem)
    with stoppable("Stopping after this step; once more stops at once and keeps nothing.") as stopped:
        for step in learner.steps(preview_every=MOST_STEPS):
            progress = step.progress
            if progress.done % _SAY_EVERY == 0 or progress.done == lesson.steps:
                costs = f"content {step.content:.3f}, style {step.style:.3f}"
                say(f"{progress.done}/{lesson.steps}  {costs}, {duration(progress.left_s or 0.0)} left")
            if stopped():
                break
    style = learner.style
    save([("--out", chosen.out, write_style(StyleFile(title=style.title, gamma=style.gamma, beta=style.beta)))])
    if progress.done < lesson.steps:
        raise KeyboardInterrupt(
            f"Stopped after {progress.done} of {lesson.steps} steps; what was learned so far is in {chosen.out}."
        )


def _photos(folder: Path) -> list[Path]:
    """The files in ``folder``, in the order of their names.

    Raises:
        InputError: there is no such folder.
    """
    if not folder.is_dir():
        raise InputError("a folder of photos for --contents", str(folder), "Choose another.")
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def given_style(text: str) -> StyleSource:
    """A name of the table as it is, anything else as the path of a file.

    Raises:
        OptionError: neither a name nor a file that is there.
    """
    if text in STYLES:
        return text
    path = Path(text)
    return path if path.is_file() else find_style(text).name
