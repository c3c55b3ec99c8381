"""Which triplets to learn from: all of a gallery counted, and some of them mined.

For N photos of K people there are of the order of N³ triplets, and nearly all of them have no loss. ``MINERS`` picks
one negative for every pair (anchor, positive):

``random``     any photo of anybody else;
``semi-hard``  the nearest photo of somebody else that is still further away than the positive (FaceNet, section 3.2);
               if there is none, the furthest;
``hardest``    the nearest photo of anybody else, and for each anchor only its furthest positive: batch hard (Hermans,
               Beyer, Leibe 2017, equation 5).

Axis letters: N photos, T triplets, D numbers of an encoding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apps.face.triplets.loss import EASY, HARD, SEMI_HARD
from shared.errors import InputError, check_choice

Rows = NDArray[np.int64]
MOST_PHOTOS = 2_000  # of which all triplets are counted: an (N, N) table of float64 is 32 MB


@dataclass(frozen=True, kw_only=True)
class Triplets:
    """T mined triplets: rows of the encodings that they were mined from."""

    anchor: Rows  # (T,)
    positive: Rows  # (T,)
    negative: Rows  # (T,)

    def __len__(self) -> int:
        return len(self.anchor)


@dataclass(frozen=True, kw_only=True)
class Census:
    """Every triplet (A, P, N) of a gallery, by region; (A, P, N) and (P, A, N) are two."""

    total: int
    hard: int
    semi_hard: int
    mean_loss: float  # over all triplets; 0 if there is none

    @property
    def with_loss(self) -> int:
        """How many still teach something."""
        return self.hard + self.semi_hard

    @property
    def easy(self) -> int:
        """How many have no loss."""
        return self.total - self.with_loss

    def by_region(self) -> dict[str, int]:
        """Region -> how many."""
        return {EASY: self.easy, SEMI_HARD: self.semi_hard, HARD: self.hard}


def pairwise(encodings: ArrayLike) -> NDArray[np.float64]:
    """All squared distances (N, N) of ``encodings`` (N, D), in float64; the diagonal is 0."""
    x = np.asarray(encodings, np.float64)
    norms = (x * x).sum(1)
    d: NDArray[np.float64] = np.maximum(norms[:, None] + norms[None] - 2 * x @ x.T, 0.0)
    np.fill_diagonal(d, 0.0)
    return d


def check_gallery(encodings: ArrayLike, person: ArrayLike) -> tuple[NDArray[np.float64], Rows]:
    """``encodings`` (N, D) and ``person`` (N,), fit for triplets.

    Raises:
        InputError: there is no triplet in them: nobody with two photos, or only one person; or too many photos.
    """
    x, who = np.asarray(encodings, np.float64), np.asarray(person, np.int64)
    if x.ndim != 2 or len(x) != len(who):
        raise InputError("one encoding (D,) per photo", f"{x.shape} and {len(who)}")
    if len(x) > MOST_PHOTOS:
        raise InputError(f"at most {MOST_PHOTOS:,} photos to mine triplets from", f"{len(x):,}")
    counts = np.unique(who, return_counts=True)[1]
    if len(counts) < 2 or counts.max() < 2:
        raise InputError(
            "two photos of one person and one of another for a triplet",
            f"{len(counts)} people with {counts.max(initial=0)} photos at most",
            "Enrol more photos.",
        )
    return x, who


def census(encodings: ArrayLike, person: ArrayLike, margin: float) -> Census:
    """All triplets of the gallery at ``margin``, counted without listing them: O(N² log N).

    For one anchor, sorting the distances to everybody else turns "how many negatives are nearer than ..." into a binary
    search, and running sums of them into the sum of the losses.

    Raises:
        InputError: the gallery has no triplet, or is too large.
    """
    x, who = check_gallery(encodings, person)
    d = pairwise(x)
    total = hard = with_loss = 0
    summed = 0.0
    for anchor in range(len(x)):
        mine = who == who[anchor]
        others = np.sort(d[anchor, ~mine])
        mine[anchor] = False
        positives = d[anchor, mine]
        running = np.concatenate([[0.0], np.cumsum(others)])
        reach = np.searchsorted(others, positives + margin, side="left")  # negatives with d_an < d_ap + alpha
        nearer = np.minimum(np.searchsorted(others, positives, side="right"), reach)  # d_an <= d_ap, and a loss
        total += len(positives) * len(others)
        with_loss += int(reach.sum())
        hard += int(nearer.sum())
        summed += float((reach * (positives + margin) - running[reach]).sum())
    return Census(total=total, hard=hard, semi_hard=with_loss - hard, mean_loss=summed / total if total else 0.0)


def mine(kind: str, encodings: ArrayLike, person: ArrayLike, *, seed: int = 0) -> Triplets:
    """One negative for every pair of one person (for ``hardest``: for every anchor), in the order of the anchors.

    Args:
        kind: a key of ``MINERS``.
        encodings: (N, D).
        person: (N,), who is on which photo.
        seed: for ``random``.

    Raises:
        OptionError: no such miner.
        InputError: the gallery has no triplet, or is too large.
    """
    miner = MINERS[check_choice(kind, MINERS, "The mining")]
    x, who = check_gallery(encodings, person)
    return miner(pairwise(x), who, np.random.default_rng(seed))


def _pairs(who: Rows) -> tuple[Rows, Rows]:
    """Every (anchor, positive) with anchor != positive whose person is not the only one."""
    same = who[:, None] == who[None]
    np.fill_diagonal(same, False)
    anchor, positive = np.nonzero(same)
    return anchor, positive


def _random(d: NDArray[np.float64], who: Rows, rng: np.random.Generator) -> Triplets:
    anchor, positive = _pairs(who)
    order = np.argsort(who, kind="stable")
    grouped = who[order]
    start, stop = (np.searchsorted(grouped, who[anchor], side=side) for side in ("left", "right"))
    place = rng.integers(0, len(who) - (stop - start))  # among those that are not the anchor's person
    return Triplets(anchor=anchor, positive=positive, negative=order[place + (place >= start) * (stop - start)])


def _semi_hard(d: NDArray[np.float64], who: Rows, rng: np.random.Generator) -> Triplets:
    anchor, positive = _pairs(who)
    other = who[:, None] != who[None]
    nearest, furthest = np.where(other, d, np.inf), np.where(other, d, -np.inf)
    order = np.argsort(nearest, axis=1, kind="stable")
    ranked = np.take_along_axis(nearest, order, 1)
    negative = np.empty_like(anchor)
    for i in np.unique(anchor):  # one binary search for all positives of an anchor
        rows = anchor == i
        place = np.searchsorted(ranked[i], d[i, positive[rows]], side="right")
        beyond = ranked[i, np.minimum(place, len(who) - 1)]
        found = (place < len(who)) & np.isfinite(beyond)
        negative[rows] = np.where(found, order[i, np.minimum(place, len(who) - 1)], furthest[i].argmax())
    return Triplets(anchor=anchor, positive=positive, negative=negative)


def _hardest(d: NDArray[np.float64], who: Rows, rng: np.random.Generator) -> Triplets:
    same = who[:, None] == who[None]
    positives = np.where(same, d, -np.inf)
    np.fill_diagonal(positives, -np.inf)
    anchor = np.flatnonzero(np.isfinite(positives).any(1))
    nearest = np.where(same, np.inf, d).argmin(1)
    return Triplets(anchor=anchor, positive=positives.argmax(1)[anchor], negative=nearest[anchor])


Miner = Callable[[NDArray[np.float64], Rows, np.random.Generator], Triplets]
MINERS: dict[str, Miner] = {"random": _random, "semi-hard": _semi_hard, "hardest": _hardest}
