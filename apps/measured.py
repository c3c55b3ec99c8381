"""Measured figures, drawn once for a tab and for the report: the files in ``weights/<demo>/`` as chapters.

``apps/<demo>/measured.py`` gives the chapters of its demo (``chapters``) and its rows of the README's table
(``headlines``). Nothing there imports gradio, streamlit or torch. A file that is missing or damaged leaves a sentence
that names the command which makes it, never an error: the figures must not keep the hub from starting.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from apps.markup import Content, Markup, h, joined, message, note, prose
from shared.settings import weights_dir

Figures = dict[str, Any]  # what one file of figures holds
_DAMAGED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """One chapter of figures."""

    title: str
    body: Markup
    text: Content = ""  # below the title
    id: str | None = None  # of its element on the page


@dataclass(frozen=True)
class Headline:
    """One row of the README's table."""

    demo: str
    figure: str
    value: str
    interval: str  # of 95 %; empty if none was measured
    data: str  # data set, split and n


def stored(name: str) -> Figures | None:
    """What the file ``name`` ("ekg/choices.json") below the weights folder holds, or ``None`` if there is none.

    Raises:
        ValueError: it is not a JSON object.
    """
    try:
        text = (weights_dir() / name).read_text(encoding="utf-8")
    except OSError:
        return None
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found


def with_interval(value: float, low: float, high: float, *, form: str) -> Markup:
    """A figure with its interval in small print; ``form`` as of ``format``: ".2%"."""
    return prose("{} <small>({} to {})</small>", *(format(one, form) for one in (value, low, high)))


def drawn(name: str, draw: Callable[[Figures], Content], command: str) -> Markup:
    """What ``draw`` makes of the file ``name``, or why there is nothing and which ``command`` measures it."""
    try:
        figures = stored(name)
        if figures is not None:
            return joined(draw(figures))
    except _DAMAGED as error:
        why = (f"weights/{name} cannot be read ({type(error).__name__}: {error}). Made by ", h.code(command), ".")
        return message(why, "warn")
    return note("Not measured yet: ", h.code(command), ".")


def rows_of(name: str, make: Callable[[Figures], Iterable[Headline]]) -> tuple[Headline, ...]:
    """The headlines that ``make`` reads from the file ``name``; none if it is missing or damaged."""
    try:
        figures = stored(name)
        return tuple(make(figures)) if figures is not None else ()
    except _DAMAGED:
        return ()


def percent(share: float, digits: int | None = None, *, n: int = 0) -> str:
    """A rate for people, by default with three significant digits; never seen among ``n`` cases is "under 1/n"."""
    if digits is not None:
        return f"{100 * share:.{digits}f} %"
    if n and share * n < 0.5:
        return f"under {_significant(100 / n)} %"
    return f"{_significant(100 * share)} %"


def between(pair: tuple[float, float], digits: int = 1) -> str:
    """An interval of shares: ``97.9 to 98.5 %``."""
    low, high = pair
    return f"{100 * low:.{digits}f} to {100 * high:.{digits}f} %"


def _significant(value: float) -> str:
    if value >= 99.95 or value == 0:
        return f"{value:.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{float(f'{value:.2g}'):.12f}".rstrip("0").rstrip(".")  # never 9.1e-05
