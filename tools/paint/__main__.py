"""``python -m tools.paint``: paint the style samples again. The same seed gives the same pictures."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from tools.paint import brushes, cuts

SEED = 7
QUALITY = 88  # JPEG
THUMB = (112, 112)  # pixels, for the page
PICTURES: dict[str, Callable[[np.random.Generator], Image.Image]] = {
    "swirls": brushes.swirls,
    "bands": brushes.bands,
    "points": brushes.points,
    "mosaic": cuts.mosaic,
    "woodcut": cuts.woodcut,
    "planes": cuts.planes,
    "circles": cuts.circles,
    "ink": cuts.ink,
}
FOLDER = Path(__file__).resolve().parents[2] / "apps" / "style" / "samples"


def main() -> None:
    """Paint all pictures, or those that are named, into the folder of samples."""
    parser = argparse.ArgumentParser(prog="python -m tools.paint", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which of {', '.join(PICTURES)} (default: all)")
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--seed", type=int, default=SEED)
    chosen = parser.parse_args()
    for name in chosen.names or PICTURES:
        picture = PICTURES[name](np.random.default_rng([chosen.seed, *name.encode()]))
        picture.save(chosen.out / f"{name}.jpg", "JPEG", quality=QUALITY, optimize=True)
        small = picture.resize(THUMB, Image.Resampling.LANCZOS)
        (chosen.out / "thumbs").mkdir(exist_ok=True)
        small.save(chosen.out / "thumbs" / f"{name}.jpg", "JPEG", quality=QUALITY, optimize=True)
        print(name)


if __name__ == "__main__":
    main()
