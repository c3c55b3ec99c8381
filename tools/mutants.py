"""Do the tests see when the code is wrong? ``python -m tools.mutants`` (``make mutants``) breaks it and runs them.

mutmut changes one place at a time: a sign, a bound, an argument, a condition. A change that no test notices is a
survivor. Each part of ``PARTS`` is copied to a folder of its own, where mutmut works and remembers; an interrupted run
goes on. All changes of all parts take hours, so by default a random sample of each part is tried, the same for the
same seed, and the share of the noticed is given with its 95 % interval.

Two kinds of changes are not made, because a test of them would only repeat the line: other words in a text, and lines
that raise, log or refuse. Tests in a browser, of a running hub or of a cluster are left out, as are slow ones.

    python -m tools.mutants [--parts ekg face] [--sample 150] [--seed 0] [--folder runs/mutants] [--survivors]
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from shared.cli import say

ROOT = Path(__file__).resolve().parents[1]
_KILLED, _TIMEOUT = (1, 3), (-24, 24, 36, 152, 255)  # how mutmut notes that a test failed, or went on for ever
_NO_WORDS = (  # mutmut without its changes of texts
    "import libcst, sys; from mutmut.mutation import mutators as m; "
    "m.mutation_operators.remove((libcst.BaseString, m.operator_string)); "
    "from mutmut.__main__ import cli; cli()"
)


@dataclass(frozen=True)
class Part:
    """Code that is broken, and the tests that should notice."""

    code: tuple[str, ...]  # files, as mutmut's patterns
    tests: tuple[str, ...]


PARTS = {
    "conv": Part(("apps/conv/shapes.py", "apps/conv/parse.py"), ("tests/apps/conv",)),
    "ekg": Part(
        ("apps/ekg/answers/rhythm.py", "apps/ekg/beats/*.py", "apps/ekg/formats/*.py", "apps/ekg/ui/results.py"),
        ("tests/apps/ekg",),
    ),
    "face": Part(
        ("apps/face/decision/*.py", "apps/face/triplets/loss.py", "apps/face/gallery/*.py", "apps/face/ui/state.py"),
        ("tests/apps/face",),
    ),
    "style": Part(("apps/style/descent/*.py", "apps/style/ui/state.py"), ("tests/apps/style",)),
    "gan": Part(("apps/gan/lab/*.py", "apps/gan/players/*.py", "apps/gan/sharpen/tiles.py"), ("tests/apps/gan",)),
    "shared": Part(
        (
            "shared/archives.py",
            "shared/filenames.py",
            "shared/images.py",
            "shared/sessions.py",
            "shared/model_cache.py",
            "shared/serving/*.py",
            "apps/door/lanes.py",
            "apps/door/logins.py",
            "apps/door/visitors.py",
            "apps/on_demand.py",
        ),
        ("tests/shared", "tests/apps/door", "tests/apps/test_on_demand.py", "tests/apps/test_hub.py"),
    ),
}
_ELSEWHERE = ("apps/face/gallery/postgres*", "apps/face/gallery/opening*")  # tested with make test-cluster
_UNREAD = (r'^\s*f?"[^"]*",?$', r"raise \w+\(", r"log\.", r"refusal\(", r"cast\(")
_COPIED = ("app.py", "weights", "benchmarks", "tools", "deploy", "lessons", ".ci", "Makefile", "README.md",
           "CONTRIBUTING.md", "requirements.txt", "requirements-dev.txt")  # fmt: skip


def main() -> None:
    """Break the parts asked for, and print what became of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=list(PARTS), help="(default: all)")
    parser.add_argument("--sample", type=int, default=150, help="changes of each part; 0: all (default: 150)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample (default: 0)")
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "mutants")
    parser.add_argument("--survivors", action="store_true", help="show the changes that no test noticed")
    asked = parser.parse_args()
    rows = [_tried(name, asked.folder / name, asked.sample, asked.seed) for name in asked.parts]
    say("part      changes   tried  noticed  not noticed")
    for row in rows:
        say(f"{row.name:<8} {row.made:>8,} {row.tried:>7,} {row.noticed:>8,} {len(row.survivors):>12,}")
    noticed, tried = sum(row.noticed for row in rows), sum(row.tried for row in rows)
    say(f"noticed: {_share(noticed, tried)}")
    if asked.survivors:
        for row in rows:
            for name in row.survivors:
                _mutmut(asked.folder / row.name, "show", name)


@dataclass(frozen=True, kw_only=True)
class _Row:
    name: str
    made: int
    noticed: int
    survivors: list[str]

    @property
    def tried(self) -> int:
        return self.noticed + len(self.survivors)


def _tried(name: str, folder: Path, sample: int, seed: int) -> _Row:
    """Try a sample of the part ``name`` in ``folder``."""
    if not folder.is_dir():
        _copy(PARTS[name], folder)
    if not _outcomes(folder):
        _mutmut(folder, "run", "none-of-them")  # makes the changes, learns which test runs which line, tries nothing
    outcomes = _outcomes(folder)
    chosen = sorted(outcomes)
    if sample:
        chosen = sorted(random.Random(seed).sample(chosen, min(sample, len(chosen))))
    left = [one for one in chosen if outcomes[one] is None]
    if left:
        _mutmut(folder, "run", *left)
    after = _outcomes(folder)
    counts = Counter(after[one] in (*_KILLED, *_TIMEOUT) for one in chosen if after[one] is not None)
    survivors = [one for one in chosen if after[one] is not None and after[one] not in (*_KILLED, *_TIMEOUT)]
    return _Row(name=name, made=len(outcomes), noticed=counts[True], survivors=survivors)


def _copy(part: Part, folder: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for path in filter(None, listed.split("\0")):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, folder / path)
    settings = {
        "source_paths": ["apps", "shared"],
        "also_copy": list(_COPIED),
        "only_mutate": list(part.code),
        "do_not_mutate": list(_ELSEWHERE),
        "do_not_mutate_patterns": list(_UNREAD),
        "pytest_add_cli_args": [
            "-p", "no:xdist", "-p", "no:cacheprovider", "-m", "not (e2e or hub or slow or data or cluster)",
        ],
        "pytest_add_cli_args_test_selection": list(part.tests),
    }  # fmt: skip
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]  # such JSON is TOML
    # torch's threads do not survive a fork, so workers come from a process without any; a busy machine is no time-out
    lines += ["track_dependencies = false", 'process_isolation = "forkserver"']
    lines += ["timeout_multiplier = 8.0", "timeout_constant = 8.0"]
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("\n[tool.mutmut]\n" + "\n".join(lines) + "\n")


def _mutmut(folder: Path, *arguments: str) -> None:
    with (folder / "mutmut.log").open("ab") as log:
        output = None if arguments[0] == "show" else log
        subprocess.run(
            [sys.executable, "-c", _NO_WORDS, *arguments], cwd=folder, stdout=output, stderr=log, check=False
        )


def _outcomes(folder: Path) -> dict[str, int | None]:
    """Each change and how its tests ended; ``None``: not tried yet."""
    found: dict[str, int | None] = {}
    for path in sorted((folder / "mutants").rglob("*.meta")):
        found |= json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def _share(noticed: int, tried: int) -> str:
    from scipy.stats import binomtest

    if not tried:
        return "nothing was tried; see mutmut.log in the parts' folders"
    interval = binomtest(noticed, tried).proportion_ci(method="wilson")
    return f"{noticed:,} of {tried:,}, {noticed / tried:.1%} ({interval.low:.1%} to {interval.high:.1%})"


if __name__ == "__main__":
    main()
