"""``python -m apps.style``: transfer, a picture in one pass, and the contact sheet that the presets were judged by."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.style.instant import commands as instant
from apps.style.options import (
    INITS,
    OPTIMIZERS,
    POOLINGS,
    PRECISIONS,
    UNITS,
    Options,
    checked,
    from_json,
    parse_lambdas,
)
from apps.style.run.presets import PRESETS
from apps.style.vgg.backbones import BACKBONES, DEFAULT_BACKBONE
from shared.cli import Parser, run, say, write_json
from shared.device import pick_device
from shared.errors import InputError, check_choice
from shared.progress import duration
from shared.targets import check_folder, check_picture, check_target, save, stoppable

if TYPE_CHECKING:
    from apps.style.run.transfer import Run

_SAY_EVERY_S = 2.0


def parser() -> argparse.ArgumentParser:
    """The command line, its choices from the same tables as the page's."""
    made = Parser(prog="python -m apps.style", description=__doc__)
    commands = made.add_subparsers(dest="command", required=True, parser_class=Parser)
    one = commands.add_parser("transfer", help="paint CONTENT in the style of STYLE")
    one.add_argument("content", type=Path, metavar="CONTENT")
    one.add_argument("style", type=Path, metavar="STYLE")
    one.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="PNG",
        help="the picture, with its recipe inside; .jpg, .webp ... too",
    )
    one.add_argument("--costs", type=Path, metavar="CSV", help="the costs of every iteration")
    one.add_argument("--recipe", type=Path, metavar="JSON", help="write the recipe here")
    one.add_argument("--replay", type=Path, metavar="JSON", help="take every option from this recipe")
    one.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    _add_options(one)
    instant.add_now(commands)
    instant.add_learn(commands)
    sheet = commands.add_parser("sheet", help="the contact sheet: contents x styles x presets, for judging by eye")
    sheet.add_argument("--out", type=Path, default=Path("runs/style-sheet"), help="folder (default: %(default)s)")
    sheet.add_argument("--size", default=256, help="pixels (default: %(default)s)")
    sheet.add_argument("--iterations", default=150)
    sheet.add_argument("--presets", default="brush,noise,over", help=f"of {', '.join(PRESETS)} (default: %(default)s)")
    sheet.add_argument("--contents", default="", help="samples to use (default: all)")
    sheet.add_argument("--styles", default="", help="samples to use (default: all)")
    return made


def _add_options(one: argparse.ArgumentParser) -> None:
    default = Options()
    one.add_argument("--preset", metavar="NAME", help=f"begin with {', '.join(PRESETS)}; other options win over it")
    one.add_argument("--size", help=f"pixels of the longer side (default: {default.size})")
    one.add_argument("--iterations", help=f"default: {default.iterations}")
    one.add_argument("--init", help=f"{', '.join(INITS)} (default: {default.init})")
    one.add_argument("--seed", help=f"default: {default.seed}")
    one.add_argument("--backbone", help=f"{', '.join(BACKBONES)} (default: {DEFAULT_BACKBONE})")
    one.add_argument("--content-layers", metavar="NAMES", help=f"default: {','.join(default.content_layers)}")
    one.add_argument(
        "--style-layers", metavar="NAME=LAMBDA,...", help="default: relu1_1=1,relu2_1=1,relu3_1=1,relu4_1=1"
    )
    one.add_argument("--alpha", help=f"weight of J_content (default: {default.alpha:g})")
    one.add_argument("--beta", help=f"weight of J_style (default: {default.beta:g})")
    one.add_argument("--units", help=f"of the lambdas: {', '.join(UNITS)} (default: {default.units})")
    one.add_argument("--optimizer", help=f"{', '.join(OPTIMIZERS)} (default: {default.optimizer})")
    one.add_argument("--pooling", help=f"{', '.join(POOLINGS)} (default: {default.pooling})")
    one.add_argument("--smoothness", help=f"weight of the total variation (default: {default.smoothness:g})")
    one.add_argument("--precision", help=f"{', '.join(PRECISIONS)} (default: {default.precision})")
    one.add_argument("--one-size", action="store_true", help="the full size from the start, not coarse to fine")
    one.add_argument("--keep-colours", action="store_true", help="take only lightness from the style")


def options_of(chosen: argparse.Namespace) -> Options:
    """The recipe that the command line asks for, checked.

    Raises:
        OptionError: an option outside its range.
    """
    if chosen.replay is not None:
        return from_json(_text_of(chosen.replay))
    begun = PRESETS[check_choice(chosen.preset, PRESETS, "--preset")].options() if chosen.preset else Options()
    given: dict[str, Any] = {
        name: getattr(chosen, name)
        for name in ("size", "iterations", "init", "seed", "backbone", "alpha", "beta", "units", "optimizer", "pooling",
                     "smoothness", "precision", "content_layers")
        if getattr(chosen, name) is not None
    }  # fmt: skip
    if chosen.style_layers is not None:
        given["style_layers"], given["lambdas"] = parse_lambdas(chosen.style_layers)
    if chosen.one_size:
        given["coarse_to_fine"] = False
    if chosen.keep_colours:
        given["keep_colours"] = True
    return checked(Options(**(begun.to_json() | given)))


def transfer(chosen: argparse.Namespace) -> None:
    """Run one transfer and write what was asked for; Ctrl-C keeps what has been painted until then."""
    options = options_of(chosen)
    check_transfer(chosen)
    from apps.style.canvas import on_ground
    from apps.style.run import recipe

    work = _run(chosen, options)
    with stoppable("Stopping after this iteration; once more stops at once and keeps nothing.") as stopped:
        for step in work.steps(every_s=_SAY_EVERY_S):
            left = "" if step.left_s is None or step.finished else f", about {duration(step.left_s)} left"
            say(f"{step.done}/{step.total}  J = {step.costs[-1].J:.4g}{left}")
            if stopped():
                break
    made = recipe.recipe(work, {})
    written = json.dumps(made, indent=1)
    save(
        [
            ("--out", chosen.out, recipe.painting(on_ground(work.picture, work.ground), made, chosen.out)),
            ("--costs", chosen.costs, recipe.costs_csv(work.costs)),
            ("--recipe", chosen.recipe, written),
        ]
    )
    if chosen.json:
        more = {"iterations": work.done, "size": list(work.picture.size), "seed": options.seed, "recipe": made}
        write_json(work.result().numbers() | more)
    if stopped() and not step.finished:
        raise KeyboardInterrupt(
            f"Stopped after {work.done} of {work.total} iterations; the picture so far is in {chosen.out}."
        )


def check_transfer(chosen: argparse.Namespace) -> None:
    """Whether the files that a transfer writes can be written.

    Raises:
        InputError: one cannot, or would take the place of a picture that is read, or of another one.
    """
    read = (chosen.content, chosen.style, chosen.replay)
    check_picture(chosen.out, apart_from=read)
    if chosen.costs is not None:
        check_target(chosen.costs, "--costs", apart_from=(*read, chosen.out))
    if chosen.recipe is not None:
        check_target(chosen.recipe, "--recipe", apart_from=(*read, chosen.out, chosen.costs))


def _run(chosen: argparse.Namespace, options: Options) -> Run:
    """The run that was asked for, before its first step."""
    from apps.style import canvas
    from apps.style.run import limits, recipe
    from apps.style.run.transfer import Run

    content, ground = canvas.open_content_and_ground(chosen.content)
    work = Run(content, canvas.open_style(chosen.style), options, ground=ground)
    if chosen.replay is not None:
        for role in recipe.other_pictures(_text_of(chosen.replay), work):
            say(f"This is not the {role} picture of the recipe, so the result will differ.")
    device = pick_device()
    limits.check_fits(options, content.size, device)
    seconds = limits.estimate_s(options, content.size, device)
    if seconds > limits.LONG_S:
        say(limits.duration_note(seconds, stop="Ctrl-C"))
    return work


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "a recipe for --replay", f"no readable file {path}", "Give a file that --recipe wrote."
        ) from error


def main(argv: Sequence[str]) -> None:
    """Do what the command line asks for."""
    chosen = parser().parse_args(argv)
    if chosen.command == "transfer":
        transfer(chosen)
        return
    if chosen.command == "now":
        instant.now(chosen)
        return
    if chosen.command == "learn":
        instant.learn(chosen)
        return
    check_folder(chosen.out)
    from apps.style.run.sheet import make_sheets

    for path in make_sheets(chosen):
        print(path)


if __name__ == "__main__":
    run(main)
