"""Recognise: who is this, out of the gallery, or nobody? One photo with any number of faces, or the webcam, live."""

from __future__ import annotations

import base64
from typing import Any

import gradio as gr
from markupsafe import escape

from apps.face.gallery.gallery import Gallery
from apps.face.samples import sample, sample_picture
from apps.face.ui.answers import Json, identify_answer
from apps.face.ui.draw import boxed, chip_url, jpeg_url, likely, message, panel, percent, plural
from apps.face.ui.state import PHOTO, Shot, gallery_of, look, owner_of, visitor
from apps.ui import LIGHT, PRIVATE, QUICK, guard, photo_input
from shared.errors import HubError, InputError

_HINT = "Choose a photo: every face on it is looked up in the gallery."
_NOBODY = "First enrol somebody: 3 sample people with one click on the left, or your own under Enrol / forget."
_STREAM_S = 120  # seconds after which the live webcam pauses
_SHOWN = 24  # people of the gallery that are shown before any photo
_EVERY_S = 0.2  # seconds between its frames


def build(encoder: gr.Dropdown, tau: gr.Slider, enrol_samples: gr.Button) -> gr.HTML:
    """Lay out the sub-tab; returns its answer panel, which the shared threshold redraws."""
    asked = [encoder, tau]
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=330):
            with gr.Tabs():
                with gr.Tab("Photo"):
                    photo = photo_input("Who is this?", height=260, elem_id="face-probe", format="png")
                    with gr.Row(elem_classes="cf-samples"):
                        enrol_samples.render()  # type: ignore[no-untyped-call]
                        buttons = {
                            key: gr.Button(text, size="sm", min_width=90)
                            for key, text in (("obama2", "Sample: somebody"), ("biden", "Sample: somebody else"))
                        }
                with gr.Tab("Webcam, live") as live_tab:
                    camera = photo_input(
                        "Webcam",
                        sources=["webcam"],
                        streaming=True,
                        height=260,
                        elem_id="face-live",
                        webcam_options=gr.WebcamOptions(mirror=True),
                    )
                    vars(camera)["preprocess"] = _frame
                    gr.Markdown(
                        "Frames are looked at in memory and forgotten; nothing is enrolled from here. Faces are found "
                        "from an eighth of the picture’s height on."
                    )
            again = gr.Button("Recognise", variant="primary", elem_id="face-recognise")
        with gr.Column(scale=7, min_width=330):
            answer = panel(message(_NOBODY), elem_id="face-who")
    answer.click(guard(_take_threshold), None, tau, **LIGHT, **PRIVATE)
    gr.on([photo.input, photo.clear], guard(_on_photo), [photo, *asked], answer, **PHOTO)
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


def redraw(encoder: str, tau: float, request: gr.Request) -> str:
    """The panel for the photo on the page now; its faces are encoded already."""
    shot = visitor(request).shots.get("probe")
    gallery, owner = gallery_of(request), owner_of(request, "")
    return _waiting(gallery, owner) if shot is None else panel_html(shot, gallery, encoder, tau, owner)


def _waiting(gallery: Gallery, owner: str) -> str:
    """Before any photo: who could be recognised."""
    photos = gallery.photos(owner)
    if not photos:
        return message(_NOBODY)
    first = {photo.person: photo for photo in reversed(photos)}
    faces = "".join(
        f'<figure><img src="{jpeg_url(photo.thumbnail)}" alt=""><figcaption dir="auto">{escape(name)}'
        "</figcaption></figure>"
        for name, photo in sorted(first.items())[:_SHOWN]
    )
    more = f"<p>and {len(first) - _SHOWN:,} more</p>" if len(first) > _SHOWN else ""
    return f'{message(_HINT)}<div class="cf-trio cf-gallery">{faces}</div>{more}'


def _take_threshold(event: gr.EventData) -> float:
    return float(event.tau)


def _frame(payload: Any) -> bytes | None:
    """A frame of the webcam, straight from the request: it never becomes a file."""
    if payload is None or not str(payload.url or "").startswith("data:"):
        return None
    return base64.b64decode(str(payload.url).partition(",")[2])


def _on_photo(photo: str | None, encoder: str, tau: float, request: gr.Request) -> str:
    who = visitor(request)
    who.shots.pop("probe", None)
    if photo is None:
        return redraw(encoder, tau, request)
    try:
        who.shots["probe"] = look(photo)
        return redraw(encoder, tau, request)
    except HubError as error:
        return message(str(error), "warn")


def _on_clear(encoder: str, tau: float, request: gr.Request) -> str:
    visitor(request).shots.pop("probe", None)
    return redraw(encoder, tau, request)


def _on_sample(key: str) -> Any:
    def chosen(encoder: str, tau: float, request: gr.Request) -> tuple[Any, str]:
        visitor(request).shots["probe"] = look(sample(key))
        return sample_picture(key), redraw(encoder, tau, request)

    return guard(chosen)


def _recognise(encoder: str, tau: float, request: gr.Request) -> str:
    visitor(request).shot("probe", "A photo")
    return redraw(encoder, tau, request)


def _on_frame(frame: bytes | None, encoder: str, tau: float, request: gr.Request) -> Any:
    if frame is None:
        return gr.skip()
    shot = look(frame, "The webcam", need=False, quick=True)
    if not shot.faces:
        return boxed(shot, "live", choose=False) + message("No face in the picture yet.")
    return panel_html(shot, gallery_of(request), encoder, tau, owner_of(request, ""), quick=True)


def panel_html(shot: Shot, gallery: Gallery, encoder: str, tau: float, owner: str, *, quick: bool = False) -> str:
    """The photo with a name on every face, and each face's ranking."""
    try:
        answer = identify_answer(shot, gallery, encoder, tau, quick=quick)
    except InputError as error:
        return message(str(error), "warn")
    photos = gallery.photos(owner)
    answer["nobody"] = "nobody is enrolled with this encoder" if photos else "nobody is enrolled yet"
    labels = {i: face["name"] or "not recognized" for i, face in enumerate(answer["faces"])}
    thumbnails = {photo.id: jpeg_url(photo.thumbnail) for photo in photos}
    probes = "".join(_probe(shot, i, face, answer, thumbnails) for i, face in enumerate(answer["faces"][:20]))
    many = " cf-many" if len(answer["faces"]) > 2 else ""
    return (
        f'<div class="cf-found{many}"><div class="cf-big">{boxed(shot, "probe", labels, choose=False)}</div>'
        f'<div class="cf-ranks">{probes}</div></div>{_chance(answer)}'
    )


def _probe(shot: Shot, i: int, face: Json, answer: Json, thumbnails: dict[int, str]) -> str:
    if not face["candidates"]:
        words, kind, note = "not recognized", "none", answer["nobody"]
    else:
        best = face["candidates"][0]
        words, kind = (face["name"], "same") if face["recognised"] else ("not recognized", "diff")
        sign = "≤" if face["recognised"] else ">"
        note = f"nearest distance {best['distance']:.3f} {sign} τ = {answer['threshold']:.3f}"
    largest = max((one["distance"] for one in face["candidates"]), default=1.0)
    end = max(largest, answer["threshold"]) * 1.08
    rows = "".join(_candidate(one, answer["threshold"], end, thumbnails) for one in face["candidates"])
    number = f"Face {i + 1}: " if len(shot.faces) > 1 else ""
    picture = f'<img src="{chip_url(shot.faces[i].chip)}" alt="Aligned face {i + 1}">'
    return (
        f'<section class="cf-probe" data-recognised="{str(face["recognised"]).lower()}"><header class="cf-is-{kind}">'
        f"{picture}<div><strong "
        f'dir="auto">{number}{escape(words)}</strong><br><span>{escape(note)}</span></div></header>'
        f"{rows}</section>"
    )


def _candidate(one: Json, tau: float, end: float, thumbnails: dict[int, str]) -> str:
    inside = one["distance"] <= tau
    picture = thumbnails.get(one["photo"], "")
    name = escape(one["name"])
    count = f" · template of {one['photos']} photos" if one["photos"] > 1 else ""
    sure = f", probability {likely(one['probability'])}" if one["probability"] is not None else ""
    tip = f"d² = {one['d_squared']:.4f}{sure}{count}"
    image = f'<img src="{picture}" alt="">' if picture else "<span></span>"
    words = f"distance {one['distance']:.3f}, {'within' if inside else 'beyond'} the threshold"
    width, mark = one["distance"] / end * 100, tau / end * 100
    return (
        f'<div class="cf-cand" title="{tip}"><span>{one["rank"]}</span>{image}<b dir="auto">{name}</b>'
        f'<div class="cf-bar" role="img" aria-label="{words}"><i class="{"cf-in" if inside else ""}" '
        f'style="width:{width:.1f}%"></i><u style="left:{mark:.1f}%"></u></div>'
        f'<span class="cf-d">{one["distance"]:.3f}{" ✓" if inside else ""}</span></div>'
    )


def _chance(answer: Json) -> str:
    photos = answer["photos"]
    if not photos:
        return ""
    searched = f"{plural(answer['people'], 'person', 'people')} ({plural(photos, 'photo')})"
    if answer["stranger_chance"] is None:
        return f'<p class="cf-statement">Searched {searched}. <span>{escape(answer["statement"])}</span></p>'
    return (
        f'<p class="cf-statement">Searched {searched}. With a false-accept rate of {percent(answer["far"])} per '
        "comparison, a stranger is taken for somebody here with probability 1 − (1 − "
        f"FAR)<sup>{answer['people']}</sup> = <b>{percent(answer['stranger_chance'])}</b>. "
        f"{_advice(answer)}<span>{escape(answer['statement'])}</span></p>"
    )


def _advice(answer: Json) -> str:
    """A threshold that keeps strangers out of a gallery of this size, as a button; or nothing where it does already."""
    advice = answer["advice"]
    if advice is None:
        return ""
    tau = f"{advice['threshold']:.3f}"
    return (
        f"To keep that under {percent(advice['chance'])}, FAR must be at most {percent(advice['far'])}: "
        f"τ = {tau}, at the price of {percent(advice['frr'])} of one person's pairs not recognised. "
        f'<button type="button" class="cf-small" data-act="threshold" data-tau="{tau}">Use τ = {tau}</button> '
    )
