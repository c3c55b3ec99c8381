"""Tries changes of the code in a copy of the house: ``python -m tools.mutants.attempts PART SAMPLE SEED RESULTS``.

pytest collects the part's tests once. From then on it is forked: once to learn which tests run which line and how long
they take, then for each change, where the changed function takes the old one's place and the tests that run the line
go on until one fails. A test that fails must pass without the change; if it doesn't, it says nothing. Who uses ten
times the processor time of the unchanged code, or answers nobody twice, was noticed as well.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import inspect
import itertools
import json
import math
import os
import resource
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from tools.mutants.making import Mutant, sampled
from tools.mutants.parts import PARTS

_LEFT_OUT = "not (e2e or hub or data or cluster)"
_PATIENCE = 10  # times of the unchanged code's
_GRACE_S = 20.0  # more, for what is new in a fork
_NEAR_S = 60.0  # s of processor for tests that run the line, the quickest first
_ASIDE_S = 4.0  # ... and for others of the same files
_MEMORY = 6 << 30  # bytes that a change may take beyond what is taken


class Attempts:
    """A plugin of pytest: instead of all tests once, those that run the changed line, once for each change."""

    def __init__(self, mutants: Sequence[Mutant], results: Path, slow: Sequence[str]) -> None:
        self._mutants, self._results = mutants, results
        self._slow = {Path(path).resolve() for path in slow}
        self._sound: dict[int, bool] = {}
        self._anew: dict[Path, bool] = {}
        self._items: list[pytest.Item] = []
        self._tests: list[dict[str, Any]] = []
        self._lines: dict[str, dict[str, list[int]]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try them all."""
        self._items = [
            item for item in session.items if item.path in self._slow or item.get_closest_marker("slow") is None
        ]
        learned = _in_fork(lambda: _clean_run(self._items, {mutant.path for mutant in self._mutants}))
        self._tests, self._lines = learned["tests"], learned["lines"]
        for test, item in zip(self._tests, self._items, strict=True):
            if not test["passed"]:
                sys.stderr.write(f"fails without any change: {item.nodeid}\n")
        known = _known(self._results)
        for mutant in self._mutants:
            before = hashlib.sha256(Path(mutant.path).read_bytes()).hexdigest()[:16]
            if known.get(mutant.key) == before:
                continue
            row = {"key": mutant.key, "file": before, "path": mutant.path, "line": mutant.line,
                   "function": mutant.function, "was": mutant.was, "becomes": mutant.becomes}  # fmt: skip
            started = time.monotonic()
            row |= self._tried(mutant)
            row["seconds"] = round(time.monotonic() - started, 1)
            with self._results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        return True

    def _tried(self, mutant: Mutant) -> dict[str, Any]:
        """How the change ended: ``noticed`` by a test, ``hung`` in them, or ``survived``."""
        of_file = self._lines.get(mutant.path, {})
        first, last = mutant.reach
        near = {test for line in range(first, last + 1) for test in of_file.get(str(line), ())}
        own = Path("tests", Path(mutant.path).parent, f"test_{Path(mutant.path).name}").resolve()
        files = {self._items[test].path for test in near} | {own}
        around = {test for test, item in enumerate(self._items) if item.path in files} - near
        # what is remembered between tests was run by the first one only, and what programs run was not seen
        for tests, most_s in ((near, _NEAR_S), (around, _ASIDE_S)):
            answer = self._run(mutant, self._quickest(tests, most_s))
            if answer != {"outcome": "survived"}:
                return answer
        if not near and own.is_file() and self._passes_anew(own):  # it may be run when modules are imported
            with _on_disk(mutant):
                if not _passes(own):
                    return {"outcome": "noticed", "by": own.name}
        return {"outcome": "survived", "tests": len(near)}

    def _passes_anew(self, file: Path) -> bool:
        if file not in self._anew:
            self._anew[file] = _passes(file)
        return self._anew[file]

    def _quickest(self, tests: set[int], most_s: float) -> list[int]:
        """Quick files first, quick tests first in each, up to so many seconds; only those that pass."""
        good = [test for test in tests if self._tests[test]["passed"] and self._sound.get(test, True)]
        seconds: dict[Path, float] = {}
        for test in good:
            path = self._items[test].path
            seconds[path] = seconds.get(path, 0.0) + self._tests[test]["seconds"]
        good.sort(
            key=lambda test: (seconds[self._items[test].path], self._items[test].path, self._tests[test]["seconds"])
        )
        sums = itertools.accumulate(self._tests[test]["cpu"] for test in good)
        return [test for test, so_far in zip(good, sums, strict=True) if so_far <= most_s or test == good[0]]

    def _run(self, mutant: Mutant, tests: list[int], again: bool = False) -> dict[str, Any]:
        if not tests:
            return {"outcome": "survived"}
        cpu_s = _GRACE_S + _PATIENCE * sum(self._tests[test]["cpu"] for test in tests)
        wall_s = 2 * _GRACE_S + _PATIENCE * (1 + again) * sum(self._tests[test]["seconds"] for test in tests)
        with _on_disk(mutant):
            failed = _in_fork(lambda: _first_failure([self._items[test] for test in tests], mutant), cpu_s, wall_s)
        if failed == "time":
            return {"outcome": "hung"} if again else self._run(mutant, tests, again=True)
        if failed == "died":
            return {"outcome": "noticed", "by": "the process that ran it ended"}
        if failed is None:
            return {"outcome": "survived"}
        if isinstance(failed, str):
            return {"outcome": "untried", "by": failed}
        test = tests[failed]
        if test not in self._sound:
            self._sound[test] = _in_fork(lambda: _first_failure([self._items[test]])) is None
        if self._sound[test]:
            return {"outcome": "noticed", "by": self._items[test].nodeid}
        sys.stderr.write(f"fails alone without any change: {self._items[test].nodeid}\n")
        return self._run(mutant, [one for one in tests if one != test])


def _passes(file: Path) -> bool:
    """Whether the tests of a file pass in a process of their own."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", f"{_LEFT_OUT} and not slow"]
    try:
        return subprocess.run([*command, str(file)], capture_output=True, timeout=600, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _known(results: Path) -> dict[str, str]:
    """The changes noticed in an earlier run, and the state of their file then. What survived is tried again."""
    if not results.is_file():
        return {}
    rows = map(json.loads, results.read_text(encoding="utf-8").splitlines())
    return {row["key"]: row["file"] for row in rows if row["outcome"] in ("noticed", "hung")}


@contextlib.contextmanager
def _on_disk(mutant: Mutant) -> Iterator[None]:
    """The changed file in place of the old one: for modules imported late, and for programs that tests start."""
    path = Path(mutant.path)
    before = path.read_bytes()
    path.write_text(mutant.source(), encoding="utf-8")
    try:
        yield
    finally:
        path.write_bytes(before)


def _in_fork(work: Callable[[], Any], cpu_s: float = 3600, wall_s: float = 7200) -> Any:
    """What ``work`` returns, in a fork of this process: ``"time"`` or ``"died"`` where it came to no end."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.setsid()
        taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + _MEMORY, taken + _MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(cpu_s), math.ceil(cpu_s) + 5))
        try:
            text = json.dumps(work())
        except BaseException:  # noqa: BLE001 - it is handed on
            text = json.dumps(traceback.format_exc())
        with contextlib.suppress(BrokenPipeError), os.fdopen(writer, "wb") as file:
            file.write(text.encode() + b"\n")
        os.kill(os.getpid(), signal.SIGKILL)  # no clearing up: it would wait for what the change left behind
    os.close(writer)
    received, until = b"", time.monotonic() + wall_s
    while not received.endswith(b"\n"):
        if not select.select([reader], [], [], max(0.0, until - time.monotonic()))[0]:
            break
        piece = os.read(reader, 1 << 20)
        if not piece:
            break
        received += piece
    else:
        until = math.inf
    os.close(reader)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if received.endswith(b"\n"):
        return json.loads(received)
    over = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
    return "time" if over or time.monotonic() >= until else "died"


class _Watch:
    """Notes whether a test failed."""

    failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """pytest says how a part of a test ended."""
        self.failed |= report.failed


def _first_failure(items: list[pytest.Item], mutant: Mutant | None = None) -> int | None:
    """The place among ``items`` of the first one to fail, with the change in force."""
    if mutant is not None:
        _put_in_force(mutant)
    watch = _Watch()
    items[0].config.pluginmanager.register(watch)
    for place, (item, following) in enumerate(zip(items, [*items[1:], None], strict=True)):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if watch.failed:
            return place
    return None


def _put_in_force(mutant: Mutant) -> None:
    """The changed function in place of the old one, wherever that is already held."""
    module = sys.modules.get(mutant.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__"))
    if module is None:
        return
    source = Path(mutant.path).read_text(encoding="utf-8")
    code, holder, node = compile(source, mutant.path, "exec", dont_inherit=True), vars(module), ast.parse(source)
    inner: Any = node
    for name in mutant.function.split("."):
        code = [one for one in code.co_consts if isinstance(one, CodeType) and one.co_name == name][-1]
        inner = [one for one in inner.body if getattr(one, "name", None) == name][-1]
        live = holder[name]
        holder = getattr(live, "__dict__", {})
    live = inspect.unwrap(getattr(live, "__func__", live))
    live.__code__ = code
    _take_defaults(live, inner.args)


def _take_defaults(live: Any, arguments: ast.arguments) -> None:
    """Numbers, words and flags among the defaults of ``live``'s arguments, as they read now."""

    def value(node: ast.expr | None, old: object) -> Any:
        return node.value if isinstance(node, ast.Constant) else old

    if live.__defaults__:
        live.__defaults__ = tuple(map(value, arguments.defaults, live.__defaults__))
    for name, node in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if node is not None:
            live.__kwdefaults__[name.arg] = value(node, live.__kwdefaults__[name.arg])


class _Contexts:
    """Lets coverage know for whom a line is run: a test, or a fixture that several tests share."""

    def __init__(self, coverage: Any) -> None:
        self._coverage, self.test = coverage, ""

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """A fixture is made."""
        if fixturedef.scope == "function":
            yield
            return
        self._coverage.switch_context(f"{fixturedef.argname} {fixturedef.baseid}")
        yield
        self._coverage.switch_context(self.test)


def _clean_run(items: list[pytest.Item], paths: set[str]) -> dict[str, Any]:
    """Each test's seconds and whether it passes, and for each line of the files in ``paths`` the tests that run it."""
    import coverage

    measuring = coverage.Coverage(
        data_file=None, config_file=False, include=[str(Path(path).resolve()) for path in paths]
    )
    contexts, watch = _Contexts(measuring), _Watch()
    for plugin in (contexts, watch):
        items[0].config.pluginmanager.register(plugin)
    tests: list[dict[str, Any]] = []
    measuring.start()
    for number, (item, following) in enumerate(zip(items, [*items[1:], None], strict=True)):
        contexts.test, watch.failed = str(number), False
        measuring.switch_context(contexts.test)
        wall, cpu = time.perf_counter(), time.process_time()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        tests.append(
            {"passed": not watch.failed, "seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        )
    measuring.stop()
    data = measuring.get_data()
    lines = {
        path: {
            str(line): sorted({test for context in held for test in _tests_of(context, items)})
            for line, held in data.contexts_by_lineno(str(Path(path).resolve())).items()
        }
        for path in paths
    }
    return {"tests": tests, "lines": lines}


def _tests_of(context: str, items: list[pytest.Item]) -> list[int]:
    if context.isdecimal():
        return [int(context)]
    fixture, _, base = context.partition(" ")
    return [
        number
        for number, item in enumerate(items)
        if fixture in getattr(item, "fixturenames", ()) and item.nodeid.startswith(base)
    ]


def main(name: str, count: int, seed: int, results: Path) -> None:
    """Try ``count`` changes of the part ``name``; a line of JSON for each goes to the file ``results``."""
    mutants, every = sampled(PARTS[name].files(), count, seed)
    with results.with_suffix(".sample").open("w", encoding="utf-8") as file:
        json.dump({"every": every, "sample": [mutant.key for mutant in mutants]}, file)
    arguments = ["-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-m", _LEFT_OUT, "--tb=short"]
    pytest.main([*arguments, *PARTS[name].tests], plugins=[Attempts(mutants, results, PARTS[name].slow)])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
