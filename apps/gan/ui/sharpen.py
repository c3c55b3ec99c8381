"""Sharpen a photo: small, restored in three ways under one lens, what each is worth, and whose face it is then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from apps.gan.sharpen import measured
from apps.gan.sharpen.lesson import Lesson, prepared
from apps.gan.sharpen.options import DEFAULT, FACTOR, LEAST_SIDE, MOST_SIDE, TITLES, UPSCALERS
from apps.gan.sharpen.samples import FIRST, SAMPLES, sample_path
from apps.gan.sharpen.steps import describe_estimate, open_photo, result
from apps.gan.ui import sharpen_face, sharpen_view
from apps.gan.ui.common import LATEST, heading
from apps.gan.ui.rooms import enlarging, lessons, upscaling
from apps.links import Choice
from apps.markup import Markup, h, message, note, page_file, url_of
from apps.results import File, table
from apps.sharing import SAMPLES_JS, share, share_stage
from apps.ui import (
    CLICKS,
    HEAVY,
    LIGHT,
    PRIVATE,
    QUICK,
    SENDS,
    guard,
    keep_result,
    measurements,
    photo_input,
    section,
)
from shared.errors import HubError, check_choice, check_whole
from shared.images import as_sent, open_with_alpha
from shared.progress import duration, paced

if TYPE_CHECKING:
    from PIL import Image


RESTORE, ENLARGE = "restore", "enlarge"
_MODES = {RESTORE: "Make it small, then restore it", ENLARGE: "Enlarge it as it is, four times"}
_LIVE_S = 2.0  # s that the small network may take to be asked without a button
_WATCHED: dict[str, Any] = LATEST | QUICK | {"show_progress": "minimal"}


def panel() -> None:
    """Lay out the panel."""
    seen = heading(
        "use",
        "Four times as large",
        "A small picture does not hold the details of a large one. Bicubic interpolation leaves them out; a GAN has "
        "learned what photos look like and invents them.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=290):
            photo = photo_input("Photo", height=200, format="png", value=str(sample_path(FIRST)), elem_id="gan-photo")
            strip = _samples()
            mode = gr.Radio([(title, name) for name, title in _MODES.items()], value=RESTORE, label="What to do")
            side = gr.Slider(
                LEAST_SIDE, MOST_SIDE, value=MOST_SIDE, step=8, label="Made small to", info="Pixels of the longer side."
            )
            with gr.Row():
                go = gr.Button("Restore with the GAN", variant="primary", min_width=150, elem_id="gan-sharpen-go")
                stop = gr.Button("Stop", min_width=70, elem_id="gan-sharpen-stop")
            status = gr.HTML(note("Bicubic and the small network answer at once."), label="Progress")
        with gr.Column(scale=3, min_width=320):
            view = gr.HTML(
                note("The pictures appear here."),
                label="The photo in every way",
                js_on_load=page_file(__file__, "magnifier.js"),
                elem_id="gan-sharpen-view",
                elem_classes=SENDS,
                apply_default_css=False,
            )
    share_stage(strip, sample=Choice(tuple(SAMPLES)))
    share(mode=mode, side=side)
    section("inside", "Perception against distortion", "Looking right and being right are two things.")
    figures = gr.HTML(sharpen_view.nothing_judged(), label="The figures of this photo", apply_default_css=False)
    measurements([measured.photos()])
    asked = [photo, side, mode]
    # on the pictures, gradio's sign of work would have the browser paint them all the time
    on_status: dict[str, Any] = HEAVY | {"show_progress_on": status}
    running = go.click(guard(_restore), asked, [view, status, figures], **on_status, **PRIVATE)
    stopped = stop.click(None, None, None, cancels=[running], **PRIVATE)
    stopped.then(lambda: note("Stopped."), None, status, **LIGHT, **PRIVATE)
    watched = [seen.expand, photo.input, photo.clear, side.input, mode.input]
    changed = [gr.on(watched, guard(_live), asked, [view, figures], cancels=[running], **_WATCHED, **PRIVATE)]
    chosen = strip.click(guard(_on_sample), None, photo, cancels=[running], **LIGHT, **PRIVATE)
    for event in (chosen, sharpen_face.panel(photo)):
        changed.append(event.then(guard(_live), asked, [view, figures], **_WATCHED, **PRIVATE))
    for event in changed:
        event.then(guard(_expected), asked, status, **_WATCHED, **PRIVATE)
    _endpoint()


def upscale(photo: str, model: str = DEFAULT) -> tuple[Image.Image, dict[str, Any]]:
    """Make a photo four times as large along each side.

    Args:
        photo: the photo; on a CPU at most 512 x 512 pixels for the GAN and a megapixel for the others.
        model: "gan" (Real-ESRGAN: sharp, because it invents what the photo does not hold), "small" (its small sibling,
            27 times faster) or "bicubic" (no network, nothing invented).

    Returns:
        The large picture; a dictionary: model, width, height, from_width, from_height, expected_s (estimated before),
        seconds, device.
    """
    check_choice(model, UPSCALERS, "The model")
    answer = enlarging.enlarge(as_sent(photo), model=model)
    return answer.picture, answer.numbers()


def restore_photo(photo: str, side: int = MOST_SIDE) -> Iterator[dict[str, Any]]:
    """Make a photo small, restore it by interpolation, by a small network and by a GAN, and compare with the photo.

    Args:
        photo: the photo.
        side: pixels of the longer side of the small picture, 24 to 96; it is restored to four times that.

    Returns:
        A dictionary that fills: width, height, from_width, from_height, restored (way, psnr_db and kept_db: of the
        picture made small again, in dB; distance and texture: in a network's eyes, 0 is alike; seconds).
    """
    for found in paced(_lesson(open_photo(as_sent(photo)), side, judged=True)):
        yield found.numbers()


def _endpoint() -> None:
    """/upscale and /restore_photo, whose components no visitor sees."""
    with gr.Row(visible=False):
        photo = photo_input("The photo")
        model = gr.Dropdown(list(UPSCALERS), value=DEFAULT, label="The model")
        large = gr.Image(label="The large picture", format="png")
        numbers = gr.JSON(label="As numbers")
        button = gr.Button("Upscale")
        side = gr.Number(MOST_SIDE, label="Pixels of the longer side", precision=0)
        figures = gr.JSON(label="The figures")
        other = gr.Button("Restore")
    button.click(guard(upscale), [photo, model], [large, numbers], api_name="upscale", **HEAVY)
    other.click(guard(restore_photo), [photo, side], figures, api_name="restore_photo", **HEAVY)


def _samples() -> gr.HTML:
    buttons = [
        h.button(
            h.img(alt=title, src=url_of(sample_path(name).read_bytes(), "image/jpeg")),
            type="button",
            data_act="sample",
            data_sample=name,
            title=title,
        )
        for name, title in SAMPLES.items()
    ]
    return gr.HTML(
        h.div(buttons, class_="gs-strip", role="group", aria_label="Samples"),
        js_on_load=CLICKS + SAMPLES_JS,
        shares=("sample", FIRST, "gan-photo"),
        apply_default_css=False,
        elem_id="gan-sharpen-samples",
    )


def _on_sample(event: gr.EventData) -> str:
    return str(sample_path(event.sample))


def _opened(photo: str | None, mode: str) -> Image.Image:
    """The visitor's photo.

    Raises:
        HubError: see ``open_photo``; too large for the GAN where it is to be enlarged as it is.
    """
    opened = open_photo(photo)  # type: ignore[arg-type]
    if check_choice(mode, _MODES, "What to do") == ENLARGE:
        upscaling.check_fits(opened.size, DEFAULT)
    return opened


def _small_side(side: object) -> int:
    return check_whole(side, "The longer side of the small picture", low=LEAST_SIDE, high=MOST_SIDE)


def _live(photo: str | None, side: float, mode: str) -> tuple[Markup, Markup]:
    """What needs no button: bicubic and, where it takes a moment, the small network."""
    empty = sharpen_view.nothing_judged()
    if not photo:
        return note("Choose a photo, or click a sample."), empty
    try:
        opened = _opened(photo, mode)
        if mode == ENLARGE:
            quick = [way for way in ("bicubic", "small") if upscaling.estimate_s(opened.size, way) <= _LIVE_S]
            return sharpen_view.enlarged(opened, {way: upscaling.upscaled(opened, model=way) for way in quick}), empty
        return sharpen_view.restored(_last(_lesson(opened, side, judged=False))), empty
    except HubError as error:
        return message(str(error), "warn"), empty


def _expected(photo: str | None, side: float, mode: str) -> Markup:
    """How long the GAN would take, before anybody asks for it."""
    if not photo:
        return note("")
    try:
        opened, ground = _opened(photo, mode), open_with_alpha(photo)[1]
        if mode == RESTORE:
            reduced = prepared(opened, FACTOR * _small_side(side))
            size = (reduced.width // FACTOR, reduced.height // FACTOR)
        else:
            size = opened.size
        on_white = None if ground is None else f" {_ON_WHITE}"
        return note("The GAN: ", describe_estimate(upscaling.estimate_s(size, DEFAULT)), on_white)
    except HubError:
        return note("")  # the pictures say it


_ON_WHITE = "Transparent parts of the photo are laid on white here; the command and /upscale keep them."


def _restore(photo: str | None, side: float, mode: str) -> Iterator[tuple[Any, Any, Any]]:
    """Every way, the GAN last, with its progress."""
    opened = _opened(photo, mode)
    if mode == ENLARGE:
        yield from _enlarge(opened)
        return
    for found in paced(_lesson(opened, side, judged=True)):
        if len(found.restored) < len(TITLES):
            yield gr.skip(), sharpen_view.working(found.progress), gr.skip()
    took = duration(found.restored[-1].seconds)
    head = "way", "PSNR in dB", "made small again, PSNR in dB", "perceptual distance", "texture distance"
    rows = [(one.way, one.psnr_db, one.kept_db, one.distance, one.texture) for one in found.restored]
    small = {"original.png": (found.original, "The photo."), "small.png": (found.small, "... made small.")}
    large = {f"{one.way}.png": (one.picture, f"... restored: {TITLES[one.way]}.") for one in found.restored}
    files: dict[str, File] = {"figures.csv": (table(head, rows), "What each way is worth.")}
    files |= small
    files |= large
    keep_result("gan/sharpen-a-photo", files, settings={"mode": mode, "side": side})
    yield sharpen_view.restored(found), note(f"Done: the GAN took {took}."), sharpen_view.judged(found)


def _enlarge(photo: Image.Image) -> Iterator[tuple[Any, Any, Any]]:
    made: dict[str, Image.Image] = {}
    for way in TITLES:
        for step in paced(upscaling.upscale(photo, model=way)):
            yield gr.skip(), sharpen_view.working(step.progress), gr.skip()
        made[way] = result(step)
        wait = "Being painted ..."
        done = note(f"Done: the GAN took {duration(step.progress.elapsed_s)}.") if way == DEFAULT else gr.skip()
        yield sharpen_view.enlarged(photo, made, wait=wait), done, gr.skip()
    files = {
        f"{way}-x4.png": (large, f"Your photo, four times as large: {TITLES[way]}.") for way, large in made.items()
    }
    keep_result("gan/sharpen-a-photo", files, part="enlarged", settings={"mode": ENLARGE})


def _lesson(photo: Image.Image, side: object, *, judged: bool) -> Iterator[Lesson]:
    ways = tuple(TITLES) if judged else ("bicubic", "small")
    longer = FACTOR * _small_side(side)
    return lessons.lesson(prepared(photo, longer), ways=ways, side=longer, judged=judged)


def _last(steps: Iterator[Lesson]) -> Lesson:
    *_, last = steps
    return last
