"""Who is this among K? Our exact search beside the usual way, for K from a thousand to a million.

    python -m benchmarks.face_search [--sizes 1000,1000000] [--repeats 9] [--write]

``--write`` puts the figures where the face tab shows them: weights/face/search.json.
"""

from __future__ import annotations

import argparse
import json
from datetime import datetime, timezone

import numpy as np

from apps.face.evaluation.search_speed import DIMENSION, SIZES, Timing, measure, processor
from shared.settings import weights_dir


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
        told = "" if row.right else "  WRONG ANSWER"
        print(
            f"{row.people:>10,} {row.seconds * 1e3:>9.2f} ms {row.naive_seconds * 1e3:>9.2f} ms "
            f"{row.ratio:>6.1f}x{told}"
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
