"""The sliders of the latent space: directions that were found by ``directions.py``, in a file. Without torch."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from shared.errors import WeightsError
from shared.settings import weights_dir

FILE = "gan/cgan-directions.json"  # below the weights folder
QUALITIES = ("slant", "boldness", "width", "height")


@dataclass(frozen=True)
class Direction:
    """A unit vector of the latent space and what moving along it does."""

    vector: tuple[float, ...]  # (Z,)
    effects: tuple[float, ...]  # per quality: change over 4 sigma of z, in standard deviations of that quality

    @property
    def name(self) -> str:
        """The qualities that change most: those with at least half of the strongest effect."""
        strongest = max(abs(effect) for effect in self.effects)
        named = [(abs(e), q) for e, q in zip(self.effects, QUALITIES, strict=True) if abs(e) >= 0.5 * strongest]
        return " and ".join(quality for _, quality in sorted(named, reverse=True))


def write_directions(found: tuple[Direction, ...], path: Path) -> None:
    """Keep ``found`` as JSON."""
    content = {"qualities": QUALITIES, "directions": [asdict(direction) for direction in found]}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read_directions() -> tuple[Direction, ...]:
    """Those of the bundled conditional generator.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    path = weights_dir() / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["directions"]
        return tuple(Direction(tuple(one["vector"]), tuple(one["effects"])) for one in found)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise WeightsError(
            f"the directions of z in {path}", str(error), "Restore the file from the repository."
        ) from error
