"""The EKG tab's view into one beat, and its sliders that break the recording."""

from __future__ import annotations

from typing import Any

import gradio as gr

from apps.ekg.aami import LETTERS
from apps.ekg.answers.disturb import Disturbance, agreement, disturbed, excerpt
from apps.ekg.answers.explain import sentence, slide
from apps.ekg.answers.export import csv_text
from apps.ekg.beats.signals import RATE_HZ
from apps.ekg.beats.windows import BEFORE, CHANNELS, WINDOW
from apps.ekg.ui.drawings import bars_html, beat_svg, caption, features_html, layers_html, slide_svg
from apps.ekg.ui.results import result_store
from apps.ekg.ui.rooms import served
from apps.ekg.ui.strip import strip_json
from apps.markup import Markup, h, joined, table
from apps.results import table as csv_table
from apps.sharing import share
from apps.ui import LIGHT, PRIVATE, QUICK, guard, keep_result, section
from shared.errors import RecordError, check_whole

_UNBROKEN = caption(
    "Move a slider: five minutes of the recording are disturbed, classified again and shown on the strip above; here "
    "you read how many beats keep their class."
)
_AT_REST = (0, 0, 1, 125, False)  # the sliders
_FILTERS = 16  # of the first layer
_WIDE = 230  # pixels of a slider: one below the other on a phone


def build_beat(token: gr.State, viewer: gr.HTML) -> None:
    """Lay out the view into the beat that is clicked on the strip, whose script opens it: the first of its row."""
    section("inside", "One beat, as the network sees it", "Click a beat on the strip, or one of the list below it.")
    index = gr.State(-1)
    with gr.Row():
        with gr.Column(scale=1, min_width=300):
            answer = gr.HTML(caption("No beat chosen yet."), elem_id="ekg-beat")
            features = gr.HTML()
        with gr.Column(scale=1, min_width=300):
            picture = gr.HTML(elem_id="ekg-picture")
    with gr.Tabs():
        with gr.Tab("Slide a filter"):
            with gr.Row():
                which = gr.Slider(
                    1, _FILTERS, 1, step=1, label="Filter of the first layer", min_width=_WIDE, elem_id="ekg-filter"
                )
                channel = gr.Slider(1, 7, 1, step=1, label="Channel of the input (1: the beat itself)", min_width=_WIDE)
                position = gr.Slider(0, 63, 26, step=1, label="Position (two samples, 16 ms, each)", min_width=_WIDE)
            sliding = gr.HTML(elem_id="ekg-sliding")
            share(filter=which, channel=channel, position=position)
        with gr.Tab("Layer by layer"):
            layers = gr.HTML(elem_id="ekg-layers")
    inputs = [token, index, which, channel, position]
    outputs = [answer, features, picture, layers, sliding, index]
    viewer.select(guard(_choose), [token, which, channel, position], outputs, **QUICK, **PRIVATE)
    for slider in (which, channel, position):
        slider.change(guard(_slide), inputs, sliding, **LIGHT, **PRIVATE)


def build_break(token: gr.State, viewer: gr.HTML) -> None:
    """Lay out the sliders that disturb the recording."""
    section("inside", "Break it", "What noise, a wrong gain, swapped electrodes or a slow recorder do to the answers.")
    with gr.Row():
        noise = gr.Slider(0, 1, 0, step=0.02, label="Noise (mV)", min_width=_WIDE, elem_id="ekg-noise")
        drift = gr.Slider(0, 3, 0, step=0.1, label="Drift (mV)", min_width=_WIDE)
        gain = gr.Slider(0.02, 5, 1, step=0.02, label="Gain", min_width=_WIDE)
        rate = gr.Slider(20, 125, 125, step=5, label="Rate (Hz)", min_width=_WIDE)
        inverted = gr.Checkbox(False, label="Upside down", min_width=_WIDE)
    mend = gr.Button("Undo all of it", size="sm", elem_id="ekg-mend")
    broken = gr.HTML(_UNBROKEN, elem_id="ekg-broken")
    controls: list[Any] = [noise, drift, gain, rate, inverted]
    for control in controls:  # not release, which does not come from a slider that the keyboard moves
        control.input(
            guard(answer_disturbed),
            [token, *controls],
            [broken, viewer],
            trigger_mode="always_last",
            show_progress_on=broken,
            **QUICK,
            **PRIVATE,
        )
    # a recording that comes while sliders are moved, by hand or by a link, is disturbed, too
    again = token.change(guard(_again), [token, *controls], [broken, viewer], **QUICK, **PRIVATE)
    share(noise=noise, drift=drift, gain=gain, rate=rate, inverted=inverted, then=[again])
    mend.click(guard(_mend), token, [*controls, broken, viewer], **LIGHT, **PRIVATE)


def _again(
    token: str, noise: float, drift: float, gain: float, rate: float, inverted: bool, request: gr.Request
) -> tuple[Any, Any]:
    if not token or (noise, drift, gain, rate, inverted) == _AT_REST:
        return gr.skip(), gr.skip()
    return answer_disturbed(token, noise, drift, gain, rate, inverted, request)


def _mend(token: str) -> tuple[Any, ...]:
    """The sliders where they were, and the recording as it was."""
    return *_AT_REST, _UNBROKEN, strip_json(result_store().get(token), token)


def _choose(token: str, which: float, channel: float, position: float, event: gr.EventData) -> tuple[Any, ...]:
    """Everything about the beat that was clicked."""
    # the strip names its own result: after "Break it" that is the broken one
    token = str(getattr(event, "token", "") or token)
    found = result_store().get(token)
    index = check_whole(event.index, "The beat's number", low=0, high=len(found.times_s) - 1)
    view = served.explained(found, index)
    rows = (
        ("Answer", view.probabilities),
        ("Shape alone", view.shape_only),
        ("Rhythm alone", view.rhythm_only),
    )
    drawn = zip(view.signal.tolist(), view.reference.tolist(), view.saliency.tolist(), strict=True)
    beat_rows = ((1000 * (n - BEFORE) / RATE_HZ, *values) for n, values in enumerate(drawn))
    files = {"beat.csv": (csv_table(("ms", "beat", "reference", "matters"), beat_rows), f"Beat {index + 1}.")}
    keep_result("ekg/one-beat", files, made_of="ekg", settings={"beat": index + 1})
    expert = "" if found.annotated is None else f" The annotation says {LETTERS[found.annotated[index]]}."
    head = h.p(h.b(f"Beat {index + 1}"), f" at {found.times_s[index]:.2f} s. {sentence(view)}{expert}")
    legend = caption(
        "Solid: the beat. Dashed: the patient's own reference. Shaded: where the answer depends on the signal "
        "(gradient of the class's log-probability)."
    )
    return (
        joined((head, bars_html(rows))),
        features_html(view.features),
        joined((beat_svg(view), legend)),
        layers_html(view.layers, (len(CHANNELS), WINDOW)),
        _sliding(token, index, which, channel, position),
        index,
    )


def _slide(token: str, index: int, which: float, channel: float, position: float) -> Markup:
    """The chosen filter at the chosen position."""
    return _sliding(token, index, which, channel, position) if index >= 0 else Markup()


def _sliding(token: str, index: int, which: float, channel: float, position: float) -> Markup:
    found = result_store().get(token)
    windows = found.inputs.of(index, index + 1)[0][0]
    kernel = served.first_filters()[int(which) - 1]
    number = int(channel) - 1
    sums = slide(kernel, windows)
    title = caption(
        f"Filter {int(which)}, {kernel.shape[1]} weights (72 ms) on channel {number + 1}, “{CHANNELS[number]}”; the "
        f"sum runs over all {len(CHANNELS)} channels, stride 2."
    )
    return joined((title, slide_svg(windows[number], sums, kernel[number], int(position))))


def answer_disturbed(
    token: str, noise: float, drift: float, gain: float, rate: float, inverted: bool, request: gr.Request
) -> tuple[Markup, Any]:
    """Classify five minutes of the recording again, disturbed; compare beat by beat."""
    found = result_store().get(token)
    part = excerpt(found)
    how = Disturbance(noise_mv=noise, drift_mv=drift, gain=gain, inverted=inverted, rate_hz=rate)
    before = served.classified(part)
    try:
        after = served.classified(disturbed(part, how))
    except RecordError as error:
        return h.p(h.b("Refused, as it should be:"), f" {error}"), gr.skip()
    result = agreement(before, after)
    rows = [
        ("same class as before", f"{result.kept:,}", f"{result.share:.1%}"),
        ("another class", f"{result.changed:,}", ""),
        ("Q: lost in noise", f"{result.given_up:,}", ""),
        ("beat not found", f"{result.lost:,}", ""),
        ("false detection", f"{result.added:,}", ""),
    ]
    text = table(("The first five minutes", "beats", "share"), rows, title="Against the undisturbed recording")
    kept = result_store().keep(after, str(request.session_hash))
    settings = {"noise": noise, "drift": drift, "gain": gain, "rate": rate, "inverted": inverted}
    about = "The beats of the first five minutes, disturbed."
    files = {"beats.csv": (lambda: csv_text(result_store().get(kept)), about)}
    keep_result("ekg/break-it", files, made_of="ekg", settings=settings)
    return text, strip_json(after, kept, label="disturbed")
