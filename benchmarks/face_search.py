"""Who is this among K? Our exact search against the usual way, for K from a thousand to a million.

    python -m benchmarks.face_search [--sizes 1000,1000000] [--repeats 9] [--write]

The gallery is made up: K unit vectors of 128 numbers in random directions, and a probe near one of them. What the
numbers are changes nothing about the time, and the answer is checked: the person that the probe was made from.
``--write`` puts the figures where the face tab shows them: weights/face/search.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

import numpy as np
from numpy.typing import NDArray

from apps.face.gallery.index import Index
from shared.errors import check_whole
from shared.settings import weights_dir

SIZES = (1_000, 10_000, 100_000, 1_000_000)
DIMENSION = 128
MOST = 2_000_000  # people: 1 GB of encodings
_REPEATS = 5


@dataclass(frozen=True, kw_only=True)
class Timing:
    """One size measured; seconds, the least of the repeats: other work on the machine only adds."""

    people: int  # K
    seconds: float  # Index.rank, the five nearest
    naive_seconds: float  # ((gallery - probe) ** 2).sum(1) and a full sort
    bytes: int  # of the encodings
    right: bool  # both found the person that the probe was made from

    @property
    def ratio(self) -> float:
        """How many times faster than the naive way."""
        return self.naive_seconds / self.seconds


def measure(sizes: Sequence[int] = SIZES, *, repeats: int = _REPEATS, seed: int = 0) -> Iterator[Timing]:
    """Time the search among each of ``sizes`` people, ascending; yields one ``Timing`` per size.

    The two ways take turns, so that a busy machine is busy for both.

    Raises:
        OptionError: a size or the repeats out of range.
    """
    check_whole(repeats, "The repeats", low=1, high=1_000)
    for size in sizes:
        check_whole(size, "The people", low=1, high=MOST)
    for size in sizes:
        yield _measure(size, repeats, np.random.default_rng(seed))


def _measure(people: int, repeats: int, rng: np.random.Generator) -> Timing:
    gallery = rng.standard_normal((people, DIMENSION), dtype=np.float32)
    gallery /= np.linalg.norm(gallery, axis=1, keepdims=True)
    one = int(rng.integers(people))
    probe = gallery[one] + rng.normal(0, 0.02, DIMENSION).astype(np.float32)
    names = range(people)
    index = Index([str(name) for name in names], np.arange(people), np.arange(people), gallery)
    ours: list[float] = []
    naive: list[float] = []
    right = True
    for _ in range(repeats):
        found, seconds = _timed(lambda: index.rank(probe, 5)[0].photo)
        ours.append(seconds)
        nearest, seconds = _timed(lambda: int(_naive(gallery, probe)[0]))
        naive.append(seconds)
        right = right and found == nearest == one
    return Timing(
        people=people,
        seconds=min(ours),
        naive_seconds=min(naive),
        bytes=gallery.nbytes,
        right=right,
    )


def _naive(gallery: NDArray[np.float32], probe: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.argsort(((gallery - probe) ** 2).sum(1))[:5]


def _timed(work: Callable[[], int]) -> tuple[int, float]:
    start = time.perf_counter()
    answer = work()
    return answer, time.perf_counter() - start


def processor() -> str:
    """The processor's name for people."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 - a file of the kernel's
            return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main() -> None:
    """Measure, print a table, and write the figures where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="people, separated by commas")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    print(f"{'K':>10} {'ours':>12} {'usual':>12} {'ratio':>7}  the five nearest of K encodings of {DIMENSION} numbers")
    rows: list[Timing] = []
    for row in measure([int(size) for size in options.sizes.split(",")], repeats=options.repeats):
        rows.append(row)
        verdict = "" if row.right else "  WRONG ANSWER"
        print(
            f"{row.people:>10,} {row.seconds * 1e3:>9.2f} ms {row.naive_seconds * 1e3:>9.2f} ms "
            f"{row.ratio:>6.1f}x{verdict}"
        )
    if options.write:
        path = weights_dir() / "face" / "search.json"
        path.write_text(json.dumps(_figures(rows, options.repeats), indent=1) + "\n", encoding="utf-8")
        print(f"written to {path}")


def _figures(rows: list[Timing], repeats: int) -> dict[str, object]:
    return {
        "made_by": "python -m benchmarks.face_search --write",
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "machine": f"{processor()}, numpy {np.__version__}",
        "dimension": DIMENSION,
        "repeats": repeats,
        "rows": [
            {"people": row.people, "seconds": row.seconds, "naive_seconds": row.naive_seconds, "right": row.right}
            for row in rows
        ],
    }


if __name__ == "__main__":
    main()
