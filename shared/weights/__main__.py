"""``python -m shared.weights list | fetch [NAME | --all] | verify [NAME] | readme``: this machine's weight files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from shared import readme, registry
from shared.cli import Parser, run, write_json
from shared.errors import HashError, HubError, OptionError, WeightsError
from shared.registry.types import Record
from shared.settings import weights_dir
from shared.weights import FileState, ensure, inspect
from shared.weights.table import licences_table, weights_table


def main(argv: Sequence[str]) -> None:
    """Parse ``argv`` and run one of the four commands."""
    arguments = _parser().parse_args(argv)
    if arguments.command == "list":
        _list(as_json=arguments.json)
    elif arguments.command == "fetch":
        _fetch(arguments.name, everything=arguments.all, as_json=arguments.json)
    elif arguments.command == "readme":
        readme.rewrite(readme.path(), "weights", weights_table())
        readme.rewrite(weights_dir() / "README.md", "licences", licences_table())
    else:
        _verify(arguments.name, as_json=arguments.json)


def _parser() -> Parser:
    parser = Parser(prog="python -m shared.weights", description="List, download and check the weight files.")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="every weight file that the hub can use")
    listing.add_argument("--json", action="store_true", help="one JSON object on stdout")
    fetching = commands.add_parser("fetch", help="download what is not bundled")
    fetching.add_argument("name", nargs="?", help="a name that list shows")
    fetching.add_argument("--all", action="store_true", help="everything")
    fetching.add_argument("--json", action="store_true", help="one JSON object on stdout")
    verifying = commands.add_parser("verify", help="hash every file that is here")
    verifying.add_argument("name", nargs="?", help="only this one")
    verifying.add_argument("--json", action="store_true", help="one JSON object on stdout")
    commands.add_parser("readme", help="write the tables of the two READMEs from the registry")
    return parser


def _list(*, as_json: bool) -> None:
    rows = [_row(record) for record in registry.records()]
    if as_json:
        write_json({"weights": rows})
        return
    for row in rows:
        print(f"{row['name']:24} {row['size'] / 1e6:7.1f} MB  {row['origin']:9} {row['state']:10} {row['licence']}")


def _row(record: Record) -> dict[str, Any]:
    return {
        "name": record.name,
        "title": record.title,
        "size": record.size,
        "origin": record.origin.word,
        "state": _condition(record),
        "licence": record.licence,
        "files": [{"path": file.path, "sha256": file.sha256, "size": file.size} for file in record.files],
    }


def _condition(record: Record) -> str:
    try:
        found = {state.condition for state in inspect(record)}
    except HubError:
        return "missing"
    return next(word for word in ("wrong", "missing", "ok") if word in found)


def _fetch(name: str | None, *, everything: bool, as_json: bool) -> None:
    if everything == (name is not None):
        raise OptionError("one name after fetch, or --all", "both" if everything else "neither", "Run list first.")
    wanted = registry.records() if name is None else (registry.find(name),)
    fetched: dict[str, list[str]] = {}
    failed: dict[str, HubError] = {}
    for record in wanted:
        try:
            paths = ensure(record, report=_progress if sys.stderr.isatty() else None)
        except HubError as error:
            failed[record.name] = error
        else:
            fetched[record.name] = [str(path) for path in paths]
            if not as_json:
                print(f"{record.name}: {', '.join(fetched[record.name])}")
    if as_json:
        write_json({"ok": not failed, "files": fetched, "failed": {key: str(error) for key, error in failed.items()}})
    if failed and name is not None:
        raise failed[wanted[0].name]
    if failed:
        faults = "; ".join(f"{key}: {error}" for key, error in failed.items())
        raise WeightsError(f"all {len(wanted)} models", f"{len(fetched)} of them. {faults}")


def _progress(name: str, done: int, total: int) -> None:
    sys.stderr.write(f"\r{name}: {done / 1e6:.1f} of {total / 1e6:.1f} MB" + ("\n" if done == total else ""))


def _verify(name: str | None, *, as_json: bool) -> None:
    chosen = registry.records() if name is None else (registry.find(name),)
    states = {record.name: inspect(record) for record in chosen}
    wrong = [state for found in states.values() for state in found if state.condition == "wrong"]
    wrong += [state for found in states.values() for state in found if _should_be_here(state)]
    if as_json:
        write_json(
            {"ok": not wrong, "files": {name: [_verdict(state) for state in found] for name, found in states.items()}}
        )
    else:
        for record_name, found in states.items():
            for state in found:
                print(f"{state.condition:8} {record_name:24} {state.path}")
    if wrong:
        raise HashError(
            "every file as the registry declares it",
            "; ".join(f"{state.path}: expected {state.file.sha256}, got {state.found or 'no file'}" for state in wrong),
            "Restore bundled files with git checkout; delete downloaded ones and fetch them again.",
        )


def _should_be_here(state: FileState) -> bool:
    return state.condition == "missing" and state.place != "cache"


def _verdict(state: FileState) -> dict[str, object]:
    return {"path": str(state.path), "state": state.condition, "expected": state.file.sha256, "found": state.found}


if __name__ == "__main__":
    run(main)
