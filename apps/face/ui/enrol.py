"""Enrol and forget: one photo enrols a person, a zip or a folder a class; everybody can delete their own entries."""

from __future__ import annotations

from typing import Any

import gradio as gr
from PIL import Image

from apps.face.decision.matching import find_calibration
from apps.face.gallery.gallery import SAMPLES as SAMPLES_OWNER
from apps.face.gallery.gallery import Enrolled, Gallery, thumbnail
from apps.face.gallery.names import LONGEST_NAME, check_name
from apps.face.measured import two_photos
from apps.face.samples import SAMPLES, sample, sample_name
from apps.face.ui import bulk, teacher
from apps.face.ui.draw import boxed, chip, panel, plural
from apps.face.ui.people import people_cards
from apps.face.ui.state import (
    PHOTO,
    Shot,
    class_path,
    encoder_id,
    gallery_of,
    owner_of,
    read_photo,
    take_places,
    visitor,
)
from apps.markup import Markup, h, joined, message, prose
from apps.ui import LIGHT, PRIVATE, QUICK, guard, photo_input
from shared.errors import HubError, check_whole

_HINT = (
    "Choose a photo of one person and type a name. One photo is enough; a second one makes recognition more reliable."
)
# Listing and forgetting people takes turns: a list from before somebody was forgotten never arrives afterwards.
IN_TURN: dict[str, Any] = {"concurrency_id": "face-people", "concurrency_limit": 1, "show_progress": "hidden"}


def privacy() -> Markup:
    """What is kept, who can see it, and when it is deleted: the sentence on the page."""
    if class_path() is None:
        return prose(
            "<b>Private to this page.</b> Photos are not kept: enrolling stores the encoding f(x), a list of numbers, "
            "and a small thumbnail of the face, in the memory of this server and for this browser session only. "
            "Nobody else can see or search them. They are deleted when you forget them, shortly after you close or "
            "reload the page, after two hours without use, and when the server stops. An uploaded file is deleted "
            "after two minutes."
        )
    return prose(
        "<b>Shared with the class.</b> Photos are not kept: enrolling stores the name, the encoding f(x), a list of "
        "numbers, and a small thumbnail of the face in this server's gallery file. Everybody who opens this hub can "
        "see and search them. They stay until you forget them; only the browser that enrolled a person can do that, "
        "and the teacher. "
        "An uploaded file is deleted after two minutes. Enrol only people who agree."
    )


def build(encoder: gr.Dropdown, owner: gr.Textbox) -> gr.HTML:
    """Lay out the sub-tab; returns the list of people, which is read again when the sub-tab is opened."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=330):
            photo = photo_input("Photo of one person", height=230, elem_id="face-enrol-photo", format="png")
            chosen = panel(message(_HINT), elem_id="face-enrol-chosen")
            name = gr.Textbox(
                label="Name",
                placeholder="Ada Lovelace",
                max_lines=1,
                elem_id="face-enrol-name",
                info=f"1 to {LONGEST_NAME} characters, any language, emoji too",
            )
            enrol = gr.Button("Enrol", variant="primary", elem_id="face-enrol")
            chosen_files = bulk.choosers()
        with gr.Column(scale=7, min_width=330):
            report, confirm = bulk.preview()
            people = panel(message("Nobody is enrolled yet."), elem_id="face-people")
            everything = gr.Button("Forget everybody I enrolled", variant="stop", size="sm", elem_id="face-forget-all")
            gr.HTML(h.p(privacy(), class_="cf-privacy"), elem_id="face-privacy")
            teacher.build(owner, people, people_html)
    gr.on([photo.input, photo.clear], guard(_on_photo), photo, chosen, **PHOTO)
    chosen.click(guard(_choose), None, chosen, **LIGHT, **PRIVATE)
    for trigger in (enrol.click, name.submit):
        trigger(guard(_enrol), [name, encoder, owner], [chosen, people, name], **QUICK, **PRIVATE)
    bulk.wire(chosen_files, encoder, owner, report, confirm, people, people_html)
    people.click(guard(_forget), owner, people, **IN_TURN, **PRIVATE)
    everything.click(
        guard(_forget_all),
        owner,
        people,
        **IN_TURN,
        **PRIVATE,
        js="(owner) => { if (!confirm('Forget everybody you enrolled?')) throw new Error('kept'); return owner; }",
    )
    return people


def people_html(owner: str, request: gr.Request) -> Markup:
    """The enrolled people as this visitor sees them."""
    return people_cards(gallery_of(request).photos(owner_of(request, owner)), shared=class_path() is not None)


def enrol_samples(encoder: str, owner: str, request: gr.Request) -> None:
    """Enrol the three sample people; a second photo of one of them stays out, to be recognised."""
    mine = owner_of(request, owner) if class_path() is None else SAMPLES_OWNER  # in a class they are everybody's
    for key in SAMPLES:
        if key != "obama2":
            enroll_shot(read_photo(sample(key)), sample_name(key), encoder, gallery_of(request), mine)
    gr.Info("Three sample people are enrolled. Now try a photo.")


def enroll_shot(shot: Shot, name: str, encoder: str, gallery: Gallery, owner: str) -> tuple[Enrolled, str]:
    """Enrol the chosen face of ``shot``; what was done, and a warning where it looks like somebody else's.

    Raises:
        HubError: as ``Gallery.enroll`` and the encoder.
    """
    shown = check_name(name)
    encoding, identity = shot.encoding(encoder), encoder_id(encoder)
    index = gallery.index(identity)
    nearest, own = index.rank(encoding, 2), index.nearest_of(shown, encoding)
    done = gallery.enroll(name, encoding, encoder=identity, thumbnail=_small(shot), owner=owner)
    tau = find_calibration(encoder).threshold
    if own is not None and own > tau:
        doubt = (
            f"Is this {done.person}? The face is {own:.3f} from the nearest of {done.person}’s other photos, beyond "
        )
        return done, doubt + f"τ = {tau:.3f}: if it is somebody else, delete the photo, or both will be recognised."
    alike = next((one for one in nearest if one.person != done.person and one.distance <= tau), None)
    if alike is None:
        return done, ""
    return done, f"This face is only {alike.distance:.3f} from {alike.person}: is it the same person under two names?"


def second_photo(done: Enrolled) -> str:
    """A kind word for a second photo, and what it buys; empty if there is one."""
    if done.photos > 1:
        return ""
    bought = f": {gain}" if (gain := two_photos()) else ""
    return f"If you like, add a second photo of {done.person}, from another day or in other light{bought}."


def _small(shot: Shot) -> bytes:

    return thumbnail(Image.fromarray(shot.face.chip))


def _on_photo(photo: str | None, request: gr.Request) -> Markup:
    who = visitor(request)
    who.shots.pop("enrol", None)
    if photo is None:
        return message(_HINT)
    try:
        who.shots["enrol"] = read_photo(photo)
    except HubError as error:
        return message(str(error), "warn")
    return _chosen_html(who.shots["enrol"])


def _choose(request: gr.Request, event: gr.EventData) -> Markup:
    shot = visitor(request).shot("enrol", "A photo")
    shot.choose(event.face)
    return _chosen_html(shot)


def _chosen_html(shot: Shot) -> Markup:
    return h.div(boxed(shot, "enrol"), chip(shot, "enrols this face"), class_="cf-pair cf-two")


def _enrol(name: str, encoder: str, owner: str, request: gr.Request) -> tuple[Markup, Markup, Any]:
    shot = visitor(request).shot("enrol", "A photo")
    take_places(request)
    done, warning = enroll_shot(shot, name, encoder, gallery_of(request), owner_of(request, owner))
    words = (
        f"{done.person} is enrolled with {plural(done.photos, 'photo')}."
        if done.added
        else f"This photo of {done.person} was already enrolled."
    )
    kind = second_photo(done)
    doubts = message(warning, "warn") if warning else None
    said = message(words, "good"), doubts, message(kind) if kind else None, _chosen_html(shot)
    return joined(said), people_html(owner, request), gr.update(value="")


def _forget(owner: str, request: gr.Request, event: gr.EventData) -> Markup:
    gallery, mine = gallery_of(request), owner_of(request, owner)
    if event.act == "forget-photo":
        gone = gallery.forget_photo(check_whole(event.photo, "The number of the photo", low=1, high=2**53), owner=mine)
        gr.Info(str(prose("One photo of {} was deleted.", gone)))
    else:
        gallery.forget(str(event.name), owner=mine)
        gr.Info(str(prose("{} was deleted.", str(event.name))))
    return people_html(owner, request)


def _forget_all(owner: str, request: gr.Request) -> Markup:
    gone = gallery_of(request).clear(owner=owner_of(request, owner))
    gr.Info(f"{plural(gone, 'photo')} deleted.")
    return people_html(owner, request)
