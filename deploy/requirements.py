"""That what the hub asks for can be installed together, for every Python that it runs on; nothing is installed.

pip reads conditions such as ``python_version < "3.11"`` as of the Python that runs it, whatever ``--python-version``
says. So a Python that this machine has answers for itself; of another one the conditions are not known.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
FILES = ("requirements.txt", "requirements-cluster.txt")


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """One Python, and what pip would install for it; ``fault`` is why it cannot."""

    python: str
    packages: dict[str, str]  # name -> version
    fault: str = ""
    itself: bool = False  # that Python was asked; else conditions are read as of this one


def interpreter(python: str) -> str | None:
    """A Python ``python`` ("3.12") of this machine, on the path or among pyenv's, that has pip; ``None``: none."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for found in (shutil.which(f"python{python}"), *map(str, sorted(pyenv.glob(f"{python}.*/bin/python")))):
        if found is not None:
            asked = [found, "-c", "import pip, sys; print('%d.%d' % sys.version_info[:2])"]
            done = subprocess.run(asked, capture_output=True, text=True, check=False)
            if done.stdout.strip() == python:
                return found
    return None


def resolved(pythons: Sequence[str] = PYTHONS, files: Sequence[str] = FILES) -> Iterator[Resolved]:
    """What pip would install for each of ``pythons`` on this kind of machine, from wheels alone; minutes in all."""
    for python in pythons:
        own = interpreter(python)
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            command = [
                own or sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--disable-pip-version-check",
                "--only-binary=:all:", "--ignore-installed", "--target", folder, "--report", str(report),
                *(() if own else ("--python-version", python)),
                *(part for name in files for part in ("-r", str(ROOT / name))),
            ]  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                fault = next((line for line in done.stderr.splitlines() if "ERROR" in line), done.stderr[-200:])
                yield Resolved(python=python, packages={}, fault=fault, itself=own is not None)
                continue
            found = (one["metadata"] for one in json.loads(report.read_text(encoding="utf-8"))["install"])
            packages = {one["name"].lower(): one["version"] for one in found}
            yield Resolved(python=python, packages=packages, itself=own is not None)
