"""Answers as plain values: what the endpoints return and the panels show, so that both always say the same."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from apps.face.decision.error_curves import far_for, pooling, stranger_chance
from apps.face.decision.matching import (
    Calibration,
    Uncalibrated,
    check_threshold,
    decide,
    decision_at,
    find_calibration,
)
from apps.face.gallery.gallery import Gallery
from apps.face.gallery.index import Candidate, repeated
from apps.face.measured import statement
from apps.face.triplets.loss import Triplet
from apps.face.ui.draw import chip_url
from apps.face.ui.state import Shot, encoder_id

Json = dict[str, Any]
CANDIDATES = 5  # people in a ranking
STRANGERS = 0.05  # the chance that a stranger is taken for somebody, above which another threshold is advised


def rounded(values: Sequence[float]) -> list[float]:
    """Pixels, to a tenth."""
    return [round(float(value), 1) for value in values]


def photo_answer(shot: Shot) -> Json:
    """A photo: its size, its faces (the subject first, then the largest), and which one counts."""
    return {
        "size": list(shot.size),
        "chosen": shot.chosen + 1,
        "faces": [
            {
                "number": i + 1,
                "box": rounded(face.box),
                "landmarks": [rounded(point) for point in face.landmarks],
                "confidence": round(face.confidence, 4),
            }
            for i, face in enumerate(shot.faces)
        ],
        "chip": chip_url(shot.face.chip) if shot.faces else None,
        "detect_seconds": round(shot.detect_s, 4),
    }


def verify_answer(first: Shot, second: Shot, encoder: str, threshold: float | None) -> Json:
    """Whether the chosen faces of two photos are of one person.

    Raises:
        OptionError: unknown encoder, or an unusable threshold.
        WeightsError: the encoder is not available, or was not measured.
    """
    known = find_calibration(encoder)
    tau = known.threshold if threshold is None else check_threshold(threshold)  # before any network runs
    decision = decide(first.encoding(encoder), second.encoding(encoder), encoder, tau, calibrated=known)
    return {
        "same": decision.same,
        "distance": decision.distance,
        "d_squared": decision.d_squared,
        "threshold": decision.threshold,
        "probability": decision.probability,
        "likelihood_ratio": decision.likelihood_ratio,
        "prior": decision.prior,
        "far": decision.far,
        "frr": decision.frr,
        "far_data": decision.far_data,
        "statement": statement(known, decision.threshold),
        "encoder": encoder,
        "photo_a": photo_answer(first),
        "photo_b": photo_answer(second),
    }


def without_pictures(answer: Json) -> Json:
    """An answer for a file: the faces are files of their own."""
    plain = {name: without_pictures(value) if isinstance(value, dict) else value for name, value in answer.items()}
    return {name: value for name, value in plain.items() if name != "chip"}


def candidate_answer(candidate: Candidate, known: Calibration | Uncalibrated, tau: float) -> Json:
    """One person of a ranking."""
    return {
        "rank": candidate.rank,
        "name": candidate.person,
        "distance": candidate.distance,
        "d_squared": candidate.d_squared,
        "probability": decision_at(candidate.d_squared, known, tau).probability,
        "photo": candidate.photo,
        "photos": candidate.photos,
    }


def identify_answer(
    shot: Shot, gallery: Gallery, encoder: str, threshold: float | None, *, k: int = CANDIDATES, quick: bool = False
) -> Json:
    """Who everybody on the photo is.

    Raises:
        OptionError: unknown encoder, an unusable threshold or number of candidates.
        WeightsError: the encoder is not available, or was not measured.
        StoreError: the class gallery cannot be read.
    """
    known = find_calibration(encoder)
    tau = known.threshold if threshold is None else check_threshold(threshold)
    index = gallery.index(encoder_id(encoder))
    rankings = index.rank_many(shot.encodings(encoder, quick=quick), k, **pooling(known)) if shot.faces else ()
    faces: list[Json] = []
    for i, (face, candidates) in enumerate(zip(shot.faces, rankings, strict=True)):
        result = index.conclude(candidates, tau)
        faces.append(
            {
                "number": i + 1,
                "box": rounded(face.box),
                "confidence": round(face.confidence, 4),
                "recognised": result.recognised,
                "name": result.winner.person if result.winner else None,
                "distance": candidates[0].distance if candidates else None,
                "candidates": [candidate_answer(one, known, tau) for one in candidates],
            }
        )
    far = None if isinstance(known, Uncalibrated) else known.far_at(tau)
    return {
        "faces": faces,
        "people": index.people,
        "photos": len(index.rows),
        "threshold": tau,
        "far": far,
        "stranger_chance": None if far is None else stranger_chance(far, index.people),
        "advice": advised(known, tau, index.people),
        "left_out": left_out(shot),
        "repeated": repeated([face["name"] for face in faces]),
        "statement": statement(known, tau),
        "encoder": encoder,
        "size": list(shot.size),
    }


def with_names_of(people: Collection[str], answer: Json) -> Json:
    """The answer of ``identify_answer`` in which nobody but ``people`` has a name."""

    def known(one: Json) -> Json:
        return one | {"name": one["name"] if one["name"] in people or one["name"] is None else "somebody"}

    faces = [known(face) | {"candidates": [known(one) for one in face["candidates"]]} for face in answer["faces"]]
    repeated_names = [] if any(face["name"] == "somebody" for face in faces) else answer["repeated"]
    return answer | {"faces": faces, "repeated": repeated_names}


def left_out(shot: Shot) -> str:
    """How many faces of the photo were not looked up, as a sentence; empty where all were."""
    if not shot.left_out:
        return ""
    total = len(shot.faces) + shot.left_out
    return f"This photo shows {total} faces: only the {len(shot.faces)} largest were looked up."


def advised(known: Calibration | Uncalibrated, tau: float, people: int) -> Json | None:
    """The threshold that keeps a stranger from being taken for one of ``people`` with more than ``STRANGERS``.

    ``None`` where ``tau`` does so already, or where nothing was measured.
    """
    if isinstance(known, Uncalibrated) or stranger_chance(known.far_at(tau), people) <= STRANGERS:
        return None
    lower = known.threshold_at(far_for(STRANGERS, people))
    return {"threshold": lower, "far": known.far_at(lower), "frr": known.frr_at(lower), "chance": STRANGERS}


def triplet_answer(one: Triplet, encoder: str) -> Json:
    """A measured triplet, with its numbers in the formula."""
    return {
        "loss": one.loss,
        "d_ap": one.d_ap,
        "d_an": one.d_an,
        "margin": one.margin,
        "region": one.region,
        "formula": f"max({one.d_ap:.4f} - {one.d_an:.4f} + {one.margin:.4f}, 0) = {one.loss:.4f}",
        "encoder": encoder,
    }


def gallery_answer(gallery: Gallery, owner: str, *, shared: bool) -> Json:
    """Who is enrolled, as ``owner`` sees it."""
    people: dict[str, Json] = {}
    for photo in gallery.photos(owner):
        entry = people.setdefault(photo.person, {"name": photo.person, "photos": 0, "mine": photo.mine})
        entry["photos"] += 1
    return {"gallery": "class" if shared else "session", "people": list(people.values())}
