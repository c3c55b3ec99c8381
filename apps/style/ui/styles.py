"""The styles of the painter in one pass, for the page: thumbnails to click, names to mix, the visitor's own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from apps.markup import Content, Markup, h, joined, url_of
from apps.style.instant.stylefile import LARGEST, StyleFile, read_style
from apps.style.instant.table import KNOWN, LEARNED, STYLES, NamedStyle
from apps.style.samples import SAMPLES
from apps.style.ui.state import OwnStyle, Session
from shared.errors import InputError
from shared.images import jpeg_bytes

if TYPE_CHECKING:
    from apps.style.instant.now import StyleSource

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
_PAINTED = 256  # pixels at which the thumbnail of an own style is painted


def thumbnails(session: Session, chosen: str) -> Markup:
    """Every style as a button: the visitor's own first, then those learned from the samples, then the painter's 26."""
    own = [_button(name, one.file.title, one.thumb, "image/jpeg", chosen) for name, one in session.styles.items()]
    groups = (
        ("Yours", own),
        ("Learned here, from the style samples", _named(LEARNED, chosen)),
        ("The painter’s own 26, named by their look", _named(KNOWN, chosen)),
    )
    return h.div([_group(title, buttons) for title, buttons in groups if buttons], class_="cs-catalogue")


def choices(session: Session) -> list[tuple[str, str]]:
    """(title, name) of every style, and of none."""
    own = [(one.file.title, name) for name, one in session.styles.items()]
    return [("none", ""), *own, *((style.title, name) for name, style in STYLES.items())]


def find(session: Session, name: str) -> StyleSource:
    """The style called ``name``: one of the visitor's own, or a name of the table, which is checked later."""
    own = session.styles.get(name)
    if own is None:
        return name
    from apps.style.instant.style import from_file

    return from_file(own.file)


def own_style(file: StyleFile) -> OwnStyle:
    """``file`` with its thumbnail: the cat, painted."""
    from PIL import Image, ImageOps

    from apps.style import canvas
    from apps.style.instant.paint import paint_now
    from apps.style.instant.style import from_file

    painted = paint_now(canvas.open_content(SAMPLES["cat"].path), from_file(file), size=_PAINTED)
    return OwnStyle(file, jpeg_bytes(ImageOps.fit(painted, (_THUMB, _THUMB), Image.Resampling.LANCZOS)))


def load_file(path: str | None) -> StyleFile:
    """The style in a file that was sent.

    Raises:
        InputError: no file, or one that is no style.
    """
    if not path:
        raise InputError("a style file", "none", "Choose a file that a hub saved.")
    with Path(path).open("rb") as stream:
        return read_style(stream.read(LARGEST + 1))


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
