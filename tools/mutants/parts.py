"""What is broken, and which tests should notice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ELSEWHERE = {"apps/face/gallery/postgres.py", "apps/face/gallery/opening.py"}  # tested with make test-cluster


@dataclass(frozen=True)
class Part:
    """Code that is broken, and the tests that should notice."""

    code: tuple[str, ...]  # files of Python, as patterns
    tests: tuple[str, ...]  # files and folders
    slow: tuple[str, ...] = ()  # files whose slow tests count, too: others hold little of this code

    def files(self) -> Iterator[Path]:
        """The files of the code, below the working folder."""
        for pattern in self.code:
            for path in sorted(Path().glob(pattern)):
                if path.as_posix() not in _ELSEWHERE:
                    yield path


PARTS = {
    "conv": Part(("apps/conv/shapes.py", "apps/conv/parse.py"), ("tests/apps/conv",)),
    "face": Part(
        (
            "apps/face/decision/*.py",
            "apps/face/triplets/loss.py",
            "apps/face/triplets/mining.py",
            "apps/face/gallery/*.py",
            "apps/face/photo/*.py",
            "apps/face/ui/answers.py",
            "apps/face/ui/state.py",
        ),
        ("tests/apps/face", "tests/shared/test_verifier.py"),
    ),
    "ekg": Part(
        ("apps/ekg/answers/*.py", "apps/ekg/beats/*.py", "apps/ekg/formats/*.py", "apps/ekg/ui/results.py"),
        ("tests/apps/ekg",),
    ),
    "style": Part(
        ("apps/style/descent/*.py", "apps/style/run/limits.py", "apps/style/run/recipe.py", "apps/style/ui/state.py"),
        ("tests/apps/style/descent", "tests/apps/style/run", "tests/apps/style/ui/test_state.py"),
    ),
    "gan": Part(
        (
            "apps/gan/drawing/*.py",
            "apps/gan/lab/dice.py",
            "apps/gan/lab/game.py",
            "apps/gan/lab/requests.py",
            "apps/gan/lab/rules.py",
            "apps/gan/players/*.py",
            "apps/gan/sharpen/tiles.py",
        ),
        tuple(f"tests/apps/gan/{room}" for room in ("drawing", "exhibits", "lab", "players", "sharpen/test_tiles.py")),
        slow=("tests/apps/gan/sharpen/test_tiles.py",),
    ),
    "shared": Part(
        (
            "shared/archives.py",
            "shared/filenames.py",
            "shared/images.py",
            "shared/sessions.py",
            "shared/model_cache.py",
            "shared/serving/*.py",
        ),
        ("tests/shared",),
    ),
    "door": Part(
        ("apps/door/*.py", "apps/on_demand.py"),
        ("tests/apps/door", "tests/apps/test_on_demand.py", "tests/apps/test_hub.py"),
    ),
}
