"""``python -m tools.house_map`` (``make readme``): the map of the rooms in CONTRIBUTING, read off the rooms themselves.

Order and names come from ``ROOMS`` in ``apps/<demo>/__init__.py``, the lines from the docstrings of the rooms.
"""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

from shared.demos import DEMOS
from shared.readme import rewrite

ROOT = Path(__file__).resolve().parents[1]
FILE, BLOCK = ROOT / "CONTRIBUTING.md", "rooms"


def rooms() -> str:
    """One table per demo: its rooms in the order of their imports, each with the first sentence of its docstring."""
    return "".join(_demo(demo.slug, demo.title) for demo in DEMOS)


def _demo(slug: str, title: str) -> str:
    lines = [f"\n**{title}**, `apps/{slug}/`\n", "| room | what |", "| --- | --- |"]
    for room in importlib.import_module(f"apps.{slug}").ROOMS:
        folder = ROOT / "apps" / slug / room
        is_room = (folder / "__init__.py").is_file()
        source = folder / "__init__.py" if is_room else folder.with_suffix(".py")
        lines.append(f"| `{room}{'/' if is_room else '.py'}` | {_first_sentence(source)} |")
    return "\n".join(lines) + "\n"


def _first_sentence(source: Path) -> str:
    words = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return words.partition("\n\n")[0].replace("\n", " ").replace("``", "`").replace("|", "\\|")


def main() -> None:
    """Write the map."""
    rewrite(FILE, BLOCK, rooms())


if __name__ == "__main__":
    main()
