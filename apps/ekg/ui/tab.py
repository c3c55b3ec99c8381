"""The EKG tab: a recording in, its beats on the paper strip; what a beat looks like to the network; figures."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from markupsafe import escape

from apps.ekg.samples import SAMPLES, Sample
from apps.ekg.ui import inside as ui_inside
from apps.ekg.ui import measured as ui_measure
from apps.ekg.ui.drawings import DISCLAIMER, colours_css
from apps.ui import FIRST_SIGHT, LIGHT, PRIVATE, QUICK, guard, section
from shared.errors import HubError, RecordError

if TYPE_CHECKING:
    from apps.ekg.answers.classify import Classified
    from apps.ekg.formats.recording import Recording

_PAGE = Path(__file__).parent / "page"
_ENDINGS = [".hea", ".dat", ".atr", ".zip", ".csv", ".txt", ".tsv", ".edf"]
_FORMATS = "WFDB (.hea, .dat, .atr; or all in a .zip), CSV, an Apple Watch's CSV, EDF. It is classified at once."
_MONITOR: dict[str, Any] = {"concurrency_id": "ekg-monitor", "concurrency_limit": 16}  # plays for minutes, mostly waits
_SHOWN_BY_US = {**QUICK, "show_progress": "hidden"}  # the summary says how far it is; gradio would dim the strip
_UNCHANGED = (gr.skip(),) * 7  # of what a classification shows, all but the summary


def build() -> None:
    """Lay out the tab; the sample is classified when the strip is first seen."""
    section("use", "Classify a recording", DISCLAIMER)
    token = gr.State("")
    known = gr.State([])  # the files that were sent before
    job = gr.State(0)  # counts what was asked for: whatever asks next ends what runs
    with gr.Row(elem_id="ekg-top"):
        with gr.Column(scale=1, min_width=260, elem_id="ekg-controls"):
            choices = [(sample.button, key) for key, sample in SAMPLES.items()]
            sample = gr.Radio(choices, value="208", label="Samples", elem_id="ekg-sample")
            files = gr.File(
                label="Your own recording",
                file_count="multiple",
                file_types=_ENDINGS,
                height=120,
                elem_id="ekg-files",
            )
            gr.HTML(f"<style>{colours_css()}{_read('ekg.css')}</style><p class='ekg-caption'>{_FORMATS}</p>")
            with gr.Accordion("Lead, rate, beats", open=False):
                lead = gr.Dropdown([], label="Lead", info="By itself: the one nearest to MLII", allow_custom_value=True)
                rate = gr.Number(label="Rate in Hz", info="For a text file without times", value=None, minimum=0)
                annotated = gr.Checkbox(True, label="Take the annotated beats where there are any")
            go = gr.Button("Classify", variant="primary", elem_id="ekg-classify")
        with gr.Column(scale=4, min_width=320, elem_id="ekg-result"):
            summary = gr.HTML(_progress("Opening the sample", 0.0), elem_id="ekg-summary")
            viewer = gr.HTML(
                "",
                html_template=_read("strip.html"),
                css_template=_read("strip.css"),
                js_on_load=_read("strip.js") + FIRST_SIGHT,
                live="",
                elem_id="ekg-viewer",
            )
            part = gr.Slider(0, 1, 0, step=1, label="Hour of the recording on the strip", visible=False)
            with gr.Row():
                live = gr.Button("Monitor: classify while it runs", size="sm", elem_id="ekg-live")
                stop = gr.Button("Stop", size="sm", elem_id="ekg-stop", min_width=80)
                table = gr.DownloadButton("Beats as CSV", size="sm", interactive=False, elem_id="ekg-csv")
                marks = gr.DownloadButton("Beats as WFDB annotations", size="sm", interactive=False, elem_id="ekg-atr")
            about = gr.HTML("", elem_id="ekg-about")
    shown = [summary, viewer, token, lead, part, table, marks, about]

    running = live.click(guard(_follow), token, viewer, **_MONITOR, **PRIVATE)
    stop.click(guard(_stopped), None, viewer, cancels=[running], **LIGHT, **PRIVATE)
    part.release(guard(_show_part), [token, part], viewer, **LIGHT, **PRIVATE)

    asked = [sample, files, rate, lead, annotated]
    run = job.change(guard(_classify), asked, shown, trigger_mode="multiple", **_SHOWN_BY_US, **PRIVATE)
    ending: dict[str, Any] = {"cancels": [run, running], **LIGHT, **PRIVATE}
    gr.on([viewer.expand, go.click, lead.select, rate.submit, annotated.input], lambda n: n + 1, job, job, **ending)
    sample.input(_other_sample, job, [files, lead, job], **ending)
    files.upload(_other_files, [files, known, job], [files, known, sample, lead, job], **ending)

    answer = gr.JSON(visible=False, label="The classified recording")
    hidden = gr.Button(visible=False)
    hidden.click(guard(classify_ekg), [files, rate, lead], answer, api_name="classify_ekg", **QUICK)

    with gr.Tabs() as tabs:
        with gr.Tab("One beat", id=ui_inside.TAB):
            ui_inside.build_beat(token, viewer, tabs)
        with gr.Tab("Break it"):
            ui_inside.build_break(token, viewer)
        with gr.Tab("How good is it?"):
            ui_measure.build()


def _read(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")


def classify_ekg(files: list[str], rate_hz: float | None = None, lead: str | None = None) -> dict[str, Any]:
    """Classify the heartbeats of an electrocardiogram. For teaching only: not a medical device.

    Args:
        files: one recording: its WFDB files (.hea, .dat, .atr), a zip of them, a CSV, an Apple Watch's CSV, or EDF.
        rate_hz: sampling rate, needed only for text without a time column.
        lead: name of the lead; by default the one nearest to MLII.

    Returns:
        record, lead, rate_hz, rhythm (rates, intervals, counts per class), warnings, and beats: time_s, class (N S V F
        Q) and probability of each.
    """
    from apps.ekg.answers.classify import classified
    from apps.ekg.answers.export import answer_of
    from apps.ekg.formats.records import opened
    from apps.ekg.network.weights import leased

    with leased() as network, opened([Path(name) for name in files or []], rate_hz=rate_hz or None) as recording:
        return answer_of(classified(recording, network, lead=lead or None))


def _classify(
    sample: str | None, files: list[str] | None, rate_hz: float | None, lead: str | None, annotated: bool
) -> Iterator[tuple[Any, ...]]:
    """Classify the uploaded files, or the sample where there are none; a refusal stays on the page."""
    from apps.ekg.formats.records import opened
    from apps.ekg.samples import opened_sample

    yield (_progress("Reading", 0.0), *_UNCHANGED)
    try:
        chosen = None if files else sample
        source = opened_sample(chosen) if chosen else opened(list(map(Path, files or [])), rate_hz=rate_hz or None)
        with source as recording:
            yield from _classify_opened(recording, SAMPLES[chosen] if chosen else None, lead, annotated)
    except HubError as error:
        yield _refused(error, "")


def _classify_opened(
    recording: Recording, sample: Sample | None, lead: str | None, annotated: bool
) -> Iterator[tuple[Any, ...]]:
    """Classify ``recording``, which is ``sample`` or a visitor's own; noise is shown as it is, without an answer."""
    from apps.ekg.answers.classify import Classified, classify
    from apps.ekg.network.weights import leased
    from apps.ekg.ui.strip import signal_json

    wanted = lead if lead in recording.leads else None
    try:
        with leased() as network:
            for step in classify(recording, network, lead=wanted, use_annotations=annotated):
                if isinstance(step, Classified):
                    with tempfile.TemporaryDirectory(prefix="ekg-out-") as folder:  # gradio copies what is in it
                        yield _result(step, sample, Path(folder))
                else:
                    yield (_progress(step.stage, step.share), *_UNCHANGED)
    except RecordError as error:
        yield _refused(error, signal_json(recording, recording.lead_index(wanted)))


def _refused(error: HubError, strip: str) -> tuple[Any, ...]:
    """Why there is no answer, the bare ``strip`` where there is a signal, and nothing of the recording before."""
    expected, *others = error.sentences()
    sentences = " ".join(f"<span>{escape(sentence)}</span>" for sentence in (f"Needed: {expected}", *others))
    return (
        f'<div class="ekg-refused" role="alert"><b>Not classified.</b> {sentences}</div>',
        gr.HTML(strip, live=""),
        "",
        gr.skip(),
        gr.Slider(0, 1, 0, step=1, visible=False),
        gr.DownloadButton(value=None, interactive=False),
        gr.DownloadButton(value=None, interactive=False),
        "",
    )


def _other_sample(job: int) -> tuple[Any, ...]:
    """A sample was chosen: no files, any lead."""
    return None, gr.Dropdown([], value=None), job + 1


def _other_files(files: list[str], known: list[str], job: int) -> tuple[Any, ...]:
    """Files were sent, which gradio adds to those that are there: those of the last recording, no sample, any lead."""
    from apps.ekg.formats.records import newest

    kept = newest(files, known)
    return kept, kept, None, gr.Dropdown([], value=None), job + 1


def _result(found: Classified, sample: Sample | None, folder: Path) -> tuple[Any, ...]:
    """What the page shows of a ``Classified``; its exports are written into ``folder``."""
    from apps.ekg.answers.export import write_annotations, write_csv
    from apps.ekg.answers.rhythm import rhythm_in
    from apps.ekg.ui.drawings import summary_html
    from apps.ekg.ui.results import result_store
    from apps.ekg.ui.strip import PART_S, strip_json

    token = result_store().keep(found)
    rhythm = rhythm_in(found)
    plain = "".join(c for c in found.recording.name if c.isalnum() or c in "-_") or "recording"
    write_csv(found, folder / f"{plain}.csv")
    write_annotations(found, folder / f"{plain}.convhub")
    hours = int(found.recording.duration_s // PART_S)
    return (
        summary_html(found, rhythm, sample.title if sample else found.recording.name),
        gr.HTML(strip_json(found, token), live=""),
        token,
        gr.Dropdown(list(found.recording.leads), value=found.prepared.lead),
        gr.Slider(0, max(1, hours), 0, step=1, visible=hours >= 1),
        gr.DownloadButton(value=str(folder / f"{plain}.csv"), interactive=True),
        gr.DownloadButton(value=str(folder / f"{plain}.convhub"), interactive=True),
        f'<p class="ekg-caption">{escape(sample.note)}</p>' if sample else "",
    )


def _show_part(token: str, part: float) -> str:
    from apps.ekg.ui.results import result_store
    from apps.ekg.ui.strip import PART_S, strip_json

    return strip_json(result_store().get(token), token, start_s=part * PART_S)


def _follow(token: str) -> Iterator[Any]:
    """Play the recording in real time; every two seconds the answers that the past alone allows."""
    import json
    import time

    from apps.ekg.aami import LETTERS
    from apps.ekg.answers.live import STEP_S, follow
    from apps.ekg.network.weights import leased
    from apps.ekg.ui.results import result_store
    from apps.ekg.ui.strip import strip_json

    found = result_store().get(token)
    yield gr.HTML(strip_json(found, token))  # from its first hour, with nothing done to it
    yield gr.HTML(live=json.dumps({"begin": 0}))
    started = time.monotonic()
    for step in follow(found.prepared, leased):
        time.sleep(max(0.0, step.now_s - (time.monotonic() - started)))
        beats = [
            {"t": round(beat.time_s, 3), "c": LETTERS[beat.number], "at": round(beat.decided_s, 2)}
            for beat in step.beats
        ]
        yield gr.HTML(live=json.dumps({"now": step.now_s, "step": STEP_S, "beats": beats}))
    yield gr.HTML(live=json.dumps({"end": True}))


def _stopped() -> Any:
    import json
    import time

    return gr.HTML(live=json.dumps({"end": True, "at": time.monotonic()}))  # another text each time, so that it is sent


def _progress(stage: str, share: float) -> str:
    width = round(100 * share)
    return f'<p class="ekg-caption" role="status">{escape(stage)} …</p><progress max="100" value="{width}"></progress>'
