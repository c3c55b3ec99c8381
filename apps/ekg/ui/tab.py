"""The EKG tab: a recording in, its beats on the paper strip; what a beat looks like to the network; figures."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.context import Context

from apps import exercises
from apps.ekg import measured
from apps.ekg.exercises import KINDS
from apps.ekg.formats.supported import NAMES
from apps.ekg.samples import SAMPLES
from apps.ekg.ui import inside
from apps.ekg.ui.answer import classify_choice, classify_ekg, other_files, other_sample, progress_html, show_part
from apps.ekg.ui.drawings import DISCLAIMER, caption, colours_css
from apps.ekg.ui.monitor import play_live, stop_live
from apps.ekg.ui.results import leave
from apps.links import Whole
from apps.markup import h, joined, page_file, style
from apps.on_demand import part
from apps.sharing import share, share_stage
from apps.ui import FIRST_SIGHT, LIGHT, PRIVATE, QUICK, SENDS, guard, measurements, section

_STRIP = ("strip_paper.js", "strip_overview.js", "strip_list.js", "strip_input.js", "strip.js")  # the last one begins
_MONITOR: dict[str, Any] = {"concurrency_id": "ekg-monitor", "concurrency_limit": 16}  # plays for minutes, mostly waits
_SHOWN_BY_US = {**QUICK, "show_progress": "hidden"}  # the summary says how far it is; gradio would dim the strip


def build() -> None:
    """Lay out the tab; the sample is classified when the strip is first seen."""
    section("use", "Classify a recording", DISCLAIMER)
    token = gr.State("")
    with gr.Row(elem_id="ekg-top"):
        with gr.Column(scale=1, min_width=260, elem_id="ekg-controls"):
            controls = _controls()
        with gr.Column(scale=4, min_width=320, elem_id="ekg-result"):
            viewer, begun = _result(token, controls)
    page: Any = Context.root_block
    page.unload(guard(_leave))
    with gr.Tabs(elem_id="ekg-below"):
        with gr.Tab("One beat"), part(begun.then):  # before that there is none to look into
            inside.build_beat(token, viewer)
        with gr.Tab("Break it"), part():
            inside.build_break(token, viewer)
        with gr.Tab("How good is it?"), part():
            measurements(measured.chapters())
        with gr.Tab("Exercises"), part():
            exercises.build("apps.ekg.exercises", KINDS)


def _controls() -> dict[str, Any]:
    """What is classified, and how."""
    sample = gr.Radio(
        [(sample.button, key) for key, sample in SAMPLES.items()], value="208", label="Samples", elem_id="ekg-sample"
    )
    files = gr.File(
        label="Your own recording",
        file_count="multiple",
        height=120,
        elem_id="ekg-files",
    )
    words = caption(f"{NAMES}. It is classified at once.")
    gr.HTML(joined((h.style(colours_css()), style(__file__, "ekg.css"), words)))
    with gr.Accordion("Lead, rate, beats", open=False):
        lead = gr.Dropdown([], label="Lead", info="Automatic: the lead closest to MLII", allow_custom_value=True)
        rate = gr.Number(label="Rate in Hz", info="For a text file without times", value=None, minimum=0)
        annotated = gr.Checkbox(True, label="Use annotated beats if available")
    go = gr.Button("Classify", variant="primary", elem_id="ekg-classify")
    return {"sample": sample, "files": files, "rate": rate, "lead": lead, "annotated": annotated, "go": go}


def _leave(request: gr.Request) -> None:
    leave(str(request.session_hash))


def _result(token: gr.State, controls: dict[str, Any]) -> tuple[gr.HTML, Any]:
    """The answer and the strip, and the events that fill them; returns the strip, and the event that begins."""
    sample, files, rate, lead, annotated, go = controls.values()
    summary = gr.HTML(progress_html("Opening the sample", 0.0), elem_id="ekg-summary")
    viewer = gr.HTML(
        "",
        html_template=page_file(__file__, "strip.html"),
        css_template=page_file(__file__, "strip.css"),
        js_on_load="".join(page_file(__file__, name) for name in _STRIP) + FIRST_SIGHT,
        live="",
        elem_id="ekg-viewer",
        elem_classes=SENDS,
    )
    part = gr.Slider(0, 1, 0, step=1, label="Hour of the recording on the strip", visible=False)
    with gr.Row():
        live = gr.Button("Monitor: classify while it runs", size="sm", elem_id="ekg-live")
        stop = gr.Button("Stop", size="sm", elem_id="ekg-stop", min_width=80)
        table = gr.DownloadButton("Beats as CSV", size="sm", interactive=False, elem_id="ekg-csv")
        marks = gr.DownloadButton("Beats as WFDB annotations", size="sm", interactive=False, elem_id="ekg-atr")
    about = gr.HTML("", elem_id="ekg-about")
    share(sample=sample, annotated=annotated)
    share_stage(viewer, beat=Whole(1, 1_000_000))

    running = live.click(guard(play_live), token, viewer, **_MONITOR, **PRIVATE)
    stop.click(guard(stop_live), None, viewer, cancels=[running], **LIGHT, **PRIVATE)
    part.release(guard(show_part), [token, part], viewer, **LIGHT, **PRIVATE)

    known = gr.State([])  # the files that were sent before
    job = gr.State(0)  # counts the requests: every new one ends the one that runs
    shown = [summary, viewer, token, lead, part, table, marks, about]
    asked = [sample, files, rate, lead, annotated]
    run = job.change(guard(classify_choice), asked, shown, trigger_mode="multiple", **_SHOWN_BY_US, **PRIVATE)
    ending: dict[str, Any] = {"cancels": [run, running], **LIGHT, **PRIVATE}
    asks = [viewer.expand, go.click, lead.select, rate.submit, annotated.input]
    begun = gr.on(asks, lambda n: n + 1, job, job, **ending)
    sample.input(other_sample, job, [files, lead, job], **ending)
    files.upload(other_files, [files, known, job], [files, known, sample, lead, job], **ending)

    answer = gr.JSON(visible=False, label="The classified recording")
    hidden = gr.Button(visible=False)
    hidden.click(guard(classify_ekg), [files, rate, lead], answer, api_name="classify_ekg", **QUICK)
    return viewer, begun
