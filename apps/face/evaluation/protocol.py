"""The accuracy from photo to decision, by the protocol of Labeled Faces in the Wild (Huang et al. 2007).

Every photo is decoded, searched and encoded once. Where several faces are in the frame, its subject is taken as
everywhere in the hub (``pipeline.prominence``). A pair with a photo in which no face is found counts as an error. The
threshold for a fold comes from the other folds; nothing is fitted to the photos apart from it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.face.encoding.encoders import DEFAULT_AVERAGE, DEFAULT_ENCODER, Encodings, find_encoder
from apps.face.evaluation.metrics import (
    auc,
    equal_error_rate,
    fold_accuracy,
    tar_at_far,
    tar_interval,
    threshold_at_far,
    wilson_interval,
)
from apps.face.evaluation.pairs import PairList, find_photos, read_pairs
from apps.face.photo.pipeline import Face, encode, find_faces
from shared.images import open_image
from shared.progress import Progress

BATCH = 16  # faces that are encoded together
FAR = 1e-3  # at which true accepts are counted, as is usual for this data


@dataclass(frozen=True, kw_only=True, eq=False)
class Encoded:
    """The encodings of n photos, and what they took."""

    encodings: Encodings  # (n, D); rows of photos without a face are NaN
    found: NDArray[np.bool_]  # (n,)
    detect_s: float  # seconds, reading the files included
    encode_s: float

    @property
    def seconds_per_face(self) -> float:
        """Wall time per photo, everything included."""
        return (self.detect_s + self.encode_s) / max(len(self.found), 1)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What was measured; rates are from 0 to 1."""

    encoder: str
    accuracy: float  # mean over the folds
    accuracy_std: float  # between the folds
    accuracy_interval: tuple[float, float]  # 95 %, Wilson over all pairs
    n_pairs: int
    n_images: int
    folds: int
    auc: float
    eer: float
    tar: float  # at a false-accept rate of at most FAR
    tar_interval: tuple[float, float]  # 95 %, bootstrap over pairs
    tar_threshold: float
    threshold: float  # mean over the folds, plain distance
    false_accepts: int
    false_rejects: int
    undetected: int  # photos without a face
    undetected_pairs: int
    seconds_per_face: float
    detect_ms: float  # per photo, reading included
    encode_ms: float

    def as_json(self) -> dict[str, Any]:
        """The names that readers of ``--json`` rely on."""
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}
        names = {"tar": "tar_at_far_1e-3", "tar_interval": "tar_at_far_1e-3_interval"}
        names["tar_threshold"] = "tar_at_far_1e-3_threshold"
        return {names.get(name, name): value for name, value in values.items()}


def encode_photos(
    paths: Sequence[Path], encoder: str = DEFAULT_ENCODER, *, average: str = DEFAULT_AVERAGE
) -> Generator[Progress, None, Encoded]:
    """Find and encode the subject of every photo; yields how far it is, returns the encodings."""
    spec = find_encoder(encoder)
    encodings = np.full((len(paths), spec.dimension), np.nan, np.float32)
    detect_s = encode_s = 0.0
    waiting: list[tuple[int, Face]] = []
    start = time.perf_counter()
    for i, path in enumerate(paths):
        began = time.perf_counter()
        image = open_image(path, path.name)
        faces = find_faces(image)
        if faces:
            waiting.append((i, faces[0]))
        detect_s += time.perf_counter() - began
        if len(waiting) == BATCH or (waiting and i == len(paths) - 1):
            began = time.perf_counter()
            rows = [row for row, _ in waiting]
            encodings[rows] = encode([face for _, face in waiting], spec.name, average=average)
            waiting.clear()
            encode_s += time.perf_counter() - began
        yield Progress(done=i + 1, total=len(paths), text=path.name, elapsed_s=time.perf_counter() - start)
    return Encoded(encodings=encodings, found=np.isfinite(encodings[:, 0]), detect_s=detect_s, encode_s=encode_s)


def evaluate(
    images: Path, pairs_file: Path, encoder: str = DEFAULT_ENCODER, *, average: str = DEFAULT_AVERAGE
) -> Generator[Progress, None, Evaluation]:
    """The LFW protocol over the pairs of ``pairs_file`` with the photos below ``images``.

    Raises:
        InputError: the pairs file or a photo is missing or damaged.
        OptionError: no such encoder.
        WeightsError: the encoder is not available.
    """
    find_encoder(encoder)
    pairs = read_pairs(pairs_file)
    encoded = yield from encode_photos(find_photos(images, pairs.photos), encoder, average=average)
    return score(pairs, encoded, find_encoder(encoder).name)


def pair_distances(pairs: PairList, encoded: Encoded) -> NDArray[np.float64]:
    """The plain distance of each pair, infinite where a face was not found."""
    a, b = (encoded.encodings[pairs.pairs[:, side]].astype(np.float64) for side in (0, 1))
    distances = np.linalg.norm(a - b, axis=1)
    return np.where(np.isfinite(distances), distances, math.inf)


def score(pairs: PairList, encoded: Encoded, encoder: str) -> Evaluation:
    """All figures of one encoder on one list of pairs."""
    distances, same = pair_distances(pairs, encoded), pairs.same
    folds = fold_accuracy(distances, same, pairs.fold)
    lost = ~np.isfinite(distances)
    wrong = ~folds.correct & ~lost
    return Evaluation(
        encoder=encoder,
        accuracy=folds.mean,
        accuracy_std=folds.std,
        accuracy_interval=wilson_interval(int(folds.correct.sum()), len(same)),
        n_pairs=len(same),
        n_images=len(pairs.photos),
        folds=pairs.folds,
        auc=auc(distances, same),
        eer=equal_error_rate(distances, same),
        tar=tar_at_far(distances, same, FAR),
        tar_interval=tar_interval(distances, same, FAR),
        tar_threshold=threshold_at_far(distances[~same], FAR),
        threshold=float(folds.thresholds.mean()),
        false_accepts=int((wrong & ~same).sum()),
        false_rejects=int((wrong & same).sum()),
        undetected=int((~encoded.found).sum()),
        undetected_pairs=int(lost.sum()),
        seconds_per_face=encoded.seconds_per_face,
        detect_ms=1000 * encoded.detect_s / max(len(encoded.found), 1),
        encode_ms=1000 * encoded.encode_s / max(len(encoded.found), 1),
    )
