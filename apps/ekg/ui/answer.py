"""What the EKG tab does with a recording: classify a sample or an upload, show the answer or why there is none."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from apps.ekg.answers.classify import Classified
from apps.ekg.answers.export import answer_of, csv_text, in_words, write_annotations, write_csv
from apps.ekg.answers.rhythm import rhythm_in
from apps.ekg.formats.opening import newest, open_recording
from apps.ekg.samples import SAMPLES, Sample, open_sample
from apps.ekg.ui.drawings import caption, summary_html
from apps.ekg.ui.results import result_store
from apps.ekg.ui.rooms import served
from apps.ekg.ui.strip import PART_S, signal_json, strip_json
from apps.markup import Markup, h, joined, progress_bar
from apps.results import as_json
from apps.ui import keep_result
from shared.errors import HubError, RecordError

if TYPE_CHECKING:
    from apps.ekg.formats.recording import Recording

_UNCHANGED = (gr.skip(),) * 7  # of what a classification shows, all but the summary
_SAMPLES: dict[tuple[str, int, bool], Classified] = {}  # a class looks at the same few: (sample, lead, annotated)


def classify_ekg(files: list[str], rate_hz: float | None = None, lead: str | None = None) -> dict[str, Any]:
    """Classify the heartbeats of an electrocardiogram. For teaching only: not a medical device.

    Args:
        files: one recording: its WFDB files (.hea with its signals and beats), a zip of them, a CSV, an Apple Watch's
            CSV, EDF or BDF.
        rate_hz: sampling rate of a text file, needed if it says none; it wins over what the file says.
        lead: name of the lead; by default the one closest to MLII.

    Returns:
        record, lead, rate_hz, rhythm (rates, intervals, counts per class), warnings, and beats: time_s, class (N S V F
        Q) and probability of each.
    """
    with open_recording(list(map(Path, files or [])), rate_hz=rate_hz or None) as recording:
        return answer_of(served.classified(recording, lead=lead or None))


def classify_choice(
    sample: str | None,
    files: list[str] | None,
    rate_hz: float | None,
    lead: str | None,
    annotated: bool,
    request: gr.Request,
) -> Iterator[tuple[Any, ...]]:
    """Classify the uploaded files, or the sample if there are none; a refusal stays on the page."""
    yield (progress_html("Reading", 0.0), *_UNCHANGED)
    chosen = None if files else sample
    try:
        source = (
            open_sample(chosen) if chosen else open_recording(list(map(Path, files or [])), rate_hz=rate_hz or None)
        )
        with source as recording:
            owner = str(request.session_hash)
            yield from _classify(recording, chosen, lead, annotated, owner)
    except HubError as error:
        yield _refused(error, "")


def _classify(
    recording: Recording, chosen: str | None, lead: str | None, annotated: bool, owner: str
) -> Iterator[tuple[Any, ...]]:
    """Classify ``recording``, the sample ``chosen`` or a visitor's own; noise is shown as it is, without an answer."""
    sample = SAMPLES[chosen] if chosen else None
    wanted = next((one for one in recording.leads if lead and one.lower() == lead.strip().lower()), None)
    key = (chosen or "", recording.lead_index(wanted), annotated)
    known = _SAMPLES.get(key)
    try:
        for step in (known,) if known else served.classify(recording, lead=wanted, use_annotations=annotated):
            if isinstance(step, Classified):
                if chosen:
                    _SAMPLES[key] = step
                with tempfile.TemporaryDirectory(prefix="ekg-out-") as folder:  # gradio copies what is in it
                    token = result_store().keep(step, owner)
                    _take_home(token, {"sample": chosen, "annotated": annotated} if chosen else {})
                    yield _answer(step, token, sample, Path(folder))
            else:
                yield (progress_html(step.text, step.fraction), *_UNCHANGED)
    except RecordError as error:
        number = recording.lead_index(wanted)
        choice = gr.Dropdown(list(recording.leads), value=recording.leads[number])
        yield _refused(error, signal_json(recording, number), choice)


def _take_home(token: str, settings: dict[str, Any]) -> None:
    """What is kept anyhow under ``token``, in the forms of the command line."""
    keep_result(
        "ekg",
        {
            "report.txt": (lambda: _report(result_store().get(token)), "What was found, in words."),
            "beats.csv": (lambda: csv_text(result_store().get(token)), "One line per beat."),
            "report.json": (lambda: as_json(answer_of(result_store().get(token))), "Rhythm, warnings and beats."),
        },
        settings=settings,
    )


def _report(found: Classified) -> str:
    return "\n".join((in_words(found), *found.warnings, answer_of(found)["notice"], ""))


def _refused(error: HubError, strip: str, leads: Any = None) -> tuple[Any, ...]:
    """Why there is no answer, the bare ``strip`` of a signal, its ``leads``, and nothing of the recording before."""
    words = joined([h.b("Not classified."), *map(h.span, error.sentences())], " ")
    return (
        h.div(words, class_="ekg-refused", role="alert"),
        gr.HTML(strip, live=""),
        "",
        leads or gr.skip(),
        gr.Slider(0, 1, 0, step=1, visible=False),
        gr.DownloadButton(value=None, interactive=False),
        gr.DownloadButton(value=None, interactive=False),
        "",
    )


def _answer(found: Classified, token: str, sample: Sample | None, folder: Path) -> tuple[Any, ...]:
    """What the page shows of ``found``, kept as ``token``; its exports are written into ``folder``."""
    plain = "".join(c for c in found.recording.name if c.isalnum() or c in "-_") or "recording"
    write_csv(found, folder / f"{plain}.csv")
    write_annotations(found, folder / f"{plain}.convhub")
    hours = int(found.recording.duration_s // PART_S)
    return (
        summary_html(found, rhythm_in(found), sample.title if sample else found.recording.name),
        gr.HTML(strip_json(found, token), live=""),
        token,
        gr.Dropdown(list(found.recording.leads), value=found.prepared.lead),
        gr.Slider(0, max(1, hours), 0, step=1, visible=hours >= 1),
        gr.DownloadButton(value=str(folder / f"{plain}.csv"), interactive=True),
        gr.DownloadButton(value=str(folder / f"{plain}.convhub"), interactive=True),
        caption(sample.note) if sample else "",
    )


def other_sample(job: int) -> tuple[Any, ...]:
    """A sample was chosen: no files, any lead, the next job."""
    return None, gr.Dropdown([], value=None), job + 1


def other_files(files: list[str], known: list[str], job: int) -> tuple[Any, ...]:
    """Files were sent, which gradio adds to those that are there: keep the last recording's; no sample, any lead."""
    kept = newest(files, known)
    return kept, kept, None, gr.Dropdown([], value=None), job + 1


def show_part(token: str, part: float) -> str:
    """Hour number ``part`` of a long recording for the strip."""
    return strip_json(result_store().get(token), token, start_s=part * PART_S)


def progress_html(stage: str, share: float) -> Markup:
    """What is being done, and how much of it, 0..1."""
    return joined((h.p(f"{stage} …", class_="ekg-caption", role="status"), progress_bar(share, stage)))
