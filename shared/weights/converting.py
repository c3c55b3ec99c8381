"""The command of a module that converts weights from a package into what the hub reads; ``make weights`` calls them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from shared.cli import Parser, run, say
from shared.registry.types import WeightFile
from shared.settings import weights_dir
from shared.targets import check_folder


def conversion(convert: Callable[[Path], Iterable[WeightFile]], module: str, task: str) -> NoReturn:
    """Run ``convert``, with ``--out`` instead of the folder of ``task``, and say what the registry has to declare."""

    def main(argv: Sequence[str]) -> None:
        parser = Parser(prog=f"python -m {module}", description=sys.modules["__main__"].__doc__)
        parser.add_argument("--out", type=Path, default=None, help=f"folder for the files (default: weights/{task})")
        folder = parser.parse_args(argv).out or weights_dir() / task
        check_folder(folder)
        for file in convert(folder):
            say(f"{file.path}  {file.size} bytes  {file.sha256}")

    run(main)
