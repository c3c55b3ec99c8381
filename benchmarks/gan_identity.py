"""Is a face that a network has restored still the same person? Asked of the hub's own verifier, size by size.

    python -m benchmarks.gan_identity --images DIR --pairs FILE [--people 150] [--cache DIR] [--write]

Of each person two photos are taken. The first is made small to 16, 24, 32, 48 and 64 pixels a side and restored in
every way to four times that; the second stays as it is. The encoder then gives the distance of the restored face to the
second photo, to its own original, and to the second photos of all the other people. The face is cut by the landmarks of
the original photo, so that the encoder alone is asked; ``detected`` is the whole verifier, which has to find the face
in the restored picture first: who is not found is not accepted. Intervals are bootstraps over people. No photo and no
name is written, only numbers. ``--cache`` keeps the encodings of each person, so that an interrupted run continues;
``--write`` puts the figures where the page shows them: weights/gan/identity.json.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from apps.face.evaluation.pairs import find_photos, read_pairs
from apps.gan.sharpen.identity import SIZES
from apps.gan.sharpen.options import UPSCALERS
from apps.gan.sharpen.steps import shrunk
from apps.gan.sharpen.upscale import fastest_dtype, upscaled
from shared.device import describe, pick_device
from shared.images import open_image
from shared.settings import weights_dir
from shared.verifier import find_verifier

Floats = NDArray[np.float64]
WAYS = tuple(UPSCALERS)
RESAMPLES = 2000
SEED = 0


def main() -> None:
    """Encode every person's faces, or read them from the cache; judge, print, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--people", type=int, default=150)
    parser.add_argument("--title", default="", help="whom the figures hold for")
    parser.add_argument("--cache", type=Path, help="folder for the encodings of each person")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    people = couples(options.images, options.pairs)
    order = np.random.default_rng(SEED).permutation(len(people))[: options.people]
    encoded = []
    for number, place in enumerate(order, 1):
        found = _remembered(options.cache, int(place), partial(encodings, *people[place]))
        if found:
            encoded.append(found)
        print(f"{number}/{len(order)}", flush=True)
    figures = judged(encoded) | {
        "made_by": "python -m benchmarks.gan_identity --images DIR --pairs FILE --write",
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "precision": f"{str(fastest_dtype(pick_device())).removeprefix('torch.')} on {describe(pick_device())}",
        "data": {"title": options.title or f"{len(encoded)} people", "people": len(encoded), "asked": len(order)},
    }
    print(json.dumps(figures, indent=1))
    if options.write:
        path = weights_dir() / "gan" / "identity.json"
        path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def couples(images: Path, pairs_file: Path) -> list[tuple[Path, Path]]:
    """The first two photos of everybody of whom the list names two, by name."""
    photos = sorted(read_pairs(pairs_file).photos, key=lambda photo: photo.stem)
    grouped = [list(group)[:2] for _, group in groupby(photos, key=lambda photo: photo.person)]
    both = [tuple(find_photos(images, tuple(group))) for group in grouped if len(group) == 2]
    return [(first, second) for first, second in both]


def encodings(first: Path, second: Path) -> dict[str, Floats]:
    """Everything the encoder says of one person; empty where no face is found in a photo as it is.

    ``second`` (D,) and ``original`` (D,); per way ``WAY`` and ``WAY-detected`` (sizes, D), NaN where the detector finds
    no face; ``eyes`` and ``box``: pixels between the eyes and of the box's longer side, by pixels of the photo's side.
    """
    verifier = find_verifier()
    photos = [open_image(path, path.name) for path in (first, second)]
    marks = [verifier.landmarks(photo) for photo in photos]
    if marks[0] is None or marks[1] is None:
        return {}
    original, landmarks = photos[0], marks[0]
    faces = [(photo, mark) for photo, mark in zip(photos, marks, strict=True) if mark is not None]
    names, found = ["original", "second"], {}
    for way, size in ((way, size) for way in WAYS for size in SIZES):
        restored = upscaled(shrunk(original, (size, size)), model=way)
        faces.append((restored, landmarks * (np.array(restored.size) / np.array(original.size))))
        names.append(f"{way} {size}")
        seen = verifier.landmarks(restored)
        if seen is not None:
            faces.append((restored, seen))
            names.append(f"{way} {size} detected")
    found_of = dict(zip(names, verifier.encodings(faces), strict=True))
    missing = np.full_like(found_of["original"], np.nan)
    for way in WAYS:
        found[way] = np.stack([found_of[f"{way} {size}"] for size in SIZES])
        found[f"{way}-detected"] = np.stack([found_of.get(f"{way} {size} detected", missing) for size in SIZES])
    eyes = np.linalg.norm(landmarks[1] - landmarks[0]) / original.width
    return found | {"original": found_of["original"], "second": found_of["second"], "eyes": np.array(eyes)}


def judged(people: list[dict[str, Floats]]) -> dict[str, Any]:
    """Distances, shares and their intervals, as plain values."""
    verifier = find_verifier()
    tau = verifier.tau
    second = np.stack([person["second"] for person in people])
    original = np.stack([person["original"] for person in people])
    drawn = np.random.default_rng(SEED).integers(len(people), size=(RESAMPLES, len(people)))
    untouched = _row(original, original, second, tau, drawn)
    del untouched["to_original"]
    ways: dict[str, Any] = {}
    for way in WAYS:
        rows = []
        for at, size in enumerate(SIZES):
            restored = np.stack([person[way][at] for person in people])
            row = {"size": size} | _row(restored, original, second, tau, drawn)
            whole = np.stack([person[f"{way}-detected"][at] for person in people])
            row["detected"] = _share(np.isfinite(whole[:, 0]), drawn)
            row["accepted_when_detected_too"] = _share(_apart(whole, second) <= tau, drawn)  # NaN is not accepted
            rows.append(row)
        ways[way] = {"title": UPSCALERS[way].title, "rows": rows}
    return {
        "encoder": verifier.title,
        "tau": tau,
        "sizes": list(SIZES),
        "eyes": round(float(np.median([person["eyes"] for person in people])), 3),  # by pixels of a side
        "pairs_different": len(people) * (len(people) - 1),
        "untouched": untouched,
        "ways": ways,
        "gan_less_bicubic": [_difference(people, at, second, tau, drawn) for at in range(len(SIZES))],
    }


def _row(probes: Floats, originals: Floats, second: Floats, tau: float, drawn: NDArray[np.int64]) -> dict[str, Any]:
    others = np.linalg.norm(probes[:, None] - second[None], axis=2)
    mine = np.diagonal(others).copy()
    np.fill_diagonal(others, np.nan)
    return {
        "to_second": _median(mine, drawn),
        "to_original": _median(_apart(probes, originals), drawn),
        "to_others": round(float(np.nanmedian(others)), 4),
        "accepted": _share(mine <= tau, drawn),
        "others_accepted": _others(others <= tau, drawn),
    }


def _difference(
    people: list[dict[str, Floats]], at: int, second: Floats, tau: float, drawn: NDArray[np.int64]
) -> dict[str, Any]:
    """How many more of the same people the GAN's faces are accepted for than bicubic's, in shares of 1."""
    gan, plain = (_apart(np.stack([p[way][at] for p in people]), second) <= tau for way in ("gan", "bicubic"))
    change = gan.astype(float) - plain.astype(float)
    return {"size": SIZES[at], "share": _with_interval(float(change.mean()), change[drawn].mean(axis=1))}


def _apart(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.linalg.norm(a - b, axis=1))


def _median(values: Floats, drawn: NDArray[np.int64]) -> dict[str, Any]:
    low, high = np.quantile(values, (0.25, 0.75))
    found_of = _with_interval(float(np.median(values)), np.median(values[drawn], axis=1))
    return found_of | {"quartiles": [round(float(low), 4), round(float(high), 4)]}


def _share(hits: NDArray[np.bool_], drawn: NDArray[np.int64]) -> dict[str, Any]:
    return _with_interval(float(hits.mean()), hits[drawn].mean(axis=1))


def _others(hits: NDArray[np.bool_], drawn: NDArray[np.int64]) -> dict[str, Any]:
    """The share of pairs of two people; a pair is drawn as often as the two are drawn together."""
    n = hits.shape[0]
    resampled = []
    for people in drawn:
        times = np.bincount(people, minlength=n)
        weights = np.outer(times, times) * ~np.eye(n, dtype=bool)
        resampled.append((hits * weights).sum() / max(weights.sum(), 1))
    return _with_interval(float(hits.sum() / (n * (n - 1))), np.array(resampled))


def _with_interval(value: float, resampled: Floats) -> dict[str, Any]:
    low, high = np.quantile(resampled, (0.025, 0.975))
    return {"value": round(value, 4), "interval": [round(float(low), 4), round(float(high), 4)]}


def _remembered(folder: Path | None, number: int, work: Callable[[], dict[str, Floats]]) -> dict[str, Floats]:
    if folder is None:
        return work()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number}.npz"
    if not path.is_file():
        found = work()
        part = path.with_suffix(".part.npz")
        np.savez(part, **found)  # type: ignore[arg-type]
        part.replace(path)
    with np.load(path) as kept:
        return {name: kept[name] for name in kept.files}


if __name__ == "__main__":
    main()
