"""Enrol and forget: one photo enrols a person, a zip or a folder a class; everybody can delete their own entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from apps.face.decision.matching import find_calibration
from apps.face.gallery.bulk import MOST_FILES, Listing, Report, enroll_all, list_files, list_zip
from apps.face.gallery.gallery import Enrolled, Gallery, thumbnail
from apps.face.gallery.names import LONGEST_NAME, check_name
from apps.face.samples import SAMPLES, sample, sample_name
from apps.face.ui.draw import boxed, chip, panel, plural
from apps.face.ui.people import people_cards
from apps.face.ui.state import (
    PHOTO,
    Shot,
    class_path,
    discard,
    encoder_id,
    gallery_of,
    is_upload,
    owner_of,
    read_photo,
    visitor,
)
from apps.markup import Markup, h, joined, message, page_file, progress_bar, prose, table
from apps.ui import HEAVY, LIGHT, PRIVATE, QUICK, guard, photo_input
from shared.errors import HubError, InputError

_HINT = "Choose a photo of one person and type a name. One photo is enough; more photos make recognition more reliable."
_SKIPPED = 200  # files left out that a report lists
# Listing and forgetting people takes turns: a list from before somebody was forgotten never arrives afterwards.
IN_TURN: dict[str, Any] = {"concurrency_id": "face-people", "concurrency_limit": 1, "show_progress": "hidden"}


def folder_input() -> gr.HTML:
    """A folder's files with their paths: gradio's own folder upload forgets which sub-folder a file was in."""
    files = h.input(type="file", webkitdirectory=True, multiple=True, aria_label="Choose a folder")
    script = page_file(__file__, "folder.js").replace("MOST_FILES", str(MOST_FILES))
    shown = h.label(files, h.span("Choose a folder"), class_="cf-folder")
    return gr.HTML(shown, js_on_load=script, min_width=100, elem_id="face-bulk-folder")


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
        "see and search them. They stay until you forget them; only the browser that enrolled a person can do that. "
        "An uploaded file is deleted after two minutes. Enrol only people who agree."
    )


def build(encoder: gr.Dropdown, owner: gr.Textbox, enrol_samples: gr.Button) -> gr.HTML:
    """Lay out the sub-tab; returns the list of people, which is read again when the page loads."""
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
            with gr.Accordion("A whole class at once", open=False, elem_id="face-bulk"):
                gr.Markdown("A zip file, or a folder, with one folder of photos per person: `NAME/photo.jpg`.")
                with gr.Row(equal_height=True):
                    archive = gr.UploadButton(
                        "Choose a zip",
                        file_types=[".zip"],
                        file_count="single",
                        size="sm",
                        min_width=100,
                        elem_id="face-bulk-zip",
                    )
                    folder = folder_input()
                    stop = gr.Button("Stop", size="sm", min_width=100, variant="stop")
        with gr.Column(scale=7, min_width=330):
            report = panel(elem_id="face-bulk-report")
            people = panel(message("Nobody is enrolled yet."), elem_id="face-people")
            everything = gr.Button("Forget everybody I enrolled", variant="stop", size="sm", elem_id="face-forget-all")
            gr.HTML(h.p(privacy(), class_="cf-privacy"), elem_id="face-privacy")
    gr.on([photo.input, photo.clear], guard(_on_photo), photo, chosen, **PHOTO)
    chosen.click(guard(_choose), None, chosen, **LIGHT, **PRIVATE)
    for trigger in (enrol.click, name.submit):
        trigger(guard(_enrol), [name, encoder, owner], [chosen, people, name], **QUICK, **PRIVATE)
    enrol_samples.click(guard(_enrol_samples), [encoder, owner], people, **QUICK, **PRIVATE)
    runs: list[dict[str, Any]] = [
        archive.upload(guard(_enrol_zip), [archive, encoder, owner], [report, people], **HEAVY, **PRIVATE),
        folder.submit(guard(_enrol_folder), [encoder, owner], [report, people], **HEAVY, **PRIVATE),
    ]
    stop.click(None, None, None, cancels=runs, **PRIVATE)
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


def enroll_shot(shot: Shot, name: str, encoder: str, gallery: Gallery, owner: str) -> tuple[Enrolled, str]:
    """Enrol the chosen face of ``shot``; what was done, and a warning where it looks like somebody else's.

    Raises:
        HubError: as ``Gallery.enroll`` and the encoder.
    """
    check_name(name)
    encoding, identity = shot.encoding(encoder), encoder_id(encoder)
    nearest = gallery.index(identity).rank(encoding, 2)
    done = gallery.enroll(name, encoding, encoder=identity, thumbnail=_small(shot), owner=owner)
    tau = find_calibration(encoder).threshold
    alike = next((one for one in nearest if one.person != done.person and one.distance <= tau), None)
    if alike is None:
        return done, ""
    return done, f"This face is only {alike.distance:.3f} from {alike.person}: is it the same person under two names?"


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
    done, warning = enroll_shot(shot, name, encoder, gallery_of(request), owner_of(request, owner))
    words = (
        f"{done.person} is enrolled with {plural(done.photos, 'photo')}."
        if done.added
        else f"This photo of {done.person} was already enrolled."
    )
    said = message(words, "good"), message(warning, "warn") if warning else None, _chosen_html(shot)
    return joined(said), people_html(owner, request), gr.update(value="")


def _enrol_samples(encoder: str, owner: str, request: gr.Request) -> Markup:
    gallery, mine = gallery_of(request), owner_of(request, owner)
    for key in SAMPLES:
        if key != "obama2":  # kept out, to be recognised
            enroll_shot(read_photo(sample(key)), sample_name(key), encoder, gallery, mine)
    gr.Info("Three sample people are enrolled. Now try a photo.")
    return people_html(owner, request)


def _enrol_zip(archive: str | None, encoder: str, owner: str, request: gr.Request) -> Iterator[tuple[Markup, Any]]:
    if archive is None:
        return
    try:
        yield from _enrol_listing(list_zip(Path(archive)), encoder, owner, request)
    finally:
        discard(Path(archive))


def _enrol_folder(encoder: str, owner: str, request: gr.Request, event: gr.EventData) -> Iterator[tuple[Markup, Any]]:
    files = sent_files(event.files)
    try:
        listing = list_files(files, lost=[str(name) for name in event.lost], count=int(event.count))
        yield from _enrol_listing(listing, encoder, owner, request)
    finally:
        for _, place in files:
            discard(place)


def sent_files(files: Sequence[Mapping[str, object]]) -> list[tuple[str, Path]]:
    """The files that the page says it sent: each one's path in its folder, and where it lies.

    Raises:
        InputError: one lies elsewhere; a client can write any path of this server's there.
    """
    sent = [(str(file["name"]), Path(str(file["path"]))) for file in files]
    if not all(is_upload(place) for _, place in sent):
        raise InputError("", "These files were not uploaded on this page", "Choose the folder again.")
    return sent


def _enrol_listing(listing: Listing, encoder: str, owner: str, request: gr.Request) -> Iterator[tuple[Markup, Any]]:
    def encode(data: bytes) -> tuple[Any, bytes]:
        shot = read_photo(data)
        return shot.encoding(encoder), _small(shot)

    gallery, mine = gallery_of(request), owner_of(request, owner)
    for step in enroll_all(listing, gallery, encode, encoder=encoder_id(encoder), owner=mine):
        if isinstance(step, Report):
            yield _report_html(step), people_html(owner, request)
        else:
            words = f"{step.done} of {step.total} photos: {step.path}"
            yield joined((progress_bar(step.done / step.total, "photos"), h.p(words))), gr.skip()


def _report_html(report: Report) -> Markup:
    people = plural(len(report.people), "person", "people")
    done = message(
        f"{plural(report.added, 'photo')} of {people} enrolled; {plural(len(report.skipped), 'file')} skipped.",
        "good" if report.added else "warn",
    )
    skipped = [(one.path, one.reason) for one in report.skipped]
    more = h.p(f"and {len(skipped) - _SKIPPED} more") if len(skipped) > _SKIPPED else None
    listed = table((), skipped[:_SKIPPED], caption="Skipped, and why", class_="cf-report") if skipped else None
    return joined((done, listed, more))


def _forget(owner: str, request: gr.Request, event: gr.EventData) -> Markup:
    gallery, mine = gallery_of(request), owner_of(request, owner)
    if event.act == "forget-photo":
        gone = gallery.forget_photo(int(event.photo), owner=mine)
        gr.Info(str(prose("One photo of {} was deleted.", gone)))
    else:
        gallery.forget(str(event.name), owner=mine)
        gr.Info(str(prose("{} was deleted.", str(event.name))))
    return people_html(owner, request)


def _forget_all(owner: str, request: gr.Request) -> Markup:
    gone = gallery_of(request).clear(owner=owner_of(request, owner))
    gr.Info(f"{plural(gone, 'photo')} deleted.")
    return people_html(owner, request)
