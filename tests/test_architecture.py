"""The rules of the house, checked on the source of every module; each test reports all faults at once."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from shared import registry, settings
from shared.demos import SLUGS
from shared.errors import WeightsError
from shared.readme import with_block
from shared.registry.types import Bundled, HubFile, InPackage, Record, Release
from shared.weights import inspect
from tools import house_map

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
MOST_LINES = 400
WIDEST = 120  # columns; ruff holds Python to it
MOST_BYTES = 10_000_000  # a Space's git refuses larger files without LFS
HEAVY = (
    "torch", "torchvision", "facenet_pytorch", "altair", "matplotlib", "scipy", "sklearn", "wfdb", "streamlit",
    "pillow_heif", "safetensors.torch",
)  # fmt: skip
GRADIO = re.compile(
    r"app\.py|apps/(choices|hub|ui|on_demand|sharing|exercises|gradio_patches)\.py|apps/door/(inputs|lanes)\.py|apps/\w+/ui/.*\.py"
)
MOST_FILES = 20  # of code in one folder
DRAWING = ("apps.markup", "apps.charts", "apps.measured")  # what every module of a demo may import
CODE = (".py", ".js", ".css", ".html")
OURS = ("app", "apps", "shared", "tests", "benchmarks", "tools", "deploy")
OUTSIDE = {"__init__", "__main__"}  # of the rooms: the one declares them, the other is the command line
PRINTS = re.compile(r"(.*/)?__main__\.py|benchmarks/.*|tests/.*|lessons/code/.*")


@cache
def tracked() -> tuple[str, ...]:
    """The files of the repository, relative to its root, those not yet committed among them."""
    try:
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a git checkout to know the project's files")
    return tuple(sorted(name for name in listed.split("\0") if name and (ROOT / name).is_file()))


def sources(*, tests: bool = False) -> Iterator[tuple[str, ast.Module]]:
    """Every Python file with its syntax tree; those of the tests where asked for."""
    for name in tracked():
        if name.endswith(".py") and (tests or not name.startswith("tests/")):
            yield name, parsed(name)


@cache
def parsed(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text(encoding="utf-8"), name)


@cache
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """``tree`` and everything in it, looked through once for all tests."""
    return tuple(ast.walk(tree))


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported anywhere in ``tree``; of ``from a import b`` it is "a.b"."""
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def imported_with(tree: ast.AST, *, inside: bool) -> Iterator[tuple[int, str]]:
    """What is imported when the module is, and ``inside`` its functions; what is for type checkers is not."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and names_of(node.test) == ["TYPE_CHECKING"]:
            for other in node.orelse:
                yield from imported_with(other, inside=inside)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from imports(node)
        elif inside or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from imported_with(node, inside=inside)


def report(faults: Iterable[str]) -> None:
    told = list(faults)
    assert not told, f"{len(told)} faults:\n" + "\n".join(told)


def may_import(name: str, target: str) -> bool:
    """Whether the file ``name`` may import the project's ``target``: downwards only, never from demo to demo."""
    top = target.split(".")[0]
    if top == "shared" or name.startswith(("tests/", "benchmarks/", "lessons/")):
        return True
    if name == "app.py":
        return target.startswith("apps.hub")
    if name.startswith(("tools/", "deploy/")):
        return name.startswith(f"{top}/")
    if name.startswith("shared/") or top != "apps":
        return False
    _, demo, *inside = name.split("/")
    if not inside:  # apps/hub.py and its helpers; demos are named in shared/demos.py and imported by their names
        return (
            name == "apps/hub.py"
            or re.fullmatch(
                r"apps\.(ui|status|join|markup|charts|door|measured|gradio_patches|on_demand|choices|links|sharing|exercises|take_home|results|lessons|DEMOS|Demo)(\..*)?",
                target,
            )
            is not None
        )
    if re.match(rf"apps\.{demo}(\.|$)", target):
        return is_room_below(demo, inside[0].removesuffix(".py"), target.split(".")[2])
    if demo == "report" and re.match(r"apps\.(\w+\.measured|page)\b", target):
        return True  # what a demo's tab shows as measured, the report shows too
    if demo == "classroom":  # no demo: what pages of a class ask of the hub
        return re.match(r"apps\.(lessons|join|markup|door\.(plain|logins))\b", target) is not None
    return target.startswith(DRAWING) or (
        inside[0] == "ui"
        and re.match(r"apps\.(ui|door|gradio_patches|on_demand|links|sharing|exercises|results)\b", target) is not None
    )


def is_room_below(demo: str, here: str, room: str) -> bool:
    """Whether ``here``, a room of ``demo`` or a module beside its rooms, may import ``room``: itself or one before."""
    declared: tuple[str, ...] = getattr(importlib.import_module(f"apps.{demo}"), "ROOMS", ())
    if not declared:
        return True  # the report: one room
    if here == "__main__":
        return room in declared and room != "ui"
    return here in declared and room in declared[: declared.index(here) + 1]


def test_every_room_is_declared_and_there() -> None:
    faults = []
    for demo in SLUGS:
        declared = set(importlib.import_module(f"apps.{demo}").ROOMS)
        inside = {name.split("/")[2].removesuffix(".py") for name, _ in sources() if name.startswith(f"apps/{demo}/")}
        faults += [f"apps/{demo}/__init__.py declares no place for {room}" for room in inside - declared - OUTSIDE]
        faults += [f"apps/{demo}/__init__.py declares {room}, which is not there" for room in declared - inside]
    report(faults)


def test_the_map_in_contributing_is_the_house() -> None:
    text = house_map.FILE.read_text(encoding="utf-8")
    assert text == with_block(text, house_map.BLOCK, house_map.rooms()), "run make readme"


def test_no_folder_of_code_is_crowded() -> None:
    folders = Counter(str(Path(name).parent) for name in tracked() if name.endswith(CODE))
    report(f"{folder} holds {n} files of code" for folder, n in folders.items() if n > MOST_FILES)


def test_imports_go_down_and_never_sideways() -> None:
    report(
        f"{name}:{line} imports {target}"
        for name, tree in sources()
        for line, target in imports(tree)
        if target.startswith(".") or (target.split(".")[0] in OURS and not may_import(name, target))
    )


def test_only_pages_import_gradio_and_only_the_report_streamlit() -> None:
    faults = []
    for name, tree in sources():
        for line, target in imports(tree):
            top = target.split(".")[0]
            if top == "gradio" and not GRADIO.fullmatch(name):
                faults.append(f"{name}:{line} imports gradio")
            if top == "streamlit" and not name.startswith("apps/report/"):
                faults.append(f"{name}:{line} imports streamlit")
    report(faults)


@cache
def outside_functions(name: str) -> frozenset[tuple[int, str]]:
    return frozenset(imported_with(parsed(name), inside=False))


def loads(module: str, names: dict[str, str]) -> set[str]:
    """Packages of others that are imported with ``module``, by it or by a module of ours that it imports."""
    left, seen, found = [module], set(), set()
    while left:
        here = left.pop()
        if here in seen:
            continue
        seen.add(here)
        for _, target in outside_functions(names[here]):
            ours = [one for one in (target, target.rpartition(".")[0]) if one in names]
            left += ours[:1]
            found |= set() if ours else {target.split(".")[0]} - sys.stdlib_module_names
    return found


def test_inside_functions_only_what_loads_something_is_imported() -> None:
    """All else stands at the top, where it can be seen what a module needs."""
    names = {module_of(name): name for name, _ in sources() if name.startswith(("apps/", "shared/"))}
    report(
        f"{name}:{line} imports {target}, which loads nothing more"
        for module, name in names.items()
        for line, target in set(imported_with(parsed(name), inside=True)) - outside_functions(name)
        for found in [one for one in (target, target.rpartition(".")[0]) if one in names][:1]
        if loads(found, names) <= loads(module, names)
    )


PAGE = re.compile(r"apps/(\w+|door/\w+|\w+/ui/\w+)\.py")  # what runs in the page's process, whatever the engine


def test_what_a_page_calls_itself_imports_no_torch() -> None:
    """Networks are behind ``rooms.py``; else ``--engine ray`` would have them in the page's process after all."""
    ways: dict[str, str] = {}  # module -> the first way to it
    names = {module_of(name): name for name in tracked() if name.endswith(".py")}
    left = [(name, module_of(name)) for name in names.values() if PAGE.fullmatch(name)]
    faults = []
    while left:
        way, module = left.pop()
        if module in ways:
            continue
        ways[module] = way
        name = names[module]
        for _, target in imported_with(parsed(name), inside=PAGE.fullmatch(name) is not None):
            if target.split(".")[0] in ("torch", "torchvision", "facenet_pytorch"):
                faults.append(f"{way} imports {target}")
            found = next((one for one in (target, target.rpartition(".")[0]) if one in names), None)
            if found is not None:
                left.append((f"{way} > {found}", found))
    report(faults)


def module_of(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def names_of(node: ast.expr | None) -> list[str]:
    if isinstance(node, ast.Call):
        node = node.func
    return [node.id] if isinstance(node, ast.Name) else []


def test_no_print_no_bare_except_no_raise_exception_no_assert() -> None:
    faults = []
    for name, tree in sources():
        for node in nodes(tree):
            place = f"{name}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Call) and names_of(node) == ["print"] and not PRINTS.fullmatch(name):
                faults.append(f"{place} prints")
            if isinstance(node, ast.ExceptHandler) and node.type is None:
                faults.append(f"{place} catches everything with a bare except")
            if isinstance(node, ast.Raise) and set(names_of(node.exc)) & {"Exception", "BaseException"}:
                faults.append(f"{place} raises Exception")
            if isinstance(node, ast.Assert):
                faults.append(f"{place} asserts, which python -O leaves out")
    report(faults)


def public(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    """The public functions, classes and methods of a module."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield f"{prefix}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{node.name}.")


TAG = re.compile(r"(?<!\?P)</?[a-zA-Z][\w-]*[\s>/]|&(lt|gt|amp|quot|nbsp);")


def hand_made(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Strings with tags in them that are neither docstrings nor the template of ``prose``; formatted such templates."""
    spared = {id(node.value) for node in nodes(tree) if isinstance(node, ast.Expr)}  # docstrings
    for node in nodes(tree):
        if isinstance(node, ast.Call) and names_of(node) == ["prose"]:
            if not node.args or not isinstance(node.args[0], ast.Constant):
                yield node.lineno, "prose() takes its template as it is written"
            else:
                spared.add(id(node.args[0]))
        if isinstance(node, ast.Call) and names_of(node) == ["Markup"] and node.args:
            yield node.lineno, "Markup() declares text to be markup"
    for node in nodes(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spared:
            found = TAG.search(node.value)
            if found is not None:
                yield node.lineno, f"markup by hand: {node.value[found.start() :][:40]!r}"


def test_markup_is_made_in_one_place() -> None:
    report(
        f"{name}:{line} {what}"
        for name, tree in sources()
        if name.startswith("apps/") and name != "apps/markup.py"
        for line, what in hand_made(tree)
    )


def test_everything_public_is_documented() -> None:
    faults = []
    for name, tree in sources():
        if not ast.get_docstring(tree) and tree.body:
            faults.append(f"{name} does not say what it is")
        faults += [
            f"{name}: {what} has no docstring"
            for what, node in public(tree.body)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not ast.get_docstring(node)
        ]
    report(faults)


def test_no_file_is_too_long_or_too_large() -> None:
    faults = [
        f"{name} has {(ROOT / name).stat().st_size:,} bytes"
        for name in tracked()
        if (ROOT / name).stat().st_size > MOST_BYTES
    ]
    for name in tracked():
        if name.endswith((".js", ".css", ".html")):
            text = (ROOT / name).read_text(encoding="utf-8")
            faults += [f"{name}:{n} is too wide" for n, line in enumerate(text.splitlines(), 1) if len(line) > WIDEST]
        if name.endswith(".py"):
            lines = len((ROOT / name).read_text(encoding="utf-8").splitlines())
            faults += [f"{name} has {lines} lines"] if lines > MOST_LINES and not name.startswith("tests/") else []
    report(faults)


def test_no_path_or_package_index_of_one_machine() -> None:
    machine = re.compile(
        r"(?<![\w.])/(work|home|root|Users|opt)/\w|find-links|index-url|PIP_INDEX|jfrog|artifactory|nexus"
    )
    faults = []
    for name in tracked():
        if (ROOT / name) == Path(__file__).resolve():
            continue
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # weights and pictures
        faults += [
            f"{name}:{number} {line.strip()[:120]}"
            for number, line in enumerate(text.splitlines(), 1)
            if machine.search(line)
        ]
    report(faults)


def test_every_test_is_collected_once() -> None:
    faults = []
    for name, tree in sources(tests=True):
        if not name.startswith("tests/"):
            continue
        is_test_file = Path(name).name.startswith("test_")
        scopes: list[ast.Module | ast.ClassDef] = [tree, *(n for n in tree.body if isinstance(n, ast.ClassDef))]
        for scope in scopes:
            functions = [n.name for n in scope.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
            tests = [function for function in functions if function.startswith("test")]
            place = f"{name}: {getattr(scope, 'name', 'module')}"
            faults += [
                f"{place}: {twice} is defined twice" for twice, n in Counter(functions).items() if n > 1 and tests
            ]
            if tests and not is_test_file:
                faults.append(f"{place} holds tests, but the file's name does not begin with test_")
            if isinstance(scope, ast.ClassDef) and tests:
                if not scope.name.startswith("Test"):
                    faults.append(f"{place} holds tests, but its name does not begin with Test")
                if "__init__" in functions:
                    faults.append(f"{place} has an __init__, so pytest leaves it out")
        if is_test_file and not any(n.name.lower().startswith("test") for n in nodes(tree)
                                    if isinstance(n, ast.FunctionDef | ast.ClassDef)):  # fmt: skip
            faults.append(f"{name} holds no test")
        outer = (node for node in nodes(tree) if isinstance(node, ast.FunctionDef))
        inside = (inner for node in outer for inner in nodes(node)[1:] if isinstance(inner, ast.FunctionDef))
        faults += [
            f"{name}:{i.lineno} {i.name} inside a function never runs" for i in inside if i.name.startswith("test_")
        ]
    report(faults)


def test_benchmarks_name_the_command_that_runs_them() -> None:
    """As a module, from the top: as a file none of them would find the hub. Those without a main part have none."""
    report(
        f"{name} does not name its command"
        for name, tree in sources()
        if name.startswith("benchmarks/")
        and "__main__" in {one.value for one in nodes(tree) if isinstance(one, ast.Constant)} | {Path(name).stem}
        and f"python -m {name.removesuffix('.py').removesuffix('/__main__').replace('/', '.')}"
        not in (ast.get_docstring(tree) or "")
    )
    report(
        f"{name} names a benchmark as a file"
        for name in tracked()
        if name.endswith((".py", ".md", ".json")) and "python " + "benchmarks/" in (ROOT / name).read_text("utf-8")
    )


def module_names() -> list[str]:
    return [
        module_of(name)
        for name, _ in sources()
        # scripts, which run from top to bottom; and what needs packages that only "make mutants" installs
        if not name.startswith(("benchmarks/", "lessons/", "apps/report/", "tools/mutants/"))
    ]


_PROGRAM = """
import importlib, json, os, sys

names, heavy = json.loads(sys.argv[1])
from apps import hub
from shared.settings import Settings
hub.build(Settings())
loaded = [name for name in heavy if name in sys.modules]

for name in names:
    importlib.import_module(name)  # what other packages read when they are imported is theirs
for name in [name for name in sys.modules if name.split(".")[0] in ("app", "apps", "shared")]:
    del sys.modules[name]
acts, now = [], None
ACTIONS = ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.mkdir",
           "os.remove", "os.rename", "shutil.rmtree", "tempfile.mkstemp", "sqlite3.connect", "os.putenv")

def watch(event, arguments):
    if now is None:
        return
    if event == "open" and not str(arguments[0]).endswith((".py", ".pyc")):
        acts.append(f"{now} opens {arguments[0]}")
    elif event == "open" and arguments[1] not in (None, "r", "rb"):
        acts.append(f"{now} writes {arguments[0]}")
    elif event in ACTIONS:
        acts.append(f"{now}: {event} {arguments[:1]}")

sys.dont_write_bytecode = True
sys.addaudithook(watch)
for now in names:
    importlib.import_module(now)
now = None
print(json.dumps({"loaded": loaded, "acts": acts}))
"""


@pytest.fixture(scope="module")
def fresh_process() -> dict[str, list[str]]:
    """What a fresh process has loaded when the page is built, and what importing every module does in it."""
    argument = json.dumps([module_names(), HEAVY])
    command = [sys.executable, "-c", _PROGRAM, argument]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_importing_any_module_does_nothing(fresh_process: dict[str, list[str]]) -> None:
    report(fresh_process["acts"])


def test_the_page_is_built_without_torch_and_the_like(fresh_process: dict[str, list[str]]) -> None:
    report(fresh_process["loaded"])


def faults_of(record: Record) -> Iterator[str]:
    """What is missing or wrong in one record of the registry."""
    for field in ("title", "licence", "source", "preprocessing", "output"):
        if not getattr(record, field).strip():
            yield f"{record.name} has no {field}"
    if not record.name.startswith(f"{record.task}/"):
        yield f"{record.name} is not named after its task {record.task}"
    if not record.files:
        yield f"{record.name} has no files"
    module, _, function = record.loader.partition(":")
    try:
        if not callable(getattr(importlib.import_module(module), function)):
            yield f"{record.name}: {record.loader} is no function"
    except (ImportError, AttributeError) as error:
        yield f"{record.name}: its loader cannot be imported ({error})"
    if record.card is None or not (settings.weights_dir() / record.card).is_file():
        yield f"{record.name} has no model card ({record.card})"
    there = record.measured is not None and (settings.weights_dir() / record.measured).is_file()
    if there or isinstance(record.origin, Bundled):  # a network that is only downloaded may not be measured yet
        try:
            if record.measured is not None:
                registry.measured(record)
        except WeightsError as error:
            yield f"{record.name}: {error}"
    yield from faults_of_files(record)


def faults_of_files(record: Record) -> Iterator[str]:
    if isinstance(record.origin, Bundled | InPackage):
        for state in inspect(record):
            if state.condition != "ok":
                yield f"{record.name}: {state.path.name} is {state.condition} ({state.found})"
    if isinstance(record.origin, Bundled):
        if not record.origin.made_by.startswith(("python -m ", "make ")):
            yield f"{record.name} does not say which command made it"
        for file in record.files:
            if f"weights/{file.path}" not in tracked():
                yield f"{record.name}: weights/{file.path} is not in the repository"
            if not file.path.endswith(".safetensors"):
                yield f"{record.name}: {file.path} is not in the safetensors format"
    if isinstance(record.origin, Release) and not record.origin.url.startswith("https://"):
        yield f"{record.name} is not downloaded over https"
    mirror = record.origin.mirror if isinstance(record.origin, Release) else record.origin
    if isinstance(mirror, HubFile) and not re.fullmatch(r"[\w.-]+/[\w.-]+", mirror.repo):
        yield f"{record.name}: {mirror.repo} is no repository of the hub"


def test_every_weight_file_is_declared_in_full() -> None:
    records = registry.records()
    faults = [fault for record in records for fault in faults_of(record)]
    names = Counter(record.name for record in records)
    paths = Counter(file.path for record in records for file in record.files)
    faults += [f"{name} is declared twice" for name, count in (names + paths).items() if count > 1]
    faults += [
        f"{name} is in no record of the registry"
        for name in tracked()
        if name.endswith(".safetensors") and name.removeprefix("weights/") not in paths
    ]
    report(faults)


NAMED = re.compile(r"(?<![\w./*{-])((?:\w[\w-]*/)*[a-z][\w-]*\.(?:py|js|css|toml))\b")


def test_every_file_that_a_module_or_the_map_names_is_there() -> None:
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in tracked() if name.endswith("README.md")}
    texts |= {"CONTRIBUTING.md": house_map.FILE.read_text(encoding="utf-8")}
    texts |= {name: ast.get_docstring(tree) or "" for name, tree in sources()}
    there = {f"/{name}" for name in tracked()}
    report(
        f"{name} names {named}, which is not there"
        for name, text in texts.items()
        for named in NAMED.findall(text)
        if not any(file.endswith(f"/{named}") for file in there)
    )


def test_changes_that_no_test_can_notice_are_of_lines_that_are_there() -> None:
    """What is listed for ``make mutants`` stands in the code, wherever its lines are broken."""
    text = (ROOT / "tools/mutants/equivalent.toml").read_text(encoding="utf-8")
    report(
        f"{one['path']}: {one['was']}"
        for one in tomllib.loads(text)["change"]
        if not (ROOT / one["path"]).is_file()
        or not any("".join(one["was"].split()) in "".join(code.split()) for code in codes(one["path"]))
    )


def codes(name: str) -> tuple[str, str]:
    """The file ``name`` as it is written, and as Python would write it."""
    return (ROOT / name).read_text(encoding="utf-8"), ast.unparse(parsed(name))


def test_nothing_lies_about_at_the_top() -> None:
    """DESIGN names what stands there; a picture that a script wrote is soon committed with the rest."""
    report(sorted({path for path in tracked() if "/" not in path} - TOP))


TOP = {".gitignore", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "app.py", "pyproject.toml"} | {
    f"requirements{which}.txt" for which in ("", "-dev", "-cluster")
}
