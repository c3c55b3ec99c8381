"""A whole class at once: a zip or a folder is read, shown with a name under every face, and enrolled when asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from apps.face.decision.matching import find_calibration
from apps.face.gallery.bulk import (
    MOST_FILES,
    Listing,
    Prepared,
    Ready,
    Report,
    Step,
    enroll_prepared,
    list_files,
    list_zip,
    prepare,
)
from apps.face.gallery.gallery import thumbnail
from apps.face.gallery.naming import RULE
from apps.face.ui.draw import jpeg_url, panel, plural
from apps.face.ui.state import discard, encoder_id, gallery_of, is_upload, owner_of, read_photo, take_places, visitor
from apps.markup import Markup, h, joined, message, page_file, progress_bar, table
from apps.ui import HEAVY, PRIVATE, QUICK, guard
from shared.errors import InputError, check_whole

_SKIPPED = 200  # files left out that a report lists
_PEOPLE = 120  # people that are shown before they are enrolled
_LONGEST_PATH = 1000  # characters
_DOUBTS = 12  # doubtful photos that are shown


@dataclass(frozen=True)
class Choosers:
    """Where files are chosen."""

    archive: gr.UploadButton
    folder: gr.HTML
    stop: gr.Button


def choosers() -> Choosers:
    """Lay out the buttons that choose a zip or a folder, with the rule that names people."""
    with gr.Accordion("A whole class at once", open=False, elem_id="face-bulk"):
        gr.Markdown(f"A zip file, or a folder. {RULE} You see the names before anybody is enrolled.")
        with gr.Row(equal_height=True):
            archive = gr.UploadButton(
                "Choose a zip",
                file_types=[".zip"],
                file_count="single",
                size="sm",
                min_width=100,
                elem_id="face-bulk-zip",
            )
            folder = _folder_input()
            stop = gr.Button("Stop", size="sm", min_width=100, variant="stop")
    return Choosers(archive, folder, stop)


def preview() -> tuple[gr.HTML, gr.Button]:
    """Lay out the report, and the button that enrols what it shows."""
    report = panel(elem_id="face-bulk-report")
    return report, gr.Button("Enrol these people", variant="primary", visible=False, elem_id="face-bulk-enrol")


def wire(
    chosen: Choosers,
    encoder: gr.Dropdown,
    owner: gr.Textbox,
    report: gr.HTML,
    confirm: gr.Button,
    people: gr.HTML,
    people_html: Callable[[str, gr.Request], Markup],
) -> None:
    """Connect the buttons: choosing reads and shows, confirming enrols; ``people_html`` lists who is enrolled."""
    read = [report, confirm]

    def enrol(owner: str, request: gr.Request) -> tuple[Markup, Markup, Any]:
        done = _enrol(owner, request)
        return _report_html(done), people_html(owner, request), gr.update(visible=False)

    runs: list[dict[str, Any]] = [
        chosen.archive.upload(guard(_read_zip), [chosen.archive, encoder], read, **HEAVY, **PRIVATE),
        chosen.folder.submit(guard(_read_folder), encoder, read, **HEAVY, **PRIVATE),
    ]
    chosen.stop.click(None, None, None, cancels=runs, **PRIVATE)
    confirm.click(guard(enrol), owner, [report, people, confirm], **QUICK, **PRIVATE)


def _folder_input() -> gr.HTML:
    """A folder's files with their paths: gradio's own folder upload forgets which sub-folder a file was in."""
    files = h.input(type="file", webkitdirectory=True, multiple=True, aria_label="Choose a folder")
    script = page_file(__file__, "folder.js").replace("MOST_FILES", str(MOST_FILES))
    shown = h.label(files, h.span("Choose a folder"), class_="cf-folder")
    return gr.HTML(shown, js_on_load=script, min_width=100, elem_id="face-bulk-folder")


def _read_zip(archive: str | None, encoder: str, request: gr.Request) -> Iterator[tuple[Markup, Any]]:
    if archive is None:
        return
    try:
        yield from _read(list_zip(Path(archive)), encoder, request)
    finally:
        discard(Path(archive))


def _read_folder(encoder: str, request: gr.Request, event: gr.EventData) -> Iterator[tuple[Markup, Any]]:
    files = sent_files(event.files)
    try:
        listing = list_files(
            files, lost=_lost(event.lost), count=check_whole(event.count, "The number of files", low=0, high=10**9)
        )
        yield from _read(listing, encoder, request)
    finally:
        for _, place in files:
            discard(place)


def _lost(names: object) -> list[str]:
    return [str(name)[:_LONGEST_PATH] for name in names] if isinstance(names, list) else []


def sent_files(files: Sequence[Mapping[str, object]]) -> list[tuple[str, Path]]:
    """The files that the page says it sent: each one's path in its folder, and where it lies.

    Raises:
        InputError: one lies elsewhere; a client can write any path of this server's there.
    """
    try:
        sent = [(str(file["name"]), Path(str(file["path"]))) for file in files]
    except (TypeError, KeyError):
        raise InputError("the names and places of files", "something else", "Choose the folder again.") from None
    if not all(is_upload(place) for _, place in sent):
        raise InputError("", "These files were not uploaded on this page", "Choose the folder again.")
    return sent


def _read(listing: Listing, encoder: str, request: gr.Request) -> Iterator[tuple[Markup, Any]]:
    def encode(data: bytes) -> tuple[Any, bytes]:
        shot = read_photo(data)
        return shot.encoding(encoder), thumbnail(Image.fromarray(shot.face.chip))

    who = visitor(request)
    who.prepared = None
    for step in prepare(listing, encode, tau=find_calibration(encoder).threshold):
        if isinstance(step, Step):
            words = f"{step.done} of {step.total} photos: {step.path}"
            shown = joined((progress_bar(step.done / step.total, "photos"), h.p(words)))
            yield shown, gr.update(visible=False)
        else:
            who.prepared = step, encoder
            yield preview_html(step), gr.update(visible=bool(step.photos))


def _enrol(owner: str, request: gr.Request) -> Report:
    who = visitor(request)
    if who.prepared is None:
        raise InputError("", "Nothing is waiting to be enrolled", "Choose a zip or a folder first.")
    take_places(request, len(who.prepared[0].photos))
    (prepared, encoder), who.prepared = who.prepared, None
    gallery, mine = gallery_of(request), owner_of(request, owner)
    return enroll_prepared(prepared, gallery, encoder=encoder_id(encoder), owner=mine)


def preview_html(prepared: Prepared) -> Markup:
    """What would be enrolled: a face and a name each, what is doubtful, and what is left out."""
    people = prepared.people
    head = f"{plural(len(prepared.photos), 'photo')} of {plural(len(people), 'person', 'people')}, named after "
    head += f"{prepared.source}; {plural(len(prepared.skipped), 'file')} left out. Nobody is enrolled yet."
    faces = h.div((_person(name, own) for name, own in list(people.items())[:_PEOPLE]), class_="cf-trio cf-gallery")
    more = h.p(f"and {len(people) - _PEOPLE:,} more") if len(people) > _PEOPLE else None
    guessed = (
        f"The names do not say how they are written; they were read as {prepared.guessed}: are they right?"
        if prepared.guessed
        else ""
    )
    return joined((message(head), message(guessed, "warn") if guessed else None, faces, more, _rest(prepared)))


def _person(name: str, own: Sequence[Ready]) -> Markup:
    count = f" · {len(own)}" if len(own) > 1 else ""
    image = h.img(src=jpeg_url(own[0].thumbnail), alt="", title=own[0].path)
    return h.figure(image, h.figcaption(name, count, dir="auto"))


def _report_html(report: Report) -> Markup:
    people = plural(len(report.people), "person", "people")
    done = message(
        f"{plural(report.added, 'photo')} of {people} enrolled; {plural(len(report.skipped), 'file')} skipped.",
        "good" if report.added else "warn",
    )
    return joined((done, _rest(report)))


def _rest(done: Prepared | Report) -> Markup:
    doubts = [message(text, "warn") for text in done.doubts[:_DOUBTS]]
    if len(done.doubts) > _DOUBTS:
        doubts.append(
            message(f"and {len(done.doubts) - _DOUBTS} more that are unlike the others of their name", "warn")
        )
    skipped = [(one.path, one.reason) for one in done.skipped]
    more = h.p(f"and {len(skipped) - _SKIPPED} more") if len(skipped) > _SKIPPED else None
    listed = table((), skipped[:_SKIPPED], caption="Skipped, and why", class_="cf-report") if skipped else None
    return joined((*doubts, listed, more))
