"""``python -m deploy haproxy | replicas | requirements``: a hub of several pages."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy import replicas
from deploy.haproxy import Front
from deploy.requirements import PYTHONS, resolved
from shared import cli
from shared.errors import ResourceError, check_whole


def parser() -> cli.Parser:
    """The command line."""
    made = cli.Parser(prog="python -m deploy", description="A hub of several pages behind HAProxy.")
    commands = made.add_subparsers(required=True, metavar="COMMAND", parser_class=cli.Parser)
    haproxy = commands.add_parser("haproxy", help="write HAProxy's configuration")
    haproxy.add_argument("pages", nargs="+", metavar="HOST:PORT", help="where the pages listen")
    haproxy.add_argument("--admin", type=Path, metavar="SOCKET", help="a socket for draining a page")
    haproxy.set_defaults(work=_haproxy)
    several = commands.add_parser("replicas", help="start several pages and HAProxy here; what follows -- is app.py's")
    several.add_argument("count", metavar="N", help="how many pages")
    several.add_argument("--first-port", default="7861", metavar="PORT", help="of the first page (%(default)s)")
    several.set_defaults(work=_replicas)
    wanted = commands.add_parser("requirements", help="whether the requirements can be met, for every Python")
    wanted.add_argument("pythons", nargs="*", default=list(PYTHONS), metavar="3.11", help="(default: all)")
    wanted.set_defaults(work=_requirements)
    for command in (haproxy, several):
        command.add_argument("--listen", default="*:8080", metavar="HOST:PORT", help="(default: %(default)s)")
        command.add_argument("--certificate", type=Path, metavar="PEM", help="certificate and key, for https")
    return made


def _haproxy(chosen: argparse.Namespace) -> None:
    front = Front(listen=chosen.listen, pages=tuple(chosen.pages), certificate=chosen.certificate, admin=chosen.admin)
    sys.stdout.write(front.text())


def _replicas(chosen: argparse.Namespace) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    replicas.run(
        check_whole(chosen.count, "The number of pages", low=1, high=64),
        chosen.options,
        listen=chosen.listen,
        first_port=check_whole(chosen.first_port, "--first-port", low=1, high=65_000),
        certificate=chosen.certificate,
        say=cli.say,
    )


def _requirements(chosen: argparse.Namespace) -> None:
    faults = []
    for one in resolved(chosen.pythons):
        packages = ", ".join(f"{name} {one.packages.get(name, '-')}" for name in ("torch", "gradio", "ray", "numpy"))
        how = "" if one.itself else " (not on this machine: conditions are read as of this Python)"
        cli.say(f"Python {one.python}{how}: {one.fault or f'{len(one.packages)} packages; {packages}'}")
        faults += [one.python] if one.fault else []
    if faults:
        raise ResourceError("requirements that can be met", f"none for Python {', '.join(faults)}", "See above.")


def main(argv: Sequence[str]) -> None:
    """Do what the command line asks for."""
    own = list(argv)[: list(argv).index("--")] if "--" in argv else list(argv)
    chosen = parser().parse_args(own, argparse.Namespace(options=list(argv)[len(own) + 1 :]))
    chosen.work(chosen)


if __name__ == "__main__":
    cli.run(main)
