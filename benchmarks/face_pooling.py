"""Several enrolled photos of a person: how should they answer together? The index's ``POOLS`` compared with one photo.

    python -m benchmarks.face_pooling IMAGES [--enrolled 2,3,4] [--draws 10] [--json]

IMAGES holds NAME_0001.jpg and so on. Of everybody with more photos than are enrolled, a random choice is enrolled and
up to three others are probes; everybody else is a stranger. Printed are the share of probes that are recognised and
the share of strangers that are taken for somebody: at the calibrated threshold, and where 1 % of the strangers pass.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.face.decision.error_curves import spread
from apps.face.decision.matching import calibration
from apps.face.evaluation.protocol import encode_photos
from apps.face.gallery.index import POOLS, Index

_PROBES = 3  # of one person, at most
_STRANGERS_PASS = 0.01


def main() -> None:
    """Encode the photos once, then draw, enrol and ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--enrolled", default="2,3,4", help="photos per person, separated by commas")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    names, encodings = _encode(options.images)
    rows = [_measure(names, encodings, enrolled, options.draws) for enrolled in map(int, options.enrolled.split(","))]
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        print(
            f"{row['enrolled']} photos of {row['people']} people, {row['probes']} probes, {row['strangers']} strangers"
        )
        for pool, (tpir, fpir, strict) in row["pools"].items():
            print(
                f"  {pool:10s} recognised {tpir:.4f}, strangers {fpir:.4f}; recognised at strangers 1 %: {strict:.4f}"
            )


def _encode(images: Path) -> tuple[NDArray[np.str_], NDArray[np.float32]]:
    paths = sorted(images.glob("*.jpg"))
    steps = encode_photos(paths)
    try:
        while True:
            next(steps)
    except StopIteration as end:
        encoded = end.value
    names = np.array([re.sub(r"_\d+$", "", path.stem) for path in paths])
    return names[encoded.found], encoded.encodings[encoded.found]


def _measure(names: NDArray[np.str_], encodings: NDArray[np.float32], enrolled: int, draws: int) -> dict[str, Any]:
    known = calibration()
    results: dict[str, list[tuple[float, float, float]]] = {pool: [] for pool in ("one photo", *POOLS)}
    for seed in range(draws):
        gallery, who, probes, truth, strangers = _draw(names, enrolled, np.random.default_rng(seed))
        for pool, found in results.items():
            kept = slice(None, None, enrolled) if pool == "one photo" else slice(None)
            index = Index(
                [str(person) for person in range(who.max() + 1)], who[kept], gallery[kept], encodings[gallery[kept]]
            )
            ask: dict[str, Any] = {"pool": "nearest" if pool == "one photo" else pool, "spread": spread(known)}
            first = [ranked[0] for ranked in index.rank_many(encodings[probes], 1, **ask)]
            distances = np.array([one.distance for one in first])
            right = np.array([one.person == str(person) for one, person in zip(first, truth, strict=True)])
            others = np.array([ranked[0].distance for ranked in index.rank_many(encodings[strangers], 1, **ask)])
            strict = np.quantile(others, _STRANGERS_PASS)
            found.append(
                (
                    float((right & (distances <= known.threshold)).mean()),
                    float((others <= known.threshold).mean()),
                    float((right & (distances <= strict)).mean()),
                )
            )
    return {
        "enrolled": enrolled,
        "people": int(who.max() + 1),
        "probes": len(probes),
        "strangers": len(strangers),
        "draws": draws,
        "threshold": known.threshold,
        "pools": {pool: np.mean(found, 0).round(4).tolist() for pool, found in results.items()},
    }


def _draw(names: NDArray[np.str_], enrolled: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], ...]:
    """Rows of the gallery, grouped by person, the person of each, the probes, their people, and the strangers."""
    _, inverse, counts = np.unique(names, return_inverse=True, return_counts=True)
    gallery: list[int] = []
    probes: list[int] = []
    truth: list[int] = []
    several = np.flatnonzero(counts > enrolled)
    for number, person in enumerate(several):
        rows = rng.permutation(np.flatnonzero(inverse == person))
        gallery += rows[:enrolled].tolist()
        asked = rows[enrolled:][:_PROBES].tolist()
        probes += asked
        truth += [number] * len(asked)
    who = np.repeat(np.arange(len(several)), enrolled)
    strangers = np.flatnonzero(~np.isin(inverse, several))
    return np.array(gallery), who, np.array(probes), np.array(truth), strangers


if __name__ == "__main__":
    main()
