"""Teach a style: the painter learns a picture's style in minutes; the result is a file of 4 kB to keep and to share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import gradio as gr

from apps.markup import Markup, figure, h, message, note, progress_bar
from apps.sharing import share
from apps.style.instant.answers import OwnStyle, Taught
from apps.style.instant.stylefile import SUFFIX
from apps.style.samples import find_sample
from apps.style.ui import graphics, styles
from apps.style.ui.controls import sample_strip, turn
from apps.style.ui.rooms import learn, now
from apps.style.ui.state import Session, session_of
from apps.ui import HEAVY, LIGHT, PRIVATE, QUICK, SENDS, guard, keep_result, photo_input, section
from shared.images import as_sent, jpeg_bytes
from shared.progress import duration, paced
from shared.serving.turns import TURNS

_TEXT = (
    "A new style needs no new network: only its 990 numbers, gamma and beta, are trained, on crops of the sample "
    "photos, with the costs of the Paint tab and one more, for the colours. The first hundred steps do most."
)
_EMPTY = "What the painter has learned so far appears here."
_HONEST = (
    "Lessons do well with hatching, bands, planes and strong colours. The painter’s filters are fixed: it cannot learn "
    "dots, nor shapes as large as the picture’s. For those, and for a single picture, the Paint tab is better."
)
_STEPS = (20, 400, 150)  # fewest, most, default
_CONTENT = (0.5, 4.0, 1.0)  # weight of the content: least, most, default
_FILE_NAME = 40  # characters


def build(style: gr.Textbox, tabs: gr.Tabs) -> None:
    """Lay out the sub-tab; ``style`` holds the name of the one that another of ``tabs``, "In one pass", paints in."""
    section("use", "Teach the painter a picture of yours", _TEXT)
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=330):
            picture = photo_input("The picture with the style", height=200, elem_id="style-teach-picture", format="png")
            shares = ("sample", "", "style-teach-picture")
            strip = sample_strip("style", "The picture with the style: samples", "teach-samples", shares=shares)
            title = gr.Textbox(label="Name of the style", max_length=60, elem_id="style-teach-title")
            with gr.Row():
                steps = gr.Slider(*_STEPS[:2], value=_STEPS[2], step=10, label="Steps", elem_id="style-teach-steps")
                content = gr.Slider(
                    *_CONTENT[:2],
                    value=_CONTENT[2],
                    step=0.5,
                    label="The photo counts (fine lines: 2 to 3)",
                )
            with gr.Row(elem_classes="cs-buttons"):
                begin = gr.Button("Teach", variant="primary", elem_id="style-teach", min_width=110)
                stop = gr.Button("Stop", elem_id="style-teach-stop", min_width=80)
                use = gr.Button("Paint with it", elem_id="style-teach-use", min_width=120)
            progress = gr.HTML(
                note("A lesson shares the machine with paintings, in turns."), elem_id="style-teach-status"
            )
            with gr.Accordion("Load a style that somebody saved", open=False, elem_id="style-teach-load"):
                sent = gr.File(
                    label="Style file, 4 kB", file_types=[".safetensors"], height=110, elem_id="style-teach-file"
                )
        with gr.Column(scale=6, min_width=330):
            waiting = turn()
            live = gr.HTML(
                graphics.empty(_EMPTY),
                elem_id="style-teach-live",
                elem_classes=SENDS,
                apply_default_css=False,
                label="The style so far",
            )
            kept = gr.File(
                label="The style, to keep and to share", interactive=False, height=110, elem_id="style-teach-kept"
            )
    share(steps=steps, content_weight=content)
    gr.HTML(note(_HONEST))
    strip.click(guard(_on_sample), None, [picture, title], **LIGHT, **PRIVATE)
    asked = [picture, title, steps, content]
    begin.click(guard(_wanted), None, progress, **LIGHT, **PRIVATE).success(
        guard(teach), asked, [live, kept, progress], **HEAVY, **PRIVATE, **waiting
    )
    stop.click(guard(_stop), None, progress, queue=False, **LIGHT, **PRIVATE)
    sent.upload(guard(load), sent, [live, progress], **QUICK, **PRIVATE)
    use.click(guard(_use), None, [tabs, style], **LIGHT, **PRIVATE)


def _wanted(request: gr.Request) -> Markup:
    """Before the queue, so that Stop reaches a lesson that waits."""
    session_of(request).stop_lesson.clear()
    return note("The lesson begins when it is its turn.")


def teach(
    picture: str | None, title: str, steps: float, content: float, request: gr.Request
) -> Iterator[tuple[Any, Any, Any]]:
    """A lesson; stopped early, it keeps what was learned by then."""
    session = session_of(request)
    if session.stop_lesson.is_set():
        yield gr.skip(), gr.skip(), note("Stopped before it began.")
        return
    wanted = title.strip() or "My style"
    lessons = learn.taught(as_sent(picture), wanted, steps=steps, content=content)  # type: ignore[arg-type]
    yield graphics.empty("The painter looks for the known style that comes closest ..."), gr.skip(), ""
    step: Taught | None = None
    try:
        for step in paced(lessons):
            if step.preview is not None:
                yield _live(step), gr.skip(), gr.skip()
            else:
                yield gr.skip(), gr.skip(), note(_progress(step))
            if session.stop_lesson.is_set():
                break
    finally:
        lessons.close()  # type: ignore[attr-defined]
    if step is not None:
        yield _finished(session, step, {"steps": steps, "content_weight": content})


def _finished(session: Session, step: Taught, settings: dict[str, Any]) -> tuple[Any, Any, Any]:
    own, shown = _keep(session, step.file)
    name = _file_name(own.title) + SUFFIX
    path = session.file(name, own.file)
    about = f"The style “{own.title}”: load it under “Teach a style”, on any hub."
    keep_result("style/teach", {name: (own.file, about)}, settings=settings)
    words = (
        f"“{own.title}”, {step.progress.done} steps in {duration(step.progress.elapsed_s)}: keep the file, or press "
    )
    return shown, str(path), message((words, h.b("Paint with it"), "."), "good")


def _keep(session: Session, file: bytes) -> tuple[OwnStyle, Markup]:
    own = now.own_style(file)
    session.keep(own)
    image = h.img(src=graphics.jpeg_url(own.thumb), alt=f"The cat in the style {own.title}")
    return own, figure(image, own.title, class_="cs-own")


def _live(step: Taught) -> Markup:
    image = h.img(src=graphics.jpeg_url(jpeg_bytes(step.preview)), alt="A photo in the style so far")  # type: ignore[arg-type]
    return figure((image, progress_bar(step.progress.fraction)), _progress(step), class_="cs-live")


def _progress(step: Taught) -> str:
    left = "" if step.progress.left_s is None else f", about {duration(step.progress.left_s)} left"
    costs = f"content {step.content:.3f}, style {step.style:.3f}"
    return f"Step {step.progress.done} of {step.progress.total}: {costs}{left}"


def _stop(request: gr.Request) -> Markup:
    session_of(request).stop_lesson.set()
    TURNS.hurry(str(request.session_hash))
    return note("The lesson stops after its step, or does not begin; what was learned by then is kept.")


def load(path: str | None, request: gr.Request) -> tuple[Markup, Markup]:
    """Keep the style in a file that was sent as one of the visitor's own.

    Raises:
        InputError: it is no style file.
    """
    own, shown = _keep(session_of(request), styles.load_file(path))
    return shown, message((f"“{own.title}” is loaded. Press ", h.b("Paint with it"), "."), "good")


def _use(request: gr.Request) -> tuple[Any, str]:
    """Go to the sub-tab "In one pass" with the latest of the visitor's own styles."""
    return gr.Tabs(selected="now"), session_of(request).latest_style()


def _on_sample(event: gr.EventData) -> tuple[str, str]:
    sample = find_sample(event.sample)
    return str(sample.path), sample.title


def _file_name(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:_FILE_NAME] or "style"
