"""Do the tests notice when the code is wrong? ``python -m tools.mutants`` (``make mutants``) breaks it and runs them.

One place is changed at a time (``making.py``), and the tests of its part (``parts.py``) that run the line are run in a
fork (``attempts.py``). A change that no test notices is a survivor. All changes take hours, so a random sample of each
part is tried, the same for the same seed; the share of the noticed is given with its exact 95 % interval. Changes that
nothing can notice are listed with their reasons in ``equivalent.toml`` and do not count.

The work is done in a copy of the house; what was noticed there is remembered, so an interrupted run goes on, and after
a new test only what survived is tried again. Tests in a browser, of a running hub or of a cluster are left out, as are
slow ones.

    python -m tools.mutants [--parts ekg face] [--sample 100] [--seed 0] [--folder runs/mutants] [--survivors]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.cli import say
from tools.mutants.parts import PARTS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Break the parts asked for, and print what became of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=list(PARTS), help="(default: all)")
    parser.add_argument("--sample", type=int, default=100, help="changes of each part; 0: all (default: 100)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample (default: 0)")
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "mutants")
    parser.add_argument("--survivors", action="store_true", help="show the changes that no test noticed")
    asked = parser.parse_args()
    folder: Path = asked.folder.resolve()
    _copy(folder / "house")
    rows = [_tried(name, folder, asked.sample, asked.seed) for name in asked.parts]
    say("part     changes  tried  equivalent  noticed  not noticed")
    for row in rows:
        say(
            f"{row.name:<7} {row.made:>8,} {len(row.tried):>6,} {len(row.equivalent):>11,} {row.noticed:>8,}"
            f" {len(row.survivors):>12,}  {_share(row.noticed, row.noticed + len(row.survivors))}"
        )
    if asked.survivors:
        for survivor in (survivor for row in rows for survivor in row.survivors):
            say(f"\n{survivor['path']}:{survivor['line']} {survivor['function']}\n- {survivor['was']}")
            say(f"+ {survivor['becomes']}")


@dataclass(frozen=True, kw_only=True)
class _Row:
    name: str
    made: int
    tried: list[dict[str, Any]]

    @property
    def noticed(self) -> int:
        return sum(one["outcome"] in ("noticed", "hung") for one in self.tried)

    @property
    def equivalent(self) -> list[dict[str, Any]]:
        return [one for one in self.tried if one["outcome"] == "survived" and _named(one) in _equivalent()]

    @property
    def survivors(self) -> list[dict[str, Any]]:
        return [one for one in self.tried if one["outcome"] == "survived" and _named(one) not in _equivalent()]


def _tried(name: str, folder: Path, sample: int, seed: int) -> _Row:
    """Try a sample of the part ``name`` in the copy in ``folder``."""
    results = folder / f"{name}.jsonl"
    command = [sys.executable, "-m", "tools.mutants.attempts", name, str(sample), str(seed), str(results)]
    quiet = {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}  # threads would not survive a fork
    with (folder / f"{name}.log").open("wb") as log:
        subprocess.run(command, cwd=folder / "house", env=os.environ | quiet, stdout=log, stderr=log, check=False)
    chosen = json.loads(results.with_suffix(".sample").read_text(encoding="utf-8"))
    rows = map(json.loads, results.read_text(encoding="utf-8").splitlines() if results.is_file() else ())
    last = {row["key"]: row for row in rows}
    return _Row(name=name, made=chosen["every"], tried=[last[key] for key in chosen["sample"] if key in last])


def _copy(house: Path) -> None:
    """A copy of the house as it is, with what mutmut wants to be said."""
    shutil.rmtree(house, ignore_errors=True)
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for path in filter(lambda path: (ROOT / path).is_file(), listed.split("\0")):
        (house / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, house / path)
    with (house / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write('\n[tool.mutmut]\nsource_paths = ["apps", "shared"]\n')


def _named(change: dict[str, Any]) -> tuple[str, ...]:
    return tuple(change[part] for part in ("path", "function", "was", "becomes"))


def _equivalent() -> set[tuple[str, ...]]:
    table = tomllib.loads(Path(__file__).with_name("equivalent.toml").read_text(encoding="utf-8"))
    return {_named(change) for change in table.get("change", ())}


def _share(noticed: int, tried: int) -> str:
    from scipy.stats import binomtest

    if not tried:
        return "nothing was tried; see the part's log"
    interval = binomtest(noticed, tried).proportion_ci(method="exact")
    return f"{noticed / tried:.1%} ({interval.low:.1%} to {interval.high:.1%})"


if __name__ == "__main__":
    main()
