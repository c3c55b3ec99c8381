"""Measured figures as they lie in ``weights/<demo>/*.json``, read without trust: every value may be missing or odd.

Nothing here imports streamlit. ``Figures`` answers ``None`` where a value is not there or not of its kind, and
remembers what was asked for, so that the page can list the rest as it is stored.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.registry import records
from shared.registry.types import Record
from shared.settings import weights_dir

NOT_MEASURED = "not measured yet"
_Z95 = 1.959964  # standard normal quantile of a two-sided 95 % interval


@dataclass
class Figures:
    """One JSON object of figures."""

    data: dict[str, Any]
    asked: set[str] = field(default_factory=set)  # top-level keys that were read

    def get(self, *keys: str) -> Any:
        """The value below ``keys``, or ``None``."""
        value: Any = self.data
        if keys:
            self.asked.add(keys[0])
        for key in keys:
            if not isinstance(value, dict) or key not in value:
                return None
            value = value[key]
        return value

    def number(self, *keys: str) -> float | None:
        """The finite number below ``keys``, or ``None``."""
        return _finite(self.get(*keys))

    def numbers(self, *keys: str) -> list[float] | None:
        """The list of finite numbers below ``keys``, or ``None``."""
        value = self.get(*keys)
        if not isinstance(value, list) or not value:
            return None
        read = [_finite(item) for item in value]
        return None if None in read else [item for item in read if item is not None]

    def text(self, *keys: str) -> str | None:
        """The text below ``keys``, or ``None``."""
        value = self.get(*keys)
        return value if isinstance(value, str) and value else None

    def below(self, *keys: str) -> Figures | None:
        """The object below ``keys`` as figures of its own, or ``None``."""
        value = self.get(*keys)
        return Figures(value) if isinstance(value, dict) else None

    def rows(self, *keys: str) -> list[Figures]:
        """The objects in the list below ``keys``; those that are no objects are left out."""
        value = self.get(*keys)
        return [Figures(item) for item in value if isinstance(item, dict)] if isinstance(value, list) else []

    def matrix(self, *keys: str) -> list[list[float]] | None:
        """The square matrix of finite numbers below ``keys``, or ``None``."""
        value = self.get(*keys)
        if not isinstance(value, list) or not value:
            return None
        read = [[_finite(cell) for cell in row] if isinstance(row, list) else [] for row in value]
        if any(len(row) != len(read) or None in row for row in read):
            return None
        return [[cell for cell in row if cell is not None] for row in read]

    def interval(self, *keys: str) -> tuple[float, float] | None:
        """The pair (low, high) below ``keys``, or ``None``."""
        pair = self.numbers(*keys)
        return (pair[0], pair[1]) if pair is not None and len(pair) == 2 and pair[0] <= pair[1] else None

    def rest(self) -> dict[str, Any]:
        """What nobody has asked for yet."""
        return {key: value for key, value in self.data.items() if key not in self.asked}


def _finite(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file of figures: what it belongs to, and what it holds or why it cannot be read."""

    name: str
    title: str
    path: Path
    figures: Figures | None
    problem: str = ""  # empty where ``figures`` is not


def read_source(name: str, title: str, path: Path) -> Source:
    """The figures in the file at ``path``; a missing or damaged file is a problem, not an error."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Source(name=name, title=title, path=path, figures=None, problem=NOT_MEASURED)
    except (OSError, ValueError, RecursionError) as error:
        return Source(name=name, title=title, path=path, figures=None, problem=f"The file cannot be read: {error}")
    if not isinstance(data, dict):
        return Source(name=name, title=title, path=path, figures=None, problem="The file holds no JSON object")
    return Source(name=name, title=title, path=path, figures=Figures(data))


def sources(task: str) -> Iterator[Source]:
    """The figures of every registered network of ``task`` that names a file, then files of that folder beside them."""
    folder, seen = weights_dir(), set()
    for record in records(task):
        if record.measured and record.measured not in seen:
            seen.add(record.measured)
            yield read_source(record.name, record.title, folder / record.measured)
    for path in sorted((folder / task).glob("*.json")):
        relative = path.relative_to(folder).as_posix()
        if relative not in seen:
            yield read_source(relative, path.stem, path)


def card(record: Record) -> str | None:
    """The text of the record's model card, or ``None`` where it has none or the file is missing."""
    if record.card is None:
        return None
    try:
        return (weights_dir() / record.card).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


def is_here(record: Record) -> bool:
    """Whether every file of ``record`` lies in the bundle with the declared size."""
    files = [(weights_dir() / file.path, file.size) for file in record.files]
    return all(path.is_file() and path.stat().st_size == size for path, size in files)


def wilson(share: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of ``n`` independent trials."""
    middle = (share + _Z95**2 / (2 * n)) / (1 + _Z95**2 / n)
    reach = _Z95 * math.sqrt(share * (1 - share) / n + _Z95**2 / (4 * n * n)) / (1 + _Z95**2 / n)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def percent(value: float | None, digits: int = 1) -> str:
    """``98.2 %``, or that it is not measured."""
    return NOT_MEASURED if value is None else f"{value * 100:.{digits}f} %"


def plain(value: float | None, digits: int = 3) -> str:
    """``0.591``, ``10,000``, or that it is not measured."""
    if value is None:
        return NOT_MEASURED
    return f"{value:,.0f}" if value == int(value) and abs(value) >= 10 else f"{value:,.{digits}f}"


def span(pair: tuple[float, float] | None, digits: int = 1) -> str:
    """``95 %: 97.9 to 98.5 %``, or nothing."""
    return "" if pair is None else f"95 %: {pair[0] * 100:.{digits}f} to {pair[1] * 100:.{digits}f} %"


def thinned(values: Sequence[float], most: int = 300) -> list[int]:
    """At most ``most`` indices into ``values``, evenly spaced, both ends among them."""
    if len(values) <= most:
        return list(range(len(values)))
    return sorted({round(i * (len(values) - 1) / (most - 1)) for i in range(most)})
