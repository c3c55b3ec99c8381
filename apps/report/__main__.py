"""``python -m apps.report readme`` writes the README's table of measured figures. The report is ``make report``."""

from __future__ import annotations

from collections.abc import Sequence

from apps.report.headlines import markdown
from shared import readme
from shared.cli import Parser, run


def main(argv: Sequence[str]) -> None:
    """Parse ``argv`` and run the one command."""
    parser = Parser(prog="python -m apps.report", description="What was measured, for the README.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("readme", help="write the README's table of figures")
    parser.parse_args(argv)
    readme.rewrite(readme.path(), "figures", markdown())


if __name__ == "__main__":
    run(main)
