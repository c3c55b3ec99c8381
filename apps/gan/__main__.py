"""``python -m apps.gan``: draw digits, measure a generator, train what the demo bundles, enlarge photos.

::

    sample   --model cgan-digits [--digit 7] --count 64 --seed 0 [--out PNG] [--npz FILE] [--json]
    evaluate --model cgan-digits [--data DIR] [--n 10000] [--json]
    train    --model cgan-digits [--data DIR] [--folder DIR] [--out DIR] [--steps N]
    train-live [--steps 200] [--seed 0] [--out GIF] [--json]
    players    --step 306 --out PNG [--seed 0] [--json]
    augment  [--data DIR] [--out FILE]

and what the rooms add in their ``command_line``: ``lab``; ``upscale``, ``restore`` and ``same-person`` (sharpen);
``translate`` and ``translate-*`` (translation); ``art`` and ``art-*`` (art).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from apps.gan.art.command_line import add_commands as add_art
from apps.gan.choices import GENERATORS
from apps.gan.lab.command_line import add_commands as add_lab
from apps.gan.sharpen.command_line import add_commands as add_sharpening
from apps.gan.translation.command_line import add_commands as add_translation
from shared.cli import Parser, run, say, write_json

TRAINED = (*GENERATORS, "judge-digits", "superres-digits")
_DATA = Path("../shared/data")


def main(argv: Sequence[str]) -> None:
    """Read the arguments and run the command."""
    parser = _parser()
    asked = parser.parse_args(argv)
    work: Callable[..., None] = asked.work
    work(**{key: value for key, value in vars(asked).items() if key not in ("work", "command")})


def _parser() -> Parser:
    parser = Parser(prog="python -m apps.gan", description="Digits from noise: draw, measure, train. Photos: enlarge.")
    commands = parser.add_subparsers(dest="command", required=True)
    sample = commands.add_parser("sample", help="draw digits")
    sample.set_defaults(work=_sample)
    sample.add_argument("--model", default="cgan-digits", help=f"{', '.join(GENERATORS)} (default: cgan-digits)")
    sample.add_argument("--digit", help="one digit for all pictures (default: 0 to 9 in turn)")
    sample.add_argument("--count", default="64", help="pictures, 1 to 10,000 (default: 64)")
    sample.add_argument("--seed", default="0", help="the same seed gives the same pictures (default: 0)")
    sample.add_argument("--truncation", default="4", help="limit latent vectors to ± this; 4 is no limit (default: 4)")
    sample.add_argument("--out", type=Path, metavar="PNG", help="write one sheet; .gif, .webp, .jpg ... too")
    sample.add_argument("--npz", type=Path, metavar="FILE", help="write images uint8 (n, 28, 28) and labels int64 (n,)")
    sample.add_argument("--json", action="store_true", help="print one JSON object")
    evaluate = commands.add_parser("evaluate", help="measure a generator on MNIST's test split")
    evaluate.set_defaults(work=_evaluate)
    evaluate.add_argument("--model", default="cgan-digits", help="as above (default: cgan-digits)")
    evaluate.add_argument(
        "--n", default="10000", help="samples, 100 to 10,000; below 129 without a usable fid (default: 10,000)"
    )
    evaluate.add_argument("--seed", default="0", help="of the samples (default: 0)")
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    train = commands.add_parser("train", help="train a model; an interrupted run continues")
    train.set_defaults(work=_train)
    train.add_argument("--model", default="cgan-digits", help=f"{', '.join(TRAINED)} (default: cgan-digits)")
    train.add_argument("--steps", help="steps (for the judge: passes) instead of the planned ones")
    train.add_argument("--seed", default="0", help="of weights and batches (default: 0)")
    train.add_argument("--folder", type=Path, help="the folder of the run (default: runs/MODEL)")
    train.add_argument("--out", type=Path, help="the folder for its weights (default: weights/gan)")
    live = commands.add_parser("train-live", help="train the page's DCGAN from its first step, on 500 digits")
    live.set_defaults(work=_train_live)
    live.add_argument("--steps", default="200", help="of 32 digits, 1 to 1,200 (default: 200)")
    live.add_argument("--seed", default="0", help="of weights, batches and the sixteen z (default: 0)")
    live.add_argument("--out", type=Path, metavar="GIF", help="the film of the sixteen pictures, from step 0 on")
    live.add_argument("--json", action="store_true", help="print one JSON object")
    players = commands.add_parser(
        "players", help="what the bundled DCGAN drew at a step of its training, and D's scores"
    )
    players.set_defaults(work=_players)
    players.add_argument(
        "--step", required=True, help="0 (untrained), 10, 18, 31 ... 8000; of any other, it lists those it has"
    )
    players.add_argument("--seed", default="0", help="of the z and of the real digits (default: 0)")
    players.add_argument("--out", type=Path, required=True, metavar="PNG", help="the sheet of 40 digits")
    players.add_argument("--json", action="store_true", help="print one JSON object")
    augment = commands.add_parser("augment", help="measure whether generated digits help a classifier")
    augment.set_defaults(work=_augment)
    augment.add_argument("--out", type=Path, help="file for the figures (default: weights/gan/augmentation.json)")
    for command in (evaluate, train, augment):
        command.add_argument(
            "--data", type=Path, default=_DATA, help=f"the folder that holds MNIST/raw (default: {_DATA})"
        )
        command.add_argument("--download", action="store_true", help="download MNIST into --data if it is missing")
    for add in (add_lab, add_sharpening, add_translation, add_art):
        add(commands)
    return parser


def _sample(
    *,
    model: str,
    digit: str | None,
    count: str,
    seed: str,
    truncation: str,
    out: Path | None,
    npz: Path | None,
    json: bool,
) -> None:
    from apps.gan.training import commands

    found = commands.sample(model, digit=digit, count=count, seed=seed, truncation=truncation, out=out, archive=npz)
    if json:
        write_json(found)
    else:
        written = ", ".join(found["files"]) or "nothing written; see --out and --npz"
        say(f"{found['count']} pictures by {found['model']}: {written}")


def _evaluate(*, model: str, n: str, seed: str, data: Path, download: bool, json: bool) -> None:
    from apps.gan.training import commands

    for step in commands.evaluate_model(model, n=n, seed=seed, data=data, download=download):
        if step.report is None:
            say(f"{step.done}/{step.total} {step.text}")
        elif json:
            write_json(step.report.as_json())
        else:
            for key, value in step.report.as_json().items():
                print(f"{key}: {value}")


def _train(
    *, model: str, steps: str | None, seed: str, folder: Path | None, out: Path | None, data: Path, download: bool
) -> None:
    from apps.gan.training import commands

    for line in commands.train_model(
        model, steps=steps, seed=seed, folder=folder, out=out, data=data, download=download
    ):
        say(line)


def _train_live(*, steps: str, seed: str, out: Path | None, json: bool) -> None:
    from apps.gan.training import commands

    for training in commands.train_live(steps=steps, seed=seed, out=out):
        now = training.breath
        fooled, caught = (f"{(chances > 0.5).mean():.0%}" for chances in (now.fake, now.real))
        if not json:
            say(f"step {now.steps:,}: D calls {fooled} of the fakes and {caught} of sixteen real digits real")
    if json:
        write_json(training.numbers())


def _players(*, step: str, seed: str, out: Path, json: bool) -> None:
    from apps.gan.training import commands

    found = commands.players_file(step=step, seed=seed, out=out)
    if json:
        write_json(found)
    else:
        fooled, caught = (f"{found[key]:.0%}" for key in ("fooled", "caught"))
        say(f"{out}: at step {found['step']:,} D calls {fooled} of the fakes and {caught} of the real digits real")


def _augment(*, out: Path | None, data: Path, download: bool) -> None:
    from apps.gan.training import commands

    for line in commands.augment(out=out, data=data, download=download):
        say(line)


if __name__ == "__main__":
    run(main)
