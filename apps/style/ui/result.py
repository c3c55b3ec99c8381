"""Afterwards: before and after, the frames under a slider, GIF and video, and files to keep."""

from __future__ import annotations

from typing import Any

import gradio as gr

from apps.markup import Markup, figure, h, note
from apps.results import File, later
from apps.style.ui import graphics
from apps.style.ui.controls import share_recipe, values_of
from apps.style.ui.run import files_of
from apps.style.ui.state import session_of
from apps.ui import LIGHT, PRIVATE, QUICK, SENDS, guard, keep_result, section

_FRAME_HINT = "The frames of a run appear here; paint a picture first."


def build(parts: dict[str, Any], tab: gr.Tab) -> None:
    """Lay out the sub-tab."""
    section("use", "Before and after, frame by frame", "From the run on the Paint tab.")
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320):
            slider = gr.ImageSlider(label="Content and result", interactive=False, format="png", elem_id="style-slider")
        with gr.Column(min_width=320):
            at = gr.Slider(0, 1, value=1, step=1, label="Frame", elem_id="style-frame-at", interactive=True)
            frame = gr.HTML(note(_FRAME_HINT), elem_id="style-frame", elem_classes=SENDS, apply_default_css=False)
    with gr.Row():
        refresh = gr.Button("Load the latest run", size="sm", elem_id="style-take", min_width=160)
        film = gr.Button("Make video and GIF", size="sm", elem_id="style-film", min_width=160)
    with gr.Row():
        files = gr.Files(label="Picture, costs, recipe", interactive=False, elem_id="style-files", min_width=300)
        video = gr.Video(
            label="Video", interactive=False, autoplay=True, loop=True, elem_id="style-video", min_width=300
        )
        moving = gr.File(label="GIF and mp4", file_count="multiple", interactive=False, min_width=200)
    outputs = [slider, at, frame, files]
    gr.on([tab.select, refresh.click, parts["result"].change], guard(_load), None, outputs, **LIGHT, **PRIVATE)
    at.input(guard(_frame), at, frame, trigger_mode="always_last", **LIGHT, **PRIVATE)
    film.click(guard(_film), None, [video, moving], **QUICK, **PRIVATE)
    share_recipe(parts["controls"], beside=at)


def _load(request: gr.Request) -> tuple[Any, ...]:
    """Everything that is known of the run; nothing if there is none."""
    session = session_of(request)
    run = session.run
    frames = session.frames.kept()
    if run is None or run.done == 0 or not frames:
        return (gr.skip(),) * 4
    picture = run.picture
    before = (run.content or run.style or picture).resize(picture.size)
    files = [session.file(name, data) for name, data in files_of(session).items()]
    last = len(frames) - 1
    return (
        (before, picture),
        gr.update(minimum=0, maximum=max(1, last), value=last),
        _frame(last, request),
        [str(path) for path in files],
    )


def _frame(number: float, request: gr.Request) -> Markup:
    frames = session_of(request).frames.kept()
    if not frames:
        return note(_FRAME_HINT)
    chosen = frames[min(len(frames) - 1, max(0, int(number)))]
    image = h.img(src=graphics.jpeg_url(chosen.data), alt=f"G at iteration {chosen.iteration}")
    return figure(image, f"Iteration {chosen.iteration}", class_="cs-frame")


def _film(request: gr.Request) -> tuple[str, list[str]]:
    session = session_of(request)
    run = session.current()
    gif = session.file("style-transfer.gif", session.frames.gif())
    video = session.frames.video(session.file("style-transfer.mp4"))
    files: dict[str, File] = {
        video.name: (later(session, lambda one: one.read(video.name)), "How the picture developed.")
    }
    keep_result("style/after", files, settings=session.samples | values_of(run.options))
    return str(video), [str(gif), str(video)]
