"""That what the hub asks for can be installed together, for every Python that it runs on; nothing is installed."""

from __future__ import annotations

import json
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


def resolved(pythons: Sequence[str] = PYTHONS, files: Sequence[str] = FILES) -> Iterator[Resolved]:
    """What pip would install for each of ``pythons`` on this kind of machine, from wheels alone; minutes in all."""
    for python in pythons:
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            command = [
                sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--disable-pip-version-check",
                "--only-binary=:all:", "--python-version", python, "--target", folder, "--report", str(report),
                *(part for name in files for part in ("-r", str(ROOT / name))),
            ]  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                fault = next((line for line in done.stderr.splitlines() if "ERROR" in line), done.stderr[-200:])
                yield Resolved(python=python, packages={}, fault=fault)
                continue
            found = (one["metadata"] for one in json.loads(report.read_text(encoding="utf-8"))["install"])
            yield Resolved(python=python, packages={one["name"].lower(): one["version"] for one in found})
