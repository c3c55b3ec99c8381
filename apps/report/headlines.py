"""One table of what was measured, for the README and the report's first page: the rows of every demo."""

from __future__ import annotations

from apps.ekg import measured as ekg
from apps.face import measured as face
from apps.gan import measured as gan
from apps.measured import Headline
from apps.style import measured as style


def headlines() -> tuple[Headline, ...]:
    """Every figure of the table that lies in a file, in the order of the tabs."""
    return (*face.headlines(), *style.headlines(), *gan.headlines(), *ekg.headlines())


def markdown() -> str:
    """The table as Markdown."""
    rows = ["| demo | measured | figure | 95 % interval | on |", "| --- | --- | ---: | --- | --- |"]
    rows += [f"| {row.demo} | {row.figure} | {row.value} | {row.interval} | {row.data} |" for row in headlines()]
    return "\n".join(rows) + "\n"
