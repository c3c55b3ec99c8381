"""Every change of a file that mutmut knows: a sign, a bound, an argument, a condition, in one function at a time.

Not made are changes that a test could only notice by repeating the line: other words in a text, and what raises, logs
or refuses; and ``strict=True`` of a ``zip`` is left in. Functions with a decorator are left out by mutmut, except
static and class methods.
"""

from __future__ import annotations

import ast
import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import libcst as cst
from mutmut.mutation import mutators
from mutmut.mutation.file_mutation import Mutation, create_mutations, deep_replace

_TEXT = (cst.BaseString, mutators.operator_string)
_UNREAD_CALLS = ("log.", "refusal(", "cast(")


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change: where it is, and how the lines read."""

    path: str
    function: str  # "f", or "Class.method"
    line: int  # the first one that changes, from 1
    reach: tuple[int, int]  # lines of the statement: who runs one of them may notice
    was: str
    becomes: str
    key: str  # the same as long as the function is
    _module: cst.Module = field(repr=False, compare=False)
    _mutation: Mutation = field(repr=False, compare=False)

    def source(self) -> str:
        """The whole file with the change."""
        changed = deep_replace(self._module, self._mutation.original_node, self._mutation.mutated_node)
        return str(cast(cst.Module, changed).code)


def sampled(files: Iterable[Path], count: int, seed: int) -> tuple[list[Mutant], int]:
    """``count`` changes of the ``files`` at random (0: all), and of how many. An edit moves only its function's."""
    if _TEXT in mutators.mutation_operators:  # the same list is held by the module that uses it
        mutators.mutation_operators.remove(_TEXT)  # type: ignore[attr-defined, unused-ignore]
    places = [place for path in files for place in _places(path)]
    places.sort(key=lambda place: hashlib.sha256(f"{seed} {place.key}".encode()).digest())
    made = (mutant for mutant in map(_mutant, places) if mutant is not None)
    return list(itertools.islice(made, count or None)), len(places)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where something can be changed; how it then reads takes longer to say."""

    path: Path
    function: str
    before: list[str]  # lines of the function
    node: ast.FunctionDef | ast.AsyncFunctionDef
    key: str
    module: cst.Module
    mutation: Mutation


def _places(path: Path) -> Iterator[_Place]:
    source = path.read_text(encoding="utf-8")
    module, mutations, _, _ = create_mutations(path.as_posix(), source)
    names = dict(_functions(module.body))
    nodes = dict(_parsed(ast.parse(source).body))
    texts = {function: module.code_for_node(function) for function in names}
    seen: Counter[cst.FunctionDef] = Counter()
    for mutation in mutations:
        function = mutation.contained_by_top_level_function
        if isinstance(function, cst.FunctionDef) and function in names:
            seen[function] += 1
            key = f"{path.as_posix()} {names[function]} {seen[function]}\n{texts[function]}"
            yield _Place(
                path=path,
                function=names[function],
                before=texts[function].splitlines(),
                node=nodes[names[function]],
                key=hashlib.sha256(key.encode()).hexdigest()[:16],
                module=module,
                mutation=mutation,
            )


def _mutant(place: _Place) -> Mutant | None:
    """The change at ``place``, if it is one to be made."""
    function, mutation = place.mutation.contained_by_top_level_function, place.mutation
    changed = deep_replace(function, mutation.original_node, mutation.mutated_node)
    start, was, becomes = _difference(place.before, place.module.code_for_node(changed).splitlines())
    heading = next(i for i, text in enumerate(place.before) if text.lstrip().startswith(("def ", "async def ")))
    line = place.node.lineno + start - heading
    if not was or _unread(place.node, line, was) or _disarms(" ".join(was), " ".join(becomes)):
        return None
    return Mutant(
        path=place.path.as_posix(),
        function=place.function,
        line=line,
        reach=_reach(place.node, line),
        was=" ".join(map(str.strip, was)),
        becomes=" ".join(map(str.strip, becomes)),
        key=place.key,
        _module=place.module,
        _mutation=mutation,
    )


def _disarms(was: str, becomes: str) -> bool:
    """Whether only the check of ``zip`` goes that two sequences are equally long, as they are."""
    texts = (re.sub(r",?\s*strict=\w+|[\s,]", "", text) for text in (was, becomes))
    return "strict=True" in was and len(set(texts)) == 1


def _functions(body: Sequence[cst.CSTNode], within: str = "") -> Iterator[tuple[cst.FunctionDef, str]]:
    for node in body:
        if isinstance(node, cst.FunctionDef):
            yield node, within + node.name.value
        elif isinstance(node, cst.ClassDef) and not within and isinstance(node.body, cst.IndentedBlock):
            yield from _functions(node.body.body, f"{node.name.value}.")


def _parsed(body: list[ast.stmt], within: str = "") -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield within + node.name, node
        elif isinstance(node, ast.ClassDef) and not within:
            yield from _parsed(node.body, f"{node.name}.")


def _difference(before: list[str], after: list[str]) -> tuple[int, list[str], list[str]]:
    """Where the two begin to differ, and the lines in which they do."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return start, before[start : len(before) - end], after[start : len(after) - end]


def _statement(function: ast.AST, line: int) -> ast.stmt | None:
    """The innermost statement on ``line``."""
    around = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.stmt) and node is not function and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return max(around, key=lambda node: (node.lineno, -(node.end_lineno or 0)), default=None)


def _unread(function: ast.AST, line: int, was: list[str]) -> bool:
    statement = _statement(function, line)
    if isinstance(statement, ast.Raise):
        return True
    if all(text.strip().lstrip("f").startswith('"') and text.strip().endswith(('"', '",')) for text in was):
        return True
    start = ast.unparse(statement) if isinstance(statement, ast.Expr) else ""
    return start.startswith(_UNREAD_CALLS[:2]) or any(call in text for call in _UNREAD_CALLS for text in was)


def _reach(function: ast.FunctionDef | ast.AsyncFunctionDef, line: int) -> tuple[int, int]:
    """First and last line whose running says that the change on ``line`` is run."""
    statement = _statement(function, line)
    if statement is None:  # a default of an argument
        return function.body[0].lineno, function.end_lineno or line
    body = getattr(statement, "body", None)
    if isinstance(statement, ast.Match | ast.Try) or not isinstance(body, list):
        return statement.lineno, statement.end_lineno or line
    heading = (statement.lineno, max(body[0].lineno - 1, statement.lineno))
    return heading if line <= heading[1] else (line, line)
