"""The room's part of ``python -m apps.gan``, free of torch until a command runs.

::

    translate          PHOTO --out PNG [--model both] [--painted] [--seed 0] [--json]
    translate-place    LATITUDE LONGITUDE --out PNG [--at 0.5] [--painted] [--seed 0] [--json]
    translate-stages   LATITUDE LONGITUDE --out PNG [--painted] [--seed 0] [--json]
    translate-train    [--data DIR] [--folder DIR] [--model all] [--steps N]
    translate-bundle   [--folder DIR] [--out DIR]
    translate-evaluate [--data DIR] [--folder DIR] [--use test] [--out FILE] [--json]
"""

from __future__ import annotations

from argparse import _SubParsersAction
from pathlib import Path

from apps.gan.translation.choices import OBJECTIVES
from shared.cli import Parser, say, write_json

_FOLDER = Path("runs/night")


def add_commands(commands: _SubParsersAction[Parser]) -> None:
    """Add the commands of day to night."""
    names = ", ".join(OBJECTIVES)
    translate = commands.add_parser("translate", help="paint the night of a picture of the Earth by day")
    translate.set_defaults(work=_translate)
    translate.add_argument("photo", metavar="PHOTO", help="land from above by day, best at 10 km a pixel")
    translate.add_argument("--out", type=Path, required=True, metavar="PNG", help="where the night is written")
    translate.add_argument("--model", default="both", help=f"{names} (default: both)")
    translate.add_argument("--painted", action="store_true", help="PHOTO is painted: take the nearest brush's colour")
    translate.add_argument("--seed", default="0", help="of the noise: other cities on flat land (default: 0)")
    place = commands.add_parser("translate-place", help="a place by day, by night as painted, and by night as it is")
    place.set_defaults(work=_place)
    place.add_argument("--at", default="0.5", help="0: trained with L1, 0.5: both, 1: the GAN alone; between: mixed")
    stages = commands.add_parser("translate-stages", help="a place by night as the stages of the training draw it")
    stages.set_defaults(work=_stages)
    for command in (place, stages):
        command.add_argument("latitude", metavar="LATITUDE", help="degrees, of the middle of 2,560 km")
        command.add_argument("longitude", metavar="LONGITUDE", help="degrees")
        command.add_argument("--out", type=Path, required=True, metavar="PNG", help="day, night, truth, side by side")
        command.add_argument("--painted", action="store_true", help="show the network a painted map of the place")
        command.add_argument("--seed", default="0", help="of the noise: other cities on flat land (default: 0)")
    train = commands.add_parser("translate-train", help="train the translators; an interrupted run continues")
    train.set_defaults(work=_train)
    train.add_argument("--model", default="all", help=f"{names} or all, in turns (default: all)")
    train.add_argument("--steps", help="steps of each instead of the plan's")
    bundle = commands.add_parser("translate-bundle", help="write a run's weights and snapshots as they are now")
    bundle.set_defaults(work=_bundle)
    bundle.add_argument("--out", type=Path, help="where the weights go (default: weights/gan)")
    evaluate = commands.add_parser("translate-evaluate", help="measure the translators on land that none has seen")
    evaluate.set_defaults(work=_evaluate)
    evaluate.add_argument("--use", default="test", help="test, or validation for choosing (default: test)")
    evaluate.add_argument("--out", type=Path, metavar="FILE", help="write the figures as JSON")
    for command in (translate, place, stages, evaluate):
        command.add_argument("--json", action="store_true", help="print one JSON object")
    for command in (train, evaluate):
        command.add_argument("--data", type=Path, help="folder of the maps of three-globe (default: the bundled ones)")
    for command, default in ((train, _FOLDER), (bundle, _FOLDER), (evaluate, None)):
        default_note = "" if default is None else f" (default: {default})"
        what = "a run to measure instead of the bundled weights" if default is None else "where the run lives"
        command.add_argument("--folder", type=Path, default=default, help=what + default_note)


def _translate(*, photo: str, out: Path, model: str, painted: bool, seed: str, json: bool) -> None:
    from apps.gan.translation import commands

    answer = commands.translate_file(photo, out=out, model=model, by_hand=painted, seed=seed)
    if json:
        write_json(answer)
    else:
        say(f"{answer['files'][0]}: {answer['width']} x {answer['height']} pixels, {answer['lit']:.1%} of them lit")


def _place(*, json: bool, **asked: object) -> None:
    from apps.gan.translation import commands

    answer = commands.place_file(**asked)  # type: ignore[arg-type]
    if json:
        write_json(answer)
    else:
        lit = f"{answer['lit_km2']:,.0f} km² lit as painted, {answer['true_lit_km2']:,.0f} km² in truth"
        say(f"{answer['files'][0]}: {lit}; {answer['held_out'] or 'not'} held out of the training")


def _stages(*, json: bool, **asked: object) -> None:
    from apps.gan.translation import commands

    answer = commands.stages_file(**asked)  # type: ignore[arg-type]
    if json:
        write_json(answer)
        return
    for one in answer["stages"]:
        name = "bundled" if one["step"] is None else f"step {one['step']:,}"
        say(f"{name}: {one['lit_km2']:,.0f} km² lit, {answer['true_lit_km2']:,.0f} km² in truth")
    say(answer["files"][0])


def _train(*, model: str, steps: str | None, folder: Path, data: Path | None) -> None:
    from apps.gan.translation import commands

    for line in commands.train_translators(model, steps=steps, folder=folder, data=data):
        say(line)


def _bundle(*, folder: Path, out: Path | None) -> None:
    from apps.gan.translation import commands

    for line in commands.bundle(folder, out=out):
        say(line)


def _evaluate(*, folder: Path | None, data: Path | None, use: str, out: Path | None, json: bool) -> None:
    from apps.gan.translation import commands

    for step in commands.measure(use, folder=folder, data=data, out=out):
        if isinstance(step, str):
            say(step)
        elif json:
            write_json(step)
