"""``python -m apps.face verify A B | identify IMG --gallery DIR | evaluate | calibrate | gallery | convert``."""

from __future__ import annotations

import argparse
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TypeVar

from apps.face.decision.matching import Uncalibrated, check_threshold, decide, find_calibration
from apps.face.encoding.convert import convert
from apps.face.encoding.encoders import AVERAGES, DEFAULT_AVERAGE, DEFAULT_ENCODER, ENCODERS
from apps.face.evaluation.calibrate import calibrate, target, write
from apps.face.evaluation.protocol import evaluate
from apps.face.gallery.opening import open_gallery
from apps.face.gallery.postgres import prepare
from apps.face.identify import identify_photo
from apps.face.photo.pipeline import Face, encode, find_faces, no_face
from shared import cli
from shared.errors import InputError, quoted
from shared.images import open_image
from shared.progress import Progress
from shared.settings import check_gallery, weights_dir
from shared.targets import check_folder

_Result = TypeVar("_Result")
_EVERY_S = 2.0  # seconds between two lines of progress


def main(argv: Sequence[str]) -> None:
    """Parse the arguments and do what they say."""
    arguments = _parser().parse_args(argv)
    arguments.work(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = cli.Parser(
        prog="python -m apps.face", description="Faces: same person or not, who is it, how sure is that."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=cli.Parser)

    verify = commands.add_parser("verify", help="do two photos show one person?")
    verify.add_argument("first", metavar="A", type=Path)
    verify.add_argument("second", metavar="B", type=Path)
    verify.add_argument("--threshold", metavar="TAU", help="plain distance up to which two faces are one person's")
    verify.set_defaults(work=_verify)

    identify = commands.add_parser("identify", help="who is in the photo?")
    identify.add_argument("image", metavar="IMG", type=Path)
    identify.add_argument(
        "--gallery", type=Path, required=True, metavar="DIR", help="a folder of photos: NAME/photo.jpg, or NAME.jpg"
    )
    identify.add_argument("--threshold", metavar="TAU", help="plain distance beyond which nobody is recognised")
    identify.add_argument("--top", default="5", metavar="K", help="candidates per face (default 5)")
    identify.set_defaults(work=_identify)

    evaluate = commands.add_parser("evaluate", help="accuracy by the LFW protocol")
    evaluate.set_defaults(work=_evaluate)
    calibrate = commands.add_parser(
        "calibrate", help="measure thresholds, probabilities and error curves of an encoder"
    )
    calibrate.add_argument("--title", default="", metavar="TEXT", help="whom the figures hold for, as the page says it")
    calibrate.add_argument("--out", type=Path, metavar="FILE", help="where to write (default: the registry's file)")
    calibrate.set_defaults(work=_calibrate)
    for command in (evaluate, calibrate):
        command.add_argument("--images", type=Path, required=True, metavar="DIR", help="photos, NAME/NAME_0001.jpg")
        command.add_argument("--pairs", type=Path, required=True, metavar="FILE", help="an LFW-style list of pairs")
    evaluate.add_argument(
        "--average", choices=tuple(AVERAGES), default=DEFAULT_AVERAGE, help="views per encoding (default %(default)s)"
    )
    for command in (verify, identify, evaluate, calibrate):
        command.add_argument(
            "--encoder", default=DEFAULT_ENCODER, metavar="NAME", help=f"{', '.join(ENCODERS)} (default %(default)s)"
        )
        command.add_argument("--json", action="store_true", help="one JSON object on stdout")

    gallery = commands.add_parser("gallery", help="a class gallery: copy it, or make its tables in PostgreSQL")
    acts = gallery.add_subparsers(required=True, metavar="ACT", parser_class=cli.Parser)
    copy = acts.add_parser("copy", help="everything into an empty gallery: a backup, a move to PostgreSQL or from it")
    for name in ("source", "target"):
        copy.add_argument(name, metavar=name.upper(), help="a SQLite file, or postgresql://USER@HOST/NAME")
    copy.set_defaults(work=_copy_gallery)
    tables = acts.add_parser("prepare", help="make the tables, and let the hub's role use them and nothing else")
    tables.add_argument("database", metavar="DATABASE", help="postgresql://..., as somebody who may make tables")
    tables.add_argument("--role", required=True, metavar="NAME", help="the role that the hub has in the database")
    tables.set_defaults(work=lambda chosen: prepare(chosen.database, chosen.role))

    convert = commands.add_parser("convert", help="make the bundled encoder from face-recognition-models 0.3.0")
    convert.add_argument("--out", type=Path, metavar="DIR", help="where the shards go (default: weights/face)")
    convert.add_argument("--source", type=Path, metavar="DAT", help="dlib's file (default: the installed package's)")
    convert.set_defaults(work=_convert)
    return parser


def _copy_gallery(arguments: argparse.Namespace) -> None:
    source = check_gallery(arguments.source)
    if isinstance(source, Path) and not source.is_file():
        raise InputError("a gallery to copy", f"no file {quoted(source)}", "Check the path.")
    people, photos = open_gallery(source).copy_to(open_gallery(check_gallery(arguments.target)))
    cli.say(f"{people:,} people and {photos:,} photos copied")


def _verify(arguments: argparse.Namespace) -> None:

    calibrated = find_calibration(arguments.encoder)
    tau = calibrated.threshold if arguments.threshold is None else check_threshold(arguments.threshold)
    start = time.perf_counter()
    found = [_faces(path) for path in (arguments.first, arguments.second)]
    faces = [all_of_them[0] for all_of_them in found]
    first, second = encode(faces, arguments.encoder)
    answer = decide(first, second, arguments.encoder, tau, calibrated=calibrated)
    if arguments.json:
        boxes = [list(face.box) for face in faces]
        origin = {"threshold_source": calibrated.source} if isinstance(calibrated, Uncalibrated) else {}
        counts = [len(all_of_them) for all_of_them in found]
        values = {"boxes": boxes, "faces": counts, "seconds": time.perf_counter() - start}
        cli.write_json({**vars(answer), **origin, **values})
        return
    print("same person" if answer.same else "different people")
    for path, all_of_them in zip((arguments.first, arguments.second), found, strict=True):
        if len(all_of_them) > 1:
            print(f"{path.name} shows {len(all_of_them)} faces; its subject is compared, at ({_box(all_of_them[0])})")
    print(f"distance {answer.distance:.3f} (d = {answer.d_squared:.3f}), threshold {answer.threshold:.3f}")
    if isinstance(calibrated, Uncalibrated):
        print(f"not calibrated, so without error rates and probability; threshold from {calibrated.source}")
        print(f"calibrate it with: {calibrated.remedy}")
        return
    print(f"probability of one person {answer.probability:.1%}, if {answer.prior:.1%} of the pairs asked about are")
    print(f"at this threshold {answer.far:.2%} false accepts, {answer.frr:.2%} false rejects on {answer.far_data}")


def _faces(path: Path) -> list[Face]:
    """The faces of a photo, its subject first; an error if there is none."""
    image = open_image(path, path.name)
    if not (faces := find_faces(image)):
        raise no_face(path.name, image.size)
    return faces


def _box(face: Face) -> str:
    return ", ".join(f"{value:.0f}" for value in face.box)


def _identify(arguments: argparse.Namespace) -> None:

    found = identify_photo(
        arguments.image, arguments.gallery, arguments.encoder, threshold=arguments.threshold, top=arguments.top
    )
    if arguments.json:
        cli.write_json(found.as_json())
        return
    cli.say(f"names from {found.gallery.source}: {', '.join(found.gallery.people)}")
    for skipped in found.gallery.skipped:
        cli.say(f"skipped {skipped.path}: {skipped.reason}")
    for doubt in found.gallery.doubts:
        cli.say(doubt)
    for i, (face, answer) in enumerate(zip(found.faces, found.answers, strict=True), 1):
        print(f"face {i} at ({_box(face)}): {answer.winner.person if answer.winner else 'not recognised'}")
        for candidate in answer.candidates:
            print(f"  {candidate.rank}. {candidate.person}  {candidate.distance:.3f}")
    for sentence in found.repeated:
        print(sentence)
    print(f"{found.people} people in the gallery, threshold {found.threshold:.3f}")


def _evaluate(arguments: argparse.Namespace) -> None:

    found = _watched(evaluate(arguments.images, arguments.pairs, arguments.encoder, average=arguments.average))
    if arguments.json:
        cli.write_json(found.as_json())
        return
    low, high = found.tar_interval
    print(f"{found.encoder}: {found.n_pairs} pairs of {found.n_images} photos in {found.folds} folds")
    print(f"accuracy {100 * found.accuracy:.2f} ± {100 * found.accuracy_std:.2f} % at threshold {found.threshold:.3f}")
    print(f"AUC {found.auc:.4f}, EER {100 * found.eer:.2f} %")
    print(f"TAR at FAR 1e-3: {100 * found.tar:.2f} % (95 %: {100 * low:.2f} to {100 * high:.2f} %)")
    print(
        f"{found.false_rejects} false rejects, {found.false_accepts} false accepts, "
        f"{found.undetected} photos without a face in {found.undetected_pairs} pairs"
    )
    print(f"{found.seconds_per_face:.3f} s per face ({found.detect_ms:.0f} ms find, {found.encode_ms:.0f} ms encode)")


def _calibrate(arguments: argparse.Namespace) -> None:

    target(arguments.encoder, arguments.out)  # what cannot be written is said before the work, not after it
    found = _watched(calibrate(arguments.images, arguments.pairs, arguments.encoder, title=arguments.title))
    path = write(found, arguments.encoder, arguments.out)
    if arguments.json:
        cli.write_json(found)
        return
    for row in found["thresholds"]:
        low, high = row["interval"]
        print(f"FAR {row['far']:g}: threshold {row['threshold']:.4f} ({low:.4f} to {high:.4f}), TAR {row['tar']:.2%}")
    print(f"calibration error {found['probability']['ece']:.4f}; written to {path}")


def _convert(arguments: argparse.Namespace) -> None:

    folder = arguments.out or weights_dir() / "face"
    check_folder(folder)
    for file in convert(folder, arguments.source):
        print(f"{file.path}  {file.size}  {file.sha256}")


def _watched(steps: Generator[Progress, None, _Result]) -> _Result:
    """Run ``steps`` to their end with a line of progress on stderr now and then; what they return."""
    said = time.monotonic()
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            result: _Result = end.value
            return result
        if time.monotonic() - said >= _EVERY_S or step.done == step.total:
            said = time.monotonic()
            left = f", {step.left_s:.0f} s left" if step.left_s else ""
            cli.say(f"{step.done} of {step.total} {step.text}{left}")


if __name__ == "__main__":
    cli.run(main)
