"""1:K search: which of K enrolled people is nearest to a probe, exactly, in memory.

The squared distance of a probe p to every row g of the gallery is ||p||² + ||g||² - 2 p.g: one matrix product that
BLAS runs at the speed of the memory (K = 1,000,000 rows of 128 float32 are 512 MB). That expansion cancels for near
rows, so it only *shortlists*: every row that could be among the nearest within the rounding error of float32 is
measured again as sum((p - g)²) in float64. The ranking is therefore exactly that of a float64 brute force, and a
probe that is itself enrolled has distance 0.

Several photos of one person are pooled by ``POOLS``. ``nearest`` takes the person's best photo; n photos give a
stranger n chances. ``average`` takes the mean of d² over the photos. ``template`` compares with the mean encoding,
brought to the photos' mean length, and adds back what averaging took away, (1 - 1/n) * spread, where ``spread`` is
half the mean squared distance between two photos of one person: so n photos answer on the scale of one pair, which
the threshold was measured on. Measured by ``python -m benchmarks.face_pooling`` on 100 development people with three
photos each, 221 probes and 946 strangers, means of ten draws; at the calibrated threshold:

    nearest   98.8 % recognised, 72 % of the strangers taken for somebody
    average   98.1 %             36 %
    template  98.8 %             35 %    (one photo each: 96.3 %, 52 %)

and where the threshold lets 1 % of the strangers pass, recognised are 92.2, 90.9 and 95.3 % (one photo each: 77.6 %).

Left out: approximate indices (product quantisation, graphs). They pay from tens of millions of rows.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apps.face.gallery.names import name_key
from shared.errors import InputError, check_choice, check_number, check_whole

Rows = NDArray[np.float32]
POOLS: dict[str, str] = {
    "nearest": "the person's nearest photo",
    "average": "the mean squared distance to the person's photos",
    "template": "the person's mean encoding, with the spread of one person's photos added back",
}
DEFAULT_POOL = "nearest"
CHUNK_ROWS = 1 << 16  # rows of the gallery per matrix product: 32 MB of float32 at D = 128
PROBES_AT_ONCE = 16  # probes per pass: 64 MB of distances at N = 1,000,000
_UNIT = float(np.finfo(np.float32).eps) / 2  # the relative error of one float32 operation


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One person of the ranking."""

    rank: int  # 1 is the nearest
    person: str  # the name as enrolled
    d_squared: float  # ||f(probe) - f(person)||², pooled over the person's photos
    distance: float  # its square root, on the scale of the threshold tau
    photo: int  # the id of the person's nearest photo
    photos: int  # how many photos of the person are enrolled


@dataclass(frozen=True, kw_only=True)
class Identification:
    """Who a probe is, or nobody."""

    candidates: tuple[Candidate, ...]  # nearest first
    winner: Candidate | None  # the first candidate where its distance is at or below tau, else nobody
    threshold: float  # tau, in plain distance
    people: int  # K: how many people were searched
    photos: int  # how many encodings

    @property
    def recognised(self) -> bool:
        """Whether somebody was near enough."""
        return self.winner is not None


class Index:
    """The encodings of one encoder, grouped by person, ready to be searched by any number of threads."""

    def __init__(self, names: Sequence[str], person: ArrayLike, photo: ArrayLike, encodings: ArrayLike) -> None:
        """Keep ``encodings`` in rows grouped by person; no copy is made where they are float32 and grouped already.

        Args:
            names: K names.
            person: (N,) which of ``names`` each row belongs to.
            photo: (N,) the id of each row's photo.
            encodings: (N, D), finite.

        Raises:
            InputError: the lengths disagree, an encoding is not finite, or a person has no photo.
        """
        rows = np.asarray(encodings, np.float32)
        who, photos = np.asarray(person, np.int64), np.asarray(photo, np.int64)
        if rows.ndim != 2 or not len(rows) == len(who) == len(photos):
            raise InputError("one encoding (D,) per photo", f"{rows.shape}, {len(who)} and {len(photos)}")
        if len(who) and (np.diff(who) < 0).any():
            order = np.argsort(who, kind="stable")
            rows, who, photos = rows[order], who[order], photos[order]
        present, starts = np.unique(who, return_index=True)
        if len(present) != len(names) or (len(names) and not (present == np.arange(len(names))).all()):
            raise InputError(f"a photo of each of the {len(names)} people", f"photos of {len(present)} people")
        self.names = tuple(names)
        self.rows = rows
        self.person = who
        self.photo = photos
        self._starts = starts
        self._counts = np.diff(np.append(starts, len(rows)))
        self._norms = np.einsum("nd,nd->n", rows, rows)  # ||g||²
        if not np.isfinite(self._norms).all():
            raise InputError("finite encodings", "NaN or infinity")

    @property
    def people(self) -> int:
        """K, the number of people."""
        return len(self.names)

    def rank(
        self, probe: ArrayLike, k: int = 5, *, pool: str = DEFAULT_POOL, spread: float = 0.0
    ) -> tuple[Candidate, ...]:
        """The ``k`` people nearest to ``probe`` (D,), nearest first; equal distances in the order of enrolment.

        Args:
            probe: an encoding.
            k: people to rank.
            pool: a key of ``POOLS``.
            spread: for ``template``, half the mean squared distance between two photos of one person.

        Raises:
            InputError: the probe has another length than the gallery's encodings, or is not finite.
            OptionError: ``k`` below 1, or an unknown pool.
        """
        return self.rank_many(np.asarray(probe)[None], k, pool=pool, spread=spread)[0]

    def rank_many(
        self, probes: ArrayLike, k: int = 5, *, pool: str = DEFAULT_POOL, spread: float = 0.0
    ) -> tuple[tuple[Candidate, ...], ...]:
        """``rank`` for each of ``probes`` (B, D): one pass over the gallery serves all of them."""
        check_whole(k, "The number of candidates", low=1, high=10_000)
        check_choice(pool, POOLS, "The pooling of several photos")
        check_number(spread, "The spread of one person's photos", low=0.0)
        exact = np.asarray(probes, np.float64)
        if exact.ndim != 2 or (len(self.rows) and exact.shape[1] != self.rows.shape[1]):
            raise InputError(
                f"a probe of {self.rows.shape[1]} numbers, like the encodings of the gallery", f"{exact.shape}"
            )
        if not np.isfinite(exact).all():
            raise InputError("finite encodings", "NaN or infinity")
        if not self.people:
            return tuple(() for _ in exact)
        ranked: list[tuple[Candidate, ...]] = []
        for start in range(0, len(exact), PROBES_AT_ONCE):
            batch = exact[start : start + PROBES_AT_ONCE]
            approximate = self._squared(batch.astype(np.float32), *self._searched(pool))
            ranked += [self._rank(probe, row, k, pool, spread) for probe, row in zip(batch, approximate, strict=True)]
        return tuple(ranked)

    def nearest_of(self, name: str, probe: ArrayLike) -> float | None:
        """The plain distance of ``probe`` (D,) to the nearest photo of the person ``name``; ``None``: not enrolled."""
        key = name_key(name)
        person = next((i for i, known in enumerate(self.names) if name_key(known) == key), None)
        if person is None:
            return None
        return float(np.sqrt(self._measure(np.asarray(probe, np.float64), person, "nearest", 0.0)[0]))

    def identify(
        self, probe: ArrayLike, threshold: float, k: int = 5, *, pool: str = DEFAULT_POOL, spread: float = 0.0
    ) -> Identification:
        """Who ``probe`` (D,) is at the threshold tau (plain distance): errors as ``rank``."""
        tau = check_number(threshold, "The threshold tau", low=0.0)
        return self.conclude(self.rank(probe, k, pool=pool, spread=spread), tau)

    def conclude(self, candidates: tuple[Candidate, ...], threshold: float) -> Identification:
        """The answer at another tau for a ranking that is known already: no search."""
        nearest = candidates[0] if candidates and candidates[0].distance <= threshold else None
        return Identification(
            candidates=candidates, winner=nearest, threshold=threshold, people=self.people, photos=len(self.rows)
        )

    def _searched(self, pool: str) -> tuple[Rows, NDArray[np.float32]]:
        """The rows that ``pool`` compares with, and their squared lengths: photos, or one template per person."""
        if pool != "template" or self.people == len(self.rows):
            return self.rows, self._norms
        return self._templates

    @functools.cached_property
    def _templates(self) -> tuple[Rows, NDArray[np.float32]]:
        """(K, D): each person's mean encoding, brought to the mean length of their photos; and its squared length."""
        counts = self._counts[:, None]
        means = np.add.reduceat(self.rows, self._starts, axis=0, dtype=np.float64) / counts
        lengths = np.add.reduceat(np.sqrt(self._norms.astype(np.float64)), self._starts)[:, None] / counts
        made: Rows = (means * lengths / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)).astype(
            np.float32
        )
        return made, np.einsum("kd,kd->k", made, made)

    def _squared(self, probes: Rows, rows: Rows, norms: NDArray[np.float32]) -> Rows:
        """(B, N) squared distances by the expansion, in chunks of rows so that no temporary grows with N."""
        found = np.empty((len(probes), len(rows)), np.float32)
        own = np.einsum("bd,bd->b", probes, probes)[:, None]
        for start in range(0, len(rows), CHUNK_ROWS):
            chunk = slice(start, start + CHUNK_ROWS)
            found[:, chunk] = own + norms[chunk] - 2 * _products(probes, rows[chunk])
        return found

    def _rank(
        self, probe: NDArray[np.float64], d_squared: NDArray[np.float32], k: int, pool: str, spread: float
    ) -> tuple[Candidate, ...]:
        extra = (1 - 1 / self._counts) * spread if pool == "template" else np.zeros(1)
        if self.people == len(d_squared):
            pooled = d_squared + extra
        elif pool == "nearest":
            pooled = np.minimum.reduceat(d_squared, self._starts)
        else:
            pooled = np.add.reduceat(d_squared, self._starts, dtype=np.float64) / self._counts
        kept = min(k, self.people)
        bound = np.partition(pooled, kept - 1)[kept - 1] + 2 * self._slack(probe)
        found = [self._measure(probe, int(person), pool, spread) for person in np.flatnonzero(pooled <= bound)]
        found.sort(key=lambda one: one[0])  # stable: ties stay in the order of enrolment
        return tuple(
            Candidate(
                rank=place,
                person=self.names[person],
                d_squared=d2,
                distance=float(np.sqrt(d2)),
                photo=int(self.photo[row]),
                photos=int(self._counts[person]),
            )
            for place, (d2, person, row) in enumerate(found[:kept], 1)
        )

    def _measure(self, probe: NDArray[np.float64], person: int, pool: str, spread: float) -> tuple[float, int, int]:
        """(d², person, row of the nearest photo) in float64, by subtraction."""
        start, count = int(self._starts[person]), int(self._counts[person])
        mine = self.rows[start : start + count].astype(np.float64)
        d_squared = ((mine - probe) ** 2).sum(1)
        best = int(d_squared.argmin())
        if pool == "template" and count > 1:
            template = self._searched(pool)[0][person].astype(np.float64)
            pooled = ((template - probe) ** 2).sum() + (1 - 1 / count) * spread
        else:
            pooled = d_squared.mean() if pool == "average" else d_squared[best]
        return float(pooled), person, start + best

    def _slack(self, probe: NDArray[np.float64]) -> float:
        """An upper bound for the float32 expansion's error in any row: two sums of D products, and four operations."""
        largest = float(self._norms.max()) + float(probe @ probe)
        return (2 * len(probe) + 10) * _UNIT * largest


def repeated(names: Sequence[str | None]) -> list[str]:
    """A sentence for each name that several faces of one photo got; ``names`` are the faces' in their order."""
    faces: dict[str, list[int]] = {}
    for number, name in enumerate(names, 1):
        if name is not None:
            faces.setdefault(name, []).append(number)
    return [
        f"{name} is the answer for faces {', '.join(map(str, many[:-1]))} and {many[-1]}: at most one of them is right."
        for name, many in faces.items()
        if len(many) > 1
    ]


def _products(probes: Rows, rows: Rows) -> Rows:
    """(B, N) inner products: BLAS for several probes; for one, a loop that waits for memory, not for other threads."""
    if len(probes) > 1:
        return probes @ rows.T
    one: Rows = np.einsum("nd,d->n", rows, probes[0])[None]
    return one
