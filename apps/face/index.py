"""1:K search: which of K enrolled people is nearest to a probe, exactly, in memory.

The squared distance of a probe p to every row g of the gallery is ||p||² + ||g||² - 2 p.g: one matrix product that
BLAS runs at the speed of the memory (K = 1,000,000 rows of 128 float32 are 512 MB). That expansion cancels for near
rows, so it only *shortlists*: every row that could be among the nearest within the rounding error of float32 is
measured again as sum((p - g)²) in float64. The ranking is therefore exactly that of a float64 brute force, and a
probe that is itself enrolled has distance 0.

Several photos of one person are pooled by ``POOLS``. ``nearest``, the default, takes the person's best photo: the
threshold tau was measured on single pairs, a person with and without glasses is two clusters, and an average lies in
neither. Its price is that n photos give a stranger n chances. ``average`` takes the mean of d² over the photos, on the
same scale.

Left out: approximate indices (product quantisation, graphs). They pay from tens of millions of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shared.errors import InputError, check_choice, check_number, check_whole

POOLS: dict[str, str] = {
    "nearest": "the person's nearest photo",
    "average": "the mean squared distance to the person's photos",
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
            raise InputError("A gallery has one encoding (D,) per photo", f"{rows.shape}, {len(who)} and {len(photos)}")
        if len(who) and (np.diff(who) < 0).any():
            order = np.argsort(who, kind="stable")
            rows, who, photos = rows[order], who[order], photos[order]
        present, starts = np.unique(who, return_index=True)
        if len(present) != len(names) or (len(names) and not (present == np.arange(len(names))).all()):
            raise InputError(f"Each of the {len(names)} people has a photo", f"photos of {len(present)} people")
        self.names = tuple(names)
        self.rows = rows
        self.person = who
        self.photo = photos
        self._starts = starts
        self._counts = np.diff(np.append(starts, len(rows)))
        self._norms = np.einsum("nd,nd->n", rows, rows)  # ||g||²
        if not np.isfinite(self._norms).all():
            raise InputError("Encodings are finite numbers", "NaN or infinity")

    @property
    def people(self) -> int:
        """K, the number of people."""
        return len(self.names)

    def rank(self, probe: ArrayLike, k: int = 5, *, pool: str = DEFAULT_POOL) -> tuple[Candidate, ...]:
        """The ``k`` people nearest to ``probe`` (D,), nearest first; equal distances in the order of enrolment.

        Raises:
            InputError: the probe has another length than the gallery's encodings, or is not finite.
            OptionError: ``k`` below 1, or an unknown pool.
        """
        return self.rank_many(np.asarray(probe)[None], k, pool=pool)[0]

    def rank_many(
        self, probes: ArrayLike, k: int = 5, *, pool: str = DEFAULT_POOL
    ) -> tuple[tuple[Candidate, ...], ...]:
        """``rank`` for each of ``probes`` (B, D): one pass over the gallery serves all of them."""
        check_whole(k, "The number of candidates", low=1, high=10_000)
        check_choice(pool, POOLS, "The pooling of several photos")
        exact = np.asarray(probes, np.float64)
        if exact.ndim != 2 or (len(self.rows) and exact.shape[1] != self.rows.shape[1]):
            raise InputError(f"A probe has {self.rows.shape[1]} numbers, as its gallery's encodings", f"{exact.shape}")
        if not np.isfinite(exact).all():
            raise InputError("Encodings are finite numbers", "NaN or infinity")
        if not self.people:
            return tuple(() for _ in exact)
        ranked: list[tuple[Candidate, ...]] = []
        for start in range(0, len(exact), PROBES_AT_ONCE):
            batch = exact[start : start + PROBES_AT_ONCE]
            approximate = self._squared(batch.astype(np.float32))
            ranked += [self._rank(probe, row, k, pool) for probe, row in zip(batch, approximate, strict=True)]
        return tuple(ranked)

    def identify(self, probe: ArrayLike, threshold: float, k: int = 5, *, pool: str = DEFAULT_POOL) -> Identification:
        """Who ``probe`` (D,) is at the threshold tau (plain distance): errors as ``rank``."""
        tau = check_number(threshold, "The threshold tau", low=0.0)
        return self.conclude(self.rank(probe, k, pool=pool), tau)

    def conclude(self, candidates: tuple[Candidate, ...], threshold: float) -> Identification:
        """The answer at another tau for a ranking that is known already: no search."""
        nearest = candidates[0] if candidates and candidates[0].distance <= threshold else None
        return Identification(
            candidates=candidates, winner=nearest, threshold=threshold, people=self.people, photos=len(self.rows)
        )

    def _squared(self, probes: NDArray[np.float32]) -> NDArray[np.float32]:
        """(B, N) squared distances by the expansion, in chunks of rows so that no temporary grows with N."""
        found = np.empty((len(probes), len(self.rows)), np.float32)
        own = np.einsum("bd,bd->b", probes, probes)[:, None]
        for start in range(0, len(self.rows), CHUNK_ROWS):
            chunk = slice(start, start + CHUNK_ROWS)
            found[:, chunk] = own + self._norms[chunk] - 2 * (probes @ self.rows[chunk].T)
        return found

    def _rank(
        self, probe: NDArray[np.float64], d_squared: NDArray[np.float32], k: int, pool: str
    ) -> tuple[Candidate, ...]:
        if pool == "nearest":
            pooled = d_squared if self.people == len(d_squared) else np.minimum.reduceat(d_squared, self._starts)
        else:
            pooled = np.add.reduceat(d_squared, self._starts, dtype=np.float64) / self._counts
        kept = min(k, self.people)
        bound = np.partition(pooled, kept - 1)[kept - 1] + 2 * self._slack(probe)
        found = [self._measure(probe, int(person), pool) for person in np.flatnonzero(pooled <= bound)]
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

    def _measure(self, probe: NDArray[np.float64], person: int, pool: str) -> tuple[float, int, int]:
        """(d², person, row of the nearest photo) in float64, by subtraction."""
        start = int(self._starts[person])
        mine = self.rows[start : start + int(self._counts[person])].astype(np.float64)
        d_squared = ((mine - probe) ** 2).sum(1)
        best = int(d_squared.argmin())
        return float(d_squared[best] if pool == "nearest" else d_squared.mean()), person, start + best

    def _slack(self, probe: NDArray[np.float64]) -> float:
        """An upper bound for the float32 expansion's error in any row: two sums of D products, and four operations."""
        largest = float(self._norms.max()) + float(probe @ probe)
        return (2 * len(probe) + 10) * _UNIT * largest
