"""The styles of the painter in one pass, for the page: thumbnails to click, names to mix, the visitor's own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from apps.markup import Content, Markup, h, joined, url_of
from apps.style.instant.stylefile import LARGEST
from apps.style.instant.table import KNOWN, LEARNED, STYLES, NamedStyle
from apps.style.ui.state import Session
from shared.errors import InputError

FIRST = "starry-blue"
# js_on_load of the thumbnails: as apps.ui.CLICKS, and the button that was clicked is the one that is pressed.
PICKS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-act]');
  if (!button) return;
  for (const other of element.querySelectorAll('[aria-pressed=true]')) other.setAttribute('aria-pressed', 'false');
  button.setAttribute('aria-pressed', 'true');
  trigger('click', {...button.dataset});
});
"""
_THUMB = 96  # pixels


def thumbnails(session: Session, chosen: str) -> Markup:
    """Every style as a button: the visitor's own first, then those learned from the samples, then the painter's 26."""
    own = [_button(name, one.title, one.thumb, "image/jpeg", chosen) for name, one in session.styles.items()]
    groups = (
        ("Yours", own),
        ("Learned here, from the style samples", _named(LEARNED, chosen)),
        ("The painter’s own 26, named by their look", _named(KNOWN, chosen)),
    )
    return h.div([_group(title, buttons) for title, buttons in groups if buttons], class_="cs-catalogue")


def choices(session: Session) -> list[tuple[str, str]]:
    """(title, name) of every style, and of none."""
    own = [(one.title, name) for name, one in session.styles.items()]
    return [("none", ""), *own, *((style.title, name) for name, style in STYLES.items())]


def find(session: Session, name: str) -> str | bytes:
    """The style called ``name``: the file of one of the visitor's own, or a name of the table, to be checked later."""
    own = session.styles.get(name)
    return name if own is None else own.file


def load_file(path: str | None) -> bytes:
    """What is in a file that was sent; not more than a style file may hold, and not checked.

    Raises:
        InputError: no file.
    """
    if not path:
        raise InputError("a style file", "none", "Choose a file that a hub saved.")
    with Path(path).open("rb") as stream:
        return stream.read(LARGEST + 1)


def _named(table: Iterable[NamedStyle], chosen: str) -> list[Markup]:
    return [_button(one.name, one.title, one.thumb.read_bytes(), "image/webp", chosen) for one in table]


def _button(name: str, title: str, thumb: bytes, kind: str, chosen: str) -> Markup:
    return h.button(
        h.img(src=url_of(thumb, kind), alt="", width=_THUMB, height=_THUMB),
        h.span(title, dir="auto"),
        type="button",
        data_act="style",
        data_style=name,
        aria_pressed="true" if name == chosen else "false",
    )


def _group(title: Content, buttons: list[Markup]) -> Markup:
    return joined((h.p(title, class_="cs-group"), h.div(buttons, class_="cs-styles", role="group", aria_label=title)))
