"""The enrolled people as cards, each photo and person with a button to forget it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from apps.face.gallery.gallery import Photo
from apps.face.ui.draw import jpeg_url, plural
from apps.markup import Markup, h, joined, message

_SHOWN = 12  # photos of one person


def people_cards(photos: Sequence[Photo], *, shared: bool) -> Markup:
    """The enrolled people with their thumbnails, and buttons to forget a photo or a person."""
    if not photos:
        return message("Nobody is enrolled yet. One photo is enough.")
    ordered = sorted(photos, key=lambda photo: photo.person.casefold())
    cards = [_card(person, list(own)) for person, own in groupby(ordered, key=lambda photo: photo.person)]
    where = "in the class gallery" if shared else "in your private gallery"
    head = f"{plural(len(cards), 'person', 'people')}, {plural(len(photos), 'photo')} {where}"
    return joined((h.p(head, class_="cf-count"), h.ul(cards, class_="cf-people")))


def _card(person: str, own: list[Photo]) -> Markup:
    more = h.span(f"+{len(own) - _SHOWN}", class_="cf-more") if len(own) > _SHOWN else None
    who = h.div(h.b(person, dir="auto"), h.span(plural(len(own), "photo")), class_="cf-who")
    if own[0].mine:
        forget = {"class_": "cf-forget", "data_act": "forget", "data_name": person, "aria_label": f"Forget {person}"}
        end = h.button("Forget", type="button", **forget)
    else:
        end = h.span("enrolled by somebody else", class_="cf-theirs")
    faces = h.div((_thumbnail(photo, person) for photo in own[:_SHOWN]), more, class_="cf-faces")
    return h.li(faces, who, end, class_="cf-person")


def _thumbnail(photo: Photo, name: str) -> Markup:
    image = h.img(src=jpeg_url(photo.thumbnail), alt=name, width=56, height=56, loading="lazy")
    if not photo.mine:
        return h.span(image, class_="cf-thumb")
    cross = h.span("×", aria_hidden="true")
    press = {"type": "button", "class_": "cf-thumb", "data_act": "forget-photo", "data_photo": photo.id}
    return h.button(image, cross, title="Forget this photo", aria_label=f"Forget this photo of {name}", **press)
