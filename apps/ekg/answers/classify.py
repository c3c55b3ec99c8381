"""A recording in, its beats with classes and probabilities out: a generator of steps, the last of which is the answer.

    read -> prepare (125 Hz, band-pass) -> find or take the marked beats -> compare -> network -> pool by shape

A beat is class Q, "cannot be classified", where a fifth of its window is missing, flat or clipped, and, where no
person marked the beats, where noise is over a tenth of the QRS height. A whole recording
is refused where too few beats are found, or where they are not alike enough to be heartbeats at all: a forced
diagnosis of noise would be worse than none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from apps.ekg.aami import CLASSES, UNCLASSIFIED, classes_of
from apps.ekg.beats.detect import find_beats
from apps.ekg.beats.features import likeness, rhythm_features, shape_features
from apps.ekg.beats.signals import Prepared, prepare
from apps.ekg.beats.windows import (
    MARGIN,
    PEAK,
    QRS,
    WINDOW,
    Array,
    Beats,
    References,
    channels,
    cut_beats,
    heard,
    references,
)
from apps.ekg.formats.recording import MLII_LIKE, Recording
from apps.ekg.network.pooling import pooled
from shared.errors import RecordError

MODEL = "ekg/beatnet-ds1"
MIN_BEATS = 5
_BATCH = 512  # beats per forward pass: bounded memory for a day's recording
_MIN_LIKENESS = 0.5  # median correlation of a beat's QRS with its neighbours'; DS1's lowest is above 0.8
_MIN_BPM, _MAX_BPM = 15.0, 350.0


@dataclass(frozen=True)
class Progress:
    """Where the classification is."""

    stage: str
    share: float  # 0..1


@dataclass(frozen=True)
class Classified:
    """Every beat of one lead of a recording, with the network's answer."""

    recording: Recording
    prepared: Prepared
    times_s: npt.NDArray[np.float64]  # (K,)
    beats: Beats
    reference: References
    features: Array  # (K, D)
    probabilities: Array  # (K, 5) of N S V F Q; of an unusable beat Q is 1
    classes: npt.NDArray[np.int64]  # (K,) the most probable
    annotated: npt.NDArray[np.int64] | None  # (K,) what a person said, where the beats are his
    warnings: tuple[str, ...]

    def windows(self, start: int, stop: int) -> Array:
        """What the network saw of the beats ``start`` to ``stop``: (K, C, T)."""
        return channels(self.beats, self.reference, start, stop)[:, :, MARGIN : MARGIN + WINDOW]


def classify(
    recording: Recording, network: nn.Module, *, lead: str | None = None, use_annotations: bool = True
) -> Iterator[Progress | Classified]:
    """Classify every beat; the last thing yielded is the ``Classified``, all before it are ``Progress``.

    With ``use_annotations`` the beats are where a person marked them, if anyone did; else a detector finds them.

    Raises:
        OptionError: there is no such lead.
        RecordError: the signal cannot be classified.
    """
    number = recording.lead_index(lead)
    yield Progress("Reading and filtering", 0.05)
    prepared = prepare(recording, number)
    marks = recording.annotations if use_annotations else None
    annotated = None
    if marks is not None:
        every = classes_of(marks.symbols)
        annotated, times = every[every >= 0], marks.times_s[every >= 0]
    else:
        yield Progress("Finding the beats", 0.2)
        times = find_beats(prepared)
    if len(times) < MIN_BEATS:
        raise _unclassifiable(prepared.lead, f"{len(times)} beats in {recording.duration_s:.0f} s")
    yield Progress("Comparing the beats", 0.5)
    beats = cut_beats(prepared, times)
    reference = references(beats)
    drowned = 0.0
    if annotated is None:  # no person has vouched for the beats
        _check_heartbeats(beats, prepared.lead)
        whole, beats = beats, heard(beats)
        drowned = float(np.mean(whole.usable & ~beats.usable))
        if not beats.usable.any():
            raise _unclassifiable(prepared.lead, "no beat that stands out of the noise")
    rhythm = rhythm_features(beats.rr_s)
    probabilities = np.zeros((len(times), len(CLASSES)), np.float32)
    features = np.empty((len(times), 0), np.float32)
    parts = []
    for start in range(0, len(times), _BATCH):
        stop = min(start + _BATCH, len(times))
        shape = shape_features(beats, reference, start, stop)
        parts.append(np.concatenate([rhythm[start:stop], shape], axis=1))
        windows = channels(beats, reference, start, stop)[:, :, MARGIN : MARGIN + WINDOW]
        probabilities[start:stop, :UNCLASSIFIED] = probabilities_of(network, windows, parts[-1])
        yield Progress("Classifying", 0.6 + 0.4 * stop / len(times))
    features = np.concatenate(parts)
    probabilities[:, :UNCLASSIFIED] = pooled(probabilities[:, :UNCLASSIFIED], beats.windows, beats.usable)
    probabilities[~beats.usable] = np.eye(len(CLASSES), dtype=np.float32)[UNCLASSIFIED]
    yield Classified(
        recording,
        prepared,
        times,
        beats,
        reference,
        features,
        probabilities,
        probabilities.argmax(axis=1),
        annotated,
        (*recording.warnings, *_warnings(recording, prepared, beats, drowned)),
    )


def classified(
    recording: Recording, network: nn.Module, *, lead: str | None = None, use_annotations: bool = True
) -> Classified:
    """``classify`` for callers that do not want its steps."""
    *_, last = classify(recording, network, lead=lead, use_annotations=use_annotations)
    if not isinstance(last, Classified):
        raise TypeError("classify ends with a Classified")
    return last


def probabilities_of(network: nn.Module, windows: Array, features: Array) -> Array:
    """(B, C, T), (B, D) -> (B, 4) on whatever device the network is."""
    device = next(network.parameters()).device
    with torch.inference_mode():
        logs = network(torch.from_numpy(windows).to(device), torch.from_numpy(features).to(device))
        return np.asarray(logs.exp().float().cpu().numpy())


def _check_heartbeats(beats: Beats, lead: str) -> None:
    """Refuse marks that a detector found in noise: their rate is none of a heart, or no two look alike."""
    rate = 60 / float(np.median(beats.rr_s))
    if not _MIN_BPM <= rate <= _MAX_BPM:
        raise _unclassifiable(lead, f"{rate:.0f} beats per minute")
    if not beats.usable.any():
        raise _unclassifiable(lead, "no whole beat, for the line is flat, clipped or missing")
    good = beats.windows[beats.usable]
    alike = np.maximum(
        _alike(good[1:], good[:-1]), _alike(good[1:], np.broadcast_to(np.median(good, axis=0), good[1:].shape))
    )
    if len(alike) and float(np.median(alike)) < _MIN_LIKENESS:
        raise _unclassifiable(lead, "marks that do not look like one another: noise")


def _alike(windows: Array, others: Array) -> npt.NDArray[np.float64]:
    return likeness(windows, others, PEAK - 10, PEAK + 14, lag=3)


def _unclassifiable(lead: str, got: str) -> RecordError:
    return RecordError(
        f"Lead {lead} shows at least {MIN_BEATS} heartbeats",
        f"{got}: it cannot be classified",
        "Choose another lead, or a recording with less noise.",
    )


def _warnings(recording: Recording, prepared: Prepared, beats: Beats, drowned: float) -> tuple[str, ...]:
    found = []
    if prepared.lead.strip().upper() not in MLII_LIKE:
        found.append(
            f"Lead {prepared.lead} is not MLII: the network learned from MLII only, and its figures hold for that."
        )
    if recording.rate_hz < 125:
        found.append(
            f"{recording.rate_hz:g} Hz is below 125 Hz: the shape of the QRS is coarser than what was learned from."
        )
    lost = 1 - float(prepared.usable.mean())
    if lost > 0.02:
        found.append(f"{lost:.0%} of the recording is missing, flat or clipped; beats there are Q, not classified.")
    if drowned > 0.02:
        found.append(f"{drowned:.0%} of the beats drown in noise; they are Q, not classified.")
    qrs_mv = float(np.median(np.ptp(beats.windows[:, QRS], axis=1))) * beats.scale_mv
    if qrs_mv < 0.15:
        found.append(f"The QRS is only {qrs_mv:.2f} mV high: check the unit or the lead.")
    return tuple(found)
