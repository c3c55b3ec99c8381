"""The enrolled people as cards, each photo and person with a button to forget it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from markupsafe import escape

from apps.face.gallery.gallery import Photo
from apps.face.ui.draw import jpeg_url, message, plural


def people_cards(photos: Sequence[Photo], *, shared: bool) -> str:
    """The enrolled people with their thumbnails, and buttons to forget a photo or a person."""
    if not photos:
        return message("Nobody is enrolled yet. One photo is enough.")
    ordered = sorted(photos, key=lambda photo: photo.person.casefold())
    cards = []
    for person, group in groupby(ordered, key=lambda photo: photo.person):
        own = list(group)
        mine = own[0].mine
        name = escape(person)
        faces = "".join(_thumbnail(photo, name) for photo in own[:12])
        more = f'<span class="cf-more">+{len(own) - 12}</span>' if len(own) > 12 else ""
        button = (
            f'<button type="button" class="cf-forget" data-act="forget" data-name="{name}" '
            f'aria-label="Forget {name}">Forget</button>'
            if mine
            else '<span class="cf-theirs">enrolled by somebody else</span>'
        )
        cards.append(
            f'<li class="cf-person"><div class="cf-faces">{faces}{more}</div><div class="cf-who"><b '
            f'dir="auto">{name}</b>'
            f"<span>{plural(len(own), 'photo')}</span></div>{button}</li>"
        )
    where = "in the class gallery" if shared else "in your private gallery"
    head = f"{plural(len(cards), 'person', 'people')}, {plural(len(photos), 'photo')} {where}"
    return f'<p class="cf-count">{head}</p><ul class="cf-people">{"".join(cards)}</ul>'


def _thumbnail(photo: Photo, name: str) -> str:
    image = f'<img src="{jpeg_url(photo.thumbnail)}" alt="{name}" width="56" height="56" loading="lazy">'
    if not photo.mine:
        return f'<span class="cf-thumb">{image}</span>'
    return (
        f'<button type="button" class="cf-thumb" data-act="forget-photo" data-photo="{photo.id}" title="Forget this '
        f'photo" aria-label="Forget this photo of {name}">{image}<span aria-hidden="true">×</span></button>'
    )
