"""Is the face still the same person? The face of the photo restored from fewer and fewer pixels, and the verifier."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from apps.charts import lines
from apps.gan.sharpen import measured
from apps.gan.sharpen.options import TITLES
from apps.gan.sharpen.samples import FACE, sample_path
from apps.gan.sharpen.steps import describe_estimate, open_photo
from apps.gan.ui.rooms import identities
from apps.gan.ui.sharpen_view import working
from apps.markup import Content, Markup, cell, figure, h, note, table
from apps.results import table as csv_table
from apps.ui import HEAVY, LIGHT, PRIVATE, QUICK, SENDS, guard, keep_result, measurements, photo_input, section
from shared.images import as_sent, data_url
from shared.progress import paced

if TYPE_CHECKING:
    from apps.gan.sharpen.identity import Answer, Identity

_ASK = "The face of the photo above is cut out, made small to 16, 24, 32, 48 and 64 pixels a side, and restored."


def panel(photo: gr.Image) -> Any:
    """Lay out the section; ``photo``: the photo that is sharpened above. Returns the event that changes it."""
    section(
        "inside",
        "Is the face still the same person?",
        "The hub's own face verifier measures the distance between the restored face and the untouched one; above the "
        "threshold τ it calls them two people.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=290):
            other = photo_input("Another photo of this person, if you have one", height=160, format="png")
            with gr.Row():
                go = gr.Button("Ask the verifier", variant="primary", min_width=130, elem_id="gan-face-go")
                stop = gr.Button("Stop", min_width=70)
                sample = gr.Button("Take a sample with a face", min_width=150)
            progress = gr.HTML(note(_ASK), label="Progress")
        with gr.Column(scale=3, min_width=320):
            out = gr.HTML(
                label="The restored faces", apply_default_css=False, elem_id="gan-face-out", elem_classes=SENDS
            )
    measurements([measured.faces()])
    _endpoint()
    running = go.click(guard(_ask), [photo, other], [out, progress], show_progress_on=progress, **HEAVY, **PRIVATE)
    stopped = stop.click(None, None, None, cancels=[running], **PRIVATE)
    stopped.then(lambda: note("Stopped."), None, progress, **LIGHT, **PRIVATE)
    taken = sample.click(_sample, None, [photo, other], cancels=[running], **LIGHT, **PRIVATE)
    taken.then(guard(_expected), None, progress, **QUICK, **PRIVATE)
    return taken


def same_person(photo: str, other: str | None = None) -> Iterator[dict[str, Any]]:
    """Restore the face of a photo from 64 to 16 pixels a side, and ask the hub's verifier whether it is still hers.

    Args:
        photo: with a face of 64 x 64 pixels or more.
        other: another photo of the same person; without it, the restored face is compared with the untouched one.

    Returns:
        A dictionary that fills while it is asked: encoder, tau, untouched (distance of the two untouched faces, or
        null), answers (way, size in pixels, distance, same, and found: whether the detector finds a face in it).
    """
    first = open_photo(as_sent(photo))
    second = open_photo(as_sent(other), "The other photo") if other else None
    for found in paced(identities.identity(first, second)):
        yield found.numbers()


def _endpoint() -> None:
    """/same_person, whose components no visitor sees."""
    with gr.Row(visible=False):
        photo, other = photo_input("The photo"), photo_input("The other photo")
        numbers = gr.JSON(label="As numbers")
        button = gr.Button("Ask")
    button.click(guard(same_person), [photo, other], numbers, api_name="same_person", **HEAVY)


def _sample() -> tuple[str, None]:
    return str(sample_path(FACE)), None


def _expected() -> Markup:
    return note(describe_estimate(identities.identity_s()))


def _ask(photo: str | None, other: str | None) -> Iterator[tuple[Any, Markup]]:
    first = open_photo(photo)  # type: ignore[arg-type]
    second = open_photo(other, "The other photo") if other else None
    yield gr.skip(), _expected()
    shown = -1
    for found in paced(identities.identity(first, second)):
        fresh = len(found.answers) != shown
        shown = len(found.answers)
        yield answers(found) if fresh else gr.skip(), working(found.progress)
    rows = [(one.way, one.size, one.distance, one.same) for one in found.answers]
    about = f"Distances to {'the other photo' if found.other is not None else 'the untouched face'}; same: the verdict."
    head = "way", "pixels a side", "distance", "same"
    keep_result("gan/sharpen-a-photo", {"faces.csv": (csv_table(head, rows), about)}, part="whose face")
    yield gr.skip(), note(_said(found))


def answers(found: Identity) -> Markup:
    """The face, and every restored one with its distance and the verdict."""
    given = [figure(_face(found.face, "The untouched face"), "The untouched face")]
    if found.other is not None and found.untouched is not None:
        words = f"The other photo; untouched, the two are {found.untouched:.2f} apart"
        given.append(figure(_face(found.other, "The other photo's face"), words))
    sizes = sorted({one.size for one in found.answers}, reverse=True)
    by_place = {(one.way, one.size): one for one in found.answers}
    rows = [
        (title, *(_cell(by_place.get((way, size))) for size in sizes))
        for way, title in TITLES.items()
        if any(one.way == way for one in found.answers)
    ]
    grid = table(("", *(f"{size} × {size}" for size in sizes)), rows, stacks=False) if rows else None
    curve = _curves(found) if len(found.answers) == len(TITLES) * len(sizes) else None
    return h.div(h.div(given, class_="gs-given"), grid, curve, class_="gs-faces")


def _face(picture: Any, alt: str) -> Markup:
    return h.img(src=data_url(picture), alt=alt)


def _cell(one: Answer | None) -> Content:
    if one is None:
        return cell()
    verdict = h.b("✓ same", class_="gs-same") if one.same else h.b("✕ two people", class_="gs-other")
    unseen = None if one.found else h.small("the detector finds no face in it")
    picture = h.img(src=data_url(one.picture), alt=f"{TITLES[one.way]}, from {one.size} × {one.size} pixels")
    return cell(picture, verdict, h.small(f"d = {one.distance:.3f}"), unseen)


def _said(found: Identity) -> Content:
    """The smallest size, way by way, from which on the verifier recognises the person."""
    parts = []
    for way, title in TITLES.items():
        mine = sorted((one for one in found.answers if one.way == way), key=lambda one: -one.size)
        kept = []
        for one in mine:
            if not one.same:
                break
            kept.append(one.size)
        parts.append(f"{title}: from {kept[-1]} pixels on" if kept else f"{title}: at none of the sizes")
    whom = "the other photo" if found.other is not None else "the untouched face"
    return f"The verifier ({found.encoder}) takes the restored face and {whom} for one person: {'; '.join(parts)}."


def _curves(found: Identity) -> Markup:
    sizes = sorted({one.size for one in found.answers})
    series = {
        title: [next(one.distance for one in found.answers if (one.way, one.size) == (way, size)) for size in sizes]
        for way, title in TITLES.items()
    }
    series["τ"] = [found.tau] * len(sizes)
    whom = "the other photo" if found.other is not None else "the untouched face"
    return lines(series, sizes, title=f"This face: distance to {whom}, over pixels a side", frame=measured.FRAME)
