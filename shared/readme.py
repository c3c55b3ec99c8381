"""Tables in a README that a command writes between two comments, so that they cannot drift from what they show."""

from __future__ import annotations

import re
from pathlib import Path


def path() -> Path:
    """The README of this repository."""
    return Path(__file__).resolve().parent.parent / "README.md"


def with_block(text: str, name: str, block: str) -> str:
    """``text`` with what stands between ``<!-- name: ... -->`` and ``<!-- /name -->`` replaced by ``block``.

    Raises:
        ValueError: the comments are not there.
    """
    between = re.compile(rf"(<!-- {name}:[^>]*-->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not between.search(text):
        raise ValueError(f"no <!-- {name}: ... --> and <!-- /{name} --> in the text")
    return between.sub(lambda match: f"{match[1]}{block}{match[2]}", text)


def rewrite(file: Path, name: str, block: str) -> None:
    """Write ``block`` into the part ``name`` of ``file``."""
    file.write_text(with_block(file.read_text(encoding="utf-8"), name, block), encoding="utf-8")
