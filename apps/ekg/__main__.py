"""``python -m apps.ekg classify RECORD | train --data DIR --out FILE | evaluate --data DIR --records 101,106``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apps.ekg.aami import LETTERS, PACED, QTDB
from apps.ekg.answers.classify import classified
from apps.ekg.answers.export import answer_of, check_annotations, csv_text, in_words, write_annotations
from apps.ekg.formats.opening import open_recording
from apps.ekg.formats.supported import NAMES
from apps.ekg.training.sources import MORE, ensure_records, parse_records
from shared import cli
from shared.errors import OptionError, check_whole, quoted
from shared.targets import check_target, save


def main(argv: Sequence[str]) -> None:
    """Parse the arguments and do what they say."""
    arguments = _parser().parse_args(argv)
    arguments.work(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = cli.Parser(
        prog="python -m apps.ekg", description="Classify the heartbeats of an EKG. Not a medical device."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=cli.Parser)

    one = commands.add_parser("classify", help="classify the beats of one recording")
    one.add_argument("record", metavar="RECORD", help=f"a WFDB path without ending, or {NAMES}")
    one.add_argument("--lead", help="its lead, by name (default: the one closest to MLII)")
    one.add_argument("--rate", type=float, metavar="HZ", help="sampling rate of a CSV without a time column")
    one.add_argument("--detect", action="store_true", help="find the beats even if they are annotated")
    one.add_argument("--csv", type=Path, metavar="FILE", help="write the beats as a table")
    one.add_argument("--annotations", type=Path, metavar="FILE", help="write them as WFDB annotations")
    one.set_defaults(work=_classify)

    train = commands.add_parser("train", help="train the ensemble on DS1 and more patients")
    train.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="MIT-BIH; missing records are downloaded"
    )
    train.add_argument(
        "--more", type=Path, metavar="DIR", help="QT Database, 51 patients more; missing records are downloaded"
    )
    train.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the safetensors file goes")
    train.add_argument("--records", default="ds1", help="names with commas of those in --data, or ds1 (default)")
    train.add_argument("--members", type=int, default=None, help="networks with convolutions")
    train.add_argument(
        "--beside", dest="feature_nets", type=int, default=None, help="networks of intervals and likenesses alone"
    )
    train.add_argument("--steps", type=int, default=None, help="batches per network")
    train.add_argument("--seed", type=int, default=0)
    train.set_defaults(work=_train)

    test = commands.add_parser("evaluate", help="Se, PPV, F1, confusion matrix on annotated records")
    test.add_argument("--data", type=Path, required=True, metavar="DIR", help="a folder of WFDB records")
    test.add_argument("--records", required=True, help="names with commas, or ds1, ds2, qtdb")
    test.set_defaults(work=_evaluate)
    for command in (one, test):
        command.add_argument("--weights", type=Path, metavar="FILE", help="weights that train wrote (default: bundled)")
        command.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return parser


def _classify(arguments: argparse.Namespace) -> None:
    from apps.ekg.network.weights import leased

    _check_targets(arguments)
    with leased(arguments.weights) as network, open_recording(arguments.record, rate_hz=arguments.rate) as recording:
        found = classified(recording, network, lead=arguments.lead, use_annotations=not arguments.detect)
    save([("--csv", arguments.csv, csv_text(found))])
    if arguments.annotations:
        write_annotations(found, arguments.annotations)
    for warning in found.warnings:
        cli.say(f"Note: {warning}")
    if arguments.json:
        cli.write_json(answer_of(found))
        return
    print(in_words(found))


def _check_targets(arguments: argparse.Namespace) -> None:
    record = Path(arguments.record)
    if arguments.csv:
        check_target(arguments.csv, "--csv", apart_from=(record,))
    if arguments.annotations:
        check_annotations(arguments.annotations)
        read = (record, record.with_name(record.name + arguments.annotations.suffix), arguments.csv)
        check_target(arguments.annotations, "--annotations", apart_from=read)


def _train(arguments: argparse.Namespace) -> None:
    from apps.ekg.network.ensemble import Ensemble, members_of, parameters_of
    from apps.ekg.network.weights import save_weights
    from apps.ekg.training.dataset import read_labelled
    from apps.ekg.training.train import TrainOptions, train

    check_target(arguments.out)
    records = parse_records(arguments.records)
    chosen: dict[str, Any] = {"seed": arguments.seed}
    for name, option, low in (("members", "--members", 1), ("feature_nets", "--beside", 0), ("steps", "--steps", 1)):
        value = getattr(arguments, name)
        if value is not None:
            chosen[name] = check_whole(value, option, low=low, high=100_000)
    options = TrainOptions(**chosen)
    if any(name in PACED for name in records):
        raise OptionError("records without a pacemaker", quoted(arguments.records), f"Leave out {', '.join(PACED)}.")
    ensure_records(arguments.data, records)
    labelled = list(read_labelled(arguments.data, records, every_lead=True))
    if arguments.more:
        ensure_records(arguments.more, QTDB, database=MORE)
        labelled += read_labelled(arguments.more, QTDB, every_lead=True)
    ensemble = Ensemble(options.members, feature_nets=options.feature_nets, width=options.width)
    count = members_of(ensemble)
    people = len({record.record for record in labelled})
    cli.say(f"{people} records, {len(labelled)} leads, {count} networks, {parameters_of(ensemble):,} weights")
    checkpoint = arguments.out.with_name(arguments.out.name + ".checkpoint")
    for step in train(ensemble, labelled, options, checkpoint=checkpoint):
        cli.say(f"network {step.member + 1}/{count} step {step.step}/{step.steps} cost {step.loss:.4f}")
    save_weights(ensemble, arguments.out)
    checkpoint.unlink(missing_ok=True)
    cli.say(f"wrote {arguments.out}")


def _evaluate(arguments: argparse.Namespace) -> None:
    from apps.ekg.network.weights import leased
    from apps.ekg.training.evaluate import evaluate

    with leased(arguments.weights) as network:
        result = evaluate(arguments.data, parse_records(arguments.records), network)
    if arguments.json:
        cli.write_json(result)
        return
    print(f"{result['n_beats']:,} beats of {result['n_records']} records in {result['seconds']:.1f} s")
    answered = ", ".join(f"{name} by {n}" for name, n in result["networks"].items())
    print(f"networks that answered (for patients of the training only those that never saw the patient): {answered}")
    _print_table(result)


def _print_table(result: dict[str, Any]) -> None:
    always = result["always_n"]
    low, high = result["interval_95_over_patients"]["accuracy"]
    interval = f"95 % over patients {low:.4f} to {high:.4f}"
    print(f"accuracy {result['accuracy']:.4f} ({interval}); always N {always['accuracy']:.4f}")
    print(f"macro-F1 of N, S, V {result['macro_f1_nsv']:.4f}; always N {always['macro_f1_nsv']:.4f}")
    print("class     Se    PPV     F1   beats   answered " + " ".join(f"{letter:>6}" for letter in LETTERS))
    for letter, row in zip(LETTERS, result["confusion"], strict=True):
        score = result["per_class"][letter]
        figures = f"{score['se']:6.3f} {score['ppv']:6.3f} {score['f1']:6.3f} {score['support']:7,}"
        print(f"{letter}     {figures}            " + " ".join(f"{count:6,}" for count in row))


if __name__ == "__main__":
    cli.run(main)
