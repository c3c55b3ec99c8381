"""A recording in, its beats with classes and probabilities out: a generator of steps, the last of which is the answer.

    read -> prepare (125 Hz, band-pass) -> find or take the marked beats -> compare -> network -> pool by shape

A beat is class Q, "cannot be classified", if a fifth of its window is missing, flat or clipped, and, unless a person
marked the beats, if the noise is over a tenth of the QRS height. A recording is refused if too few beats are found, or
if they are not alike enough to be heartbeats at all: a forced diagnosis of noise would be worse than none.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from apps.ekg.aami import CLASSES, UNCLASSIFIED, classes_of
from apps.ekg.answers.limits import less_sure, limits_of
from apps.ekg.answers.refusals import why_no_heart
from apps.ekg.beats.detect import find_beats
from apps.ekg.beats.heart import LEAST_STEEPNESS, beside_edges, steepness
from apps.ekg.beats.inputs import NetworkInputs, network_inputs
from apps.ekg.beats.signals import RATE_HZ, Prepared, prepare
from apps.ekg.beats.windows import QRS, Array, Beats, cut_beats, without_noisy
from apps.ekg.formats.recording import Recording, called_otherwise, is_mlii
from apps.ekg.network.pooling import pooled
from shared.errors import RecordError, quoted
from shared.progress import Progress
from shared.serving.turns import TURNS
from shared.threads import one_thread

if TYPE_CHECKING:
    from torch import nn

MIN_BEATS = 5  # fewer say nothing about what is normal for this patient
_FEW = 16  # beats that one thread is quicker with than two: by a quarter for one beat, by a tenth for sixteen
_BATCH = 512  # beats per forward pass: bounded memory for a day's recording
_WORTH_A_WARNING = 0.02  # share of the recording that is lost
_LOW_QRS_MV = 0.15  # a median QRS below it is a wrong unit or a lead that hardly sees the heart
_STAGES = ("Reading and filtering", "Finding the beats", "Comparing the beats", "Classifying")


@dataclass(frozen=True)
class Classified:
    """Every beat of one lead of a recording, with the network's answer."""

    recording: Recording
    prepared: Prepared
    times_s: npt.NDArray[np.float64]  # (K,)
    inputs: NetworkInputs  # what the network saw
    probabilities: Array  # (K, 5) of N S V F Q; of an unusable beat Q is 1
    classes: npt.NDArray[np.int64]  # (K,) the most probable
    annotated: npt.NDArray[np.int64] | None  # (K,) what a person said, if a person marked the beats
    warnings: tuple[str, ...]

    @property
    def beats(self) -> Beats:
        """The beats, as they were cut."""
        return self.inputs.beats


def classify(
    recording: Recording, network: nn.Module, *, lead: str | None = None, use_annotations: bool = True
) -> Iterator[Progress | Classified]:
    """Classify every beat; the last thing yielded is the ``Classified``, all before it are ``Progress``.

    With ``use_annotations`` the beats are where a person marked them, if anyone did; otherwise a detector finds them.

    Raises:
        OptionError: there is no such lead.
        RecordError: the signal cannot be classified.
    """
    number = recording.lead_index(lead)
    if lead is None and called_otherwise(recording.leads[number]):
        raise RecordError(
            "a lead of an EKG",
            f"{quoted(recording.leads[number])}, by its name something else",
            "Choose the lead by its name if it is one after all.",
        )
    yield _progress(0)
    prepared = prepare(recording, number)
    annotated = None
    if use_annotations and recording.annotations is not None:
        every = classes_of(recording.annotations.symbols)
        annotated, times = every[every >= 0], recording.annotations.times_s[every >= 0]
    else:
        yield _progress(1)
        times = find_beats(prepared)
    if len(times) < MIN_BEATS:
        raise _unclassifiable(prepared.lead, f"{len(times)} beats in {recording.duration_s:.0f} s")
    yield _progress(2)
    beats = cut_beats(prepared, times)
    noisy_share = 0.0
    misplaced: tuple[str, ...] = ()
    if annotated is not None and steepness(prepared, times) < LEAST_STEEPNESS:
        misplaced = ("The marked beats do not lie on QRS complexes: of another recording, perhaps. Find them instead.",)
    if annotated is None:  # no person has vouched for the beats
        if reason := why_no_heart(beats, prepared, times):
            raise _unclassifiable(prepared.lead, reason)
        cut, beats = beats, without_noisy(beats)
        noisy_share = float(np.mean(cut.usable & ~beats.usable))
        if not beats.usable.any():
            raise _unclassifiable(prepared.lead, "no beat that stands out of the noise")
    inputs = network_inputs(beats)
    answers = []
    for start in range(0, len(times), _BATCH):
        stop = min(start + _BATCH, len(times))
        answers.append(probabilities_of(network, *inputs.of(start, stop)))
        yield _progress(3, stop / len(times))
    four = pooled(np.concatenate(answers), beats.windows, beats.usable)
    probabilities = with_unclassified(four, beats.usable)
    limits = limits_of(recording, number, times, inputs, probabilities.argmax(axis=1))
    if annotated is None:
        abnormal = probabilities[:, 1:UNCLASSIFIED].max(axis=1) > probabilities[:, 0]
        at_edges = abnormal & beside_edges(prepared.plain_mv, times, beats.scale_mv)
        probabilities = less_sure(probabilities, limits.doubtful | at_edges)
    yield Classified(
        recording=recording,
        prepared=prepared,
        times_s=times,
        inputs=inputs,
        probabilities=probabilities,
        classes=probabilities.argmax(axis=1),
        annotated=annotated,
        warnings=(*recording.warnings, *misplaced, *limits.notes, *_warnings(recording, prepared, beats, noisy_share)),
    )


def _progress(stage: int, share: float = 0.0) -> Progress:
    """The beginning of a stage, or ``share`` of it."""
    begin, end = ((5, 20), (20, 50), (50, 60), (60, 100))[stage]
    return Progress(done=round(begin + (end - begin) * share), total=100, text=_STAGES[stage])


def with_unclassified(probabilities: Array, usable: npt.NDArray[np.bool_]) -> Array:
    """(K, 5) from the network's (K, 4): Q is 1 for beats that are not ``usable`` (K,), 0 for the others."""
    result = np.zeros((len(probabilities), len(CLASSES)), np.float32)
    result[:, :UNCLASSIFIED] = probabilities
    result[~usable] = np.eye(len(CLASSES), dtype=np.float32)[UNCLASSIFIED]
    return result


def classified(
    recording: Recording, network: nn.Module, *, lead: str | None = None, use_annotations: bool = True
) -> Classified:
    """``classify`` for callers that do not need its steps."""
    last: Progress | Classified | None = None
    for step in classify(recording, network, lead=lead, use_annotations=use_annotations):
        last = step
        TURNS.breathe()  # a day's recording takes a while
    if not isinstance(last, Classified):
        raise TypeError("classify ends with a Classified")
    return last


def probabilities_of(network: nn.Module, windows: Array, features: Array) -> Array:
    """(B, C, T), (B, D) -> (B, 4) on whatever device the network is."""
    import torch

    device = next(network.parameters()).device
    with torch.inference_mode(), one_thread() if len(windows) <= _FEW else contextlib.nullcontext():
        logs = network(torch.from_numpy(windows).to(device), torch.from_numpy(features).to(device))
        return np.asarray(logs.exp().float().cpu().numpy())


def _unclassifiable(lead: str, found: str) -> RecordError:
    return RecordError(
        f"at least {MIN_BEATS} heartbeats in lead {lead}",
        f"{found}: it cannot be classified",
        "Choose another lead, or a recording with less noise.",
    )


def _warnings(recording: Recording, prepared: Prepared, beats: Beats, noisy_share: float) -> tuple[str, ...]:
    found = []
    if called_otherwise(prepared.lead):
        found.append(f"Lead {prepared.lead} is, by its name, no EKG: there may be no heartbeat in it.")
    elif not is_mlii(prepared.lead):
        found.append(
            f"Lead {prepared.lead} is not MLII, the lead that the networks know best: their figures hold only there."
        )
    if recording.rate_hz < RATE_HZ:
        found.append(
            f"{recording.rate_hz:g} Hz is below {RATE_HZ} Hz: the QRS is coarser than those the network was trained on."
        )
    lost = 1 - float(prepared.usable.mean())
    if lost > _WORTH_A_WARNING:
        found.append(f"{lost:.0%} of the recording is missing, flat or clipped; beats there are Q, not classified.")
    if noisy_share > _WORTH_A_WARNING:
        found.append(f"{noisy_share:.0%} of the beats are lost in noise; they are Q, not classified.")
    qrs_mv = float(np.median(np.ptp(beats.windows[:, QRS], axis=1))) * beats.scale_mv
    if qrs_mv < _LOW_QRS_MV:
        found.append(f"The QRS is only {qrs_mv:.2f} mV high: check the unit or the lead.")
    return tuple(found)
