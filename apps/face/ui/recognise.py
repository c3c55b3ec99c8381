"""Recognise: who is this, out of the gallery, or nobody? One photo with any number of faces, or the webcam, live."""

from __future__ import annotations

import base64
import weakref
from typing import Any

import gradio as gr

from apps.face.gallery.gallery import Gallery
from apps.face.samples import sample, sample_picture
from apps.face.ui.answers import Json, identify_answer, with_names_of
from apps.face.ui.draw import boxed, chip_url, jpeg_url, likely, panel, plural
from apps.face.ui.enrol import enrol_samples
from apps.face.ui.state import PHOTO, Shot, Visitor, gallery_of, owner_of, read_photo, visitor
from apps.gradio_patches import hand_over_as
from apps.markup import Markup, h, joined, message, prose
from apps.measured import percent
from apps.on_demand import part
from apps.results import as_json, later
from apps.ui import LIGHT, PRIVATE, QUICK, guard, keep_result, photo_input
from shared.errors import HubError, InputError, check_number

_HINT = "Choose a photo: every face on it is looked up in the gallery."
_NOBODY = "Enrol somebody first: three sample people with one click on the left, or your own under Enrol / forget."
_STREAM_S = 120  # seconds after which the live webcam pauses
_EVERY_S = 0.2  # seconds between its frames
_SHOWN = 24  # people of the gallery that are shown before any photo
_PROBES = 20  # faces of one photo whose rankings are shown


def build(encoder: gr.Dropdown, tau: gr.Slider, owner: gr.Textbox) -> gr.HTML:
    """Lay out the sub-tab; returns its answer panel, which the shared threshold redraws."""
    asked = [encoder, tau]
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=330):
            with gr.Tabs():
                with gr.Tab("Photo"):
                    photo = photo_input("Who is this?", height=260, elem_id="face-probe", format="png")
                    with gr.Row(elem_classes="cf-samples"):
                        samples = gr.Button("Enrol 3 sample people", size="sm", min_width=90, elem_id="face-samples")
                        buttons = {
                            key: gr.Button(text, size="sm", min_width=90)
                            for key, text in (("obama2", "Sample: somebody"), ("biden", "Sample: somebody else"))
                        }
                with gr.Tab("Webcam, live") as live_tab, part():
                    camera = photo_input(
                        "Webcam",
                        sources=["webcam"],
                        streaming=True,
                        height=260,
                        elem_id="face-live",
                        webcam_options=gr.WebcamOptions(mirror=True),
                    )
                    hand_over_as(camera, _frame)
                    gr.Markdown(
                        "Frames are read in memory and then forgotten; nothing is enrolled from here. Only faces of at "
                        "least an eighth of the picture’s height are found."
                    )
            again = gr.Button("Recognise", variant="primary", elem_id="face-recognise")
        with gr.Column(scale=7, min_width=330):
            answer = panel(message(_NOBODY), elem_id="face-who")
    answer.click(guard(_take_threshold), None, tau, **LIGHT, **PRIVATE)
    gr.on([photo.input, photo.clear], guard(_on_photo), [photo, *asked], answer, **PHOTO)
    samples.click(guard(_on_samples), [*asked, owner], answer, **QUICK, **PRIVATE)
    for key, button in buttons.items():
        button.click(_on_sample(key), asked, [photo, answer], **QUICK, **PRIVATE)
    again.click(guard(_recognise), asked, answer, **QUICK, **PRIVATE)
    camera.stream(
        guard(_on_frame),
        [camera, *asked],
        answer,
        stream_every=_EVERY_S,
        time_limit=_STREAM_S,
        concurrency_id="webcam",
        concurrency_limit=2,
        show_progress="hidden",
        **PRIVATE,
    )
    live_tab.select(guard(_on_clear), asked, answer, **LIGHT, **PRIVATE)
    return answer


def redraw(encoder: str, tau: float, request: gr.Request) -> Markup:
    """The panel for the photo on the page now; its faces are encoded already."""
    shot = visitor(request).shots.get("probe")
    gallery, owner = gallery_of(request), owner_of(request, "")
    if shot is None:
        return _waiting(gallery, owner)
    shown = panel_html(shot, gallery, encoder, tau, owner)
    _take_home(visitor(request), gallery, encoder, tau, owner)
    return shown


def _take_home(who: Visitor, gallery: Gallery, encoder: str, tau: float, owner: str) -> None:
    """Who is on the photo, as long as it is there, without the names that others enrolled."""

    searched = weakref.ref(gallery)

    def answer(who: Visitor) -> str:
        found = searched()
        if "probe" not in who.shots or found is None:
            raise InputError("", "The photo was taken away", "Choose it again.")
        hers = {photo.person for photo in found.photos(owner) if photo.mine}
        return as_json(with_names_of(hers, identify_answer(who.shots["probe"], found, encoder, tau)))

    about = "Each face with its nearest people of the gallery; the names are those that you enrolled."
    keep_result(
        "face/recognise", {"faces.json": (later(who, answer), about)}, settings={"encoder": encoder, "tau": tau}
    )


def _waiting(gallery: Gallery, owner: str) -> Markup:
    """Before any photo: who could be recognised."""
    photos = gallery.photos(owner)
    if not photos:
        return message(_NOBODY)
    first = {photo.person: photo for photo in reversed(photos)}
    faces = (
        h.figure(h.img(src=jpeg_url(photo.thumbnail), alt=""), h.figcaption(name, dir="auto"))
        for name, photo in sorted(first.items())[:_SHOWN]
    )
    more = h.p(f"and {len(first) - _SHOWN:,} more") if len(first) > _SHOWN else None
    return joined((message(_HINT), h.div(faces, class_="cf-trio cf-gallery"), more))


def _take_threshold(event: gr.EventData) -> float:
    return check_number(event.tau, "The threshold", low=0, high=10)


def _frame(payload: Any) -> bytes | None:
    """A frame of the webcam, straight from the request: it never becomes a file."""
    if payload is None or not str(payload.url or "").startswith("data:"):
        return None
    return base64.b64decode(str(payload.url).partition(",")[2])


def _on_photo(photo: str | None, encoder: str, tau: float, request: gr.Request) -> Markup:
    who = visitor(request)
    who.shots.pop("probe", None)
    if photo is None:
        return redraw(encoder, tau, request)
    try:
        who.shots["probe"] = read_photo(photo, every=True)
        return redraw(encoder, tau, request)
    except HubError as error:
        return message(str(error), "warn")


def _on_clear(encoder: str, tau: float, request: gr.Request) -> Markup:
    visitor(request).shots.pop("probe", None)
    return redraw(encoder, tau, request)


def _on_samples(encoder: str, tau: float, owner: str, request: gr.Request) -> Markup:
    enrol_samples(encoder, owner, request)
    return redraw(encoder, tau, request)


def _on_sample(key: str) -> Any:
    def chosen(encoder: str, tau: float, request: gr.Request) -> tuple[Any, Markup]:
        visitor(request).shots["probe"] = read_photo(sample(key), every=True)
        return sample_picture(key), redraw(encoder, tau, request)

    return guard(chosen)


def _recognise(encoder: str, tau: float, request: gr.Request) -> Markup:
    visitor(request).shot("probe", "A photo")
    return redraw(encoder, tau, request)


def _on_frame(frame: bytes | None, encoder: str, tau: float, request: gr.Request) -> Any:
    if frame is None:
        return gr.skip()
    shot = read_photo(frame, "The webcam", need=False, quick=True, follow=visitor(request).film)
    if not shot.faces:
        return joined((boxed(shot, "live", choose=False), message("No face in the picture yet.")))
    return panel_html(shot, gallery_of(request), encoder, tau, owner_of(request, ""), quick=True)


def panel_html(shot: Shot, gallery: Gallery, encoder: str, tau: float, owner: str, *, quick: bool = False) -> Markup:
    """The photo with a name on every face, and each face's ranking."""
    try:
        answer = identify_answer(shot, gallery, encoder, tau, quick=quick)
    except InputError as error:
        return message(str(error), "warn")
    photos = gallery.photos(owner)
    answer["nobody"] = "nobody is enrolled with this encoder" if photos else "nobody is enrolled yet"
    labels = {i: face["name"] or "not recognised" for i, face in enumerate(answer["faces"])}
    thumbnails = {photo.id: jpeg_url(photo.thumbnail) for photo in photos}
    probes = (_probe(shot, i, face, answer, thumbnails) for i, face in enumerate(answer["faces"][:_PROBES]))
    found = h.div(
        h.div(boxed(shot, "probe", labels, choose=False), class_="cf-big"),
        h.div(probes, class_="cf-ranks"),
        class_="cf-found cf-many" if len(answer["faces"]) > 2 else "cf-found",
    )
    doubts = (message(text, "warn") for text in (answer["left_out"], *answer["repeated"]) if text)
    return joined((found, *doubts, _chance(answer)))


def _probe(shot: Shot, i: int, face: Json, answer: Json, thumbnails: dict[int, str]) -> Markup:
    tau = answer["threshold"]
    if not face["candidates"]:
        words, kind, note = "not recognised", "none", answer["nobody"]
    else:
        best = face["candidates"][0]
        words, kind = (face["name"], "same") if face["recognised"] else ("not recognised", "diff")
        sign = "≤" if face["recognised"] else ">"
        note = f"nearest distance {best['distance']:.3f} {sign} τ = {tau:.3f}"
    end = max(tau, *(one["distance"] for one in face["candidates"]), 1e-9) * 1.08
    number = f"Face {i + 1}: " if len(shot.faces) > 1 else ""
    header = h.header(
        h.img(src=chip_url(shot.faces[i].chip), alt=f"Aligned face {i + 1}"),
        h.div(h.strong(number, words, dir="auto"), h.br(), h.span(note)),
        class_=f"cf-is-{kind}",
    )
    rows = (_candidate(one, tau, end, thumbnails) for one in face["candidates"])
    return h.section(header, rows, class_="cf-probe", data_recognised="true" if face["recognised"] else "false")


def _candidate(one: Json, tau: float, end: float, thumbnails: dict[int, str]) -> Markup:
    inside = one["distance"] <= tau
    picture = thumbnails.get(one["photo"])
    count = f" · template of {one['photos']} photos" if one["photos"] > 1 else ""
    sure = f", probability {likely(one['probability'])}" if one["probability"] is not None else ""
    words = f"distance {one['distance']:.3f}, {'within' if inside else 'beyond'} the threshold"
    bar = h.div(
        h.i(class_="cf-in" if inside else None, style=f"width:{one['distance'] / end * 100:.1f}%"),
        h.u(style=f"left:{tau / end * 100:.1f}%"),
        class_="cf-bar",
        role="img",
        aria_label=words,
    )
    return h.div(
        h.span(one["rank"]),
        h.img(src=picture, alt="") if picture else h.span(),
        h.b(one["name"], dir="auto"),
        bar,
        h.span(f"{one['distance']:.3f}{' ✓' if inside else ''}", class_="cf-d"),
        class_="cf-cand",
        title=f"d² = {one['d_squared']:.4f}{sure}{count}",
    )


def _chance(answer: Json) -> Markup | None:
    photos = answer["photos"]
    if not photos:
        return None
    searched = f"Searched {plural(answer['people'], 'person', 'people')} ({plural(photos, 'photo')}). "
    statement = h.span(answer["statement"])
    if answer["stranger_chance"] is None:
        return h.p(searched, statement, class_="cf-statement")
    chance = prose(
        "With a false-accept rate of {} per comparison, a stranger is taken for somebody here with probability "
        "1 − (1 − FAR)<sup>{}</sup> = <b>{}</b>. ",
        percent(answer["far"]),
        answer["people"],
        percent(answer["stranger_chance"]),
    )
    return h.p(searched, chance, _advice(answer), statement, class_="cf-statement")


def _advice(answer: Json) -> Markup | None:
    """A threshold that keeps strangers out of a gallery of this size, as a button; nothing if it does so already."""
    advice = answer["advice"]
    if advice is None:
        return None
    tau = f"{advice['threshold']:.3f}"
    words = (
        f"To keep that under {percent(advice['chance'])}, FAR must be at most {percent(advice['far'])}: τ = {tau}, at "
        f"the cost of rejecting {percent(advice['frr'])} of genuine pairs. "
    )
    use = h.button(f"Use τ = {tau}", type="button", class_="cf-small", data_act="threshold", data_tau=tau)
    return joined((words, use, " "))
