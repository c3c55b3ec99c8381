"""Every piece of markup that the hub shows is made here: HTML and SVG in which no foreign text can become a tag.

Text is escaped where it enters, by ``markupsafe``: ``h.p("Lead ", name)`` shows whatever ``name`` is as letters, an
attribute's value cannot leave its quotes, and addresses and ``on...`` attributes that could run a script are refused.
What is already markup is kept. There are three ways in, and a test finds every other one:

* ``h.figure(h.img(src=...), h.figcaption(text), class_="ch-figure")``: an element, by its name;
* ``prose("<b>{}</b> of {} pairs", n, total)``: a sentence of ours with inline tags, written out where it is called, and
  values that are escaped;
* ``style(__file__, "face.css")`` and ``page_file``: files of ours in the folder ``page/`` next to the module.

Charts stand in ``apps/charts.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from markupsafe import Markup, escape

from shared.images import url_of

__all__ = [
    "Content",
    "Fact",
    "Markup",
    "base_style",
    "cell",
    "details",
    "facts",
    "figure",
    "h",
    "joined",
    "message",
    "note",
    "page_file",
    "page_function",
    "progress_bar",
    "prose",
    "style",
    "svg",
    "table",
    "url_of",
]

# Text (escaped), numbers, markup (kept), nothing (left out), or several of these one after the other.
Content = Any
Kind = Literal["hint", "warn", "good"]

_VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta"})  # HTML elements without content
_NAME = re.compile(r"[A-Za-z][\w:-]*")
_ADDRESS = re.compile(
    r"(https?:|data:(image|audio|video)/|[/?#.])|$", re.IGNORECASE
)  # what href and src may begin with


class _Elements:
    """``h.table(...)`` is ``element("table", ...)``."""

    def __getattr__(self, name: str) -> Callable[..., Markup]:
        return partial(element, name)


h = _Elements()


def element(name: str, /, *content: Content, **attributes: object) -> Markup:
    """One element of HTML or SVG.

    Attributes are written as Python names: ``class_="a"``, ``data_act="choose"``, ``viewBox="..."``.
    ``None`` and ``False`` leave an attribute out, ``True`` writes its name alone, floats are shortened.

    Raises:
        ValueError: an attribute that would run a script, an address of another kind than a web page or a picture, or a
            void element with content: a mistake of ours.
    """
    made = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        if content:
            raise ValueError(f"<{name}> has no content, got {content!r}")
        return Markup(f"<{_name(name)}{made}>")
    return Markup(f"<{_name(name)}{made}>{joined(content)}</{_name(name)}>")


def joined(content: Content, between: Content = "") -> Markup:
    """``content`` as markup: text escaped, markup kept, nothing left out, the parts of a sequence in their order."""
    return Markup(escape(between).join(_parts(content)))


def _parts(content: Content) -> Iterable[Markup]:
    if content is None or content is False:
        return
    if isinstance(content, Iterable) and not isinstance(content, str):
        for part in content:
            yield from _parts(part)
    else:
        yield escape(content)


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"no name of an element or an attribute: {name!r}")
    return name


def _attribute(key: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = _name(key.rstrip("_").replace("_", "-"))
    if name.lower().startswith("on") or name.lower() == "srcdoc":
        raise ValueError(f"the attribute {name} would run a script")
    if value is True:
        return f" {name}"
    text = number(value) if isinstance(value, float) else str(value)
    if name.lower() in ("href", "src", "xlink:href", "action", "formaction") and not _ADDRESS.match(text.strip()):
        raise ValueError(f"the attribute {name} holds an address that is none of ours: {text[:40]!r}")
    return f' {name}="{escape(text)}"'


def number(value: float) -> str:
    """``value`` for an attribute: at most two decimals, of a value under 1 four digits; no zeros at the end."""
    if 1e-4 <= abs(value) < 1:
        return f"{value:.4g}"
    text = f"{float(value):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def prose(template: str, /, *values: Content, **named: Content) -> Markup:
    """A sentence of ours with inline tags; ``{}`` stands for values, which are escaped unless they are markup.

    ``template`` is written out at the call (a test checks that), so no foreign text can be in it. Format a number
    before it is passed, or in the template: ``prose("{:.1%} of the beats", share)``.
    """
    return Markup(template).format(*values, **named)


def page_file(module_file: str, name: str) -> str:
    """The text of a script, style sheet or template: ``page/<name>`` next to the module whose ``__file__`` is given."""
    return (Path(module_file).parent / "page" / name).read_text(encoding="utf-8")


def page_function(module_file: str, name: str) -> str:
    """The script ``page/<name>``, one arrow function, as gradio's ``js`` option wants it: without the semicolon."""
    return page_file(module_file, name).rstrip().removesuffix(";")


def style(module_file: str, *names: str) -> Markup:
    """The style sheets ``page/<name>`` next to the module whose ``__file__`` is given, as one element."""
    return Markup(f"<style>{''.join(page_file(module_file, name) for name in names)}</style>")


def base_style() -> Markup:
    """The hub's colours and the look of what is made here, for a page that is not the hub's: the report."""
    return style(__file__, "colours.css", "markup.css")


def note(*content: Content) -> Markup:
    """A quiet sentence under what it explains."""
    return h.p(*content, class_="ch-note")


def message(text: Content, kind: Kind = "hint") -> Markup:
    """A line for the visitor that screen readers announce."""
    return h.p(text, class_=f"ch-message ch-{kind}", role="status")


def figure(content: Content, caption: Content = None, *, class_: str = "", **attributes: object) -> Markup:
    """A picture, chart or table with its caption below it."""
    words = h.figcaption(caption) if caption else None
    return h.figure(content, words, class_=f"ch-figure {class_}".strip(), **attributes)


def details(summary: Content, *content: Content, class_: str = "", open: bool = False) -> Markup:
    """Something folded behind one line; ``open``: unfolded at first."""
    return h.details(h.summary(summary), *content, class_=class_ or None, open=open)


_STACKED_FROM = 4  # columns


@dataclass(frozen=True)
class Row:
    """A row of a ``table`` with a class of its own."""

    cells: Sequence[Content]
    class_: str | None = None


class _Cell(Markup):
    """A table's cell that brings its own element."""


def cell(*content: Content, head: bool = False, **attributes: object) -> Markup:
    """A cell with attributes of its own, for ``table``; ``head``: it names its row."""
    made = h.th(*content, scope="row", **attributes) if head else h.td(*content, **attributes)
    return _Cell(made)


def table(
    head: Sequence[Content],
    rows: Iterable[Sequence[Content] | Row],
    *,
    title: Content = None,
    caption: Content = None,
    names_rows: bool = True,
    class_: str = "",
    stacks: bool = True,
) -> Markup:
    """A table that scrolls sideways in its own box where it is wider than the page.

    ``head``: a title per column, empty for a table without titles; ``title``: above the table, stays where it is when
    the table scrolls; ``caption``: scrolls with it; ``names_rows``: the first cell of a row is its heading. A cell from
    ``cell()`` keeps its own attributes; a row that is already markup (``h.tr``) is kept as it is. On a phone the rows
    of four columns and more stand one below the other, each cell with its column's title (without what is small in
    it), unless ``stacks`` is false.
    """
    stacks = stacks and len(head) >= _STACKED_FROM
    labels = [Markup(h.th(title).partition("<small")[0]).striptags() for title in head] if stacks else []

    def line(row: Sequence[Content] | Row) -> Markup:
        if isinstance(row, Markup):
            return row
        whole = row if isinstance(row, Row) else Row(row)
        return h.tr(_cells(whole.cells, names_rows, labels), class_=whole.class_)

    top = h.thead(h.tr(title if isinstance(title, _Cell) else h.th(title, scope="col") for title in head))
    body = h.tbody(map(line, rows))
    words = h.caption(caption) if caption else None
    classes = " ".join(filter(None, ("ch-table", "ch-stacks" if stacks else "", class_)))
    box = h.div(h.table(words, top if head else None, body), class_=classes, tabindex=0)
    return h.figure(h.figcaption(title), box, class_="ch-figure ch-titled") if title else box


def _cells(row: Sequence[Content], names_rows: bool, labels: Sequence[str]) -> Iterable[Markup]:
    for place, content in enumerate(row):
        made = content if isinstance(content, _Cell) else cell(content, head=names_rows and place == 0)
        if place < len(labels) and labels[place] and made.startswith("<td"):
            made = Markup('<td data-label="{}"').format(labels[place]) + made.removeprefix("<td")
        yield made


@dataclass(frozen=True)
class Fact:
    """One figure with its name."""

    name: Content
    value: Content
    small: Content = None  # after the value, smaller: an interval, a unit
    meaning: str = ""  # shown when the mouse rests on it


def facts(items: Iterable[Fact] | Mapping[str, Content], *, class_: str = "") -> Markup:
    """Figures with their names, as tiles that wrap."""
    given = [Fact(*pair) for pair in items.items()] if isinstance(items, Mapping) else items
    tiles = (
        h.div(h.dt(one.name), h.dd(one.value, h.small(one.small) if one.small else None), title=one.meaning or None)
        for one in given
    )
    return h.dl(*tiles, class_=f"ch-facts {class_}".strip())


def progress_bar(share: float, label: str = "progress") -> Markup:
    """A bar filled from 0 to 1."""
    percent = 100 * min(1.0, max(0.0, share))
    return h.div(
        h.span(style=f"width:{number(percent)}%"),
        class_="ch-bar",
        role="progressbar",
        aria_label=label,
        aria_valuemin=0,
        aria_valuemax=100,
        aria_valuenow=f"{percent:.0f}",
    )


def svg(
    *content: Content, size: tuple[float, float], label: str, class_: str = "", corner: tuple[float, float] = (0, 0)
) -> Markup:
    """A drawing of ``size`` (width, height) in its own units, described by ``label`` for those who do not see it."""
    box = " ".join(number(value) for value in (*corner, *size))
    return h.svg(*content, viewBox=box, role="img", aria_label=label, class_=f"ch-svg {class_}".strip())
