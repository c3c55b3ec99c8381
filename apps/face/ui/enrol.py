"""Enrol and forget: one photo enrols a person, a zip or a folder a whole class; everybody can delete what he
enrolled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import escape

from apps.face.gallery.bulk import MOST_FILES
from apps.face.gallery.gallery import Enrolled, Gallery, thumbnail
from apps.face.gallery.names import LONGEST_NAME
from apps.face.samples import SAMPLES, sample, sample_name
from apps.face.ui.draw import boxed, chip, message, panel, plural
from apps.face.ui.people import people_cards
from apps.face.ui.state import (
    PHOTO,
    Shot,
    class_path,
    discard,
    encoder_id,
    gallery_of,
    is_upload,
    look,
    owner_of,
    visitor,
)
from apps.ui import HEAVY, LIGHT, PRIVATE, QUICK, guard, photo_input
from shared.errors import HubError, InputError

_HINT = "Choose a photo of one person and type a name. One photo is enough; more photos make recognition surer."
# What lists or forgets people goes through one line: a list read before somebody was forgotten never arrives after.
IN_TURN: dict[str, Any] = {"concurrency_id": "face-people", "concurrency_limit": 1, "show_progress": "hidden"}
_FOLDER = """<label class="cf-folder"><input type="file" webkitdirectory multiple aria-label="Choose a folder">
<span>Choose a folder</span></label>"""
# gradio's own folder upload forgets which sub-folder a file was in; this one sends every file with its path.
_SEND_FOLDER = """element.addEventListener('change', async (event) => {
  const label = element.querySelector('span'), files = [...event.target.files], sent = [], lost = [];
  for (const file of files.length > MOST ? [] : files) {
    const name = file.webkitRelativePath || file.name;
    label.textContent = `Sending ${sent.length + lost.length + 1} of ${files.length}`;
    try { sent.push({name, path: (await upload(file)).path}); } catch (error) { lost.push(name); }
  }
  label.textContent = 'Choose a folder';
  event.target.value = '';
  if (files.length) trigger('submit', {files: sent, lost, count: files.length});
});""".replace("MOST", str(MOST_FILES))


def privacy() -> str:
    """What is kept, who can see it, and when it is deleted: the sentence on the page."""
    if class_path() is None:
        return (
            "<b>Private to this page.</b> Photos are not kept: enrolling stores the encoding f(x), a list of numbers, "
            "and a small thumbnail of the face, in the memory of this server and for this browser session only. "
            "Nobody else can see or search them. They are deleted when you forget them, shortly after you close or "
            "reload the page, after two hours without use, and when the server stops. An uploaded file is deleted "
            "after two minutes."
        )
    return (
        "<b>Shared with the class.</b> Photos are not kept: enrolling stores the name, the encoding f(x), a list of "
        "numbers, and a small thumbnail of the face in this server's gallery file. Everybody who opens this hub can "
        "see and search them. They stay until you forget them; only the browser that enrolled a person can do that. "
        "An uploaded file is deleted after two minutes. Enrol only people who agree."
    )


def build(encoder: gr.Dropdown, owner: gr.Textbox, enrol_samples: gr.Button) -> gr.HTML:
    """Lay out the sub-tab; returns the list of people, which is read anew when the page loads."""
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
                    folder = gr.HTML(_FOLDER, js_on_load=_SEND_FOLDER, min_width=100, elem_id="face-bulk-folder")
                    stop = gr.Button("Stop", size="sm", min_width=100, variant="stop")
        with gr.Column(scale=7, min_width=330):
            report = panel(elem_id="face-bulk-report")
            people = panel(message("Nobody is enrolled yet."), elem_id="face-people")
            everything = gr.Button("Forget everybody I enrolled", variant="stop", size="sm", elem_id="face-forget-all")
            gr.HTML(f'<p class="cf-privacy">{privacy()}</p>', elem_id="face-privacy")
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


def people_html(owner: str, request: gr.Request) -> str:
    """The enrolled people as this visitor sees them."""
    return people_cards(gallery_of(request).photos(owner_of(request, owner)), shared=class_path() is not None)


def enroll_shot(shot: Shot, name: str, encoder: str, gallery: Gallery, owner: str) -> tuple[Enrolled, str]:
    """Enrol the chosen face of ``shot``; what was done, and a warning where it looks like somebody else's.

    Raises:
        HubError: as ``Gallery.enroll`` and the encoder.
    """
    from apps.face.gallery.names import check_name
    from apps.face.ui.state import known_of

    check_name(name)
    encoding, identity = shot.encoding(encoder), encoder_id(encoder)
    nearest = gallery.index(identity).rank(encoding, 2)
    done = gallery.enroll(name, encoding, encoder=identity, thumbnail=_small(shot), owner=owner)
    tau = known_of(encoder).threshold
    alike = next((one for one in nearest if one.person != done.person and one.distance <= tau), None)
    if alike is None:
        return done, ""
    return done, f"This face is only {alike.distance:.3f} from {alike.person}: is it the same person under two names?"


def _small(shot: Shot) -> bytes:
    from PIL import Image

    return thumbnail(Image.fromarray(shot.face.chip))


def _on_photo(photo: str | None, request: gr.Request) -> str:
    who = visitor(request)
    who.shots.pop("enrol", None)
    if photo is None:
        return message(_HINT)
    try:
        who.shots["enrol"] = look(photo)
    except HubError as error:
        return message(str(error), "warn")
    return _chosen_html(who.shots["enrol"])


def _choose(request: gr.Request, event: gr.EventData) -> str:
    shot = visitor(request).shot("enrol", "A photo")
    shot.choose(event.face)
    return _chosen_html(shot)


def _chosen_html(shot: Shot) -> str:
    return f'<div class="cf-pair cf-two">{boxed(shot, "enrol")}{chip(shot, "enrols this face")}</div>'


def _enrol(name: str, encoder: str, owner: str, request: gr.Request) -> tuple[str, str, Any]:
    shot = visitor(request).shot("enrol", "A photo")
    done, warning = enroll_shot(shot, name, encoder, gallery_of(request), owner_of(request, owner))
    words = (
        f"{done.person} is enrolled with {plural(done.photos, 'photo')}."
        if done.added
        else f"This very photo of {done.person} was enrolled already."
    )
    said = message(words, "good") + (message(warning, "warn") if warning else "")
    return said + _chosen_html(shot), people_html(owner, request), gr.update(value="")


def _enrol_samples(encoder: str, owner: str, request: gr.Request) -> str:
    gallery, mine = gallery_of(request), owner_of(request, owner)
    for key in SAMPLES:
        if key != "obama2":  # kept out, to be recognised
            enroll_shot(look(sample(key)), sample_name(key), encoder, gallery, mine)
    gr.Info("Three sample people are enrolled. Now try a photo.")
    return people_html(owner, request)


def _enrol_zip(archive: str | None, encoder: str, owner: str, request: gr.Request) -> Iterator[tuple[str, str]]:
    from apps.face.gallery.bulk import list_zip

    if archive is None:
        return
    try:
        yield from _enrol_listing(list_zip(Path(archive)), encoder, owner, request)
    finally:
        discard(Path(archive))


def _enrol_folder(encoder: str, owner: str, request: gr.Request, event: gr.EventData) -> Iterator[tuple[str, str]]:
    from apps.face.gallery.bulk import list_files

    files = [(str(file["name"]), Path(str(file["path"]))) for file in event.files]
    if not all(is_upload(place) for _, place in files):
        raise InputError("Files that this page has sent", "others", "Choose the folder again.")
    try:
        listing = list_files(files, lost=[str(name) for name in event.lost], count=int(event.count))
        yield from _enrol_listing(listing, encoder, owner, request)
    finally:
        for _, place in files:
            discard(place)


def _enrol_listing(listing: Any, encoder: str, owner: str, request: gr.Request) -> Iterator[tuple[str, str]]:
    from apps.face.gallery.bulk import Report, enroll_all

    def encode(data: bytes) -> tuple[Any, bytes]:
        shot = look(data)
        return shot.encoding(encoder), _small(shot)

    gallery, mine = gallery_of(request), owner_of(request, owner)
    for step in enroll_all(listing, gallery, encode, encoder=encoder_id(encoder), owner=mine):
        if isinstance(step, Report):
            yield _report_html(step), people_html(owner, request)
        else:
            part = f"{step.done / step.total * 100:.0f}%"
            yield (
                f'<div class="cf-progress" role="progressbar" aria-valuemin="0" aria-valuemax="{step.total}" '
                f'aria-valuenow="{step.done}"><i style="width:{part}"></i></div>'
                f"<p>{step.done} of {step.total} photos: {escape(step.path)}</p>",
                gr.skip(),
            )


def _report_html(report: Any) -> str:
    people = plural(len(report.people), "person", "people")
    done = message(
        f"{plural(report.added, 'photo')} of {people} enrolled; {plural(len(report.skipped), 'file')} skipped.",
        "good" if report.added else "warn",
    )
    rows = "".join(f"<tr><td>{escape(one.path)}</td><td>{escape(one.reason)}</td></tr>" for one in report.skipped[:200])
    more = f"<p>and {len(report.skipped) - 200} more</p>" if len(report.skipped) > 200 else ""
    return done + (f'<table class="cf-report"><caption>Skipped, and why</caption>{rows}</table>{more}' if rows else "")


def _forget(owner: str, request: gr.Request, event: gr.EventData) -> str:
    gallery, mine = gallery_of(request), owner_of(request, owner)
    if event.act == "forget-photo":
        gr.Info(f"One photo of {escape(gallery.forget_photo(int(event.photo), owner=mine))} was deleted.")
    else:
        gallery.forget(str(event.name), owner=mine)
        gr.Info(f"{escape(event.name)} was deleted.")
    return people_html(owner, request)


def _forget_all(owner: str, request: gr.Request) -> str:
    gone = gallery_of(request).clear(owner=owner_of(request, owner))
    gr.Info(f"{plural(gone, 'photo')} deleted.")
    return people_html(owner, request)
